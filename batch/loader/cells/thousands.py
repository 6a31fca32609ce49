"""Numbers with their thousands set apart: whether 12.000 is 12,000 or 12 tells its column. Pure."""

import re
from collections.abc import Collection, Mapping

_GROUPED = re.compile(r"\d{1,3}(?:\.\d{3})+|\d{1,3}(?:,\d{3})+|\d{1,3}(?:['’]\d{3})+", re.ASCII)
_SPACED = re.compile(r"\d{1,3}(?:[ \u00a0\u202f]\d{3})+", re.ASCII)
_FRACTION = re.compile(r"(\d+)\.0{3,}", re.ASCII)
_MARKS = str.maketrans("", "", ".,'’ \u00a0\u202f")
_LISTS = ", \u00a0\u202f"
"""Marks that may also stand between two numbers."""
SMALLEST = 1_000
"""Below it no number has thousands to set apart."""


def is_grouped(text: str) -> bool:
    """Whether a text may be a number in groups of three."""
    return _GROUPED.fullmatch(text) is not None or _SPACED.fullmatch(text) is not None


def ungrouped(text: str) -> str:
    """Its digits, the marks between the groups left out."""
    return text.translate(_MARKS)


def whole(text: str) -> str:
    """What stands before a fraction of zeros; empty where there is none."""
    found = _FRACTION.fullmatch(text)
    return found[1] if found else ""


def readings(text: str) -> str:
    """What a number in groups may mean, in words."""
    other = whole(text) or ("several numbers" if any(mark in text for mark in _LISTS) else "")
    return " or ".join(filter(None, [f"it may mean {ungrouped(text)}", other]))


def read_together(texts: Collection[str], largest: int) -> Mapping[str, str] | None:
    """Text → digits, as a column's texts tell together; empty where they have neither groups nor
    such fractions, None where both may be meant. `largest` is its largest number without marks.

    No number has a fraction of other digits than zeros; groups are never written for some and left
    out for others; and a comma or a blank may also stand between two numbers, but not before a 0.
    """
    grouped = [text for text in texts if is_grouped(text)]
    fractions = {text: digits for text in texts if (digits := whole(text))}
    if any(not is_grouped(text) for text in fractions):
        return fractions
    others = len(grouped) < len(texts)
    if not grouped or others or largest >= SMALLEST:
        return {}
    if len(fractions) == len(grouped):
        return None
    marks = {char for text in grouped for char in text if not char.isdigit()}
    lists = marks.intersection(_LISTS)
    if len(marks) > 1 or (
        lists and not any(f"{mark}0" in text for mark in lists for text in texts)
    ):
        return {}
    return {text: ungrouped(text) for text in grouped}
