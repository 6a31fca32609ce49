"""An amount as people write it → the plain decimal string the API takes. Pure."""

import re
from decimal import Decimal

from batch.loader.cells.damage import BLANK_WORDS, Wrong, undress
from batch.loader.files.tables import Cell
from batch.model.catalogue import Code

_AMOUNT = re.compile(
    r"(?:[A-Za-z]{1,3}\s*+)?[$€£¥₹]?\s*+([+-]?)\s*+[$€£¥₹]?\s*+"
    r"([0-9][0-9.,' ]*+)\s*+(?:[$€£¥₹]|[A-Za-z]{1,3})?"
)
_LARGEST = Decimal(10) ** 9


def cost(cell: Cell) -> str | Wrong:
    """`$8.40`, `8,40 €` and 8.4 all give "8.4000"; empty if blank; Wrong is only left out."""
    if cell is None or isinstance(cell, bool):
        return "" if cell is None else _unread("it is a truth value")
    if isinstance(cell, int | float):
        return _plain(Decimal(repr(cell)))
    if not isinstance(cell, str):
        return _unread("it was read as a date")
    text = undress(cell)
    if text.casefold() in BLANK_WORDS:
        return ""
    match = _AMOUNT.fullmatch(text)
    digits = _decimal_point(re.sub("[' ]", "", match[2])) if match else None
    if match is None or digits is None:
        return _unread("it cannot be read as an amount")
    return _plain(Decimal(match[1] + digits))


def _decimal_point(digits: str) -> str | None:
    """With a point as its only separator; None where that would be a guess (`1.234`)."""
    digits = digits.rstrip(".,")
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0:
        return digits
    mark, other = (".", ",") if digits[last] == "." else (",", ".")
    whole, fraction = digits[:last], digits[last + 1 :]
    if mark in whole:  # 1,234,567
        return (
            None
            if other in digits
            else re.sub(r"\D", "", digits)
            if _is_grouped(digits, mark)
            else None
        )
    if other in whole:
        return f"{whole.replace(other, '')}.{fraction}" if _is_grouped(whole, other) else None
    if len(fraction) == 3 and whole.strip("0"):
        return None
    return f"{whole or 0}.{fraction}"


def _is_grouped(digits: str, mark: str) -> bool:
    head, *groups = digits.split(mark)
    return 0 < len(head) <= 3 and all(len(group) == 3 for group in groups)


def _plain(amount: Decimal) -> str | Wrong:
    if not amount.is_finite() or amount < 0:
        return _unread("a cost is not negative")
    if amount >= _LARGEST:
        return _unread("a cost is not that large")
    return f"{amount:.4f}"


def _unread(why: str) -> Wrong:
    return Wrong(Code.BAD_COST, f"{why}; the cost is left out", "Correct the cost if it matters.")
