"""Which field a column's header may name: the package's table of headers, in many languages.

`headers.csv` gives each header a strength: `sure` beats `strong`; `weak` counts only where no other
column speaks and the values fit; `hint` only where a field is wanted and the values show it;
`ordered` is the trap of units ordered, `done` what has been picked, packed or sent; `paper` numbers
another paper, such as an invoice; `known` is understood and not ours, and so is a header with a
`part` word in it.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType

from batch.loader.cells.normalise import normalise
from batch.model import Field

SHORTEST_PART = 7
"""Letters a header must have to be looked for inside longer ones: `carrier`, `orderno`."""

SHORT_PARTS = frozenset({"sku", "void", "voided"})
"""Shorter ones that are looked for all the same."""

WHOLE_ONLY = frozenset({Field.QUANTITY, Field.STATUS})
"""Fields that a part of a name does not tell."""

OTHER_MEANING = frozenset(
    {
        "return",
        "returns",
        "returned",
        "rma",
        "original",
        "parent",
        "old",
        "previous",
        "related",
        "internal",
    }
    | {"status", "state", "date", "type", "time", "count", "total", "email", "phone", "address"}
    | {
        "requested",
        "ordered",
        "remaining",
        "cancelled",
        "canceled",
        "refunded",
        "available",
        "warehouse",
        "from",
    }
)
"""Words that make another thing of a header they stand in: `Return Tracking Number`."""


MOST_WORDS = 8
"""Words of a header within a longer one, less than that."""

LONGEST = 160
"""Characters of a header at most; what is longer is text."""

_REMARKS = re.compile(
    r"[(\[]\s*(?:required|optional|mandatory|if (?:any|known|applicable)"
    r"|pflicht\w*|obligatoire|obligatorio|必須|任意)"
    r"[^)\]]{0,80}+[)\]]",
    re.IGNORECASE,
)
"""What a template says of a column beside its name."""

COUNTED = "package|parcel|box|carton|shipment|label|item|product|line"
"""What a number may stand behind at the start of a header: `Package 2 Tracking`."""


class Strength(IntEnum):
    """How much a header's name is worth."""

    HINT = 0
    """Mostly another thing: `Reference` for the SKU. Counts only where one is wanted and the values
    show it.
    """
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
    """Units, but ordered or of unknown kind: not units shipped without a person's word."""
    known: bool = False
    """Understood, whether it is one of ours or not."""
    done: bool = False
    """Units that have been picked, packed or sent, whatever was ordered."""
    paper: bool = False
    """The number of an invoice, a customer or another paper, at first sight no order's."""


UNKNOWN = Meaning(MappingProxyType({}))
OTHER = Meaning(MappingProxyType({}), known=True)
"""What resembles one of ours by a part of its name and is another thing."""


@lru_cache(maxsize=4096)
def meaning(header: str) -> Meaning:
    """What a header may mean: as a whole, in one of two languages, or by a part of its name."""
    if len(header) > LONGEST:
        return UNKNOWN
    header = _REMARKS.sub("", header)
    if whole := table().get(normalise(header)):
        return whole
    sides = [side for side in re.split(r"[/|()\[\]:\n]", header) if normalise(side)]
    return _in_common(sides) or _by_last(header) or _by_part(header)


def _in_common(sides: list[str]) -> Meaning | None:
    """What a header's sides agree on; beside one that names no field only strong names count."""
    known = {side: table().get(normalise(side), UNKNOWN) for side in sides}
    named = [said for said in known.values() if said.fields or said.ordered]
    others = [side for side, said in known.items() if not (said.fields or said.ordered)]
    if not named or OTHER_MEANING & {word for side in others for word in header_words(side)}:
        return None
    least = Strength.STRONG if others else Strength.WEAK
    shared = set.intersection(*(set(said.fields) for said in named))
    worth = {field: max(said.fields[field] for said in named) for field in shared}
    fields = {field: strength for field, strength in worth.items() if strength >= least}
    ordered = all(said.ordered for said in named)
    done, paper = any(said.done for said in named), all(said.paper for said in named)
    return (
        Meaning(MappingProxyType(fields), ordered, known=True, done=done, paper=paper)
        if fields or ordered
        else None
    )


