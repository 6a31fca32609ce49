"""A command that is a fork of the imported program is what one in an interpreter of its own is."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest
from launcher import can_launch
from shop import dense, number, table
from terminal import Terminal
from yard import until

from batch.sandbox import Fault, Reply, Sandbox

OpenSandbox = Callable[..., Awaitable[Sandbox]]
pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere each command is started anew"
)


@pytest.mark.parametrize(
    "words", ["", "--help", "history", "config --json", "run nothing.csv", "service cron", "oops"]
)
async def test_it_says_and_ends_as_one_that_is_started(tmp_path: Path, words: str) -> None:
    shell = Terminal(tmp_path)
    assert can_launch(shell.environ)
    said = await shell(*words.split())
    started = await shell.start(*words.split())
    out, err = await started.communicate()
    assert (said.status, said.out, said.err) == (started.returncode, out.decode(), err.decode())


@pytest.mark.parametrize(
    "name", ["TZ", "LC_ALL", "PYTHONIOENCODING", "SSL_CERT_FILE", "SHIPBATCH_CRASH_AT"]
)
def test_what_is_read_at_a_beginning_gets_a_beginning(tmp_path: Path, name: str) -> None:
    """Another value than the imported program had makes a start of its own."""
    assert not can_launch(Terminal(tmp_path).environ | {name: "another"})


async def test_who_gives_up_leaves_no_command_behind(sandbox: OpenSandbox, tmp_path: Path) -> None:
    box = await sandbox(dense(1))
    box.faults.add(Fault(Reply.HANG))
    shell = Terminal(tmp_path, box)
    shell.write("export.csv", table((100, "MUG", 1, number(0))))
    running = asyncio.create_task(shell("run", "export.csv"))
    await until(lambda: asyncio.sleep(0, box.requests))
    of_it = [each for each in psutil.process_iter() if _is_in(each, tmp_path)]
    assert of_it
    running.cancel()
    await asyncio.wait([running])
    gone, _ = psutil.wait_procs(of_it, timeout=30)
    assert gone == of_it


def _is_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return process.cwd() == str(folder)
    except psutil.Error:
        return False
