"""The safeguards that only show when several things go wrong at once; `tests/proofs/mutants.py` takes them away."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from ledger_samples import planned
from shop import OpenShop, Shop, Watched, dense, number, statuses

from batch.config import LEDGER
from batch.errors import CannotRunNow
from batch.model import MOVES, Item, Record, Run, Shipment, State, StoreShipment
from batch.model.matching import match
from batch.pipeline.baselines import Baselines
from batch.pipeline.shipping.dispatcher import Dispatcher
from batch.sandbox import Behaviour, Fault

NOT_MADE = Fault(504, performs=0, method="POST", nth=1)
TURNS = 500  # of the event loop: many times what a request on this machine needs


class TestTheRecord:
    def test_moves_as_the_design_draws_it(self) -> None:
        """DESIGN 4, arrow by arrow: created and rejected are final."""
        assert {state.value: {to.value for to in MOVES[state]} for state in State} == {
            "planned": {"intent"},
            "intent": {"created", "rejected", "planned", "in_doubt"},
            "in_doubt": {"created", "planned", "needs_person"},
            "needs_person": {"created", "planned"},
            "created": set(),
            "rejected": set(),
        }

    async def test_nothing_is_sent_while_the_intent_is_not_on_disk(self, shop: OpenShop) -> None:
        """Another process writes the ledger: until it has done, the intent waits, and the request with it."""
        there = await shop(dense(1))
        async with there.desk() as desk:
            await desk.ledger.begin(Run("run", "shop", "export.csv", "", "", datetime.now(UTC)))
            records = await planned(desk.ledger, "run", [Shipment(100, 100, (Item(1000, 1),), number(0))])
            with closing(sqlite3.connect(there.home / LEDGER, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                pool = Dispatcher(desk, Baselines())
                shipping = asyncio.create_task(pool.ship(_each(records)))
                for _ in range(TURNS):
                    await asyncio.sleep(0)
                assert desk.ledger.is_writing()
                assert there.posts == 0
                other.execute("ROLLBACK")
            await shipping
        assert there.made() == [(100, number(0), {1000: 1})]

    async def test_one_runner_a_store(self, shop: OpenShop) -> None:
        """While a store is open for one, nobody else gets it; with `wait` 0 not even a wait."""
        there = await shop(dense(1))
        async with there.desk():
            with pytest.raises(CannotRunNow):
                await there.run((100, "MUG", 1, number(0)), wait=0)
        assert there.posts == 0


async def _each(records: Iterable[Record]) -> AsyncIterator[Record]:
    for record in records:
        yield record


OURS = Shipment(100, 5, (Item(1000, 1),), "1Z1", shipping_provider="ups")
MADE = StoreShipment(8, 100, 5, (Item(1000, 1),), "1Z1", shipping_provider="ups")


class TestLook:
    """What may be claimed as ours, and what stops us from sending again."""

    def test_an_equal_one_is_ours(self) -> None:
        assert match(OURS, [MADE], claimed=(), baseline=7).mine == MADE

    def test_a_claimed_one_is_another_records(self) -> None:
        """The twin that no record has is taken instead."""
        twin = replace(MADE, shipment_id=9)
        found = match(OURS, [MADE, twin], claimed={8}, baseline=7)
        assert (found.mine, found.twins) == (twin, ())

    def test_one_from_before_the_intent_is_not_ours(self) -> None:
        found = match(OURS, [MADE], claimed=(), baseline=8)
        assert (found.mine, found.near) == (None, ())

    @pytest.mark.parametrize(
        "near",
        [
            replace(MADE, tracking_number="1Z2"),
            replace(MADE, order_address_id=6),
            replace(MADE, shipping_provider="fedex"),
            replace(MADE, items=(Item(1000, 2),)),
        ],
        ids=["another number", "another address", "another carrier", "other units"],
    )
    def test_one_that_differs_in_one_thing_is_not_claimed_and_not_passed_over(self, near: StoreShipment) -> None:
        found = match(OURS, [near], claimed=(), baseline=7)
        assert (found.mine, found.near) == (None, (near,))


class TestSendingAgain:
    """Absent twice is not enough: what else happened to the order may be our request in disguise."""

    async def test_units_that_moved_are_not_sent_again(self, shop: OpenShop) -> None:
        """Two of the three mugs shipped meanwhile under another number: nobody knows whether ours is among them."""
        there = await shop(dense(1))
        _meanwhile(there, units=2, label="OTHER")
        assert statuses(await there.run((100, "MUG", 1, number(0)))) == ["in doubt"]
        assert there.posts == 1

    async def test_a_near_miss_is_not_passed_over(self, shop: OpenShop) -> None:
        """The same mug under another number, and an order that does not count it yet."""
        there = await shop(dense(1), behaviour=Behaviour(lag=3600))
        _meanwhile(there, units=1, label="OTHER")
        assert statuses(await there.run((100, "MUG", 1, number(0)))) == ["in doubt"]
        assert there.posts == 1

    async def test_what_is_made_late_is_found(self, shop: OpenShop) -> None:
        """Made a minute after we gave up: not there at the first look, there at the second."""
        there = await shop(dense(1))
        there.fault(Fault(504, method="POST", nth=1, late=60))
        assert statuses(await there.run((100, "MUG", 1, number(0)), settle=90)) == ["created"]
        assert there.made() == [(100, number(0), {1000: 1})]
        assert there.posts == 1

    async def test_never_resend_sends_nothing_twice(self, shop: OpenShop) -> None:
        """Absent twice, and still a person decides."""
        there = await shop(dense(1))
        there.fault(NOT_MADE)
        assert statuses(await there.run((100, "MUG", 1, number(0)), never_resend=True)) == ["in doubt"]
        assert there.posts == 1

    async def test_what_another_tool_had_made_before_is_not_ours(self, shop: OpenShop) -> None:
        """An equal parcel without a number was there before the intent: ours was not made, and is sent again."""
        there = await shop(dense(1))
        _ship_elsewhere(there, units=1, label="")
        there.fault(NOT_MADE)
        assert statuses(await there.run((100, "MUG", 1, ""), again=True)) == ["created"]
        assert [units for _, _, units in there.made()] == [{1000: 1}, {1000: 1}]


def _meanwhile(there: Shop, *, units: int, label: str) -> None:
    """Ours is not made and its answer lost; as it arrives, another tool ships."""

    def watch(method: str, _path: str, _order_id: int) -> None:
        if method == "POST" and there.posts == 1:
            _ship_elsewhere(there, units=units, label=label)

    there.box.faults = Watched(watch, NOT_MADE)


def _ship_elsewhere(there: Shop, *, units: int, label: str) -> None:
    store = there.box.store
    theirs = {"order_address_id": 100, "items": [(1000, units)], "tracking_number": label, "shipping_provider": ""}
    store.make(store.draft(100, theirs))
