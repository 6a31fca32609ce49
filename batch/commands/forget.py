"""A person taken out of what is kept here: copies of exports, our sheets, logs; shipments stay.

A copy or a sheet goes as a whole: with some rows blank it would be another file, and no run could
be told again from it. It goes once its run is over; until then it is named, with what ends it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from batch.commands.answer import CommandResult
from batch.config import Settings
from batch.errors import FileError
from batch.ledger import export_store
from batch.ledger.queries import LedgerReader
from batch.loader.files.read import read_tables
from batch.loader.files.tables import words
from batch.model import Run
from batch.model.exit_status import ExitStatus
from batch.monitoring import log
from batch.pipeline.decisions import why_unfinished
from batch.pipeline.input_copies import NAME, kept, kept_names, remove

IN_LINE = (
    "file {0} of the queue is not done: it ships, or `shipbatch decide` answers it, or takes it out"
    " of the line with `--queued {0} --answer skip`"
)
STAYS = "What was shipped stays, with its proofs: ids, numbers, SKUs, comments, decisions."
BEYOND = (
    "Out of reach are the store, mails that were sent, backups, what a database has of deleted rows"
    " until it is vacuumed, the SHIPBATCH_HOME of other machines (run it there, too), and:"
)


def forget(
    ledger: LedgerReader,
    settings: Settings,
    what: str,
    *,
    anyway: bool = False,
    in_line: Mapping[str, int] | None = None,
) -> CommandResult:
    """Remove every copy and sheet with an order, or a mail address, whose run is over.

    `anyway`: also where it is not; `in_line`: digest → number of the files that wait in a queue.
    """
    search = _Search(ledger, settings, what.strip().removeprefix("#"), anyway)
    home, place = settings.home, settings.ledger
    for path in chain(kept(home), kept(home / "sandbox")):
        search.take(path.name, str(path), path, partial(remove, path))
    with TemporaryDirectory(dir=home) as folder:
        for sha256 in export_store.stored(place):
            path = Path(folder) / sha256
            path.write_bytes(export_store.fetch(place, sha256) or b"")
            why = IN_LINE.format(in_line[sha256]) if in_line and sha256 in in_line else ""
            drop = partial(export_store.remove, place, sha256)
            shown = f"the database's copy {sha256}"
            search.take(sha256[:NAME], shown, path, drop, why)
            path.unlink()
    search.clear_logs()
    return search.result()


@dataclass(slots=True)
class _Search:
    """What is found of one person, and what became of it."""

    ledger: LedgerReader
    settings: Settings
    what: str
    anyway: bool
    removed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """What is kept, why, and what ends that."""
    gone: dict[str, Run] = field(default_factory=dict)
    """The runs whose copies or sheets were removed."""
    runs: dict[str, list[Run]] = field(default_factory=dict)
    """By the names of what is kept of them."""
    named: dict[str, Run] = field(default_factory=dict)
    """Those with rows of the order, as the ledger knows."""

    def __post_init__(self) -> None:
        runs = self.ledger.runs(self.settings.store if self.settings.store_hash else None)
        ids = {
            run_id
            for store in {run.store for run in runs}
            for run_id in self.ledger.runs_naming(store, self.what)
        }
        self.named = {run.run_id: run for run in runs if run.run_id in ids}
        for run in runs:
            for name in kept_names(run):
                self.runs.setdefault(name, []).append(run)

    @property
    def is_mail(self) -> bool:
        return "@" in self.what

    def take(
        self, name: str, shown: str, content: Path, drop: Callable[[], None], why: str = ""
    ) -> None:
        """Drop something that is kept, where it has the person and no run needs it."""
        runs = self.runs.get(name, [])
        is_known = bool(runs and self.named and not self.is_mail)
        if not (any(run.run_id in self.named for run in runs) if is_known else self._has(content)):
            return
        days = self.settings.carry_over
        needed = (why_unfinished(self.ledger, run, days) for run in runs)
        if (why := why or next(filter(None, needed), "")) and not self.anyway:
            self.left.append(f"{shown}: {why}")
            return
        drop()
        self.removed.append(shown)
        self.gone |= {run.run_id: run for run in runs}

    def _has(self, path: Path) -> bool:
        """Whether a cell of a file, or of one in a folder, has the person."""
        word = re.escape(self.what)
        mail = re.compile(rf"(?<![\w.+-]){word}(?![\w-])", re.IGNORECASE).search
        fits = mail if self.is_mail else re.compile(f"#?{word}", re.IGNORECASE).fullmatch
        files = [each for each in (path, *path.rglob("*")) if each.is_file()]
        return any(fits(cell) for file in files for cell in self._cells(file))

    def _cells(self, file: Path) -> Iterator[str]:
        try:
            for table in read_tables(file):
                yield from map(words, chain.from_iterable(table.rows()))
        except FileError:
            self.left.append(f"{file}: it cannot be read: look yourself, and delete it")

    def clear_logs(self) -> None:
        """Take out the log's lines on the person; names and addresses are never in it."""
        word = re.escape(self.what)
        line = re.compile(word if self.is_mail else rf"\border {word}\b", re.IGNORECASE)
        for path in (self.settings.home / log.FOLDER).glob("*.log"):
            lines = path.read_text("utf-8").splitlines(keepends=True)
            others = [each for each in lines if not line.search(each)]
            if others != lines:
                path.write_text("".join(others), "utf-8")
                self.removed.append(f"{len(lines) - len(others)} lines of {path}")

    def result(self) -> CommandResult:
        """What was removed, what was not and why, and what nobody here can reach."""
        runs = self.named | self.gone
        files = {run.file for run in runs.values()}
        files |= {run.summary.get("results", "") for run in runs.values()}
        relative = (each for each in files if each and not Path(each).is_absolute())
        beyond = sorted({*relative, *(each for each in files if Path(each).is_file())})
        beyond += [f"{folder.path}, and what is below it" for folder in self.settings.folders]
        lines = (
            f"{self.what}: {len(self.removed)} removed, {len(self.left)} kept.",
            *(f"  removed: {each}" for each in self.removed),
            *(f"  kept: {each}; then give the same command again" for each in self.left),
            STAYS,
            BEYOND,
            *(f"  {each}" for each in beyond or ["nothing else that is known"]),
        )
        data = {
            "what": self.what,
            "removed": self.removed,
            "kept": self.left,
            "out_of_reach": beyond,
            "runs": sorted(self.gone),
        }
        status = ExitStatus.WAITS_FOR_PERSON if self.left else ExitStatus.ALL_DONE
        return CommandResult(lines, data, status)
