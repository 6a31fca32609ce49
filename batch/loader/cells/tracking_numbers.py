"""A cell → tracking number, several of them, or a link. Pure."""

import re
from collections.abc import Sequence
from string import ascii_letters, digits
from typing import cast

from batch.loader.cells.damage import (
    AS_TEXT,
    BLANK_WORDS,
    Wrong,
    date_like,
    error_value,
    find_lost_digits,
    plain_text,
    read_as_number,
    undress,
)
from batch.loader.files.tables import Cell
from batch.model import LONGEST, Field
from batch.model.catalogue import Code

NUMBER_LENGTH, LINK_LENGTH = LONGEST[Field.TRACKING_NUMBER], LONGEST[Field.TRACKING_LINK]

_NOT_YET = frozenset(
    {
        "pending",
        "tbd",
        "tba",
        "tbc",
        "to follow",
        "unknown",
        "not available",
        "not yet",
        "?",
        "??",
        "???",
    }
)
_ALNUM = (ascii_letters + digits).encode()
_SEPARATORS = re.compile(r"[,;|\n\r]+")
_NUMBER_PART = re.compile(r"(?=.*\d)[\w.-]+")
_THOUSANDS = re.compile(r"\d{1,3}(?:[,.]\d{3})+")
_LINK = re.compile(r"(?ai:https?)://[^\s/]\S*")


def tracking_number(cell: Cell) -> str | Wrong:
    """A tracking number or a link; several with line breaks between them; empty if blank."""
    if type(cell) is str and cell.isalnum() and cell.isascii() and 10 <= len(cell) <= 19:
        return cell if not cell.isalpha() and not find_lost_digits(cell) else _numbers(cell)
    text = plain_text(cell)
    if isinstance(text, Wrong):
        return text
    if isinstance(cell, float) and cell != int(cell):
        return Wrong(Code.BAD_TRACKING_NUMBER, "a tracking number has no fraction", AS_TEXT)
    return _numbers(text)


def plain_tracking(block: Sequence[Cell]) -> Sequence[str] | None:
    """The block, if all cells are proper tracking numbers: as `tracking_number`, but faster."""
    if set(map(type, block)) != {str}:
        return None
    texts = cast("Sequence[str]", block)
    lengths = set(map(len, texts))
    whole = "".join(texts)
    if (
        min(lengths) < 10
        or max(lengths) > NUMBER_LENGTH
        or not whole.isascii()
        or whole.encode().translate(None, _ALNUM)
    ):
        return None
    odd = any(map(str.isalpha, texts)) or (
        max(lengths) > 19 and any(text.endswith("00000") for text in texts)
    )
    return None if odd else texts


def _numbers(text: str) -> str | Wrong:
    folded = text.casefold()
    if folded in BLANK_WORDS:
        return ""
    if folded in _NOT_YET:
        return Wrong(
            Code.BAD_TRACKING_NUMBER,
            "it is not a tracking number",
            "Put the number in, or leave the cell blank.",
        )
    if folded.startswith(("http://", "https://")):
        return link(text)
    if wrong := date_like(text) or read_as_number(text):
        return wrong
    parts = _parts(text)
    if isinstance(parts, Wrong):
        return parts
    if too_long := next((part for part in parts if len(part) > NUMBER_LENGTH), None):
        return Wrong(
            Code.TRACKING_NUMBER_TOO_LONG,
            f"it has {len(too_long)} characters, the store takes {NUMBER_LENGTH}",
            "Correct the tracking number.",
        )
    return "\n".join(parts)


def _parts(text: str) -> tuple[str, ...] | Wrong:
    """One number, its printed blanks taken out, or the several it holds."""
    split = [part.strip() for part in _SEPARATORS.split(text) if part.strip()]
    if len(split) == 1 and "/" in text:
        slashed = [part.strip() for part in text.split("/")]
        split = (
            slashed
            if all(len(part) >= 8 and _NUMBER_PART.fullmatch(part) for part in slashed)
            else split
        )
    parts = [number for part in split for number in _blanks_out(part)]
    several = len(parts) > 1 or any(" " in part for part in parts)
    if several and (_THOUSANDS.fullmatch(text) or not all(map(_NUMBER_PART.fullmatch, parts))):
        return Wrong(
            Code.BAD_TRACKING_NUMBER,
            "it cannot be told whether this is one number or several",
            "Put one tracking number in, or several with a ; between them.",
        )
    if (
        not parts
        or not all(part.isprintable() and part[0].isalnum() for part in parts)
        or _has_false_digits(text)
    ):
        return Wrong(
            Code.BAD_TRACKING_NUMBER, "it is not a tracking number", "Correct the tracking number."
        )
    return tuple(dict.fromkeys(parts))


def _has_false_digits(text: str) -> bool:
    """`²`, `①` and other scripts' digits: no carrier's number has them; none is another digit."""
    return not text.isascii() and any(char.isnumeric() for char in text if not char.isascii())


def _blanks_out(text: str) -> list[str]:
    """`1Z 999 AA1 …` is one number, printed in groups; long groups are numbers of their own."""
    groups = text.split()
    if all(len(group) <= 6 for group in groups):
        return ["".join(groups)]
    return groups if all(len(group) >= 10 for group in groups) else [" ".join(groups)]


def link(cell: Cell) -> str | Wrong:
    """A tracking link: http or https, at most 500 characters."""
    text = undress(cell) if isinstance(cell, str) else plain_text(cell)
    if isinstance(text, Wrong) or text.casefold() in BLANK_WORDS:
        return text if isinstance(text, Wrong) else ""
    if wrong := error_value(text):
        return wrong
    if not _LINK.fullmatch(text) or not text.isprintable():
        return Wrong(
            Code.BAD_TRACKING_LINK,
            "it is not a link: it begins with http:// or https://",
            "Correct the link.",
        )
    if len(text) > LINK_LENGTH:
        return Wrong(
            Code.TRACKING_LINK_TOO_LONG,
            f"it has {len(text)} characters, the store takes {LINK_LENGTH}",
            "Shorten it.",
        )
    return text
