"""What is said of a row that does not ship, or need not: one sentence per finding, with numbers."""

from collections.abc import Sequence
from dataclasses import replace

from batch.model import (
    Finding,
    Order,
    OrderLine,
    Parcel,
    Record,
    Shipment,
    Status,
    StoreShipment,
    Who,
)
from batch.model.catalogue import Code
from batch.model.matching import Match, differences, units
from batch.model.reading import answer_option
from batch.primitives.spelling import fold_case

CREATED = Finding(Status.CREATED)
PLANNED = Finding(Status.PLANNED)


def describe_shipment(made: StoreShipment) -> str:
    """A shipment in the store, in one line."""
    number = made.tracking_number or made.tracking_link or "no tracking number"
    since = f", made {made.date_created}" if made.date_created else ""
    return f"shipment {made.shipment_id} ({number}; {units(made.items)}{since})"


def describe_line(line: OrderLine) -> str:
    """An order line in words that a reader of the file knows."""
    return f"SKU {line.sku}" if line.sku else f"line {line.order_product_id}"


def _and(rows: Sequence[int]) -> str:
    return f"{', '.join(map(str, rows[:-1]))} and {rows[-1]}"


def _listed(things: Sequence[object]) -> str:
    return ", ".join(map(str, things))


def _order(parcel: Parcel) -> str:
    return str(parcel.order_id or parcel.external_order_id)


def unknown_order(parcel: Parcel) -> Finding:
    return Code.UNKNOWN_ORDER.finding(order=_order(parcel))


def unlisted_order(parcel: Parcel) -> Finding:
    return Code.ORDER_NOT_LISTED.finding(order=_order(parcel))


def number_missing(parcel: Parcel) -> Finding:
    return Code.NUMBER_MISSING.finding(
        order=_order(parcel), row=parcel.rows[0], why=parcel.unnumbered
    )


def waiting(parcel: Parcel, newest: int) -> Finding:
    newest_said = f"the newest is {newest}" if newest else "it has no orders"
    return Code.ORDER_NOT_THERE_YET.finding(order=_order(parcel), newest=newest_said)


def several_orders(parcel: Parcel, found: Sequence[int]) -> Finding:
    return Code.SEVERAL_ORDERS.finding(
        count=len(found), number=parcel.external_order_id, orders=_listed(found)
    )


def unknown_sku(order: Order, sku: str) -> Finding:
    known = list(dict.fromkeys(line.sku for line in order.lines if line.sku))
    within = [ours for ours in known if fold_case(ours) in fold_case(sku)]
    meant = (within or known)[:1] if within or len(known) == 1 else ["SKU IN THE STORE"]
    theirs = (
        " If it is right, run the file again with an answer, which is kept for this source:"
        f" {answer_option(f'sku:{sku}', meant[0])} where the store calls it so (several as"
        f" `2 CUP + SAUCER`), {answer_option(f'sku:{sku}', 'ignore')} where it is a catalogue or a"
        " sample that no order has."
    )
    return Code.UNKNOWN_SKU.finding(
        order=order.order_id,
        sku=sku,
        skus=", ".join(known) or "no SKU at all",
        theirs=theirs if known else "",
    )


def unknown_line(order: Order, line_id: int) -> Finding:
    lines = _listed([line.order_product_id for line in order.lines]) or "none"
    return Code.UNKNOWN_LINE.finding(order=order.order_id, line=line_id, lines=lines)


def units_of_what(order: Order, units: int, lines: Sequence[OrderLine]) -> Finding:
    shown = ", ".join(f"{describe_line(line)} ({line.left} left)" for line in lines)
    shown = shown or "none that ships"
    return Code.QUANTITY_WITHOUT_LINE.finding(
        error=f"Order {order.order_id}: the file ships {units} and does not say of what; "
        f"its lines are {shown}.",
        todo="Add a column with the SKU; "
        "or leave the quantity blank to ship all that remains of the order.",
    )


def wrong_address(order: Order, address_id: int, what: str, goes_to: Sequence[int]) -> Finding:
    where = _listed(goes_to) or "no address"
    return Code.WRONG_ADDRESS.finding(
        order=order.order_id, what=what, goes_to=where, address=address_id
    )


