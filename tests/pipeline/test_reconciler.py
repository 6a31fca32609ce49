"""What is in doubt, settled by reading back: claimed, sent again, or left to a person; never
guessed.
"""

import asyncio
from typing import Any

import psycopg
import pytest
from clock import VirtualLoop
from ledger_samples import planned, run_of
from shop import (
    HEADER,
    OpenShop,
    Shop,
    Watched,
    dense,
    line,
    number,
    order,
    row,
    said,
    statuses,
    store,
)

from batch.model import Item, Shipment, State
from batch.pipeline import exit_status
from batch.pipeline.baselines import Baselines
from batch.pipeline.shipping.reconciler import Reconciler
from batch.sandbox import Behaviour, Fault, Reply

SHIPMENTS = r"/shipments$"
LOST = Fault(504, method="POST", performs=0, nth=1)
"""The answer is lost, and nothing was made."""


class TestSettling:
    async def test_absent_twice_and_unmoved_is_sent_again(self, shop: OpenShop) -> None:
        """Once, after the settle window."""
        there = await shop(dense(1))
        there.fault(LOST)
        report = await there.run((100, "MUG", 1, number(0)))
        assert (statuses(report), there.posts, len(there.made())) == (["created"], 2, 1)

    async def test_the_second_look_waits_for_the_settle_window(
        self, shop: OpenShop, virtual_clock: VirtualLoop
    ) -> None:
        """Not a second less than `--settle`, whatever the clock shows, and hardly more."""
        await asyncio.sleep(1000)
        there = await shop(dense(1))
        looks: list[float] = []

        def watch(method: str, path: str, _order: int) -> None:
            if method == "GET" and path.endswith("/shipments"):
                looks.append(virtual_clock.time())

        there.box.faults = Watched(watch, LOST)
        await there.run((100, "MUG", 1, number(0)), settle=200)
        assert 200 <= looks[1] - looks[0] < 210

    async def test_what_is_found_at_the_first_look_costs_no_wait(
        self, shop: OpenShop, virtual_clock: VirtualLoop
    ) -> None:
        """It is there: nothing to wait for."""
        there = await shop(dense(1))
        there.fault(Fault(504, method="POST", nth=1))
        assert statuses(await there.run((100, "MUG", 1, number(0)))) == ["created"]
        assert virtual_clock.time() < 60

    async def test_all_doubts_share_one_window(
        self, shop: OpenShop, virtual_clock: VirtualLoop
    ) -> None:
        """Ten lost answers are settled in the time of one."""
        there = await shop(dense(10))
        there.fault(Fault(504, method="POST", performs=0, nth=range(1, 11)))
        assert (
            statuses(await there.run(*((100 + n, "MUG", 1, number(n)) for n in range(10))))
            == ["created"] * 10
        )
        assert virtual_clock.time() < 2 * 90
        assert [told for told in there.screen.lines if "in doubt" in told] == [
            "10 shipments in doubt: looking again in 90 s."
        ]

    @pytest.mark.parametrize("performs", [0, 1])
    async def test_identical_twins_are_two_shipments(self, shop: OpenShop, performs: int) -> None:
        """One more equal parcel, by a person's word, and its answer lost: the first one is not
        taken for it.
        """
        there = await shop(dense(1))
        await there.run((100, "MUG", 1, ""))
        there.fault(Fault(504, method="POST", performs=performs, nth=1))
        report = await there.run(
            (100, "MUG", 1, ""), name="other.csv", again=True, header=(*HEADER[:3], "Tracking No")
        )
        assert (statuses(report), row(report, 2).shipment_ids) == (["created"], (2,))
        assert (len(there.made()), there.posts) == (2, 3 - performs)

    async def test_an_equal_one_that_another_tool_made_meanwhile_is_kept_in_mind(
        self, shop: OpenShop
    ) -> None:
        """One of the two is ours, and the other stands in the ledger beside it."""
        there = await shop(dense(1))

        def ship(method: str, _path: str, order_id: int) -> None:
            if method == "POST" and there.posts == 1:
                theirs = {
                    "order_address_id": 100,
                    "items": [(1000, 1)],
                    "tracking_number": number(0),
                }
                there.box.store.make(there.box.store.draft(order_id, theirs))

        there.box.faults = Watched(ship, Fault(504, method="POST", nth=1))
        report = await there.run((100, "MUG", 1, number(0)))
        assert (statuses(report), row(report, 2).shipment_ids, there.posts) == (
            ["created"],
            (1,),
            1,
        )
        with there.ledger() as ledger:
            (record,) = ledger.find("100")
            assert ledger.attempts(record.record_id)[-1].evidence == {"found": 1, "twins": [2]}

    async def test_pages_are_read_to_the_end(self, shop: OpenShop) -> None:
        """A store with pages of one: ours is the third."""
        theirs = [
            {
                "id": n,
                "tracking_number": f"OTHER{n}",
                "items": [{"order_product_id": 1001, "quantity": 1}],
            }
            for n in (1, 2)
        ]
        orders = store(order(100, line(1000), line(1001, "HAT", 5), shipments=theirs))
        there = await shop(orders, behaviour=Behaviour(page_size=1))
        there.fault(Fault(504, method="POST", nth=1))
        report = await there.run((100, "MUG", 1, number(0)))
        assert (statuses(report), row(report, 2).shipment_ids, there.posts) == (
            ["created"],
            (3,),
            1,
        )

    async def test_a_stale_list_is_looked_at_twice(self, shop: OpenShop) -> None:
        """A replica is a minute behind: found at the second look, not sent again."""
        there = await shop(dense(1))
        there.fault(Fault(504, method="POST", nth=1), Fault(method="GET", seen=60.0))
        report = await there.run((100, "MUG", 1, number(0)))
        assert (statuses(report), there.posts) == (["created"], 1)


