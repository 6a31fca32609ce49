"""What is in doubt, settled by reading back: claimed, sent again, or left to a person; never guessed."""

from typing import Any

import pytest
from clock import VirtualLoop
from shop import HEADER, OpenShop, Shop, Watched, dense, line, number, order, row, said, statuses, store

from batch.matching import Baseline, Likeness, likeness, look
from batch.model import Item, Order, OrderLine, Shipment, State, StoreShipment
from batch.pipeline import exit_status
from batch.sandbox import Fault, Personality, Reply

SHIPMENTS = r"/shipments$"
LOST = Fault(504, method="POST", performs=0, nth=1)
"""The answer is lost, and nothing was made."""

MINE = Shipment(100, 10, (Item(1, 2),), tracking_number="1Z1", shipping_provider="ups")


def seen(shipment_id: int = 7, **more: Any) -> StoreShipment:
    """The store's shipment that is MINE, but for what is said otherwise."""
    given: dict[str, Any] = {
        "order_id": 100,
        "order_address_id": 10,
        "items": (Item(1, 2),),
        "tracking_number": "1Z1",
        "shipping_provider": "ups",
    }
    return StoreShipment(shipment_id, **(given | more))


class TestLikeness:
    @pytest.mark.parametrize(
        "more", [{}, {"tracking_number": " 1z 1"}, {"shipping_provider": ""}, {"tracking_carrier": "ups"}]
    )
    def test_the_same(self, more: dict[str, Any]) -> None:
        """Number, address, items, and what both say of the carrier."""
        assert likeness(MINE, seen(**more)) is Likeness.SAME

    @pytest.mark.parametrize(
        "more",
        [
            {"items": (Item(1, 1),)},
            {"items": (Item(1, 2), Item(2, 1))},
            {"order_address_id": 20},
            {"tracking_number": "1Z2"},
            {"tracking_number": ""},
            {"shipping_provider": "usps"},
        ],
    )
    def test_a_near_miss(self, more: dict[str, Any]) -> None:
        """The same number with other items or address, or the same items with another number."""
        assert likeness(MINE, seen(**more)) is Likeness.NEAR

    def test_another(self) -> None:
        """Other items under another number."""
        assert likeness(MINE, seen(items=(Item(2, 2),), tracking_number="1Z2")) is Likeness.OTHER

    def test_without_numbers_the_links_decide(self) -> None:
        """Two custom links are two parcels."""
        mine = Shipment(100, 10, (Item(1, 2),), tracking_link="https://t.example/1")
        there = seen(tracking_number="", shipping_provider="", tracking_link="https://t.example/1")
        assert likeness(mine, there) is Likeness.SAME
        other = seen(tracking_number="", shipping_provider="", tracking_link="https://t.example/2")
        assert likeness(mine, other) is Likeness.NEAR


