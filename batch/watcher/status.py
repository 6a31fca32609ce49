"""What `status` says of a drop folder: running, waiting, done today, held, failed, and whether anybody watches."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from batch.commands.answer import CommandResult
from batch.config import Settings
from batch.ledger import read_ledger
from batch.ledger.queries import LedgerReader
from batch.model import MADE_DIFFERS, Run
from batch.results.accounting import row_count
from batch.results.run_text import count_noun
from batch.watcher.folder_layout import Entry, FolderLayout, content_hash, is_sheet
from batch.watcher.notices import ERROR
from batch.watcher.status_file import living_watchers

SHOWN = 20  # names in a line


def folder_status(folder: Path, settings: Settings, *, now: datetime | None = None) -> CommandResult:
    """A drop folder as it stands, whether a watcher is at work in another process or nobody is."""
    place = FolderLayout(folder.absolute())
    midnight = (now or datetime.now().astimezone()).replace(hour=0, minute=0, second=0, microsecond=0)
    dropped = _list_files(place.inbox_files)
    watchers = list(living_watchers(settings.home, place.root))
    at_it = {board["file"] for board in watchers if board.get("state") == "running"}
    with read_ledger(settings.ledger) as ledger:
        data = {
            "folder": str(place.root),
            "refused": _layout_faults(place),
            "watchers": watchers,
            "running": sorted(at_it),
            "unfinished": [entry.name for entry in _files(place, place.working) if entry.name not in at_it],
            "waiting": [entry.name for entry in dropped if not entry.oddity],
            "left_alone": {entry.name: entry.oddity for entry in dropped if entry.oddity},
            "done_today": _done(run for run in ledger.runs_since(midnight) if Path(run.file).parent == place.working),
            "held": [_data_of_held(place.held / entry.name, ledger) for entry in _files(place, place.held)],
            "failed": [_data_of_failed(place.failed / entry.name) for entry in _files(place, place.failed)],
        }
    return CommandResult(tuple(_lines(data)), data)


def _layout_faults(place: FolderLayout) -> list[str]:
    with suppress(OSError):
        return list(place.faults())
    return []


def _list_files(found: Callable[[], Iterable[Entry]]) -> list[Entry]:
    with suppress(OSError):
        return sorted(found(), key=lambda entry: entry.name)
    return []


def _files(place: FolderLayout, room: Path) -> list[Entry]:
    """What people have dropped, without what lies beside it."""
    inside = _list_files(lambda: place.inside(room))
    return [entry for entry in inside if not entry.oddity and not is_sheet(entry.name)]


def _done(runs: Iterable[Run]) -> dict[str, int]:
    """A file that was gone on with after a stop counts once, and what each of its runs has shipped."""
    ended = [run for run in runs if run.finished]
    counted = {name: sum(row_count(run.summary, name) for run in ended) for name in ("created", "updated")}
    return {"files": len({(run.file, run.sha256) for run in ended}), **counted}


def _data_of_held(file: Path, ledger: LedgerReader) -> dict[str, Any]:
    told: dict[str, Any] = {"file": file.name, "rows": None, "run": "", "since": "", "sheet": ""}
    with suppress(OSError):
        for run in ledger.of_content(content_hash(file))[:1]:
            waits = sum(row_count(run.summary, name) for name in ("held", "in_doubt", MADE_DIFFERS))
            sheet = Path(run.summary.get("results") or "").name
            since = run.started.astimezone().isoformat(timespec="seconds")
            told |= {"rows": waits, "run": run.run_id, "since": since, "sheet": sheet}
    return told


def _data_of_failed(file: Path) -> dict[str, str]:
    beside = (file.with_name(f"{file.stem}{ending}") for ending in (ERROR, ".results.xlsx"))
    return {"file": file.name, "see": next((path.name for path in beside if path.exists()), "")}


def _lines(data: Mapping[str, Any]) -> Iterator[str]:
    yield data["folder"]
    yield from (f"  refused  {wrong}" for wrong in data["refused"])
    watched = data["watchers"]
    yield from _lines_of_running(data["unfinished"], watched)
    if waiting := data["waiting"]:
        yield f"  waiting  {_count_text(waiting)}"
    done = data["done_today"]
    corrected = f", {done['updated']:,} corrected" if done["updated"] else ""
    files, rows = count_noun(done["files"], "file"), count_noun(done["created"], "row")
    yield f"  done     {files} today: {rows} shipped{corrected}"
    for held in data["held"]:
        yield f"  held     {held['file']}: {_waiting_text(held)}"
    for failed in data["failed"]:
        yield f"  failed   {failed['file']}{': what to do is in ' + failed['see'] if failed['see'] else ''}"
    for name, oddity in data["left_alone"].items():
        yield f"  left     {name} is {oddity}: drop the file itself"
    for board in watched:
        yield f"  Watched by process {board['process']} on {board['host']} since {_time(board['since'])}."
        if board.get("trouble"):
            yield f"  It waits since {_time(board['at'])}, and goes on by itself: {board['trouble']}"
    if not watched:
        yield f'  Nobody watches it: start `shipbatch watch "{data["folder"]}"`.'


def _lines_of_running(unfinished: Sequence[str], watched: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for board in (board for board in watched if board.get("state") == "running"):
        stage = board.get("stage") or "Beginning"
        counts = f", {board['done']:,} of {board['total']:,}" if board.get("total") else ""
        yield f"  running  {board['file']}: {stage}{counts}"
    for name in unfinished:
        who = "the watcher goes on with it" if watched else "the next watcher goes on with it"
        yield f"  working  {name}: not finished; {who}"


def _waiting_text(held: Mapping[str, Any]) -> str:
    if not held["run"]:
        return "not known to the ledger; drop it again"
    wait = "1 row waits" if held["rows"] == 1 else f"{held['rows']:,} rows wait"
    words = f"{wait} for a person since {_time(held['since'])}. "
    return words + f"Answer in held/{held['sheet']}, save it and close it; or `shipbatch decide {held['run']}`"


def _count_text(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return f"{len(names):,} file{'s' if len(names) > 1 else ''}: {', '.join(names[:SHOWN])}{more}"


def _time(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M}"
