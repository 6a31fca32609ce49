"""Carrier words of an export → the API's shipping_provider or tracking_carrier, service words kept.

Words are matched as whole tokens, the longest alias first, so that `ups` is not found in `groups`
and `UPS Mail Innovations` is not UPS. A table row's `match` says where its aliases count: a `brand`
anywhere, a `service` anywhere if no brand speaks, `alone` only as the whole cell.
"""

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from batch.loader.cells.check_digits import DHL_PAKET, UPS, compact, readings
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

OWN_NUMBERS = frozenset(
    {"usps", "ups", "fedex", "dhl", "canada-post", "australia-post", "royal-mail", "purolator"}
    | {"ontrac", "lasership", "dpd-uk", "yodel", "myhermes-uk"}
)
"""Carriers that number every parcel themselves; only with these can a number be called wrong."""

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

SERVICE_WORDS = frozenset(
    {
        "priority",
        "standard",
        "express",
        "economy",
        "ground",
        "overnight",
        "saver",
        "expedited",
        "regular",
        "tracked",
    }
    | {
        "next",
        "second",
        "two",
        "three",
        "day",
        "1day",
        "2day",
        "3day",
        "air",
        "mail",
        "parcel",
        "delivery",
        "shipping",
    }
    | {
        "international",
        "domestic",
        "free",
        "flat",
        "rate",
        "first",
        "class",
        "2nd",
        "signed",
        "untracked",
        "home",
    }
)
"""Words of services that are no carrier's own: if alone in the cell, the number has to tell."""

GLUED = re.compile(
    r"(ups|usps|fedex|fdx|dhl|dpd|gls|tnt)"
    r"(ground|grnd|grd|gnd|freight|express|exp|standard|std|saver|economy|priority|pm|first"
    r"|firstclass|fcm|home|paket|overnight|international|intl|\d?nd?day(?:air)?"
    r"|\d(?:st|nd|rd)?day|nextday|nda|2da|3ds|surepost|smartpost|worldwide)"
)

CUSTOM_PROVIDER = re.compile(r"carrier_[0-9]+")
COMPANIES_OF_DHL = (
    (DHL_PAKET, "dhl-germany"),
    (re.compile(r"(?:420\d{5}(?:\d{4})?)?9[23]\d{20}|GM\d{10,30}"), "dhl-global-mail"),
)
"""Shapes that a number of DHL Express, of ten digits, never has."""
LINK_SUFFIX = re.compile(r"-(api|ftp|sftp|web|webhook|reference)$")
MOST_TOKENS = 7
LONGEST = 120
"""Characters of a carrier's name at most; what is longer is text."""
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

    @property
    def firm(self) -> tuple[str, str, str]:
        """What must be the same for all rows of a parcel: the carrier, not the service."""
        return self.provider, self.slug, "" if self.known else fold_case(self.name)

    @property
    def family(self) -> str:
        """Its AfterShip slug, also where only the provider is sent."""
        return self.slug or SLUGS.get(self.provider, self.provider)


@dataclass(frozen=True, slots=True)
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


_EITHER = re.compile(r"[/&,;+|]| (?:or|and|oder|und|ou|et|o|y|e|of|en|lub|eller) ", re.IGNORECASE)
_NOT = frozenset(["not", "no", "nicht", "kein", "keine", "pas", "non", "geen", "nie"])
SHARED_NAMES: Mapping[str, tuple[str, ...]] = {"hermes": ("Evri", "Hermes Germany")}
"""Names that companies of several countries have, and are not to be guessed from."""


def carrier(text: str, aliases: Mapping[str, str] | None = None) -> Carrier:
    """What the words name; `aliases` (own words → `provider:CODE`, a slug, or empty) come first.

    Never raises: words that nobody knows come back with `known=False`, as the method.
    """
    if len(text) > LONGEST:
        return Carrier("", "", text, known=False, name=text[:LONGEST])
    text = " ".join(text.split())
    words = tokens(text)
    if not words:
        return Carrier("", "", "" if len(text) < 2 else text, known=True, name="")
    own = {_key_of(alias): _code_of(value) for alias, value in (aliases or {}).items()}
    if found := _longest(words, own):
        return _carrier(text, words, *found)
    if code := _exact(text, words):
        exact = _carrier(text, words, "".join(words), code)
        return replace(exact, name=DHL) if words == ["dhl"] else exact
    for match in ("brand", "service"):
        if found := _longest(words, table()[match]):
            return _carrier(text, words, *found, is_service=match == "service")
    if (apart := _split_glued(words)) != words and (found := _longest(apart, table()["brand"])):
        return _carrier(text, words, *found)
    return Carrier("", "", text, known=False, name="" if set(words) <= SERVICE_WORDS else text)


