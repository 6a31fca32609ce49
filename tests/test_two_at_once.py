"""Two runners of one store: one works, the other waits or goes, saying for whom; a runner's death frees the store."""

import asyncio
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from batch.sandbox import Behaviour, Fault, Reply, Sandbox
from tests.proofs.warehouse import PLENTY, Done, Running, Warehouse, numbers, orders, write_export

MANY = 12
OpenSandbox = Callable[..., Awaitable[Sandbox]]
SHORT = ("--timeout=1", "--settle=1")


@pytest.fixture
async def warehouse(sandbox: OpenSandbox, tmp_path: Path) -> Warehouse:
    """Twelve orders to ship, in a store that would ship them twice if it were asked to."""
    write_export(tmp_path / "export.csv", MANY)
    box = await sandbox(orders(MANY), quota=PLENTY, behaviour=Behaviour(refuses_overshipping=False))
    return Warehouse(box, tmp_path)


@pytest.fixture
async def holder(warehouse: Warehouse) -> Running:
    """A run that has sent, got no answer, and been stopped in its tracks: it holds the store's lock."""
    warehouse.box.faults.add(Fault(Reply.HANG, method="POST"))
    running = await warehouse.start("run", str(warehouse.export), "--json", *SHORT)
    await warehouse.posted(running, MANY)  # all it has to send: nothing of it arrives later
    running.tell(signal.SIGSTOP)
    warehouse.box.faults.clear()
    return running


async def ended(*runs: Running) -> list[Done]:
    return await asyncio.gather(*(run.end() for run in runs))


async def test_a_second_runner_that_does_not_wait_goes_and_says_for_whom(warehouse: Warehouse, holder: Running) -> None:
    """Exit status 75, the other's process and command named, not one request sent."""
    asked = len(warehouse.box.requests)
    done = await warehouse.run("--wait=0")
    assert done.status == 75
    assert f"process {holder.process.pid}" in done.err
    assert "export.csv" in done.err
    assert "Nothing was sent" in done.err
    assert len(warehouse.box.requests) == asked
    holder.tell(signal.SIGKILL)
    await holder.end()


async def test_a_second_runner_waits_until_the_first_has_ended(warehouse: Warehouse, holder: Running) -> None:
    """It is told for whom; then it finds everything created already."""
    second = await warehouse.start("run", str(warehouse.export), *SHORT)
    assert f"process {holder.process.pid}" in await second.heard("Waiting")
    asked = len(warehouse.box.requests)
    holder.tell(signal.SIGTERM)
    holder.tell(signal.SIGCONT)
    first, then = await ended(holder, second)
    assert (first.status, then.status) == (143, 0), then.err
    assert len(warehouse.box.requests) > asked
    assert warehouse.shipped == Counter(numbers(MANY))


async def test_a_runner_that_is_killed_frees_the_store_and_leaves_nothing_to_clean_up(
    warehouse: Warehouse, holder: Running
) -> None:
    """The one that waits goes on, settles what the other had in flight, and ships the rest."""
    second = await warehouse.start("run", str(warehouse.export), *SHORT)
    await second.heard("Waiting")
    holder.tell(signal.SIGKILL)
    first, then = await ended(holder, second)
    assert (first.status, then.status) == (-signal.SIGKILL, 0), then.err
    assert warehouse.shipped == Counter(numbers(MANY))


async def test_four_started_together_ship_everything_once(warehouse: Warehouse) -> None:
    """Whoever comes first ships; the others wait their turn and find it done."""
    done = await ended(*[await warehouse.start() for _ in range(4)])
    assert [one.status for one in done] == [0, 0, 0, 0], [one.err for one in done]
    assert sorted(one.summary["created"] for one in done) == [0, 0, 0, MANY]
    assert sorted(one.summary["already_created"] for one in done) == [0, MANY, MANY, MANY]
    assert warehouse.shipped == Counter(numbers(MANY))


async def test_readers_and_dry_runs_do_not_wait(warehouse: Warehouse, holder: Running) -> None:
    """A dry run beside a run ends, and sends nothing but reads."""
    posted = warehouse.box.counts["POST /orders/{}/shipments"]
    dry = await warehouse.run("--dry-run")
    history = await (await warehouse.start("history")).end()
    assert dry.summary["rows"] == MANY
    assert history.status == 0
    assert warehouse.box.counts["POST /orders/{}/shipments"] == posted
    holder.tell(signal.SIGKILL)
    await holder.end()


async def test_another_home_waits_and_finds_in_the_store_what_it_does_not_know(warehouse: Warehouse) -> None:
    """Started together with two ledgers: one user's runners lock each other out, and the store's list does the rest.

    Two users or two machines could double it: one store is to have one home.
    """
    runs = [await warehouse.start("run", str(warehouse.export), "--json", home=home) for home in ("one", "another")]
    first, second = sorted(await ended(*runs), key=lambda done: -int(done.summary.get("created", 0)))
    assert (first.status, second.status) == (0, 0), second.err
    assert second.summary["already_created"] == MANY
    assert warehouse.shipped == Counter(numbers(MANY))
