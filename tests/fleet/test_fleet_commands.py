"""The queue from the command line: files put in on one machine are shipped by the worker of another
one.
"""

import asyncio
import re
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import psycopg
import pytest
from aiohttp import web
from pytest_aiohttp import AiohttpServer
from shop import dense, number, table
from terminal import Said, Terminal
from yard import PLENTY

from batch.sandbox import Sandbox
from tests.proofs.warehouse import Running

OpenSandbox = Callable[..., Awaitable[Sandbox]]
FILES = {
    "good.csv": [(100, "MUG", 1, number(0)), (101, "MUG", 1, number(1))],
    "bad.csv": [(102, "MUG", 500, number(2))],
    "once.csv": [(103, "MUG", 1, "")],
    # was that parcel the first one?
    "twice.csv": [(103, "MUG", 1, ""), (104, "MUG", 1, number(4))],
}
"""What is shipped, invalid, shipped, and held for a person."""


class Site:
    """A store, a database, and machines that have nothing else in common."""

    def __init__(self, box: Sandbox, database: str, folder: Path) -> None:
        self.box, self.database, self.folder = box, database, folder

    def machine(self, name: str, *, token: bool = False) -> Terminal:
        folder = self.folder / name
        folder.mkdir(parents=True)
        terminal = Terminal(folder, self.box)
        terminal.environ["SHIPBATCH_DATABASE"] = self.database
        if not token:
            del terminal.environ["BIGCOMMERCE_ACCESS_TOKEN"]
        return terminal

    @property
    def shipped(self) -> list[int]:
        """The orders, in the order in which they were shipped."""
        return [one["order_id"] for one in sorted(self.box.shipments(), key=lambda one: one["id"])]


@pytest.fixture
async def site(sandbox: OpenSandbox, database: str, tmp_path: Path) -> Site:
    return Site(await sandbox(dense(20), quota=PLENTY), database, tmp_path)


def written(machine: Terminal, *names: str) -> list[Path]:
    return [machine.write(name, table(*FILES[name])) for name in names or FILES]


async def test_a_worker_ships_what_others_have_queued_and_status_tells(site: Site) -> None:
    """The machine that queues has no token; who no longer follows a file leaves it in line."""
    office, hall = site.machine("office"), site.machine("hall", token=True)
    for k in range(3):
        office.write(f"{k}.csv", table((100 + k, "MUG", 1, number(k))))
    said = await office("run", "--queue", "2.csv", "0.csv", "--json")
    assert (said.status, [one["number"] for one in said.json["queued"]]) == (0, [1, 2])
    following = Running(await office.start("run", "--queue", "--follow", "1.csv"))
    await following.heard("waiting for its turn")
    following.tell(signal.SIGINT)
    done = await following.end()
    assert (done.status, "they stay in the queue, and are shipped" in done.err) == (130, True)
    alone = await office("status", "--fleet")
    assert "no worker is alive. Start `shipbatch worker` on a machine." in alone.out
    systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    systemd.bind(str(site.folder / "s"))
    systemd.setblocking(False)
    async with hall.at_work(
        "worker", "--stores", "2", NOTIFY_SOCKET=str(site.folder / "s")
    ) as worker:
        await worker.heard(f"Working for {site.box.url}")
        for name in ("2.csv", "0.csv", "1.csv"):
            assert "1 shipped → done" in await worker.heard(f"{name}: 1 row: ")
        told = (await office("status", "--fleet", "--json")).json
    assert [(one["pid"], one["alive"], one["slots"]) for one in told["workers"]] == [
        (worker.process.pid, True, 2)
    ]
    assert [(one["done_today"], one["shipped_today"]) for one in told["stores"]] == [(3, 3)]
    assert (told["waiting"], told["working"], told["stuck"]) == (0, 0, [])
    assert site.shipped == [102, 100, 101]
    with systemd:
        assert [systemd.recv(4096).partition(b"\n")[0] for _ in range(2)] == [
            b"READY=1",
            b"STOPPING=1",
        ]


async def test_what_is_missing_is_said_and_nothing_is_queued(site: Site) -> None:
    office, hall = site.machine("office"), site.machine("hall", token=True)
    written(office, "good.csv")
    cases = {
        "No store's token is here": office("worker"),
        "shipbatch.toml has no such store": hall("worker", "--store", "north"),
        "SHIPBATCH_DATABASE is not set": office(
            "run", "--queue", "good.csv", SHIPBATCH_DATABASE=""
        ),
        "none.csv: there is no such file. Nothing was queued": office(
            "run", "--queue", "good.csv", "none.csv"
        ),
    }
    for words, said in zip(cases, await asyncio.gather(*cases.values()), strict=True):
        assert (said.status, words in said.err) == (2, True), said
    with psycopg.connect(site.database) as connection:
        assert connection.execute("SELECT to_regclass('shipbatch.files')").fetchone() == (None,)


