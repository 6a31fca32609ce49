"""Items of a row that stand side by side, each with its units: all of them are in the parcel."""

import numpy as np

from batch.loader.cells import skus, values
from batch.loader.cells.damage import Wrong
from batch.loader.cells.skus import Counted
from batch.loader.rows.frame import CategoricalColumn
from batch.loader.rows.inspection import Inspection, invalid, skip_finding
from batch.loader.rows.lost_zeros import find_lost_zeros
from batch.loader.rows.units import single_units
from batch.model import Field
from batch.model.catalogue import Code


def items_side_by_side(seen: Inspection) -> dict[int, Counted]:
    """Data row → its items, where it has more columns of them than the first pair filled."""
    given = list(seen.frame.of.get(Field.SKU, ()))
    if len(given) < 2:
        return {}
    units = [single_units(seen, column) for column in seen.frame.of[Field.QUANTITY]]
    pairs = list(zip(given, units, strict=True))
    beyond = np.zeros(len(seen.frame), dtype=np.bool_)
    for sku, counted in pairs[1:]:
        seen.refuse_cells(sku, find_lost_zeros(sku, seen.frame, seen.table))
        beyond |= sku.is_filled | counted.is_filled
    found: dict[int, Counted] = {}
    for row in np.flatnonzero(beyond & seen.may_ship).tolist():
        items = _items_of(seen, row, pairs)
        if items:
            found[row] = items
        elif row not in seen.findings:
            nothing = skip_finding(Code.QUANTITY_ZERO, "Its items have no unit to ship.")
            seen.reject(row, nothing, alone=True)
    return found


def _items_of(
    seen: Inspection, row: int, pairs: list[tuple[CategoricalColumn, CategoricalColumn]]
) -> Counted:
    """A row's items that have units; none where a cell is wrong, which is the row's finding."""
    items: list[tuple[str, int | None]] = []
    for named, counted in pairs:
        sku, units = skus.sku(named.cell(row)), values.quantity(counted.cell(row))
        if isinstance(sku, Wrong) or isinstance(units, Wrong):
            column, wrong = (named, sku) if isinstance(sku, Wrong) else (counted, units)
            assert isinstance(wrong, Wrong)
            seen.reject(row, seen.describe_cell(row, column, wrong))
            return ()
        if sku and units is None:
            error = f"{seen.place(row, counted)}: the quantity of SKU {sku} is blank."
            seen.reject(row, invalid(Code.NO_QUANTITY, error, "Put the number of units in."))
            return ()
        if units and not sku:
            error = f"{seen.quote_cell(row, counted)}: units are given, but no SKU beside them."
            seen.reject(row, invalid(Code.QUANTITY_WITHOUT_LINE, error, "Add the SKU."))
            return ()
        items += [(sku, units)] if units else []
    return tuple(items)
