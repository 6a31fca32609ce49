"""A run that ended before its work did goes on by the plan that it left: one run, one sheet, few requests."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shop import HEADER, OpenShop, Quiet, Shop, dense, number, order, statuses, store, table

from batch.model import Record, Run
from batch.pipeline import Job, Pipeline
from batch.pipeline.carry_over import carry_over_leftovers
from batch.primitives.stop import StopEvent
from batch.results.accounting import Report
from batch.sandbox import Fault, Reply

FEW = 10
MANY = 200
Rows = Sequence[tuple[object, ...]]


class Until(Quiet):
    """A screen that stops the run after so many shipments."""

    def __init__(self, stop: StopEvent, most: int) -> None:
        super().__init__()
        self._stop, self._most = stop, most

    def step(self, record: Record) -> None:
        super().step(record)
        if len(self.steps) == self._most:
            self._stop.set("its turn is over")


def export_of(there: Shop, rows: Rows) -> Job:
    path = there.folder / "copy.csv"
    path.write_text(table(*rows), "utf-8")
    return Job(path, name=Path("/srv/export.csv"), goes_on=True)


async def turn(there: Shop, job: Job, run: Run | None = None, *, most: int = 10**9, **changes: Any) -> Report:
    """A process's turn: the run begun, or gone on with, and stopped after so many shipments."""
    async with there.desk(workers=1, **changes) as desk:
        object.__setattr__(desk, "screen", Until(desk.stop, most))
        pipeline = Pipeline(desk)
        return await (pipeline.resume(run, job) if run else pipeline.run(job))


def run_of(there: Shop, report: Report) -> Run:
    with there.ledger() as ledger:
        run = ledger.run(report.run.run_id)
    assert run is not None
    return run


def rows_of(count: int) -> Rows:
    return [(100 + k, "MUG", 1, number(k)) for k in range(count)]


async def test_turns_make_one_run_that_ships_everything_once(shop: OpenShop) -> None:
    there = await shop(dense(MANY))
    job = export_of(there, rows_of(MANY))
    report = await turn(there, job, most=FEW)
    assert report.stopped
    while report.stopped:
        report = await turn(there, job, run_of(there, report), most=60)
    assert statuses(report) == ["created"] * MANY
    assert [order for order, _, _ in sorted(there.made())] == list(range(100, 100 + MANY))
    with there.ledger() as ledger:
        (run,) = ledger.runs()
    assert run.file == "/srv/export.csv"
    assert run.summary["created"] == MANY
    assert run.summary["requests"] == len(there.box.requests)


async def test_a_turn_judges_only_what_it_is_about_to_ship(shop: OpenShop) -> None:
    """However large the file: else a store of 500,000 would spend its quota on looking."""
    there = await shop(dense(MANY))
    job = export_of(there, rows_of(MANY))
    report = await turn(there, job, most=FEW)
    asked = len(there.box.requests) - there.posts
    posted = there.posts
    await turn(there, job, run_of(there, report), most=FEW)
    assert there.posts - posted <= FEW + 1
    assert len(there.box.requests) - there.posts - asked == 1


async def test_a_marketplaces_number_is_not_looked_up_again(shop: OpenShop) -> None:
    """The plan has the orders; one page shows them as they are now."""
    there = await shop(store(*(order(100 + n, external_id=f"AMZ-{n}") for n in range(20))))
    path = there.folder / "copy.csv"
    rows = [(f"AMZ-{n}", "MUG", 1, number(n)) for n in range(20)]
    path.write_text(table(*rows, header=("External Order ID", *HEADER[1:])), "utf-8")
    job = Job(path, goes_on=True)
    report = await turn(there, job, most=FEW)
    asked = len(there.box.requests) - there.posts
    report = await turn(there, job, run_of(there, report))
    assert statuses(report) == ["created"] * 20
    assert len(there.box.requests) - there.posts - asked == 1


async def test_what_was_cancelled_between_two_turns_does_not_ship(shop: OpenShop) -> None:
    there = await shop(dense(20))
    job = export_of(there, rows_of(20))
    report = await turn(there, job, most=FEW)
    there.box.store.orders[119].status_id = 5
    report = await turn(there, job, run_of(there, report))
    assert statuses(report) == ["created"] * 19 + ["held"]


async def test_what_was_in_flight_is_settled_and_not_sent_again(shop: OpenShop) -> None:
    """The store has made it, and its answer was lost with whoever had asked."""
    there = await shop(dense(20))
    there.fault(Fault(Reply.HANG, method="POST", path="/orders/105/"))
    job = export_of(there, rows_of(20))
    report = await turn(there, job, most=5, timeout=5.0, settle=5.0)
    there.fault()
    report = await turn(there, job, run_of(there, report), timeout=5.0, settle=5.0)
    assert statuses(report) == ["created"] * 20
    assert len(there.made()) == 20


async def test_a_limit_counts_for_all_turns_together(shop: OpenShop) -> None:
    there = await shop(dense(20))
    job = export_of(there, rows_of(20))
    limited = Job(job.export, name=job.name, goes_on=True, limit=8)
    report = await turn(there, limited, most=5)
    report = await turn(there, limited, run_of(there, report))
    assert len(there.made()) == 8
    assert not report.stopped


async def test_a_later_run_of_the_store_leaves_it_to_whoever_goes_on(shop: OpenShop) -> None:
    there = await shop(dense(10))
    report = await turn(there, export_of(there, rows_of(10)), most=5)
    made = len(there.made())
    assert report.stopped
    async with there.desk() as desk:
        assert [one async for one in carry_over_leftovers(Pipeline(desk), desk)] == []
    assert len(there.made()) == made
