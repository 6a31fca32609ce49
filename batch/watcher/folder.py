"""One drop folder as its watcher sees it: files arrived, left behind, and held for a person."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from batch.config import Folder, Settings, Source
from batch.ledger import Ledger, network_disk
from batch.ledger.queries import LedgerReader
from batch.model import Unanswered
from batch.model.exit_status import ExitStatus
from batch.model.sheet_format import read_mark
from batch.pipeline import exit_status, is_answered
from batch.pipeline.decisions import still_waits, was_answered_elsewhere
from batch.results.accounting import CarriedOver, Report
from batch.watcher.arrivals import Arrivals, Scan, is_being_written
from batch.watcher.folder_layout import (
    NOTICES,
    SHEETS,
    Entry,
    FolderLayout,
    content_hash,
    entry,
    is_open,
    is_sheet,
    unused_path,
)
from batch.watcher.status_file import StatusFile

STILL = 2.0  # seconds for which a file must not have changed
# seconds after which a saved sheet counts though a spreadsheet program's lock lies beside it
LEFT_OPEN = 900.0
STILL_FAR = 10.0  # the same on a network share, whose writers we cannot see


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file in `held`, which waits for a person."""

    run_id: str
    sheet: Path | None
    sheet_read: Entry | None = None
    """The sheet as it was when its answers were last looked at."""
    sheet_seen: Entry | None = None
    seen_since: float = 0.0
    """When the sheet was first seen so."""
    source: str = ""
    """Whose answers it waits for, where no run of it was begun: a source's name, else its header
    row's digest.
    """
    questions: frozenset[str] = frozenset()
    """Those that it waits for."""


