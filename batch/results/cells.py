"""What one cell of a sheet can hold: visible text, whole ids, and nothing ever a formula."""

import re
from datetime import date, datetime, time, timedelta

Cell = str | int | float | bool | date | datetime | time | timedelta | None

LONGEST = 32_767  # UTF-16 units in a cell; Excel's limit
WHOLE = 10**15  # numbers from here on lose digits in a spreadsheet

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # by XML 1.0
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*")
FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
"""What a text begins with that a spreadsheet program would run."""


def as_text(cell: Cell) -> str:
    """A cell as a person would type it: `12345.0` is `12345`, a date is ISO, nothing is empty."""
    if type(cell) is int:  # before the slow questions
        return str(cell)
    match cell:
        case None:
            return ""
        case str():
            return cell
        case bool():
            return "TRUE" if cell else "FALSE"
        case float() if cell.is_integer() and abs(cell) < WHOLE:
            return str(int(cell))
        case datetime():
            return cell.isoformat(" ")
        case date() | time():
            return cell.isoformat()
        case _:
            return str(cell)


def printable(text: str) -> str:
    """The text with every character that XML forbids shown as `\ufffd`."""
    return _FORBIDDEN.sub("\ufffd", text)


def shorten(text: str) -> str:
    """The text, cut with `…` where a cell cannot hold it."""
    if len(text) <= LONGEST // 2:  # a character is at most two units
        return text
    units = text.encode("utf-16-le", "replace")
    if len(units) <= 2 * LONGEST:
        return text
    return units[: 2 * (LONGEST - 1)].decode("utf-16-le", "ignore") + "…"


def storable(text: str) -> str:
    """The text as a workbook's cell holds it: printable, short enough, and no markup."""
    if text.isprintable() and len(text) <= LONGEST // 2 and text[:1] != "<":  # nearly all are
        return text
    text = shorten(printable(text))
    if text.startswith("<r>") and text.endswith("</r>"):
        text += " "  # xlsxwriter would take it for rich text of its own and write it unescaped
    return text


def inert(text: str) -> str:
    """The text for a CSV: what a spreadsheet program would run gets a `'` in front (CWE-1236)."""
    if text[:1] in FORMULA and not _NUMBER.fullmatch(text):
        return "'" + text
    return text
