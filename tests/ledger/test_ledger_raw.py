"""What the database itself refuses, whoever asks: the ledger's promise does not hang on its own
program.
"""

from collections.abc import AsyncIterator, Iterator

import pytest
from ledger_samples import created, outcome, parcel, planned, run_of

from batch.config import Database, Place
from batch.ledger import Ledger, open_ledger
from batch.ledger.connection import Connection
from batch.ledger.postgres.connection import PostgresConnection
from batch.ledger.sqlite.opening import open_writable
from batch.model import MOVES, State

RUN = run_of().run_id


@pytest.fixture
async def ledger(place: Place) -> AsyncIterator[Ledger]:
    """A ledger with one run begun."""
    async with open_ledger(place) as opened:
        await opened.begin(run_of())
        yield opened


@pytest.fixture
def other(ledger: Ledger, place: Place) -> Iterator[Connection]:
    """Another program's connection."""
    connection = PostgresConnection(place) if isinstance(place, Database) else open_writable(place)
    yield connection
    connection.close()


MAKING = {
    State.PLANNED: [],
    State.INTENT: [State.INTENT],
    State.IN_DOUBT: [State.INTENT, State.IN_DOUBT],
    State.NEEDS_PERSON: [State.INTENT, State.IN_DOUBT, State.NEEDS_PERSON],
    State.CREATED: [State.INTENT, State.CREATED],
    State.REJECTED: [State.INTENT, State.REJECTED],
}


@pytest.mark.parametrize("old", State)
async def test_raw_sql_makes_legal_moves_only(
    ledger: Ledger, other: Connection, old: State
) -> None:
    """The table of moves is in the file: any other program is refused too."""
    shipment = parcel()
    (record,) = await planned(ledger, RUN, [shipment])
    for state in MAKING[old]:
        if state is State.INTENT:
            await ledger.intend(record.record_id, {})
        else:
            await ledger.move(
                record, created(1, shipment) if state == "created" else outcome(state), "x"
            )
    for new in State:
        claimed = 1 if new is State.CREATED else None
        other.execute("BEGIN")
        try:
            other.execute("UPDATE records SET state = ?, shipment_id = ?", (new, claimed))
            moved = True
        except other.IntegrityError:
            moved = False
        other.execute("ROLLBACK")
        assert moved == (new in MOVES[old] or new is old), new


COPY = (
    "INSERT INTO records (run_id, position, store, order_id, order_address_id, label, number, ask,"
    " shipment, state, created_at, changed_at) SELECT run_id, 9, store, order_id, order_address_id,"
    " {}, '', '', shipment, {}, '', '' FROM records"
)


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("UPDATE attempts SET what = 'nothing'", "attempts only grow"),
        ("DELETE FROM attempts", "attempts only grow"),
        ("DELETE FROM records", "was tried stays"),
        ("UPDATE records SET shipment_id = 2", "claimed shipment id stays"),
        ("UPDATE records SET shipment_id = NULL", "claimed shipment id stays"),
        (COPY.format("'other'", "'intent'"), "begins planned"),
        (COPY.format("label", "'planned'"), "UNIQUE|unique"),
    ],
)
async def test_raw_sql_cannot_rewrite_what_happened(
    ledger: Ledger, other: Connection, sql: str, reason: str
) -> None:
    """Attempts only grow, a claimed id stays, a record begins planned, a parcel has one record."""
    shipment = parcel()
    (record,) = await planned(ledger, RUN, [shipment])
    await ledger.intend(record.record_id, {})
    await ledger.move(record, created(1, shipment), "response")
    with pytest.raises(other.IntegrityError, match=reason):
        other.execute(sql)