def ambiguous_sku(order: Order, sku: str, lines: Sequence[OrderLine]) -> Finding:
    ids = ", ".join(f"{line.order_product_id} ({line.left} left)" for line in lines)
    return Code.AMBIGUOUS_SKU.finding(order=order.order_id, count=len(lines), sku=sku, lines=ids)


def not_shippable(order: Order, line: OrderLine) -> Finding:
    kinds = {"digital": Code.DIGITAL_LINE, "giftcertificate": Code.GIFT_CERTIFICATE}
    return kinds.get(line.kind, Code.PICKUP_LINE).finding(
        order=order.order_id, line=describe_line(line)
    )


def not_enough_left(
    order: Order,
    line: OrderLine,
    asked: int,
    left: int,
    took: Sequence[str],
    rows: Sequence[int] = (),
) -> Finding:
    """`rows`: those that ask for it together, if several."""
    todo = (
        f"Change the quantity to {left}, or take the row out."
        if left
        else "Take the row out: nothing is left to ship."
    )
    if left and len(rows) > 1:
        first, more = rows[:5], len(rows) - 5
        several = f"{_listed(first)} and {more} more" if more > 0 else _and(first)
        todo = f"Rows {several} are of the same line: change their quantities to {left} in all."
    return Code.NOT_ENOUGH_LEFT.finding(
        order=order.order_id,
        line=describe_line(line),
        asked=asked,
        ordered=line.quantity,
        shipped=line.shipped,
        refunded=f", refunded {line.refunded}" if line.refunded else "",
        left=left,
        took=f" ({'; '.join(took)})" if took else "",
        todo=todo,
    )


def nothing_left(order: Order, took: Sequence[str]) -> Finding:
    return Code.NOTHING_LEFT.finding(
        order=order.order_id, took=f": {'; '.join(took)}" if took else ""
    )


def parcel_incomplete(row: int, reason: str) -> Finding:
    return Code.PARCEL_INCOMPLETE.finding(row=row, reason=reason)


def number_twice(order: Order, label: str, rows: Sequence[int]) -> Finding:
    return Code.NUMBER_TWICE.finding(rows=_listed(rows), label=label, order=order.order_id)


def order_deleted(order: Order) -> Finding:
    return Code.ORDER_DELETED.finding(order=order.order_id)


def recipient_differs(order: Order, differs: Sequence[str]) -> Finding:
    what = f"{', '.join(differs[:-1])} and {differs[-1]}"
    return Code.RECIPIENT_DIFFERS.finding(order=order.order_id, what=what)


def order_status(order: Order) -> Finding:
    return Code.ORDER_STATUS.finding(order=order.order_id, is_now=order.status or order.status_id)


def packed_unordered(order: Order, line: OrderLine, packed: int, left: int) -> Finding:
    """A parcel that ships with what fits; left: units that the order still has of the line."""
    return Code.PACKED_UNORDERED.finding(
        order=order.order_id,
        line=describe_line(line),
        packed=packed,
        left=left,
        over=packed - left,
    )


def joined_parcels(order: Order, numbers: Sequence[str], lines: Sequence[OrderLine]) -> Finding:
    """Each line under each number."""
    return Code.JOINED_PARCELS.finding(
        order=order.order_id,
        count=len(numbers),
        numbers=_listed(numbers),
        lines=_listed([describe_line(line) for line in lines]),
        left=_listed([line.left for line in lines]),
    )


def several_parcels(parcel: Parcel) -> Finding:
    return Code.SEVERAL_PARCELS.finding(
        order=_order(parcel), count=len(parcel.numbers), numbers=_listed(parcel.numbers)
    )


def other_carrier(parcel: Parcel) -> Finding:
    return Code.OTHER_CARRIER.finding(
        order=_order(parcel),
        carrier=parcel.carrier_name,
        number=_listed(parcel.numbers),
        owner=parcel.number_of,
    )


def uneven_parcels(parcel: Parcel, units: int) -> Finding:
    return Code.TOO_MANY_PARCELS.finding(
        order=_order(parcel), count=len(parcel.numbers), units=units
    )


