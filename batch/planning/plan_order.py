"""Parcels against their order: who ships, who does not, and why. Pure: no clock, no I/O.

An order is judged alone, its parcels in file order, in three passes: what it already has
(`already_shipped`), what stops a new parcel (`holds`), the units (`allocation`). Each pass returns
what it has decided, and changes nothing.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from batch.model import Finding, Order, Parcel, RowNote, Shipment, findings
from batch.model.matching import plain
from batch.planning.allocation import allocate
from batch.planning.already_shipped import already_shipped
from batch.planning.drafts import ShipmentDraft, drafts_of
from batch.planning.facts import Correction, Facts, Judged, Policy
from batch.planning.holds import holds
from batch.planning.order_view import OrderView


def plan_order(parcels: Sequence[Parcel], facts: Facts, policy: Policy) -> list[Judged]:
    """Judge all parcels of one order; each of their rows is in at least one of the results."""
    order = facts.order
    if order is None:
        return [
            RowNote(p.rows, _absent(p, facts, policy), request_key=p.request_key) for p in parcels
        ]
    notes: list[RowNote] = []
    drafts: list[ShipmentDraft] = []
    also = _other_sources(facts, policy)
    for parcel in parcels:
        known = replace(parcel, order_id=order.order_id, warnings=(*parcel.warnings, *also))
        wrong, made = drafts_of(known, order, policy)
        notes += wrong
        drafts += made
    before = already_shipped(drafts, OrderView(order, facts, policy))
    held = holds(before.new, before.view)
    free = {place: draft for place, draft in before.new.items() if place not in held}
    allocation = allocate(free, before)
    decided: dict[int, Judged] = {**before.decided, **held, **allocation.decided}
    drafted = {place: before.new.get(place, draft) for place, draft in enumerate(drafts)}
    decided |= _told_twice(order, drafted, decided)
    return [*notes, *before.notes, *allocation.notes, *(decided[place] for place in drafted)]


def _other_sources(facts: Facts, policy: Policy) -> list[str]:
    """What is said of an order that another source has shipped from, too."""
    others = [e for e in facts.existing if policy.source and e.source not in ("", policy.source)]
    files = sorted({existing.file for existing in others})
    return [f"the order is shipped from another source, too: {', '.join(files)}"] if files else []


def _absent(parcel: Parcel, facts: Facts, policy: Policy) -> Finding:
    """Why there is no order to judge a parcel by."""
    if policy.answers.get(parcel.request_key) == "skip":
        return findings.decided_skip()
    if facts.same_external_id:
        return findings.several_orders(parcel, facts.same_external_id)
    if facts.newest is not None:
        return findings.waiting(parcel, facts.newest)
    return findings.unlisted_order(parcel) if facts.unproven else findings.unknown_order(parcel)


def _told_twice(
    order: Order, drafts: Mapping[int, ShipmentDraft], decided: Mapping[int, Judged]
) -> dict[int, RowNote]:
    """Parcels of one number and address that the file describes twice: none ships (rule 7)."""
    places: dict[tuple[int, str], list[int]] = defaultdict(list)
    for place, draft in drafts.items():
        judged = decided[place]
        made = judged.shipment if isinstance(judged, Correction) else judged
        if draft.label and isinstance(made, Shipment):
            places[made.order_address_id, plain(draft.label)].append(place)
    notes: dict[int, RowNote] = {}
    for same in (same for same in places.values() if len(same) > 1):
        rows = sorted({row for place in same for row in drafts[place].rows})
        for place in same:
            draft = drafts[place]
            notes[place] = draft.note(findings.number_twice(order, draft.label, rows))
    return notes
