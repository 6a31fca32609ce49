"""How a file lays its orders out: the order cell filled once a group, an order row above its item
rows, the order's number or status on its first or last row alone.

A blank order cell is either a line of the order above or a mistake. It is filled down only where
the whole file shows the first: each such row names a line, and no order is written twice in a row.
"""

from collections.abc import Sequence

import numpy as np

from batch.loader.rows.frame import BLANK, CategoricalColumn, Frame, Ints, Mask
from batch.model import Field

_ORDER = (Field.ORDER_ID, Field.EXTERNAL_ORDER_ID)
_LINE = (Field.SKU, Field.ORDER_PRODUCT_ID)
_LABEL = (Field.TRACKING_NUMBER, Field.TRACKING_LINK)
_SHARED = (
    Field.CARRIER,
    Field.SHIPPING_PROVIDER,
    Field.TRACKING_CARRIER,
    Field.SHIPPING_METHOD,
    Field.ORDER_ADDRESS_ID,
    Field.VOID,
    Field.STATUS,
)
_WHOLE_ORDER = (
    _LABEL,
    *((name,) for name in (*_SHARED, Field.HOLD, Field.SHIPPED, Field.SHIP_DATE)),
)
"""What may stand on one row of an order and mean all of them."""
LEAST = 2
"""Orders of several rows that show it."""


class Layout:
    """A frame's layout, found and undone: after it every item row has its order and its parcel's
    number.
    """

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.headings: Mask = np.zeros(len(frame), dtype=np.bool_)
        """Order rows whose item rows follow: they carry the number and name no line."""
        self.said: list[str] = []
        asks = frame.filled_rows(*_ORDER, *_LINE, *_LABEL)
        asks[list(frame.totals | frame.repeated_headers | frame.too_wide.keys())] = False
        self.at = np.flatnonzero(asks)
        """Rows that ask for something, in file order; the masks below are aligned with it."""
        if len(self.at) and frame.filled_rows(*_LINE).any():
            self._fill_orders()
            self._fill_numbers()
            self._share_cells()

    def _fill_orders(self) -> None:
        """Rows without an order number are lines of the order above, where the file's shape shows
        it.
        """
        order, line, label = self._mask(_ORDER), self._mask(_LINE), self._mask(_LABEL)
        lone = ~order
        if not lone.any() or lone[0] or not line[lone].all() or self._writes_again():
            return
        own = lone & label & ~self._same(_LABEL)
        if (own == lone).all():  # parcels of nobody's: samples, or an order that was forgotten
            return
        self.headings[self.at[order & ~line & np.append(lone[1:], False)]] = True
        self._take(_ORDER, order, lone)
        self._take(_LABEL, order | label, lone)
        for name in _SHARED:
            self._take((name,), order | self._mask((name,)), lone)
        first = self.frame.rows[self.at[np.flatnonzero(lone)[0]]]
        what = (
            "item rows of the order row above them"
            if self.headings.any()
            else "lines of the order above them"
        )
        where = f"{lone.sum():,}, the first is row {first}"
        self.said.append(f"rows without an order number ({where}) are {what}")

    def _writes_again(self) -> bool:
        """Whether the file writes an order again on its next line, the same parcel going on."""
        again = self._same(_ORDER)[1:]
        for column in self._columns(_LABEL):
            codes = column.equality_codes[self.at]
            again &= (codes[1:] == codes[:-1]) | (codes[1:] == BLANK)
        return bool(again.any())

    def _fill_numbers(self) -> None:
        """Order rows with a number and no line, above numberless item rows of the same order."""
        line, label = self._mask(_LINE), self._mask(_LABEL)
        if not (~line & label).any():
            return
        goes_on = self._same(_ORDER) & line & ~label
        heads = ~line & label & np.append(goes_on[1:], False)
        items = goes_on & heads[_last(~goes_on)]
        if not items.any():
            return
        self.headings[self.at[heads]] = True
        for names in (_LABEL, *((name,) for name in _SHARED)):
            self._take(names, ~items, items)
        self.said.append(
            f"item rows without a tracking number ({items.sum():,}) take that of the order row"
            " above them"
        )

    def _share_cells(self) -> None:
        """A number or status that stands on the first row of every order alone, or on the last, is
        the whole order's.
        """
        same = self._same(_ORDER)
        group = np.cumsum(~same) - 1
        several = np.bincount(group)[group] > 1
        for where, ends in (("first", ~same), ("last", np.append(~same[1:], True))):
            shown = {names: self._orders_with(names, several, ends) for names in _WHOLE_ORDER}
            if max(shown.values()) < LEAST:
                continue
            giver = np.flatnonzero(ends)[group]
            taking = ~self._has_other_label(giver)
            source = np.arange(len(self.frame))
            source[self.at[taking]] = self.at[giver[taking]]
            for names in (names for names, orders in shown.items() if orders):
                for column in self._columns(names):
                    column.take(source)
            self.said.append(
                f"what stands on the {where} row of an order alone is the whole order's:"
                f" its rows are one parcel"
            )

    def _has_other_label(self, giver: Ints) -> Mask:
        """Rows with a number of their own, not their order's row's: a label printed anew."""
        other = np.zeros(len(self.at), dtype=np.bool_)
        for column in self._columns(_LABEL):
            codes = column.equality_codes[self.at]
            other |= (codes != BLANK) & (codes != codes[giver])
        return other

    def _orders_with(self, names: Sequence[Field], several: Mask, ends: Mask) -> int:
        """Orders of several rows that have it at this end; none where any has it elsewhere."""
        filled = self._mask(names) & several
        return 0 if (filled & ~ends).any() else int(filled.sum())

    def _same(self, fields: Sequence[Field]) -> Mask:
        """Rows in which one of these fields is written as in the row above."""
        same = np.zeros(len(self.at), dtype=np.bool_)
        for column in self._columns(fields):
            codes = column.equality_codes[self.at]
            same[1:] |= (codes[1:] == codes[:-1]) & (codes[1:] != BLANK)
        return same

    def _take(self, fields: Sequence[Field], given: Mask, taking: Mask) -> None:
        """Rows in `taking` take their blank cells from the last row at or above them in `given`."""
        source = np.arange(len(self.frame))
        source[self.at[taking]] = self.at[_last(given)[taking]]
        for column in self._columns(fields):
            column.take(source)

    def _mask(self, fields: Sequence[Field]) -> Mask:
        return self.frame.filled_rows(*fields)[self.at]

    def _columns(self, fields: Sequence[Field]) -> list[CategoricalColumn]:
        return [column for name in fields for column in self.frame.of.get(name, ())]


def _last(given: Mask) -> Ints:
    """For each position the last one at or above it that is given."""
    return np.maximum.accumulate(np.where(given, np.arange(len(given)), 0))
