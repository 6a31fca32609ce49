"""A drop folder and the four in it: what lies where, and how a file gets from one to the next, nothing overwritten.

Whoever may drop a file may put a link there, too, or another file in the moment between a look and a claim. No link is
followed: rooms are opened as what they are, files are moved from one opened room to the other, and read once opened.
"""

import errno
import hashlib
import os
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from io import BufferedReader
from itertools import count
from pathlib import Path

from batch.config.load import NAME as CONFIG_NAME
from batch.model.sheet_format import LONGEST_NAME
from batch.primitives.escapes import visible

WORKING, DONE, FAILED, HELD = ROOMS = ("working", "done", "failed", "held")
UNFINISHED = (".part", ".tmp", ".temp", ".partial", ".filepart", ".crdownload", ".download", ".inprogress", ".swp", "~")
"""Ends of the names that programs give to what they are still writing."""
NOT_OURS = (".", "~$", "thumbs.db", "desktop.ini")
"""Beginnings of the names that belong to other programs: hidden files, Excel's and LibreOffice's locks."""
SHEETS = (".results.xlsx", ".plan.xlsx")
"""Ends of the names of our own sheets."""
NOTICES = (".error.txt", ".note.txt")
"""Ends of the names of our own texts."""
_JUNCTION = 0xA0000003  # Windows: a folder that leads to another one
_ENDING = 20  # bytes; what is longer after the last dot is no ending


HAS_FDS = {os.rename, os.open} <= os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
"""Whether a folder can be held open, and what is in it be named from there: not on Windows."""
_READ = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_AS_IT_IS = _READ | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)  # a pipe is opened at once


class UnsafeEntry(OSError):
    """A room or a file that is not what it is called; says what it is."""


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


class FolderLayout:
    """A drop folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.working, self.done, self.failed, self.held = (root / room for room in ROOMS)

    def make(self) -> None:
        """The four folders in it, where they are missing; OSError where it is gone or cannot be written."""
        for room in ROOMS:
            with suppress(FileExistsError):
                (self.root / room).mkdir()
        self.check()
        for folder in (self.root, *(self.root / room for room in ROOMS)):
            if not os.access(folder, os.W_OK):
                raise PermissionError(f"{folder} cannot be written")

    def check(self) -> None:
        """Refused, by name, where a room is a link, or somebody's who has no say here."""
        if wrong := next(self.faults(), ""):
            raise UnsafeEntry(wrong)

    def faults(self) -> Iterator[str]:
        """What is wrong with each room that is there and cannot be used."""
        for room in ROOMS:
            with suppress(FileNotFoundError):
                if wrong := self._fault((self.root / room).lstat()):
                    yield f"{self.root / room} {wrong}"

    def _fault(self, told: os.stat_result) -> str:
        if stat.S_ISLNK(told.st_mode) or getattr(told, "st_reparse_tag", 0) == _JUNCTION:
            return "is a link to another place: take it away, and a folder is made there"
        if not stat.S_ISDIR(told.st_mode):
            return "is no folder: take it away, and one is made there"
        if os.name == "posix" and told.st_uid not in {0, os.geteuid(), self.root.stat().st_uid}:
            return f"belongs to user {told.st_uid}: neither to this one, nor to root, nor to the folder's owner"
        return ""

    @contextmanager
    def _open_folder(self, folder: Path) -> Iterator[int]:
        """The folder or one of its rooms, open: what it was then it stays."""
        with ExitStack() as stack:
            handle = os.open(self.root, _READ | os.O_DIRECTORY)
            stack.callback(os.close, handle)
            if folder != self.root:
                if folder.parent != self.root or folder.name not in ROOMS:
                    raise UnsafeEntry(f"{folder} is no room of {self.root}")
                handle = os.open(folder.name, _AS_IT_IS | os.O_DIRECTORY, dir_fd=handle)
                stack.callback(os.close, handle)
                if wrong := self._fault(os.fstat(handle)):
                    raise UnsafeEntry(f"{folder} {wrong}")
            yield handle

    def move(self, file: Path, target: Path) -> None:
        """From one room to another, whatever becomes of their names meanwhile."""
        self.check()
        if not HAS_FDS:
            file.rename(target)
            return
        with self._open_folder(file.parent) as old, self._open_folder(target.parent) as new:
            os.rename(file.name, target.name, src_dir_fd=old, dst_dir_fd=new)

    def open(self, file: Path) -> BufferedReader:
        """What lies in a room, opened once; Refused where it is no plain file of its own, FileNotFoundError if gone."""
        self.check()
        if not HAS_FDS:
            return open_plain(file)
        with self._open_folder(file.parent) as room:
            return open_plain(file, room)

    def inside(self, room: Path) -> Iterator[Entry]:
        """What lies in a room; OSError where it is gone or Refused."""
        self.check()
        return entries(room)

    def inbox_files(self) -> Iterator[Entry]:
        """What people have dropped, whole or not; OSError where the folder is gone."""
        return (entry for entry in entries(self.root) if entry.name not in ROOMS)

    def claim(self, entry: Path) -> Path | None:
        """Take a file into `working`, under a name that can be written; None where somebody else was faster.

        A sheet of ours gets another name: what is called like one there, another command has written.
        """
        target = unused_path(self.working, resend_name(safe_name(entry.name)))
        try:
            self.move(entry, target)
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
                yield _entry(each.name, each.stat(follow_symlinks=False))


