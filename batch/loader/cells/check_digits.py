"""What a tracking number says of its carrier: shapes and check digits, and how sure they are.

The rules are the carriers' own (UPS Tracking Number guide; USPS Publication 199, IMpb; UPU standard
S10; FedEx Ground label specification), checked against the examples of jkeen/tracking_number_data.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

UPS = re.compile(r"1Z[0-9A-Z]{15}[0-9]")
IMPB = re.compile(r"(?:420\d{5}(?:\d{4})?)?(9[1-5]\d{20}(?:\d{4})?)")
IMPB_LONG = re.compile(r"420\d{5}(9[1-5]\d{24})")
DHL_PAKET = re.compile(r"00340434\d{12}")
"""A serial shipping container code under the GS1 prefix of Deutsche Post DHL."""
S10 = re.compile(r"([A-Z]{2})(\d{8})(\d)([A-Z]{2})")


@dataclass(frozen=True, slots=True)
class CarrierGuess:
    """A carrier whose rule a number keeps."""

    slug: str
    """AfterShip's: `usps`, `royal-mail`."""
    certain: bool
    """Whether only this carrier has the shape; otherwise another's may keep the rule by chance."""


def compact(number: str) -> str:
    """Upper-case, without the blanks and dashes of labels; unchanged if it is no such number."""
    return re.sub(r"[\s\-]", "", number).upper() if number.isascii() else number


def readings(number: str) -> tuple[CarrierGuess, ...]:
    """The carriers whose shape and check digit fit the number; empty if none does."""
    text = compact(number)
    if not text.isascii():
        return ()
    found = {
        reading.slug: reading
        for reading in sorted(_readings(text), key=lambda reading: reading.certain)
    }
    return tuple(found.values())


def _readings(text: str) -> Iterator[CarrierGuess]:
    if UPS.fullmatch(text) and ups_digit(text[2:17]) == text[17]:
        yield CarrierGuess("ups", certain=True)
    if (match := S10.fullmatch(text)) and s10_digit(match[2]) == match[3]:
        for slug in posts().get(match[4], ()):
            yield CarrierGuess(slug, certain=True)
    if not text.isdigit():
        return
    if is_impb(text):
        yield CarrierGuess("usps", certain=True)
    elif len(text) == 20 and (mod10(text) or mod10("91" + text)):
        yield CarrierGuess("usps", certain=False)
    if DHL_PAKET.fullmatch(text) and mod10(text):
        yield CarrierGuess("dhl-germany", certain=True)
    yield from _fedex(text)
    if len(text) == 10 and int(text[:9]) % 7 == int(text[9]):
        yield CarrierGuess("dhl", certain=False)
    if len(text) == 16 and mod10(text):
        yield CarrierGuess("canada-post", certain=False)


def _fedex(text: str) -> Iterator[CarrierGuess]:
    size = len(text)
    fits = (
        (size == 12 and fedex_digit(text[:11]) == text[11])
        or (size == 15 and mod10(text))
        or (size == 20 and text.startswith("61") and mod10("92" + text))
        or (size == 22 and text.startswith("9261") and mod10(text))
        or (size == 34 and text.startswith(("100", "96")) and fedex_digit(text[20:33]) == text[33])
    )
    if size == 22 and text.startswith("96") and mod10(text[7:]):
        yield CarrierGuess("fedex", certain=True)
    elif fits:
        yield CarrierGuess("fedex", certain=False)


def mod10(digits: str) -> bool:
    """Whether the last digit is the others' check digit, weighted 3, 1, 3 … from the right."""
    total = sum(
        int(digit) * (3 if place % 2 == 0 else 1)
        for place, digit in enumerate(reversed(digits[:-1]))
    )
    return (total + int(digits[-1])) % 10 == 0


def mod10_digit(body: str) -> str:
    """The check digit that `mod10` asks for behind these digits."""
    return next(digit for digit in "0123456789" if mod10(body + digit))


def is_impb(digits: str) -> bool:
    """Whether it is a USPS barcode of 22 or 26 digits, with or without 420 and ZIP code before."""
    matches = (pattern.fullmatch(digits) for pattern in (IMPB, IMPB_LONG))
    return any(mod10(match[1]) for match in matches if match)


def ups_digit(body: str) -> str:
    """Check digit of the 15 characters after `1Z`; a letter is its place after `?` mod 10."""
    values = [int(char) if char.isdigit() else (ord(char) - 63) % 10 for char in body]
    return str(-(sum(values[::2]) + 2 * sum(values[1::2])) % 10)


def fedex_digit(body: str) -> str:
    """Check digit of a FedEx Express number: weights 1, 3, 7 from the right, mod 11, 10 is 0."""
    total = sum(int(digit) * (1, 3, 7)[place % 3] for place, digit in enumerate(reversed(body)))
    return str(total % 11 % 10)


def s10_digit(serial: str) -> str:
    """Check digit of an S10 serial number of eight digits (UPU S10, section on the check digit)."""
    total = sum(
        int(digit) * weight for digit, weight in zip(serial, (8, 6, 4, 2, 3, 5, 9, 7), strict=True)
    )
    return str({10: 0, 11: 5}.get(11 - total % 11, 11 - total % 11))


@cache
def posts() -> dict[str, tuple[str, ...]]:
    """Country code of an S10 number → the slugs of its posts."""
    with files("batch.loader.cells").joinpath("posts.csv").open(encoding="utf-8") as lines:
        return {row["country"]: tuple(row["slugs"].split()) for row in csv.DictReader(lines)}


@cache
def all_posts() -> frozenset[str]:
    """The slugs of all posts, whose numbers are of S10."""
    return frozenset(slug for slugs in posts().values() for slug in slugs)
