"""Which field a column's header may name: the package's table of headers, in many languages.

`headers.csv` gives each header a strength: `sure` beats `strong`; `weak` counts only where no other column
speaks and the values fit; `ordered` is the trap of units ordered; `known` is understood and not ours.
"""

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from batch.model import Field

SHORTEST_PART = 7
"""Letters a header must have to be looked for inside longer ones: `carrier`, `orderno`."""

OTHER_MEANING = frozenset(
    {"return", "returns", "returned", "rma", "original", "parent", "old", "previous", "related", "internal"}
    | {"status", "state", "date", "type", "time", "count", "total", "email", "phone", "address"}
    | {"requested", "ordered", "remaining", "cancelled", "canceled", "refunded", "available", "warehouse", "from"}
)
"""Words that make another thing of a header they stand in: `Return Tracking Number`."""


COUNTED = "package|parcel|box|carton|shipment|label|item|product|line"
"""What a number may stand behind at the start of a header: `Package 2 Tracking`."""


class Strength(IntEnum):
    """How much a header's name is worth."""

    PART = 1
    """A known header within a longer one: `Outbound Parcel Tracking Number`."""
    WEAK = 2
    STRONG = 3
    SURE = 4


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the table says of one header."""

    fields: Mapping[Field, Strength]
    ordered: bool = False
    """Units ordered, which are never units shipped."""
    known: bool = False
    """Understood, whether it is one of ours or not."""


UNKNOWN = Meaning(MappingProxyType({}))


def normalise(text: str) -> str:
    """Lower-case, without accents, and only letters and digits, of any script; idempotent."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(char for char in plain if char.isalnum())


def meaning(header: str) -> Meaning:
    """What a header may mean: as a whole, in one of two languages, or by a part of its name."""
    if whole := table().get(normalise(header)):
        return whole
    sides = [side for side in re.split(r"[/|()\[\]:\n]", header) if normalise(side)]
    return _in_common([table().get(normalise(side), UNKNOWN) for side in sides], header) or _by_part(header)


def _in_common(sides: list[Meaning], header: str) -> Meaning | None:
    """What the sides of a header agree on; a side that is not known lets only strong names through."""
    named = [side for side in sides if side.known]
    if not named or (len(named) < len(sides) and OTHER_MEANING & set(_words(header))):
        return None
    least = Strength.WEAK if len(named) == len(sides) else Strength.STRONG
    shared = set.intersection(*(set(side.fields) for side in named))
    worth = {field: max(side.fields[field] for side in named) for field in shared}
    fields = {field: strength for field, strength in worth.items() if strength >= least}
    ordered = all(side.ordered for side in named)
    return Meaning(MappingProxyType(fields), ordered, known=True) if fields or ordered else None


def is_numbered(header: str) -> bool:
    """Whether it is one of several alike: `Tracking Number 2`, `Package 3 Tracking`."""
    return _without_number(header) is not None


def numbered_meaning(header: str) -> Meaning:
    """The meaning of a numbered header without its number."""
    plain = _without_number(header)
    return UNKNOWN if plain is None else table().get(plain, UNKNOWN)


def _without_number(header: str) -> str | None:
    key = normalise(header)
    found = re.fullmatch(r"(.*\D)\d{1,2}", key) or re.fullmatch(rf"(?:{COUNTED})\d{{1,2}}(\D.*)", key)
    return found[1] if found else None


def _by_part(header: str) -> Meaning:
    words = _words(header)
    if OTHER_MEANING & set(words):
        return UNKNOWN
    runs = ("".join(words[start:end]) for start in range(len(words)) for end in range(start + 1, len(words) + 1))
    parts = [table()[run] for run in runs if len(run) >= SHORTEST_PART and run in table()]
    fields = {field for part in parts for field, strength in part.fields.items() if strength >= Strength.STRONG}
    return Meaning(MappingProxyType(dict.fromkeys(fields, Strength.PART)), ordered=any(part.ordered for part in parts))


def _words(header: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header)
    return [normalise(word) for word in re.findall(r"[^\W_]+", spaced)]


@cache
def table() -> Mapping[str, Meaning]:
    """Normalised header → meaning."""
    fields: dict[str, dict[Field, Strength]] = {}
    ordered: set[str] = set()
    for field, strength, header in entries():
        key = normalise(header)
        known = fields.setdefault(key, {})
        if strength == "ordered":
            ordered.add(key)
        elif field:
            known[Field(field)] = max(known.get(Field(field), Strength.PART), Strength[strength.upper()])
    return {key: Meaning(MappingProxyType(known), key in ordered, known=True) for key, known in fields.items()}


def entries() -> Iterator[tuple[str, str, str]]:
    """Field (empty where it is none of ours), strength and header, as the table has them."""
    with files("batch.loader").joinpath("headers.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            for header in row["headers"].split("|"):
                yield row["field"], row["strength"], header
