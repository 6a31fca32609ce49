"""The columns as given to the fields, reviewed: what is missing or at odds with its values is asked
about.
"""

from batch.errors import ColumnError
from batch.loader.columns import value_shapes
from batch.loader.columns.assignment import (
    LINE_FIELDS,
    OPTIONAL_FIELDS,
    ORDER_FIELDS,
    Assignment,
    agree,
)
from batch.loader.columns.columns import Column, column_list, column_with_letter
from batch.loader.columns.synonyms import Strength
from batch.model import Field

CHOICES = 3
"""Columns that an error offers at most."""


def review(contest: Assignment) -> None:
    """ColumnError for what would make the shipments wrong; a warning of what may."""
    _whose_numbers(contest)
    _contradictions(contest)
    _order(contest)
    _units_ordered(contest)
    _units_of_what(contest)
    _lines(contest)
    _tracking_number(contest)


def _whose_numbers(contest: Assignment) -> None:
    """A column named for another shop's numbers may hold the store's own: an ERP calls them
    external.
    """
    orders, external = contest.first(Field.ORDER_ID), contest.first(Field.EXTERNAL_ORDER_ID)
    if (
        not external
        or contest.reasons[Field.EXTERNAL_ORDER_ID]
        or not value_shapes.are_store_numbers(external.cells)
    ):
        return
    if not orders:
        contest.warnings.append(
            f"{external.label} is looked up as external_order_id; if it is the store's: "
            f"{contest.options(Field.ORDER_ID, external)}"
        )
    elif (
        not contest.reasons[Field.ORDER_ID]
        and not orders.is_sure
        and not agree(Field.ORDER_ID, [orders, external])
    ):
        raise contest.ambiguous(Field.ORDER_ID, [orders, external])


def _contradictions(contest: Assignment) -> None:
    """Columns whose values are not what their names say, where no other column has the field."""
    for wanted, column in contest.refused.items():
        has_order = wanted in ORDER_FIELDS and contest.has(*ORDER_FIELDS)
        if column not in contest.free() or contest.is_settled(wanted) or has_order:
            continue
        what = (
            f"{column.label} should be {wanted}, but its values are something else"
            f" ({column.example_text})"
        )
        if wanted in OPTIONAL_FIELDS:
            contest.warnings.append(f"{what}; it is not used.")
            continue
        better = [
            other
            for other in contest.free()
            if other is not column and value_shapes.confirms(wanted, other.cells)
        ]
        itself = [column] if wanted in {Field.ORDER_ID, Field.TRACKING_NUMBER} else []
        none = [] if wanted is Field.ORDER_ID else [None]
        options = contest.options(wanted, *better[:CHOICES], *itself, *none)
        raise ColumnError(f"{what}.", f"Say which it is: {options}")


def _order(contest: Assignment) -> None:
    if contest.has(*ORDER_FIELDS):
        return
    if not contest.columns:
        todo = "See whether the right file and sheet were given (--sheet NAME)."
    elif contest.free():
        todo = f"Say which it is, for example {contest.likeliest(Field.ORDER_ID)}"
    else:
        todo = (
            f"Export it with the order's number; if one of these is it all the same, for example "
            f"{contest.likeliest(Field.ORDER_ID)}"
        )
    raise ColumnError(
        "No column is recognised as the order's number. The file has:"
        f" {column_list(contest.columns)}.",
        todo,
    )


def _units_ordered(contest: Assignment) -> None:
    """A column of units that may be those ordered, where none is of those shipped."""
    free = (column for column in contest.free() if column.is_ordered)
    column = next(
        (column for column in free if value_shapes.confirms(Field.QUANTITY, column.cells)), None
    )
    if not column or contest.is_settled(Field.QUANTITY):
        return
    if not contest.has(*LINE_FIELDS):
        contest.warnings.append(
            f"{column.label} is not used: it may be units ordered, not units shipped."
        )
        return
    raise ColumnError(
        f"No column is recognised as the units shipped; {column_with_letter(column)}"
        f" ({column.example_text}) may be units ordered.",
        f"If it is what was shipped: {contest.options(Field.QUANTITY, column)}; "
        f"to ship what remains of each line: {contest.options(Field.QUANTITY, None)}",
    )


