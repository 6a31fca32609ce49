"""What is said of a row that does not ship, or need not: one sentence a finding, numbers included."""

from collections.abc import Sequence
from dataclasses import replace

from batch.model import MADE_DIFFERS, Finding, Order, OrderLine, Parcel, Record, Shipment, Status, StoreShipment, Who
from batch.model.matching import Match, differences, units

CREATED = Finding(Status.CREATED)
PLANNED = Finding(Status.PLANNED)


def describe_shipment(made: StoreShipment) -> str:
    """A shipment in the store, in one line."""
    number = made.tracking_number or made.tracking_link or "no tracking number"
    since = f", made {made.date_created}" if made.date_created else ""
    return f"shipment {made.shipment_id} ({number}; {units(made.items)}{since})"


def describe_line(line: OrderLine) -> str:
    """An order line as the file's reader knows it."""
    return f"SKU {line.sku}" if line.sku else f"line {line.order_product_id}"


def _and(rows: Sequence[int]) -> str:
    return f"{', '.join(map(str, rows[:-1]))} and {rows[-1]}"


def _order(parcel: Parcel) -> str:
    return str(parcel.order_id or parcel.external_order_id)


def unknown_order(parcel: Parcel) -> Finding:
    return Finding(
        Status.INVALID,
        "unknown_order",
        f"Order {_order(parcel)} is not in this store.",
        "Check the order number against the store; if it belongs to another store, take the row out.",
        Who.WAREHOUSE,
    )


def unlisted_order(parcel: Parcel) -> Finding:
    return Finding(
        Status.INVALID,
        "order_not_listed",
        f"Order {_order(parcel)} is not in the store's list of orders; it was not asked for by itself, "
        "for too many others of this file had to be.",
        "Check the order number against the store; if it belongs to another store, take the row out.",
        Who.WAREHOUSE,
    )


def waiting(parcel: Parcel, newest: int) -> Finding:
    newest_said = f"the newest is {newest}" if newest else "it has no orders"
    return Finding(
        Status.WAITING,
        "order_not_there_yet",
        f"Order {_order(parcel)} is not in the store yet: {newest_said}.",
        "Nothing now: the next runs try it again by themselves for some days. If the number is wrong, correct it.",
        Who.WAREHOUSE,
    )


def several_orders(parcel: Parcel, found: Sequence[int]) -> Finding:
    return Finding(
        Status.HELD,
        "several_orders",
        f"{len(found)} orders carry the number {parcel.external_order_id}: {', '.join(map(str, found))}.",
        "Put the store's own order number into the file.",
        Who.CUSTOMER_SERVICE,
    )


def unknown_sku(order: Order, sku: str) -> Finding:
    skus = ", ".join(dict.fromkeys(line.sku for line in order.lines if line.sku)) or "no SKU at all"
    return Finding(
        Status.INVALID,
        "unknown_sku",
        f"Order {order.order_id} has no line with SKU {sku}; it has {skus}.",
        "Correct the SKU, or the order number.",
        Who.WAREHOUSE,
    )


def unknown_line(order: Order, line_id: int) -> Finding:
    lines = ", ".join(str(line.order_product_id) for line in order.lines) or "none"
    return Finding(
        Status.INVALID,
        "unknown_line",
        f"Order {order.order_id} has no line {line_id}; its lines are {lines}.",
        "Use the id of the order's line (order_product_id), not the product's id or another shop's; "
        "or leave its column out: --map order_product_id=-",
        Who.IT,
    )


def units_of_what(order: Order, units: int, lines: Sequence[OrderLine]) -> Finding:
    shown = ", ".join(f"{describe_line(line)} ({line.left} left)" for line in lines) or "none that ships"
    return Finding(
        Status.INVALID,
        "quantity_without_line",
        f"Order {order.order_id}: the file ships {units} and does not say of what; its lines are {shown}.",
        "Add a column with the SKU; or leave the quantity blank to ship all that remains of the order.",
        Who.WAREHOUSE,
    )


