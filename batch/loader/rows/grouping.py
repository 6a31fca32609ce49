"""Rows → parcels by order, address and number; a parcel with a bad row is bad as a whole.

All of it is arrays: one integer per row says its parcel, and nothing is made per parcel before it
is asked for. `mark_unit_rows` and `refuse_parcels` write into the entries; all else here only reads
them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from batch.loader.rows.frame import Codes, Ints, Mask
from batch.loader.rows.inspection import Categorical, distinct, has_one_case, invalid
from batch.loader.rows.typed_rows import ALL, Entries
from batch.model import Finding
from batch.model.catalogue import Code
from batch.model.findings import parcel_incomplete
from batch.primitives.spelling import fold_case

FEW = 2
"""So many rows with a line to one without: then the one has lost its line."""


@dataclass(slots=True)
class Groups:
    """Which rows make which parcel."""

    of: Ints
    """The parcel of each data row, numbered from 0 by first row; -1 for none."""
    count: int
    """How many parcels there are."""

    def rows(self, keep: Mask) -> Iterator[list[int]]:
        """The data rows of each parcel to keep, in file order."""
        members = np.flatnonzero(self.of >= 0)
        # Sorted by parcel, stable: a parcel's rows stand side by side in file order, and end where
        # its count ends.
        ordered = members[np.argsort(self.of[members], kind="stable")]
        ends = np.cumsum(np.bincount(self.of[members], minlength=self.count)).tolist()
        start = 0
        for end, kept in zip(ends, keep.tolist(), strict=True):
            if kept:
                yield ordered[start:end].tolist()
            start = end

    def any(self, mask: Mask) -> Mask:
        """Parcels with a row in the mask."""
        found = np.zeros(self.count, dtype=np.bool_)
        found[self.of[mask & (self.of >= 0)]] = True
        return found

    def in_same_parcel(self, mask: Mask) -> Mask:
        """Rows of parcels that have a row in the mask."""
        # A row of no parcel has -1, which as an index means the last element: the False that is
        # appended for it.
        return np.append(self.any(mask), False)[self.of]

    def conflicting_rows(self, codes: Codes | Ints) -> Mask:
        """Rows whose code differs from the first of their parcel; a row with code 0 says nothing,
        so never differs.
        """
        given = np.flatnonzero((codes != 0) & (self.of >= 0))
        first = np.zeros(self.count, dtype=np.int64)
        # Of several writes to one element the last stays: written backwards, that is the parcel's
        # first row.
        first[self.of[given[::-1]]] = codes[given[::-1]]
        differs = np.zeros(len(codes), dtype=np.bool_)
        differs[given] = codes[given] != first[self.of[given]]
        return differs


def group(entries: Entries) -> Groups:
    """Parcels by order, address and number or link; rows of an order that name no line are one
    parcel.
    """
    members = np.flatnonzero(~entries.alone)
    label = _labels(entries)[members]
    orders = _divide(np.zeros(len(members), dtype=np.int64), entries.order[members])
    place = _divide(orders, entries.address[members])
    parcel = _divide(place, label)
    named = np.zeros(parcel.max(initial=-1) + 1, dtype=np.bool_)
    named[parcel[(entries.names_line | entries.headings)[members]]] = True
    if not named.all():
        # A place's parcels in which no row names a line are one: without labels, and apart from
        # those that name one.
        parcel = _divide(
            _divide(place, named[parcel].astype(np.int64)), np.where(named[parcel], label, 0)
        )
    of = np.full(len(entries.rows), -1, dtype=np.int64)
    of[members] = parcel
    return Groups(of, int(parcel.max(initial=-1)) + 1)


def _labels(entries: Entries) -> Ints:
    """What tells an order's parcels apart: equal numbers, or where there is none equal links, have
    equal ones.
    """
    numbers = _text_hashes(entries.numbers)
    return np.where(numbers != 0, numbers, _text_hashes(entries.link))


def _divide(groups: Ints, values: Ints) -> Ints:
    """The groups, each divided by its rows' values, and numbered by first appearance."""
    if not values.any():
        return groups
    codes, kinds = pd.factorize(values)
    # Group and value in one number, like its digits: equal pairs have equal ones, and no other pair
    # has.
    both, _ = pd.factorize(groups * len(kinds) + codes) if groups.any() else (codes, kinds)
    return cast("Ints", both)


def _text_hashes(texts: Categorical[str]) -> Ints:
    """The texts' hashes, case aside; 0 for none.

    Hashes, since to compare a million texts takes twice the time. Two texts of one order have the
    same hash in one case of 10^19; then their parcel shows both numbers, and is held.
    """
    values = texts.values if has_one_case(texts.values) else map(fold_case, texts.values)
    hashes = np.fromiter(map(hash, values), np.int64, len(texts.values))
    hashes[0] = 0  # the empty text's hash is no promise of Python's
    return hashes[texts.codes]


def has_unit_rows(entries: Entries, groups: Groups) -> bool:
    """Whether a file without quantities writes a line once for each unit: several parcels then have
    a line twice. Where one alone has, its row may be there twice.
    """
    return len(np.unique(groups.of[_rows_met_again(entries, groups)])) > 1


