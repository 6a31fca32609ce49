"""One table of a file, as typed cells; knows no shipping."""

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Literal

Cell = str | int | float | bool | datetime | date | time | timedelta | None
"""A cell as the file holds it: text stays text, a workbook's number is a float, a blank is `""`."""


LONGEST_NAME = 1_000
"""Characters of what names anything: an order, an article, a column."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a file; its rows can be read as often as one likes, without holding them."""

    path: Path
    rows: Callable[[], Iterator[list[Cell]]]
    """Every row from the first on, also blank ones: the n-th is a spreadsheet program's row n.

    A row may be shorter or longer than the others. FileError if the file has gone meanwhile.
    """
    sheet: str = ""
    """Empty for text."""
    said: tuple[str, ...] = ()
    """How it was read, if not plainly: the delimiter, an old encoding, from inside an archive."""
    warnings: tuple[str, ...] = ()
    """What may be missing or wrong in it: mixed encodings, NULs removed, a last line cut short."""
    number_format: Callable[[int, int], str] = lambda row, column: ""
    """Of a cell, as a spreadsheet program names it: `00000`; empty where it cannot be had.

    Reads the file again: for one cell of a column, not for every one.
    """

    is_doubtful: bool = False
    """Whether letters beyond ASCII may be others than were meant: its encoding was not told."""
    hidden: frozenset[int] = frozenset()
    """Rows, from 1, that a spreadsheet program does not show: hidden, or filtered away."""
    struck: frozenset[tuple[int, int]] = frozenset()
    """(row, column), from 1, of cells that are struck through."""
    in_time: Callable[[], None] = lambda: None
    """Asked between two pieces of its first reading: FileError past the file's deadline."""

    def address(self, row: int, column: int) -> str:
        """Where a cell is, counted from 1: `Sheet1!F214`, or in text `row 214, column 6 (F)`."""
        letters = column_letters(column)
        if not self.sheet:
            return f"row {row}, column {column} ({letters})"
        sheet = (
            self.sheet if self.sheet.isidentifier() else "'" + self.sheet.replace("'", "''") + "'"
        )
        return f"{sheet}!{letters}{row}"


def words(cell: Cell) -> str:
    """A cell as a person reads it; a whole float without `.0`, dates in ISO form."""
    if cell is None or isinstance(cell, bool):
        return "" if cell is None else str(cell)
    if isinstance(cell, float) and cell.is_integer():
        return f"{cell:.0f}" if abs(cell) < 1e15 else f"{cell:g}"
    return (
        cell.isoformat()
        if isinstance(cell, datetime | date | time)
        else " ".join(str(cell).split())
    )


def unicode_form(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
    """The text in a Unicode form; too long a text as it is: sorting marks takes quadratic time."""
    return unicodedata.normalize(form, text) if len(text) <= LONGEST_NAME else text


def column_letters(column: int) -> str:
    """The letters a spreadsheet program gives a column counted from 1: 6 → F, 28 → AB."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """F → 6, AB → 28."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
