"""What the numbers of a named carrier look like, where that is published: shapes and check digits.

A number that can be none of the named carrier's is refused with what was expected. Of carriers that
are not here, and of numbers of another shape, nothing is said. Sources: see `check_digits`; UPU
standard S10; Deutsche Post DHL's serial shipping container codes (GS1).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batch.loader.cells import check_digits
from batch.loader.cells.check_digits import all_posts, compact

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shape:
    """Numbers of one kind."""

    name: str
    looks: str
    """As in "a UPS number has 18 characters"."""
    meant: re.Pattern[str]
    """What is meant to be such a number: by its beginning, or by its digits alone."""
    whole: re.Pattern[str]
    """What has the shape: the group that the check digit is reckoned from, and the digit."""
    digit: Callable[[str], str]

    def refusal(self, number: str) -> str:
        """Why the number cannot be one; empty where it can, or was never meant to be."""
        if not self.meant.fullmatch(number) or self._fits(number):
            return ""
        for repaired, why in _repaired(number):
            if self._fits(repaired):
                return f"{why}: {repaired} is {self.name}"
        if found := self.whole.fullmatch(number):
            right = self.digit(found[1])
            return f"its check digit is {found[2]}, and {self.name} with these digits has {right}"
        return f"it has {len(number)} characters, and {self.name} has {self.looks}"

    def _fits(self, number: str) -> bool:
        found = self.whole.fullmatch(number)
        return found is not None and self.digit(found[1]) == found[2]


def _repaired(number: str) -> Iterator[tuple[str, str]]:
    """What people and spreadsheet programs make of numbers, undone; and what it was."""
    if "O" in number or "I" in number:
        yield number.replace("O", "0").replace("I", "1"), "a letter stands for a digit"
    if number.isdigit():
        yield f"0{number}", "a zero in front is lost"
        yield f"00{number}", "two zeros in front are lost"


UPS = Shape(
    "a UPS number",
    "18, the first of them 1Z, the last a digit",
    re.compile(r"1Z.*"),
    re.compile(r"1Z([0-9A-Z]{15})([0-9])"),
    check_digits.ups_digit,
)
FEDEX = Shape(
    "a FedEx number",
    "12 or 15 digits",
    re.compile(r"\d{1,8}|\d{11,13}"),
    re.compile(r"(\d{11})(\d)"),
    check_digits.fedex_digit,
)
USPS = Shape(
    "a USPS number",
    "22 or 26 digits",
    re.compile(r"(?:420\d{5,9})?9[1-5]\d{15,17}|(?:420\d{5,9})?9[1-5]\d{19,}"),
    re.compile(r"(?:420\d{5}(?:\d{4})?)?(9[1-5]\d{19}(?:\d{4})?)(\d)"),
    check_digits.mod10_digit,
)
DHL_PAKET = Shape(
    "a DHL number",
    "20 digits, the first of them 00340434",
    re.compile(r"0{0,2}340434\d*"),
    re.compile(r"(00340434\d{11})(\d)"),
    check_digits.mod10_digit,
)
S10 = Shape(
    "a number of the post",
    "13, as in RA123456785GB",
    re.compile(r"[A-Z]{2}[\dOI]{9}[A-Z]{2}"),
    re.compile(r"[A-Z]{2}(\d{8})(\d)[A-Z]{2}"),
    check_digits.s10_digit,
)
LENGTH_OF_UPS = 18
OF_CARRIER = {"ups": UPS, "fedex": FEDEX, "usps": USPS, "dhl-germany": DHL_PAKET}
"""AfterShip slug → its own shape."""


def refusal(slug: str, number: str) -> str:
    """Why a number cannot be of the carrier that its row names; empty where it can.

    Where none is named (an empty slug) only a number that begins as UPS numbers do is judged.
    """
    text = compact(number)
    if not slug:
        return UPS.refusal(text) if len(text) == LENGTH_OF_UPS else ""
    if slug in all_posts() and (found := S10.refusal(text)):
        return found
    shape = OF_CARRIER.get(slug)
    return shape.refusal(text) if shape else ""


@dataclass(frozen=True, slots=True)
class _Sum:
    """How most numbers of a carrier are seen to be right at once: a weighted sum of characters."""

    begins: str
    weights: Sequence[int]
    """Of the characters between the beginning and the check digit."""
    close: Callable[[Ints], Ints]
    """Sum → check digit."""


_SUMS = {
    "ups": _Sum("1Z", (1, 2) * 7 + (1,), lambda total: -total % 10),
    "fedex": _Sum("", (3, 1, 7) * 3 + (3, 1), lambda total: total % 11 % 10),
    "usps": _Sum("9", (1, 3) * 10, lambda total: -(total + 27) % 10),
}
_VALUES = np.full(128, -(10**6), dtype=np.int64)
_VALUES[48:58] = range(10)
_LETTERS = range(ord("A"), ord("Z") + 1)
_UPS_VALUES = _VALUES.copy()
_UPS_VALUES[_LETTERS] = [(code - 63) % 10 for code in _LETTERS]
BLOCK = 50_000


def doubtful(slug: str, numbers: Sequence[str]) -> list[int]:
    """Places of numbers that are not at once seen to be right: `refusal` has the last word."""
    rule = _SUMS.get(slug)
    if not rule:
        return list(range(len(numbers)))
    return [
        start + at
        for start in range(0, len(numbers), BLOCK)
        for at in np.flatnonzero(~_are_right(rule, numbers[start : start + BLOCK])).tolist()
    ]


def _are_right(rule: _Sum, numbers: Sequence[str]) -> NDArray[np.bool_]:
    first = len(rule.begins)
    size = first + len(rule.weights) + 1
    sized = np.fromiter(map(len, numbers), np.int64, len(numbers)) == size
    chars = np.array(numbers, dtype=f"U{size}").view(np.uint32).reshape(len(numbers), size)
    table = _UPS_VALUES if rule.begins == "1Z" else _VALUES
    values = table[np.minimum(chars, 127)]
    begins = (chars[:, :first] == [ord(char) for char in rule.begins]).all(axis=1)
    total = values[:, first:-1] @ np.array(rule.weights)
    right: NDArray[np.bool_] = sized & begins & (total >= 0)
    right &= rule.close(total) == _VALUES[np.minimum(chars[:, -1], 127)]
    return right
