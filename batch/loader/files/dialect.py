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
LONGEST_RECORD = 2**20
"""Characters of a record at most: what is longer is a quote that was never closed."""
AGAIN = 2**17
"""Characters that may be read again for stray quotes, besides four times what was read."""
AT_ONCE = 1000
"""Records given at a time, of those that are looked at."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text is cut into fields."""

    delimiter: str
    skip_space: bool = False
    """Blanks after a delimiter are not part of the field: `1001, "a, b"`."""
    width: int = 1
    """Fields of most lines."""


def records(pieces: Iterator[str], dialect: Dialect) -> Iterator[list[list[str]]]:
    """All records of a text that comes in pieces of whole lines, in lists; a blank line is `[]`.

    Where quotes do not add up, or have swallowed whole rows, these lines are read one by one.
    """
    mark = dialect.delimiter
    for piece in pieces:
        if QUOTE not in piece and not dialect.skip_space:  # as in most files: twice as fast as csv
            yield [
                line.split(mark) if line else [] for line in piece.removesuffix("\n").split("\n")
            ]
            continue
        lines = list(io.StringIO(piece))
        try:
            rows = list(_reader(lines, dialect, strict=True))
        except csv.Error:
            rows = []
        if len(rows) == len(lines):
            yield rows
            continue
        looked_at = _sample_records(lines, pieces, dialect)
        while rows := list(islice(looked_at, AT_ONCE)):
            yield rows


def _sample_records(
    lines: list[str], pieces: Iterator[str], dialect: Dialect
) -> Iterator[list[str]]:
    """The records of these lines, up to one that ends with a piece; multi-line ones are checked.

    After a stray quote the lines behind it are read again; too often, and each is read by itself.
    """
    flow = _Flow(deque(lines), pieces)
    again = 0
    while flow.waiting:
        ahead, behind = tee(flow)
        reader = _reader(ahead, dialect, strict=True)
        seen = flow.open = 0  # lines of `behind` already accounted for; characters since
        try:
            for row in reader:
                count = reader.line_num - seen
                seen += count
                flow.open = 0
                if count == 1:
                    next(behind)
                    yield row
                else:
                    yield from _long_record(row, list(islice(behind, count)), dialect)
                if not flow.waiting:
                    return
        except csv.Error:
            first, *rest = islice(behind, max(1, reader.line_num - seen))
            again += sum(map(len, rest))
            if again > AGAIN + 4 * flow.length:
                yield from (_mend(line, dialect) for line in (first, *rest))
                continue
            flow.give_back(rest)
            yield _mend(first, dialect)


class _Flow:
    """The waiting lines, with those of the next piece where a record continues."""

    def __init__(self, waiting: deque[str], pieces: Iterator[str]) -> None:
        self.waiting, self._pieces = waiting, pieces
        self.length = self.open = 0
        """Characters of all lines, once each; of the lines since the last record."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.open > LONGEST_RECORD:
            raise csv.Error("a quote is not closed")
        if not self.waiting:
            self.waiting.extend(io.StringIO(next(self._pieces)))
        line = self.waiting.popleft()
        self.length += len(line)
        self.open += len(line)
        return line

    def give_back(self, lines: list[str]) -> None:
        """Lines to come once more."""
        self.waiting.extendleft(reversed(lines))
        self.length -= sum(map(len, lines))


def split(lines: Iterable[str], dialect: Dialect) -> Iterator[list[str]]:
    """Records without any mending; ends where csv gives up."""
    try:
        yield from _reader(lines, dialect, strict=False)
    except csv.Error:
        return


def _reader(
    lines: Iterable[str], dialect: Dialect, *, strict: bool, escape: str | None = None
) -> "Reader":
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        skipinitialspace=dialect.skip_space,
        strict=strict,
        escapechar=escape,
    )


def _long_record(row: list[str], lines: list[str], dialect: Dialect) -> Iterator[list[str]]:
    """A record of several lines: a cell with line ends, or rows between two stray quotes."""
    width, mark = dialect.width, dialect.delimiter
    inner = lines[1:-1] if len(row) == width else lines
    if width > 2 and inner and all(line.count(mark) == width - 1 for line in inner):
        yield from (_mend(line, dialect) for line in lines)
    else:
        yield row


def _mend(line: str, dialect: Dialect) -> list[str]:
    """A line whose quotes are wrong: backslash escapes, read leniently, or plain text."""
    plain = line.rstrip("\n").split(dialect.delimiter)
    for escape in ("\\", None):
        try:
            rows = list(_reader([line], dialect, strict=escape is not None, escape=escape))
        except csv.Error:
            continue
        if len(rows) == 1 and len(rows[0]) == dialect.width:
            return rows[0]
    return plain