async def test_who_follows_is_told_what_run_tells_and_gets_the_sheets(
    site: Site, sandbox: OpenSandbox
) -> None:
    """What is printed, the sheets and the exit status are those of `run` in a store like it."""
    twin = Site(await sandbox(dense(20), quota=PLENTY), "", site.folder / "twin")
    office, hall, alone = (
        site.machine("office"),
        site.machine("hall", token=True),
        twin.machine("alone", token=True),
    )
    names = [path.name for path in written(office) + written(alone)][: len(FILES)]
    async with hall.at_work("worker"):
        queued, ran = await asyncio.gather(
            office("run", "--queue", "--follow", *names), alone("run", *names)
        )
        assert (queued.status, ran.status) == (3, 3), queued.err
        assert told(queued, office) == told(ran, alone)
        sheets = {path.name for path in alone.folder.glob("*.xlsx")}
        assert {path.name for path in office.folder.glob("*.xlsx")} == sheets != set()
        assert (await office("run", "--queue", "--follow", "bad.csv")).status == 1
        office.write("plan.csv", "Holiday plan\n")
        said = await office("run", "--queue", "--follow", "plan.csv")
        assert (said.status, "no row looks like a header" in said.out) == (2, True)
        said = await office("run", "--queue", "--follow", "--json", "plan.csv", "good.csv")
        unreadable, again = sorted(said.json["files"], key=lambda one: one["file"], reverse=True)
        assert (said.status, again["already_created"]) == (1, 2)
        assert "no row looks like a header" in unreadable["error"]


def told(said: Said, machine: Terminal) -> list[str]:
    """What was printed, without what differs from run to run: its id, its seconds, its place."""
    return re.sub(
        r"run \S+|\d+(\.\d)? s\b", "…", said.out.replace(str(machine.folder), "…")
    ).splitlines()


async def test_a_plan_and_an_address_are_shipped_by_another_machine(
    site: Site, aiohttp_server: AiohttpServer
) -> None:
    """The plan's export is gone by then: it travels with the ledger. What lies at the address the
    worker fetches.
    """
    desk, hall, app = (
        site.machine("desk", token=True),
        site.machine("hall", token=True),
        web.Application(),
    )

    async def export(_: web.Request) -> web.Response:
        return web.Response(text=table((110, "MUG", 1, number(10))))

    app.router.add_get("/export.csv", export)
    url = str((await aiohttp_server(app)).make_url("/export.csv"))
    (planned,) = written(desk, "good.csv")
    said = await desk("run", "--dry-run", planned.name, "--json")
    assert (said.json["planned"], site.shipped) == (2, [])
    planned.unlink()
    async with hall.at_work("worker"):
        by_plan = await desk("run", "--queue", "--plan", "good.plan.xlsx", "--follow", "--json")
        fetched = await desk("run", "--queue", "--follow", "--json", url)
    assert (by_plan.status, by_plan.json["created"], fetched.status, fetched.json["created"]) == (
        0,
        2,
        0,
        1,
    )
    assert site.shipped == [100, 101, 110]
    sheets = {str(path) for path, _ in desk.left_behind()}
    assert {said.json["results"] for said in (by_plan, fetched)} <= sheets


async def test_a_drop_folder_goes_to_the_queue(site: Site) -> None:
    """Its watcher has no token; what is dropped comes back in its room, its sheet beside it."""
    office, hall = site.machine("office"), site.machine("hall", token=True)
    inbox = office.folder / "inbox"
    inbox.mkdir()
    async with office.at_work("watch", "--queue", "inbox", "--still", "0.1") as watcher:
        await watcher.heard("whose files go to the queue")
        async with hall.at_work("worker"):
            for path in written(office):
                path.rename(inbox / path.name)
            await watcher.heard("twice.csv → held")
    found = {str(path.relative_to(inbox)) for path in inbox.rglob("*.csv")}
    assert found == {"done/good.csv", "failed/bad.csv", "done/once.csv", "held/twice.csv"}
    sheets = {f"{Path(name).with_suffix('')}.results.xlsx" for name in found}
    assert {str(path.relative_to(inbox)) for path in inbox.rglob("*.xlsx")} == sheets
