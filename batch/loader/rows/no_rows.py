"""Rows that are none: counts, the last lines of a report, marks of its end."""

import numpy as np

from batch.loader.cells.damage import Wrong
from batch.loader.cells.order_numbers import external_number, order_number
from batch.loader.files.tables import words
from batch.loader.rows.frame import CategoricalColumn, Mask
from batch.loader.rows.inspection import Inspection, skip_finding
from batch.model import Field
from batch.model.catalogue import Code

LINE = (Field.SKU, Field.ORDER_PRODUCT_ID)
LABEL = (Field.TRACKING_NUMBER, Field.TRACKING_LINK)
MOST = 0.5
"""Share of the rows that have a number or a line, from which on a row with neither is no order."""
SHORTEST = 8
"""Characters of a tracking number, at least: `TRAILER,25` has a count in its column."""


def no_rows(seen: Inspection) -> None:
    """Skip a bare number among fuller rows, and what stands below the last order."""
    lined, labelled = seen.frame.filled_rows(*LINE), _labelled(seen)
    says = lined | labelled
    orders = _orders(seen)
    if not orders.any() or (says & orders).sum() < MOST * max(1, (seen.may_ship & orders).sum()):
        return
    if seen.source.no_line == "ship":
        return
    others = [
        name for name in seen.frame.of if name not in (Field.ORDER_ID, Field.EXTERNAL_ORDER_ID)
    ]
    bare = orders & ~seen.frame.filled_rows(*others)
    if not lined.any():
        bare &= _are_counts(seen)
    alone = "A number alone, where other rows have more: a count, no order."
    seen.refuse_rows(bare, lambda _: skip_finding(Code.TOTALS_ROW, alone), alone=True)
    last = np.flatnonzero(orders & says)[-1]
    below = (np.arange(len(seen.frame)) > last) & ~orders & ~(lined & labelled)
    end = "Below the last order: the end of a report, no shipment."
    seen.refuse_rows(below & ~labelled, lambda _: skip_finding(Code.TOTALS_ROW, end), alone=True)


def _are_counts(seen: Inspection) -> Mask:
    """Rows whose number is no larger than the file's rows are many, and than any other order's."""
    column = seen.column(Field.ORDER_ID)
    read = [order_number(cell) for cell in column.cells]
    numbers = np.array([one if isinstance(one, int) else 0 for one in read], dtype=np.int64)
    order = np.where(column.codes < 0, -column.codes, numbers[np.maximum(column.codes, 0)])
    few = (order > 0) & (order <= len(seen.frame))
    least = order[~few & (order > 0)].min(initial=np.iinfo(np.int64).max)
    counts: Mask = few & (order < least)
    return counts


def _orders(seen: Inspection) -> Mask:
    """Rows whose order can be read."""
    found = np.zeros(len(seen.frame), dtype=np.bool_)
    for name, rule in ((Field.ORDER_ID, order_number), (Field.EXTERNAL_ORDER_ID, external_number)):
        for column in seen.frame.of.get(name, ()):
            reads = [
                not isinstance(rule(cell), Wrong) and any(map(str.isdecimal, words(cell)))
                for cell in column.cells
            ]
            found |= (column.codes < 0) | np.array(reads, dtype=np.bool_)[
                np.maximum(column.codes, 0)
            ]
    return found


def _labelled(seen: Inspection) -> Mask:
    """Rows with what may be a tracking number, by its length."""
    found = np.zeros(len(seen.frame), dtype=np.bool_)
    for column in (column for name in LABEL for column in seen.frame.of.get(name, ())):
        found |= _long(column)
    return found


def _long(column: CategoricalColumn) -> Mask:
    long = np.array([len(words(cell)) >= SHORTEST for cell in column.cells], dtype=np.bool_)
    return (column.codes < 0) | long[np.maximum(column.codes, 0)]
