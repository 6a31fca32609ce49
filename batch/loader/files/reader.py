"""Tables of files that are not plain text: read by another process, within limits, kept on disk."""

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO, NamedTuple

from batch.errors import FileError, ReaderDied
from batch.loader.files.blobs import Blob
from batch.loader.files.reader_limits import NO_MEMORY, seconds_for
from batch.loader.files.row_stream import BrokenStream, decode_rows
from batch.loader.files.tables import Cell, Table

PROGRAM = "batch.loader.files.reader_process"
NEEDED = (
    "PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TMPDIR",
    "TEMP",
    "TMP",
    "SYSTEMROOT",
    "PYTHONHOME",
    "LD_LIBRARY_PATH",
)
"""The reader's environment: without tokens, addresses and cloud settings."""
LONGEST_NOTE = 2**20
"""Bytes of a frame that is no rows at most."""

_SPREAD = (
    "Copy the table alone into a new workbook (Ctrl+End shows where the sheet ends), and save that."
)
_FAR = (
    "Delete the rows and columns beside the table (Ctrl+End shows where the sheet ends), and save"
    " it again."
)
_FULL = tuple(getattr(signal, name, None) for name in ("SIGABRT", "SIGXCPU"))
"""How a process ends that meets its limits: calamine aborts where memory ends."""

_READERS: set["subprocess.Popen[bytes]"] = set()
"""The readers at work; they end with this process."""


class Span(NamedTuple):
    """Where a batch of rows lies in the spool."""

    offset: int
    length: int


class Spool:
    """What a reader has written, in a temporary file without a name; gone with its last user."""

    def __init__(self) -> None:
        # Closed by finalisation, with the last table.
        self.file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115
        self._lock = threading.Lock()

    def __del__(self) -> None:
        self.file.close()

    def rows(self, name: str, spans: list[Span]) -> Iterator[list[Cell]]:
        """The rows of the spans, one of them in memory at a time."""
        for span in spans:
            try:
                yield from decode_rows(self.read(*span))
            except BrokenStream as error:
                raise FileError(
                    f"{name}: what its reader wrote is no table ({error}).", _REPORT
                ) from error

    def read(self, offset: int, length: int) -> bytes:
        """Bytes of the file, whichever thread asks."""
        with self._lock:
            self.file.seek(offset)
            return self.file.read(length)

    def frames(self) -> Iterator[tuple[bytes, int, int]]:
        """Each frame's kind, and where its content lies; one that is cut off, as by a kill, is
        none.
        """
        end, offset = os.fstat(self.file.fileno()).st_size, 0
        while offset < end:
            head = self.read(offset, 9)
            length = int.from_bytes(head[1:], "big")
            if length > end - offset - len(head):
                return
            yield head[:1], offset + 9, length
            offset += 9 + length

    def note(self, offset: int, length: int) -> Any:
        """A frame of JSON."""
        if length > LONGEST_NOTE:
            raise BrokenStream(f"a note of {length:,} bytes")
        return json.loads(self.read(offset, length))


_REPORT = "Export it again; if it stays so, please report it: this is a bug in shipbatch."


def read_apart(blob: Blob, sheet: str) -> list[Table]:
    """The file's tables; FileError where there are none, it is damaged, or exceeds its limits."""
    spool = _run(blob, "tables", sheet)
    told: list[_Told] = []
    with _understood(blob):
        for kind, offset, length in spool.frames():
            if kind == b"T":
                name, said, warnings, doubtful = spool.note(offset, length)
                notes = tuple(map(str, said)), tuple(map(str, warnings))
                told.append(_Told(str(name), *notes, is_doubtful=doubtful is True))
            elif kind == b"M":
                told[-1].mark(*spool.note(offset, length))
            elif kind == b"R":
                told[-1].spans.append(Span(offset, length))
    outcome = _outcome(blob, spool)
    shape = partial(_number_format, blob) if outcome.get("pads_numbers") is True else _no_format
    return [
        Table(
            blob.path,
            partial(spool.rows, blob.name, each.spans),
            each.name,
            each.said,
            each.warnings,
            partial(shape, each.name),
            is_doubtful=each.is_doubtful,
            hidden=frozenset(each.hidden),
            struck=frozenset(each.struck),
        )
        for each in told
    ]


