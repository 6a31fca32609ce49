"""After a crash only the doubts wait, from when each was recorded; all else ships at once."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from clock import VirtualLoop
from ledger_samples import planned
from shop import (
    OpenShop,
    Quiet,
    Shop,
    Watched,
    dense,
    line,
    number,
    order,
    said,
    statuses,
    store,
    table,
)

from batch.config import Database, Gates
from batch.ledger.postgres.connection import open_link
from batch.model import Finding, Item, Outcome, Record, Run, Shipment, State, Status
from batch.pipeline import Job, Pipeline
from batch.pipeline.baselines import Baselines
from batch.pipeline.runner import RunResults, run_files
from batch.pipeline.session import StoreSession, open_store
from batch.pipeline.shipping.reconciler import Reconciler
from batch.primitives import uptime
from batch.primitives.stop import StopEvent
from batch.sandbox import Behaviour, Fault

ROOT = Path(__file__).parents[2]
WINDOW = 90.0  # seconds: the default
SOON = 5.0  # seconds
ALLOWING = Behaviour(refuses_overshipping=False)
NIGHT = Run(
    "20261123-120000-0001",
    "shop",
    "/exports/night.csv",
    "5" * 64,
    "",
    datetime(2026, 11, 23, tzinfo=UTC),
)


async def left_behind(
    there: Shop,
    *orders: int,
    runner: str = "",
    doubt: Callable[[], dict[str, Any]] | None = None,
    **changes: Any,
) -> None:
    """A run that was killed while it sent a mug of each order; with `doubt`, another has found
    them, and died too.
    """
    async with there.desk(**changes) as desk:
        ledger = desk.ledger
        await ledger.begin(NIGHT)
        asked = [
            Shipment(n, n, (Item(n * 10, 1),), number(n), rows=(2 + k,))
            for k, n in enumerate(orders)
        ]
        for record in await planned(ledger, NIGHT.run_id, asked):
            before = {"shipped": {record.shipment.order_id * 10: 0}, "runner": runner}
            await ledger.intend(record.record_id, before)
            if doubt is not None:
                unknown = Outcome(
                    State.IN_DOUBT, finding=Finding(Status.IN_DOUBT), evidence=doubt()
                )
                await ledger.move(record, unknown, "crash")


def mugs(*orders: int) -> Iterable[tuple[object, ...]]:
    return ((n, "MUG", 1, number(n)) for n in orders)


def posted(there: Shop, clock: VirtualLoop, *faults: Fault) -> dict[int, float]:
    """When the first POST to each order comes, in seconds from now; filled as they come."""
    began, came = clock.time(), dict[int, float]()

    def watch(method: str, _path: str, order_id: int) -> None:
        if method == "POST":
            came.setdefault(order_id, clock.time() - began)

    there.box.faults = Watched(watch, *faults)
    return came


async def a_start(there: Shop, **changes: Any) -> None:
    """A start that is killed as soon as it has looked."""
    async with there.desk(**changes) as desk:
        await Pipeline(desk).settle_earlier()


async def test_everything_else_ships_at_once(shop: OpenShop, virtual_clock: VirtualLoop) -> None:
    """Eight shipments were on their way, 12 others were not: these do not wait for those."""
    there = await shop(dense(20))
    await left_behind(there, *range(100, 108))
    came = posted(there, virtual_clock)
    report = await there.run(*mugs(*range(100, 120)))
    assert statuses(report) == ["created"] * 20
    assert max(came[n] for n in range(108, 120)) < SOON
    assert min(came[n] for n in range(100, 108)) >= WINDOW
    assert sorted(label for _, label, _ in there.made()) == [number(n) for n in range(100, 120)]


async def test_a_look_that_hangs_holds_nothing_up(
    shop: OpenShop, virtual_clock: VirtualLoop
) -> None:
    """The store is silent about an order in doubt; those that are not in doubt ship."""
    there = await shop(dense(4))
    await left_behind(there, 103, 100)
    came = posted(
        there, virtual_clock, Fault(delay=20.0, method="GET", path="/orders/100/shipments")
    )
    await there.run(*mugs(100, 101, 102, 103))
    assert max(came[101], came[102]) < SOON
    assert came[100] >= WINDOW


async def test_the_window_counts_on_over_restarts(
    shop: OpenShop, virtual_clock: VirtualLoop
) -> None:
    """Killed every 40 seconds: 90 seconds after the first of them had found the doubt, it is
    settled.
    """
    there = await shop(dense(1))
    await left_behind(there, 100)
    began = virtual_clock.time()
    for _ in range(2):
        await a_start(there)
        await asyncio.sleep(40.0)
    assert statuses(await there.run(*mugs(100))) == ["created"]
    assert WINDOW <= virtual_clock.time() - began < WINDOW + SOON


async def test_a_window_that_is_over_is_not_waited_for(
    shop: OpenShop, virtual_clock: VirtualLoop
) -> None:
    """It is looked at twice all the same."""
    there = await shop(dense(1))
    await left_behind(there, 100, doubt=uptime.gave_up_evidence)
    await asyncio.sleep(WINDOW)
    came = posted(there, virtual_clock)
    await there.run(*mugs(100))
    assert came[100] < SOON
    assert there.box.counts["GET /orders/{}/shipments"] == 2


async def test_each_is_looked_for_again_when_its_own_window_ends(
    shop: OpenShop, virtual_clock: VirtualLoop
) -> None:
    """Not with the last of them; that they wait is said once."""
    there = await shop(dense(2))
    found = iter((0.0, 40.0))
    await left_behind(
        there,
        100,
        101,
        doubt=lambda: {uptime.GAVE_UP: {"boot": uptime.boot_id(), "at": next(found)}},
    )
    await asyncio.sleep(60.0 - virtual_clock.time())
    last: dict[int, float] = {}
    there.box.faults = Watched(
        lambda _, __, order_id: last.update({order_id: virtual_clock.time()})
    )
    async with there.desk() as desk:
        reconciler = Reconciler(desk, Baselines())
        await reconciler.settle(desk.ledger.unsettled_records("shop"))
        assert there.screen.lines == ["2 shipments in doubt: looking again in 30 s."]
    assert last == pytest.approx({100: 90.0, 101: 130.0}, abs=1.0)


def _elsewhere() -> dict[str, Any]:
    return {uptime.GAVE_UP: {"boot": "another machine, or another start", "at": 0.0}}


def _ahead() -> dict[str, Any]:
    return {uptime.GAVE_UP: {"boot": uptime.boot_id(), "at": 1e9}}


@pytest.mark.parametrize(
    "doubt", [_elsewhere, _ahead, dict], ids=["another boot", "a clock set back", "older ledger"]
)
async def test_where_the_clocks_disagree_the_whole_window_is_waited_for(
    shop: OpenShop, virtual_clock: VirtualLoop, doubt: Callable[[], dict[str, Any]]
) -> None:
    """However long ago it was: never a second less than the window; and a restart counts from
    there.
    """
    there = await shop(dense(1))
    await left_behind(there, 100, doubt=doubt)
    await asyncio.sleep(3600.0)
    came = posted(there, virtual_clock)
    await a_start(there)
    await asyncio.sleep(50.0)
    await there.run(*mugs(100))
    assert WINDOW <= came[100] < WINDOW + SOON


async def test_an_intent_of_a_later_try_is_a_doubt_of_its_own(
    shop: OpenShop, virtual_clock: VirtualLoop
) -> None:
    """In doubt, absent, about to be sent again, killed, and found by `decide`: the first window is
    not the second's.
    """
    there = await shop(dense(1))
    await left_behind(there, 100, doubt=uptime.gave_up_evidence)
    await asyncio.sleep(WINDOW)
    await a_start(there)
    async with there.desk() as desk:
        (record,) = desk.ledger.find("100")
        assert record.state is State.PLANNED
        await desk.ledger.intend(record.record_id, {"shipped": {1000: 0}})
        await desk.ledger.move(
            record, Outcome(State.IN_DOUBT, finding=Finding(Status.IN_DOUBT)), "crash"
        )
    came = posted(there, virtual_clock)
    await there.run(*mugs(100))
    assert came[100] >= WINDOW


async def test_the_window_counts_from_the_proof_that_its_sender_has_ended(
    shop: OpenShop, virtual_clock: VirtualLoop, database: str
) -> None:
    """Not from when the doubt was recorded: a paused runner may have sent it an hour later."""
    there = await shop(dense(1))
    await left_behind(there, 100, runner="lost", database=database)
    with open_link(Database(database)) as link:
        link.execute(
            "INSERT INTO runners VALUES ('lost', 'elsewhere', '/nowhere', 1, 'shipbatch run',"
            " now())"
        )
        came = posted(there, virtual_clock)
        await a_start(there, database=database)
        await asyncio.sleep(3600.0)
        assert statuses(await there.run(*mugs(100), database=database)) == ["in doubt"]
        link.execute("DELETE FROM runners WHERE runner = 'lost'")
    proved = virtual_clock.time()
    assert statuses(await there.run(*mugs(100), database=database)) == ["created"]
    assert came[100] - proved >= WINDOW - 1.0


@pytest.mark.parametrize("late", [30.0, 89.0])
async def test_what_is_made_while_others_ship_is_found(
    shop: OpenShop, virtual_clock: VirtualLoop, late: float
) -> None:
    """The dead runner's request comes to its end within the window: claimed, and not sent again."""
    there = await shop(dense(2), behaviour=ALLOWING)
    await left_behind(there, 100)
    virtual_clock.call_later(late, _made_elsewhere, there, number(100))
    report = await there.run(*mugs(100, 101))
    assert statuses(report) == ["already created", "created"]
    assert there.posts == 1


