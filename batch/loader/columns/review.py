"""The columns as given to the fields, reviewed: what is missing or at odds with its values is asked
about.
"""

from dataclasses import replace

from batch.errors import ColumnError
from batch.loader.columns import value_shapes
from batch.loader.columns.agreement import agree
from batch.loader.columns.assignment import (
    LINE_FIELDS,
    ORDER_FIELDS,
    Assignment,
)
from batch.loader.columns.columns import Column, column_list, column_with_letter
from batch.loader.columns.synonyms import Strength
from batch.loader.files.tables import words
from batch.model import Field, Unanswered
from batch.model.fields import OPTIONAL_FIELDS

CHOICES = 3
"""Columns that an error offers at most."""


def review(contest: Assignment) -> None:
    """ColumnError for what would make the shipments wrong; a warning of what may."""
    _whose_numbers(contest)
    _contradictions(contest)
    _order(contest)
    _other_papers(contest)
    _two_orders(contest)
    _units_ordered(contest)
    _units_unread(contest)
    _units_beside(contest)
    _units_of_what(contest)
    _lines(contest)
    _tracking_number(contest)
    _evidence(contest)
    _remarks(contest)


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
        offered: list[Column | None] = [*better[:CHOICES], *itself, *none]
        effects = [
            f"if it is {other.label}" if other else "if no column is it" for other in offered
        ]
        raise contest.question(wanted, f"{what}.", offered, effects)


def _order(contest: Assignment) -> None:
    if contest.has(*ORDER_FIELDS):
        return
    if not contest.columns:
        todo = "See whether the right file and sheet were given (--sheet NAME)."
        raise ColumnError("This file names no order: it has no columns.", todo)
    has = f"The file has: {column_list(contest.columns)}."
    if not (likely := contest.plausible_orders()):
        raise ColumnError(
            f"This file names no order: no column has order numbers. {has}",
            "Export it with the order's number. If a column has it all the same, "
            "name it with --map, as order_id.",
        )
    effects = [f"if {column.label} is the order's number" for column in likely[:CHOICES]]
    raise contest.question(
        Field.ORDER_ID,
        f"No column is recognised as the order's number. {has}",
        likely[:CHOICES],
        effects,
    )


def _other_papers(contest: Assignment) -> None:
    """The number of an invoice, a customer or another paper, with nothing else that could be the
    order's.
    """
    order = contest.first(Field.ORDER_ID)
    if (
        not order
        or not order.is_paper
        or contest.is_proven
        or Field.ORDER_ID in contest.settled_by_person
    ):
        return
    others = [column for column in contest.plausible_orders() if not column.is_paper]
    asked = [order, *others][:CHOICES]
    effects = [f"if {column.label} holds the store's order numbers" for column in asked]
    what = f"{column_with_letter(order)} ({order.example_text})"
    text = f"{what} numbers another paper, and no column is plainly the order's."
    raise contest.question(Field.ORDER_ID, text, asked, effects)


def _two_orders(contest: Assignment) -> None:
    """An order number and a reference that are both filled with numbers as the store gives them,
    and differ.
    """
    order = contest.first(Field.ORDER_ID)
    if (
        not order
        or order.is_sure
        or contest.is_proven
        or Field.ORDER_ID in contest.settled_by_person
    ):
        return
    rivals = [column for column in contest.free() if _rivals(order, column)]
    if rivals:
        raise contest.ambiguous(Field.ORDER_ID, [order, *rivals[:CHOICES]])


def _rivals(order: Column, column: Column) -> bool:
    """Whether a reference may be the order's number as well: as long, as different, and another."""
    if Field.ORDER_ID not in column.says or column.is_paper:
        return False
    if not all(value_shapes.are_store_numbers(each.cells) for each in (order, column)):
        return False
    sizes = [
        {len(text) for text in map(words, value_shapes.filled_cells(each.cells))}
        for each in (order, column)
    ]
    near = abs(max(sizes[0]) - max(sizes[1])) <= 1
    whole = len(value_shapes.filled_cells(column.cells)) == len(
        value_shapes.filled_cells(order.cells)
    )
    return near and whole and not agree(Field.ORDER_ID, [order, column])


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
    raise contest.question(
        Field.QUANTITY,
        f"No column is recognised as the units shipped; {column_with_letter(column)} "
        f"({column.example_text}) may be units ordered.",
        [column, None],
        ["if it is what was shipped", "to ship what remains of each line"],
    )


def _units_unread(contest: Assignment) -> None:
    """Small whole numbers under a name nobody knows, where no column is the units of a line."""
    orders = contest.first(*ORDER_FIELDS)
    if (
        not orders
        or contest.is_settled(Field.QUANTITY)
        or Field.QUANTITY in contest.given
        or contest.is_proven
    ):
        return
    if not contest.has(*LINE_FIELDS) and Field.SKU not in contest.given:
        return
    hinted = [column for column in contest.free() if _may_count(column) and _counts(orders, column)]
    if hinted:
        asked = hinted[:CHOICES]
        shown = " and ".join(
            f"{column_with_letter(column)} ({column.example_text})" for column in asked
        )
        effects = [f"if {column.label} is what was shipped of each line" for column in asked]
        raise contest.question(
            Field.QUANTITY,
            f"No column is recognised as the units shipped; {shown} may be it.",
            [*asked, None],
            [*effects, "to ship all that remains of each line"],
        )


