"""Rows that make no shipment: totals, repeated headers, what is void, what the file itself calls
not shipped.
"""

import numpy as np

from batch.errors import ColumnError
from batch.loader.cells.damage import BLANK_WORDS, undress
from batch.loader.cells.row_status import RowStatus, is_void, parse_row_status
from batch.loader.columns.columns import map_option
from batch.loader.rows.frame import CategoricalColumn, Mask
from batch.loader.rows.inspection import Inspection, invalid, skip_finding
from batch.model import Field
from batch.model.catalogue import Code

NOT_FILLED_IN = Code.NOT_FILLED_IN.finding()

_LABEL = (Field.TRACKING_NUMBER, Field.TRACKING_LINK)


def set_aside(seen: Inspection) -> None:
    """Rows that are no shipment, or whose cells cannot be trusted to stand in their columns."""
    frame = seen.frame
    for row in frame.repeated_headers:
        seen.reject(row, Code.REPEATED_HEADER.finding(), alone=True)
    for row in frame.totals:
        seen.reject(
            row, skip_finding(Code.TOTALS_ROW, "A row of totals, not of a shipment."), alone=True
        )
    for row, width in frame.too_wide.items():
        error = (
            f"Row {frame.rows[row]} has {width} cells, more than the header: they may stand in"
            " wrong columns."
        )
        seen.reject(
            row,
            invalid(Code.TOO_MANY_CELLS, error, "Put cells that hold the separator in quotes."),
            alone=True,
        )
    asked = (Field.ORDER_ID, Field.EXTERNAL_ORDER_ID, Field.SKU, Field.ORDER_PRODUCT_ID)
    if seen.is_template:
        filled_in = _has_value(seen, *_LABEL, Field.QUANTITY)
        seen.refuse_rows(~filled_in, lambda _: NOT_FILLED_IN, alone=True)
    nothing = skip_finding(Code.TOTALS_ROW, "It names no order, no SKU and no tracking number.")
    seen.refuse_rows(~frame.filled_rows(*asked, *_LABEL), lambda _: nothing, alone=True)
    _void(seen)
    _skip_by_status(seen)


def _has_value(seen: Inspection, *fields: Field) -> Mask:
    """Rows in which one of the fields holds more than a word for nothing."""
    found = np.zeros(len(seen.frame), dtype=np.bool_)
    for column in (column for name in fields for column in seen.frame.of.get(name, ())):
        says = [
            not isinstance(cell, str) or undress(cell).casefold() not in BLANK_WORDS
            for cell in column.cells
        ]
        found |= np.array(says, dtype=np.bool_)[column.codes]
    return found


def _void(seen: Inspection) -> None:
    """Reject rows whose void column says yes, and those where it says neither yes nor no."""
    column = seen.column(Field.VOID)
    _set(seen, seen.numbers(column, is_void) != 0, column, Code.VOID, "void.")


def _skip_by_status(seen: Inspection) -> None:
    """Rows that a status calls taken back, or not shipped yet while they have no number and no
    other says shipped.
    """
    if not seen.has(Field.STATUS):
        return
    columns = seen.every(Field.STATUS)
    said = [seen.numbers(column, parse_row_status) for column in columns]
    shipped = np.logical_or.reduce([each == RowStatus.SHIPPED for each in said]) | _has_value(
        seen, *_LABEL
    )
    for column, each in zip(columns, said, strict=True):
        _set(seen, each == RowStatus.VOID, column, Code.VOID, "void.")
    waits = [(each == RowStatus.NOT_YET) & ~shipped for each in said]
    _some_have_shipped(seen, np.logical_or.reduce(waits))
    for column, mask in zip(columns, waits, strict=True):
        _set(seen, mask, column, Code.NOT_SHIPPED, "not shipped yet, says the file.")


def _set(seen: Inspection, mask: Mask, column: CategoricalColumn, code: Code, why: str) -> None:
    seen.refuse_rows(
        mask, lambda row: skip_finding(code, f"{seen.quote_cell(row, column)}: {why}"), alone=True
    )


def _some_have_shipped(seen: Inspection, waits: Mask) -> None:
    """ColumnError where the whole file is of orders not shipped yet: a person may want just those
    shipped, or not.
    """
    left = np.ones(len(waits), dtype=np.bool_)
    left[list(seen.findings)] = False
    if not (left & waits).any() or (left & ~waits).any():
        return
    column = next(column for column in seen.every(Field.STATUS) if (waits & column.is_filled).any())
    row = int(np.flatnonzero(waits & column.is_filled)[0])
    raise ColumnError(
        f"{seen.quote_cell(row, column)}: no row has a tracking number, and by its status none of"
        f" the {waits.sum():,} has shipped.",
        f"If it is the wrong export, take the one of what was shipped; to ship them all: "
        f"{map_option(Field.STATUS, None, ())}",
    )
