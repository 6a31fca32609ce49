"""Seeded stores with an export each: what a warehouse sends, what may go wrong, what must be
shipped in the end.
"""

import csv
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

from batch.sandbox import Behaviour, Fault, Reply, Sideloads

COLUMNS = ("Order ID", "Order Address ID", "SKU", "Quantity", "Tracking Number", "Carrier")
Made = tuple[int, int, str, tuple[tuple[int, int], ...]]
"""Order, address, tracking number, (line, units) sorted: what tells one shipment from another."""


@dataclass
class Case:
    """A store, an export for it, and what is true when the export has been run to its end."""

    orders: list[dict[str, Any]] = field(default_factory=list)
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    expected: Counter[Made] = field(default_factory=Counter)
    """What the store must hold, each once unless it says otherwise."""
    counts: Counter[str] = field(default_factory=Counter)
    """Rows by what becomes of them: shipped, or a status of the summary."""
    faults: list[Fault] = field(default_factory=list)
    behaviour: Behaviour = field(default_factory=Behaviour)

    def write(self, path: Path) -> None:
        """The export as a file."""
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([COLUMNS, *self.rows])

    @property
    def store(self) -> dict[str, Any]:
        return {"orders": self.orders}

    def order(self, *quantities: int, addresses: int = 1) -> int:
        """One more order: a line for each quantity at each address; SKUs A, B, … are the same at
        every address.
        """
        order_id = 1001 + len(self.orders)
        lines = [
            {
                "id": line_of(order_id, k, a),
                "sku": sku_of(k),
                "quantity": q,
                "order_address_id": address_of(order_id, a),
            }
            for a in range(addresses)
            for k, q in enumerate(quantities)
        ]
        self.orders.append(
            {
                "id": order_id,
                "addresses": [{"id": address_of(order_id, a)} for a in range(addresses)],
                "lines": lines,
            }
        )
        return order_id

    def row(
        self,
        order_id: int,
        sku: str = "",
        units: int | str = "",
        number: str = "",
        address: int | str = "",
    ) -> None:
        self.rows.append((order_id, address, sku, units, number, "UPS" if number else ""))

    def ships(
        self,
        order_id: int,
        units: Mapping[int, int],
        number: str = "",
        address: int = 0,
        rows: int = 1,
    ) -> None:
        """So many rows ship these units of these lines, by the line's place."""
        items = tuple(sorted((line_of(order_id, k, address), q) for k, q in units.items()))
        self.expected[order_id, address_of(order_id, address), number, items] += 1
        self.counts["shipped"] += rows


def sku_of(place: int) -> str:
    return f"SKU-{chr(65 + place)}"


def line_of(order_id: int, place: int, address: int = 0) -> int:
    return order_id * 100 + address * 10 + place


def address_of(order_id: int, address: int = 0) -> int:
    return order_id * 10 + address


# ── what warehouses send ────────────────────────────────────────────────────────────────────


def twins(case: Case) -> None:
    """Three parcels of an order, equal but for their numbers."""
    order = case.order(3)
    for k in range(3):
        case.row(order, sku_of(0), 1, f"T1{order}{k}")
        case.ships(order, {0: 1}, f"T1{order}{k}")


def two_addresses(case: Case) -> None:
    """Equal parcels at two addresses of an order, under one number."""
    order = case.order(2, addresses=2)
    for a in range(2):
        case.row(order, sku_of(0), 2, f"T1{order}", address_of(order, a))
        case.ships(order, {0: 2}, f"T1{order}", a)


def two_addresses_unnumbered(case: Case) -> None:
    """Equal parcels at two addresses, with nothing else to tell them apart."""
    order = case.order(1, addresses=2)
    for a in range(2):
        case.row(order, sku_of(0), 1, address=address_of(order, a))
        case.ships(order, {0: 1}, address=a)


def order_alone(case: Case) -> None:
    """An order number and a tracking number: all that remains."""
    order = case.order(2, 1)
    case.row(order, number=f"T1{order}")
    case.ships(order, {0: 2, 1: 1}, f"T1{order}")


def bare_order(case: Case) -> None:
    """An order number and nothing else."""
    order = case.order(1, 4)
    case.row(order)
    case.ships(order, {0: 1, 1: 4})


def partial(case: Case) -> None:
    """Two of five, then one more in another parcel; two remain."""
    order = case.order(5)
    case.row(order, sku_of(0), 2, f"T1{order}A")
    case.ships(order, {0: 2}, f"T1{order}A")
    case.row(order, sku_of(0), 1, f"T1{order}B")
    case.ships(order, {0: 1}, f"T1{order}B")


