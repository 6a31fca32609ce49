"""Whether a number can be of the carrier that its row names: by the published examples."""

import json
import random
from pathlib import Path

import pytest

from batch.loader.cells.check_digits import fedex_digit, mod10_digit, s10_digit, ups_digit
from batch.loader.cells.number_shapes import doubtful, refusal

EXAMPLES = Path(__file__).parents[3] / "shared" / "reference" / "tracking_numbers"
RIGHT = [
    ("ups", "1Z999AA10123456784"),
    ("ups", "1Z 999 AA1 01 2345 6784"),
    ("ups", "9400111201080805483016"),
    ("ups", "T1234567890"),
    ("ups", "123456789"),
    ("fedex", "772437047027"),
    ("fedex", "041441760228964"),
    ("fedex", "123456789"),
    ("fedex", "DT772437047027"),
    ("fedex", "61299998820821171811"),
    ("usps", "9400111201080805483016"),
    ("usps", "420902109400111201080805483016"),
    ("usps", "RB123456785US"),
    ("usps", "91000000000000000000"),
    ("dhl-germany", "00340434161094042557"),
    ("dhl-germany", "123456789012"),
    ("royal-mail", "RM123456785GB"),
    ("royal-mail", "12345678901234567890"),
    ("australia-post", "33ABC1234567"),
    ("gls", "1Z999AA10123456785"),
    ("", "1Z999AA10123456784"),
    ("", "1Z99"),
    ("", "RM123456789GB"),
]
WRONG = [
    ("ups", "1Z999AA10123456785", "its check digit is 5, and a UPS number with these digits has 4"),
    (
        "ups",
        "1Z999AA1O123456784",
        "a letter stands for a digit: 1Z999AA10123456784 is a UPS number",
    ),
    ("ups", "1Z999AA1012345678", "it has 17 characters, and a UPS number has 18"),
    ("fedex", "772437047028", "its check digit is 8, and a FedEx number with these digits has 7"),
    ("fedex", "12345678901", "it has 11 characters, and a FedEx number has 12 or 15 digits"),
    ("fedex", "7733", "it has 4 characters"),
    ("usps", "9400111201080805483017", "its check digit is 7"),
    ("usps", "940011120108080548301", "it has 21 characters"),
    ("dhl-germany", "340434161094042557", "two zeros in front are lost: 00340434161094042557 is"),
    ("dhl-germany", "0340434161094042557", "a zero in front is lost: 00340434161094042557 is"),
    ("royal-mail", "RM123456784GB", "its check digit is 4, and a number of the post"),
    ("australia-post", "RRO23456782AU", "a letter stands for a digit: RR023456782AU"),
    ("", "1Z999AA10123456785", "its check digit is 5"),
]


@pytest.mark.parametrize(("slug", "number"), RIGHT)
def test_what_may_be_the_carriers_is_left_in_peace(slug: str, number: str) -> None:
    """Also what is not published, and what another carrier delivers for it."""
    assert refusal(slug, number) == ""


@pytest.mark.parametrize(("slug", "number", "why"), WRONG)
def test_what_cannot_be_is_refused_with_what_was_expected(slug: str, number: str, why: str) -> None:
    """A wrong digit, a letter for a digit, a zero lost, a character too few."""
    assert why in refusal(slug, number)


def test_no_published_example_is_refused() -> None:
    """Of the carriers that are judged."""
    judged = {
        "ups": ("UPS",),
        "fedex": ("FedEx Express (12)",),
        "usps": ("USPS IMpb",),
        "s10": ("",),
    }
    seen = 0
    for name, kinds in judged.items():
        data = json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))
        every = [kind for kind in data["tracking_numbers"] if kind["name"].startswith(kinds)]
        for number in (number for kind in every for number in kind["test_numbers"]["valid"]):
            seen += 1
            assert refusal("royal-mail" if name == "s10" else name, number) == "", number
    assert seen > 20


def test_the_quick_look_agrees_with_the_slow_one() -> None:
    """A number that it lets pass is never refused; one with its right digit always passes."""
    dice = random.Random(5)
    made = []
    for _ in range(300):
        body = "".join(dice.choices("0123456789ABCXYZ", k=15))
        figures = "".join(dice.choices("0123456789", k=19))
        made += [
            ("ups", f"1Z{body}{ups_digit(body)}"),
            ("fedex", figures[:11] + fedex_digit(figures[:11])),
            ("usps", f"94{figures}{mod10_digit('94' + figures)}"),
            ("royal-mail", f"RR{figures[:8]}{s10_digit(figures[:8])}GB"),
        ]
    for slug, number in made:
        assert refusal(slug, number) == ""
        assert doubtful(slug, [number]) == ([0] if slug == "royal-mail" else [])
        for other in (
            number[:-1],
            number[:5] + "Ж" + number[6:],
            number[:-1] + "X",
            number.lower(),
        ):
            assert not refusal(slug, other) or doubtful(slug, [other]) == [0]
