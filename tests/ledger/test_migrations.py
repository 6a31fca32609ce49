"""An older ledger is upgraded whole or not at all, in either store; a running runner is not
overtaken by it.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from ledger_samples import STORE, parcel, planned, run_of

from batch.config import Database, Place
from batch.errors import DatabaseAway, LedgerError
from batch.ledger import migrations, open_ledger, read_ledger
from batch.ledger.connection import Connection
from batch.ledger.migrations import Step, version
from batch.ledger.postgres import schema
from batch.ledger.postgres.connection import PostgresConnection
from batch.ledger.sqlite.opening import open_writable

RUN = run_of().run_id
STATEMENTS = (
    "ALTER TABLE notes ADD COLUMN depot TEXT NOT NULL DEFAULT 'north'",
    "UPDATE runs SET file = 'upgraded ' || file",
    "CREATE TABLE depots (depot TEXT PRIMARY KEY)",
)
NEXT = Step(STATEMENTS, STATEMENTS)
OPENING = f"""
import asyncio, sys
from pathlib import Path
from batch.config import Database
from batch.ledger import migrations, open_ledger
migrations.STEPS = (*migrations.STEPS, migrations.Step({STATEMENTS}, {STATEMENTS}))
place = Database(sys.argv[1]) if "://" in sys.argv[1] else Path(sys.argv[1])
asyncio.run(open_ledger(place).close())
"""


@pytest.fixture
async def older(place: Place) -> Place:
    """A ledger with a plan, of the version before the next."""
    async with open_ledger(place) as ledger:
        await ledger.begin(run_of())
        await planned(ledger, RUN, [parcel(order, f"N{order}") for order in range(1, 9)])
    return place


def upgraded_by_a_process(place: Place, crash: str = "") -> int:
    """Opened by a program that knows one version more; its exit status."""
    address = place.url if isinstance(place, Database) else str(place)
    environ = os.environ | {
        "SHIPBATCH_CRASH_AT": crash,
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    return subprocess.run(
        [sys.executable, "-c", OPENING, address], env=environ, check=False
    ).returncode


def is_upgraded(place: Place) -> bool:
    """Whether all of the step is there; none of it may be there otherwise."""
    connection: Connection = (
        PostgresConnection(place) if isinstance(place, Database) else open_writable(place)
    )
    found = []
    for sql in ("SELECT depot FROM notes", "SELECT depot FROM depots"):
        try:
            connection.execute(sql)
            found.append(True)
        except connection.Error:
            found.append(False)
    found.append(connection.execute("SELECT file FROM runs").fetchone()[0].startswith("upgraded"))
    connection.close()
    assert len(set(found)) == 1, found
    return found[0]


async def test_an_older_ledger_is_upgraded_when_it_is_opened(
    older: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all that is in it; once."""
    with read_ledger(older) as ledger:
        before = list(ledger.records_of_run(RUN))
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, NEXT))
    for _ in range(2):
        async with open_ledger(older) as ledger:
            assert list(ledger.records_of_run(RUN)) == before
            assert [run.file for run in ledger.runs(STORE)] == [f"upgraded {run_of().file}"]
    assert is_upgraded(older)


async def test_reading_upgrades_it_too(older: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked is asked of the tables as they are now."""
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, NEXT))
    with read_ledger(older) as ledger:
        assert [run.file for run in ledger.runs(STORE)] == [f"upgraded {run_of().file}"]
    assert is_upgraded(older)


@pytest.mark.parametrize("passage", [1, 2, 3])
async def test_killed_in_the_middle_the_old_one_is_whole(older: Place, passage: int) -> None:
    """And the next opening upgrades it."""
    assert upgraded_by_a_process(older, f"in-migration:{passage}") == -signal.SIGKILL
    assert not is_upgraded(older)
    with read_ledger(older) as ledger:
        assert len(list(ledger.records_of_run(RUN))) == 8
    assert upgraded_by_a_process(older) == 0


async def test_an_upgraded_ledger_is_refused_by_the_older_program(older: Place) -> None:
    """By name, before anything is sent."""
    assert upgraded_by_a_process(older) == 0
    for opened in (open_ledger, read_ledger):
        with pytest.raises(
            LedgerError, match=f"newer shipbatch .its version is {version() + 1}, .* {version()}"
        ):
            opened(older)


async def test_no_upgrade_under_a_runner_of_the_older_version(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers are updated one by one: the first new one waits until the old ones have ended."""
    monkeypatch.setattr(schema, "GRACE", "100ms")
    place = Database(database)
    async with open_ledger(place) as old:
        await old.begin(run_of())
        with monkeypatch.context() as newer:
            newer.setattr(migrations, "STEPS", (*migrations.STEPS, NEXT))
            with pytest.raises(DatabaseAway, match="runners are at work"):
                open_ledger(place)
        await planned(old, RUN, [parcel()])
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, NEXT))
    await open_ledger(place).close()
    assert is_upgraded(place)
