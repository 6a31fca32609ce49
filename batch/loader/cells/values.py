"""A cell → id, units, words, comment, yes or no: the value, or what is wrong with it. Pure.

Every rule takes one cell and returns its value, an empty one for a blank cell, or a `Wrong`. What
does not fit is refused; nothing here guesses. Orders, SKUs and tracking numbers have their own
modules.
"""

import re

from batch.loader.cells.damage import (
    BLANK_WORDS,
    CONTROL,
    EXACT,
    Wrong,
    error_value,
    plain_text,
    undress,
)
from batch.loader.cells.thousands import is_grouped, readings
from batch.loader.cells.units import EACH, split_units, unit_factor
from batch.loader.files.tables import Cell
from batch.model import LONGEST, Field
from batch.model.catalogue import Code

COMMENTS_LENGTH = LONGEST[Field.COMMENTS]

MOST_UNITS = 1_000_000
"""A quantity above it is something else."""

_ID = re.compile(r"(\d{1,18})(?:\.0{1,2})?")
_QUANTITY = re.compile(r"([+-]?)(\d+)(?:[.,](\d*))?")

_TRACKING = re.compile(r"1Z[0-9A-Z]{16}|[A-Z]{0,4}+\d{10,34}+[A-Z]{0,2}+")


def identifier(cell: Cell) -> int | Wrong:
    """An id of the store: order_product_id, order_address_id; 0 for a blank cell."""
    text = plain_text(cell)
    if isinstance(text, Wrong):
        return text
    if text.casefold() in BLANK_WORDS or text == "0":
        return 0
    if is_grouped(text):
        return Wrong(Code.BAD_ID, readings(text), "Write the id in digits only.")
    match = _ID.fullmatch(text)
    if match is None or not text.isascii():
        return Wrong(
            Code.BAD_ID,
            "it is not an id of the store: digits only",
            "Correct the id, or leave it blank.",
        )
    return int(match[1])


def quantity(cell: Cell) -> int | Wrong | None:
    """Units, 0 and up; None for a blank cell."""
    if isinstance(cell, bool):
        return Wrong(
            Code.BAD_QUANTITY,
            "it is a truth value, not a number of units",
            "Put the number of units in.",
        )
    if isinstance(cell, int | float):
        return _units(cell)
    text = plain_text(cell)
    if isinstance(text, Wrong):
        return text
    if not text:
        return None
    number, unit = split_units(text)
    if unit and unit_factor(unit) == EACH:
        text = number
    match = _QUANTITY.fullmatch(text)
    if match is None or not text.isascii():
        return Wrong(
            Code.BAD_QUANTITY,
            "it is not a number of units",
            "Put the number of units in, digits only.",
        )
    sign, whole, fraction = match[1], match[2], match[3] or ""
    if len(fraction) == 3 and whole != "0":
        return Wrong(
            Code.BAD_QUANTITY,
            f"it may mean {whole} or {whole}{fraction}",
            "Write the units without a separator.",
        )
    return _units(float(f"{sign}{whole}.{fraction or 0}"))


def _units(number: float) -> int | Wrong:
    if number != number or number != number // 1:
        return Wrong(
            Code.BAD_QUANTITY, "units are whole numbers", "Put a whole number of units in."
        )
    if number < 0:
        return Wrong(
            Code.NEGATIVE_QUANTITY,
            "units cannot be negative",
            "A return is no shipment: take the row out.",
        )
    if number > MOST_UNITS:
        return Wrong(
            Code.BAD_QUANTITY, "that many units cannot be meant", "Put the number of units in."
        )
    return int(number)


def words(cell: Cell) -> str | Wrong:
    """A carrier's or a service's name."""
    if isinstance(cell, str):
        text = undress(cell)
        return error_value(text) or (
            "" if text.casefold() in BLANK_WORDS else " ".join(text.split())
        )
    return plain_text(cell)


def carrier_words(cell: Cell) -> str | Wrong:
    """As `words`, of a carrier: a tracking number among them stands in the wrong column."""
    text = words(cell)
    if isinstance(text, str) and _TRACKING.fullmatch(text):
        why = "it is a tracking number where the carrier should be"
        todo = "Put each cell under its header, and cells that hold the separator in quotes."
        return Wrong(Code.SHIFTED_CELLS, why, todo)
    return text


def comments(cell: Cell) -> str | Wrong:
    """Free text, its line breaks kept."""
    if not isinstance(cell, str):
        return "" if cell is None else _as_written(cell)
    text = CONTROL.sub("", cell.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(text) > COMMENTS_LENGTH:
        why = f"the comment has {len(text):,} characters, the store takes {COMMENTS_LENGTH:,}"
        return Wrong(Code.COMMENTS_TOO_LONG, why, "Shorten the comment.")
    return "" if text.startswith("#") and error_value(text) else text


def _as_written(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < EXACT:
        return str(int(cell))
    return str(cell)