def wrong_address(order: Order, address_id: int, what: str, goes_to: Sequence[int]) -> Finding:
    where = ", ".join(map(str, goes_to)) or "no address"
    return Finding(
        Status.INVALID,
        "wrong_address",
        f"Order {order.order_id}: {what} goes to address {where}, the file says {address_id}.",
        "Correct the address id, or leave it blank: the line tells it.",
        Who.IT,
    )


def ambiguous_sku(order: Order, sku: str, lines: Sequence[OrderLine]) -> Finding:
    ids = ", ".join(f"{line.order_product_id} ({line.left} left)" for line in lines)
    return Finding(
        Status.INVALID,
        "ambiguous_sku",
        f"Order {order.order_id} has {len(lines)} lines with SKU {sku}: {ids}.",
        "Add a column order_product_id with the line's id, so that the right one ships.",
        Who.IT,
    )


def not_shippable(order: Order, line: OrderLine) -> Finding:
    code, why = {
        "digital": ("digital_line", "is a download"),
        "giftcertificate": ("gift_certificate", "is a gift certificate, sent by e-mail"),
    }.get(line.kind, ("pickup_line", "is picked up by the customer"))
    return Finding(
        Status.INVALID,
        code,
        f"Order {order.order_id}: {describe_line(line)} {why}; it does not ship.",
        "Take the row out.",
        Who.WAREHOUSE,
    )


def not_enough_left(
    order: Order, line: OrderLine, asked: int, left: int, took: Sequence[str], rows: Sequence[int] = ()
) -> Finding:
    """`rows` ask for it together, where they are several."""
    refunded = f", refunded {line.refunded}" if line.refunded else ""
    by = f" ({'; '.join(took)})" if took else ""
    todo = (
        f"Change the quantity to {left}, or take the row out." if left else "Take the row out: nothing is left to ship."
    )
    if left and len(rows) > 1:
        first, more = rows[:5], len(rows) - 5
        several = f"{', '.join(map(str, first))} and {more} more" if more > 0 else _and(first)
        todo = f"Rows {several} are of the same line: change their quantities to {left} in all."
    return Finding(
        Status.INVALID,
        "not_enough_left",
        f"Order {order.order_id}, {describe_line(line)}: the file ships {asked}, ordered {line.quantity}, "
        f"already shipped {line.shipped}{refunded}; {left} left{by}.",
        todo,
        Who.WAREHOUSE,
    )


def nothing_left(order: Order, took: Sequence[str]) -> Finding:
    by = f": {'; '.join(took)}" if took else ""
    return Finding(
        Status.INVALID,
        "nothing_left",
        f"Order {order.order_id} has nothing left to ship{by}.",
        "Take the row out, or correct the order number.",
        Who.WAREHOUSE,
    )


def parcel_incomplete(row: int, reason: str) -> Finding:
    return Finding(
        Status.INVALID,
        "parcel_incomplete",
        f"Not shipped because row {row} of the same parcel is wrong: {reason}",
        f"Correct row {row}; the parcel ships whole or not at all.",
        Who.WAREHOUSE,
    )


def number_twice(order: Order, label: str, rows: Sequence[int]) -> Finding:
    return Finding(
        Status.INVALID,
        "number_twice",
        f"Rows {', '.join(map(str, rows))} give {label} to one address of order {order.order_id}, not as one parcel:"
        " address, lines or further numbers are filled in on some of them only.",
        "Fill these columns in alike on all of the parcel's rows, or give each parcel its own number.",
        Who.WAREHOUSE,
    )


def order_deleted(order: Order) -> Finding:
    return Finding(
        Status.INVALID,
        "order_deleted",
        f"Order {order.order_id} has been deleted in the store.",
        "Do not send the parcel out before customer service has said why; then take the row out.",
        Who.CUSTOMER_SERVICE,
    )


def order_status(order: Order) -> Finding:
    return Finding(
        Status.HELD,
        "order_status",
        f"Order {order.order_id} is {order.status or order.status_id}: such orders do not ship.",
        "Ask customer service. To ship it all the same, decide `ship` for this row.",
        Who.CUSTOMER_SERVICE,
    )