NEAR = [
    {"items": [(1000, 2)]},
    {"tracking_number": number(9)},
    {"tracking_number": ""},
]
"""Made by someone else while our answer was lost: like ours (one mug, number 0), and not equal."""


def _meanwhile(there: Shop, **fields: Any) -> Watched:
    """Our answer is lost, and another program ships these."""

    def ship(method: str, _path: str, order_id: int) -> None:
        if method == "POST" and there.posts == 1:
            theirs = {
                "order_address_id": 100,
                "items": [(1000, 1)],
                "tracking_number": number(0),
                **fields,
            }
            there.box.store.make(there.box.store.draft(order_id, theirs))

    return Watched(ship, LOST)


class TestAPersonIsAsked:
    @pytest.mark.parametrize("fields", NEAR, ids=["other items", "other number", "no number"])
    async def test_where_a_near_miss_is_there(self, shop: OpenShop, fields: dict[str, Any]) -> None:
        """Nothing is sent beside it; both are named."""
        there = await shop(dense(1))
        there.box.faults = _meanwhile(there, **fields)
        report = await there.run((100, "MUG", 1, number(0)))
        finding = row(report, 2).finding
        assert (finding.status.value, finding.code) == ("in doubt", "needs_person")
        assert "Order 100" in finding.error
        assert "shipment 1" in finding.error
        assert "shipbatch decide" in finding.todo
        assert (there.posts, len(there.made()), exit_status(report)) == (1, 1, 3)

    @pytest.mark.parametrize("sideloads", ["whole", "stubs", "cut"])
    async def test_where_the_witnesses_disagree(self, shop: OpenShop, sideloads: Any) -> None:
        """Units count as shipped, and no list shows the shipment: it is not sent again."""
        orders = store(order(100, line(1000), line(1001, "HAT")))
        there = await shop(orders, behaviour=Behaviour(sideloads=sideloads, cut_at=1))
        there.fault(
            Fault(504, method="POST", nth=1), Fault(method="GET", path=SHIPMENTS, seen=3600.0)
        )
        report = await there.run((100, "HAT", 1, number(0)))
        finding = row(report, 2).finding
        assert finding.code == "needs_person"
        assert "units of the order count as shipped" in finding.error
        assert there.posts == 1

    async def test_where_nothing_may_be_sent_again(self, shop: OpenShop) -> None:
        """--never-resend: strictly at most once."""
        there = await shop(dense(1))
        there.fault(LOST)
        report = await there.run((100, "MUG", 1, number(0)), never_resend=True)
        assert "--never-resend" in row(report, 2).finding.error
        assert (there.posts, there.made()) == (1, [])

    async def test_a_look_that_fails_settles_nothing(self, shop: OpenShop) -> None:
        """The list cannot be read: in doubt, and not sent again."""
        there = await shop(dense(1))
        there.fault(LOST, Fault(500, method="GET", path=SHIPMENTS))
        report = await there.run((100, "MUG", 1, number(0)))
        assert (statuses(report), there.posts) == (["in doubt"], 1)
        assert any("Order 100 could not be read back" in told for told in there.screen.lines)

    async def test_what_comes_later_is_found_by_the_next_run(self, shop: OpenShop) -> None:
        """Waiting for a person, and there after all: the next run of the store settles it."""
        there = await shop(dense(1))
        there.fault(
            Fault(504, method="POST", nth=1), Fault(method="GET", path=SHIPMENTS, seen=3600.0)
        )
        assert said(await there.run((100, "MUG", 1, number(0))))[2][1] == "needs_person"
        there.fault()
        assert statuses(await there.run((100, "MUG", 1, number(0)))) == ["already created"]
        with there.ledger() as ledger:
            (record,) = ledger.find("100")
            assert record.state is State.CREATED
            assert [attempt.what for attempt in ledger.attempts(record.record_id)][
                -1
            ] == "read back"
        assert there.posts == 1