def _units_beside(contest: Assignment) -> None:
    """Small whole numbers under a name nobody knows, never more than a plain quantity: what was
    done of it, or not.
    """
    counted, orders = contest.first(Field.QUANTITY), contest.first(*ORDER_FIELDS)
    if not counted or not orders or counted.is_sure or counted.is_done or contest.is_proven:
        return
    if Field.QUANTITY in contest.settled_by_person:
        return
    free = [
        c
        for c in contest.free()
        if not (c.is_known or c.is_harmless or c.says) and _counts(orders, c)
    ]
    beside = [column for column in free if value_shapes.are_at_most(column.cells, counted.cells)]
    if beside:
        raise contest.ambiguous(Field.QUANTITY, [counted, *beside[:CHOICES]])


def _may_count(column: Column) -> bool:
    """Whether a name may be that of units: known for it, or not known at all."""
    return Field.QUANTITY in column.says or not (
        column.is_known or column.is_harmless or column.says
    )


def _counts(orders: Column, column: Column) -> bool:
    """Whether the values may be units of lines: small, whole, and no positions, flags or counts of
    an order's rows.
    """
    cells = column.cells
    if not value_shapes.are_small_counts(cells) or value_shapes.are_positions(orders.cells, cells):
        return False
    return not value_shapes.are_per_order(orders.cells, cells)


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
    whole = "to ship all that remains of each order"
    if not choices:
        contest.warnings.append(
            f"{counted.label} gives units ({counted.example_text}), but no column says of what: "
            "they ship where the order has one line, else the row is refused. "
            f"Add the SKU; or {whole}: {contest.options(Field.QUANTITY, None)}"
        )
        return
    if 2 * len(value_shapes.filled_cells(counted.cells)) < len(counted.cells):
        return
    asked: list[Column | None] = [*choices, None]
    effects = [
        f"if the SKU is {column.label}" if column else "for orders of one line" for column in asked
    ]
    question = contest.question(
        Field.SKU,
        f"{counted.label} gives units ({counted.example_text}), "
        "but no column is recognised as the SKU.",
        asked,
        effects,
    ).questions[0]
    none = contest.choices(Field.QUANTITY, [None], [whole])
    raise Unanswered([replace(question, choices=(*question.choices, *none))])


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
        asked: list[Column | None] = [*found[:CHOICES], None]
        raise contest.question(
            Field.SKU,
            f"{orders.label} names orders several times, but no column is recognised as the SKU: "
            f"{found[0].label} ({found[0].example_text}) may be it.",
            asked,
            [
                f"if the SKU is {c.label}" if c else "to ship all that remains of each order"
                for c in asked
            ],
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
        asked: list[Column | None] = [*found[:CHOICES], None]
        raise contest.question(
            number,
            f"No column is recognised as the tracking number, but {column_with_letter(found[0])} "
            f"looks like it ({found[0].example_text}).",
            asked,
            [f"if it is {c.label}" if c else "to ship without tracking numbers" for c in asked],
        )
    named = [
        c
        for c in contest.free()
        if c.says.get(number) == Strength.WEAK and value_shapes.are_number_like(c.cells)
    ]
    if named and not contest.is_proven:
        asked = [*named[:CHOICES], None]
        shown = " and ".join(
            f"{column_with_letter(column)} ({column.example_text})" for column in named[:CHOICES]
        )
        raise contest.question(
            number,
            f"No column is plainly the tracking number; by its name {shown} may be it.",
            asked,
            [f"if it is {c.label}" if c else "to ship without tracking numbers" for c in asked],
        )
    for column in contest.free():
        if column.says.get(number) == Strength.WEAK and column.examples:
            contest.warnings.append(
                f"{column.label} ({column.example_text}) is not read as the tracking number, and no"
                f" other column is; if it is: {contest.options(number, column)}"
            )


def _evidence(contest: Assignment) -> None:
    """No tracking number, no link: nothing in the file shows that any of it has shipped."""
    labels = {Field.TRACKING_NUMBER, Field.TRACKING_LINK}
    if (
        contest.is_proven
        or contest.is_ours
        or labels & {*contest.taken, *contest.left_out, *contest.given}
    ):
        return
    if contest.has(Field.ORDER_PRODUCT_ID) and contest.has(Field.QUANTITY):
        return
    unknown = [column for column in contest.free() if not (column.is_known or column.is_harmless)]
    likely = [
        column for column in unknown if value_shapes.confirms(Field.TRACKING_NUMBER, column.cells)
    ][:CHOICES]
    raise contest.question(
        Field.TRACKING_NUMBER,
        "No column is a tracking number or a link: nothing shows that these orders have shipped. "
        f"The file has: {column_list(contest.columns)}.",
        [*likely, None],
        [
            *(f"if {c.label} is the tracking number" for c in likely),
            "to ship them all without tracking numbers",
        ],
        name="evidence",
    )


def _remarks(contest: Assignment) -> None:
    """Remarks of the warehouse are not for the customer, unless a person says so."""
    if contest.is_settled(Field.COMMENTS):
        return
    for column in contest.free():
        if Field.COMMENTS in column.says and column.examples:
            contest.warnings.append(
                f"{column.label} is kept from the customer; to send it as the shipment's comments:"
                f" {contest.options(Field.COMMENTS, column)}"
            )


def _may_be_tracking(contest: Assignment, column: Column) -> bool:
    """Whether the values are tracking numbers, under a name nobody knows, or one for a number of
    any kind.
    """
    is_reference = column.says.get(Field.ORDER_ID) == Strength.WEAK and not column.is_paper
    may_be = (
        is_reference
        or Field.TRACKING_NUMBER in column.says
        or not (column.is_known or column.is_ordered)
    )
    return may_be and value_shapes.look_like_tracking(contest.distinct_per_order(column))
