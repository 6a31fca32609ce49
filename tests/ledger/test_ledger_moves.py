"""Whatever is asked of it in whatever order, the ledger holds what `model.MOVES` allows, and reads
as written.
"""

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from ledger_samples import STORE, created, outcome, parcel, planned, run_of

from batch.config import LEDGER, Database, Place
from batch.ledger import open_ledger, rows
from batch.ledger.contract import AlreadyClaimed, IllegalMove, OrderBusy
from batch.model import (
    MOVES,
    UNSETTLED,
    Finding,
    Item,
    Outcome,
    RowNote,
    Run,
    Shipment,
    State,
    Status,
    StoreShipment,
    Who,
)

RUN = run_of().run_id
ORDERS = st.integers(1, 3)


class Moves(RuleBasedStateMachine):
    """The ledger against a dictionary of states."""

    records = Bundle("records")

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.runner = asyncio.Runner()
        self.ledger = open_ledger(self.place)
        self.await_(self.ledger.begin(run_of()))
        self.state: dict[int, State] = {}
        self.order: dict[int, int] = {}
        self.tried: dict[int, int] = {}
        self.claimed: dict[int, int] = {}

    def await_(self, write: Coroutine[Any, Any, Any]) -> Any:
        async def answer() -> Any:
            try:
                return await write
            except (IllegalMove, OrderBusy) as refusal:
                return refusal

        return self.runner.run(answer())

    def teardown(self) -> None:
        self.runner.run(self.ledger.close())
        self.runner.close()

    @rule(target=records, orders=st.lists(ORDERS, min_size=1, max_size=3))
    def plan(self, orders: list[int]) -> Any:
        number = len(self.tried)
        parcels = [parcel(order, f"{number}-{n}") for n, order in enumerate(orders)]
        for record in self.await_(planned(self.ledger, RUN, parcels)):
            self.state[record.record_id] = State.PLANNED
            self.order[record.record_id] = record.shipment.order_id
            self.tried[record.record_id] = 0
        return multiple(*list(self.tried)[number:])

    @rule(record=records)
    def intend(self, record: int) -> None:
        busy = any(
            self.state[r] in UNSETTLED and self.order[r] == self.order[record] for r in self.state
        )
        answer = self.await_(self.ledger.intend(record, {}))
        if self.state[record] is not State.PLANNED:
            assert isinstance(answer, IllegalMove)
        elif busy:
            assert isinstance(answer, OrderBusy)
        else:
            assert answer is None
            self.state[record] = State.INTENT
            self.tried[record] += 1

    @rule(record=records, state=st.sampled_from(State), shipment_id=st.integers(1, 4))
    def move(self, record: int, state: State, shipment_id: int) -> None:
        shipment = parcel(self.order[record])
        wanted = created(shipment_id, shipment) if state is State.CREATED else outcome(state)
        (before,) = (held for held in self.ledger.records_of_run(RUN) if held.record_id == record)
        answer = self.await_(self.ledger.move(before, wanted, "response"))
        if state is State.INTENT or state not in MOVES[self.state[record]]:
            assert isinstance(answer, IllegalMove)
        elif state is State.CREATED and shipment_id in self.claimed:
            assert isinstance(answer, AlreadyClaimed)
        else:
            assert answer.state is state
            self.state[record] = state
            if state is State.CREATED:
                self.claimed[shipment_id] = record

    @rule(record=consumes(records))
    def take_out(self, record: int) -> None:
        answer = self.await_(
            self.ledger.judge_again(record, None, RowNote((1,), Finding(Status.HELD)))
        )
        assert isinstance(answer, IllegalMove) == (self.state[record] is not State.PLANNED)
        if answer is None:
            del self.state[record]

    @rule()
    def open_again(self) -> None:
        self.runner.run(self.ledger.close())
        self.ledger = open_ledger(self.place)

    @invariant()
    def holds_what_was_allowed(self) -> None:
        held = {record.record_id: record for record in self.ledger.records_of_run(RUN)}
        assert {record_id: record.state for record_id, record in held.items()} == self.state
        assert all(record.attempts == self.tried[record_id] for record_id, record in held.items())
        unsettled = [record.shipment.order_id for record in self.ledger.unsettled_records(STORE)]
        assert len(unsettled) == len(set(unsettled))
        claims = [self.ledger.claimed_shipments(STORE, order) for order in (1, 2, 3)]
        assert frozenset().union(*claims) == self.claimed.keys()


Fresh = Callable[[], Place]


