"""What a night leaves open for a passing reason ships on a later one, once, and its own sheet says
so.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import time_machine
from shop import HEADER, OpenShop, Shop, Watched, dense, number, order, store, table

from batch.config import Source
from batch.errors import StoreStopped
from batch.model import Status
from batch.model.sheet_format import RESULTS
from batch.monitoring import of_report
from batch.pipeline import Job
from batch.pipeline.runner import RunResults, run_files
from batch.primitives.stop import BY_HAND, StopEvent
from batch.results.run_text import carried_over_text
from batch.sandbox import Fault, Reply

EVENING = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(EVENING, tick=False) as clock:
        yield clock


async def night(
    there: Shop, clock: Any, name: str, *rows: Any, days: int = 1, **more: Any
) -> RunResults:
    """The next night's run, as cron makes it."""
    job = {key: more.pop(key) for key in ("limit", "dry") if key in more}
    stop = more.pop("stop") if "stop" in more else StopEvent()
    clock.shift(timedelta(days=days))
    path = there.folder / name
    path.write_text(table(*rows, header=HEADER), "utf-8")
    return await run_files([Job(path, **job)], there.settings(**more), there.screen, stop)


def outcomes(tour: RunResults) -> list[str]:
    return [result.finding.status.value for _, result in sorted(tour.reports[0].rows.items())]


def sheet(there: Shop, name: str) -> list[tuple[str, Any]]:
    """Status and shipment of each row in the results beside an export."""
    book = openpyxl.load_workbook(there.folder / f"{Path(name).stem}.results.xlsx")
    header, *rows = book[RESULTS].iter_rows(values_only=True)
    return [(row[header.index("Status")], row[header.index("Shipment ID")]) for row in rows]


def mug(order_id: int) -> tuple[object, ...]:
    return order_id, "MUG", 1, number(order_id)


async def test_an_order_that_comes_a_night_late_ships_without_being_sent_again(
    shop: OpenShop, clock: Any
) -> None:
    there = await shop(dense(4))
    first = await night(there, clock, "mon.csv", mug(100), mug(104))
    assert (outcomes(first), first.exit_status) == (["created", "waiting"], 1)
    still = await night(there, clock, "tue.csv", mug(101))
    assert (still.exit_status, still.carried) == (0, [])
    there.box.store.arrive(store(order(104)))
    done = await night(there, clock, "wed.csv", mug(102))
    assert (outcomes(done), done.exit_status, there.posts) == (["created"], 0, 4)
    (one,) = done.carried
    assert (one.report.run.run_id, dict(one.rows)) == (
        first.reports[0].run.run_id,
        {Status.CREATED: 1},
    )
    assert [status for status, _ in sheet(there, "mon.csv")] == ["created", "created"]
    assert (
        next(iter(carried_over_text(one)))
        == f"Carried over from mon.csv, run {one.report.run.run_id}: 1 shipped"
    )
    assert done.summary["carried_over"][0]["created"] == 1
    assert (await night(there, clock, "thu.csv", mug(103))).carried == []
    assert there.posts == 5


async def test_tonights_requests_are_all_that_tonight_has_sent(shop: OpenShop, clock: Any) -> None:
    """Also those for what is open still, and for what has shipped at last."""
    there = await shop(dense(4))
    nights, sent = [], [0]
    for name, order_id in (("mon.csv", 104), ("tue.csv", 101), ("wed.csv", 102)):
        if name == "wed.csv":
            there.box.store.arrive(store(order(104)))
        nights.append(await night(there, clock, name, mug(order_id)))
        sent.append(len(there.box.requests))
    assert [bool(tour.carried) for tour in nights] == [False, False, True]
    assert [tour.summary["requests"] for tour in nights] == [
        after - before for before, after in pairwise(sent)
    ]


