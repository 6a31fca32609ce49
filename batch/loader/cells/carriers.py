"""Carrier words of an export → the API's shipping_provider or tracking_carrier, service words kept.

Words are matched as whole tokens, the longest alias first, so that `ups` is not found in `groups`
and `UPS Mail Innovations` is not UPS. A table row's `match` says where its aliases count: a `brand`
anywhere, a `service` anywhere if no brand speaks, a `platform`, which sells the labels of others,
anywhere if none of these does, `alone` only as the whole cell.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from batch.loader.cells.carrier_codes import (
    CUSTOM_PROVIDER,
    PROVIDERS,
    Carrier,
    Code,
    code_of,
    display_names,
    key_of,
    names,
    table,
    tokens,
)
from batch.loader.cells.carrier_numbers import DHL
from batch.primitives.spelling import fold_case

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

MOST_TOKENS = 7
LONGEST = 120
"""Characters of a carrier's name at most; what is longer is text."""


_EITHER = re.compile(r"[/&,;+|]| (?:or|and|oder|und|ou|et|o|y|e|of|en|lub|eller) ", re.IGNORECASE)
_NOT = frozenset(["not", "no", "nicht", "kein", "keine", "pas", "non", "geen", "nie"])
SHARED_NAMES: Mapping[str, tuple[str, ...]] = {
    "hermes": ("Evri", "Hermes Germany"),
    "inpost": ("InPost UK", "InPost Paczkomaty"),
    "fastway": ("Fastway AU", "Fastway NZ", "Fastway Ireland"),
}
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
    own = {key_of(alias): code_of(value) for alias, value in (aliases or {}).items()}
    if found := _longest(words, own):
        return _carrier(text, words, *found)
    if platform := table()["platform"].get("".join(words)):
        return _carrier(text, words, "".join(words), platform, match="platform")
    if code := _exact(text, words):
        exact = _carrier(text, words, "".join(words), code)
        return replace(exact, name=DHL) if words == ["dhl"] else exact
    for match in ("brand", "service", "platform"):
        if found := _longest(words, table()[match]):
            return _carrier(text, words, *found, match=match)
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
        or key_of(text) in {key_of(alias) for alias in aliases or {}}
    ):
        return ()
    if common := SHARED_NAMES.get(key_of(text)):
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
    brand = key_of(text)
    if table()["brand"].get(brand) != Code(named.provider, named.slug):
        return named
    known = {
        key: code
        for key, code in table()["brand"].items()
        if key.startswith(brand) and key != brand
    }
    found = _longest([brand, *tokens(service)], known)
    return found[1].carrier(service) if found else named


def _carrier(text: str, words: list[str], key: str, code: Code, *, match: str = "brand") -> Carrier:
    only_name = code != Code() and key == "".join(words) and match != "service"
    named = replace(code.carrier("" if only_name else text), name=code.name or text)
    return _platform(named, text) if match == "platform" else named


def _platform(fallback: Carrier, text: str) -> Carrier:
    """The number's carrier comes first; where that does not speak, the platform's own, if any."""
    is_known = bool(fallback.provider or fallback.slug)
    return replace(fallback, known=is_known, name=text, by_number=True)


def _exact(text: str, words: list[str]) -> Code | None:
    """The whole cell as a value of the API, an alias, or a name of AfterShip's."""
    value, key = fold_case(text), "".join(words)
    if value in PROVIDERS or CUSTOM_PROVIDER.fullmatch(value):
        return Code(provider=value)
    for match in ("brand", "alone"):
        if key in table()[match]:
            return table()[match][key]
    return code_of(value) if value in names() else display_names().get(key)


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