@pytest.fixture(params=["sqlite", "postgres"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Fresh:
    """Gives places without a ledger, one after the other."""
    if request.param == "sqlite":
        numbers = itertools.count(1)
        return lambda: tmp_path / str(next(numbers)) / LEDGER
    url: str = request.getfixturevalue("database")

    def emptied() -> Place:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA IF EXISTS shipbatch CASCADE")
        return Database(url)

    return emptied


def examples(count: int, **more: Any) -> settings:
    return settings(max_examples=count, deadline=None, derandomize=True, **more)


def test_moves(fresh: Fresh) -> None:
    """In either store."""
    run_state_machine_as_test(lambda: Moves(fresh()), settings=examples(15, stateful_step_count=25))


# Any text a spreadsheet can give, half a surrogate pair too: it stands inside JSON. What has a
# column of its own
# holds no NUL, which the loader refuses and PostgreSQL does not take.
TEXT = st.text(st.characters(), max_size=20)
NUMBER = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
IDS = st.integers(0, 2**53)
ITEMS = st.lists(st.builds(Item, IDS, IDS), max_size=4).map(tuple)
ROWS = st.lists(IDS, max_size=4).map(tuple)
SHIPMENTS = st.builds(
    Shipment,
    order_id=IDS,
    order_address_id=IDS,
    items=ITEMS,
    tracking_number=NUMBER,
    tracking_link=NUMBER,
    comments=TEXT,
    rows=ROWS,
    row_lines=st.lists(st.tuples(IDS, IDS), max_size=3).map(tuple),
    request_key=NUMBER,
    warnings=st.lists(TEXT, max_size=3).map(tuple),
)
JSON = st.recursive(
    st.none() | st.booleans() | IDS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
)
ANSWERS = st.builds(
    StoreShipment,
    shipment_id=IDS,
    order_id=IDS,
    order_address_id=IDS,
    items=ITEMS,
    tracking_number=TEXT,
    generated_tracking_link=TEXT,
    answer=st.dictionaries(TEXT, JSON, max_size=4),
)
FINDINGS = st.builds(Finding, st.sampled_from(Status), TEXT, TEXT, TEXT, st.sampled_from(Who))
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=ZONES)
SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@examples(25, suppress_health_check=SLOW)
@given(st.lists(SHIPMENTS, max_size=4, unique_by=lambda s: s.order_id), st.data())
def test_what_is_written_is_read_as_it_was(
    fresh: Fresh, shipments: list[Shipment], data: st.DataObject
) -> None:
    """Plan, create and read back is identity, whatever the texts and numbers."""

    async def there_and_back() -> None:
        async with open_ledger(fresh()) as ledger:
            await ledger.begin(run_of())
            records = await planned(ledger, RUN, shipments)
            assert [record.shipment for record in records] == shipments
            assert list(ledger.records_of_run(RUN)) == records
            for record in records:
                await ledger.intend(record.record_id, {})
                made = replace(data.draw(ANSWERS), shipment_id=record.record_id)
                evidence = made.answer
                moved = await ledger.move(
                    record, Outcome(State.CREATED, made, evidence=evidence), "response"
                )
                assert (moved.shipment, moved.made) == (record.shipment, made)
                assert ledger.of_orders(STORE, [record.shipment.order_id]) == {
                    record.shipment.order_id: [moved]
                }
                assert ledger.attempts(record.record_id)[-1].evidence == evidence

    asyncio.run(there_and_back())


@given(ANSWERS)
def test_an_answer_of_the_store_is_read_as_it_was(answer: StoreShipment) -> None:
    """Every field, and every JSON it may hold."""
    assert rows.store_shipment_from(rows.store_shipment_text(answer)) == answer


@given(FINDINGS, ROWS, NUMBER)
def test_a_note_is_read_as_it_was(finding: Finding, numbers: tuple[int, ...], ask: str) -> None:
    """Every word of its finding."""
    note = RowNote(numbers, finding, None, ask)
    assert rows.note_from(rows.note_row("run", note)[1:]) == note


@given(TIMES)
def test_a_time_is_kept_to_the_microsecond_in_utc(at: datetime) -> None:
    """Whatever the zone it was told in; as text it sorts as it passed."""
    run = Run("r", STORE, "f", "s", "c", at)
    assert rows.run_from(rows.run_row(run)) == run
    assert (rows.time_text(at) < rows.time_text(datetime(2050, 1, 1, tzinfo=UTC))) == (
        at < datetime(2050, 1, 1, tzinfo=UTC)
    )