def several_parcels(parcel: Parcel) -> Finding:
    return Finding(
        Status.HELD,
        "several_parcels",
        f"Order {_order(parcel)} has {len(parcel.numbers)} tracking numbers ({', '.join(parcel.numbers)}) "
        "and nothing says what is in which parcel.",
        'Set several_parcels = "first" (the first takes all, the others go into the comments) or "even" '
        "for this source in shipbatch.toml, once; then run the file again.",
        Who.IT,
    )


def uneven_parcels(parcel: Parcel, units: int) -> Finding:
    return Finding(
        Status.HELD,
        "too_many_parcels",
        f"Order {_order(parcel)} has {len(parcel.numbers)} tracking numbers, and only {units} units are left.",
        "Say in the file what is in which parcel (SKU and quantity), or take the extra numbers out.",
        Who.WAREHOUSE,
    )


def several_addresses(parcel: Parcel, addresses: Sequence[int]) -> Finding:
    return Finding(
        Status.HELD,
        "several_addresses",
        f"Order {_order(parcel)} goes to {len(addresses)} addresses ({', '.join(map(str, addresses))}) "
        "and the file names no line: one parcel cannot go to both.",
        "Add SKU and quantity, or order_address_id, to the rows of this order.",
        Who.WAREHOUSE,
    )


def changed(made: StoreShipment, asked: Shipment, origin: str) -> Finding:
    carrier = asked.shipping_provider or asked.tracking_carrier or "no carrier"
    theirs = made.shipping_provider or made.tracking_carrier or "no carrier"
    return Finding(
        Status.HELD,
        "changed",
        f"Order {asked.order_id}: the store has {describe_shipment(made)}, {theirs}, {origin}; "
        f"this file says {units(asked.items)}, {carrier}, under the same number.",
        "Ask which is right. Items cannot be changed in a shipment; a carrier can, with --update.",
        Who.CUSTOMER_SERVICE,
    )


def correction(made: StoreShipment, asked: Shipment, origin: str) -> Finding:
    return Finding(
        Status.HELD,
        "correction",
        f"Order {asked.order_id}: these units are shipped already as {describe_shipment(made)}, {origin}; "
        f"this file gives {asked.label or 'no number'}.",
        "If the number is a correction, run the file again with --update; else take the row out.",
        Who.CUSTOMER_SERVICE,
    )


def equal_again(made: StoreShipment, asked: Shipment, origin: str) -> Finding:
    return Finding(
        Status.HELD,
        "equal_again",
        f"Order {asked.order_id}: an equal parcel is {describe_shipment(made)}, {origin}, and there is no number "
        "to tell whether this is another one; units are left.",
        "Decide `ship` if it is another parcel, `skip` if it is the same.",
        Who.WAREHOUSE,
    )


def shipped_in_part(made: StoreShipment, asked: Shipment, origin: str) -> Finding:
    return Finding(
        Status.HELD,
        "shipped_in_part",
        f"Order {asked.order_id}: this file ships {units(asked.items)} without a number; the same units of a line are "
        f"in {describe_shipment(made)}, {origin}, and there is no number to tell whether these are others; units are left.",
        "Decide `ship` if all of it is another parcel. If a part has shipped, take those rows out and run it again.",
        Who.WAREHOUSE,
    )


def number_added(made: StoreShipment, asked: Shipment, origin: str) -> Finding:
    return Finding(
        Status.HELD,
        "number_added",
        f"Order {asked.order_id}: the same units are in {describe_shipment(made)}, {origin}; this file gives {asked.label}, "
        "and units are left for another parcel.",
        f"Decide `ship` if it is another parcel; exists:{made.shipment_id} if it is that one "
        "(with --update the number is then written into it).",
        Who.WAREHOUSE,
    )


def deleted_before(asked: Shipment, shipment_id: int, run_id: str) -> Finding:
    return Finding(
        Status.HELD,
        "deleted_before",
        f"Order {asked.order_id}: run {run_id} made this as shipment {shipment_id}, and it has been deleted since.",
        "Decide `ship`, or run with --again, to ship it once more; the customer gets a second mail.",
        Who.CUSTOMER_SERVICE,
    )