async def test_the_same_row_in_tonights_file_is_the_same_shipment(
    shop: OpenShop, clock: Any
) -> None:
    there = await shop(dense(4))
    await night(there, clock, "mon.csv", mug(104))
    second = await night(there, clock, "tue.csv", mug(100), mug(104))
    # it was told of on Monday
    assert (outcomes(second), second.exit_status) == (["created", "waiting"], 0)
    there.box.store.arrive(store(order(104)))
    third = await night(there, clock, "wed.csv", mug(101), mug(104))
    assert outcomes(third) == ["created", "already created"]
    assert there.posts == 3
    assert [status for status, _ in sheet(there, "mon.csv")] == ["created"]
    assert [status for status, _ in sheet(there, "tue.csv")] == ["created", "already created"]


async def test_what_the_store_would_not_take_is_carried_over(shop: OpenShop, clock: Any) -> None:
    there = await shop(dense(6))
    there.fault(Fault(401, performs=0, method="POST", nth=range(3, 99)))
    first = await night(there, clock, "mon.csv", *map(mug, range(100, 104)), workers=1)
    assert outcomes(first) == ["created", "created", "not sent", "not sent"]
    there.fault()
    done = await night(there, clock, "tue.csv", mug(104))
    assert (done.exit_status, there.posts) == (0, 6)  # one of them refused
    assert dict(done.carried[0].rows) == {Status.CREATED: 2}
    assert {status for status, _ in sheet(there, "mon.csv")} == {"created"}


async def test_it_is_read_from_the_sheet_that_was_named(shop: OpenShop, clock: Any) -> None:
    there = await shop(dense(4))
    book = openpyxl.Workbook()
    for name, order_id in (("Last week", 100), ("Tonight", 101)):
        page = book.create_sheet(name)
        page.append(HEADER)
        page.append(mug(order_id))
    book.save(there.folder / "mon.xlsx")
    there.fault(Fault(401, performs=0, method="POST"))
    job = Job(there.folder / "mon.xlsx", Source(sheet="Tonight"))
    assert outcomes(await run_files([job], there.settings(), there.screen, StopEvent())) == [
        "not sent"
    ]
    there.fault()
    await night(there, clock, "tue.csv", mug(102))
    assert [order_id for order_id, *_ in there.made()] == [101, 102]
    assert sheet(there, "mon.xlsx") == [("created", "1")]


async def test_after_seven_days_it_is_given_up_and_said_once(shop: OpenShop, clock: Any) -> None:
    there = await shop(dense(9))
    await night(there, clock, "mon.csv", mug(100), mug(200))
    for day in range(7):
        assert (await night(there, clock, f"{day}.csv", mug(101 + day))).exit_status == 0
    last = await night(there, clock, "late.csv", mug(108))
    assert (last.exit_status, dict(last.carried[0].rows)) == (1, {Status.INVALID: 1})
    finding = last.carried[0].report.rows[3].finding
    assert finding.code == "order_never_came"
    assert "the newest is 108; it was waited for 7 days" in finding.error
    assert [status for status, _ in sheet(there, "mon.csv")] == ["created", "invalid"]
    there.box.store.arrive(store(order(200)))
    after = await night(there, clock, "after.csv", mug(100))
    assert (after.carried, after.exit_status) == ([], 0)


@pytest.mark.parametrize("how", ["limit", "by hand", "switched off"])
async def test_what_a_person_has_stopped_is_not_gone_on_with(
    shop: OpenShop, clock: Any, how: str
) -> None:
    there = await shop(dense(6))
    stop = StopEvent()
    if how == "by hand":
        there.fault(Fault(401, performs=0, method="POST", nth=range(2, 99)))
        told = stop.set
        stop.set = lambda why, todo="": told(BY_HAND, todo)  # type: ignore[method-assign]
    more: dict[str, Any] = {"limit": 1} if how == "limit" else {}
    rows = [mug(200)] if how == "switched off" else [mug(100), mug(101)]
    await night(there, clock, "mon.csv", *rows, workers=1, stop=stop, **more)
    there.fault()
    there.box.store.arrive(store(order(200)))
    posts = there.posts
    done = await night(
        there, clock, "tue.csv", mug(103), carry_over=0 if how == "switched off" else 7
    )
    assert (done.carried, there.posts) == ([], posts + 1)