@pytest.mark.parametrize("is_made", [True, False])
async def test_units_in_doubt_are_not_shipped_under_another_number(
    shop: OpenShop, virtual_clock: VirtualLoop, is_made: bool
) -> None:
    """The order's last mug: while nobody knows whether it is gone, no other parcel takes it."""
    there = await shop(store(order(100, line(1000, quantity=1)), order(101)), behaviour=ALLOWING)
    await left_behind(there, 100)
    if is_made:
        virtual_clock.call_later(60.0, _made_elsewhere, there, number(100))
    report = await there.run((100, "MUG", 1, "OTHER1"), *mugs(101))
    assert len(there.made()) == 2
    assert statuses(report)[1] == "created"
    assert statuses(report)[0] in (("invalid", "held") if is_made else ("created",)), said(report)


async def test_the_orders_other_parcels_ship_when_its_doubt_is_settled(
    shop: OpenShop, virtual_clock: VirtualLoop
) -> None:
    """In the same run, each once."""
    there = await shop(dense(2))
    await left_behind(there, 100)
    rows = [(100, "MUG", 1, number(100)), (100, "MUG", 1, "SECOND2"), (101, "MUG", 1, number(101))]
    assert statuses(await there.run(*rows)) == ["created"] * 3
    assert sorted(label for _, label, _ in there.made()) == sorted(
        [number(100), "SECOND2", number(101)]
    )


