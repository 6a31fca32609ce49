"""A ledger that was a file goes on in a database: all of it, once."""

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from ledger_samples import NOON, OTHER_STORE, STORE, created, outcome, parcel, planned, run_of

from batch.config import LEDGER, Database
from batch.errors import DatabaseAway, NothingSent
from batch.ledger import Ledger, open_ledger, read_ledger
from batch.ledger.contract import Decision
from batch.ledger.import_sqlite import transfer
from batch.ledger.postgres import schema
from batch.model import Finding, RowNote, State, Status

RUN = run_of().run_id
HELD = Finding(Status.HELD, "why", "what", "do")
WORD = Decision("ask", "skip", "Ann", "asked", NOON)


async def lived_in(ledger: Ledger, run_id: str, store: str) -> None:
    """A ledger in which every kind of thing has happened."""
    await ledger.begin(run_of(run_id, store))
    shipments = [parcel(order, f"N{order}", skus=((order * 10, "MUG"),)) for order in range(1, 6)]
    first, second, third, fourth, _ = await planned(ledger, run_id, shipments)
    for record in (first, second, third, fourth):
        await ledger.intend(record.record_id, {"phase": "claimed"})
    await ledger.move(first, created(11, first.shipment), "response")
    await ledger.append(first.record_id, "deleted", {"by": "Ann"})
    await ledger.move(second, outcome(State.IN_DOUBT), "response")
    await ledger.move(third, outcome(State.REJECTED), "response")
    await ledger.move(fourth, created(12, fourth.shipment), "response")
    await ledger.plan(
        run_id,
        [],
        [RowNote((9,), HELD, fourth.record_id, "a"), RowNote((7,), HELD, names=[("900", 7)])],
    )
    await ledger.decide(store, WORD)
    await ledger.remember("digest", {"order_id": "Order"})
    await ledger.finish(run_id, 3, {"rows": 5})


async def test_all_of_a_ledger_goes_on_in_a_database(tmp_path: Path, database: str) -> None:
    """Records, their history, notes, words, runs; beside what other machines have there; numbers go
    on after both.
    """
    place = Database(database)
    async with open_ledger(place) as there:
        await lived_in(there, "other", OTHER_STORE)
        theirs = list(there.records_of_run("other"))
    async with open_ledger(tmp_path / LEDGER) as here:
        await lived_in(here, RUN, STORE)
        ours = list(here.records_of_run(RUN))
        shift = max(record.record_id for record in theirs)
        assert transfer(tmp_path / LEDGER, place)["records"] == 5
        async with open_ledger(place) as there:
            assert list(there.records_of_run("other")) == theirs
            assert list(there.records_of_run(RUN)) == [
                replace(r, record_id=r.record_id + shift) for r in ours
            ]
            assert there.runs(STORE) == here.runs(STORE)
            for record in ours:
                history = [
                    replace(one, record_id=one.record_id + shift)
                    for one in here.attempts(record.record_id)
                ]
                assert there.attempts(record.record_id + shift) == history
            named = [note.record_id + shift if note.record_id else None for note in here.notes(RUN)]
            assert [note.record_id for note in there.notes(RUN)] == named
            assert [note.rows for _, note in there.find_notes("900", 9)] == [(7,), (7,)]
            assert there.decisions(STORE, ["ask"]) == {"ask": WORD}
            assert len(there.records_by_sku("mug", 99)) == 10
            assert [record.state for record in there.unsettled_records(STORE)] == [State.IN_DOUBT]
            (new,) = await planned(there, RUN, [parcel(99, "N99")])
            assert new.record_id > ours[-1].record_id + shift
            await there.intend(new.record_id, {})


async def test_a_ledger_is_put_there_once(tmp_path: Path, database: str) -> None:
    """A second time nothing is changed, and it says so."""
    async with open_ledger(tmp_path / LEDGER) as here:
        await lived_in(here, RUN, STORE)
    transfer(tmp_path / LEDGER, Database(database))
    with pytest.raises(NothingSent, match="holds some of"):
        transfer(tmp_path / LEDGER, Database(database))
    with read_ledger(Database(database)) as there:
        assert len(list(there.records_of_run(RUN))) == 5


async def test_no_ledger_is_put_under_a_transaction(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table is the transfer's alone; where somebody stays in it, nothing is changed."""
    monkeypatch.setattr(schema, "GRACE", "100ms")
    async with open_ledger(tmp_path / LEDGER) as here:
        await lived_in(here, RUN, STORE)
    await open_ledger(Database(database)).close()
    with psycopg.connect(database) as runner:
        runner.execute("LOCK TABLE shipbatch.records IN ROW EXCLUSIVE MODE")  # as a writer has it
        with pytest.raises(DatabaseAway, match="Runners are at work"):
            transfer(tmp_path / LEDGER, Database(database))
