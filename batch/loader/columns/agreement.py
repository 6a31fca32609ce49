"""Whether columns that could be one field say the same."""

from collections.abc import Sequence

from batch.loader.cells.carriers import carrier
from batch.loader.cells.normalise import normalise
from batch.loader.columns import value_shapes
from batch.loader.columns.columns import Column
from batch.loader.files.tables import Cell, words
from batch.model import Field
from batch.primitives.spelling import fold_case


def are_numbered(fitting: Sequence[Column]) -> bool:
    """Whether they are `Tracking Number`, `Tracking Number 2`, …, blank in the sample or not."""
    return sum(column.is_numbered for column in fitting) >= len(fitting) - 1


def never_meet(fitting: Sequence[Column]) -> bool:
    """Whether they are never filled in the same row: each holds the numbers of other parcels."""
    rows = zip(*(column.cells for column in fitting), strict=True)
    return all(len(value_shapes.filled_cells(row)) <= 1 for row in rows)


def agree(wanted: Field, fitting: Sequence[Column]) -> bool:
    """Whether the columns say the same in every row where more than one speaks."""
    rows = zip(*(column.cells for column in fitting), strict=True)
    return all(
        len({_comparison_key(wanted, cell) for cell in value_shapes.filled_cells(row)} - {""}) <= 1
        for row in rows
    )


def count_values(wanted: Field, column: Column) -> int:
    """The cells that say something to the field."""
    return sum(
        bool(_comparison_key(wanted, cell)) for cell in value_shapes.filled_cells(column.cells)
    )


def _comparison_key(wanted: Field, cell: Cell) -> str:
    """What a cell says to the field, so that `UPS` and `UPS Ground`, `#1001` and `1001` are one."""
    text = words(cell)
    if wanted is Field.CARRIER:
        found = carrier(text)
        return found.family if found.known else normalise(text)
    return fold_case(text).lstrip("#")
