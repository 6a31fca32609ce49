"""A table's recognised columns, streamed: each distinct cell is kept once, a row is one small number a column.

Memory grows with what is kept, not with the file read: columns nobody asks for are never held, and the
judgement of a column (entries.py) looks at each distinct cell once, however many rows have it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from batch.loader.damage import undressed
from batch.loader.tables import Cell, Table
from batch.model import Field

CHUNK = 16_384
"""Rows turned into columns at a time."""

BLANK = 0
"""The code of a blank cell, in every column."""

_TOTALS = re.compile(
    r"[*= ]*(grand[ -]?|sub[ -]?)?(totals?|summe|gesamt(summe)?|zwischensumme|somme|totale|totales|totaal|totaux|suma|soma"
    r"|合計|総計|小計|итого|end of (report|file))\b.*",
    re.IGNORECASE | re.DOTALL,
)


class Vocabulary(dict[Cell, int]):
    """Cells → codes, a new one for each new cell; blanks have theirs already."""

    def __init__(self) -> None:
        super().__init__({None: BLANK, "": BLANK})
        self.size = 1

    def __missing__(self, cell: Cell) -> int:
        code = BLANK
        if not isinstance(cell, str) or not cell.isspace():
            code, self.size = self.size, self.size + 1
        self[cell] = code
        return code

    @property
    def cells(self) -> list[Cell]:
        """The cell of each code."""
        cells: list[Cell] = [None] * self.size
        for cell, code in self.items():
            if code:
                cells[code] = cell
        return cells


@dataclass(slots=True)
class Coded:
    """One column: data row i holds `cells[codes[i]]`; code 0 is blank."""

    position: int
    """In the table, counted from 1; 0 for a constant."""
    codes: NDArray[np.int32]
    cells: list[Cell]

    @property
    def filled(self) -> NDArray[np.bool_]:
        return self.codes != BLANK

    def with_constant(self, value: str) -> "Coded":
        """Blank cells take the value."""
        codes = np.where(self.filled, self.codes, np.int32(len(self.cells)))
        return Coded(self.position, codes.astype(np.int32), [*self.cells, value])

    def take(self, source: NDArray[np.int64]) -> None:
        """Each blank row takes over the cell of the row `source` names for it."""
        self.codes = np.where(self.filled, self.codes, self.codes[source])


@dataclass(slots=True)
class Frame:
    """The data rows of a table, blank ones left out, by field."""

    rows: NDArray[np.int32]
    """The number a spreadsheet program shows for each."""
    of: dict[Field, tuple[Coded, ...]]
    too_wide: dict[int, int] = field(default_factory=dict)
    """Data row → cells it has, where these are more than the header and not blank."""
    totals: set[int] = field(default_factory=set)
    repeated_headers: set[int] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.rows)

    def filled(self, *fields: Field) -> NDArray[np.bool_]:
        """Data rows in which one of these fields has a cell that is not blank."""
        found = np.zeros(len(self), dtype=np.bool_)
        for column in (column for name in fields for column in self.of.get(name, ())):
            found |= column.filled
        return found


def is_blank(row: Sequence[Cell]) -> bool:
    """Whether a row holds nothing but blanks; such rows are not counted."""
    return all(cell is None or (isinstance(cell, str) and not cell.strip()) for cell in row)


def read_frame(table: Table, header_row: int, header: Sequence[str], wanted: Mapping[Field, Sequence[int]]) -> Frame:
    """Stream the rows below the header; `wanted` is field → positions counted from 0."""
    reader = _Reader(table, header, wanted)
    rows = table.rows()
    for _ in islice(rows, header_row):
        pass
    number = header_row + 1
    while chunk := list(islice(rows, CHUNK)):
        reader.add(chunk, number)
        number += len(chunk)
    return reader.finish(wanted)


class _Reader:
    """Chunks of rows → codes; what a row is, where it is no plain data row, is noted on the way."""

    def __init__(self, table: Table, header: Sequence[str], wanted: Mapping[Field, Sequence[int]]) -> None:
        self.header = [undressed(text) for text in header]
        self.is_text = not table.sheet
        self.positions = sorted({position for positions in wanted.values() for position in positions})
        orders = (wanted[name][0] for name in (Field.ORDER_ID, Field.EXTERNAL_ORDER_ID) if wanted.get(name))
        self.key = next(orders, None)
        self.vocabularies = {position: Vocabulary() for position in self.positions}
        self.codes: dict[int, list[NDArray[np.int32]]] = {position: [] for position in self.positions}
        self.numbers: list[NDArray[np.int32]] = []
        self.count = 0
        self.too_wide: dict[int, int] = {}
        self.totals: set[int] = set()
        self.repeated_headers: set[int] = set()

    def add(self, chunk: list[list[Cell]], first: int) -> None:
        """Take over rows; the first has this number."""
        numbers = np.arange(first, first + len(chunk), dtype=np.int32)
        widths, needed = set(map(len, chunk)), max(self.positions, default=0) + 1
        if min(widths) < needed:
            chunk = [row if len(row) >= needed else row + [""] * (needed - len(row)) for row in chunk]
        if blanks := self._look(chunk):
            chunk = [row for index, row in enumerate(chunk) if index not in blanks]
            numbers = np.delete(numbers, sorted(blanks))
        if self.is_text and 0 < len(self.header) < max(widths):
            self._note_wide(chunk)
        for position in self.positions:
            cells: Iterator[Cell] = (row[position] for row in chunk)
            if not self.is_text:  # True equals 1.0, and means another thing
                cells = (str(cell).upper() if cell is True or cell is False else cell for cell in cells)
            codes = map(self.vocabularies[position].__getitem__, cells)
            self.codes[position].append(np.fromiter(codes, np.int32, len(chunk)))
        self.numbers.append(numbers)
        self.count += len(chunk)

    def _look(self, chunk: list[list[Cell]]) -> set[int]:
        """Note totals and repeated headers; the indexes of blank rows are returned."""
        blanks: set[int] = set()
        for index, row in enumerate(chunk):
            cell = row[self.key] if self.key is not None else None
            if type(cell) is float or (type(cell) is str and cell.isdecimal()):
                continue
            if is_blank(row):
                blanks.add(index)
            elif self._is_totals(cell, row):
                self.totals.add(self.count + index - len(blanks))
            elif self._is_header(row):
                self.repeated_headers.add(self.count + index - len(blanks))
        return blanks

    def _note_wide(self, chunk: list[list[Cell]]) -> None:
        width = len(self.header)
        for at, row in enumerate(chunk, self.count):
            if len(row) > width and not is_blank(row[width:]):
                self.too_wide[at] = len(row)

    def _is_totals(self, key: Cell, row: list[Cell]) -> bool:
        if is_blank([key]):
            key = next(cell for cell in row if not is_blank([cell]))
        return isinstance(key, str) and _TOTALS.match(key.strip()) is not None

    def _is_header(self, row: list[Cell]) -> bool:
        there = [position for position in self.positions if position < len(self.header)]
        return bool(there) and all(undressed(str(row[position])) == self.header[position] for position in there)

    def finish(self, wanted: Mapping[Field, Sequence[int]]) -> Frame:
        """All chunks as columns; the vocabularies are let go."""
        made = {}
        for position in self.positions:
            vocabulary, codes = self.vocabularies.pop(position), self.codes.pop(position)
            made[position] = Coded(position + 1, _joined(codes), vocabulary.cells)
        columns = {name: tuple(made[position] for position in positions) for name, positions in wanted.items()}
        return Frame(_joined(self.numbers), columns, self.too_wide, self.totals, self.repeated_headers)


def _joined(parts: list[NDArray[np.int32]]) -> NDArray[np.int32]:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int32)
