"""What the API calls a carrier, and the tables of its names: `carriers.csv`, and AfterShip's."""

import csv
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from batch.loader.files.tables import unicode_form
from batch.primitives.spelling import fold_case, narrow

PROVIDERS = {
    "usps": "USPS",
    "ups": "UPS",
    "upsready": "UPS Ready",
    "upsonline": "UPS OnLine",
    "fedex": "FedEx",
    "royalmail": "Royal Mail",
    "canadapost": "Canada Post",
    "auspost": "Australia Post",
    "endicia": "Endicia",
    "shipperhq": "ShipperHQ",
}
"""The API's values of shipping_provider, with names to show (docs: openapi_orders_v2)."""

NATIVE = {"australia-post": "auspost", "canada-post": "canadapost", "royal-mail": "royalmail"} | {
    code: code for code in ("usps", "ups", "fedex")
}
"""AfterShip slug → the provider that makes the link by itself."""

SLUGS = {code: slug for slug, code in NATIVE.items()}
"""And back."""

CUSTOM_PROVIDER = re.compile(r"carrier_[0-9]+")
LINK_SUFFIX = re.compile(r"-(api|ftp|sftp|web|webhook|reference)$")
SIGNS = str.maketrans({"®": " ", "™": " ", "+": " plus "})


@dataclass(frozen=True, slots=True)
class Carrier:
    """What a carrier cell means to the API."""

    provider: str
    """shipping_provider, or empty."""
    slug: str
    """tracking_carrier, or empty: a native provider makes the link alone."""
    method: str
    """The cell's own words for shipping_method; empty where it held only the carrier's name."""
    known: bool
    """Whether the words were understood; "Will Call" is, and makes no link."""
    name: str
    """To show to a person; empty where only a service is named."""
    by_number: bool = False
    """Whether the number's own carrier is the parcel's, where it tells one."""

    @property
    def firm(self) -> tuple[str, str, str]:
        """What must be the same for all rows of a parcel: the carrier, not the service."""
        return self.provider, self.slug, "" if self.known else fold_case(self.name)

    @property
    def family(self) -> str:
        """Its AfterShip slug, also where only the provider is sent."""
        return self.slug or SLUGS.get(self.provider, self.provider)


@dataclass(frozen=True, slots=True, order=True)
class Code:
    """A carrier as the API names it: one of the two is set, or none for what is no parcel."""

    provider: str = ""
    slug: str = ""

    @property
    def name(self) -> str:
        return PROVIDERS.get(self.provider) or names().get(self.slug) or self.provider or self.slug

    def carrier(self, method: str = "") -> Carrier:
        """Understood, and with these words for the service."""
        return Carrier(self.provider, self.slug, method, known=True, name=self.name)


def code_of(value: str) -> Code:
    """`provider:carrier_12`, a provider's code or a slug; natives become providers, empty none."""
    value = value.strip()
    if fold_case(value).startswith("provider:"):
        return Code(provider=value[len("provider:") :].strip())
    value = fold_case(value)
    if value in PROVIDERS or CUSTOM_PROVIDER.fullmatch(value):
        return Code(provider=value)
    if value in NATIVE:
        return Code(provider=NATIVE[value])
    return (
        Code(slug=value)
        if value in names()
        else table()["brand"].get(key_of(value), Code(slug=value))
    )


def tokens(text: str) -> list[str]:
    """Runs of letters and digits in any script, lower-case, no accents or ®; `²` is no `2`."""
    plain = unicode_form("NFD", fold_case(narrow(text.translate(SIGNS))))
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return re.findall(r"[^\W_]+", plain)


def key_of(text: str) -> str:
    """The tokens in one: what a name is looked up by."""
    return "".join(tokens(text))


@cache
def table() -> dict[str, dict[str, Code]]:
    """The package's alias table: match → joined tokens → code."""
    found: dict[str, dict[str, Code]] = {
        "brand": {},
        "service": {},
        "platform": {},
        "alone": {},
    }
    for row in _rows("carriers.csv"):
        for alias in row["aliases"].split("|"):
            found[row["match"]][key_of(alias)] = Code(row["provider"], row["slug"])
    return found


@cache
def numbering() -> dict[str, str]:
    """Slug of a carrier that numbers every parcel itself → `own`, or `post` where it takes numbers
    of the postal standard S10, whoever gave them out; all others may have a partner's.
    """
    rows = (row for row in _rows("carriers.csv") if row["numbers"])
    return {row["slug"] or SLUGS[row["provider"]]: row["numbers"] for row in rows}


@cache
def brands() -> tuple[str, ...]:
    """The carriers' names as people write them, to choose from; the first spelling of each."""
    return tuple(
        dict.fromkeys(
            row["aliases"].split("|")[0] for row in _rows("carriers.csv") if row["match"] == "brand"
        )
    )


@cache
def names() -> dict[str, str]:
    """Each slug that BigCommerce (2022-12) or AfterShip (2024-10) listed → its name."""
    return {row["slug"]: row["name"] for row in _rows("tracking_carriers.csv")}


@cache
def display_names() -> dict[str, Code]:
    """AfterShip's names → code; of slugs with one name, the one without a connection's suffix."""
    slugs = sorted(
        names(), key=lambda slug: (bool(LINK_SUFFIX.search(slug)), len(slug)), reverse=True
    )
    return {key_of(names()[slug]): code_of(slug) for slug in slugs}


def _rows(name: str) -> Iterator[dict[str, str]]:
    with files("batch.loader.cells").joinpath(name).open(encoding="utf-8") as lines:
        yield from csv.DictReader(lines)
