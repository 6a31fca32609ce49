"""Items of a row that stand side by side: `SKU1, QTY1, SKU2, QTY2`, `Item 1 SKU, Item 1 Qty`."""

import re
from collections.abc import Sequence

from batch.loader.cells.normalise import normalise
from batch.loader.columns import value_shapes
from batch.loader.columns.columns import Column
from batch.loader.columns.synonyms import COUNTED, Strength, table
from batch.model import Field

Pair = tuple[Column, Column]
"""An item's SKU and its units."""

_NUMBER = re.compile(r"(?<!\d)\d{1,2}(?!\d)")
_COUNTED = re.compile(rf"({COUNTED}|articles?|artikel|position|pos)s?")


def item_columns(columns: Sequence[Column]) -> list[Pair]:
    """The pairs in their order, where there are several and each SKU has its units; none where a
    unit or a shortage would have to be told apart for each.
    """
    skus, units = _series(columns, Field.SKU), _series(columns, Field.QUANTITY)
    apart = any({Field.UNIT, Field.SHORT} & column.says.keys() for column in columns)
    if apart or len(skus) < 2 or skus.keys() != units.keys():
        return []
    if any(value_shapes.contradicts(Field.QUANTITY, column.cells) for column in units.values()):
        return []
    return [(skus[number], units[number]) for number in sorted(skus)]


def _series(columns: Sequence[Column], wanted: Field) -> dict[int, Column]:
    """Number → the column that has it in its name and says the field most strongly; a bare name is
    the first's.
    """
    found: dict[int, Column] = {}
    worth: dict[int, Strength] = {}
    for column in columns:
        number, stem = _numbered(column.name)
        strength = _strength(stem, wanted)
        if strength >= Strength.WEAK and strength > worth.get(number, Strength.HINT):
            found[number], worth[number] = column, strength
    return found


def _numbered(name: str) -> tuple[int, str]:
    """The only number of a header, and the header without it; 1 where it has none."""
    numbers = _NUMBER.findall(name)
    return (int(numbers[0]), _NUMBER.sub(" ", name)) if len(numbers) == 1 else (1, name)


def _strength(stem: str, wanted: Field) -> Strength:
    """How strongly a name says the field: whole, or behind a word for what is counted."""
    key = normalise(stem)
    keys = (key, _COUNTED.sub("", key, count=1), re.sub(r"^line_?items?|^items?", "", key))
    found = (table()[each].fields.get(wanted) for each in keys if each in table())
    return max((strength for strength in found if strength), default=Strength.HINT)
