"""What a void or a status cell says of its row: shipped, not shipped yet, taken back, to be
stopped. Pure.

The words are in `statuses.csv`, in ten languages and more: `whole` ones are all that the cell says,
`anywhere` ones count in a longer text, too.
"""

import csv
import re
from collections.abc import Mapping
from enum import IntEnum
from functools import cache, lru_cache
from importlib.resources import files

from batch.loader.cells.damage import BLANK_WORDS, Wrong, date_like, undress
from batch.loader.cells.normalise import normalise
from batch.loader.files.tables import Cell
from batch.model.catalogue import Code

MOST_WORDS = 8
"""A cell of more is a text, and no status."""
LONGEST_PHRASE = 4
"""Words of the longest `anywhere` entry."""


class RowStatus(IntEnum):
    """How far a row's shipment has come, in the file's own words."""

    UNSAID = 0
    """Blank, or words that nobody here knows; they decide nothing."""
    SHIPPED = 1
    NOT_YET = 2
    """The order waits; there is no shipment, or only its label."""
    VOID = 3
    """There was one, or there was to be one, and it was taken back."""
    HOLD = 4
    """A person or a rule has said that it must not go."""
    LACKING = 6
    """Not shipped, for want of something: back-ordered, out of stock."""
    RETURNED = 5
    """It came back, was lost, or is the way back itself."""


STOPS: Mapping[RowStatus, str] = {
    RowStatus.VOID: "void",
    RowStatus.HOLD: "it is to stop, says the file",
    RowStatus.RETURNED: "it came back, is lost or is a return, says the file",
}
"""Statuses that keep a row from shipping even beside a number, and why."""


def _keys(*words: str) -> frozenset[str]:
    return frozenset(map(normalise, words))


_YES = _keys(
    "y",
    "yes",
    "true",
    "t",
    "1",
    "x",
    "ja",
    "oui",
    "si",
    "sí",
    "sim",
    "v",
    "tak",
    "ano",
    "да",
    "evet",
    "はい",
    "是",
)
_NO = _keys(
    *(
        "n",
        "no",
        "false",
        "f",
        "0",
        "nein",
        "non",
        "nee",
        "não",
        "nie",
        "ne",
        "нет",
        "hayır",
        "いいえ",
        "否",
    ),
    *("ok", "valid", "active", "not voided", "unvoided"),
)
_STAMP = re.compile(r"(?:20\d{6}|1\d{9})(?:\.0+)?")
_NO_STAMP = re.compile(r"[0\-:/. TZ]*")
_TICKS = frozenset("✓✔☑")


@cache
def _words() -> Mapping[str, Mapping[str, RowStatus | None]]:
    """Where it counts → normalised words → what they say; `not_void` and `filler` say nothing."""
    found: dict[str, dict[str, RowStatus | None]] = {
        "whole": {},
        "anywhere": {},
        "not_void": {},
        "filler": {},
    }
    with files("batch.loader.cells").joinpath("statuses.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            status = RowStatus[row["meaning"].upper()] if row["where"] != "word" else None
            where = found[row["where"] if status else row["meaning"]]
            for word in row["words"].split("|"):
                where.setdefault(normalise(word), status)
    return found


def parse_row_status(cell: Cell) -> RowStatus:
    """What a status cell says; UNSAID for every word not known here."""
    return status_of_words(cell) if isinstance(cell, str) else RowStatus.UNSAID


@lru_cache(maxsize=4096)
def status_of_words(text: str) -> RowStatus:
    """As `parse_row_status`, of a text: as a whole, by a phrase within it, or without the words
    that say nothing.
    """
    known = _words()
    whole = normalise(text)
    if status := known["anywhere"].get(whole) or known["whole"].get(whole):
        return status
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    words = [normalise(word) for word in re.findall(r"[^\W_]+(?:['’][^\W_]+)?", spaced)]
    if not 1 < len(words) <= MOST_WORDS:
        return RowStatus.UNSAID
    left = "".join(word for word in words if word not in known["filler"])
    if status := known["anywhere"].get(left) or known["whole"].get(left):
        return status
    if any(word in known["not_void"] for word in words):
        return RowStatus.UNSAID
    runs = (
        "".join(words[at : at + size])
        for size in range(LONGEST_PHRASE, 0, -1)
        for at in range(len(words))
    )
    return next(
        (status for run in runs if (status := known["anywhere"].get(run))), RowStatus.UNSAID
    )


def is_yes_or_no(cell: Cell) -> bool:
    """Whether a cell answers yes or no, in a word, a mark, or by being blank."""
    if cell is None or isinstance(cell, bool):
        return True
    key = _flag_key(cell)
    return not key or key in _YES or key in _NO or _text(cell) in _TICKS


def is_yes(cell: Cell) -> bool:
    """Whether a cell that answers yes or no says yes."""
    return cell if isinstance(cell, bool) else _flag_key(cell) in _YES or _text(cell) in _TICKS


def is_no(cell: Cell) -> bool:
    """Whether a cell says no; a blank one says nothing."""
    return cell is False or (not isinstance(cell, bool) and _flag_key(cell) in _NO)


def _text(cell: Cell) -> str:
    return (
        undress(cell)
        if isinstance(cell, str)
        else f"{cell:.0f}"
        if isinstance(cell, float)
        else str(cell or "")
    )


def _flag_key(cell: Cell) -> str:
    text = _text(cell)
    return "" if text.casefold() in BLANK_WORDS else normalise(text)


def is_void(cell: Cell) -> bool | Wrong:
    """Whether a void cell says yes: by a word, or by the time at which it was done; blank is no."""
    if cell is None or isinstance(cell, bool):
        return bool(cell)
    text = _text(cell)
    key = normalise(text)
    if text.casefold() in BLANK_WORDS or key in _NO or _NO_STAMP.fullmatch(text):
        return False
    if key in _YES or parse_row_status(text) in STOPS or date_like(text) or _STAMP.fullmatch(text):
        return True
    return Wrong(
        Code.BAD_VOID,
        "it does not say whether the shipment was voided",
        "Write Y for a voided one, nothing for others.",
    )
