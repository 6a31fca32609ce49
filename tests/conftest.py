"""Fixtures of all rooms: a sandbox store, settings that point to it, and the virtual clock."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from clock import VirtualLoop
from hypothesis import HealthCheck, settings
from postgres import Postgres, served
from shop import OpenShop, Shop

from batch.config import LEDGER, Database, Place, Settings
from batch.sandbox import Sandbox

OpenSandbox = Callable[..., Awaitable[Sandbox]]

POSIX = hasattr(os, "fork")
collect_ignore_glob: list[str] = []
if not POSIX:  # Windows tells no process to stop, and none of how another died
    collect_ignore_glob += ["test_ledger_kill.py", "test_ledger_locks.py", "test_migrations.py", "test_owned.py"]
    collect_ignore_glob += ["test_proofs_*.py", "test_scoreboard.py", "test_signals.py", "test_two_at_once.py"]

# No example fails for the time that it took: a busy machine takes longer.
settings.register_profile("untimed", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_asyncio_loop_factories(item: pytest.Item) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Tests that ask for `virtual_clock`, also through another fixture, run on it; the others on a real loop."""
    virtual = "virtual_clock" in getattr(item, "fixturenames", ())
    return {"virtual": VirtualLoop} if virtual else {"real": asyncio.new_event_loop}


@pytest.fixture(autouse=True)
def _user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's data folder for each test: runners of one store lock each other out there, whatever their homes."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "user"))


@pytest.fixture
async def virtual_clock() -> VirtualLoop:
    """The test's event loop: waits of minutes pass at once."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop


@pytest.fixture
async def sandbox() -> AsyncIterator[OpenSandbox]:
    """Opens sandboxes, `await sandbox(orders, quota=...)`, and closes them after the test."""
    async with AsyncExitStack() as stack:

        async def opened(orders: dict[str, Any], **settings: Any) -> Sandbox:
            return await stack.enter_async_context(Sandbox(orders, **settings))

        yield opened


@pytest.fixture
def shop(sandbox: OpenSandbox, tmp_path: Path, virtual_clock: VirtualLoop) -> OpenShop:
    """Opens shops on the virtual clock, `await shop(orders, behaviour=...)`: a store, and a home to ship from."""

    async def opened(orders: dict[str, Any], **settings: Any) -> Shop:
        return Shop(await sandbox(orders, **settings), tmp_path)

    return opened


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The PostgreSQL server of all tests that need one; it starts for the first of them."""
    if not POSIX:
        pytest.skip("the tests' PostgreSQL is kept by a shell")
    with served() as server:
        yield server


@pytest.fixture
def database(postgres: Postgres) -> Iterator[str]:
    """The address of a fresh database, `postgresql://…`."""
    postgres.start()  # whatever the last test did to it
    url = postgres.fresh()
    yield url
    postgres.start()
    postgres.drop(url)


@pytest.fixture
def guest(database: str) -> Iterator[str]:
    """Its address for a user of its own, who may connect and no more."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE ROLE guest LOGIN")
        yield database.replace("postgres@", "guest@")
        connection.execute("DROP OWNED BY guest CASCADE")
        connection.execute("DROP ROLE guest")


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where a ledger may be, one store after the other."""
    if request.param == "sqlite":
        return tmp_path / "home" / LEDGER
    return Database(request.getfixturevalue("database"))


@pytest.fixture
def in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker looks after others, and after what was held, several times a second."""
    monkeypatch.setattr("batch.fleet.housekeeping.BEAT", 0.3)
    monkeypatch.setattr("batch.fleet.housekeeping.HELD_EVERY", 0.3)


@pytest.fixture
def settings_for() -> Callable[..., Settings]:
    """Settings of a sandbox's store: `settings_for(box, timeout=5)`."""

    def made(box: Sandbox, **changes: Any) -> Settings:
        return Settings(api_url=box.url, store_hash=box.store_hash, token=box.token, **changes)

    return made


def pytest_collection_modifyitems(items):
    """The long proofs first, so that several workers end together."""
    items.sort(key=lambda item: not item.path.name.startswith("test_proofs"))