def several_carriers(text: str, aliases: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The carriers of which one is meant, and the words do not say which: `UPS/FedEx`, `DHL or
    GLS`, `not UPS`.

    Empty where they name one, or none that is known.
    """
    if (
        not text
        or len(text) > LONGEST
        or _key_of(text) in {_key_of(alias) for alias in aliases or {}}
    ):
        return ()
    if common := SHARED_NAMES.get(_key_of(text)):
        return common
    text = " ".join(text.split())
    first, _, rest = text.partition(" ")
    if rest and fold_case(first) in _NOT:
        return (rest,)
    parts = [part for part in _EITHER.split(text) if part.strip()]
    if len(parts) < 2:
        return ()
    known = {
        part.strip(): found for part in parts if (found := carrier(part)).provider or found.slug
    }
    families = {found.family for found in known.values()}
    return tuple(known) if len(families) > 1 and len(known) == len(parts) else ()


def with_service(named: Carrier, text: str, service: str) -> Carrier:
    """The company that owns the service, where a brand has several: DHL and `Paket`.

    `text` is the carrier's cell: only one with the brand's name and nothing more is refined.
    """
    brand = _key_of(text)
    if table()["brand"].get(brand) != Code(named.provider, named.slug):
        return named
    known = {
        key: code
        for key, code in table()["brand"].items()
        if key.startswith(brand) and key != brand
    }
    found = _longest([brand, *tokens(service)], known)
    return found[1].carrier(service) if found else named


def _code_of(value: str) -> Code:
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
        else table()["brand"].get(_key_of(value), Code(slug=value))
    )


def _carrier(
    text: str, words: list[str], key: str, code: Code, *, is_service: bool = False
) -> Carrier:
    only_name = code != Code() and key == "".join(words) and not is_service
    return replace(code.carrier("" if only_name else text), name=code.name or text)


def _exact(text: str, words: list[str]) -> Code | None:
    """The whole cell as a value of the API, an alias, or a name of AfterShip's."""
    value, key = fold_case(text), "".join(words)
    if value in PROVIDERS or CUSTOM_PROVIDER.fullmatch(value):
        return Code(provider=value)
    for match in ("brand", "alone"):
        if key in table()[match]:
            return table()[match][key]
    return _code_of(value) if value in names() else display_names().get(key)


def _split_glued(words: list[str]) -> list[str]:
    """Codes that glue a brand to its service, as ERPs write them, cut: `UPSGROUND`, `FEDEX2DAY`."""
    cuts = (GLUED.fullmatch(word) for word in words)
    return [
        part
        for word, cut in zip(words, cuts, strict=True)
        for part in (cut.groups() if cut else (word,))
    ]


def _longest(words: list[str], known: Mapping[str, Code]) -> tuple[str, Code] | None:
    """The longest alias that is a run of whole tokens."""
    runs = (
        "".join(words[start:end])
        for start in range(len(words))
        for end in range(start + 1, min(len(words), start + MOST_TOKENS) + 1)
    )
    key = max((run for run in runs if run in known), key=len, default=None)
    return None if key is None else (key, known[key])


def tokens(text: str) -> list[str]:
    """Runs of letters and digits in any script, lower-case, no accents or ®; `²` is no `2`."""
    plain = unicode_form("NFD", fold_case(narrow(text.translate(SIGNS))))
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return re.findall(r"[^\W_]+", plain)


def _key_of(text: str) -> str:
    """The tokens in one: what a name is looked up by."""
    return "".join(tokens(text))


def guess(tracking_number: str) -> Carrier | None:
    """The one carrier a number can be of; for cells without a carrier, not against a named one."""
    found = readings(tracking_number)
    if len(found) != 1 or not found[0].certain:
        return None
    return _code_of(found[0].slug).carrier()


def company_of_dhl(number: str) -> Carrier | None:
    """Which DHL it is by its number, where the file says `DHL` alone, which by habit is Express."""
    slugs = (slug for shape, slug in COMPANIES_OF_DHL if shape.fullmatch(compact(number)))
    return next((Code(slug=slug).carrier() for slug in slugs), None)


def disagreement(named: Carrier, tracking_number: str) -> str | None:
    """A warning where the number is surely another carrier's, which the named one cannot use.

    Silent on carriers that hand parcels to others or take theirs: SurePost, SmartPost, DHL
    eCommerce and the consolidators end with USPS, and the file's number may be either's.
    """
    if named.family not in OWN_NUMBERS or (
        named.family == "ups" and UPS.fullmatch(tracking_number)
    ):
        return None
    found = readings(tracking_number)
    owners = {reading.slug for reading in found}
    if not owners or named.family in owners:
        return None
    certain = [reading.slug for reading in found if reading.certain]
    if not certain and not (named.family == "usps" and owners == {"fedex"}):
        return None
    if (
        named.family in PARTNERS_OF_USPS
        and "usps" in owners
        and not _own_usps_number(named, tracking_number)
    ):
        return None
    whose = " or ".join(_code_of(slug).name for slug in sorted(owners))
    return (
        f"the carrier is {named.name}, but the number {tracking_number} is one of {whose} "
        "(shape and check digit fit): the tracking link may not work; see which of the two is wrong"
    )


def _own_usps_number(named: Carrier, tracking_number: str) -> bool:
    """Whether the number is USPS's own (94, 95), and the service does not merely end with USPS."""
    service = _key_of(named.method)
    handed_over = any(word in service for word in HANDED_TO_USPS)
    return (
        bool(re.search(r"^(420\d{5}(\d{4})?)?9[45]", compact(tracking_number))) and not handed_over
    )


@cache
def table() -> dict[str, dict[str, Code]]:
    """The package's alias table: match → joined tokens → code."""
    found: dict[str, dict[str, Code]] = {"brand": {}, "service": {}, "alone": {}}
    for row in _rows("carriers.csv"):
        for alias in row["aliases"].split("|"):
            found[row["match"]][_key_of(alias)] = Code(row["provider"], row["slug"])
    return found


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
    return {_key_of(names()[slug]): _code_of(slug) for slug in slugs}


def _rows(name: str) -> Iterator[dict[str, str]]:
    with files("batch.loader.cells").joinpath(name).open(encoding="utf-8") as lines:
        yield from csv.DictReader(lines)
