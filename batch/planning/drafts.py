"""From a parcel's lines to the order's lines: one draft per address and number."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from batch.model import (
    Finding,
    Item,
    Line,
    Order,
    OrderLine,
    Parcel,
    Record,
    RowFacts,
    RowNote,
    Shipment,
    StoreShipment,
    findings,
)
from batch.model.matching import plain, same_items
from batch.planning.facts import Policy
from batch.planning.kits import assembled
from batch.primitives.spelling import match_spelling


@dataclass(frozen=True, slots=True)
class RequestedLine:
    """Units of one line; None: all that remains of it."""

    line: OrderLine
    quantity: int | None
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ShipmentDraft:
    """A parcel's share for one address and one number, on its way to a shipment."""

    parcel: Parcel
    number: str
    address: int | None
    wants: Sequence[RequestedLine]
    rest: bool = False
    """All that remains: its lines are found when units are handed out."""
    share: tuple[int, int] = (0, 1)
    """(k, n): the k-th of n numbers among which the units are dealt out evenly."""
    comments: str = ""

    @property
    def label(self) -> str:
        return self.number or self.parcel.tracking_link

    @property
    def rows(self) -> tuple[int, ...]:
        """The rows it answers for: those of its lines, and those that name no line."""
        named = {row for line in self.parcel.lines for row in line.rows}
        own = {row for want in self.wants for row in want.rows}
        return tuple(sorted(own | (set(self.parcel.rows) - named)))

    @property
    def row_lines(self) -> tuple[tuple[int, int], ...]:
        return tuple((row, want.line.order_product_id) for want in self.wants for row in want.rows)

    def is_for(self, address: int) -> bool:
        """Whether it goes to an address; one without an address may go to any."""
        return self.address in (None, address)

    def is_label_of(self, made: StoreShipment, *before: str) -> bool:
        """Whether a shipment has its number or link, or had it before."""
        if plain(self.label) in map(plain, before):
            return True
        if self.number:
            return plain(self.number) == plain(made.tracking_number)
        return self.label.strip() == made.tracking_link.strip()

    def fits(self, made: StoreShipment) -> bool:
        """Whether a shipment holds what is asked; what is left open fits anything."""
        if self.rest or self.share[1] > 1:
            return True
        units = {item.order_product_id: item.quantity for item in made.items}
        asked = ((want.line.order_product_id, want.quantity) for want in self.wants)
        return same_items(
            (Item(line, quantity or units.get(line, 0)) for line, quantity in asked), made.items
        )

    def is_carried_like(self, made: StoreShipment) -> bool:
        """Equal carriers, as far as the file names one; the store may have either of its names."""
        ours = {self.parcel.shipping_provider, self.parcel.tracking_carrier} - {""}
        theirs = {made.shipping_provider, made.tracking_carrier} - {"", "custom"}
        return not ours or not theirs or bool(ours & theirs)

    def has_made(self, record: Record) -> bool:
        """Whether a record of ours came from its parcel."""
        shipment = record.shipment
        alike = (
            plain(self.label) in map(plain, record.labels)
            if self.label
            else self.parcel.request_key == shipment.request_key
        )
        return alike and self.is_for(shipment.order_address_id)

    def shipment(self, items: Iterable[Item], address: int) -> Shipment:
        parcel = self.parcel
        return Shipment(
            order_id=parcel.order_id or 0,
            order_address_id=address,
            items=tuple(sorted(items)),
            tracking_number=self.number,
            tracking_link=parcel.tracking_link,
            shipping_provider=parcel.shipping_provider,
            tracking_carrier=parcel.tracking_carrier,
            shipping_method=parcel.shipping_method,
            merchant_shipping_cost=parcel.merchant_shipping_cost,
            comments=self.comments or parcel.comments,
            rows=self.rows,
            row_lines=self.row_lines,
            request_key=parcel.request_key,
            warnings=parcel.warnings,
        )

    def note(self, finding: Finding, rows: tuple[int, ...] = ()) -> RowNote:
        facts: RowFacts = {
            "order_id": self.parcel.order_id,
            "order_address_id": self.address,
            "row_lines": self.row_lines,
        }
        return RowNote(rows or self.rows, finding, request_key=self.parcel.request_key, facts=facts)


def drafts_of(
    parcel: Parcel, order: Order, policy: Policy
) -> tuple[list[RowNote], list[ShipmentDraft]]:
    """A parcel as drafts by address and number, or as notes where a line is wrong."""
    parcel = assembled(parcel, order, policy.kits)
    found = [(line, _order_lines(line, parcel.order_address_id, order)) for line in parcel.lines]
    bad = [(line, hits) for line, hits in found if isinstance(hits, Finding)]
    notes: list[RowNote] = []
    if bad and not (policy.ships_what_fits and len(bad) < len(found)):
        return _incomplete(parcel, bad), []
    if bad:
        notes = _bad_lines(parcel, bad)
        found = [pair for pair in found if not isinstance(pair[1], Finding)]
    wants: dict[int, RequestedLine] = {}
    said: list[str] = []
    for asked in (want for _, hits in found if not isinstance(hits, Finding) for want in hits):
        line_id, want = asked.line.order_product_id, wants.get(asked.line.order_product_id)
        wants[line_id] = _added_up(want, asked, said) if want else asked
    parcel = replace(parcel, warnings=(*parcel.warnings, *said)) if said else parcel
    if not wants:
        return [], _drafts_per_number(parcel, parcel.order_address_id, [], policy)
    addresses = dict.fromkeys(want.line.order_address_id for want in wants.values())
    return notes, [
        draft
        for address in addresses
        for draft in _drafts_per_number(
            parcel,
            address,
            [w for w in wants.values() if w.line.order_address_id == address],
            policy,
        )
    ]


