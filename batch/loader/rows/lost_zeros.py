"""Zeros that a spreadsheet program has taken from a column's numbers, or put there: the column
itself tells.
"""

import re

import numpy as np

from batch.loader.cells.damage import AS_TEXT, EXACT, Wrong
from batch.loader.files.tables import Table
from batch.loader.rows.frame import CategoricalColumn, Frame
from batch.model.catalogue import Code

_PADDED = re.compile(r"0[0 \-]*0")
_ANY_ROUNDED = re.compile(r"\n\d{15}0{1,4}\n")
_ROUNDED = re.compile(r"\d{15}0{1,4}")


def find_lost_zeros(column: CategoricalColumn, frame: Frame, table: Table) -> dict[int, Wrong]:
    """Codes of numeric cells shorter than the column's width: their number format, or its texts,
    begin with 0.
    """
    if not table.sheet:  # text has no numeric cells
        return {}
    numbers = {
        code: cell
        for code, cell in enumerate(column.cells)
        if type(cell) is float and 0 <= cell < EXACT
    }
    if not numbers:
        return {}
    width = max(_width_of_texts(column), _width_of_format(column, frame, table, numbers))
    wrong = Wrong(
        Code.LEADING_ZEROS_LOST,
        f"the column's numbers have {width} digits: leading zeros are lost",
        AS_TEXT,
    )
    return {
        code: wrong
        for code, number in numbers.items()
        if number.is_integer() and len(str(int(number))) < width
    }


def _width_of_texts(column: CategoricalColumn) -> int:
    """Digits of the column's texts, where all have as many and one begins with 0; else 0."""
    digits = [cell for cell in column.cells if isinstance(cell, str) and cell.isdecimal()]
    widths = set(map(len, digits))
    return widths.pop() if len(widths) == 1 and any(text[0] == "0" for text in digits) else 0


def _width_of_format(
    column: CategoricalColumn, frame: Frame, table: Table, numbers: dict[int, float]
) -> int:
    """Digits that the first numeric cell's number format shows: 5 for `00000`; else 0."""
    rows = np.flatnonzero(np.isin(column.codes, list(numbers)))
    shape = table.number_format(int(frame.rows[rows[0]]), column.position) if len(rows) else ""
    return shape.count("0") if _PADDED.fullmatch(shape) else 0


def find_rounded(column: CategoricalColumn) -> dict[int, Wrong]:
    """Codes of 16 to 19 digits that end in zeros from the 16th on, where at least half of such
    numbers do.
    """
    if not _ANY_ROUNDED.search("\n".join(("", *map(str, column.cells), ""))):
        return {}
    digits = {
        code: cell
        for code, cell in enumerate(column.cells)
        if type(cell) is str and cell.isdecimal()
    }
    zeros = [code for code, text in digits.items() if _ROUNDED.fullmatch(text)]
    if len(zeros) < 2 or 2 * len(zeros) < sum(15 < len(text) < 20 for text in digits.values()):
        return {}
    return dict.fromkeys(
        zeros, Wrong(Code.DIGITS_LOST, "the last digits have become zeros", AS_TEXT)
    )
