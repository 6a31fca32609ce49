"""A table's recognised columns, streamed: a cell that many rows have is kept once, a row is a small
number a column.

Memory grows with what is kept, not with the file read: columns nobody asks for are never held, and
the judgement of a column (entries.py) looks once at a cell, however many rows have it.
"""

import re
from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from itertools import compress, islice
from operator import ne, neg
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from batch.loader.cells.damage import undress
from batch.loader.cells.order_numbers import plain_ids
from batch.loader.files.tables import Cell, Table, words
from batch.model import Field

Codes = NDArray[np.int32]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

CHUNK = 256
"""Rows turned into columns at a time: few enough to stay in the processor's cache."""

LONGEST_DAY = len("2026-11-20")

MOST_BEYOND = 1_000
"""Cells of a row beyond the header that are held; a thousand separators in a row are damage, or an
attack.
"""

MOST_KNOWN = 4_096
"""Different cells of a column that are looked up; with more, as of tracking numbers, only the cell
above is.
"""

ID_FIELDS = frozenset({Field.ORDER_ID, Field.ORDER_PRODUCT_ID, Field.ORDER_ADDRESS_ID})

BLANK = 0
"""The code of a blank cell, in every column."""

_TOTALS = re.compile(
    r"(?:[*=# -]{0,9}|[#A-Z]{0,12}[-_]?\d{1,12} )(?:grand[ -]?|sub[ -]?)?(?:totals?|summe"
    r"|gesamt(?:summe|ergebnis)?|zwischensumme|ergebnis|somme|total(?:e|es|i|en)?|totaal|subtotaal"
    r"|eindtotaal|totaux|suma|soma|razem|celkem|toplam|yhteensä|összesen|summa|sum"
    r"|合計|総計|小計|总计|合计|小计"
    r"|합계|소계|итого?|end of (?:report|file))\b.*",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(slots=True)
class CategoricalColumn:
    """One column, a code a row: see `cell`. Equal cells may have several codes."""

    position: int
    """In the table, counted from 1; 0 for a constant."""
    codes: Codes
    """From 1 on an index of `cells`; 0 is blank; below 0 a plain id itself, negated."""
    cells: list[Cell]

    def cell(self, row: int) -> Cell:
        """What a data row holds."""
        code = int(self.codes[row])
        return self.cells[code] if code >= 0 else -code

    @property
    def is_filled(self) -> Mask:
        return np.not_equal(self.codes, BLANK)

    @property
    def equality_codes(self) -> Ints:
        """Codes that are the same for equal cells; 0 is blank."""
        kinds, _ = pd.factorize(np.array(self.cells, dtype=object))
        return np.where(self.codes < 0, self.codes, kinds[np.maximum(self.codes, BLANK)])

    def with_constant(self, value: str) -> "CategoricalColumn":
        """Blank cells take the value."""
        codes = np.where(self.is_filled, self.codes, np.int32(len(self.cells)))
        return CategoricalColumn(self.position, codes.astype(np.int32), [*self.cells, value])

    def without(self, rows: Mask) -> "CategoricalColumn":
        """The same, blank in these rows."""
        return CategoricalColumn(
            self.position, np.where(rows, np.int32(BLANK), self.codes), self.cells
        )

    def take(self, source: Ints) -> None:
        """Each blank row takes over the cell of the row `source` names for it."""
        self.codes = np.where(self.is_filled, self.codes, self.codes[source])


@dataclass(slots=True)
class Frame:
    """The data rows of a table, blank ones left out, by field."""

    rows: Codes
    """The number a spreadsheet program shows for each."""
    of: dict[Field, tuple[CategoricalColumn, ...]]
    too_wide: dict[int, int] = field(default_factory=dict)
    """Data row → cells it has, where these are more than the header and not blank."""
    spilled: dict[int, int] = field(default_factory=dict)
    """Data row → cells it has, where it, unlike most, goes on behind the last column with a name:
    a separator within a cell may have shifted it.
    """
    totals: set[int] = field(default_factory=set)
    repeated_headers: set[int] = field(default_factory=set)
    reordered: int | None = None
    """Data row of a second header whose columns stand in another order."""

    def __len__(self) -> int:
        return len(self.rows)

    def filled_rows(self, *fields: Field) -> Mask:
        """Data rows in which one of these fields has a cell that is not blank."""
        found = np.zeros(len(self), dtype=np.bool_)
        for column in (column for name in fields for column in self.of.get(name, ())):
            found |= column.is_filled
        return found


def is_blank(row: Sequence[Cell]) -> bool:
    """Whether a row holds nothing but blanks; such rows are not counted."""
    return all(map(_says_nothing, row))


def _says_nothing(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def read_frame(
    table: Table, header_row: int, header: Sequence[str], wanted: Mapping[Field, Sequence[int]]
) -> Frame:
    """Stream the rows below the header; `wanted` is field → positions counted from 0."""
    reader = _Reader(table, header, wanted)
    most = len(header) + MOST_BEYOND
    rows = (row if len(row) <= most else _Cut(row, most) for row in table.rows())
    for _ in islice(rows, header_row):
        pass
    number = header_row + 1
    while chunk := list(islice(rows, CHUNK)):
        table.in_time()
        reader.add(chunk, number)
        number += len(chunk)
    return reader.finish()


class _Builder(dict[Cell, int]):
    """One column while it is read: a cell met before has its code, until there are too many to look
    up.
    """

    def __init__(self) -> None:
        super().__init__({None: BLANK, "": BLANK})
        self.cells: list[Cell] = [""]
        self.codes = array("i")

    def __missing__(self, cell: Cell) -> int:
        code = BLANK
        if not _says_nothing(cell):
            code = len(self.cells)
            self.cells.append(cell)
        self[cell] = code
        return code

    def add(self, cells: Sequence[Cell]) -> None:
        """Take over the cells of a chunk."""
        if len(self) < MOST_KNOWN:
            self.codes.extend(map(self.__getitem__, cells))
            return
        is_new = np.fromiter(map(ne, cells, (self.cells[-1], *cells)), np.bool_, len(cells))
        codes = len(self.cells) - 1 + np.cumsum(is_new, dtype=np.int32)
        if _has_blanks(cells):
            codes[[index for index, cell in enumerate(cells) if _says_nothing(cell)]] = BLANK
        self.codes.frombytes(codes.tobytes())
        self.cells += compress(cells, is_new)

    def column(self, position: int) -> CategoricalColumn:
        """The whole column."""
        return CategoricalColumn(position + 1, _numbers(self.codes), self.cells)


class _IdBuilder(_Builder):
    """A column of ids: where a whole chunk is plain, the numbers are kept and the cells are not."""

    def add(self, cells: Sequence[Cell]) -> None:
        """Take over the cells of a chunk."""
        if (ids := plain_ids(cells)) is not None:
            self.codes.extend(map(neg, ids))
        else:
            super().add(cells)


class _DayBuilder(_Builder):
    """A column of dates: the time of day is let go, so that the rows of one day share a code."""

    def add(self, cells: Sequence[Cell]) -> None:
        """Take over the cells of a chunk."""
        super().add(cells if _are_short(cells) else [_day(cell) for cell in cells])


def _builder(names: Set[Field]) -> _Builder:
    """For a column that is all of these fields."""
    if names == {Field.SHIP_DATE}:
        return _DayBuilder()
    return _IdBuilder() if names <= ID_FIELDS else _Builder()


class _Reader:
    """Chunks of rows → codes; what a row is, where it is no plain data row, is noted on the way."""

    def __init__(
        self, table: Table, header: Sequence[str], wanted: Mapping[Field, Sequence[int]]
    ) -> None:
        self.header = [undress(text) for text in header]
        self.is_text = not table.sheet
        self.wanted = wanted
        fields: dict[int, set[Field]] = defaultdict(set)
        for name, positions in wanted.items():
            for position in positions:
                fields[position].add(name)
        self.builders = {position: _builder(names) for position, names in fields.items()}
        self.key = next(
            wanted[name][0]
            for name in (Field.ORDER_ID, Field.EXTERNAL_ORDER_ID)
            if wanted.get(name)
        )
        self.numbers = array("i")
        self.named = max((at for at, name in enumerate(self.header, 1) if name), default=0)
        self.too_wide: dict[int, int] = {}
        self.spilled: dict[int, int] = {}
        self.totals: set[int] = set()
        self.repeated_headers: set[int] = set()
        self.reordered: int | None = None

    def add(self, chunk: list[list[Cell]], first: int) -> None:
        """Take over rows; the first has this number."""
        numbers = np.arange(first, first + len(chunk), dtype=np.int32)
        widths = list(map(len, chunk))
        needed = max(*widths, max(self.builders) + 1)
        padded = (
            [row + [""] * (needed - len(row)) for row in chunk] if min(widths) < needed else chunk
        )
        columns = list(zip(*padded, strict=True))
        if not _is_plain(columns[self.key]) or (self.is_text and self._goes_on(columns)):
            kept = self._look(
                padded, [row.width if isinstance(row, _Cut) else len(row) for row in chunk]
            )
            numbers = numbers[kept]
            columns = list(zip(*(padded[index] for index in kept), strict=True)) or [()] * needed
        for position, builder in self.builders.items():
            cells = columns[position]
            # True equals 1.0, and means another thing
            if not self.is_text and bool in set(map(type, cells)):
                cells = tuple(
                    str(cell).upper() if isinstance(cell, bool) else cell for cell in cells
                )
            builder.add(cells)
        self.numbers.frombytes(numbers.tobytes())

    def _look(self, chunk: list[list[Cell]], widths: list[int]) -> list[int]:
        """Note totals, repeated headers and rows that are too wide; the indexes of rows that are
        not blank.
        """
        kept: list[int] = []
        for index, row in enumerate(chunk):
            cell = row[self.key]
            plain = type(cell) is float or (type(cell) is str and cell.isdecimal())
            if not plain and is_blank(row):
                continue
            at = len(self.numbers) + len(kept)
            kept.append(index)
            if not plain and self._is_totals(cell, row):
                self.totals.add(at)
            elif not plain and self._is_header(row):
                self.repeated_headers.add(at)
            elif not plain and self.reordered is None and self._is_reordered(row):
                self.reordered = at
            elif self.is_text and widths[index] > self.named > 0:
                self._note_width(at, row, widths[index])
        return kept

    def _goes_on(self, columns: Sequence[Sequence[Cell]]) -> bool:
        """Whether a row of the chunk may have cells behind the last column with a name."""
        if not self.named:
            return False
        unnamed = columns[self.named : len(self.header)]
        return len(columns) > len(self.header) or not all(map(is_blank, unnamed))

    def _note_width(self, at: int, row: list[Cell], width: int) -> None:
        if width > len(self.header) and not is_blank(row[len(self.header) :]):
            self.too_wide[at] = width
        elif width > len(self.header) or not is_blank(row[self.named :]):
            self.spilled[at] = width

    def _is_totals(self, key: Cell, row: list[Cell]) -> bool:
        if _says_nothing(key):
            key = next(cell for cell in row if not _says_nothing(cell))
        return isinstance(key, str) and _TOTALS.match(key.strip()) is not None

    def _is_header(self, row: list[Cell]) -> bool:
        there = [position for position in self.builders if position < len(self.header)]
        return bool(there) and all(
            undress(words(row[position])) == self.header[position] for position in there
        )

    def _is_reordered(self, row: list[Cell]) -> bool:
        """Whether the row has the header's words, all of them, in another order."""
        names = sorted(filter(None, self.header))
        return len(names) > 1 and names == sorted(filter(None, map(undress, map(words, row))))

    def finish(self) -> Frame:
        """All chunks as columns."""
        made = {position: builder.column(position) for position, builder in self.builders.items()}
        columns = {
            name: tuple(made[position] for position in positions)
            for name, positions in self.wanted.items()
        }
        if 2 * len(self.spilled) > len(self.numbers):  # it is how the file is written
            self.spilled.clear()
        return Frame(
            _numbers(self.numbers),
            columns,
            self.too_wide,
            self.spilled,
            self.totals,
            self.repeated_headers,
            self.reordered,
        )


def _day(cell: Cell) -> Cell:
    if isinstance(cell, str):
        return cell[:LONGEST_DAY] if len(cell) > LONGEST_DAY and cell[4] == cell[7] == "-" else cell
    return cell.date() if isinstance(cell, datetime) else cell


def _are_short(cells: Sequence[Cell]) -> bool:
    """Whether they are texts that hold no more than a day, as in most files."""
    try:
        return max(map(len, cells)) <= LONGEST_DAY  # type: ignore[arg-type]
    except TypeError:
        return False


class _Cut(list[Cell]):
    """A row of absurd width, cut; that something stood beyond is kept."""

    def __init__(self, row: list[Cell], most: int) -> None:
        super().__init__([*row[:most], "" if is_blank(row[most:]) else "\u2026"])
        self.width = len(row)


def _has_blanks(cells: Sequence[Cell]) -> bool:
    try:
        texts = cast("Sequence[str]", cells)
        return min(texts) < "!" and (not all(texts) or any(map(str.isspace, texts)))
    except TypeError:
        return any(map(_says_nothing, cells))


def _is_plain(keys: Sequence[Cell]) -> bool:
    """Whether all order cells are digits or numbers: then no row is blank, a header, or one of
    totals.
    """
    try:
        return all(map(str.isdecimal, keys))  # type: ignore[arg-type]
    except TypeError:
        return set(map(type, keys)) == {float}


def _numbers(given: "array[int]") -> Codes:
    return np.frombuffer(given, dtype=np.int32)