def partial_unnumbered(case: Case) -> None:
    """One of three, without a number: only the ledger can tell that it is not a second one."""
    order = case.order(3)
    case.row(order, sku_of(0), 1)
    case.ships(order, {0: 1})


def added_up(case: Case) -> None:
    """Three rows of one parcel, two of them of one line."""
    order = case.order(3, 1)
    for sku, units in ((0, 1), (1, 1), (0, 2)):
        case.row(order, sku_of(sku), units, f"T1{order}")
    case.ships(order, {0: 3, 1: 1}, f"T1{order}", rows=3)


def unknown_sku(case: Case) -> None:
    """A parcel with a wrong row does not ship, neither does its right one."""
    order = case.order(1)
    case.row(order, sku_of(0), 1, f"T1{order}")
    case.row(order, "NO-SUCH", 1, f"T1{order}")
    case.counts["invalid"] += 2


def too_many(case: Case) -> None:
    """More units than the order has."""
    order = case.order(2)
    case.row(order, sku_of(0), 3, f"T1{order}")
    case.counts["invalid"] += 1


def unknown_order(case: Case) -> None:
    """An order older than the store's newest, and not there."""
    case.row(7, sku_of(0), 1, "T17")
    case.counts["invalid"] += 1


def nothing_shipped(case: Case) -> None:
    """A row of quantity 0."""
    order = case.order(1)
    case.row(order, sku_of(0), 0, f"T1{order}")
    case.counts["skipped"] += 1


def refused(case: Case) -> None:
    """A parcel that the store refuses, every time, beside one that it takes."""
    order = case.order(1)
    case.row(order, sku_of(0), 1, f"T1{order}")
    case.counts["rejected"] += 1
    case.faults.append(Fault(400, performs=0, method="POST", order=order))


KINDS: Sequence[Callable[[Case], None]] = (
    twins,
    two_addresses,
    two_addresses_unnumbered,
    order_alone,
    bare_order,
    partial,
    partial_unnumbered,
    added_up,
    unknown_sku,
    too_many,
    unknown_order,
    nothing_shipped,
    refused,
)


# ── what goes wrong ─────────────────────────────────────────────────────────────────────────

BROKEN = (
    Fault(Reply.CLOSE),  # commit, then drop
    Fault(Reply.RESET),
    Fault(Reply.CUT_BODY),
    Fault(Reply.NO_ID),
    Fault(502),  # commit, then a gateway's error
    Fault(500),
    Fault(200),
    Fault(Reply.CLOSE, performs=0),
    Fault(504, performs=0),
    Fault(500, performs=0),
    Fault(Reply.CLOSE, late=0.1),  # commits after the client has given up
    Fault(502, late=0.05),
    Fault(Reply.STALE),
    Fault(says={"tracking_number": "SOMEBODY-ELSES"}),  # a 201 that is not true
    Fault(says={"id": 1, "items": []}),
    Fault(
        429,
        performs=0,
        headers={"X-Rate-Limit-Time-Reset-Ms": "20", "X-Rate-Limit-Requests-Left": "7"},
    ),
)


LONGEST_ANSWER = 0.3  # seconds


def transport_faults(dice: random.Random, orders: Sequence[int], share: float) -> Iterator[Fault]:
    """A share of the orders meets one of BROKEN with its first or second POST."""
    for order in orders:
        if dice.random() < share:
            broken = dice.choice(BROKEN)
            yield on_post(broken, order, dice.choice((1, 1, 2)))


def slow_answers(dice: random.Random, orders: Sequence[int]) -> Iterator[Fault]:
    """The work is done at once, the answer comes later: most of a run is then spent with shipments
    under way.
    """
    for order in orders:
        yield Fault(delay=dice.uniform(0, LONGEST_ANSWER), method="POST", order=order)


def on_post(fault: Fault, order: int, nth: int) -> Fault:
    return replace(fault, method="POST", path="/shipments$", order=order, nth=nth)


def case_of(seed: int, *, parcels: int = 9, share: float = 0.4) -> Case:
    """The case of a seed: so many kinds of rows, faults for a share of the orders, one of many
    stores.
    """
    dice, case = random.Random(seed), Case()
    for kind in dice.choices(KINDS, k=parcels):
        kind(case)
    case.order(1)  # the newest, which no row names
    case.faults += transport_faults(dice, [order["id"] for order in case.orders], share)
    case.behaviour = Behaviour(
        refuses_overshipping=dice.random() < 0.5,
        sideloads=dice.choice(("whole", *get_args(Sideloads))),
        cut_at=1,
        empty_list=dice.choice(("204", "[]")),
        page_size=dice.choice((250, 250, 3, 1)),
        min_id_inclusive=dice.random() < 0.8,
    )
    return case
