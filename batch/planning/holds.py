"""The second pass over an order's drafts: what stops a new parcel before allocation. Pure.

The rules are numbered as in DESIGN section 4.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from batch.model import Recipient, RowNote, Status, findings
from batch.planning.drafts import ShipmentDraft
from batch.planning.order_view import OrderView, as_asked, has_label, is_short
from batch.planning.recipients import difference


def holds(new: Mapping[int, ShipmentDraft], view: OrderView) -> dict[int, RowNote]:
    """Place in the file → why the draft is stopped."""
    found = {place: _hold(draft, view) for place, draft in new.items()}
    held = {place: note for place, note in found.items() if note}
    return _joined(new, view) | held


def _joined(new: Mapping[int, ShipmentDraft], view: OrderView) -> dict[int, RowNote]:
    """Rule 9: all that is left, under each of several numbers: what is in which parcel, nothing
    says.
    """
    alike: dict[tuple[tuple[int, int | None], ...], list[int]] = defaultdict(list)
    for place, draft in new.items():
        asked = sorted((want.line.order_product_id, want.quantity) for want in draft.wants)
        if draft.number and asked and draft.share[1] == 1 and not view.may_ship(draft, again=False):
            alike[tuple(asked)].append(place)
    held: dict[int, RowNote] = {}
    for places in alike.values():
        wants = new[places[0]].wants
        if len(places) < 2 or any(want.line.left != (want.quantity or 1) for want in wants):
            continue
        numbers = [new[place].number for place in places]
        for place in places:
            finding = findings.joined_parcels(view.order, numbers, [want.line for want in wants])
            held[place] = new[place].note(finding)
    return held


def _hold(draft: ShipmentDraft, view: OrderView) -> RowNote | None:
    order, policy = view.order, view.policy
    if order.deleted:
        return draft.note(findings.order_deleted(order))
    # Rule 8: an order in such a status needs a person's answer; the setting `again` is none.
    if order.status_id in policy.hold_statuses and not view.may_ship(draft, again=False):
        return draft.note(findings.order_status(order))
    if other := _other_recipient(draft, view):
        return other
    # Rule 4: so does a shipment that was deleted.
    for record in view.facts.deleted:
        if draft.has_made(record) and record.made and not view.may_ship(draft):
            asked = as_asked(draft)
            return draft.note(
                findings.deleted_before(asked, record.made.shipment_id, record.run_id)
            )
    # Rule 9: several numbers and no lines are asked about, until the source says what they are.
    if len(draft.parcel.numbers) > 1 and not policy.several_parcels:
        return draft.note(findings.several_parcels(draft.parcel))
    if draft.parcel.number_of and not view.may_ship(draft):
        return draft.note(findings.other_carrier(draft.parcel))
    return _number_missing(draft, view) or _number_added(draft, view)


def _other_recipient(draft: ShipmentDraft, view: OrderView) -> RowNote | None:
    """Rule 11: the file sends it to somebody else than the order goes to, whichever its address."""
    file, known = draft.parcel.recipient, view.order.recipients
    if not (file and known and view.policy.check_recipient) or view.may_ship(draft, again=False):
        return None
    there = [one for address, one in known.items() if address and draft.is_for(address)]
    found = [difference(file, one, known.get(0, Recipient())) for one in there]
    if not found or not all(found):
        return None
    names = " or ".join(dict.fromkeys(one.text for one in there))
    note = draft.note(findings.recipient_differs(view.order, found[0]))
    return replace(note, private=f"The file has {file.text}; the order has {names}.")


def _number_missing(draft: ShipmentDraft, view: OrderView) -> RowNote | None:
    """No number where the file's other rows have one; told once: a later file's row is skipped."""
    if not draft.parcel.unnumbered or view.may_ship(draft, again=False):
        return None
    missing = findings.number_missing(draft.parcel)
    if draft.parcel.request_key in view.policy.told:
        missing = replace(missing, status=Status.SKIPPED, todo="")
    return draft.note(missing)


def _number_added(draft: ShipmentDraft, view: OrderView) -> RowNote | None:
    """Rule 6: units shipped without a number now have one: another parcel, or a late label."""
    if not draft.label or draft.rest or draft.share[1] > 1 or view.may_ship(draft):
        return None
    bare = [e for e in view.of_same_units(draft).values() if not has_label(e.made)]
    if not bare or any(map(is_short, draft.wants)):
        return None
    return draft.note(findings.number_added(bare[0].made, as_asked(draft), bare[0].created_by))
