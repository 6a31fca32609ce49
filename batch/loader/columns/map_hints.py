"""What to say where no row is known as a header: the `--map` line for this very table, by its
values.
"""

from collections.abc import Callable, Collection, Sequence
from functools import partial

from batch.loader.columns import value_shapes
from batch.loader.columns.columns import Column, columns_of, map_option
from batch.loader.columns.complete_answer import complete_todo
from batch.loader.columns.headers import headerless, recognise
from batch.loader.files.tables import Cell, words
from batch.model import Field

_LOOKS: dict[Field, Callable[[Sequence[Cell]], bool]] = {
    Field.TRACKING_NUMBER: value_shapes.look_like_tracking,
    Field.CARRIER: partial(value_shapes.confirms, Field.CARRIER),
    Field.SKU: value_shapes.are_codes,
    Field.QUANTITY: value_shapes.are_few,
}
"""Fields that a table without a header is searched for, in this order."""


def how_to_name(rows: Sequence[Sequence[Cell]], constants: Collection[Field]) -> str:
    """By the text of what may be a header after all, and by place for a table that has none."""
    first = next(at for at, row in enumerate(rows) if any(map(words, row)))
    columns = columns_of([""] * max(map(len, rows)), rows[first:], ())
    if not columns:
        return "Export it again, with a row of headers and the rows below it."
    names, below = list(map(words, rows[first])), rows[first + 1 :]
    named = columns_of(names, below, ())
    if not (_order(columns) or _order(named)):
        return "No column has order numbers: export it again, with them and with a row of headers."
    by_place = (
        "say where each column is; by its values that is"
        f" {_by_place(columns, rows[first:], constants)}"
    )
    if (
        not below
        or not _order(named)
        or not all(isinstance(cell, str) and _is_name(cell) for cell in rows[first] if words(cell))
    ):
        return f"If it has none, {by_place}"
    by_name, _ = complete_todo(
        map_option(Field.ORDER_ID, _order(named), named),
        lambda said: recognise(names, below, mapping=said, constants=constants),
        {},
    )
    return f"Name the columns by their headers, for example {by_name}; if there is none, {by_place}"


def _is_name(text: str) -> bool:
    return len(text.strip()) > 1 and not text.strip().isdecimal()


def _by_place(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]], constants: Collection[Field]
) -> str:
    found = {Field.ORDER_ID: _order(columns) or columns[0]}
    for wanted, look in _LOOKS.items():
        left = (column for column in columns if column not in found.values())
        if column := next((column for column in left if look(column.cells)), None):
            found[wanted] = column
    if not {Field.SKU, Field.QUANTITY} <= found.keys():
        found.pop(Field.QUANTITY, None)
    options = " ".join(map_option(wanted, column, columns) for wanted, column in found.items())
    return complete_todo(options, lambda said: headerless(said, rows, constants), {})[0]


def _order(columns: Sequence[Column]) -> Column | None:
    """The column whose values look most like a store's order numbers; None where no column's do."""
    likely = [
        column
        for column in columns
        if value_shapes.confirms(Field.ORDER_ID, column.cells)
        and not value_shapes.are_long_numbers(column.cells)
    ]
    own = [column for column in likely if value_shapes.are_store_numbers(column.cells)]
    return next(iter(own or likely), None)
