"""Which of the dropped files are whole: unchanged for a while, and nobody writing."""

import os
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from batch.watcher.folder_layout import Entry, FolderLayout

EMPTY = 60.0  # seconds for which an empty file is waited for: some programs make the name first


AHEAD = 16  # whole files that a look finds at most: an inbox may hold thousands


@dataclass(slots=True)
class _Sighting:
    entry: Entry
    since: float


@dataclass(frozen=True, slots=True, order=True)
class WholeFile:
    """A file that is whole; the earlier finished comes first."""

    since: float
    changed: int
    name: str
    path: Path
    seen: Entry = field(compare=False)
    """What was whole: what is claimed is that, or is waited for anew."""


@dataclass(slots=True)
class Scan:
    """What one look at a folder has shown."""

    whole: list[WholeFile] = field(default_factory=list)
    """Whole files, in the order in which they were finished; of many the first."""
    unready: int = 0
    due: float | None = None
    """When the next of the others may be whole."""
    odd: dict[str, str] = field(default_factory=dict)
    """What is no file, and what it is."""

    @property
    def ready(self) -> list[Path]:
        """Their paths."""
        return [each.path for each in self.whole]


class Arrivals:
    """Keeps what was seen of a folder from one look to the next, and nothing of what is gone."""

    def __init__(self, layout: FolderLayout, still: float) -> None:
        self._layout, self._still = layout, still
        self._seen: dict[str, _Sighting] = {}

    def scan(self, now: float) -> Scan:
        """Look at the folder, at a moment of the caller's clock; OSError where it is gone."""
        look, seen = Scan(), {}
        for entry in self._layout.inbox_files():
            if entry.oddity:
                look.odd[entry.name] = entry.oddity
                continue
            before = self._seen.get(entry.name)
            seen[entry.name] = before if before and before.entry == entry else _Sighting(entry, now)
        self._seen = seen
        for each in sorted(seen.values(), key=_by_age):
            path, due = self._layout.root / each.entry.name, each.since + self._needs(each.entry)
            if len(look.whole) == AHEAD:  # it will be looked at when these have had their turn
                look.unready += 1
                continue
            if now >= due and not is_being_written(path):
                look.whole.append(WholeFile(each.since, each.entry.changed, each.entry.name, path, each.entry))
                continue
            look.unready += 1
            due = due if now < due else now + self._still
            look.due = due if look.due is None else min(look.due, due)
        return look

    def _needs(self, entry: Entry) -> float:
        return self._still if entry.size else max(self._still, EMPTY)


def _by_age(seen: _Sighting) -> tuple[float, int, str]:
    return seen.since, seen.entry.changed, seen.entry.name


def is_being_written(path: Path) -> bool:
    """Whether a process of this machine has the file open for writing; False where that cannot be told."""
    if not sys.platform.startswith("linux"):
        return False
    import fcntl

    with suppress(OSError):
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            # The kernel gives a read lease only where nobody has the file open for writing.
            fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)  # and with it the lease
    return False