def _added_up(first: RequestedLine, second: RequestedLine, said: list[str]) -> RequestedLine:
    """A SKU and an id that name one line, or a SKU in two spellings."""
    said.append(
        f"rows {first.rows[0]} and {second.rows[0]} name "
        f"{findings.describe_line(first.line)} in two ways: it is one"
    )
    known = first.quantity is not None and second.quantity is not None
    total = (first.quantity or 0) + (second.quantity or 0) if known else None
    return RequestedLine(first.line, total, first.rows + second.rows)


def _drafts_per_number(
    parcel: Parcel, address: int | None, wants: list[RequestedLine], policy: Policy
) -> list[ShipmentDraft]:
    """One draft per tracking number; several numbers for the same units as the source says."""
    rest, numbers = not wants, parcel.numbers or ("",)
    if len(numbers) == 1:
        return [ShipmentDraft(parcel, numbers[0], address, wants, rest)]
    if policy.several_parcels == "even":
        return [
            ShipmentDraft(parcel, n, address, wants, rest, share=(k, len(numbers)))
            for k, n in enumerate(numbers)
        ]
    others = f"Further parcels: {', '.join(numbers[1:])}"
    comments = "\n".join(filter(None, (parcel.comments, others)))
    return [ShipmentDraft(parcel, numbers[0], address, wants, rest, comments=comments)]


def _incomplete(parcel: Parcel, bad: list[tuple[Line, Finding]]) -> list[RowNote]:
    """The bad rows with their own reason, the parcel's others with the first of them."""
    notes = _bad_lines(parcel, bad)
    named = {row for line, _ in bad for row in line.rows}
    if others := tuple(row for row in parcel.rows if row not in named):
        line, finding = bad[0]
        told = findings.parcel_incomplete(line.rows[0], finding.error)
        notes.append(_note(parcel, others, told))
    return notes


def _bad_lines(parcel: Parcel, bad: Iterable[tuple[Line, Finding]]) -> list[RowNote]:
    return [_note(parcel, line.rows, finding) for line, finding in bad]


def _note(parcel: Parcel, rows: tuple[int, ...], finding: Finding) -> RowNote:
    facts: RowFacts = {"order_id": parcel.order_id}
    return RowNote(rows, finding, request_key=parcel.request_key, facts=facts)


def _order_lines(line: Line, address: int | None, order: Order) -> list[RequestedLine] | Finding:
    """The order's line that a line of the file names; the several of one SKU, if it ships all."""
    if line.order_product_id is not None:
        hits = [hit for hit in order.lines if hit.order_product_id == line.order_product_id]
        if not hits:
            return findings.unknown_line(order, line.order_product_id)
        what = f"line {line.order_product_id}"
    elif not line.sku:
        only = _only_line(line, address, order)
        return (
            [RequestedLine(only, line.quantity, line.rows)] if isinstance(only, OrderLine) else only
        )
    else:
        hits = match_spelling(line.sku, order.lines, lambda hit: hit.sku)
        if not hits:
            return findings.unknown_sku(order, line.sku)
        what = f"SKU {line.sku}"
    shipping = [hit for hit in hits if hit.ships]
    if not shipping:
        return findings.not_shippable(order, hits[0])
    here = [hit for hit in shipping if address in (None, hit.order_address_id)]
    if not here:
        assert address is not None
        return findings.wrong_address(
            order, address, what, [hit.order_address_id for hit in shipping]
        )
    if len(here) == 1:
        return [RequestedLine(here[0], line.quantity, line.rows)]
    return _all_of(line, here) or findings.ambiguous_sku(order, line.sku, here)


def _all_of(line: Line, lines: Sequence[OrderLine]) -> list[RequestedLine]:
    """The lines of one SKU, each with its units, where the file ships all that is left of them, or
    all that was ordered, as it did when they shipped; else none.
    """
    if len({each.order_address_id for each in lines}) > 1:
        return []
    left = {each: each.left for each in lines if each.left > 0}
    ordered = {each: each.quantity for each in lines}
    for units in (left, ordered):
        if line.quantity in (None, sum(units.values())) and units:
            return [
                RequestedLine(each, None if line.quantity is None else count, line.rows)
                for each, count in units.items()
            ]
    return []


def _only_line(line: Line, address: int | None, order: Order) -> OrderLine | Finding:
    """The line of units without a name: the only one that ships (there).

    What has shipped counts too: else the same row would mean another line tomorrow.
    """
    shipping = [hit for hit in order.lines if hit.ships]
    here = [hit for hit in shipping if address in (None, hit.order_address_id)]
    if shipping and not here:
        assert address is not None
        return findings.wrong_address(
            order, address, "all that ships", sorted({h.order_address_id for h in shipping})
        )
    return here[0] if len(here) == 1 else findings.units_of_what(order, line.quantity or 0, here)