def _units_of_what(contest: Assignment) -> None:
    """A column that may say it is asked about; where none may, each order's only line is meant."""
    counted = contest.first(Field.QUANTITY)
    if (
        not counted
        or contest.has(*LINE_FIELDS)
        or Field.SKU in contest.given
        or not counted.examples
    ):
        return
    choices = [] if Field.SKU in contest.left_out else contest.like_skus()[:CHOICES]
    whole = f"to ship all that remains of each order: {contest.options(Field.QUANTITY, None)}"
    if not choices:
        contest.warnings.append(
            f"{counted.label} gives units ({counted.example_text}), but no column says of what:"
            " they ship where the order has one line, else the row is refused. Add the SKU; or"
            f" {whole}"
        )
        return
    if 2 * len(value_shapes.filled_cells(counted.cells)) < len(counted.cells):
        return
    raise ColumnError(
        f"{counted.label} gives units ({counted.example_text}), but no column is recognised as the"
        " SKU.",
        f"Say which column is the SKU: {contest.options(Field.SKU, *choices)}; "
        f"if none is, for orders of one line: {contest.options(Field.SKU, None)}; {whole}",
    )


def _lines(contest: Assignment) -> None:
    """Rows of one parcel that only a column nobody knows tells apart: each is a line, and which is
    not known.
    """
    orders, number = contest.first(*ORDER_FIELDS), contest.first(Field.TRACKING_NUMBER)
    if not orders or {*LINE_FIELDS, Field.QUANTITY} & {
        *contest.taken,
        *contest.left_out,
        *contest.given,
    }:
        return
    labels = number.cells if number else (None,) * len(orders.cells)
    unsaid = [
        column for column in contest.like_skus() if Field.SKU in column.says or not column.is_known
    ]
    found = [
        column
        for column in unsaid
        if value_shapes.tell_lines_apart(orders.cells, labels, column.cells)
    ]
    if found:
        raise ColumnError(
            f"{orders.label} names orders several times, but no column is recognised as the SKU: "
            f"{found[0].label} ({found[0].example_text}) may be it.",
            f"Say which column is the SKU: {contest.options(Field.SKU, *found[:CHOICES])}; "
            f"to ship all that remains of each order: {contest.options(Field.SKU, None)}",
        )


def _tracking_number(contest: Assignment) -> None:
    """A column nobody knows that is full of tracking numbers: without it every parcel would go
    without one.
    """
    number = Field.TRACKING_NUMBER
    if {number, Field.TRACKING_LINK} & {*contest.taken, *contest.left_out, *contest.given}:
        return
    found = [column for column in contest.free() if _may_be_tracking(contest, column)]
    if found:
        raise ColumnError(
            f"No column is recognised as the tracking number, but {column_with_letter(found[0])} "
            f"looks like it ({found[0].example_text}).",
            f"If it is: {contest.options(number, *found[:CHOICES])}; "
            f"to ship without tracking numbers: {contest.options(number, None)}",
        )
    for column in contest.free():
        if column.says.get(number) == Strength.WEAK and column.examples:
            contest.warnings.append(
                f"{column.label} ({column.example_text}) is not read as the tracking number, and no"
                f" other column is; if it is: {contest.options(number, column)}"
            )


def _may_be_tracking(contest: Assignment, column: Column) -> bool:
    """Whether the values are tracking numbers, under a name nobody knows, or one for a number of
    any kind.
    """
    is_reference = (
        column.says.get(Field.ORDER_ID) == Strength.WEAK or Field.TRACKING_NUMBER in column.says
    )
    may_be = is_reference or not (column.is_known or column.is_ordered)
    return may_be and value_shapes.look_like_tracking(contest.distinct_per_order(column))