def already_created(*differs: Finding | None) -> Finding:
    """`differs`: what is still to be told of shipments that were made otherwise than asked."""
    return replace(next(filter(None, differs), CREATED), status=Status.ALREADY_CREATED)


def decided_skip() -> Finding:
    return Finding(Status.SKIPPED, "decided_skip", "A person decided to skip it.")


def decided_but_gone(order: Order, shipment_id: str) -> Finding:
    return Finding(
        Status.HELD,
        "decided_but_gone",
        f"Order {order.order_id}: a person decided that this exists as shipment {shipment_id}, "
        "and the order has no such shipment.",
        "Look at the order, and decide again: exists:ID, ship or skip.",
        Who.CUSTOMER_SERVICE,
    )


def two_doubts(order_id: int, run_id: str) -> Finding:
    """`run_id`: the run of the older doubt, or what was made, of the same order."""
    return Finding(
        Status.IN_DOUBT,
        "two_doubts",
        f"Order {order_id}: its store was written in two ways and is one now, and run {run_id} had sent a shipment of "
        "the order under the other name; whether this one exists, too, is not known.",
        "Look at the order, then run `shipbatch decide`: skip where its units are in the other shipment, exists:ID "
        "where it is a shipment of its own.",
        Who.CUSTOMER_SERVICE,
    )


def in_doubt(order_id: int, sender: str = "") -> Finding:
    """`sender`: a runner that lost the store while it was sending this, and is not proven to have ended."""
    if sender:
        return Finding(
            Status.IN_DOUBT,
            "sender_not_ended",
            f"Order {order_id}: {sender} was sending it when it lost the store, and may still do so.",
            "Do not ship it by hand. End that process, or start shipbatch on its machine again: the next run then "
            "looks and goes on. If the machine is gone for good, look at the order and run `shipbatch decide`.",
            Who.IT,
        )
    return Finding(
        Status.IN_DOUBT,
        "in_doubt",
        f"Order {order_id}: the store did not answer clearly, and whether the shipment exists is not known yet.",
        "Do not ship it by hand. The next run looks again; or run `shipbatch decide`.",
        Who.IT,
    )


def answered_otherwise(shipment: Shipment, differing: Sequence[tuple[str, str, str]]) -> Finding:
    """A 201 that does not name what was asked."""
    sides = "; ".join(f"{what}: asked {asked}, answered {said}" for what, asked, said in differing)
    return Finding(
        Status.IN_DOUBT,
        "answer_differs",
        f"Order {shipment.order_id}: the store's answer is of another shipment than was asked for ({sides}), "
        "and what it has made is not known yet.",
        "Do not ship it by hand. The next run looks again; or run `shipbatch decide`.",
        Who.IT,
    )


def read_back(asked: Shipment, found: Match) -> Finding | None:
    """What is to be told of a shipment that was read back and claimed; None where it is as it was asked."""
    assert found.mine is not None
    return doubled(found.mine, found.twins) if found.twins else made_differs(asked, found.mine)


def made_differs(asked: Shipment, made: StoreShipment) -> Finding | None:
    sides = "; ".join(f"{what}: asked {ours}, made {theirs}" for what, ours, theirs in differences(asked, made))
    if not sides:
        return None
    return Finding(
        Status.CREATED,
        MADE_DIFFERS,
        f"Order {asked.order_id}: the store has made shipment {made.shipment_id} otherwise than asked: {sides}.",
        "Compare it with the parcel. Where it is wrong, correct it in the control panel, or its number by running the "
        "file again with --update. Corrected by hand, or where it may stay: "
        f"shipbatch decide --order {asked.order_id} --answer exists:{made.shipment_id}",
        Who.CUSTOMER_SERVICE,
    )