class DropFolder:
    """A drop folder with its status file; remembers what it has seen and is still there."""

    def __init__(self, folder: Folder, settings: Settings, say: Callable[[str], None]) -> None:
        self.layout = FolderLayout(folder.path.absolute())
        self.is_far = bool(network_disk(self.layout.root)) or str(self.layout.root).startswith(
            ("\\\\", "//")
        )
        self.still = folder.still or (STILL_FAR if self.is_far else STILL)
        self.status_file = StatusFile(settings.home, self.layout.root)
        self.last_scan = Scan()
        self.working_files: list[Path] = []
        """What lies in `working`: of a watcher that is no more, or of one that is at it."""
        self._arrivals = Arrivals(self.layout, self.still)
        self._folder, self._settings, self._say = folder, settings, say
        self._held: dict[Path, HeldFile] = {}
        self._trouble = ""
        self._odd: set[str] = set()

    def scan(self, now: float) -> None:
        """See what has changed; a folder gone or read-only is reported once and waited for."""
        try:
            self.layout.make()
            self.last_scan = self._arrivals.scan(now)
            left = (entry.name for entry in self.layout.inside(self.layout.working))
            self.working_files = sorted(
                self.layout.working / name for name in left if not is_sheet(name)
            )
        except OSError as error:
            self.last_scan, self.working_files = Scan(), []
            reason = error.strerror or error
            self._report_trouble(
                f"it cannot be used now ({reason}). Nothing is taken from it until it can."
            )
            return
        self._report_trouble("")
        for name in self.last_scan.odd.keys() - self._odd:
            path, oddity = self.layout.root / name, self.last_scan.odd[name]
            self._say(f"{path} is {oddity} and is left alone: drop the file itself.")
        self._odd = set(self.last_scan.odd)

    def source_for(self, name: str) -> Source:
        """What is known of a file's source: the folder's, else by the file's name."""
        named = (source for source in self._settings.sources if source.name == self._folder.source)
        return next(named, Source()) if self._folder.source else self._settings.source_for(name)

    def hold(self, file: Path, run_id: str, sheet: Path | None, ledger: LedgerReader) -> None:
        """Remember a held file, unless it waits for nothing that a person could decide."""
        if still_waits(ledger, self._settings.store, run_id):
            self._held[file] = HeldFile(run_id, sheet, sheet_read=entry(sheet) if sheet else None)

    def hold_questions(self, file: Path, asked: Unanswered) -> None:
        """Remember a held file that no run was begun of: it waits for answers."""
        name = self.source_for(file.name).name or asked.fingerprint
        ids = frozenset(question.id for question in asked.questions)
        self._held[file] = HeldFile("", None, source=name, questions=ids)

    def remember_held(self, ledger: LedgerReader) -> None:
        """Remember what an earlier watcher put into `held`; the ledger knows files by content."""
        for each in self.layout.inside(self.layout.held) if self.layout.held.is_dir() else ():
            file = self.layout.held / each.name
            runs = (
                [] if each.oddity else ledger.of_content(content_hash(file), self._settings.store)
            )
            if runs:
                told = Path(runs[0].summary.get("results") or "")
                beside = file.with_name(f"{file.stem}{SHEETS[0]}")
                self._held[file] = HeldFile(
                    runs[0].run_id, next(filter(Path.is_file, (told, beside)), None)
                )
            elif not each.oddity and file.with_name(f"{file.stem}{NOTICES[0]}").is_file():
                self._held[file] = HeldFile("", None)  # it was asked about: it is read once more

    async def bring_back(self, carried: CarriedOver, ledger: Ledger) -> None:
        """Move a file with its sheet from `done` to `held` or `failed` where rows need somebody."""
        report, run = carried.report, carried.report.run
        sheet, file = report.sheet, self._done(report)
        if sheet is None or file is None:
            return
        waits = exit_status(report) is ExitStatus.WAITS_FOR_PERSON
        target = unused_path(self.layout.held if waits else self.layout.failed, file.name)
        try:
            self.layout.move(file, target)
        except OSError:  # somebody has it open; people are told all the same
            return
        moved = sheet
        with suppress(OSError):
            self.layout.move(sheet, moved := target.with_name(f"{target.stem}{SHEETS[0]}"))
        await ledger.finish(
            run.run_id, exit_status(report), report.summary | {"results": str(moved)}
        )
        who = "a person has to decide of it" if waits else "rows of it are to be fixed"
        self._say(f"{file.name}: {who} after all → {target.parent.name}")
        if waits:
            self.hold(target, run.run_id, moved, ledger)

    def _done(self, report: Report) -> Path | None:
        """The file in `done` that a sheet there is of."""
        if report.sheet is None or report.sheet.parent != self.layout.done:
            return None
        files = (
            self.layout.done / each.name
            for each in self.layout.inside(self.layout.done)
            if not each.oddity
        )
        beside = (
            file
            for file in files
            if not is_sheet(file.name) and report.sheet.name.startswith(file.stem)
        )
        return next((file for file in beside if content_hash(file) == report.run.sha256), None)

    def files_to_rerun(self, ledger: LedgerReader) -> Iterator[Path]:
        """Held files that are decided and are to be run again.

        What a results sheet dropped back in has shipped needs no other run: such a file is filed
        away as it is.
        """
        store = self._settings.store
        for file, held in list(self._held.items()):
            if not file.exists():
                del self._held[file]
            elif not held.run_id:
                if held.questions <= ledger.answers(store, held.source).keys():
                    yield file
            elif still_waits(ledger, store, held.run_id):
                continue
            elif was_answered_elsewhere(ledger, store, held.run_id):
                self._file_away(file, held)
            else:
                yield file

    def new_answers(self, ledger: LedgerReader, now: float) -> Iterator[tuple[Path, Path]]:
        """Held files with sheets in which a person has answered in place, saved and closed."""
        for file, held in list(self._held.items()):
            saved = entry(held.sheet) if held.sheet else None
            if held.sheet is None or saved is None or saved == held.sheet_read:
                continue
            if saved != held.sheet_seen:
                self._held[file] = replace(held, sheet_seen=saved, seen_since=now)
            elif self._is_given(held.sheet, now - held.seen_since):
                self._held[file] = replace(held, sheet_read=saved)
                if is_answered(held.sheet, self.source_for(file.name), self._settings, ledger):
                    yield file, held.sheet

    def _is_given(self, sheet: Path, since: float) -> bool:
        """Whether a sheet is saved and closed, or open so long that its lock may be stale."""
        return (
            since >= self.still
            and not is_being_written(sheet)
            and (since >= LEFT_OPEN or not is_open(sheet))
        )

    def release(self, file: Path) -> HeldFile | None:
        """Forget a held file, to run it again; None where it was not remembered."""
        return self._held.pop(file, None)

    def _file_away(self, file: Path, held: HeldFile) -> None:
        with suppress(FileNotFoundError):
            if held.sheet and held.sheet.parent == self.layout.held and held.sheet.exists():
                self.layout.move(held.sheet, unused_path(self.layout.done, held.sheet.name))
            self.layout.move(file, unused_path(self.layout.done, file.name))
            self._say(
                f"{file.name}: every word on it has been said,"
                " and what was to ship has shipped → done"
            )
        del self._held[file]

    @property
    def has_held_files(self) -> bool:
        """Whether anything waits for a person here."""
        return bool(self._held)

    def _report_trouble(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._say(
                f"{self.layout.root}: {trouble}"
                if trouble
                else f"{self.layout.root} can be used again."
            )
            self.status_file.show(state="stopped" if trouble else "watching", trouble=trouble)
        self._trouble = trouble


def clear_sheet(held: HeldFile, new: Path | None) -> None:
    """Remove a held file's older sheet where there is a newer one; only ours, of equal content."""
    old = held.sheet
    if old is None or old == new or new is None or not old.is_file():
        return
    mark, newer = read_mark(old), read_mark(new)
    if mark and newer and mark.sha256 == newer.sha256:
        with suppress(OSError):  # Windows: it is open
            old.unlink()
