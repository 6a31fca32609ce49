"""Delimited text as a table, streamed: its encoding, its delimiter, its rows."""

import io
import math
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from typing import cast

from batch.errors import FileError
from batch.loader.files.blobs import Blob, explain_read_errors
from batch.loader.files.dialect import Dialect, records, split
from batch.loader.files.encodings import LONGEST_LINE, Encoding, encoding_of, too_long
from batch.loader.files.tables import Cell, Table

DELIMITERS = ",;\t|"
SAMPLE = 200
"""Lines on which the delimiter is chosen."""
WIDEST = 64
"""Fields of a line beyond which more say no more."""
PIECE = 32_768
"""Characters cut into records at a time: few enough to stay in the processor's cache."""
TAIL = 65_536
"""Bytes of the file's end in which its last line is looked at."""
_NAMES = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a pipe"}
_TAKEN_OUT = {0: None, 0x1A: None}  # NUL, and the end mark of DOS


@dataclass(frozen=True, slots=True)
class Text:
    """A text file and how to read it."""

    blob: Blob
    encoding: Encoding
    dialect: Dialect
    announced: bool
    """Its first line is `sep=…`, which no spreadsheet program shows as a row."""

    def rows(self) -> Iterator[list[Cell]]:
        """Its records, one after another, cells as str; nothing is kept."""
        return cast(
            "Iterator[list[Cell]]", chain.from_iterable(records(self._pieces(), self.dialect))
        )

    def _pieces(self) -> Iterator[str]:
        """The text, some whole lines at a time."""
        with explain_read_errors(self.blob.name), open_text(self.blob, self.encoding) as text:
            if self.announced:
                _line(text, self.blob)
            while piece := text.read(PIECE):
                piece += _line(text, self.blob)
                yield piece.translate(_TAKEN_OUT) if self.encoding.nuls else piece


def read_text(blob: Blob) -> Table:
    """The one table of a text; FileError if there is nothing but blanks in it."""
    with explain_read_errors(blob.name):
        encoding = encoding_of(blob)
        with open_lines(blob, encoding) as lines:
            sample = _sample(lines)
            if not any(map(str.strip, sample)) and not any(map(str.strip, lines)):
                raise FileError(
                    f"{blob.name} holds no data: nothing but blanks.", "Export it again."
                )
    announced = re.fullmatch(r'"?sep=(.)"?\s*', sample[0], re.IGNORECASE)
    dialect = _dialect_of(sample[bool(announced) :], announced[1] if announced else DELIMITERS)
    text = Text(blob, encoding, dialect, bool(announced))
    warnings = [*encoding.warnings, *_cut_short(text)]
    if encoding.nuls:
        warnings.append("The text holds NUL characters; they were taken out.")
    return Table(
        blob.path,
        text.rows,
        in_time=blob.in_time,
        said=(*encoding.said, *_separators(dialect)),
        warnings=tuple(warnings),
        is_doubtful=encoding.is_doubtful,
    )


@contextmanager
def open_lines(blob: Blob, encoding: Encoding) -> Iterator[Iterator[str]]:
    """The lines of a text; their ends, LF, CRLF or CR, become LF."""
    with open_text(blob, encoding) as text:
        lines = iter(partial(_line, text, blob), "")
        yield (line.translate(_TAKEN_OUT) for line in lines) if encoding.nuls else lines


def _line(text: io.TextIOWrapper, blob: Blob) -> str:
    """The next line; FileError where it is endless."""
    line = text.readline(LONGEST_LINE)
    if len(line) == LONGEST_LINE and not line.endswith("\n"):
        raise too_long(blob)
    return line


def open_text(blob: Blob, encoding: Encoding) -> io.TextIOWrapper:
    """The text as a stream in which every line ends with LF."""
    return io.TextIOWrapper(blob.open(), encoding.name, encoding.errors)


def _sample(lines: Iterator[str]) -> list[str]:
    """The first lines, fewer where they are long."""
    sample: list[str] = []
    length = 0
    for line in islice(lines, SAMPLE):
        sample.append(line)
        length += len(line)
        if length > LONGEST_LINE:
            break
    return sample


def _dialect_of(sample: list[str], delimiters: str) -> Dialect:
    """The delimiter that cuts most lines into the same number of fields, more fields counting more.

    A number of fields that only one line has says nothing, unless no line is like another.
    """
    best, most = Dialect(","), 0.0
    for delimiter in delimiters:
        spaced = f'{delimiter} "' in "".join(sample)
        for skip in (False, True) if spaced else (False,):
            dialect = Dialect(delimiter, skip_space=skip)
            widths = Counter(len(row) for row in split(sample, dialect) if any(map(str.strip, row)))
            alike = {width: lines for width, lines in widths.items() if lines > 1} or widths
            width, lines = max(alike.items(), key=_score, default=(1, 0))
            score = _score((width, lines))
            # the second: announced, a single column
            if score > most or (not most and delimiter == delimiters):
                best, most = Dialect(delimiter, skip, width), score
    return best


def _score(found: tuple[int, int]) -> float:
    width, lines = found
    return (lines - 0.5) * math.log(min(width, WIDEST))


def _separators(dialect: Dialect) -> tuple[str, ...]:
    if dialect.delimiter in ",\t":
        return ()
    return (f"Columns are separated by {_NAMES.get(dialect.delimiter, repr(dialect.delimiter))}.",)


def _cut_short(text: Text) -> tuple[str, ...]:
    """A last line without a line end and with fewer fields than the others was probably cut."""
    blob, width = text.blob, text.dialect.width
    if not blob.plain or width < 2:
        return ()
    with blob.open() as stream:
        stream.seek(max(0, blob.size - TAIL) // 4 * 4)  # whole characters of UTF-16
        tail = stream.read().decode(text.encoding.name.removesuffix("-sig"), "replace")
    before, _, last = tail.replace("\r", "\n").rpartition("\n")
    fields = len(next(split([last], text.dialect), []))
    if not before or not last.strip(" \0\x1a") or fields >= width:
        return ()
    return (
        f"The last line is cut short ({fields} of {width} fields): the export may not be complete.",
    )
