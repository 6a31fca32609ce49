"""A ledger in which bits have flipped inside a stored value: it is named as damaged, and nothing
else happens.
"""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from shop import OpenShop, Shop, dense, number

from batch.commands.decide import list_pending
from batch.commands.find import find_attempts
from batch.commands.history import describe_run, list_runs
from batch.config import LEDGER
from batch.errors import LedgerError
from batch.ledger import read_ledger
from batch.ledger.queries import LedgerReader
from batch.model.findings import PLANNED
from batch.monitoring.metrics import _now, _totals
from batch.results.accounting import row_results
from batch.sandbox import Fault

FLIPS = 5
"""Bits flipped in each value, one after the other."""
BLOB = b"\xff\x00"
NAMED = ("it is damaged", "history --backup", "shipbatch audit")
LOOSE = (
    "PRAGMA ignore_check_constraints = ON",
    "PRAGMA foreign_keys = OFF",
    "PRAGMA synchronous = OFF",
)
VALUES = "SELECT name FROM pragma_table_info(?)"


async def lived_in(shop: OpenShop) -> Shop:
    """A store's ledger with something in every column: made, refused, held, waiting, in doubt,
    decided.
    """
    there = await shop(dense(6))
    there.fault(
        Fault(504, performs=0, method="POST", order=102),
        Fault(500, method="GET", path="/orders/102/shipments"),
        Fault(422, performs=0, method="POST", order=103),
    )
    rows = [(100 + n, "MUG", 1, number(n)) for n in range(5)]
    await there.run(*rows, (300, "MUG", 1, number(8)), (101, "CUP", 1, number(9)), workers=1)
    there.fault()
    return there


def exercise(ledger: LedgerReader) -> None:
    """All that a person can ask of a ledger, and what a run asks of it."""
    for run in ledger.runs():
        describe_run(ledger, run.run_id)
        row_results(
            run.run_id,
            ledger.notes(run.run_id),
            ledger.records_of_run(run.run_id),
            lambda record: PLANNED,
        )
        asks = {note.request_key for note in ledger.notes(run.run_id)} | {
            r.shipment.request_key for r in ledger.records_of_run(run.run_id)
        }
        for ask in (ledger.records_by_key, ledger.decisions, ledger.all_decisions):
            ask(run.store, asks)
        for record in ledger.unsettled_records(run.store):
            ledger.attempts(record.record_id)
        ledger.open_requests(run.store, run.started)
        ledger.runs_of(run.store, run.source, 5)
        ledger.recall(run.source)
        ledger.answers(run.store, run.source)
        ledger.was_answered_since(run.store, run.started)
        ledger.has_shipped(run.store, [run.source], run.source)
    ledger.of_orders(ledger.stores()[0], range(100, 110))
    list_runs(ledger)
    list_pending(ledger, None, "")
    for what in ("101", number(0), "MUG", "300"):
        find_attempts(ledger, what, None)
    assert [*_totals(ledger), *_now(ledger)]


def values(path: Path) -> Iterator[tuple[str, str, int, object]]:
    """Each stored value, of the first rows of each table: table, column, row, value."""
    with closing(sqlite3.connect(path)) as db:
        for (table,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        ):
            if table in {"skus", "names"}:
                continue
            columns = [
                name
                for (name,) in db.execute(VALUES, (table,))
                if not name.endswith("_id") or name == "run_id"
            ]
            for row in range(1, 4):
                for column in columns:
                    one = db.execute(
                        f"SELECT {column} FROM {table} WHERE rowid = ?", (row,)
                    ).fetchone()
                    if one and one[0] is not None:
                        yield table, column, row, one[0]


def flipped(value: object, dice: random.Random) -> Iterator[object]:
    """The value with one bit flipped, and as a value of another kind."""
    yield from (BLOB, 3.5, "")
    if isinstance(value, str) and value:
        for _ in range(FLIPS):
            text = bytearray(value.encode())
            text[dice.randrange(len(text))] ^= 1 << dice.randrange(8)
            yield bytes(text)


async def test_a_flipped_bit_is_named_as_damage_whatever_asks(shop: OpenShop) -> None:
    """Every stored column: what cannot be is a LedgerError with the way back; never another
    exception.
    """
    there = await lived_in(shop)
    path, dice, named = there.home / LEDGER, random.Random(9), 0
    with closing(sqlite3.connect(path)) as db:
        db.execute(
            "INSERT INTO decisions VALUES (1, 's', 'a', 'ship', 'ann', '',"
            " '2026-11-23T12:00:00+00:00')"
        )
        for (trigger,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            db.execute(f"DROP TRIGGER {trigger}")
        db.commit()
    every = list(values(path))
    assert {table for table, *_ in every} == {
        "runs",
        "records",
        "attempts",
        "notes",
        "decisions",
        "headers",
        "answers",
    }
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for pragma in LOOSE:
            db.execute(pragma)
        for table, column, row, value in every:
            for bad in flipped(value, dice):
                as_it_is = "CAST(? AS TEXT)" if isinstance(bad, bytes) and bad != BLOB else "?"
                sql = f"UPDATE OR IGNORE {table} SET {column} = {as_it_is} WHERE rowid = ?"
                db.execute(sql, (bad, row))
                named += named_as_damage(path, (table, column, row, bad))
                db.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, row))
    assert named > len(every)


def named_as_damage(path: Path, where: object) -> bool:
    """Whether the ledger is named as damaged, with the way back; or else reads as if whole."""
    try:
        with read_ledger(path) as ledger:
            exercise(ledger)
    except LedgerError as error:
        return all(words in f"{error} {error.todo}" for words in NAMED) or pytest.fail(
            f"{where}: {error}"
        )
    except Exception as error:
        raise AssertionError(where) from error
    return False


async def test_a_run_on_a_damaged_ledger_says_so_and_sends_nothing(shop: OpenShop) -> None:
    """A record of one of its orders cannot be read: nothing is posted, and it is not our fault."""
    there = await lived_in(shop)
    with closing(sqlite3.connect(there.home / LEDGER)) as db:
        db.execute(
            "UPDATE records SET shipment = replace(shipment, 'items', 'itemr') WHERE order_id = 100"
        )
        db.commit()
    posts = there.posts
    with pytest.raises(LedgerError, match="it is damaged"):
        await there.run((100, "MUG", 1, number(20)), (105, "MUG", 1, number(21)))
    assert there.posts == posts