async def test_a_limit_holds_for_what_comes_late_too(
    shop: OpenShop, virtual_clock: VirtualLoop
) -> None:
    there = await shop(dense(4))
    await left_behind(there, 100)
    await there.run(*mugs(100, 101, 102, 103), limit=2)
    assert there.posts == 2


async def test_a_file_that_is_held_ships_nothing_late(
    shop: OpenShop, virtual_clock: VirtualLoop
) -> None:
    """Neither what can ship, nor what was in doubt."""
    there = await shop(dense(4))
    await left_behind(there, 100)
    report = await there.run(*mugs(100, 101, 102, 103), gates=Gates(hold_above=2))
    assert (statuses(report), there.posts) == (["in doubt", *["held"] * 3], 0)


async def test_a_turn_that_goes_on_ships_the_rest_at_once(
    shop: OpenShop, virtual_clock: VirtualLoop
) -> None:
    """One run, one plan: what was in flight when its worker died waits, and ships in it too."""
    there = await shop(dense(6))
    path = there.folder / "copy.csv"
    path.write_text(table(*mugs(*range(100, 106))), "utf-8")
    job = Job(path, goes_on=True)
    there.box.faults = Watched(lambda *_: None, Fault(504, performs=0, method="POST", nth=1))
    async with there.desk(workers=1) as desk:
        object.__setattr__(desk, "screen", _Ends(desk.stop))
        run = (await Pipeline(desk).run(job)).run
    came = posted(there, virtual_clock)
    async with there.desk() as desk:
        report = await Pipeline(desk).resume(run, job)
    assert (statuses(report), len(there.made())) == (["created"] * 6, 6)
    assert max(came[n] for n in range(101, 106)) < SOON
    assert came[100] >= WINDOW - 1.0


