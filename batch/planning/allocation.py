"""The third pass over an order's drafts: their units, or why there are not enough. Pure.

The rules are numbered as in DESIGN section 4.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from batch.model import Finding, Item, RowNote, findings
from batch.planning.already_shipped import AlreadyShipped, correction
from batch.planning.drafts import RequestedLine, ShipmentDraft
from batch.planning.facts import Judged


@dataclass(frozen=True, slots=True)
class Allocated:
    """What a draft gets."""

    judged: Judged
    others: tuple[RowNote, ...] = ()
    """Rows of a refused parcel that have another reason."""


@dataclass(frozen=True, slots=True)
class Allocation:
    """The third pass's decisions, by the draft's place in the file."""

    decided: Mapping[int, Judged]
    notes: Sequence[RowNote]


def allocate(drafts: Mapping[int, ShipmentDraft], before: AlreadyShipped) -> Allocation:
    """Hand out an order's units, in file order: first to drafts with quantities, then the rest."""
    units = _Units(before)
    decided: dict[int, Judged] = {}
    notes: list[RowNote] = []
    for place, draft in sorted(drafts.items(), key=lambda pair: (pair[1].rest, pair[0])):
        allocated = units.allocate(draft)
        decided[place] = allocated.judged
        notes += allocated.others
    return Allocation(decided, notes)


