"""What a tracking number says of its carrier: alone, and beside the one that is named."""

import re
from collections import Counter
from collections.abc import Sequence

from batch.loader.cells.carrier_codes import Carrier, Code, code_of, key_of, numbering
from batch.loader.cells.check_digits import DHL_PAKET, S10, compact, readings
from batch.primitives.spelling import fold_case

DHL = "DHL"
"""A brand of several companies, named alone."""

PARTNERS_OF_USPS = frozenset({"ups", "fedex", "ontrac", "lasership"})
HANDED_TO_USPS = (
    "surepost",
    "groundsaver",
    "smartpost",
    "groundeconomy",
    "mailinnovations",
    "economy",
    "mail",
)

COMPANIES_OF_DHL = (
    (DHL_PAKET, "dhl-germany"),
    (re.compile(r"[A-Z]{2}\d{9}DE"), "dhl-germany"),
    (re.compile(r"(?:420\d{5}(?:\d{4})?)?9[23]\d{20}|GM\d{10,30}"), "dhl-global-mail"),
)
"""Shapes that a number of DHL Express, of ten digits, never has."""


def guess(tracking_number: str) -> Carrier | None:
    """The one carrier a number can be of; for cells without a carrier, not against a named one."""
    found = readings(tracking_number)
    if len(found) != 1 or not found[0].certain:
        return None
    return code_of(found[0].slug).carrier()


def likely_carriers(numbers: Sequence[str]) -> tuple[Code, ...]:
    """Carriers whose rule most of the numbers keep, as one in ten may by chance."""
    counts = Counter(reading.slug for number in numbers for reading in readings(number))
    return tuple(code_of(slug) for slug, count in counts.most_common() if 2 * count > len(numbers))


def company_of_dhl(named: Carrier, number: str) -> Carrier | None:
    """Which DHL it is by its number, where the file says `DHL` alone, which by habit is Express, or
    `Deutsche Post`.
    """
    if named.name != DHL and named.family != "deutsch-post":
        return None
    slugs = (slug for shape, slug in COMPANIES_OF_DHL if shape.fullmatch(compact(number)))
    return next((Code(slug=slug).carrier() for slug in slugs), None)


def other_owner(named: Carrier, tracking_number: str) -> str:
    """Whose the number surely is, where the named carrier has no such numbers; empty where it may.

    A plain run of digits is never surely anybody's: one in ten passes a check by chance. Silent on
    carriers that hand parcels to others or take theirs: SurePost, SmartPost, DHL eCommerce and the
    consolidators end with USPS, and the file's number may be either's.
    """
    brand = named.family.partition("-")[0]
    owners = [reading.slug for reading in readings(tracking_number) if reading.certain]
    numbers = numbering().get(named.family, "")
    if not owners or not numbers or named.family in owners:
        return ""
    if brand != fold_case(DHL) and any(slug.partition("-")[0] == brand for slug in owners):
        return ""
    if numbers == "post" and S10.fullmatch(compact(tracking_number)):
        return ""
    if (
        named.family in PARTNERS_OF_USPS
        and "usps" in owners
        and not _own_usps_number(named, tracking_number)
    ):
        return ""
    return " or ".join(sorted(code_of(slug).name for slug in owners))


def _own_usps_number(named: Carrier, tracking_number: str) -> bool:
    """Whether the number is USPS's own (94, 95), and the service does not merely end with USPS."""
    service = key_of(named.method)
    handed_over = any(word in service for word in HANDED_TO_USPS)
    return (
        bool(re.search(r"^(420\d{5}(\d{4})?)?9[45]", compact(tracking_number))) and not handed_over
    )