class _Ends(Quiet):
    """A screen that ends the turn with the first outcome."""

    def __init__(self, stop: StopEvent) -> None:
        super().__init__()
        self._stop = stop

    def step(self, record: Record) -> None:
        self._stop.set("its turn is over")


async def test_a_stop_does_not_wait_for_the_window(
    shop: OpenShop, virtual_clock: VirtualLoop
) -> None:
    """What else there was has shipped; the doubt stays one, and is said to be."""
    there = await shop(dense(2))
    await left_behind(there, 100)
    virtual_clock.call_later(20.0, lambda: there.stop.set("it was told to"))
    report = await there.run(*mugs(100, 101))
    assert (statuses(report), there.posts) == (["in doubt", "created"], 1)
    assert virtual_clock.time() < WINDOW
    with there.ledger() as ledger:
        (record,) = ledger.find("100")
        found = ledger.attempts(record.record_id)[-1]
    assert (found.what, list(found.evidence)) == ("crash", [uptime.GAVE_UP])


async def tour(there: Shop, name: str, *orders: int, stop: StopEvent | None = None) -> RunResults:
    path = there.folder / name
    path.write_text(table(*mugs(*orders)), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("batch.pipeline.runner.open_store", in_time)
        return await run_files(
            [Job(path)], there.settings(), there.screen, StopEvent() if stop is None else stop
        )


@asynccontextmanager
async def in_time(*given: Any, **more: Any) -> AsyncIterator[StoreSession]:
    """The store as a tour opens it; no virtual time passes while the ledger's thread writes."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    async with open_store(*given, **more) as desk:
        loop.busy.append(desk.ledger.is_writing)
        yield desk
        loop.busy.remove(desk.ledger.is_writing)


async def broken_off(there: Shop, *orders: int) -> None:
    """A night in which the first order's answer was lost, and nobody waited for its second look."""
    there.fault(Fault(504, performs=0, method="POST", nth=1))
    stop = StopEvent()
    asyncio.get_running_loop().call_later(20.0, stop.set, "the machine goes down")
    await tour(there, "night.csv", *orders, stop=stop)
    there.fault()


async def test_another_file_ships_at_once_and_the_killed_ones_sheet_follows(
    shop: OpenShop, virtual_clock: VirtualLoop
) -> None:
    """Tonight's file does not wait for last night's doubt, which ships last, in its own run."""
    there = await shop(dense(3))
    await broken_off(there, 100)
    came = posted(there, virtual_clock)
    done = await tour(there, "tonight.csv", 101, 102)
    assert max(came[101], came[102]) < SOON
    assert (done.exit_status, [dict(one.rows) for one in done.carried]) == (
        0,
        [{Status.CREATED: 1}],
    )
    assert came[100] > WINDOW - 20.0 - SOON


async def test_the_same_file_again_is_told_of_once(
    shop: OpenShop, virtual_clock: VirtualLoop
) -> None:
    """Its doubt becomes the new run's shipment; the old run's sheet names that one."""
    there = await shop(dense(3))
    await broken_off(there, 100, 101)
    done = await tour(there, "night.csv", 100, 101, 102)
    rows = [result.finding.status.value for _, result in sorted(done.reports[0].rows.items())]
    assert (rows, len(there.made())) == (["created", "already created", "created"], 3)
    assert len({one.report.run.run_id for one in done.carried}) == len(done.carried) == 1
    assert done.carried[0].report.rows[2].finding.code == "taken_over"


async def test_a_process_tells_its_boot_from_others() -> None:
    """The same in each process of this start of the machine, where the machine can tell."""
    command = (sys.executable, "-c", "from batch.primitives import uptime; print(uptime.boot_id())")
    asked = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=ROOT)
    answer = (await asked.communicate())[0].decode().strip()
    assert (answer == uptime.boot_id()) == (not answer.startswith("process "))


def _made_elsewhere(there: Shop, label: str) -> None:
    kept = there.box.store
    ours = {
        "order_address_id": 100,
        "items": [(1000, 1)],
        "tracking_number": label,
        "shipping_provider": "",
    }
    kept.make(kept.draft(100, ours))
