"""A drop folder and the four in it: what lies where, and how a file gets from one to the next, nothing overwritten."""

import hashlib
import os
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path

from batch.escapes import visible
from batch.sheet import LONGEST_NAME

WORKING, DONE, FAILED, HELD = ROOMS = ("working", "done", "failed", "held")
UNFINISHED = (".part", ".tmp", ".temp", ".partial", ".filepart", ".crdownload", ".download", ".inprogress", ".swp", "~")
"""Ends of the names that programs give to what they are still writing."""
NOT_OURS = (".", "~$", "thumbs.db", "desktop.ini")
"""Beginnings of the names that belong to other programs: hidden files, Excel's and LibreOffice's locks."""
SHEETS = (".results.xlsx", ".plan.xlsx")
"""Ends of the names of our own sheets."""
LETTERS = (".error.txt", ".note.txt")
"""Ends of the names of our own texts."""
WAITS = 3  # the exit status of a run of which something waits for a person: its file belongs into `held`
_ENDING = 20  # bytes; what is longer after the last dot is no ending


@dataclass(frozen=True, slots=True)
class Entry:
    """What lies in a folder under a name, links not followed."""

    name: str
    size: int
    changed: int
    """Its time of change, nanoseconds."""
    inode: int
    oddity: str = ""
    """What it is, where it is no plain file."""


class Place:
    """A drop folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.working, self.done, self.failed, self.held = (root / room for room in ROOMS)

    def make(self) -> None:
        """The four folders in it, where they are missing; OSError where it is gone or cannot be written."""
        for room in ROOMS:
            with suppress(FileExistsError):
                (self.root / room).mkdir()
        for folder in (self.root, *(self.root / room for room in ROOMS)):
            if not os.access(folder, os.W_OK):
                raise PermissionError(f"{folder} cannot be written")

    def dropped(self) -> Iterator[Entry]:
        """What people have dropped, whole or not; OSError where the folder is gone."""
        return (entry for entry in entries(self.root) if entry.name not in ROOMS)

    def claim(self, entry: Path) -> Path | None:
        """Take a file into `working`, under a name that can be written; None where somebody else was faster.

        A sheet of ours gets another name: what is called like one there, another command has written.
        """
        target = free(self.working, resent(fitted(entry.name)))
        try:
            entry.rename(target)
        except FileNotFoundError:
            return None
        return target


def entries(folder: Path) -> Iterator[Entry]:
    """Files of a folder that are not another program's or unfinished, and what is no file, with what it is."""
    with os.scandir(folder) as found:
        for each in found:
            if is_ignored(each.name):
                continue
            with suppress(FileNotFoundError):  # gone since
                told = each.stat(follow_symlinks=False)
                yield Entry(each.name, told.st_size, told.st_mtime_ns, told.st_ino, oddity(told.st_mode))


def entry(file: Path) -> Entry | None:
    """What lies at a path, as its folder lists it; None where nothing does."""
    with suppress(OSError):
        told = file.stat(follow_symlinks=False)
        return Entry(file.name, told.st_size, told.st_mtime_ns, told.st_ino, oddity(told.st_mode))
    return None


def is_open(file: Path) -> bool:
    """Whether a spreadsheet program has the file open: it puts a lock of its own beside it."""
    return any(file.with_name(lock).exists() for lock in (f"~${file.name}", f".~lock.{file.name}#"))


def digest(file: Path) -> str:
    """What tells a content from another one: its SHA-256."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def is_ignored(name: str) -> bool:
    """Whether a name says that the file is not meant for us, or not yet."""
    plain = name.casefold()
    return plain.startswith(NOT_OURS) or plain.endswith((*UNFINISHED, *LETTERS))


def is_sheet(name: str) -> bool:
    """Whether a name is one of our results; a file dropped under such a name is filed away under another one."""
    return name.casefold().endswith(SHEETS)


def resent(name: str) -> str:
    """A name that is not its own results sheet's."""
    return f"{name[: -len(next(filter(name.casefold().endswith, SHEETS)))]}-resent.xlsx" if is_sheet(name) else name


def oddity(mode: int) -> str:
    """What something is that is no plain file; empty for one."""
    if stat.S_ISREG(mode):
        return ""
    kinds = ((stat.S_ISLNK, "a link to another place"), (stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"))
    return next((words for is_kind, words in kinds if is_kind(mode)), "a device or a socket")


def fitted(name: str) -> str:
    """A name that every disk takes and every log can show: its bytes are text, all of it seen, not too long."""
    text = os.fsencode(name).decode("utf-8", "replace")
    text = "".join(char if char.isprintable() and visible(char) == char else "_" for char in text)
    stem, ending = _split(text)
    room = LONGEST_NAME - len(ending.encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + ending


def free(folder: Path, name: str) -> Path:
    """The name in a folder, or one with the time in it where the name is taken, in whatever spelling."""
    taken = {_folded(each) for each in os.listdir(folder)}  # noqa: PTH208  names alone
    stem, ending = _split(name)
    now = f"{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    others = (f"{stem}-{now}{'' if n == 1 else f'-{n}'}{ending}" for n in count(1))
    if _folded(name) not in taken:
        return folder / name
    return folder / next(other for other in others if _folded(other) not in taken)


def _split(name: str) -> tuple[str, str]:
    stem, dot, ending = name.rpartition(".")
    return (stem, dot + ending) if stem and len(ending.encode()) < _ENDING else (name, "")


def _folded(name: str) -> str:
    """Equal for names that some disk takes for one: upper and lower case, composed and decomposed accents."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
