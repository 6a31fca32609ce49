"""An order's drafts against what it already has, and what it has left."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from batch.model import Finding, Item, Order, OrderLine, Parcel, RowNote, Shipment, StoreShipment, findings
from batch.model.matching import plain
from batch.planning.drafts import RequestedLine, ShipmentDraft, drafts_of
from batch.planning.facts import Correction, ExistingShipment, Facts, Judged, Policy, facts_of

Differs = Callable[[StoreShipment, Shipment, str], Finding]


def judge(parcels: Sequence[Parcel], facts: Facts, policy: Policy) -> list[Judged]:
    """Judge all parcels of one order; every row of theirs is in at least one of the results."""
    order = facts.order
    if order is None:
        return [RowNote(p.rows, _absent(p, facts, policy), request_key=p.request_key) for p in parcels]
    judged: list[Judged] = []
    drafts: list[ShipmentDraft] = []
    for parcel in parcels:
        notes, made = drafts_of(replace(parcel, order_id=order.order_id), order, policy)
        judged += notes
        drafts += made
    bench = OrderAllocation(order, facts, policy)
    for draft in sorted(drafts, key=lambda d: not d.label):  # a number says more than equal items do
        draft.judged = bench.met(draft)
    for draft in drafts:
        draft.judged = draft.judged or bench.gate(draft)
    for draft in sorted(drafts, key=lambda d: d.rest):  # stable: file order within each kind
        draft.judged = draft.judged or bench.hand_out(draft)
    bench.tell_apart(drafts)
    return [*judged, *bench.others, *(draft.judged for draft in drafts if draft.judged)]


def _absent(parcel: Parcel, facts: Facts, policy: Policy) -> Finding:
    if policy.answers.get(parcel.request_key) == "skip":
        return findings.decided_skip()
    if facts.same_external_id:
        return findings.several_orders(parcel, facts.same_external_id)
    if facts.newest is not None:
        return findings.waiting(parcel, facts.newest)
    return findings.unlisted_order(parcel) if facts.unproven else findings.unknown_order(parcel)


class OrderAllocation:
    """One order under judgement: the units still to be had, and the shipments already accounted for."""

    def __init__(self, order: Order, facts: Facts, policy: Policy) -> None:
        self.order, self.facts, self.policy = order, facts, policy
        self.left = {line.order_product_id: line.left for line in order.lines}
        self.took: dict[int, list[str]] = {}
        self.known = set(policy.already_matched)  # existing shipments that a parcel of this file has been met as
        self.deals: dict[
            tuple[str, int | None], list[RequestedLine]
        ] = {}  # what is dealt out evenly, by ask and address
        self.dealt: dict[str, Counter[int]] = defaultdict(Counter)  # units of it that an earlier run has shipped
        self.others: list[RowNote] = []  # rows of a refused parcel that are not to blame

    # met before

    def met(self, draft: ShipmentDraft) -> Judged | None:
        """What a parcel is when the store or the ledger already has it; None when it is new."""
        answer = self.policy.answers.get(draft.parcel.request_key, "")
        if answer == "skip":
            return draft.note(findings.decided_skip())
        if answer.startswith("exists:") and (judged := self._named(draft, answer.removeprefix("exists:"))):
            return judged
        for record in self.facts.unsettled:
            if draft.has_made(record):
                return replace(draft.note(findings.in_doubt(self.order.order_id)), record_id=record.record_id)
        return self._met_by_label(draft) if draft.label else self._met_without(draft)

    def _named(self, draft: ShipmentDraft, shipment_id: str) -> Judged | None:
        """The shipment that a person says it exists as; one of another address is that address's parcel."""
        named = [e for e in self.facts.existing if str(e.made.shipment_id) == shipment_id]
        if any(not draft.is_for(e.made.order_address_id) for e in named):
            return None
        free = [e for e in named if e.made.shipment_id not in self.known]
        if not free:
            return draft.note(findings.decided_but_gone(self.order, shipment_id))
        if self.policy.update and draft.label and not draft.is_label_of(free[0].made):
            return self._correction(draft, free[0], findings.correction)
        return self._already(draft, free)

    def _met_by_label(self, draft: ShipmentDraft) -> Judged | None:
        same = [e for e in self._there(draft) if draft.is_label_of(e.made, *e.labels)]
        if not same:
            return None
        if ours := [e for e in same if e.came_from(draft.parcel.request_key) and not self._corrects(draft, e)]:
            return self._already(draft, ours[:1])
        fit = [e for e in same if draft.fits(e.made)]
        if not fit:
            return draft.note(findings.changed(same[0].made, self._as_asked(draft), same[0].created_by))
        alike = [e for e in fit if draft.is_carried_like(e.made) and draft.is_label_of(e.made)]
        if alike:
            return self._already(draft, alike[:1])
        differs = findings.changed if draft.is_label_of(fit[0].made) else findings.correction
        return self._correction(draft, fit[0], differs)

    def _corrects(self, draft: ShipmentDraft, existing: ExistingShipment) -> bool:
        """Whether what was made otherwise than asked can be set right, and is to be."""
        there = draft.is_for(existing.made.order_address_id)
        return self.policy.update and there and draft.fits(existing.made) and not draft.is_label_of(existing.made)

    def _met_without(self, draft: ShipmentDraft) -> Judged | None:
        """No number to tell parcels apart: equal and nothing left is met, equal with units left is asked about."""
        here, shared = self._free(draft), self._shared(draft)
        if mine := [
            e for e in here if e.ask == draft.parcel.request_key and e.export and e.export == self.policy.export
        ]:
            whole = {i.order_product_id for e in mine for i in e.made.items}
            before = {e.made.shipment_id: e for line_id, e in shared.items() if line_id not in whole}
            return self._already(draft, [*before.values(), *mine])
        if draft.rest:
            if here and not self._remaining(draft):
                return self._already(draft, here)
            equal = [e for e in here if e.ask == draft.parcel.request_key]
        else:
            equal = [e for e in here if draft.fits(e.made) or e.came_from(draft.parcel.request_key)]
            if equal and any(self._short(want) for want in draft.wants):
                return self._already(draft, equal[:1])
            if shared and not equal:
                return self._met_in_part(draft, shared)
        if not equal or self._may_ship(draft):
            return None
        self.known.add(equal[0].made.shipment_id)
        return draft.note(findings.equal_again(equal[0].made, self._as_asked(draft), equal[0].created_by))

    def _met_in_part(self, draft: ShipmentDraft, shared: Mapping[int, ExistingShipment]) -> Judged | None:
        """Some of its lines have shipped in the same number before: met where none of theirs is left, else asked about.

        What has not shipped goes on as the parcel.
        """
        same = [want for want in draft.wants if want.line.order_product_id in shared]
        existing = list({e.made.shipment_id: e for e in shared.values()}.values())
        if all(self._short(want) for want in same):
            met = self._already(replace(draft, wants=same), existing)
            draft.wants = [want for want in draft.wants if want not in same]
            if not draft.wants:
                return met
            self.others.append(met)
            return None
        if self._may_ship(draft):
            return None
        return draft.note(findings.shipped_in_part(existing[0].made, self._as_asked(draft), existing[0].created_by))

    def _already(self, draft: ShipmentDraft, existing: Sequence[ExistingShipment]) -> RowNote:
        self.known.update(e.made.shipment_id for e in existing)
        if draft.share[1] > 1:
            self.dealt[draft.parcel.request_key].update(
                {i.order_product_id: i.quantity for e in existing for i in e.made.items}
            )
        record = existing[0].record_id if len(existing) == 1 else None
        note = draft.note(findings.already_created(*(e.differs for e in existing)))
        shown = facts_of(e.made for e in existing) | {"row_lines": draft.row_lines, "warnings": draft.parcel.warnings}
        return replace(note, record_id=record, facts=shown)

    # gates

    def gate(self, draft: ShipmentDraft) -> Judged | None:
        """What stops a new parcel before its units are looked at."""
        if self.order.deleted:
            return draft.note(findings.order_deleted(self.order))
        if self.order.status_id in self.policy.hold_statuses and not self._may_ship(draft, again=False):
            return draft.note(findings.order_status(self.order))
        for record in self.facts.deleted:
            if draft.has_made(record) and record.made and not self._may_ship(draft):
                asked = self._as_asked(draft)
                return draft.note(findings.deleted_before(asked, record.made.shipment_id, record.run_id))
        if len(draft.parcel.numbers) > 1 and not self.policy.several_parcels:
            return draft.note(findings.several_parcels(draft.parcel))
        return self._number_added(draft)

    def _number_added(self, draft: ShipmentDraft) -> Judged | None:
        """Units that shipped without a number, and come with one now: another parcel, or the same one labelled late."""
        if not draft.label or draft.rest or draft.share[1] > 1 or self._may_ship(draft):
            return None
        bare = [e for e in self._shared(draft).values() if not _has_label(e.made)]
        if not bare or any(self._short(want) for want in draft.wants):
            return None
        return draft.note(findings.number_added(bare[0].made, self._as_asked(draft), bare[0].created_by))

    def tell_apart(self, drafts: Iterable[ShipmentDraft]) -> None:
        """Two parcels of one number and address are one that the file tells in two ways: neither ships."""
        named: dict[tuple[int, str], list[ShipmentDraft]] = defaultdict(list)
        for draft in drafts:
            made = draft.judged.shipment if isinstance(draft.judged, Correction) else draft.judged
            if draft.label and isinstance(made, Shipment):
                named[made.order_address_id, plain(draft.label)].append(draft)
        for same in named.values():
            rows = sorted({row for draft in same for row in draft.rows})
            for draft in same if len(same) > 1 else ():
                draft.judged = draft.note(findings.number_twice(self.order, draft.label, rows))

    def _may_ship(self, draft: ShipmentDraft, *, again: bool = True) -> bool:
        said = self.policy.answers.get(draft.parcel.request_key) == "ship"
        return said or (again and self.policy.again)

    # units

    def hand_out(self, draft: ShipmentDraft) -> Judged:
        """A shipment with the units it asks for, or why there are not enough."""
        if draft.rest:
            lines = self._remaining(draft)
            addresses = sorted({line.order_address_id for line in lines})
            if len(addresses) > 1:
                return draft.note(findings.several_addresses(draft.parcel, addresses))
            if not lines:
                return self._corrected(draft) or draft.note(findings.nothing_left(self.order, self._shown(draft)))
            wants = [RequestedLine(line, self.left[line.order_product_id], draft.rows) for line in lines]
        else:
            wants = draft.wants
        if draft.share[1] > 1:
            return self._dealt(draft, wants)
        short = [want for want in wants if self._short(want)]
        if short:
            return self._corrected(draft) or self._refuse(draft, short)
        return self._take(draft, wants)

    def _take(self, draft: ShipmentDraft, wants: Sequence[RequestedLine]) -> Shipment:
        items = []
        for want in wants:
            line_id = want.line.order_product_id
            units = want.quantity if want.quantity is not None else self.left[line_id]
            self.left[line_id] -= units
            self.took.setdefault(line_id, []).append(f"row {want.rows[0]} of this file takes {units}")
            items.append(Item(line_id, units))
        skus = tuple((want.line.order_product_id, want.line.sku) for want in wants)
        return replace(draft.shipment(items, wants[0].line.order_address_id), skus=skus)

    def _refuse(self, draft: ShipmentDraft, short: Sequence[RequestedLine]) -> RowNote:
        """The short rows with their own reason, the parcel's others naming the first of them."""
        notes = [draft.note(self._shortage(draft, want), want.rows) for want in short]
        blamed = {row for want in short for row in want.rows}
        if others := tuple(row for row in draft.rows if row not in blamed):
            incomplete = findings.parcel_incomplete(short[0].rows[0], notes[0].finding.error)
            self.others.append(draft.note(incomplete, others))
        self.others += notes[1:]
        return notes[0]

    def _shortage(self, draft: ShipmentDraft, want: RequestedLine) -> Finding:
        line_id = want.line.order_product_id
        took = self._shown(draft, line_id) + self.took.get(line_id, [])
        return findings.not_enough_left(self.order, want.line, want.quantity or 1, self.left[line_id], took, want.rows)

    def _dealt(self, draft: ShipmentDraft, wants: Sequence[RequestedLine]) -> Judged:
        """The k-th of n parcels: units dealt out one by one, so that they differ by at most one."""
        k, n = draft.share
        units = [want for want in self._deal(draft, wants) for _ in range(want.quantity or 0)]
        if len(units) < n:
            return draft.note(findings.uneven_parcels(draft.parcel, len(units)))
        mine: dict[int, RequestedLine] = {}
        for want in units[k::n]:
            share = mine.setdefault(want.line.order_product_id, replace(want, quantity=0))
            share.quantity = (share.quantity or 0) + 1
        short = [share for share in mine.values() if self._left(share) < (share.quantity or 0)]
        return self._refuse(draft, short) if short else self._take(draft, list(mine.values()))

    def _deal(self, draft: ShipmentDraft, wants: Sequence[RequestedLine]) -> list[RequestedLine]:
        """All units of the n parcels together, with those already made: so that a second run deals alike."""
        key = (draft.parcel.request_key, draft.address)
        if key not in self.deals:
            before = self.dealt[draft.parcel.request_key]
            if draft.rest:
                address = wants[0].line.order_address_id
                wants = [
                    RequestedLine(line, None, draft.rows)
                    for line in self.order.lines
                    if line.order_address_id == address
                ]
            total = [replace(w, quantity=w.quantity or self._left(w) + before[w.line.order_product_id]) for w in wants]
            self.deals[key] = total
        return self.deals[key]

    def _left(self, want: RequestedLine) -> int:
        return self.left[want.line.order_product_id]

    def _short(self, want: RequestedLine) -> bool:
        return self._left(want) < (want.quantity or 1)

    def _corrected(self, draft: ShipmentDraft) -> Judged | None:
        """Not enough left, but an equal parcel under another number: a correction of it."""
        equal = [e for e in self._free(draft) if draft.fits(e.made)]
        if not draft.label or not equal:
            return None
        if draft.rest and len(equal) > 1:  # which of them it is for, nobody knows
            return None
        return self._correction(draft, equal[0], findings.correction)

    def _correction(self, draft: ShipmentDraft, existing: ExistingShipment, differs: Differs) -> Correction | RowNote:
        """To be put into the store where that is allowed, else to be asked about."""
        made = existing.made
        self.known.add(made.shipment_id)
        shipment = replace(self._as_asked(draft), items=made.items, order_address_id=made.order_address_id)
        finding = differs(made, shipment, existing.created_by)
        return Correction(existing, shipment, finding) if self.policy.update else draft.note(finding)

    # what there is

    def _there(self, draft: ShipmentDraft) -> list[ExistingShipment]:
        """Shipments to its address, and what the store has made of it for another one."""
        ask = draft.parcel.request_key
        return [e for e in self.facts.existing if draft.is_for(e.made.order_address_id) or e.came_from(ask)]

    def _free(self, draft: ShipmentDraft) -> list[ExistingShipment]:
        """Shipments to its address that no parcel of the file has been met as; first those without a label."""
        free = [e for e in self._there(draft) if e.made.shipment_id not in self.known]
        return sorted(free, key=lambda e: _has_label(e.made))

    def _shared(self, draft: ShipmentDraft) -> dict[int, ExistingShipment]:
        """By line: a shipment that holds the very units of it that the draft asks."""
        asked = {(want.line.order_product_id, want.quantity) for want in draft.wants}
        return {
            item.order_product_id: e
            for e in reversed(self._free(draft))
            for item in e.made.items
            if (item.order_product_id, item.quantity) in asked
        }

    def _remaining(self, draft: ShipmentDraft) -> list[OrderLine]:
        return [
            line
            for line in self.order.lines
            if self.left[line.order_product_id] > 0 and draft.is_for(line.order_address_id)
        ]

    def _as_asked(self, draft: ShipmentDraft) -> Shipment:
        items = [Item(w.line.order_product_id, w.quantity or w.line.left) for w in draft.wants]
        return draft.shipment(items, draft.address or 0)

    def _shown(self, draft: ShipmentDraft, line_id: int | None = None) -> list[str]:
        return [
            findings.describe_shipment(e.made)
            for e in self._there(draft)
            if line_id is None or any(i.order_product_id == line_id for i in e.made.items)
        ]


def _has_label(made: StoreShipment) -> bool:
    return bool(made.tracking_number or made.tracking_link)
