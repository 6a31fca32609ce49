"""The first pass over an order's drafts: what of them has already shipped. Pure.

The rules are numbered as in DESIGN section 4; rule 6 says which shipment is the same.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from batch.model import Finding, Shipment, StoreShipment, findings
from batch.planning.drafts import ShipmentDraft
from batch.planning.facts import Correction, ExistingShipment, Judged, facts_of
from batch.planning.order_view import OrderView, as_asked, is_short

Differs = Callable[[StoreShipment, Shipment, str], Finding]


@dataclass(frozen=True, slots=True)
class Matched:
    """A draft decided by shipments that exist."""

    judged: Judged
    existing: tuple[ExistingShipment, ...] = ()
    """Shipments of this draft: no other draft is matched with them."""


@dataclass(frozen=True, slots=True)
class New:
    """A draft of which something has not shipped yet."""

    draft: ShipmentDraft
    shipped: Matched | None = None
    """Its lines that have shipped."""


@dataclass(frozen=True, slots=True)
class AlreadyShipped:
    """The first pass's decisions, by the draft's place in the file."""

    decided: Mapping[int, Judged]
    new: Mapping[int, ShipmentDraft]
    """The other drafts, as far as they still have to ship."""
    notes: Sequence[Judged]
    """On shipped lines of parcels whose other lines are new."""
    view: OrderView
    """The order, with the shipments matched so far."""
    units: Mapping[str, Counter[int]]
    """Request key → line id → units of it that have shipped."""


def already_shipped(drafts: Sequence[ShipmentDraft], view: OrderView) -> AlreadyShipped:
    """Compare an order's drafts with its shipments, those with a label first: it proves more."""
    decided: dict[int, Judged] = {}
    new: dict[int, ShipmentDraft] = {}
    notes: list[Judged] = []
    units: dict[str, Counter[int]] = defaultdict(Counter)
    for place, draft in sorted(enumerate(drafts), key=lambda pair: not pair[1].label):
        found = _compare(draft, view)
        if isinstance(found, New):
            new[place], matched = found.draft, found.shipped
            notes += [matched.judged] if matched else []
        else:
            decided[place], matched = found.judged, found
        if matched is None:
            continue
        view = view.with_matched(matched.existing)
        for item in (item for e in matched.existing for item in e.made.items):
            units[draft.parcel.request_key][item.order_product_id] += item.quantity
    return AlreadyShipped(decided, new, notes, view, units)


def correction(
    draft: ShipmentDraft,
    existing: ExistingShipment,
    view: OrderView,
    differs: Differs = findings.correction,
) -> Matched:
    """Rule 6: another label for the same shipment is written where allowed, else asked about."""
    made = existing.made
    shipment = replace(as_asked(draft), items=made.items, order_address_id=made.order_address_id)
    finding = differs(made, shipment, existing.created_by)
    if view.policy.update:
        return Matched(Correction(existing, shipment, finding), (existing,))
    return Matched(draft.note(finding), (existing,))


def _compare(draft: ShipmentDraft, view: OrderView) -> Matched | New:
    """First a person's answer, then doubts (rule 2), then what has shipped (rule 6)."""
    answer = view.answer(draft)
    if answer == "skip":
        return Matched(draft.note(findings.decided_skip()))
    if answer.startswith("exists:") and (
        named := _named_by_person(draft, view, answer.removeprefix("exists:"))
    ):
        return named
    for record in view.facts.unsettled:
        if draft.has_made(record):
            doubt = draft.note(findings.in_doubt(view.order.order_id))
            return Matched(replace(doubt, record_id=record.record_id))
    return _compare_label(draft, view) if draft.label else _compare_units(draft, view)


def _named_by_person(draft: ShipmentDraft, view: OrderView, shipment_id: str) -> Matched | None:
    """The shipment a person named as this one; at another address it is that address's parcel."""
    named = [e for e in view.facts.existing if str(e.made.shipment_id) == shipment_id]
    if any(not draft.is_for(e.made.order_address_id) for e in named):
        return None
    free = [e for e in named if view.is_unmatched(e)]
    if not free:
        return Matched(draft.note(findings.decided_but_gone(view.order, shipment_id)))
    if view.policy.update and draft.label and not draft.is_label_of(free[0].made):
        return correction(draft, free[0], view)
    return _shipped(draft, free)


