"""Bytes that can be opened again and again: a plain file, or one inside a gzip or zip."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from batch.errors import FileError
from batch.loader.files.reader_limits import Deadline

BUFFER = 2**17
"""Bytes read from a file at once."""

_SPECIAL = (
    (stat.S_ISDIR, "a folder", "Name the file in it."),
    (stat.S_ISFIFO, "a pipe (FIFO)", "Save its output to a file first."),
    (stat.S_ISSOCK, "a socket", "Name a file."),
    (stat.S_ISCHR, "a device", "Name a file."),
    (stat.S_ISBLK, "a device", "Name a file."),
)
_REASONS = {
    errno.ENOENT: ("there is no such file", "Check the name; it may have been moved meanwhile."),
    errno.EACCES: (
        "this user may not read it",
        "Ask for the right to read it, or copy it elsewhere.",
    ),
    errno.EPERM: (
        "this user may not read it",
        "Ask for the right to read it, or copy it elsewhere.",
    ),
    errno.ELOOP: ("it is a link that leads back to itself", "Name the file itself."),
    errno.ENAMETOOLONG: ("its name is too long", "Give it a shorter name."),
}


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes under a name; each `open()` reads them from the start."""

    path: Path
    name: str
    """For a person: the path, and the part inside an archive."""
    size: int
    """Bytes as stored, compressed ones where they are compressed."""
    open: Callable[[], BinaryIO]
    plain: bool = True
    """Lies on disk as it is, not inside an archive."""
    in_time: Callable[[], None] = lambda: None
    """Asked between two pieces of its first reading: FileError past its deadline."""

    def head(self, length: int) -> bytes:
        """At most `length` bytes of its beginning."""
        with explain_read_errors(self.name), self.open() as stream:
            return stream.read(length)


def file_blob(path: Path) -> Blob:
    """A regular file; FileError for a folder, pipe, device, loop, missing or unreadable file."""
    with explain_read_errors(str(path)):
        status = path.stat()
        for is_kind, name, todo in _SPECIAL:
            if is_kind(status.st_mode):
                raise FileError(f"{path} is {name}, not a file.", todo)
        if status.st_size == 0:
            raise FileError(
                f"{path} is empty: 0 bytes.",
                "Export it again; the export may still have been running.",
            )
        late = Deadline(str(path), status.st_size)
        blob = Blob(
            path, str(path), status.st_size, lambda: _open_regular(path), in_time=late.check
        )
        blob.open().close()
    return blob


@contextmanager
def explain_read_errors(name: str) -> Iterator[None]:
    """What goes wrong in reading, as a FileError with the file's name."""
    try:
        yield
    except OSError as error:
        why, todo = _REASONS.get(
            error.errno or 0,
            (error.strerror or str(error), "Copy it to this machine and try again."),
        )
        raise FileError(f"{name} cannot be read: {why}.", todo) from error
    except ValueError as error:  # a NUL in the path
        raise FileError(f"{name!r} cannot be read: {error}.", "Check the name.") from error


def _open_regular(path: Path) -> BinaryIO:
    """Opens without waiting, should the file have become a pipe since it was looked at."""
    descriptor = os.open(
        path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    stream = os.fdopen(descriptor, "rb", BUFFER)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        stream.close()
        raise OSError(errno.EINVAL, "it is no longer a plain file")
    return stream
