"""What a quantity counts: each, dozen, case, or a weight that is no count at all. Pure."""

import csv
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from batch.loader.cells.normalise import normalise

EACH = 1
MEASURE = 0
"""The factor of a unit that weighs or measures: it says nothing about a quantity."""

LONGEST = 12
"""Letters of a unit at most; what is longer is a number of another kind."""

_WITH_UNIT = re.compile(
    r"([+-]?\d++(?:[.,]\d*+)?)\s*+[x×*]?\s*+([^\W\d_]{1,12}+\.?(?:\s?\d{1,4})?)"
)
_SIZED = re.compile(
    r"[^\W\d_]{1,8}\.?\s*+(?:of|/|à)?\s*+(\d{1,4})|(\d{1,4})\s*+/?\s*+[^\W\d_]{1,8}",
    re.IGNORECASE,
)


def unit_factor(word: str) -> int | None:
    """Single units in one of these; MEASURE for a weight or a length, None where the word does not
    tell.
    """
    key = normalise(word)
    return _factors().get(key) if key else EACH


def likely_factor(word: str) -> int | None:
    """The number that a unit has in its name: 12 for `BX12`."""
    found = _SIZED.fullmatch(word.strip())
    return int(found[1] or found[2]) if found else None


def split_units(text: str) -> tuple[str, str]:
    """A quantity and its unit: `2 EA`; an empty one where there is none. `²` is no unit."""
    found = _WITH_UNIT.fullmatch(text.strip())
    is_unit = found and found[2][0].isalpha() and len(found[2]) <= LONGEST
    return (found[1], found[2]) if found and is_unit else (text, "")


@cache
def _factors() -> Mapping[str, int]:
    with files("batch.loader.cells").joinpath("units.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    return {normalise(word): int(row["factor"]) for row in rows for word in row["words"].split("|")}
