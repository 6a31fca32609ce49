"""A machine that is out of order: its clock, its memory, links that lead nowhere. A sentence each,
and no traceback.
"""

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from shop import HEADER, OpenShop, dense, number, statuses, table

from batch.cli.terminal import check_results, run_with_progress
from batch.errors import ConfigError, OutOfMemory, of_memory
from batch.pipeline import Job
from batch.pipeline.runner import run_files
from batch.primitives.stop import StopEvent

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("off", "words"),
    [(400, "400 days ahead"), (-20_000, "20,000 days behind"), (0.125, "3 hours ahead"), (0, "")],
)
async def test_a_clock_far_off_is_told_of_with_both_times(
    shop: OpenShop, off: float, words: str
) -> None:
    """Once, at the store's first answer; the run goes on."""
    with time_machine.travel(NOON, tick=False) as clock:
        there = await shop(dense(3))
        await there.run((100, "MUG", 1, number(0)))
        clock.shift(timedelta(days=off))
        report = await there.run((101, "MUG", 1, number(1)), name="b.csv")
    assert statuses(report) == ["created"]
    told = [line for line in there.screen.lines if "clock" in line]
    assert len(told) == bool(words)
    assert all(words in line and "the store 2026-11-23 12:00" in line for line in told)


@pytest.mark.skipif(os.name != "posix", reason="limits are set as on Linux")
@pytest.mark.parametrize("megabytes", [60, 100, 130])
def test_a_memory_limit_is_a_sentence(tmp_path: Path, megabytes: int) -> None:
    """However low: no traceback, no fault of ours, and no status that says more than is known."""
    (tmp_path / "a.csv").write_text(table((100, "MUG", 1, number(0)), header=HEADER))
    call = (
        f'ulimit -v {megabytes * 1024}; exec "{sys.executable}" -m batch run --sandbox'
        f' "{tmp_path}/a.csv"'
    )
    environ = os.environ | {"SHIPBATCH_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        ["sh", "-c", call], capture_output=True, text=True, env=environ, check=False
    )
    assert done.returncode in {75, 1}  # 1 where it cannot tell whether anything was sent
    assert "Traceback" not in done.stderr
    assert "not enough memory" in done.stderr


async def test_memory_that_ends_after_something_was_sent_is_no_75(
    shop: OpenShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first file has shipped, the second finds no memory: its end is told, with 1."""
    there = await shop(dense(3))
    for n, name in enumerate(("a.csv", "b.csv")):
        (there.folder / name).write_text(table((100 + n, "MUG", 1, number(n)), header=HEADER))

    def lacking(point: str) -> None:
        if point == "before-copy" and there.posts:
            raise MemoryError

    monkeypatch.setattr("batch.primitives.failpoints.failpoint", lacking)
    jobs = [Job(there.folder / name) for name in ("a.csv", "b.csv")]
    tour = await run_files(jobs, there.settings(), there.screen, StopEvent())
    assert (tour.exit_status, there.posts, len(tour.reports)) == (1, 1, 1)
    assert "not enough memory" in str(tour.refused[0][1])


@pytest.mark.parametrize(
    "fault",
    [
        MemoryError(),
        ExceptionGroup("of tasks", [ValueError(), MemoryError()]),
        OSError(12, "Cannot allocate memory"),
        RuntimeError("can't start new thread"),
        ImportError("x.so: failed to map segment from shared object"),
    ],
)
def test_memory_is_known_by_many_words(fault: Exception) -> None:
    assert isinstance(of_memory(fault), OutOfMemory)
    assert of_memory(ValueError("no such column")) is None


def test_a_connection_without_memory_prints_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    """The request that it fails has the sentence; every other lost error is shown as ever."""

    async def work(*_: object) -> None:
        loop = asyncio.get_running_loop()
        for error in (MemoryError(), OSError(12, "no memory"), ValueError("a bug")):
            loop.call_exception_handler({"message": "Fatal read error", "exception": error})

    run_with_progress(work, quiet=True)
    assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info] == ["a bug"]


@pytest.mark.skipif(os.name != "posix", reason="links need a right of their own elsewhere")
def test_a_link_to_itself_is_no_place_for_results(tmp_path: Path) -> None:
    """Also where an export is one: it has its own sentence when it is read."""
    one, other = tmp_path / "one.xlsx", tmp_path / "other.xlsx"
    one.symlink_to(other)
    other.symlink_to(one)
    with pytest.raises(
        ConfigError, match=r"one\.xlsx: it is a link that leads nowhere, or back to itself"
    ):
        check_results(one, [tmp_path / "a.csv"])
    with pytest.raises(
        ConfigError, match=r"x\.csv: .*one\.xlsx is no folder, or a link that leads"
    ):
        check_results(one / "x.csv", [tmp_path / "a.csv"])
    check_results(tmp_path / "fine.xlsx", [one])