def several_addresses(parcel: Parcel, addresses: Sequence[int]) -> Finding:
    return Code.SEVERAL_ADDRESSES.finding(
        order=_order(parcel), count=len(addresses), addresses=_listed(addresses)
    )


def changed(made: StoreShipment, asked: Shipment, origin: str) -> Finding:
    return Code.CHANGED.finding(
        order=asked.order_id,
        made=describe_shipment(made),
        theirs=made.shipping_provider or made.tracking_carrier or "no carrier",
        origin=origin,
        units=units(asked.items),
        carrier=asked.shipping_provider or asked.tracking_carrier or "no carrier",
    )


def correction(made: StoreShipment, asked: Shipment, origin: str) -> Finding:
    return Code.CORRECTION.finding(
        order=asked.order_id,
        made=describe_shipment(made),
        origin=origin,
        label=asked.label or "no number",
    )


def equal_again(made: StoreShipment, asked: Shipment, origin: str) -> Finding:
    return Code.EQUAL_AGAIN.finding(
        order=asked.order_id, made=describe_shipment(made), origin=origin
    )


def shipped_in_part(made: StoreShipment, asked: Shipment, origin: str) -> Finding:
    return Code.SHIPPED_IN_PART.finding(
        order=asked.order_id, units=units(asked.items), made=describe_shipment(made), origin=origin
    )


def number_added(made: StoreShipment, asked: Shipment, origin: str) -> Finding:
    return Code.NUMBER_ADDED.finding(
        order=asked.order_id,
        made=describe_shipment(made),
        origin=origin,
        label=asked.label,
        shipment=made.shipment_id,
    )


def voided_after_shipping(record: Record) -> Finding:
    return Code.VOIDED_AFTER_SHIPPING.finding(
        order=record.shipment.order_id,
        label=record.shipment.label,
        made=describe_shipment(record.made) if record.made else "a shipment",
        origin=f"made by run {record.run_id}",
        run=record.run_id,
    )


def number_of_another_order(asked: Shipment, record: Record) -> Finding:
    return Code.NUMBER_OF_ANOTHER_ORDER.finding(
        order=asked.order_id,
        label=asked.tracking_number,
        other=record.shipment.order_id,
        made=describe_shipment(record.made) if record.made else "a shipment",
        origin=f"made by run {record.run_id}",
    )


def deleted_before(asked: Shipment, shipment_id: int, run_id: str) -> Finding:
    return Code.DELETED_BEFORE.finding(order=asked.order_id, run=run_id, shipment=shipment_id)


def already_created(*differs: Finding | None) -> Finding:
    """`differs`: the finding of shipments that were made otherwise than asked, if any."""
    return replace(next(filter(None, differs), CREATED), status=Status.ALREADY_CREATED)


def no_link(asked: Shipment, made: StoreShipment | None) -> str:
    """Why the customer gets no tracking link, or would get none; empty where he gets one."""
    told = asked.tracking_number and (asked.shipping_provider or asked.tracking_carrier)
    if made.link if made else asked.tracking_link or told:
        return ""
    why = (
        "the file gives no tracking number"
        if not asked.tracking_number
        else f"the store has made none of {asked.tracking_number} and"
        f" {asked.shipping_provider or asked.tracking_carrier}"
        if told
        else f"no carrier that is known goes with the number {asked.tracking_number}"
        " (`shipbatch carriers WORD` finds its slug)"
    )
    return f"the customer gets no tracking link: {why}"


def updated(before: StoreShipment) -> Finding:
    return Code.UPDATED.finding(made=describe_shipment(before))


def decided_skip() -> Finding:
    return Code.DECIDED_SKIP.finding()


def decided_but_gone(order: Order, shipment_id: str) -> Finding:
    return Code.DECIDED_BUT_GONE.finding(order=order.order_id, shipment=shipment_id)


def two_doubts(order_id: int, run_id: str) -> Finding:
    """`run_id`: the run of the same order's older doubt, or of what was made."""
    return Code.TWO_DOUBTS.finding(order=order_id, run=run_id)


