"""A person taken out of what is kept here: copies of exports and our sheets; shipments stay.

A copy or a sheet goes as a whole: with some rows blank it would be another file, and no run could
be told again from it. It goes once its run is over; until then it is named, with what ends it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from batch.commands.answer import CommandResult
from batch.config import Settings
from batch.errors import FileError, NothingSent
from batch.ledger import export_store
from batch.ledger.queries import LedgerReader
from batch.loader.files.read import read_tables
from batch.loader.files.tables import words
from batch.model import Run
from batch.model.exit_status import ExitStatus
from batch.pipeline.decisions import why_unfinished
from batch.pipeline.input_copies import NAME, kept, kept_names, remove

MAIL, ORDER = re.compile(r"[^@\s]+@[^@\s]+"), re.compile(r"[^@]*[0-9][^@]*")
LONGEST = 9  # digits of a store's own order number; a marketplace's has more
IN_LINE = (
    "file {0} of the queue is not done: it ships, or `shipbatch decide` answers it, or takes it out"
    " of the line with `--queued {0} --answer skip`"
)
STAYS = (
    "What was shipped stays, with its proofs: ids, numbers, SKUs, comments, decisions."
    " The logs have no names and no addresses."
)
BEYOND = (
    "Out of reach are the store, mails that were sent, backups, what a database has of deleted rows"
    " until it is vacuumed, the SHIPBATCH_HOME of other machines (run it there, too), and:"
)


def forget(
    ledger: LedgerReader,
    settings: Settings,
    what: str,
    in_line: Mapping[str, int],
    *,
    anyway: bool = False,
) -> CommandResult:
    """Remove every copy and sheet with an order, or a mail address, whose run is over.

    `in_line`: digest → number of the queue's files that are not done; `anyway`: not only then.
    Raises NothingSent where `what` is neither. No other runner may have the store meanwhile.
    """
    word = what.strip().removeprefix("#")
    if not (MAIL if "@" in word else ORDER).fullmatch(word):
        raise NothingSent(
            f"{what!r} is neither an order's number nor a mail address.", "Give one of them."
        )
    search = _Search(ledger, settings, word, anyway)
    home, place = settings.home, settings.ledger
    for path in chain(kept(home), kept(home / "sandbox")):
        search.take(path.name, str(path), path, partial(remove, path))
    with TemporaryDirectory(dir=home) as folder:
        for sha256 in export_store.stored(place):
            path = Path(folder) / sha256
            path.write_bytes(export_store.fetch(place, sha256) or b"")
            why = IN_LINE.format(in_line[sha256]) if sha256 in in_line else ""
            drop = partial(export_store.remove, place, sha256)
            shown = f"the database's copy {sha256}"
            search.take(sha256[:NAME], shown, path, drop, why)
            path.unlink()
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
    found: list[Run] = field(default_factory=list)
    """The runs of what has the person."""
    gone: set[str] = field(default_factory=set)
    """Those whose copies or sheets were removed."""
    runs: dict[str, list[Run]] = field(default_factory=dict)
    """By the names of what is kept of them."""
    named: dict[str, Run] = field(default_factory=dict)
    """Those with rows of the order, as the ledger knows."""

    def __post_init__(self) -> None:
        store = self.settings.store if self.settings.store_hash else None
        ids = {
            run_id
            for each in ([store] if store else self.ledger.stores())
            for run_id in self.ledger.runs_naming(each, self.what)
        }
        for run in self.ledger.runs():
            if run.run_id in ids:
                self.named[run.run_id] = run
            for name in kept_names(run):
                self.runs.setdefault(name, []).append(run)

    @property
    def is_mail(self) -> bool:
        return "@" in self.what

    @property
    def is_indexed(self) -> bool:
        """Whether the ledger knows which runs have it: not a mail, nor a marketplace's number."""
        short = self.what.isdecimal() and len(self.what) <= LONGEST
        return not self.is_mail and (short or bool(self.named))

    def take(
        self, name: str, shown: str, content: Path, drop: Callable[[], None], why: str = ""
    ) -> None:
        """Drop something that is kept, where it has the person and no run needs it."""
        runs = self.runs.get(name, [])
        is_named = any(run.run_id in self.named for run in runs)
        if not (is_named if runs and self.is_indexed else self._has(content)):
            return
        self.found += runs
        days = self.settings.carry_over
        needed = (why_unfinished(self.ledger, run, days) for run in runs)
        if (why := why or next(filter(None, needed), "")) and not self.anyway:
            self.left.append(f"{shown}: {why}")
            return
        drop()
        self.removed.append(shown)
        self.gone |= {run.run_id for run in runs}

    def _has(self, path: Path) -> bool:
        """Whether a cell of a file, or of one in a folder, has the person; unreadable, it may."""
        word = re.escape(self.what)
        mail = re.compile(rf"(?<![\w.+-]){word}(?![\w-]|\.\w)", re.IGNORECASE).search
        fits = mail if self.is_mail else re.compile(f"#?{word}", re.IGNORECASE).fullmatch
        files = [each for each in (path, *path.rglob("*")) if each.is_file()]
        try:
            tables = chain.from_iterable(map(read_tables, files))
            rows = chain.from_iterable(table.rows() for table in tables)
            return any(fits(words(cell)) for cell in chain.from_iterable(rows))
        except FileError:
            return True

    def result(self) -> CommandResult:
        """What was removed, what was not and why, and what nobody here can reach."""
        runs = [*self.named.values(), *self.found]
        files = {file for run in runs for file in (run.file, run.summary.get("results", ""))}
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