class TestLook:
    def test_the_lowest_of_equal_ones_is_claimed(self) -> None:
        """Identical ones are interchangeable; the others are told."""
        found = look(MINE, [seen(9), seen(8)], claimed=(), baseline=0)
        assert found.mine is not None
        assert (found.mine.shipment_id, [twin.shipment_id for twin in found.twins]) == (8, [9])

    def test_what_a_record_has_claimed_is_not_there(self) -> None:
        """Identical twins are legitimate: the first is the first record's."""
        found = look(MINE, [seen(8), seen(9)], claimed={8}, baseline=0)
        assert found.mine is not None
        assert (found.mine.shipment_id, found.twins) == (9, ())

    def test_what_was_there_before_the_intent_is_not_ours(self) -> None:
        """At or below the baseline."""
        assert look(MINE, [seen(8)], claimed=(), baseline=8).mine is None

    def test_near_ones_are_told(self) -> None:
        """They are not claimed, and stop a second sending."""
        found = look(MINE, [seen(8, items=(Item(1, 1),))], claimed=(), baseline=0)
        assert (found.mine, [near.shipment_id for near in found.near]) == (None, [8])

    def test_units_that_moved_are_a_second_witness(self) -> None:
        """Also those of our own, once they are counted in."""
        before = Baseline(0, {1: 0})
        units = OrderLine(1, 10, "MUG", "Mug", "physical", quantity=3, shipped=2, refunded=0)
        there = Order(100, 3, "", 3, 2, (units,))
        assert before.moved(there)
        before.add(seen())
        assert not before.moved(there)
        assert before.shipment_id == 7


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
        """Not a second less than `--settle`."""
        there = await shop(dense(1))
        looks: list[float] = []

        def watch(method: str, path: str, _order: int) -> None:
            if method == "GET" and path.endswith("/shipments"):
                looks.append(virtual_clock.time())

        there.box.faults = Watched(watch, LOST)
        await there.run((100, "MUG", 1, number(0)), settle=200)
        assert looks[1] - looks[0] >= 200

    async def test_what_is_found_at_the_first_look_costs_no_wait(
        self, shop: OpenShop, virtual_clock: VirtualLoop
    ) -> None:
        """It is there: nothing to wait for."""
        there = await shop(dense(1))
        there.fault(Fault(504, method="POST", nth=1))
        assert statuses(await there.run((100, "MUG", 1, number(0)))) == ["created"]
        assert virtual_clock.time() < 60

    async def test_all_doubts_share_one_window(self, shop: OpenShop, virtual_clock: VirtualLoop) -> None:
        """Ten lost answers are settled in the time of one."""
        there = await shop(dense(10))
        there.fault(Fault(504, method="POST", performs=0, nth=range(1, 11)))
        assert statuses(await there.run(*((100 + n, "MUG", 1, number(n)) for n in range(10)))) == ["created"] * 10
        assert virtual_clock.time() < 2 * 90

    @pytest.mark.parametrize("performs", [0, 1])
    async def test_identical_twins_are_two_shipments(self, shop: OpenShop, performs: int) -> None:
        """One more equal parcel, by a person's word, and its answer lost: the first one is not taken for it."""
        there = await shop(dense(1))
        await there.run((100, "MUG", 1, ""))
        there.fault(Fault(504, method="POST", performs=performs, nth=1))
        report = await there.run((100, "MUG", 1, ""), name="other.csv", again=True, header=(*HEADER[:3], "Tracking No"))
        assert (statuses(report), row(report, 2).shipment_ids) == (["created"], (2,))
        assert (len(there.made()), there.posts) == (2, 3 - performs)

    async def test_pages_are_read_to_the_end(self, shop: OpenShop) -> None:
        """A store with pages of one: ours is the third."""
        theirs = [
            {"id": n, "tracking_number": f"OTHER{n}", "items": [{"order_product_id": 1001, "quantity": 1}]}
            for n in (1, 2)
        ]
        orders = store(order(100, line(1000), line(1001, "HAT", 5), shipments=theirs))
        there = await shop(orders, personality=Personality(page_size=1))
        there.fault(Fault(504, method="POST", nth=1))
        report = await there.run((100, "MUG", 1, number(0)))
        assert (statuses(report), row(report, 2).shipment_ids, there.posts) == (["created"], (3,), 1)

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
            theirs = {"order_address_id": 100, "items": [(1000, 1)], "tracking_number": number(0), **fields}
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
        there = await shop(orders, personality=Personality(sideloads=sideloads, cut_at=1))
        there.fault(Fault(504, method="POST", nth=1), Fault(method="GET", path=SHIPMENTS, seen=3600.0))
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
        there.fault(Fault(504, method="POST", nth=1), Fault(method="GET", path=SHIPMENTS, seen=3600.0))
        assert said(await there.run((100, "MUG", 1, number(0))))[2][1] == "needs_person"
        there.fault()
        assert statuses(await there.run((100, "MUG", 1, number(0)))) == ["already created"]
        with there.ledger() as ledger:
            (record,) = ledger.find("100")
            assert record.state is State.CREATED
            assert [attempt.what for attempt in ledger.attempts(record.record_id)][-1] == "read back"
        assert there.posts == 1


class TestTheNextRun:
    async def test_settles_what_was_left_first(self, shop: OpenShop) -> None:
        """Also where its file has nothing to do with it."""
        there = await shop(dense(2))
        there.fault(Fault(Reply.HANG, method="POST", nth=1), Fault(500, method="GET", path=SHIPMENTS))
        assert statuses(await there.run((100, "MUG", 1, number(0)))) == ["in doubt"]
        there.fault()
        assert statuses(await there.run((101, "MUG", 1, number(1)), name="other.csv")) == ["created"]
        with there.ledger() as ledger:
            assert not ledger.unsettled("shop")
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
