"""A cell → the SKU it names, or the several, with their units where it says so. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from html import unescape
from string import ascii_letters, digits
from typing import cast

from batch.loader.cells.damage import CONTROL, Wrong, bare, date_like, plain_text, read_as_number
from batch.loader.cells.values import quantity
from batch.loader.files.tables import Cell
from batch.model.catalogue import Code
from batch.primitives.spelling import fold_case, narrow, trim

Counted = tuple[tuple[str, int | None], ...]
"""SKUs with their units; None is all that remains."""

_CHARACTERS = (ascii_letters + digits + "-_.\n").encode()
_ODD = re.compile(  # each begins with the line end before it, which the search is quick to find
    r"\n(?:\n|--?\n|null\n|NULL\n|\d+-[A-Z][a-z]{2}|[A-Z][a-z]{2}-\d\d\n|\d{4}-\d\d-\d\d"
    r"|\d+(?:\.\d+)?[Ee]-?\d|\d{15}0{5}|\d{3,}\.0\n)"
)
_ONE_A_ROW = "Give each SKU a row of its own, or as many quantities as SKUs: 2|1."
_DIGIT = "[0-9\uff10-\uff19]"  # full-width ones too; `²` is none
_SEVERAL = re.compile(rf"[|^;\n,｜＾；，]|\s[x×*ｘ＊]\s*{_DIGIT}|{_DIGIT}\s*[x×*ｘ＊]\s", re.I)
_ENTITY = re.compile(r"&(?:[a-z]{2,6}|#\d{2,5}|#x[0-9a-f]{2,4});", re.I)
_SEPARATORS = ("|", "｜", "^", "＾", ";", "；", "\n", ",", "，")
_TIMES_AFTER = re.compile(rf"(.*\S)\s+[x×*ｘ＊]\s*({_DIGIT}{{1,6}})", re.I)
_TIMES_BEFORE = re.compile(rf"({_DIGIT}{{1,6}})\s*[x×*ｘ＊]\s+(\S.*)", re.I)


def sku(cell: Cell) -> str | Wrong:
    """One SKU, or several as the cell has them, letter for letter."""
    text = plain_text(cell, bare)
    if isinstance(text, Wrong):
        return text
    if "&" in text:  # what a web page had to write so
        text = _ENTITY.sub(lambda entity: unescape(entity[0]), text)
    if wrong := date_like(text) or (text.endswith(".0") and read_as_number(text)) or None:
        return wrong
    if CONTROL.search(text):
        return Wrong(Code.BAD_SKU, "it holds a control character", "Correct the SKU.")
    return "" if text in {"-", "--"} or text.casefold() in {"n/a", "null"} else text


def store_skus(texts: Iterable[str], table: Mapping[str, str]) -> dict[str, str]:
    """A source's SKUs → the store's, of those texts that its table has: exactly, else without case
    and blanks.
    """
    loosely = {fold_case(trim(narrow(theirs))): ours for theirs, ours in table.items()}
    found = {
        text: table.get(text) or loosely.get(fold_case(trim(narrow(text))), "")
        for text in (set(texts) if table else ())
    }
    return {text: ours for text, ours in found.items() if ours}


def plain_skus(block: Sequence[Cell]) -> Sequence[str] | None:
    """The block, where each cell is one SKU as it should be: the same as `sku`, faster."""
    if set(map(type, block)) != {str}:
        return None
    texts = cast("Sequence[str]", block)
    whole = "\n".join(("", *texts, ""))
    other_characters = whole.encode().translate(None, _CHARACTERS)
    odd = other_characters or whole.count("\n") > len(texts) + 1 or _ODD.search(whole)
    return None if odd else texts


def may_be_several(text: str) -> bool:
    """Whether a SKU cell is worth a second look."""
    return not text.isalnum() and _SEVERAL.search(text) is not None


def items(text: str) -> Counted:
    """The SKUs of one cell with their units, where it says so: `A x2 | B` is A twice and B once."""
    separator = next((mark for mark in _SEPARATORS if mark in text), None)
    parts = [part.strip() for part in text.split(separator) if part.strip()] if separator else []
    parts = parts or [text]
    counted = tuple(_split_count(part) for part in parts)
    if any(units is not None for _, units in counted):
        return tuple((name, 1 if units is None else units) for name, units in counted)
    return counted


def units_of(text: str, cell: Cell) -> Counted | Wrong | None:
    """A cell's SKUs with their units, also from the quantity cell; None if it is one SKU."""
    parts, units = items(text), quantity(cell)
    several, counted = len(parts), parts[0][1] is not None
    if several == 1:
        return parts if counted and units is None else None
    if (each := _parallel(cell, several)) is not None:
        return tuple((name, count) for (name, _), count in zip(parts, each, strict=True))
    if not counted and "," in text and ", " not in text and not re.search(r"[|^;\n]", text):
        return None  # a SKU may have a comma in it
    if units is None or (counted and sum(count or 0 for _, count in parts) == units):
        return parts
    return Wrong(
        Code.AMBIGUOUS_QUANTITY,
        f"it is not clear how many units each of {several} SKUs has",
        _ONE_A_ROW,
    )


def _parallel(cell: Cell, several: int) -> tuple[int, ...] | None:
    """A number for each SKU, in their order: `2|1`; None where it is not so."""
    text = plain_text(cell)
    parts = (
        [] if isinstance(text, Wrong) else [quantity(part) for part in re.split(r"[|^;,\n]", text)]
    )
    units = tuple(part for part in parts if isinstance(part, int))
    return units if len(units) == len(parts) == several else None


def _split_count(part: str) -> tuple[str, int | None]:
    if match := _TIMES_AFTER.fullmatch(part):
        return match[1].strip(), int(match[2])
    if match := _TIMES_BEFORE.fullmatch(part):
        return match[2].strip(), int(match[1])
    return part, None
