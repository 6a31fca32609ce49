"""Lines of delimited text → records; a stray quote costs its own row, never the rows below it."""

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, tee
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _csv import Reader

QUOTE = '"'


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text is cut into fields."""

    delimiter: str
    skip_space: bool = False
    """Blanks after a delimiter are not part of the field: `1001, "a, b"`."""
    width: int = 1
    """Fields of most lines."""


def records(pieces: Iterator[str], dialect: Dialect) -> Iterator[list[list[str]]]:
    """All records of a text that comes in pieces of whole lines, some at a time; a blank line is `[]`.

    Where quotes do not add up, or have swallowed whole rows, the lines concerned are read one by one.
    """
    mark = dialect.delimiter
    for piece in pieces:
        if QUOTE not in piece and not dialect.skip_space:  # as in most files: twice as fast as csv
            yield [line.split(mark) if line else [] for line in piece.removesuffix("\n").split("\n")]
            continue
        lines = list(io.StringIO(piece))
        try:
            rows = list(_reader(lines, dialect, strict=True))
        except csv.Error:
            rows = []
        yield rows if len(rows) == len(lines) else list(_looked_at(lines, pieces, dialect))


def _looked_at(lines: list[str], pieces: Iterator[str], dialect: Dialect) -> Iterator[list[str]]:
    """The records of these lines, and on to where one ends with a piece; a record of several lines is looked at."""
    waiting = deque(lines)
    while waiting:
        ahead, behind = tee(_flowing(waiting, pieces))
        reader = _reader(ahead, dialect, strict=True)
        seen = 0  # lines of `behind` already accounted for
        try:
            for row in reader:
                count = reader.line_num - seen
                seen += count
                if count == 1:
                    next(behind)
                    yield row
                else:
                    yield from _long_record(row, list(islice(behind, count)), dialect)
                if not waiting:
                    return
        except csv.Error:
            first, *rest = islice(behind, reader.line_num - seen)
            waiting.extendleft(reversed(rest))
            yield _mended(first, dialect)


def _flowing(waiting: deque[str], pieces: Iterator[str]) -> Iterator[str]:
    """The waiting lines, and those of the next piece where a record goes on."""
    while waiting or (piece := next(pieces, "")):
        if not waiting:
            waiting.extend(io.StringIO(piece))
        yield waiting.popleft()


def split(lines: Iterable[str], dialect: Dialect) -> Iterator[list[str]]:
    """Records without any mending; ends where csv gives up."""
    try:
        yield from _reader(lines, dialect, strict=False)
    except csv.Error:
        return


def _reader(lines: Iterable[str], dialect: Dialect, *, strict: bool, escape: str | None = None) -> "Reader":
    return csv.reader(
        lines, delimiter=dialect.delimiter, skipinitialspace=dialect.skip_space, strict=strict, escapechar=escape
    )


def _long_record(row: list[str], lines: list[str], dialect: Dialect) -> Iterator[list[str]]:
    """A record of several lines: a cell with line ends, or rows between two stray quotes."""
    width, mark = dialect.width, dialect.delimiter
    inner = lines[1:-1] if len(row) == width else lines
    if width > 2 and inner and all(line.count(mark) == width - 1 for line in inner):
        yield from (_mended(line, dialect) for line in lines)
    else:
        yield row


def _mended(line: str, dialect: Dialect) -> list[str]:
    """One line whose quotes are wrong: a backslash before a quote, or leniently, or quotes as mere characters."""
    plain = line.rstrip("\n").split(dialect.delimiter)
    for escape in ("\\", None):
        try:
            rows = list(_reader([line], dialect, strict=escape is not None, escape=escape))
        except csv.Error:
            continue
        if len(rows) == 1 and len(rows[0]) == dialect.width:
            return rows[0]
    return plain
