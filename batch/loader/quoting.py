"""Lines of delimited text → records; a stray quote costs its own row, never the rows below it."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice, tee
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _csv import Reader


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text is cut into fields."""

    delimiter: str
    skip_space: bool = False
    """Blanks after a delimiter are not part of the field: `1001, "a, b"`."""
    width: int = 1
    """Fields of most lines."""


def records(lines: Iterator[str], dialect: Dialect) -> Iterator[list[str]]:
    """Every record, a blank line as `[]`.

    Where quotes do not add up, or have swallowed whole rows, the lines concerned are read one by one.
    """
    back: deque[str] = deque()  # lines read ahead by a record that went wrong
    while True:
        ahead, behind = tee(chain(_drained(back), lines))
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
        except csv.Error:
            first, *rest = islice(behind, reader.line_num - seen)
            back.extendleft(reversed(rest))
            yield _mended(first, dialect)
        else:
            return


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


def _drained(back: deque[str]) -> Iterator[str]:
    while back:
        yield back.popleft()


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
    plain = line.rstrip("\r\n").split(dialect.delimiter)
    for escape in ("\\", None):
        try:
            rows = list(_reader([line], dialect, strict=escape is not None, escape=escape))
        except csv.Error:
            continue
        if len(rows) == 1 and len(rows[0]) == dialect.width:
            return rows[0]
    return plain
