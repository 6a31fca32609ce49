"""A gzip, or a zip with one table in it, becomes a blob of what is inside; no bomb goes off."""

import gzip
import io
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, Any, BinaryIO, cast

from batch.errors import FileError
from batch.loader.files.blobs import Blob, explain_read_errors
from batch.loader.files.detect import HEAD, Content, content_of

FREE = 64 * 2**20
"""Bytes a part may inflate to, whatever its ratio."""
RATIO = 200
"""Beyond that, inflated bytes to a compressed one; real exports stay below 60."""
LARGEST = 4 * 2**30
"""Inflated bytes at most, all parts together."""
PARTS = 10_000
"""Parts of an archive at most."""

_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    struct.error,
    UnicodeError,
    NotImplementedError,
    RuntimeError,
)
_BOMB = "It is no export. Do not open it, and tell IT where it came from."
_AGAIN = "Export or copy it again; the copy may have been cut short."


PACKED = (Content.GZIP, Content.ARCHIVE)


def kind_of(blob: Blob) -> Content | str:
    """What it is by its bytes, a zip by its parts; or the name of what is not read."""
    content = content_of(blob.head(HEAD))
    return _kind_of_zip(blob) if content is Content.ZIP else content


def unpack(blob: Blob, kind: Content | str) -> Blob:
    """The table inside a gzip or zip; FileError where it is not one table, or is a bomb."""
    if kind is Content.GZIP:
        inner = _inside(blob, "unpacked", blob.size, lambda stored: gzip.GzipFile(fileobj=stored))
    else:
        inner = _only_table(blob)
    if kind_of(inner) in PACKED:
        raise FileError(
            f"{inner.name} is an archive inside an archive.",
            "Unpack it, and give the table itself.",
        )
    return inner


def _kind_of_zip(blob: Blob) -> Content | str:
    with open_zip(blob) as archive:
        names = set(archive.namelist())
        parts = {name.casefold().replace("\\", "/").lstrip("/") for name in names}
        if "mimetype" in names:
            return _open_document(archive.read("mimetype")[:100])
    for part, kind in (
        ("xl/workbook.bin", Content.XLSB),
        ("xl/workbook.xml", Content.XLSX),
        ("word/document.xml", "a Word document"),
        ("ppt/presentation.xml", "a PowerPoint presentation"),
        ("index/document.iwa", "an Apple Numbers or Pages document"),
    ):
        if part in parts:
            return kind
    if "[content_types].xml" in parts:
        return Content.XLSX
    return Content.ODS if "content.xml" in parts else Content.ARCHIVE


@contextmanager
def open_zip(blob: Blob) -> Iterator[zipfile.ZipFile]:
    """The zip, its declared sizes checked; what is broken in it becomes a FileError."""
    with explain_read_errors(blob.name), seekable(blob) as stream:
        try:
            with zipfile.ZipFile(stream) as archive:
                _check_declared(archive, blob.name)
                yield archive
        except _BROKEN as error:
            raise FileError(
                f"{blob.name} is damaged or not complete: {_words(error)}.", _AGAIN
            ) from error


@contextmanager
def seekable(blob: Blob) -> Iterator[BinaryIO]:
    """A real file to seek in: the file itself, or a temporary copy of what an archive holds."""
    if blob.plain:
        with blob.open() as stream:
            yield stream
        return
    with tempfile.TemporaryFile() as copy, blob.open() as stream:
        while piece := stream.read(2**20):
            copy.write(piece)
        copy.seek(0)
        yield cast("BinaryIO", copy)


def _check_declared(archive: zipfile.ZipFile, name: str) -> None:
    parts = archive.infolist()
    if len(parts) > PARTS:
        raise FileError(f"{name} has {len(parts):,} parts; a workbook has a few dozen.", _BOMB)
    total = sum(part.file_size for part in parts)
    for part in parts:
        if part.flag_bits & 1:
            raise FileError(
                f"{name} is protected by a password.", "Unpack it, or save it without a password."
            )
        if part.file_size > max(FREE, RATIO * part.compress_size):
            raise _bomb(name, part.filename, part.file_size, part.compress_size)
    if total > LARGEST:
        raise FileError(
            f"{name} would unpack to {total:,} bytes; {LARGEST:,} are read at most.",
            "Export fewer rows.",
        )


def _bomb(name: str, part: str, inflated: int, compressed: int) -> FileError:
    where = f" ({part})" if part else ""
    return FileError(
        f"{name}{where} is a zip bomb: {compressed:,} bytes unpack to {inflated:,} or more.", _BOMB
    )


def _open_document(mimetype: bytes) -> Content | str:
    if b"opendocument.spreadsheet" in mimetype:
        return Content.ODS
    return "an OpenDocument text or drawing" if b"opendocument" in mimetype else Content.ARCHIVE


def _only_table(blob: Blob) -> Blob:
    with open_zip(blob) as archive:
        tables = [part for part in archive.infolist() if _may_be_table(archive, part)]
        names = [part.filename for part in tables]
    if not tables:
        raise FileError(f"{blob.name} is a zip with no table in it.", "Give the export itself.")
    if len(tables) > 1:
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        raise FileError(
            f"{blob.name} is a zip with {len(tables)} files that could be the table: {shown}.",
            "Unpack it and give the one that is meant, or run them one after another.",
        )
    part = tables[0]
    return _inside(
        blob, part.filename, part.compress_size, lambda stored: zipfile.ZipFile(stored).open(part)
    )


def _may_be_table(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(part.filename)
    if (
        part.is_dir()
        or part.file_size == 0
        or path.name.startswith(".")
        or path.parts[0] == "__MACOSX"
    ):
        return False
    with archive.open(part) as stream:
        return isinstance(content_of(stream.read(HEAD)), Content)


def _inside(blob: Blob, name: str, size: int, inflating: Callable[[BinaryIO], Any]) -> Blob:
    def opened() -> BinaryIO:
        stored = blob.open()
        return cast(
            "BinaryIO", io.BufferedReader(_BoundedStream(blob, stored, inflating(stored)), 2**18)
        )

    return Blob(blob.path, f"{blob.name} ({name})", size, opened, plain=False)


class _BoundedStream(io.RawIOBase):
    """An inflating stream that stops a bomb as it grows and names what is broken."""

    def __init__(self, blob: Blob, stored: BinaryIO, inflating: IO[bytes]) -> None:
        self._name, self._size = blob.name, blob.size
        self._stored = stored
        self._inflating = inflating
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            piece = self._inflating.read(len(buffer))
        except _BROKEN as error:
            raise FileError(
                f"{self._name} is damaged or not complete: {_words(error)}.", _AGAIN
            ) from error
        self._count += len(piece)
        if self._count > min(LARGEST, max(FREE, RATIO * self._size)):
            raise _bomb(self._name, "", self._count, self._size)
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        if not self.closed:
            self._inflating.close()
            self._stored.close()
        super().close()


def _words(error: BaseException) -> str:
    return str(error).rstrip(".") or type(error).__name__