def entry(file: Path) -> Entry | None:
    """What lies at a path, as its folder lists it; None where nothing does."""
    with suppress(OSError):
        return _entry(file.name, file.lstat())
    return None


def is_same(file: Path, seen: Entry) -> bool:
    """Whether a file is, by whatever name, what was seen; a claim renames it, which changes nothing of it."""
    found = entry(file)
    return found is not None and replace(found, name=seen.name) == seen


def _entry(name: str, told: os.stat_result) -> Entry:
    odd = "a configuration of shipbatch, no export" if name.casefold() == CONFIG_NAME else oddity(told)
    return Entry(name, told.st_size, told.st_mtime_ns, told.st_ino, odd)


def open_plain(file: Path, room: int | None = None) -> BufferedReader:
    """A file opened, no link followed; Refused where it is anything but a plain file with one name."""
    before = os.stat(file.name if room is not None else file, dir_fd=room, follow_symlinks=False)
    if odd := oddity(before):
        raise UnsafeEntry(odd)
    try:
        handle = os.open(file.name if room is not None else file, _AS_IT_IS, dir_fd=room)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UnsafeEntry("a link to another place") from error
        raise
    told = os.fstat(handle)
    if odd := oddity(told) or ("" if (told.st_dev, told.st_ino) == (before.st_dev, before.st_ino) else "another file"):
        os.close(handle)
        raise UnsafeEntry(odd)
    return os.fdopen(handle, "rb")


def is_open(file: Path) -> bool:
    """Whether a spreadsheet program has the file open: it puts a lock of its own beside it."""
    return any(file.with_name(lock).exists() for lock in (f"~${file.name}", f".~lock.{file.name}#"))


def content_hash(file: Path) -> str:
    """What tells a content from another one: its SHA-256."""
    with open_plain(file) as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def is_ignored(name: str) -> bool:
    """Whether a name says that the file is not meant for us, or not yet."""
    plain = name.casefold()
    return plain.startswith(NOT_OURS) or plain.endswith((*UNFINISHED, *NOTICES))


def is_sheet(name: str) -> bool:
    """Whether a name is one of our results; a file dropped under such a name is filed away under another one."""
    return name.casefold().endswith(SHEETS)


def resend_name(name: str) -> str:
    """A name that is not its own results sheet's."""
    return f"{name[: -len(next(filter(name.casefold().endswith, SHEETS)))]}-resent.xlsx" if is_sheet(name) else name


def oddity(told: os.stat_result) -> str:
    """What something is that is no plain file with one name; empty for one."""
    mode = told.st_mode
    if stat.S_ISREG(mode):
        return "a file with a second name elsewhere (a hard link)" if told.st_nlink > 1 else ""
    kinds = ((stat.S_ISLNK, "a link to another place"), (stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"))
    return next((words for is_kind, words in kinds if is_kind(mode)), "a device or a socket")


def safe_name(name: str) -> str:
    """A name that every disk takes and every log can show: its bytes are text, all of it seen, not too long."""
    text = os.fsencode(name).decode("utf-8", "replace")
    text = "".join(char if char.isprintable() and visible(char) == char else "_" for char in text)
    stem, ending = _split(text)
    room = LONGEST_NAME - len(ending.encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + ending


def unused_path(folder: Path, name: str) -> Path:
    """The name in a folder, or one with the time in it where the name is taken, in whatever spelling."""
    taken = {_fold(each) for each in os.listdir(folder)}  # noqa: PTH208  names alone
    stem, ending = _split(name)
    now = f"{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    others = (f"{stem}-{now}{'' if n == 1 else f'-{n}'}{ending}" for n in count(1))
    if _fold(name) not in taken:
        return folder / name
    return folder / next(other for other in others if _fold(other) not in taken)


def _split(name: str) -> tuple[str, str]:
    stem, dot, ending = name.rpartition(".")
    return (stem, dot + ending) if stem and len(ending.encode()) < _ENDING else (name, "")


def _fold(name: str) -> str:
    """Equal for names that some disk takes for one: upper and lower case, composed and decomposed accents."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
