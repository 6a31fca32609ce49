"""SKUs that stand for others: a warehouse's kit and the store's parts, or the other way round.

Written `2 CUP + SAUCER`: counts before the SKUs, a plus between them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_PLUS = re.compile(r"\s\+\s")
_COUNTED = re.compile(r"(\d{1,4})\s*[x×]?\s+(\S.*)")

Parts = tuple[tuple[str, int], ...]
"""SKU and units, in the order as written."""


@dataclass(frozen=True, slots=True)
class Kit:
    """Parts that the warehouse packs for one line of the store's."""

    sku: str
    parts: Parts

    @property
    def text(self) -> str:
        return " + ".join(f"{units} {sku}" for sku, units in self.parts)


def parts_of(text: str) -> Parts:
    """The SKUs that a text names, each with its units: one, where it says no number."""
    found: list[tuple[str, int]] = []
    for part in _PLUS.split(text.strip()):
        counted = _COUNTED.fullmatch(part.strip())
        found.append((counted[2], int(counted[1])) if counted else (part.strip(), 1))
    return tuple(found)


def is_several(text: str) -> bool:
    """Whether a text names several SKUs, or several units of one."""
    return len(parts_of(text)) > 1 or parts_of(text)[0][1] > 1


def kits_of(skus: Mapping[str, str]) -> tuple[Kit, ...]:
    """The kits in a source's table of SKUs: entries with several before the equals sign."""
    return tuple(Kit(ours, parts_of(theirs)) for theirs, ours in skus.items() if is_several(theirs))
