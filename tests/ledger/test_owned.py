"""A store that changes hands on PostgreSQL: what the earlier runner may still send is never sent
beside it.
"""

import asyncio
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from postgres import Postgres

from batch.config import Database
from batch.ledger.postgres.connection import open_link
from batch.sandbox import Fault, Faults, Sandbox
from tests.proofs.warehouse import PLENTY, Warehouse, numbers, orders, write_export

MANY = 12
QUICK = ("--timeout", "1", "--settle", "1", "--wait", "0")
OpenSandbox = Callable[..., Awaitable[Sandbox]]


@pytest.fixture
async def warehouse(
    sandbox: OpenSandbox, tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> Warehouse:
    monkeypatch.setenv("SHIPBATCH_DATABASE", database)
    write_export(tmp_path / "export.csv", MANY)
    return Warehouse(await sandbox(orders(MANY), quota=PLENTY), tmp_path)


def told(database: str, statement: str) -> None:
    with open_link(Database(database)) as link:
        link.execute(statement.encode())


def overdue(database: str) -> None:
    """The lease ends, as when no renewal has come for its length."""
    told(database, "UPDATE owners SET until = clock_timestamp()")


async def killed_before_the_first_byte(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("SHIPBATCH_CRASH_AT", "intended:1")
        assert (await warehouse.run(*QUICK, home="first")).status == -signal.SIGKILL


async def test_the_store_of_a_killed_runner_of_this_machine_is_free_at_once(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lock proves its death: what it was about to send is settled, and sent once."""
    await killed_before_the_first_byte(warehouse, monkeypatch)
    second = await warehouse.run(*QUICK, home="second")
    assert second.status == 0, second.err
    assert warehouse.shipped == Counter(numbers(MANY))


async def test_what_a_lost_machine_may_still_send_waits_for_proof(
    warehouse: Warehouse, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All else goes on; when the machine has come back, and heard of the death, so does this."""
    await killed_before_the_first_byte(warehouse, monkeypatch)
    told(database, "UPDATE runners SET host = 'elsewhere'")
    busy = await warehouse.run(*QUICK, home="second")
    assert (busy.status, warehouse.shipped) == (75, Counter())
    assert "on elsewhere" in busy.err
    overdue(database)
    second = await warehouse.run(*QUICK, home="second")
    doubts = second.summary["in_doubt"]  # as many as were intended in one commit
    assert (second.status, warehouse.shipped.total()) == (3, MANY - doubts), second.err
    assert doubts >= 1
    waiting = await (await warehouse.start("decide", home="second")).end()
    assert "on elsewhere" in waiting.out + waiting.err
    told(database, "DELETE FROM runners")
    third = await warehouse.run(*QUICK, home="second")
    assert third.status == 0, third.err
    assert warehouse.shipped == Counter(numbers(MANY))


@pytest.mark.parametrize("home", ["home", "worker"])
async def test_a_stop_is_obeyed_while_the_database_is_away(
    warehouse: Warehouse, postgres: Postgres, home: str
) -> None:
    """Of a server that has fallen silent, and never says that it is gone: by the runner, and by a
    worker.
    """
    warehouse.box.faults = Faults(Fault(delay=0.2, method="POST"))
    command = ("run", str(warehouse.export), "--json", *QUICK)
    if home == "worker":
        assert (
            await (await warehouse.start("run", "--queue", str(warehouse.export))).end()
        ).status == 0
        command = ("worker",)
    runner = await warehouse.start(*command, home=home)
    await warehouse.posted(runner, 2)
    with postgres.cut_off():
        runner.tell(signal.SIGTERM)
        # and not the ten minutes that an outage is waited out
        ended = await asyncio.wait_for(runner.end(), 30)
    assert ended.status == 143, ended.err
    assert "The database does not answer: stopped now" in ended.err
    again = await warehouse.run(*QUICK)
    assert again.status == 0, again.err
    assert warehouse.shipped == Counter(numbers(MANY))


async def test_a_paused_runner_doubles_nothing_when_it_wakes(
    warehouse: Warehouse, database: str
) -> None:
    """Also where its clock stood still, and it sends what it had intended: the other has left that
    alone.
    """
    warehouse.box.faults = Faults(Fault(delay=0.3, method="POST"))
    first = await warehouse.start("run", str(warehouse.export), "--json", *QUICK, home="first")
    await warehouse.posted(first, 2)
    first.tell(signal.SIGSTOP)
    overdue(database)
    second = await warehouse.run(*QUICK, home="second")
    assert warehouse.shipped.total() == MANY - second.summary["in_doubt"], second.err
    first.tell(signal.SIGCONT)
    ended = await first.end()
    assert "taken over" in ended.err, ended.err
    third = await warehouse.run(*QUICK, home="second")
    assert third.status == 0, third.err
    assert warehouse.shipped == Counter(numbers(MANY))