def in_doubt(order_id: int, sender: str = "") -> Finding:
    """`sender`: a runner that lost the store while sending this, and may still be running."""
    if sender:
        return Code.SENDER_NOT_ENDED.finding(order=order_id, sender=sender)
    return Code.IN_DOUBT.finding(order=order_id)


def answered_otherwise(shipment: Shipment, differing: Sequence[tuple[str, str, str]]) -> Finding:
    """For a 201 that does not name what was asked."""
    sides = "; ".join(f"{what}: asked {asked}, answered {said}" for what, asked, said in differing)
    return Code.ANSWER_DIFFERS.finding(order=shipment.order_id, sides=sides)


def read_back(asked: Shipment, found: Match) -> Finding | None:
    """What to report of a shipment that was read back and claimed; None where it is as asked."""
    assert found.mine is not None
    return doubled(found.mine, found.twins) if found.twins else made_differs(asked, found.mine)


def made_differs(asked: Shipment, made: StoreShipment) -> Finding | None:
    sides = "; ".join(
        f"{what}: asked {ours}, made {theirs}" for what, ours, theirs in differences(asked, made)
    )
    if not sides:
        return None
    return Code.MADE_DIFFERS.finding(order=asked.order_id, shipment=made.shipment_id, sides=sides)


def refused(shipment: Shipment, status: int, said: Sequence[str]) -> Finding:
    """The store's own words, with their order; the code says with which HTTP status, too."""
    words = " ".join(said) or f"HTTP {status}, without a reason"
    found = Code.REFUSED.finding(order=shipment.order_id, words=words)
    return replace(
        found, code=f"{Code.REFUSED}_{status}", who=Who.IT if status == 404 else found.who
    )


def doubled(mine: StoreShipment, twins: Sequence[StoreShipment]) -> Finding:
    others = _listed([twin.shipment_id for twin in twins])
    return Code.DUPLICATE_ON_SERVER.finding(
        order=mine.order_id, shipment=mine.shipment_id, others=others
    )


def why_not_again(
    shipment: Shipment, near: Sequence[StoreShipment], *, moved: bool, never: bool
) -> Finding | None:
    """Why a shipment that was absent twice must not be sent again; None where it may."""
    if near:
        why = (
            f"the store has {'; '.join(describe_shipment(made) for made in near)}, "
            "which is like it but not equal"
        )
    elif moved:
        why = "it is not among the order's shipments, yet units of the order count as shipped"
    elif never:
        why = "it is not in the store, and --never-resend forbids a second try"
    else:
        return None
    return Code.NEEDS_PERSON.finding(order=shipment.order_id, why=why)


def not_corrected(shipment: Shipment, made: StoreShipment, said: Sequence[str]) -> Finding:
    words = " ".join(said) or "the store did not say why."
    return Code.NOT_CORRECTED.finding(
        order=shipment.order_id, made=describe_shipment(made), words=words
    )


def changed_since_plan(order_id: int | None, how: str) -> Finding:
    return Code.CHANGED_SINCE_PLAN.finding(order=order_id or "?", how=how)


def not_in_plan(order_id: int) -> Finding:
    return Code.NOT_IN_PLAN.finding(order=order_id)


def expired(waiting: Finding, days: int) -> Finding:
    return Code.ORDER_NEVER_CAME.finding(waited=waiting.error.rstrip("."), days=days)


def changed_meanwhile(shipment: Shipment) -> Finding:
    return Code.CHANGED_MEANWHILE.finding(order=shipment.order_id)


def taken_over(run_id: str) -> Finding:
    """`run_id`: the later run that the rows now belong to."""
    return Code.TAKEN_OVER.finding(run=run_id)


def not_sent(record: Record, stopped: str, blocking: Record | None, limit: int | None) -> Finding:
    """Why a shipment that could have been sent was not."""
    order_id = record.shipment.order_id
    if blocking is not None:
        return Code.ORDER_IN_DOUBT.finding(order=order_id, row=blocking.shipment.rows[0])
    if stopped:
        return Code.STOPPED.finding(order=order_id, stopped=stopped)
    if limit is not None:
        return Code.LIMIT.finding(order=order_id, limit=limit)
    return Code.NOT_SETTLED.finding(order=order_id)
