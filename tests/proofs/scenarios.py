"""What is under way when the kill comes: each scenario prepares a world, and knows the points it
passes.
"""

import json
import urllib.request
from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

from batch.sandbox import Behaviour, Fault, Reply
from tests.proofs import cases
from tests.proofs.cases import Case, line_of, sku_of
from tests.proofs.world import Ended, World, made_in


def around(*units: str) -> tuple[str, ...]:
    """The points before and after the commit of these units."""
    return tuple(f"{when}-{unit}" for unit in units for when in ("before", "after"))


class Scenario:
    """An export, the command that is killed in the middle of it, and how it is finished."""

    points: ClassVar[Sequence[str]] = ()
    options: ClassVar[Sequence[str]] = ()
    short: ClassVar[bool] = False
    """Smaller exports, fewer passages."""

    def __init__(self, *, refuses: bool) -> None:
        self.case = Case(behaviour=Behaviour(refuses_overshipping=refuses))
        self.fill(self.case)
        self.case.order(1)  # the store's newest, which no row names

    def fill(self, case: Case) -> None:
        """The orders, the rows, the faults."""

    def prepare(self, world: World) -> None:
        """What happened before."""

    def command(self, world: World) -> Sequence[str]:
        """What is killed; empty: the export's run."""
        return ()

    def finish(self, world: World) -> Ended:
        """Everything started again until it ends; the last run, whose rows are looked at."""
        return world.finish()

    def wrong(self, world: World) -> list[str]:
        """What else must be true at the end."""
        return []


class Ship(Scenario):
    """A run in which POSTs are lost on their way there and back."""

    points = (
        *around(
            "copy", "begin", "header", "plan", "intent", "outcome", "read-back", "sheet", "finish"
        ),
        *("intended", "answered", "recorded", "read back", "decided"),
    )

    def fill(self, case: Case) -> None:
        cases.twins(case)
        case.faults.append(on_first(Fault(Reply.CLOSE), case))
        cases.order_alone(case)
        case.faults.append(on_first(Fault(Reply.CLOSE, performs=0), case))
        if self.short:
            return
        for kind in (
            cases.two_addresses,
            cases.two_addresses_unnumbered,
            cases.bare_order,
            cases.added_up,
        ):
            kind(case)
        for kind in (
            cases.partial_unnumbered,
            cases.unknown_sku,
            cases.refused,
            cases.nothing_shipped,
            cases.partial,
        ):
            kind(case)
        case.faults.append(on_first(Fault(502), case))


class Settle(Scenario):
    """A run that first has to settle what a crash before it left: sent with two orders, not sent
    with a third.
    """

    points = (*around("outcome", "read-back"), "read back", "decided")

    def fill(self, case: Case) -> None:
        for kind in (cases.twins, cases.bare_order, cases.order_alone):
            kind(case)
        case.faults.append(on_first(Fault(Reply.HANG, performs=0), case))

    def prepare(self, world: World) -> None:
        world.start(crash_at="answered:2")


class Judged(Scenario):
    """A run whose judgement is taken again before its claims: meanwhile another app has shipped an
    order.
    """

    points = around("judge-again")

    def fill(self, case: Case) -> None:
        cases.order_alone(case)
        order = case.order(1, 1)
        case.row(order, sku_of(0), 1, f"T1{order}")
        case.row(order, sku_of(1), 1, f"T1{order}")
        case.counts["invalid"] += 2
        case.expected[order, cases.address_of(order), "OTHER", ((line_of(order, 0), 1),)] = 1
        self.order = order
        # what it was an hour ago
        case.faults.append(Fault(method="GET", path=r"^/orders$", nth=1, seen=3600))

    def prepare(self, world: World) -> None:
        (world.folder / "shipbatch.toml").write_text("judgement = 0.0\n")
        body = {
            "order_address_id": cases.address_of(self.order),
            "tracking_number": "OTHER",
            "items": [{"order_product_id": line_of(self.order, 0), "quantity": 1}],
        }
        request = urllib.request.Request(
            f"{world.url}/stores/sandbox/v2/orders/{self.order}/shipments",
            json.dumps(body).encode(),
            {
                "X-Auth-Token": "sandbox-token",
                "Content-Type": "application/json",
                "Accept": "application/json",
            },
        )
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 201


class Update(Scenario):
    """Numbers corrected by a second export with --update."""

    points = (*around("event"), "correcting", "corrected")
    options = ("--update",)

    def fill(self, case: Case) -> None:
        for kind in [cases.order_alone] if self.short else [cases.order_alone, cases.twins]:
            kind(case)

    def prepare(self, world: World) -> None:
        world.finish()
        self.case.rows = [(*row[:4], f"{row[4]}-NEW", row[5]) for row in self.case.rows]
        self.case.expected = Counter(
            {(o, a, f"{number}-NEW", i): n for (o, a, number, i), n in self.case.expected.items()}
        )
        self.case.write(world.export)


class Undo(Scenario):
    """A run taken back, and then shipped again with --again."""

    points = (*around("event"), "deleting", "deleted", "status put back")

    def fill(self, case: Case) -> None:
        for kind in [cases.order_alone] if self.short else [cases.order_alone, cases.twins]:
            kind(case)

    def prepare(self, world: World) -> None:
        self.run = world.finish().summary["run"]

    def command(self, world: World) -> Sequence[str]:
        return "undo", self.run, "--yes"

    def finish(self, world: World) -> Ended:
        self.undone = world.start(*self.command(world))
        self.left = made_in(world.folder / "truth").total()
        self.restored = {
            e["order_id"] for e in events(world) if e["did"] == "status" and e["status_id"] == 11
        }
        world.options = ("--again",)
        return world.finish()

    def wrong(self, world: World) -> list[str]:
        said = []
        if self.undone.status or self.left:
            said.append(
                f"undo left {self.left} shipments, exit status {self.undone.status}:"
                f" {self.undone.err}"
            )
        if self.restored != {key[0] for key in self.case.expected}:
            said.append(f"only {self.restored} have their status back")
        return said


class Decide(Scenario):
    """A person's word on what is in doubt and will not be sent again by itself: skip it."""

    points = (*around("decision", "judge-again", "outcome"),)
    options = ("--never-resend",)

    def fill(self, case: Case) -> None:
        cases.order_alone(case)
        order = case.order(1)
        case.row(order, sku_of(0), 1, f"T1{order}")
        case.counts["skipped"] += 1
        case.faults.append(on_first(Fault(504, performs=0), case))

    def prepare(self, world: World) -> None:
        world.start()

    def command(self, world: World) -> Sequence[str]:
        return "decide", "--all", "--answer=skip", "--why=it was cancelled"

    def finish(self, world: World) -> Ended:
        world.start(*self.command(world))
        return world.finish()


def on_first(fault: Fault, case: Case) -> Fault:
    """The fault, on the first POST of the case's newest order."""
    return cases.on_post(fault, case.orders[-1]["id"], 1)


def events(world: World) -> list[dict[str, object]]:
    """All that happened in the store, oldest first."""
    return [json.loads(line) for line in (world.folder / "truth").read_text().splitlines()]


SCENARIOS: Sequence[type[Scenario]] = (Ship, Settle, Judged, Update, Undo, Decide)
