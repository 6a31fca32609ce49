"""The commands on a ledger in PostgreSQL: two machines, which share nothing but the database and
the store.
"""

# ruff: noqa: ASYNC240  these tests have one task each: nobody waits while they touch a file

import asyncio
import itertools
import json
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from postgres import Postgres
from shop import Watched, dense, number, table
from terminal import Terminal

from batch.config import LEDGER
from batch.sandbox import Quota, Sandbox

OpenSandbox = Callable[..., Awaitable[Sandbox]]
Machines = tuple[Terminal, Terminal]
ROWS = [(100 + n, "MUG", 1, number(n)) for n in range(4)]


@pytest.fixture
async def machines(sandbox: OpenSandbox, tmp_path: Path, database: str) -> Machines:
    """Each with a home of its own; a file of four rows lies on the first, of an order that is not
    there a fifth.
    """
    box = await sandbox(dense(6), quota=Quota(requests=100_000))
    made = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        terminal = Terminal(tmp_path / name, box)
        terminal.environ["SHIPBATCH_DATABASE"] = database
        made.append(terminal)
    made[0].write("export.csv", table(*ROWS))
    return made[0], made[1]


async def told(machine: Terminal, *words: str, **environ: str) -> Any:
    said = await machine(*words, "--json", **environ)
    assert "Traceback" not in said.all, said.all
    return json.loads(said.out)


async def test_what_one_machine_ships_the_other_knows(machines: Machines) -> None:
    """Run, history, find, audit, decide, status and undo; nothing of the ledger lies in a home."""
    first, second = machines
    run = await told(first, "run", "export.csv")
    assert (run["created"], await told(second, "history", run["run"]) != []) == (4, True)
    assert not (first.home / LEDGER).exists()
    again = await told(second, "run", str(first.folder / "export.csv"))
    assert (again["already_created"], again["requests"]) == (4, 0)
    assert (await second("find", number(2))).status == 0
    assert (await second("find", "nothing")).status == 1
    assert (await second("audit")).status == 0
    assert (await second("decide")).status == 0
    (second.folder / "drop").mkdir()
    assert (await second("status", "drop")).status == 0
    assert (await second("template", "todo.xlsx")).status == 0
    assert (await second("undo", run["run"], "--yes")).status == 0
    assert second.box is not None
    assert second.box.shipments() == []


async def test_the_export_travels_with_the_ledger(machines: Machines) -> None:
    """Stopped on one machine, gone on with on another, the sheet written there."""
    first, second = machines
    run = await told(first, "run", "export.csv", "--limit", "1")
    assert run["created"] == 1
    (first.folder / "export.csv").rename(first.folder / "gone.csv")
    for copy in (first.home / "copies").rglob("*.csv"):
        copy.unlink()
    resumed = await told(second, "resume", run["run"])
    assert (resumed["created"], resumed["already_created"]) == (3, 1)
    sheet = Path(resumed["results"])
    sheet.unlink()
    assert (await second("history", resumed["run"], "--results")).status == 0
    assert sheet.exists()


async def test_a_plan_is_carried_out_on_another_machine(machines: Machines) -> None:
    """Its export comes out of the database, as it was when the plan was made."""
    first, second = machines
    planned = await told(first, "run", "export.csv", "--dry-run")
    assert planned["planned"] == 4
    plan = Path(planned["results"]).rename(second.folder / "export.plan.xlsx")
    (first.folder / "export.csv").unlink()
    for copy in (first.home / "copies").rglob("*.csv"):
        copy.unlink()
    assert (await told(second, "run", "--plan", str(plan)))["created"] == 4


async def test_check_proves_the_database(machines: Machines, database: str) -> None:
    """Reachable, which server; where it does not answer, 75 and no password."""
    first, _ = machines
    said = await first("check")
    assert "PostgreSQL" in said.out
    assert said.status == 0
    away = await first("check", SHIPBATCH_DATABASE="postgresql://u:corridor7@127.0.0.1:1/x")
    assert (away.status, "does not answer" in away.out, "corridor7" in away.all) == (
        75,
        True,
        False,
    )
    run = await first(
        "run", "export.csv", SHIPBATCH_DATABASE="postgresql://u:corridor7@127.0.0.1:1/x"
    )
    assert (run.status, "corridor7" in run.all) == (75, False)
    wrong = await first("run", "export.csv", SHIPBATCH_DATABASE="mysql://u:corridor7@h/x")
    assert (wrong.status, "SHIPBATCH_DATABASE" in wrong.err, "corridor7" in wrong.all) == (
        2,
        True,
        False,
    )


async def test_a_rehearsal_never_uses_the_database(machines: Machines) -> None:
    """Its ledger is this machine's own, whatever is set."""
    first, _ = machines
    away = "postgresql://u@127.0.0.1:1/x"
    assert (await told(first, "run", "--sandbox", "export.csv", SHIPBATCH_DATABASE=away))[
        "created"
    ] == 4
    assert (first.home / "sandbox" / LEDGER).exists()
    assert (await first("history", "--sandbox", SHIPBATCH_DATABASE=away)).status == 0


@pytest.mark.parametrize("kill", [False, True])
async def test_a_database_that_restarts_under_a_run(
    machines: Machines, postgres: Postgres, *, kill: bool
) -> None:
    """The run waits and goes on: every parcel ships, none twice."""
    first, _ = machines
    assert first.box is not None
    first.write("long.csv", table(*((100 + n % 6, "MUG", 1, number(n)) for n in range(18))))
    posts, down = itertools.count(1), asyncio.Event()

    def strike(method: str, path: str, order_id: int) -> None:
        # several are in flight, with their intents written
        if method == "POST" and next(posts) == 5:
            postgres.kill() if kill else postgres.stop()
            down.set()

    first.box.faults = Watched(strike)
    running = asyncio.create_task(told(first, "run", "long.csv"))
    await down.wait()
    await asyncio.to_thread(postgres.start)
    run = await running
    made = [one["tracking_number"] for one in first.box.shipments()]
    assert (run["created"], sorted(made)) == (18, [number(n) for n in range(18)])


async def test_a_file_s_ledger_goes_on_in_the_database(machines: Machines) -> None:
    """What shipped before there was a database is known on every machine, with its export."""
    first, second = machines
    before = await told(first, "run", "export.csv", SHIPBATCH_DATABASE="")
    assert (await told(first, "history", "--into-database"))["runs"] == 1
    again = await told(second, "run", str(first.folder / "export.csv"))
    assert (again["already_created"], again["requests"]) == (4, 0)
    Path(before["results"]).unlink()
    shutil.rmtree(first.home / "copies")
    assert (await second("history", before["run"], "--results")).status == 0
    assert (await first("history", "--into-database")).status == 2


async def test_a_backup_names_the_database_s_own_program(machines: Machines) -> None:
    first, _ = machines
    await first("run", "export.csv")
    said = await first("history", "--backup", "copy.dump")
    assert (said.status, "pg_dump" in said.err) == (2, True)