async def test_a_run_that_is_looked_at_takes_nothing_along(shop: OpenShop, clock: Any) -> None:
    there = await shop(dense(4))
    await night(there, clock, "mon.csv", mug(104))
    there.box.store.arrive(store(order(104)))
    assert (await night(there, clock, "tue.csv", mug(100), dry=True)).carried == []
    assert (await night(there, clock, "wed.csv", mug(100), limit=1)).carried == []
    assert (await night(there, clock, "thu.csv", mug(100), again=True)).carried == []
    assert there.posts == 1


async def test_a_row_that_turns_out_wrong_counts_that_night(shop: OpenShop, clock: Any) -> None:
    there = await shop(dense(4))
    await night(there, clock, "mon.csv", mug(104), mug(105))
    there.box.store.arrive(store({**order(104), "status_id": 5}))
    held = await night(there, clock, "tue.csv", mug(100))
    assert (held.exit_status, outcomes(held)) == (3, ["created"])
    assert [status for status, _ in sheet(there, "mon.csv")] == ["held", "waiting"]
    (one,) = held.carried
    told = of_report(one.trouble, one.exit_status)
    assert (told.file, told.status, dict(told.kinds)) == ("mon.csv", 3, {"held: order_status": 1})
    assert (await night(there, clock, "wed.csv", mug(101))).exit_status == 0


async def test_what_was_in_doubt_is_settled_in_its_own_sheet(shop: OpenShop, clock: Any) -> None:
    """The store made it and did not say so, and was gone when it was looked for."""
    there = await shop(dense(6))
    there.fault(
        Fault(Reply.HANG, method="POST", order=101), Fault(503, method="GET", path="/shipments")
    )
    first = await night(there, clock, "mon.csv", mug(100), mug(101), timeout=1, settle=1)
    assert outcomes(first) == ["created", "in doubt"]
    there.fault()
    done = await night(there, clock, "tue.csv", mug(102))
    assert (done.exit_status, dict(done.carried[0].rows)) == (0, {Status.CREATED: 1})
    assert [status for status, _ in sheet(there, "mon.csv")] == ["created", "created"]
    assert there.posts == 3


@pytest.mark.parametrize("then", ["orders refused", "posts refused", "no export", "stopped"])
async def test_what_has_shipped_is_never_called_nothing_sent(
    shop: OpenShop, clock: Any, then: str
) -> None:
    """What an earlier night left ships; whatever keeps tonight's file from it, the end says neither
    75 nor 2.
    """
    there = await shop(dense(4))
    first = await night(there, clock, "mon.csv", mug(100), mug(104))
    assert outcomes(first) == ["created", "waiting"]
    there.box.store.arrive(store(order(104)))
    stop = StopEvent()

    def later(method: str, path: str, _order: int) -> None:
        if len(there.made()) < 2:
            return
        if then == "orders refused":
            there.box.faults.add(Fault(401, performs=0, method="GET", path=r"/orders$"))
        elif then == "posts refused":
            there.box.faults.add(Fault(401, performs=0, method="POST"))
        elif then == "stopped":
            stop.set("it was told to stop")

    there.box.faults = Watched(later)
    rows = [] if then == "no export" else [mug(101)]
    done = await night(there, clock, "tue.csv", *rows, stop=stop)
    assert dict(done.carried[0].rows) == {Status.CREATED: 1}
    assert [order_id for order_id, *_ in there.made()] == [100, 104]
    assert done.exit_status == 1
    assert [status for status, _ in sheet(there, "mon.csv")] == ["created", "created"]


async def test_a_stop_before_anything_was_sent_still_says_so(shop: OpenShop, clock: Any) -> None:
    """Nothing carried over, the store refuses the token: it is raised, and ends with 2 or 75."""
    there = await shop(dense(4))
    there.fault(Fault(401, performs=0, method="GET"))
    with pytest.raises(StoreStopped):
        await night(there, clock, "mon.csv", mug(100))
    there.fault(Fault(401, performs=0, method="POST"))
    assert (await night(there, clock, "tue.csv", mug(100))).exit_status == 75
