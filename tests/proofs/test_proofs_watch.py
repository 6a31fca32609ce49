"""The real watcher as a process of its own: killed at every passage, told to stop, on a full disk,
under systemd.
"""

import asyncio
import json
import os
import signal
import socket
import stat
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from batch.sandbox import Behaviour, Fault, Sandbox
from tests.proofs.warehouse import PLENTY, Running, Warehouse, numbers, orders, proved, write_export

MANY = 8
OpenSandbox = Callable[..., Awaitable[Sandbox]]


class Depot(Warehouse):
    """A warehouse with a drop folder, which its watcher finds in `shipbatch.toml`."""

    @property
    def inbox(self) -> Path:
        return self.folder / "inbox"

    async def watch(self, *, until: str = "Watching", **environ: str) -> Running:
        """Start a watcher, and wait until it has said these words."""
        os.environ.update(environ)
        try:
            running = await self.start("watch")
        finally:
            for name in environ:
                del os.environ[name]
        await running.heard(until)
        return running

    def files(self, room: str) -> list[str]:
        place = self.inbox / room
        return (
            sorted(path.name for path in place.iterdir() if path.is_file())
            if place.is_dir()
            else []
        )

    async def stop(self, running: Running) -> str:
        """Tell it to stop; what it said on the way."""
        running.tell(signal.SIGTERM)
        done = await running.end()
        assert done.status == 143, done.err
        return done.err


@pytest.fixture
async def depot(sandbox: OpenSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Depot:
    """A store that would ship twice if asked to, and an export in front of its drop folder."""
    box = await sandbox(orders(MANY), quota=PLENTY, behaviour=Behaviour(refuses_overshipping=False))
    (tmp_path / "inbox").mkdir()
    (tmp_path / "shipbatch.toml").write_text(
        'timeout = 1\nsettle = 1\n[folders.acme]\npath = "inbox"\nstill = 0.2\n'
    )
    monkeypatch.setenv("SHIPBATCH_CONFIG", str(tmp_path / "shipbatch.toml"))
    write_export(tmp_path / "export.csv", MANY)
    return Depot(box, tmp_path)


@pytest.mark.parametrize("point", ["after-claim", "after-sheet", "before-filing"])
async def test_a_kill_at_any_passage_leaves_nothing_behind_and_sends_nothing_twice(
    depot: Depot, point: str
) -> None:
    """The next watcher finishes what lay in working; the ledger knows what was sent."""
    depot.export.rename(depot.inbox / "export.csv")
    first = await depot.watch(SHIPBATCH_CRASH_AT=f"{point}:1")
    assert (await first.end()).status == -signal.SIGKILL
    second = await depot.watch()
    await second.until(lambda: len(depot.files("done")) == 2 and not depot.files("working"))
    await depot.stop(second)
    assert depot.files("done") == ["export.csv", "export.results.xlsx"]
    assert depot.files("") == []
    assert depot.shipped == Counter(numbers(MANY))


async def test_a_signal_finishes_what_is_in_flight_and_the_next_start_the_file(
    depot: Depot,
) -> None:
    """The file stays in working meanwhile; `status` says so, and that nobody watches."""
    # three quarters of a minute for all: `status` may start slowly
    depot.box.faults.add(Fault(delay=6, method="POST"))
    (depot.folder / "shipbatch.toml").write_text(
        'workers = 1\n[folders.acme]\npath = "inbox"\nstill = 0.2\n'
    )
    depot.export.rename(depot.inbox / "export.csv")
    running = await depot.watch()
    await depot.posted(running)
    told = json.loads((await (await depot.start("status", "--json")).end()).out)[0]
    assert told["running"] == ["export.csv"]
    assert told["watchers"][0]["process"] == running.process.pid
    assert "next start goes on" in await depot.stop(running)
    sent = depot.shipped.total()
    assert 0 < sent < MANY
    assert depot.files("working") == ["export.csv"]
    said = (await (await depot.start("status")).end()).out
    assert "Nobody watches it" in said
    assert "export.csv: not finished" in said
    depot.box.faults.clear()
    again = await depot.watch()
    await again.until(lambda: "export.csv" in depot.files("done"))
    await depot.stop(again)
    assert depot.shipped == Counter(numbers(MANY))


async def test_status_right_after_a_kill_calls_nothing_running(depot: Depot) -> None:
    """The lock beside its board is free the moment it is dead, however lately it gave a sign of
    life.
    """
    depot.box.faults.add(Fault(delay=2, method="POST"))
    (depot.folder / "shipbatch.toml").write_text(
        'workers = 2\n[folders.acme]\npath = "inbox"\nstill = 0.2\n'
    )
    depot.export.rename(depot.inbox / "export.csv")
    running = await depot.watch()
    await depot.posted(running, 2)
    running.tell(signal.SIGKILL)
    await running.end()
    told = json.loads((await (await depot.start("status", "--json")).end()).out)[0]
    assert (told["running"], told["watchers"], told["unfinished"]) == ([], [], ["export.csv"])
    said = (await (await depot.start("status")).end()).out
    assert "running" not in said
    assert "Nobody watches it" in said
    assert not list((depot.folder / "home" / "watching").iterdir())


async def test_two_watchers_of_two_processes_take_each_file_once(depot: Depot) -> None:
    """Each file in done once, with its sheet; each parcel shipped once."""
    header, *rows = depot.export.read_text().splitlines()
    both = [await depot.watch(), await depot.watch()]
    for place, line in enumerate(rows):
        (depot.inbox / f"{place}.csv").write_text(f"{header}\n{line}\n")
    await both[0].until(lambda: len(depot.files("done")) == 2 * MANY)
    for each in both:
        await depot.stop(each)
    assert depot.shipped == Counter(numbers(MANY))


async def test_systemd_hears_when_it_is_ready_alive_and_stopping(depot: Depot) -> None:
    """READY after the first look; WATCHDOG as often as asked; STOPPING at the signal."""
    address = depot.folder / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(address))
        manager.setblocking(False)
        running = await depot.watch(NOTIFY_SOCKET=str(address), WATCHDOG_USEC="200000")
        heard: list[str] = []
        while "WATCHDOG=1" not in heard or not any(line.startswith("READY=1") for line in heard):
            heard.append((await asyncio.get_running_loop().sock_recv(manager, 4096)).decode())
        running.tell(signal.SIGTERM)
        while not heard[-1].startswith("STOPPING=1"):
            heard.append((await asyncio.get_running_loop().sock_recv(manager, 4096)).decode())
        assert (await running.end()).status == 143


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits are set as on Linux")
async def test_a_full_disk_is_waited_for_and_nothing_is_taken_for_failed(depot: Depot) -> None:
    """No room for the ledger, then for the sheet: it is said once; with room again the file is
    done.
    """
    depot.export.rename(depot.inbox / "export.csv")
    running = await depot.watch()
    import resource

    resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))
    said = await running.heard("tries again by itself")
    assert "full" in said or "large" in said or "space" in said
    assert depot.files("failed") == []
    await depot.stop(running)
    again = await depot.watch()
    await again.until(lambda: "export.csv" in depot.files("done"))
    await depot.stop(again)
    assert depot.shipped == Counter(numbers(MANY))


