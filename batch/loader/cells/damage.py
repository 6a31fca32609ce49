"""How spreadsheet programs damage numbers: never undone by guessing, always named."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from batch.loader.files.tables import Cell
from batch.model.catalogue import Code
from batch.primitives.spelling import UNSEEN, narrow, trim

EXACT = 10**15
"""From here on a spreadsheet's number has lost digits: it keeps 15."""

BLANK_WORDS = frozenset({"", "-", "--", "n/a", "na", "none", "null", "nil", "nan", "."})
"""What people and programs write for nothing, without case."""

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Characters that no field of the API should hold; line ends and tabs are not among them."""

AS_TEXT = "Format the column as Text and export again."

_ERROR = re.compile(
    r"#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!|FIELD!|BLOCKED!|GETTING_DATA)|#{4,}",
    re.I,
)
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?E[+-]\d+|[+-]?\d+[.,]\d+E\d+", re.I)
_MONTH = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_DATE = re.compile(
    rf"\d{{1,2}}-(?:{_MONTH})(?:-\d\d(?:\d\d)?)?|(?:{_MONTH})-\d\d"
    r"|\d{4}-\d\d-\d\d(?:[ T].*)?|\d{1,2}/\d{1,2}/\d{4}"
)
_DECIMAL = re.compile(r"[+-]?\d{3,}[.,]\d{1,2}")
_ROUNDED = re.compile(r"[1-9]\d{14}(?:0{5,}+|\d{6,}+(?<=000000))")
_FORMULA_TEXT = re.compile(r'="(.*)"', re.DOTALL)
_PLAIN = {
    ord(blank): " " for blank in "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
}
_PLAIN |= {ord(blank): " " for blank in "\u2008\u2009\u200a\u202f\u205f\u3000"} | dict.fromkeys(
    map(ord, UNSEEN), ""
)


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a cell cannot be used; goes into the row's finding, behind the cell's address."""

    code: Code
    why: str
    todo: str


def error_value(text: str) -> Wrong | None:
    """A formula's error or the formula itself, or a cell too narrow when it was exported."""
    if text.startswith("=") and len(text) > 1:
        return Wrong(
            Code.FORMULA_TEXT,
            "it is a formula, not what it comes to",
            "Save it from the spreadsheet program again.",
        )
    if not text.startswith("#") or not _ERROR.fullmatch(text):
        return None
    if text.startswith("##"):
        return Wrong(
            Code.CELL_TOO_NARROW,
            "the column was too narrow to show it",
            "Widen the column and export again.",
        )
    return Wrong(
        Code.FORMULA_ERROR, "a formula failed here", "Correct the formula, or type the value in."
    )


def find_lost_digits(text: str) -> Wrong | None:
    """Scientific notation, or digits rounded to zeros."""
    if _SCIENTIFIC.fullmatch(text):
        return Wrong(Code.DIGITS_LOST, "the digits are lost", AS_TEXT)
    if _ROUNDED.fullmatch(text):
        return Wrong(Code.DIGITS_LOST, "the last digits have become zeros", AS_TEXT)
    return None


def read_as_number(text: str) -> Wrong | None:
    """A text that a program made of what it took for a decimal number: `123456789012.0`."""
    if not _DECIMAL.fullmatch(text):
        return None
    return Wrong(Code.READ_AS_NUMBER, "it was read as a number with a fraction", AS_TEXT)


def date_like(text: str) -> Wrong | None:
    """A text that a spreadsheet program has made of something it took for a date: `Apr-72`."""
    return read_as_date() if _DATE.fullmatch(text) else None


def read_as_date() -> Wrong:
    """What is said of a cell that holds a date where no date can be."""
    return Wrong(Code.READ_AS_DATE, "it was read as a date", AS_TEXT)


def display(cell: Cell) -> str:
    """A cell as a spreadsheet program shows it, short enough for a message."""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, int | float) and abs(cell) >= EXACT:
        return f"{cell:.5E}"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    text = " ".join(str(cell).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def bare(text: str) -> str:
    """Without what only protects or surrounds it: `="…"`, a leading apostrophe, outer blanks."""
    text = trim(text)
    if text.startswith("=") and (formula := _FORMULA_TEXT.fullmatch(text)):
        text = trim(formula[1].replace('""', '"'))
    return trim(text[1:]) if text.startswith("'") else text


def undress(text: str) -> str:
    """In usual letters and blanks: no width forms, nothing unseen; `²` stays and is no digit."""
    return bare(text if text.isascii() else narrow(text).translate(_PLAIN))


def plain_text(cell: Cell, dressed: Callable[[str], str] = undress) -> str | Wrong:
    """What an id-like cell says, digit for digit; empty if blank; Wrong for doubtful digits."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        text = dressed(cell)
        return error_value(text) or find_lost_digits(text) or text
    if isinstance(cell, bool):
        return Wrong(Code.NOT_AN_ID, "it is a truth value", AS_TEXT)
    if not isinstance(cell, int | float):
        return read_as_date()
    if cell != cell or abs(cell) >= EXACT:
        return Wrong(Code.DIGITS_LOST, "the digits are lost", AS_TEXT)
    return str(int(cell)) if cell == int(cell) else repr(cell)
