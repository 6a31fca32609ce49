"""The account of a table: every column in exactly one state, with samples, the reason and what else
it could be.
"""

from collections.abc import Iterator

from batch.loader.columns import value_shapes
from batch.loader.columns.assignment import Assignment
from batch.loader.columns.columns import Column
from batch.loader.columns.witnesses import says_stop
from batch.model import SPEAKING, ColumnReading, ColumnState, Field

MOST_NAMED = 8
"""Columns that one line names."""
MOST_OFFERED = 200
"""Columns of a table that are offered other fields: an option looks at all columns to name one."""


def account(contest: Assignment) -> tuple[ColumnReading, ...]:
    """Every column that has a header or a value."""
    fields = {column.index: Field.KIND for column in contest.kinds}
    fields |= {column.index: wanted for wanted, found in contest.taken.items() for column in found}
    return tuple(_reading(contest, column, fields.get(column.index)) for column in contest.columns)


def _reading(contest: Assignment, column: Column, wanted: Field | None) -> ColumnReading:
    state, reason = _state(contest, column, wanted)
    fields = column.says if len(contest.columns) <= MOST_OFFERED else ()
    others = tuple(contest.options(field, column) for field in fields if field is not wanted)
    return ColumnReading(column.letter, column.name, state, wanted, column.examples, reason, others)


def _state(contest: Assignment, column: Column, wanted: Field | None) -> tuple[ColumnState, str]:
    if wanted is Field.KIND and not says_stop(column):
        wanted = None
    if wanted:
        state = ColumnState.SPEAKS if wanted in SPEAKING else ColumnState.USED
        return state, contest.reasons.get(wanted) or "by its name"
    if not column.examples:
        return ColumnState.KNOWN, "it is blank"
    if column.is_known or column.is_harmless:
        return ColumnState.KNOWN, "by its name"
    if value_shapes.are_harmless(column.cells):
        return ColumnState.KNOWN, "by its values"
    return ColumnState.NOT_UNDERSTOOD, "neither its name nor its values are known"


def not_understood(columns: tuple[ColumnReading, ...]) -> Iterator[str]:
    """One line that names what is left."""
    left = [
        column.header or f"column {column.letter}"
        for column in columns
        if column.state is ColumnState.NOT_UNDERSTOOD
    ]
    if left:
        more = f" and {len(left) - MOST_NAMED} more" if len(left) > MOST_NAMED else ""
        named = ", ".join(f"`{name}`" for name in left[:MOST_NAMED])
        yield f"not understood, and not used: {named}{more}"
