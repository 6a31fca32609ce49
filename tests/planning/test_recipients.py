"""Who a parcel goes to, in the file and in the order: what people write is the same, and another is
another.
"""

import random
from collections.abc import Callable

import pytest

from batch.model import Recipient
from batch.planning.recipients import difference
from batch.primitives.countries import country_code

NOBODY = Recipient()
JANE = Recipient("Jane Doe", "78751", "US")


@pytest.mark.parametrize(
    "file",
    [
        JANE,
        Recipient("DOE, JANE", "78751-1234", "USA"),
        Recipient("J. Doe", "78751", "United States of America"),
        Recipient("Mrs Jane A. Doe-Miller", "78751", ""),
        Recipient("Jnae Deo", "78571", "U.S."),
        Recipient("Acme Ltd", "78751", "US"),
        Recipient("John Roe", "78751", "US"),
        Recipient("Jane Doe", "10115", "US"),
        Recipient("Jane Doe", "10115", "Germany"),
        Recipient("", "10115", ""),
        Recipient("John Roe", "", ""),
        Recipient("ジェーン・ドウ", "10115", ""),
        Recipient("John Roe", "", "Middle of nowhere"),
        NOBODY,
    ],
)
def test_it_may_be_the_same(file: Recipient) -> None:
    """A name alone never differs enough; nor does what cannot be compared."""
    wrong = ("postcode", "country") if file.country == "Germany" else ()
    assert difference(file, JANE, NOBODY) == wrong


@pytest.mark.parametrize(
    ("file", "differs"),
    [
        (Recipient("John Roe", "10115", "Germany"), ("name", "postcode", "country")),
        (Recipient("John Roe", "10115", ""), ("name", "postcode")),
        (Recipient("John Roe", "", "Deutschland"), ("name", "country")),
        (Recipient("Test Roe", "D-10115", "US"), ("name", "postcode")),
    ],
)
def test_it_is_another(file: Recipient, differs: tuple[str, ...]) -> None:
    """Two of the three, named in their order."""
    assert difference(file, JANE, NOBODY) == differs


def test_who_paid_is_as_good() -> None:
    """A file may have the invoice's address; another one is neither's."""
    payer = Recipient("John Roe", "10115", "DE")
    assert difference(payer, JANE, payer) == ()
    assert difference(Recipient("Ann Other", "90210", "CA"), JANE, payer)
    assert difference(Recipient("John Roe", "10115", "DE"), JANE, Recipient("Test Customer"))


@pytest.mark.parametrize("known", [NOBODY, Recipient("Test", "99999", "FR"), Recipient("n/a")])
def test_a_placeholder_is_no_evidence(known: Recipient) -> None:
    """Stores for trying things out, and those that keep no addresses."""
    assert difference(JANE, known, NOBODY) == ()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("SW1A 1AA", "sw1a1aa"),
        ("1234 AB", "1234"),
        ("02134", "2134"),
        ("CH-8001", "8001"),
        ("SE-123 45", "12345"),
        ("78751.0", "78751"),
        ("〒100-0001", "1000001"),
    ],
)
def test_postcodes_are_as_their_country_writes_them(ours: str, theirs: str) -> None:
    """With or without blanks, prefix, zeros in front and the part that narrows it down."""
    assert difference(Recipient("Roe", ours), Recipient("Doe", theirs), NOBODY) == ()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("US", "US"),
        ("usa", "US"),
        ("U.S.A.", "US"),
        ("GBR", "GB"),
        ("UK", "GB"),
        ("England", "GB"),
        ("Deutschland", "DE"),
        ("ÖSTERREICH", "AT"),
        ("Estados Unidos", "US"),
        ("日本", "JP"),
        ("대한민국", "KR"),
        ("Czech Republic", "CZ"),
        ("Czechia", "CZ"),
        ("The Netherlands", "NL"),
        ("Texas", ""),
        ("", ""),
    ],
)
def test_countries_by_name_or_code(text: str, code: str) -> None:
    """In the languages that warehouses write."""
    assert country_code(text) == code


FIRST = "Anna Ben Chloé Dieter Élodie Fatima George Hannah Ivan José Katarzyna Luca María Noël Olga"
LAST = "Smith Müller García Nowak Rossi Dubois Yilmaz Jensen O'Brien Kowalski van-Dijk Sørensen Li"
Typist = Callable[[random.Random, str, str, str], Recipient]
TYPISTS: list[Typist] = [
    lambda _, first, last, code: Recipient(f"{first} {last}", code, "US"),
    lambda _, first, last, code: Recipient(f"{last.upper()}, {first.upper()}", code, "USA"),
    lambda _, first, last, code: Recipient(f"{first[0]}. {last}", f"{code}-1234", "United States"),
    lambda _, first, last, code: Recipient(f"Acme GmbH c/o {last}", code.lstrip("0"), "us"),
    lambda dice, first, last, code: Recipient(_typo(dice, f"{first} {last}"), code, "US"),
    lambda dice, first, last, code: Recipient(f"{first} {last}", _typo(dice, code), "US"),
    lambda _, first, last, code: Recipient(f"{first} {last}-Jones", "", "US"),
    lambda _, first, last, code: Recipient("Front desk", code, "U.S."),
    lambda dice, first, last, code: Recipient(f"{first} {last}", f"{dice.randrange(10**5):05}", ""),
]


def _typo(dice: random.Random, text: str) -> str:
    at = dice.randrange(1, len(text) - 1)
    return dice.choice([text[:at] + text[at + 1 :], text[:at] + text[at] * 2 + text[at + 1 :]])


def test_few_good_parcels_are_held_and_most_wrong_ones() -> None:
    """Ten thousand recipients as people type them, and as many orders of strangers: at most one in
    a thousand of the first differs, and three in four of the second do: others share a name.
    """
    dice = random.Random(1)
    people = [
        (dice.choice(FIRST.split()), dice.choice(LAST.split()), f"{dice.randrange(10**5):05}")
        for _ in range(10_000)
    ]
    orders = [Recipient(f"{first} {last}", code, "US") for first, last, code in people]
    files = [dice.choice(TYPISTS)(dice, *person) for person in people]
    good = sum(bool(difference(f, o, NOBODY)) for f, o in zip(files, orders, strict=True))
    moved = [*files[1:], files[0]]
    wrong = sum(bool(difference(f, o, NOBODY)) for f, o in zip(moved, orders, strict=True))
    compared = sum(bool(file.postcode) for file in moved)
    assert good <= 10
    assert wrong >= 0.75 * compared