def refused(shipment: Shipment, status: int, said: Sequence[str]) -> Finding:
    """The store's own words, with the order they are about."""
    words = " ".join(said) or f"HTTP {status}, without a reason"
    return Finding(
        Status.REJECTED,
        f"refused_{status}",
        f"Order {shipment.order_id}: the store refused the shipment: {words}",
        "Correct the row by what the store says, and send it again from the sheet `Fix and resend`.",
        Who.IT if status == 404 else Who.WAREHOUSE,
    )


def doubled(mine: StoreShipment, twins: Sequence[StoreShipment]) -> Finding:
    others = ", ".join(str(twin.shipment_id) for twin in twins)
    return Finding(
        Status.CREATED,
        "duplicate_on_server",
        f"Order {mine.order_id}: one shipment was sent once, and the store holds it as {mine.shipment_id} "
        f"and also as {others}.",
        "Look at the order; if one is too many, delete it in the control panel. Nothing is deleted by itself.",
        Who.CUSTOMER_SERVICE,
    )


def why_not_again(shipment: Shipment, near: Sequence[StoreShipment], *, moved: bool, never: bool) -> Finding | None:
    """What stops a shipment that was absent twice from being sent again; None if nothing does."""
    if near:
        why = f"the store has {'; '.join(describe_shipment(made) for made in near)}, which is like it but not equal"
    elif moved:
        why = "it is not among the order's shipments, yet units of the order count as shipped"
    elif never:
        why = "it is not in the store, and --never-resend forbids a second try"
    else:
        return None
    return Finding(
        Status.IN_DOUBT,
        "needs_person",
        f"Order {shipment.order_id}: the answer was lost, and {why}.",
        "Look at the order, then run `shipbatch decide`: it exists as a number, or it does not.",
        Who.IT,
    )


def not_corrected(shipment: Shipment, made: StoreShipment, said: Sequence[str]) -> Finding:
    words = " ".join(said) or "the store did not say why."
    return Finding(
        Status.HELD,
        "not_corrected",
        f"Order {shipment.order_id}: {describe_shipment(made)} could not be corrected: {words}",
        "Run the file again with --update, or correct the shipment in the control panel.",
        Who.IT,
    )


def changed_since_plan(order_id: int | None, how: str) -> Finding:
    return Finding(
        Status.HELD,
        "changed_since_plan",
        f"Order {order_id or '?'} has changed since the plan was made: {how}",
        "Make a new plan with --dry-run; or decide `ship` for this row, to ship it as it stands now.",
        Who.CUSTOMER_SERVICE,
    )


def not_in_plan(order_id: int) -> Finding:
    return Finding(
        Status.SKIPPED,
        "not_in_plan",
        f"Order {order_id}: the plan does not ship it; by now it could be shipped.",
        "Make a new plan with --dry-run, if it is to ship.",
    )


def expired(waiting: Finding, days: int) -> Finding:
    return Finding(
        Status.INVALID,
        "order_never_came",
        f"{waiting.error.rstrip('.')}; it was waited for {days} days, and is not tried any more.",
        "Check the order number against the store, and send the row again.",
        Who.WAREHOUSE,
    )


def changed_meanwhile(shipment: Shipment) -> Finding:
    return Finding(
        Status.NOT_SENT,
        "changed_meanwhile",
        f"Order {shipment.order_id} changed in the store while the run went on.",
        "Run the file again: it is judged anew.",
        Who.WAREHOUSE,
    )


def not_sent(record: Record, stopped: str, blocking: Record | None, limit: int | None) -> Finding:
    """Why a shipment that could be sent was not."""
    order_id = record.shipment.order_id
    if blocking is not None:
        code, why = "order_in_doubt", f"waits for the parcel of row {blocking.shipment.rows[0]}, which is in doubt"
    elif stopped:
        code, why = "stopped", f"not sent: {stopped}"
    elif limit is not None:
        code, why = "limit", f"not sent: the run was to stop after {limit} shipments"
    else:
        code, why = "not_settled", "was tried, and the store provably did not make it"
    return Finding(
        Status.NOT_SENT, code, f"Order {order_id}: {why}.", "Run the same file again: it goes on where it stopped."
    )