class TestTheNextRun:
    async def test_settles_what_was_left_first(self, shop: OpenShop) -> None:
        """Also where its file has nothing to do with it."""
        there = await shop(dense(2))
        there.fault(
            Fault(Reply.HANG, method="POST", nth=1), Fault(500, method="GET", path=SHIPMENTS)
        )
        assert statuses(await there.run((100, "MUG", 1, number(0)))) == ["in doubt"]
        there.fault()
        assert statuses(await there.run((101, "MUG", 1, number(1)), name="other.csv")) == [
            "created"
        ]
        with there.ledger() as ledger:
            assert not ledger.unsettled_records("shop")
            assert ledger.find("100")[0].state is State.CREATED

    async def test_ships_what_was_proved_absent(self, shop: OpenShop) -> None:
        """In doubt, never made: the same file ships it."""
        there = await shop(dense(1))
        there.fault(LOST, Fault(500, method="GET", path=SHIPMENTS))
        await there.run((100, "MUG", 1, number(0)))
        there.fault()
        assert statuses(await there.run((100, "MUG", 1, number(0)))) == ["created"]
        assert len(there.made()) == 1

    async def test_a_row_that_waits_for_a_person_is_in_doubt_again(self, shop: OpenShop) -> None:
        """Met again before it is decided: in doubt, with the same reason, and nothing is sent."""
        there = await shop(dense(1))
        there.box.faults = _meanwhile(there, tracking_number=number(9))
        await there.run((100, "MUG", 1, number(0)))
        there.fault()
        assert statuses(await there.run((100, "MUG", 1, number(0)))) == ["in doubt"]
        assert there.posts == 1


class TestWhoMayStillSend:
    """On PostgreSQL, where an intent names its runner."""

    SENDER = (
        "INSERT INTO shipbatch.runners VALUES ('sender', 'gone', '/x.lock', 12, 'shipbatch run',"
        " now())"
    )

    async def test_not_we_ourselves(self, shop: OpenShop, database: str) -> None:
        """What our own run has left in doubt is settled by it, though its runner is alive."""
        there = await shop(dense(1))
        there.fault(LOST)
        report = await there.run((100, "MUG", 1, number(0)), database=database)
        assert (statuses(report), there.posts, len(there.made())) == (["created"], 2, 1)

    async def test_another_runner_that_is_not_proven_to_have_ended(
        self, shop: OpenShop, database: str
    ) -> None:
        """Its shipment stays in doubt, and is not sent beside it; without it, it is."""
        there = await shop(dense(1))
        async with there.desk(database=database) as desk:
            await desk.ledger.begin(run_of("earlier", "shop"))
            (record,) = await planned(
                desk.ledger, "earlier", [Shipment(100, 100, (Item(1000, 1),), number(0))]
            )
            await desk.ledger.intend(record.record_id, {"runner": "sender", "shipped": {}})
            with psycopg.connect(database, autocommit=True) as connection:
                connection.execute(self.SENDER)
            reconciler = Reconciler(desk, Baselines())
            await reconciler.settle(desk.ledger.unsettled_records("shop"))
            (doubt,) = desk.ledger.unsettled_records("shop")
            assert doubt.state is State.IN_DOUBT
            assert doubt.finding is not None
            assert "process 12 on gone" in doubt.finding.error
            with psycopg.connect(database, autocommit=True) as connection:
                connection.execute("DELETE FROM shipbatch.runners WHERE runner = 'sender'")
            await reconciler.settle([doubt])
            assert [one.state for one in desk.ledger.find("100")] == [State.PLANNED]