def _by_last(header: str) -> Meaning | None:
    """What a path ends with: `Shipment Information_Void Indicator`, `shipments.tracking_number`,
    `Stock/Done`.
    """
    *path, last = re.split(r"[/:>]|\s-\s|(?<=\w)\.(?=\w)" + ("|_" if " " in header else ""), header)
    said = table().get(normalise(last), UNKNOWN)
    fields = {
        field: strength
        for field, strength in said.fields.items()
        if strength >= Strength.WEAK and (strength is Strength.SURE or field is not Field.QUANTITY)
    }
    if (
        not path
        or not fields
        or OTHER_MEANING & {word for part in path for word in header_words(part)}
    ):
        return None
    return Meaning(MappingProxyType(fields), known=True)


def numbered_meaning(header: str) -> Meaning:
    """Of a header that is one of several alike, without its number: `Tracking Number 2`, `Package 3
    Tracking`.
    """
    key = normalise(header)
    found = re.fullmatch(r"(.*\D)\d{1,2}", key) or re.fullmatch(
        rf"(?:{COUNTED})\d{{1,2}}(\D.*)", key
    )
    return table().get(found[1], UNKNOWN) if found else UNKNOWN


def _by_part(header: str) -> Meaning:
    words = header_words(header)
    if _are_units_done(words):
        return Meaning(MappingProxyType({Field.QUANTITY: Strength.WEAK}), known=True, done=True)
    if OTHER_MEANING & set(words):
        return OTHER
    runs = (
        "".join(words[start:end])
        for start in range(len(words))
        for end in range(start + 1, start + MOST_WORDS)
    )
    parts = {run: table()[run] for run in runs if run in table()}
    fields = {
        field
        for run, said in parts.items()
        for field, strength in said.fields.items()
        if strength >= Strength.STRONG
        and (len(run) >= SHORTEST_PART or run in SHORT_PARTS)
        and field not in WHOLE_ONLY
    }
    counts = any(
        said.ordered or said.fields.get(Field.QUANTITY, 0) >= Strength.WEAK
        for said in parts.values()
    )
    return Meaning(MappingProxyType(dict.fromkeys(fields, Strength.PART)), ordered=counts)


def _are_units_done(words: list[str]) -> bool:
    """Whether the words say units, and what was done with them: `Units Scanned`."""
    units = [word for word in words if is_units(word)]
    done = [word for word in words if table().get(word, UNKNOWN).done]
    return bool(units) and bool(done) and len(units) + len(done) == len(words)


def is_units(word: str) -> bool:
    """Whether a normalised word is one for units, as they may stand in a header: `qty`, `Menge`."""
    said = table().get(word, UNKNOWN)
    return said.fields.get(Field.QUANTITY, Strength.HINT) >= Strength.WEAK and not said.done


def is_harmless(header: str) -> bool:
    """Whether a word of the header says that it is a weight, price, name, date or the like."""
    whole = normalise(header)
    return any(word in _parts() for word in header_words(header)) or any(
        len(part) > 1 and not part.isascii() and part in whole for part in _parts()
    )


@cache
def _parts() -> frozenset[str]:
    return frozenset(normalise(header) for _, strength, header in entries() if strength == "part")


def header_words(header: str) -> list[str]:
    """Its words, normalised; `QtyPicked` has two."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header)
    return [normalise(word) for word in re.findall(r"[^\W_]+", spaced)]


@cache
def table() -> Mapping[str, Meaning]:
    """Normalised header → meaning."""
    fields: dict[str, dict[Field, Strength]] = {}
    marked: dict[str, set[str]] = {"ordered": set(), "done": set(), "paper": set()}
    for field, strength, header in entries():
        key = normalise(header)
        if strength == "part":
            continue
        known = fields.setdefault(key, {})
        if strength in marked:
            marked[strength].add(key)
        if strength == "ordered":
            continue
        if field:
            strength = "weak" if strength in marked else strength
            known[Field(field)] = max(
                known.get(Field(field), Strength.HINT), Strength[strength.upper()]
            )
    ordered, done, paper = marked.values()
    return {
        key: Meaning(
            MappingProxyType(known),
            key in ordered,
            known=True,
            done=key in done,
            paper=key in paper,
        )
        for key, known in fields.items()
    }


def entries() -> Iterator[tuple[str, str, str]]:
    """Field (empty where it is none of ours), strength and header, as the table has them."""
    with files("batch.loader.columns").joinpath("headers.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            for header in row["headers"].split("|"):
                yield row["field"], row["strength"], header
