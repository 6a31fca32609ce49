"""What the numbers of a named carrier look like, where that is published: its shapes and check digits.

A number that can be none of the named carrier's is refused with what was expected. Of carriers that
are not here, and of numbers of another shape, nothing is said. Sources: see `check_digits`; UPU
standard S10; Deutsche Post DHL's serial shipping container codes (GS1).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from batch.loader.cells import check_digits
from batch.loader.cells.check_digits import compact, posts

Digit = Callable[[str], str]
"""The check digit that belongs to a number, by all but its last character (S10: its last three)."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Numbers of one kind."""

    name: str
    """As in "a UPS number has 18 characters"."""
    meant: re.Pattern[str]
    """What is meant to be such a number: a beginning, or digits alone."""
    whole: re.Pattern[str]
    """What has the shape; the group is what the digit is reckoned from, and then the digit."""
    digit: Digit

    def refusal(self, number: str) -> str:
        """Why the number cannot be one; empty where it can, or was never meant to be."""
        if not self.meant.fullmatch(number):
            return ""
        found = self.whole.fullmatch(number)
        if found and self.digit(found[1]) == found[2]:
            return ""
        for repaired, why in _repaired(number):
            again = self.whole.fullmatch(repaired)
            if again and self.digit(again[1]) == again[2]:
                return f"{why}: {repaired} would be {self.name}"
        if found:
            return f"its check digit is {found[2]}, and {self.name} like this ends in {self.digit(found[1])}"
        return f"{self.name} looks otherwise: it has {len(number)} characters"


def _repaired(number: str) -> Iterator[tuple[str, str]]:
    """What people and spreadsheet programs make of numbers, undone; and what it was."""
    if "O" in number or "I" in number:
        yield number.replace("O", "0").replace("I", "1"), "a letter stands for a digit"
    if number.isdigit():
        yield f"0{number}", "a zero in front is lost"
        yield f"00{number}", "two zeros in front are lost"


def _impb(body: str) -> str:
    return _mod10(body)


def _mod10(body: str) -> str:
    return next(d for d in "0123456789" if check_digits.mod10(body + d))


UPS = Shape(
    "a UPS number",
    re.compile(r"1Z.*"),
    re.compile(r"1Z([0-9A-Z]{15})([0-9])"),
    check_digits.ups_digit,
)
FEDEX = Shape(
    "a FedEx number",
    re.compile(r"\d{1,8}|\d{11,13}"),
    re.compile(r"(\d{11})(\d)"),
    check_digits.fedex_digit,
)
IMPB = Shape(
    "a USPS number",
    re.compile(r"(?:420\d{5,9})?9[1-5]\d{15,}"),
    re.compile(r"(?:420\d{5}(?:\d{4})?)?(9[1-5]\d{19}(?:\d{4})?)(\d)"),
    _mod10,
)
SSCC = Shape(
    "a DHL number", re.compile(r"0{0,2}3?40434\d*"), re.compile(r"(00\d{17})(\d)"), _mod10
)
S10 = Shape(
    "a number of the post",
    re.compile(r"[A-Z]{2}[\dOI]{9}[A-Z]{2}"),
    re.compile(r"[A-Z]{2}(\d{8})(\d)[A-Z]{2}"),
    check_digits.s10_digit,
)
OF_CARRIER = {"ups": UPS, "fedex": FEDEX, "usps": IMPB, "dhl-germany": SSCC, "": UPS}
"""AfterShip slug → its own shape; where no carrier is named, the one that no other carrier has."""


def refusal(slug: str, number: str) -> str:
    """Why a number cannot be of the carrier that its row names; empty where it can."""
    text = compact(number)
    if slug in _slugs_of_posts() and (found := S10.refusal(text)):
        return found
    shape = OF_CARRIER.get(slug)
    return shape.refusal(text) if shape else ""
