"""Parts packed for one line of the order: a source's kits put together again. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from batch.model import Line, Order, Parcel
from batch.model.kits import Kit
from batch.primitives.spelling import fold_case


def assembled(parcel: Parcel, order: Order, kits: Sequence[Kit]) -> Parcel:
    """The parcel with its parts as the kits that the order has, where they are whole; else as it
    is.
    """
    theirs = {fold_case(line.sku) for line in order.lines}
    for kit in kits:
        if fold_case(kit.sku) in theirs and not theirs & _names(kit):
            parcel = _with_kit(parcel, kit)
    return parcel


def _names(kit: Kit) -> set[str]:
    return {fold_case(sku) for sku, _ in kit.parts}


def _with_kit(parcel: Parcel, kit: Kit) -> Parcel:
    """The parcel with so many of the kit as all of its parts make up, none left over."""
    names = _names(kit)
    packed = [line for line in parcel.lines if fold_case(line.sku) in names]
    units: Counter[str] = Counter()
    for line in packed:
        units[fold_case(line.sku)] += line.quantity or 0
    kits = {units[fold_case(sku)] / each for sku, each in kit.parts}
    if len(kits) > 1 or not (count := kits.pop()).is_integer() or count < 1:
        return parcel
    rows = tuple(row for line in packed for row in line.rows)
    made = Line(sku=kit.sku, quantity=int(count), rows=rows)
    return replace(parcel, lines=(*(line for line in parcel.lines if line not in packed), made))
