"""Rows from the reader process: plain texts and numbers, checked when taken, nothing executed.

A batch of rows is a line of JSON that says how it is cut, then its columns, one after another;
where rows differ in width, all cells as one column. A column of texts is the texts, joined; one of
numbers their bytes; any other is JSON.
"""

import json
from array import array
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from typing import Any, cast

from batch.loader.files.tables import Cell

MARK = "\x1f"
"""Between two texts; where a text holds it, its column goes as JSON."""
TEXTS, NUMBERS, MIXED = "t", "n", "m"

_LETTERS: dict[type, str] = {
    str: "s",
    float: "f",
    int: "i",
    bool: "b",
    datetime: "D",
    date: "d",
    time: "T",
    timedelta: "e",
    type(None): "0",
}
_PLAIN: dict[type, Callable[[Any], str | float]] = {
    datetime: datetime.isoformat,
    date: date.isoformat,
    time: time.isoformat,
    timedelta: timedelta.total_seconds,
}
_CELLS: dict[str, Callable[[Any], Cell]] = {
    "s": lambda text: cast("str", _of(text, str)),
    "f": lambda number: float(_of(number, float, int)),
    "i": lambda number: cast("int", _of(number, int)),
    "b": lambda truth: cast("bool", _of(truth, bool)),
    "D": lambda text: datetime.fromisoformat(_of(text, str)),
    "d": lambda text: date.fromisoformat(_of(text, str)),
    "T": lambda text: time.fromisoformat(_of(text, str)),
    "e": lambda seconds: timedelta(seconds=_of(seconds, float, int)),
    "0": lambda nothing: cast("None", _of(nothing, type(None))),
}


class BrokenStream(ValueError):
    """What came is not what the reader writes."""


def encode_rows(rows: Sequence[Sequence[Cell]]) -> bytes:
    """A batch of rows as bytes."""
    widths = list(map(len, rows))
    alike = len(set(widths)) == 1 and widths[0] > 0
    columns = list(zip(*rows, strict=True)) if alike else [tuple(chain.from_iterable(rows))]
    parts = list(map(_column, columns))
    cuts = {
        "rows": len(rows),
        "widths": None if alike else widths,
        "columns": [(k, len(c)) for k, c in parts],
    }
    return b"\n".join((json.dumps(cuts).encode(), b"".join(content for _, content in parts)))


def decode_rows(content: bytes) -> list[list[Cell]]:
    """The batch again; Broken where it is none."""
    try:
        head, _, body = content.partition(b"\n")
        cuts = json.loads(head)
        count, widths = int(cuts["rows"]), cuts["widths"]
        length = count if widths is None else sum(widths)
        columns, at = [], 0
        for kind, size in cuts["columns"]:
            columns.append(_cells(kind, body[at : at + size], length))
            at += size
        if at != len(body) or (widths is not None and (len(widths), len(columns)) != (count, 1)):
            raise BrokenStream("it is cut wrongly")
        if widths is None:
            return list(map(list, zip(*columns, strict=True)))
        cells = iter(columns[0])
        return [list(islice(cells, width)) for width in widths]
    except (ValueError, TypeError, LookupError, OverflowError, RecursionError) as error:
        raise BrokenStream(str(error)) from error


def batches(
    rows: Iterator[list[Cell]], most_rows: int, most_cells: int
) -> Iterator[list[list[Cell]]]:
    """Rows by so many, fewer where they are wide."""
    batch: list[list[Cell]] = []
    cells = 0
    for row in rows:
        batch.append(row)
        cells += len(row)
        if len(batch) == most_rows or cells >= most_cells:
            yield batch
            batch, cells = [], 0
    if batch:
        yield batch


def _column(cells: tuple[Cell, ...]) -> tuple[str, bytes]:
    kinds = set(map(type, cells))
    if kinds == {float}:
        return NUMBERS, array("d", cast("tuple[float, ...]", cells)).tobytes()
    if kinds == {str}:
        joined = MARK.join(cast("tuple[str, ...]", cells))
        if joined.count(MARK) == len(cells) - 1:
            return TEXTS, joined.encode("utf-8", "surrogatepass")
    letters = "".join(_LETTERS[type(cell)] for cell in cells)
    plain = [_PLAIN[type(cell)](cell) if type(cell) in _PLAIN else cell for cell in cells]
    return MIXED, json.dumps([letters, plain]).encode()


def _cells(kind: str, content: bytes, length: int) -> Sequence[Cell]:
    cells: Sequence[Cell]
    if kind == NUMBERS:
        numbers = array("d")
        numbers.frombytes(content)
        cells = numbers.tolist()
    elif kind == TEXTS:
        cells = content.decode("utf-8", "surrogatepass").split(MARK)
    elif kind == MIXED:
        letters, plain = json.loads(content)
        cells = [_CELLS[letter](each) for letter, each in zip(letters, plain, strict=True)]
    else:
        raise BrokenStream(f"there is no column of kind {kind!r}")
    if len(cells) != length:
        raise BrokenStream("a column has too few cells, or too many")
    return cells


def _of(value: Any, *kinds: type) -> Any:
    if type(value) not in kinds:
        raise BrokenStream(f"a cell is {type(value).__name__}")
    return value
