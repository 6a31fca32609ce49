"""What a file looks like in a few figures, so that it can be compared with its source's earlier
ones. Pure.
"""

from collections import Counter

import numpy as np
import pandas as pd

from batch.loader.rows.frame import Mask
from batch.loader.rows.grouping import Groups
from batch.loader.rows.typed_rows import Entries
from batch.model import Status
from batch.planning.gates import Profile


def profile(entries: Entries, groups: Groups, good: Mask) -> Profile:
    """Rows, parcels, units, carriers and the number on the most orders; what the store says is
    still to come.
    """
    kept = np.append(good, False)[groups.of]  # rows of the parcels that may ship
    number, orders = _number_on_most_orders(entries, groups, kept)
    units = entries.quantity[kept & (entries.quantity > 0)]
    return Profile(
        rows=len(entries.rows),
        wrong=sum(finding.status is Status.INVALID for finding in entries.findings.values()),
        parcels=int(good.sum()),
        units=float(np.exp(np.log(units).mean())) if len(units) else 0.0,
        carriers=_carriers(entries, kept),
        number=number,
        number_orders=orders,
    )


def _carriers(entries: Entries, kept: Mask) -> dict[str, int]:
    counts = np.bincount(entries.shipper.codes[kept], minlength=len(entries.shipper.values))
    carriers: dict[str, int] = {}
    for shipper, rows in zip(entries.shipper.values, counts.tolist(), strict=True):
        name = shipper.carrier.name if shipper.carrier else ""
        if rows:
            carriers[name] = carriers.get(name, 0) + rows
    return carriers


def _number_on_most_orders(entries: Entries, groups: Groups, kept: Mask) -> tuple[str, int]:
    """Each order counts once, however many rows it has."""
    rows = np.flatnonzero(kept & (entries.numbers.codes != 0))
    if not len(rows):
        return "", 0
    first = np.full(groups.count, -1, dtype=np.int64)
    first[groups.of[rows[::-1]]] = rows[::-1]
    rows = first[first >= 0]  # one a parcel
    hashes = np.fromiter(map(hash, entries.numbers.values), np.int64, len(entries.numbers.values))
    # equal texts may have several codes
    kinds, _ = pd.factorize(hashes[entries.numbers.codes[rows]])
    several = rows[np.bincount(kinds)[kinds] > 1]
    if not len(several):
        return entries.numbers[int(rows[0])], 1
    orders = {
        (entries.numbers[row], order)
        for row, order in zip(several.tolist(), entries.order[several], strict=True)
    }
    (number, count), *_ = Counter(number for number, _ in sorted(orders)).most_common(1)
    return number, count