async def test_a_share_that_cannot_be_written_is_waited_for(depot: Depot) -> None:
    """Nothing is sent while nothing could be filed away; when it can be, it goes on."""
    depot.export.rename(depot.inbox / "export.csv")
    depot.inbox.chmod(stat.S_IRUSR | stat.S_IXUSR)
    if os.access(depot.inbox, os.W_OK):
        pytest.skip("this user may write everywhere")
    running = await depot.watch(until="cannot be used now")
    assert depot.box.requests == []
    depot.inbox.chmod(stat.S_IRWXU)
    await running.until(lambda: "export.csv" in depot.files("done"))
    await depot.stop(running)


async def test_no_folder_is_a_mistake_that_names_it(depot: Depot) -> None:
    """Exit status 2; a folder of the settings that is not there yet is waited for."""
    done = await (await depot.start("watch", "nowhere")).end()
    assert (done.status, "there is no folder" in done.err) == (2, True)
    depot.inbox.rmdir()
    running = await depot.watch(until="cannot be used now")
    depot.inbox.mkdir()
    depot.export.rename(depot.inbox / "export.csv")
    await running.until(lambda: "export.csv" in depot.files("done"))
    await depot.stop(running)


def test_a_soak_with_kills_loses_and_doubles_nothing_and_opens_no_files_for_ever() -> None:
    """Two watchers, faults, a kill every second and a half; `tests/proofs/soak.py` has the long
    form.
    """
    said = proved("tests.proofs.soak", "--files", "24", "--calm", "6", "--kill-every", "1.5")
    assert "0 doubled, 0 lost, 0 wrong" in said
