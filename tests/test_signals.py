"""Told to stop: what is in flight is finished and written down; told twice, it stops at once and nothing is lost."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from batch.sandbox import Fault, Faults, Reply, Sandbox
from tests.proofs.warehouse import PLENTY, ROOT, Warehouse, numbers, orders, write_export

MANY = 40
OpenSandbox = Callable[..., Awaitable[Sandbox]]


@pytest.fixture
async def warehouse(sandbox: OpenSandbox, tmp_path: Path) -> Warehouse:
    """A store that takes half a second for a shipment, and 40 orders to ship."""
    write_export(tmp_path / "export.csv", MANY)
    return Warehouse(
        await sandbox(orders(MANY), quota=PLENTY, faults=Faults(Fault(delay=0.5, method="POST"))), tmp_path
    )


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
async def test_the_first_signal_finishes_what_is_in_flight_and_writes_the_sheet(
    warehouse: Warehouse, number: signal.Signals, status: int
) -> None:
    """No new shipment is claimed; what was sent is created in the summary, the rest is not sent and ships next time."""
    running = await warehouse.start()
    await warehouse.posted(running, 3)
    running.tell(number)
    done = await running.end()
    assert done.status == status, done.err
    assert 3 <= done.summary["created"] == warehouse.shipped.total() < MANY
    assert done.summary["not_sent"] == MANY - done.summary["created"]
    assert (warehouse.folder / "export.results.xlsx").is_file()
    warehouse.box.faults.clear()
    again = await warehouse.run()
    assert again.status == 0, again.err
    assert again.summary["already_created"] + again.summary["created"] == MANY  # what was open goes first
    assert warehouse.shipped == Counter(numbers(MANY))


BLOCKED = """
import threading
from batch.cli.terminal import run_with_progress

async def work(screen, stop):
    print("blocked", flush=True)
    threading.Event().wait()

run_with_progress(work)
"""


def test_the_second_signal_is_heard_by_a_program_that_waits_for_something(tmp_path: Path) -> None:
    """Whatever keeps its event loop: a database, a disk on the network."""
    with subprocess.Popen(
        [sys.executable, "-c", BLOCKED], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "blocked\n"
            for _ in range(100):  # two that come at once are one
                child.send_signal(signal.SIGTERM)
                with suppress(subprocess.TimeoutExpired):
                    child.wait(timeout=0.1)
                    break
        finally:
            child.kill()
        assert child.wait() == 143
        assert child.stderr is not None
        assert "Stopped now: what was in flight is in doubt" in child.stderr.read()


def test_ctrl_c_while_the_program_still_loads_ends_it_without_a_word(tmp_path: Path) -> None:
    """As a person presses it who has mistyped: no traceback."""
    pressed = (
        "import os, signal, threading",
        "signal.signal(signal.SIGINT, signal.default_int_handler)",  # a shell's background job begins without
        "os.kill(os.getpid(), signal.SIGINT)",
        "threading.Event().wait(30)",
    )
    (tmp_path / "typer.py").write_text("\n".join(pressed))
    environ = os.environ | {"PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT)))}
    done = subprocess.run([sys.executable, "-m", "batch", "--help"], capture_output=True, text=True, env=environ)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize("opened", [os.pipe, os.openpty])
async def test_a_run_outlives_whoever_listens_to_it(
    warehouse: Warehouse, opened: Callable[[], tuple[int, int]]
) -> None:
    """A pipe's reader ends, a terminal is closed: it ships to its end, writes the sheet, and has its exit status."""
    ours, its = opened()
    running = await warehouse.start("run", str(warehouse.export), into=its)
    os.close(its)
    await warehouse.posted(running, 3)
    os.close(ours)
    assert await running.process.wait() == 0
    assert warehouse.shipped == Counter(numbers(MANY))
    assert (warehouse.folder / "export.results.xlsx").is_file()


async def test_the_second_signal_stops_at_once_and_the_next_run_settles_what_was_in_flight(
    warehouse: Warehouse,
) -> None:
    """The store has made the shipments and hangs; nobody waits for the 30 seconds of a request's deadline."""
    warehouse.box.faults.clear()
    warehouse.box.faults.add(Fault(Reply.HANG, method="POST"))
    running = await warehouse.start("run", str(warehouse.export))
    await warehouse.posted(running)
    running.tell(signal.SIGINT)
    await running.heard("press Ctrl-C again")
    running.tell(signal.SIGINT)
    done = await running.end()
    assert done.status == 130
    assert "the next run settles it" in done.err
    warehouse.box.faults.clear()
    again = await warehouse.run("--timeout", "2", "--settle", "2")  # what had not left yet is looked for twice
    assert again.status == 0, again.err
    assert warehouse.shipped == Counter(numbers(MANY))
    assert again.summary["rows"] == MANY == again.summary["created"] + again.summary["already_created"]


async def test_a_signal_while_doubts_wait_for_their_second_look_ends_the_run(warehouse: Warehouse) -> None:
    """The settle window is not sat out: what is in doubt stays in doubt, and its orders are named."""
    warehouse.box.faults.clear()
    warehouse.box.faults.add(Fault(504, performs=0, method="POST", order=1001))
    running = await warehouse.start("run", str(warehouse.export))
    await running.heard("looking again in")
    running.tell(signal.SIGTERM)
    done = await running.end()
    assert done.status == 143
    assert warehouse.shipped.total() == MANY - 1
    warehouse.box.faults.clear()
    again = await warehouse.run("--timeout=1", "--settle=1")
    assert again.status == 0, again.err
    assert warehouse.shipped == Counter(numbers(MANY))