@dataclass(slots=True)
class _Told:
    """What the frames of one table say."""

    name: str
    said: tuple[str, ...]
    warnings: tuple[str, ...]
    is_doubtful: bool
    spans: list[Span] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    struck: set[tuple[int, int]] = field(default_factory=set)

    def mark(self, what: str, found: list[Any]) -> None:
        """Take over a frame of marks."""
        if what == "hidden":
            self.hidden.update(map(int, found))
        else:
            self.struck.update((int(row), int(column)) for row, column in found)


def _number_format(blob: Blob, sheet: str, row: int, column: int) -> str:
    """How a cell shows its number: a process for one cell of a column, not for every one."""
    try:
        return str(
            _outcome(blob, _run(blob, "format", sheet, str(row), str(column))).get("format", "")
        )
    except FileError:
        return ""


def _no_format(sheet: str, row: int, column: int) -> str:
    return ""


def environment() -> dict[str, str]:
    """The reader's: what Python needs to start, and where it finds the package."""
    found = {name: os.environ[name] for name in NEEDED if name in os.environ}
    places = (place or os.getcwd() for place in sys.path)  # noqa: PTH109  as sys.path has it
    return found | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(places))}


def _run(blob: Blob, job: str, *words: str) -> Spool:
    """The reader's work, done; ReaderDied where it ended or hung without a word."""
    spool, seconds = Spool(), seconds_for(blob.size)
    command = [
        sys.executable,
        "-P",
        "-m",
        PROGRAM,
        str(blob.path.absolute()),
        str(seconds.of_processor),
        job,
        *words,
    ]
    # fmt: off
    reader = subprocess.Popen(  # noqa: S603  our own program
        command, stdin=subprocess.DEVNULL, stdout=spool.file, stderr=subprocess.DEVNULL,
        env=environment(),
    )
    # fmt: on
    _READERS.add(reader)
    try:
        status = reader.wait(seconds.in_all)
    except subprocess.TimeoutExpired:
        raise ReaderDied(
            f"{blob.name} could not be read within {seconds.in_all:,} s: its reader hung.", _TWICE
        ) from None
    finally:
        reader.kill()
        reader.wait()
        _READERS.discard(reader)
    if status == NO_MEMORY or -status in _FULL:
        raise _too_large(blob, spool, job)
    if status:
        how = f"by {_signal_name(-status)}" if status < 0 else f"with status {status}"
        raise ReaderDied(f"{blob.name} could not be read: its reader ended {how}.", _TWICE)
    return spool


_TWICE = (
    "Run it once more. If its reader ends so again, do not run it: tell IT where the file came"
    " from."
)


def _outcome(blob: Blob, spool: Spool) -> dict[str, Any]:
    with _understood(blob):
        outcome = next(
            (spool.note(offset, length) for kind, offset, length in spool.frames() if kind == b"E"),
            None,
        )
        if not isinstance(outcome, dict):
            raise BrokenStream("it has no end")
        if "refused" in outcome:
            raise FileError(str(outcome["refused"]), str(outcome["todo"]))
    return outcome


@contextmanager
def _understood(blob: Blob) -> Iterator[None]:
    """FileError for whatever a reader that a file has taken over writes in place of frames."""
    try:
        yield
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise FileError(
            f"{blob.name}: what its reader wrote is no table ({error}).", _REPORT
        ) from error


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # most of the real-time signals have none
        return f"signal {number}"


def _too_large(blob: Blob, spool: Spool, job: str) -> FileError:
    """What met its limits, and where a cell lies far from its table, that."""
    with _understood(blob):
        limits = [
            spool.note(offset, length) for kind, offset, length in spool.frames() if kind == b"L"
        ]
        megabytes, seconds = map(int, limits[-1] if limits else (0, 0))
    if job == "tables":
        try:
            found = _outcome(blob, _run(blob, "far"))
        except FileError:
            found = {}
        if found.get("far"):
            return FileError(
                f"{found.get('name', blob.name)} holds a cell at {found['far']}, far from its "
                "table; all cells up to there take more memory than allowed.",
                _FAR,
            )
    return FileError(
        f"{blob.name} cannot be read within {megabytes:,} MB of memory and {seconds:,} s: "
        "its cells lie very far apart, or it is damaged.",
        _SPREAD,
    )


@atexit.register
def end_readers() -> None:
    """Whoever is still at work when the program ends, ends with it."""
    for reader in list(_READERS):
        reader.kill()
