"""A ledger of millions: no question looks at every record, and a plan does not stand in memory."""

import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ledger_samples import NOON, STORE, created, parcel, planned, run_of

from batch.config import Database
from batch.ledger import Ledger, open_ledger
from batch.ledger.plans import AT_ONCE
from batch.model import Shipment, State

RUN = run_of().run_id

QUESTIONS: dict[str, Callable[[Ledger], Any]] = {
    "unsettled": lambda ledger: ledger.unsettled_records(STORE),
    "a number": lambda ledger: ledger.find("1Z999"),
    "an id": lambda ledger: ledger.find("100"),
    "a SKU": lambda ledger: ledger.records_by_sku("MUG", 10),
    "what is noted": lambda ledger: ledger.find_notes("MUG", 10),
    "what is held": lambda ledger: ledger.held_notes(STORE),
    "what is held of a run": lambda ledger: ledger.held_notes(STORE, RUN),
    "what is said": lambda ledger: ledger.notes_for(STORE, ["100/1Z999"]),
    "asks": lambda ledger: ledger.records_by_key(STORE, ["100/1Z999"]),
    "orders": lambda ledger: ledger.of_orders(STORE, [100]),
    "claimed": lambda ledger: ledger.claimed_shipments(STORE, 100),
    "a run": lambda ledger: list(ledger.records_of_run(RUN)),
    "what is planned": lambda ledger: list(ledger.planned_records(RUN, range(1, 9))),
    "notes": lambda ledger: list(ledger.notes(RUN)),
    "attempts": lambda ledger: ledger.attempts(1),
    "decisions": lambda ledger: ledger.decisions(STORE, ["100/1Z999"]),
    "left open": lambda ledger: ledger.open_requests(STORE, NOON),
}


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    """With a run begun."""
    async with open_ledger(tmp_path / "ledger.sqlite3") as opened:
        await opened.begin(run_of())
        yield opened


@pytest.mark.parametrize("question", QUESTIONS)
async def test_no_question_looks_at_every_record(ledger: Ledger, question: str) -> None:
    """Each is answered by an index, however large the ledger is."""
    reader, asked = ledger._reader, list[str]()
    reader.set_trace_callback(asked.append)
    QUESTIONS[question](ledger)
    reader.set_trace_callback(None)
    assert asked
    steps = [row[3] for sql in asked for row in reader.execute(f"EXPLAIN QUERY PLAN {sql}")]
    large = ("records", "attempts", "notes", "names", "skus", "decisions")
    assert not [
        step for step in steps if step.startswith(tuple(f"SCAN {table}" for table in large))
    ], steps


@pytest.mark.parametrize("question", QUESTIONS)
async def test_no_question_looks_at_every_record_of_a_database(
    database: str, question: str
) -> None:
    """PostgreSQL has an index for each, too; told to, it uses it for few rows."""
    async with open_ledger(Database(database)) as ledger:
        await ledger.begin(run_of())
        asked, reader = list[tuple[str, Any]](), ledger._reader
        execute = reader.execute
        reader.execute = lambda sql, values=(): [asked.append((sql, values)), execute(sql, values)][
            1
        ]
        QUESTIONS[question](ledger)
        execute("SET enable_seqscan TO off")
        plans = [row[0] for sql, values in asked for row in execute(f"EXPLAIN {sql}", values)]
        large = ("records", "attempts", "notes", "names", "skus", "decisions")
        assert asked
        assert not [
            step for step in plans if any(f"Seq Scan on {table}" in step for table in large)
        ], plans


async def test_a_sku_finds_the_newest_shipments_that_hold_it(ledger: Ledger) -> None:
    """Whatever its case and blanks; not one whose plan has since been changed to another SKU."""
    mugs = [
        parcel(order, f"N{order}", skus=((order * 10, "Mug Red"),)) for order in (100, 200, 300)
    ]
    first, second, third = await planned(ledger, RUN, mugs)
    assert ledger.records_by_sku(" MUG red", 2) == [third, second]
    await ledger.judge_again(third.record_id, parcel(300, "N300", skus=((3000, "CUP"),)))
    assert ledger.records_by_sku("mug red", 9) == [second, first]
    assert [record.record_id for record in ledger.records_by_sku("cup", 9)] == [third.record_id]
    assert ledger.records_by_sku("", 9) == []


def twins(count: int) -> Iterator[Shipment]:
    """Equal shipments of one order, which nothing tells apart."""
    return (parcel(100, "", request_key="same") for _ in range(count))


async def test_equal_shipments_of_a_large_plan_stay_apart(ledger: Ledger) -> None:
    """A plan is entered in pieces; what one piece has entered is no leftover for the next."""
    places = await ledger.plan(RUN, twins(2 * AT_ONCE + 1), [])
    assert (
        len({record.record_id for record in ledger.planned_records(RUN, places)})
        == len(places)
        == 2 * AT_ONCE + 1
    )


async def test_leftovers_are_taken_over_by_every_piece_of_a_large_plan(ledger: Ledger) -> None:
    """As many as there were, and none twice."""
    before = list(ledger.planned_records(RUN, await ledger.plan(RUN, twins(AT_ONCE + 5), [])))
    await ledger.begin(run_of("20261124-120000-0002"))
    places = await ledger.plan("20261124-120000-0002", twins(2 * AT_ONCE), [])
    after = [record.record_id for record in ledger.planned_records("20261124-120000-0002", places)]
    assert len(after) == len(set(after)) == 2 * AT_ONCE
    assert {record.record_id for record in before} <= set(after)


async def test_a_number_twice_in_a_large_plan_is_refused_by_name(ledger: Ledger) -> None:
    """Also where the two stand far apart; nothing of the plan is entered."""
    far = [parcel(order, f"N{order}") for order in range(1, AT_ONCE + 10)]
    with pytest.raises(Exception, match="Order 3, parcel N3: it is planned twice"):
        await ledger.plan(RUN, [*far, parcel(3, "N3")], [])
    assert not list(ledger.records_of_run(RUN))


async def test_what_is_still_planned_is_read_by_its_place(ledger: Ledger) -> None:
    """The first so many of a plan, less what has moved on."""
    places = await ledger.plan(RUN, [parcel(order, f"N{order}") for order in range(1, 6)], [])
    second = list(ledger.planned_records(RUN, places))[1]
    await ledger.intend(second.record_id, {})
    await ledger.move(second, created(7, second.shipment), "response")
    assert [record.shipment.order_id for record in ledger.planned_records(RUN, places[:3])] == [
        1,
        3,
    ]
    assert all(record.state is State.PLANNED for record in ledger.planned_records(RUN, places))


async def test_a_plan_is_not_held_in_memory(ledger: Ledger) -> None:
    """Its shipments are taken a few at a time."""
    peaks = []
    for first, count in ((1, 4 * AT_ONCE), (1_000_000, 16 * AT_ONCE)):
        tracemalloc.start()
        await ledger.plan(
            RUN, (parcel(order, f"N{order}") for order in range(first, first + count)), []
        )
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0], peaks