class _Units:
    """An order's units while they are handed out; only `allocate` and its callees take of them."""

    def __init__(self, before: AlreadyShipped) -> None:
        self._view, self._dealt_before = before.view, before.units
        self._left = {line.order_product_id: line.left for line in self._view.order.lines}
        self._takers: dict[int, list[str]] = defaultdict(list)  # by line, in words
        self._dealt: dict[tuple[str, int | None], list[RequestedLine]] = {}
        """What is dealt out evenly, by (request key, address): all of it, at its first parcel."""

    def allocate(self, draft: ShipmentDraft) -> Allocated:
        """A shipment with the units asked for, or why there are not enough."""
        wants = self._remaining(draft) if draft.rest else draft.wants
        if draft.rest:  # rule 9: all that remains, where that is one address
            addresses = sorted({want.line.order_address_id for want in wants})
            if len(addresses) > 1:
                return Allocated(draft.note(findings.several_addresses(draft.parcel, addresses)))
            if not wants:
                nothing = findings.nothing_left(self._view.order, self._view.descriptions(draft))
                return self._correct(draft) or Allocated(draft.note(nothing))
        if draft.share[1] > 1:
            return self._allocate_evenly(draft, wants)
        short = [want for want in wants if self._left_of(want) < (want.quantity or 1)]
        if short:
            fits = self._view.policy.ships_what_fits and self._fitting(draft, wants, short)
            return self._correct(draft) or fits or self._refusal(draft, short)
        return self._take(draft, wants)

    def _remaining(self, draft: ShipmentDraft) -> list[RequestedLine]:
        """Rule 8: what is left of the lines that go to its address."""
        lines = (line for line in self._view.order.lines if draft.is_for(line.order_address_id))
        left = ((line, self._left[line.order_product_id]) for line in lines)
        return [RequestedLine(line, units, draft.rows) for line, units in left if units > 0]

    def _left_of(self, want: RequestedLine) -> int:
        return self._left[want.line.order_product_id]

    def _take(self, draft: ShipmentDraft, wants: Sequence[RequestedLine]) -> Allocated:
        items = []
        for want in wants:
            line_id = want.line.order_product_id
            units = want.quantity if want.quantity is not None else self._left[line_id]
            self._left[line_id] -= units
            self._takers[line_id].append(f"row {want.rows[0]} of this file takes {units}")
            items.append(Item(line_id, units))
        skus = tuple((want.line.order_product_id, want.line.sku) for want in wants)
        return Allocated(replace(draft.shipment(items, wants[0].line.order_address_id), skus=skus))

    def _fitting(
        self, draft: ShipmentDraft, wants: Sequence[RequestedLine], short: Sequence[RequestedLine]
    ) -> Allocated | None:
        """What the order has of a parcel; its other units are told, for they are on the truck."""
        fit = [
            replace(want, quantity=self._left_of(want)) if want in short else want for want in wants
        ]
        fit = [want for want in fit if want.quantity != 0]
        if not fit:
            return None
        notes = [draft.note(self._unordered(draft, want), want.rows) for want in short]
        return replace(self._take(replace(draft, wants=fit), fit), others=tuple(notes))

    def _unordered(self, draft: ShipmentDraft, want: RequestedLine) -> Finding:
        left = self._left_of(want)
        if left == 0:
            return self._shortage(draft, want)
        return findings.packed_unordered(self._view.order, want.line, want.quantity or 0, left)

    def _correct(self, draft: ShipmentDraft) -> Allocated | None:
        """Rule 6: not enough left, but an equal parcel has another number: a correction."""
        equal = [e for e in self._view.unmatched(draft) if draft.fits(e.made)]
        if not draft.label or not equal:
            return None
        if draft.rest and len(equal) > 1:  # which of them it is for, nobody knows
            return None
        matched = correction(draft, equal[0], self._view)
        self._view = self._view.with_matched(matched.existing)
        return Allocated(matched.judged)

    def _refusal(self, draft: ShipmentDraft, short: Sequence[RequestedLine]) -> Allocated:
        """Rule 7: the short rows with their own reason, the parcel's other rows with the first."""
        notes = [draft.note(self._shortage(draft, want), want.rows) for want in short]
        blamed = {row for want in short for row in want.rows}
        others = tuple(row for row in draft.rows if row not in blamed)
        incomplete = findings.parcel_incomplete(short[0].rows[0], notes[0].finding.error)
        also = [draft.note(incomplete, others)] if others else []
        return Allocated(notes[0], (*also, *notes[1:]))

    def _shortage(self, draft: ShipmentDraft, want: RequestedLine) -> Finding:
        line_id = want.line.order_product_id
        took = [*self._view.descriptions(draft, line_id), *self._takers.get(line_id, ())]
        asked, left = want.quantity or 1, self._left[line_id]
        return findings.not_enough_left(self._view.order, want.line, asked, left, took, want.rows)

    def _allocate_evenly(self, draft: ShipmentDraft, wants: Sequence[RequestedLine]) -> Allocated:
        """Rule 9: the k-th of n parcels gets every n-th unit, so they differ by at most one."""
        k, n = draft.share
        all_units = [want for want in self._deal(draft, wants) for _ in range(want.quantity or 0)]
        if len(all_units) < n:
            return Allocated(draft.note(findings.uneven_parcels(draft.parcel, len(all_units))))
        mine = all_units[k::n]
        count = Counter(want.line.order_product_id for want in mine)
        by_line = {want.line.order_product_id: want for want in mine}
        shares = [replace(want, quantity=count[line_id]) for line_id, want in by_line.items()]
        short = [
            share for share in shares if self._left_of(share) < count[share.line.order_product_id]
        ]
        return self._refusal(draft, short) if short else self._take(draft, shares)

    def _deal(self, draft: ShipmentDraft, wants: Iterable[RequestedLine]) -> list[RequestedLine]:
        """All units of the n parcels, those already made too, so that a second run deals alike."""
        key = draft.parcel.request_key, draft.address
        if key not in self._dealt:
            before = self._dealt_before.get(draft.parcel.request_key, Counter())
            if draft.rest:
                address = next(want.line.order_address_id for want in wants)
                lines = (
                    line for line in self._view.order.lines if line.order_address_id == address
                )
                wants = [RequestedLine(line, None, draft.rows) for line in lines]
            self._dealt[key] = [
                replace(
                    want,
                    quantity=want.quantity
                    or self._left_of(want) + before[want.line.order_product_id],
                )
                for want in wants
            ]
        return self._dealt[key]