def _compare_label(draft: ShipmentDraft, view: OrderView) -> Matched | New:
    """Rule 6, with a number or link, which identifies it; other items under it are asked about."""
    same = [e for e in view.there(draft) if draft.is_label_of(e.made, *e.labels)]
    if not same:
        return New(draft)
    ours = [
        e for e in same if _came_from(e, draft, view) and not _is_to_be_corrected(draft, e, view)
    ]
    if ours:
        return _shipped(draft, ours[:1])
    fit = [e for e in same if draft.fits(e.made)]
    if not fit:
        return Matched(
            draft.note(findings.changed(same[0].made, as_asked(draft), same[0].created_by))
        )
    alike = [e for e in fit if draft.is_carried_like(e.made) and draft.is_label_of(e.made)]
    if alike:
        return _shipped(draft, alike[:1])
    differs = findings.changed if draft.is_label_of(fit[0].made) else findings.correction
    return correction(draft, fit[0], view, differs)


def _came_from(existing: ExistingShipment, draft: ShipmentDraft, view: OrderView) -> bool:
    """Whether it was made from that parcel, though not as asked; or of it, as far as it fits."""
    ask = draft.parcel.request_key
    return existing.came_from(ask) or (view.policy.ships_what_fits and existing.ask == ask)


def _is_to_be_corrected(draft: ShipmentDraft, existing: ExistingShipment, view: OrderView) -> bool:
    """Whether a shipment made otherwise than asked can be corrected, and is to be."""
    made = existing.made
    is_possible = (
        draft.is_for(made.order_address_id) and draft.fits(made) and not draft.is_label_of(made)
    )
    return view.policy.update and is_possible


def _compare_units(draft: ShipmentDraft, view: OrderView) -> Matched | New:
    """Rule 6, without a number: equal with no units left is met, with units left asked about."""
    here, shared = view.unmatched(draft), view.of_same_units(draft)
    of_parcel = [e for e in here if e.ask == draft.parcel.request_key]
    mine = [e for e in of_parcel if e.export and e.export == view.policy.export]
    if mine:
        whole = {item.order_product_id for e in mine for item in e.made.items}
        before = {e.made.shipment_id: e for line_id, e in shared.items() if line_id not in whole}
        return _shipped(draft, [*before.values(), *mine])
    if draft.rest:
        lines = (line for line in view.order.lines if draft.is_for(line.order_address_id))
        if here and not any(line.left > 0 for line in lines):
            return _shipped(draft, here)
        equal = of_parcel
    else:
        equal = [e for e in here if draft.fits(e.made) or e.came_from(draft.parcel.request_key)]
        if equal and any(map(is_short, draft.wants)):
            return _shipped(draft, equal[:1])
        if shared and not equal:
            return _compare_lines(draft, view, shared)
    if not equal or view.may_ship(draft):
        return New(draft)
    asked = findings.equal_again(equal[0].made, as_asked(draft), equal[0].created_by)
    return Matched(draft.note(asked), (equal[0],))


def _compare_lines(
    draft: ShipmentDraft, view: OrderView, shared: Mapping[int, ExistingShipment]
) -> Matched | New:
    """Lines that shipped before in the same number: met where no units are left, else asked about.

    The other lines go on as the parcel.
    """
    same = [want for want in draft.wants if want.line.order_product_id in shared]
    existing = list({e.made.shipment_id: e for e in shared.values()}.values())
    if all(map(is_short, same)):
        shipped = _shipped(replace(draft, wants=same), existing)
        others = [want for want in draft.wants if want not in same]
        return New(replace(draft, wants=others), shipped) if others else shipped
    if view.may_ship(draft):
        return New(draft)
    asked = findings.shipped_in_part(existing[0].made, as_asked(draft), existing[0].created_by)
    return Matched(draft.note(asked))


def _shipped(draft: ShipmentDraft, existing: Sequence[ExistingShipment]) -> Matched:
    """Already created, as these shipments, with what is still to report about them."""
    record_id = existing[0].record_id if len(existing) == 1 else None
    note = draft.note(findings.already_created(*(e.differs for e in existing)))
    facts = facts_of(e.made for e in existing) | {
        "row_lines": draft.row_lines,
        "warnings": draft.parcel.warnings,
    }
    return Matched(replace(note, record_id=record_id, facts=facts), tuple(existing))