def _rows_met_again(entries: Entries, groups: Groups) -> Ints:
    """Rows whose line their parcel has had before; none in a file with quantities."""
    if entries.counted:
        return np.array([], dtype=np.int64)
    rows = _rows_of_lines(entries, groups)
    sku = distinct(entries.sku.codes, entries.sku.values, fold=True).codes[rows].astype(np.int64)
    # below zero: no SKU is taken for an id
    line = np.where(entries.line[rows] != 0, entries.line[rows], -sku)
    pairs = _divide(groups.of[rows], line)
    firsts = np.unique(pairs, return_index=True)[1]
    return np.delete(rows, firsts)


def mark_unit_rows(entries: Entries, groups: Groups) -> None:
    """Make each row that names a line one unit of it, and each SKU of a cell that says no units,
    too.
    """
    entries.quantity[_rows_of_lines(entries, groups)] = 1
    for row, parts in entries.several.items():
        entries.several[row] = tuple((sku, units or 1) for sku, units in parts)


def _rows_of_lines(entries: Entries, groups: Groups) -> Ints:
    """The numbers of the data rows of parcels that name a line by SKU or id."""
    return np.flatnonzero((groups.of >= 0) & ((entries.sku.codes != 0) | (entries.line != 0)))


def refuse_parcels(entries: Entries, groups: Groups) -> Mask:
    """Find what is wrong with whole parcels, and give every row of them its finding; returns the
    good ones.
    """
    _refuse_conflicts(entries, groups)
    bad = np.zeros(len(entries.rows), dtype=np.bool_)
    bad[list(entries.findings)] = True
    spoilt = groups.any(bad)
    for rows in groups.rows(spoilt):
        worst = next(row for row in rows if row in entries.findings)
        reason = entries.findings[worst].error
        for row in rows:
            if row not in entries.findings:
                entries.findings[row] = parcel_incomplete(int(entries.rows[row]), reason)
    return ~spoilt


def _refuse_conflicts(entries: Entries, groups: Groups) -> None:
    """Rows of one parcel that contradict each other: carrier, link, SKU of a line, lines against
    the whole order.
    """
    named = entries.names_line | entries.headings
    unassigned = ~named & groups.in_same_parcel(named)
    bare = ~named & (groups.of >= 0)
    if not entries.ships_bare and (named & (groups.of >= 0)).sum() > FEW * bare.sum():
        unassigned |= bare
    _refuse(entries, unassigned, _no_line)
    counted = groups.in_same_parcel(entries.counts_only) & groups.in_same_parcel(_not_first(groups))
    _refuse(entries, counted, _units_of_what)
    kinds: dict[tuple[str, str, str], int] = {}
    firm = [
        kinds.setdefault(s.carrier.firm, len(kinds) + 1) if s.carrier else 0
        for s in entries.shipper.values
    ]
    conflicts = groups.conflicting_rows(np.array(firm)[entries.shipper.codes])
    _refuse(entries, conflicts, _carrier_conflict)
    conflicts = groups.conflicting_rows(entries.link.codes) & groups.in_same_parcel(named)
    _refuse(entries, conflicts, _link_conflict)
    _refuse_uncounted(entries, groups)
    _refuse_doubled(entries, groups)


def _not_first(groups: Groups) -> Mask:
    """Rows of a parcel that has begun in another row."""
    _, firsts = np.unique(groups.of, return_index=True)
    later = groups.of >= 0
    later[firsts] = False
    return later


def _refuse_doubled(entries: Entries, groups: Groups) -> None:
    """In a file without quantities: the only line that its parcel has twice."""
    met = _rows_met_again(entries, groups)
    if len(np.unique(groups.of[met])) == 1:
        again = np.zeros(len(entries.rows), dtype=np.bool_)
        again[met] = True
        _refuse(
            entries, again, lambda entries, row: Code.DOUBLED_ROW.finding(row=entries.rows[row])
        )


def _refuse_uncounted(entries: Entries, groups: Groups) -> None:
    """In a file without quantities, a parcel whose rows give units for some SKUs and none for
    others.
    """
    given = np.zeros(len(entries.rows), dtype=np.bool_)
    given[[row for row, parts in entries.several.items() if parts[0][1] is not None]] = True
    if not given.any():
        return
    bare = entries.names_line & ~given & (entries.quantity == ALL) & groups.in_same_parcel(given)
    _refuse(entries, bare, _no_units)


def _refuse(entries: Entries, mask: Mask, finding: Callable[[Entries, int], Finding]) -> None:
    for row in np.flatnonzero(mask).tolist():
        entries.findings.setdefault(row, finding(entries, row))


def _no_line(entries: Entries, row: int) -> Finding:
    return Code.NO_LINE.finding(row=entries.rows[row])


def _units_of_what(entries: Entries, row: int) -> Finding:
    return invalid(
        Code.QUANTITY_WITHOUT_LINE,
        f"Row {entries.rows[row]} is one of several of its parcel, and nothing says which line of"
        " the order each is.",
        "Add a column with the SKU; or leave the quantities blank to ship all that remains of the"
        " order.",
    )


def _carrier_conflict(entries: Entries, row: int) -> Finding:
    named = entries.shipper[row].carrier
    return Code.CARRIER_CONFLICT.finding(
        row=entries.rows[row], carrier=named.name if named else "no carrier"
    )


def _link_conflict(entries: Entries, row: int) -> Finding:
    return Code.LINK_CONFLICT.finding(row=entries.rows[row], link=entries.link[row])


def _no_units(entries: Entries, row: int) -> Finding:
    return invalid(
        Code.NO_QUANTITY,
        f"Row {entries.rows[row]} gives no units for {entries.sku[row]}; other rows of its parcel"
        " give theirs.",
        "Put the units in.",
    )
