"""The same run against a store on this machine: no account, no customer, its own ledger."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from batch.config import Gates, Settings
from batch.errors import ConfigError, FileError
from batch.loader.load import load
from batch.pipeline import Job
from batch.primitives.atomic_file import private_folder
from batch.sandbox import Quota, Sandbox, load_orders, store_for

UNHURRIED = Quota(requests=1_000_000)  # a rehearsal need not wait for a quota
STORE_FILE = "store.json"
"""Beside an export, it holds the orders of the sandbox; else they are invented from the export."""


def orders_for(jobs: Sequence[Job], settings: Settings) -> Mapping[str, Any]:
    """The sandbox's orders: those beside the first export, or invented so that each can ship."""
    beside = jobs[0].export.absolute().parent / STORE_FILE
    if beside.is_file():
        return read_store(beside)
    exports = (
        load(job.export, job.answered_source, aliases=settings.carriers, assume=True)
        for job in jobs
    )
    return store_for(asdict(parcel) for export in exports for parcel in export.parcels())


def read_store(path: Path) -> Mapping[str, Any]:
    """A store's orders as plain data; FileError where the file is not that."""
    try:
        return load_orders(path)
    except (ValueError, OSError) as error:
        raise FileError(
            f"{path} is not a store for the sandbox: {error}.",
            "Move it elsewhere, and a store is invented from the export; its shape is in"
            " batch/sandbox/orders.py.",
        ) from error


@asynccontextmanager
async def run_against_sandbox(
    orders: Mapping[str, Any], settings: Settings
) -> AsyncIterator[Settings]:
    """Serve the orders in this process; yields the settings of a run against them.

    The same orders are the same store: what a rehearsal shipped is still shipped in the next one.
    """
    name, home = _name(orders), _home(settings)
    async with Sandbox(
        orders, quota=UNHURRIED, event_log=home / f"{name}.jsonl", store_hash=name
    ) as sandbox:
        yield settings.model_copy(
            update={
                "home": home,
                "database": "",  # a rehearsal is this machine's own
                "identity": f"sandbox:{name}",
                "api_url": sandbox.url,
                "store_hash": name,
                "token": SecretStr(sandbox.token),
                "gates": Gates.open(),  # nobody is mailed
            }
        )


async def serve_store(
    jobs: Sequence[Job],
    settings: Settings,
    *,
    port: int,
    fresh: bool,
    ready: Callable[[str, str, str], None],
) -> None:
    """Serve a store until cancelled; `ready` gets address, hash and token, `fresh` empties it."""
    if jobs and jobs[0].export.suffix.casefold() == ".json":
        orders = read_store(jobs[0].export)
    else:
        orders = orders_for(jobs, settings) if jobs else {"orders": []}
    name, home = _name(orders), _home(settings)
    truth = home / f"{name}.jsonl"
    if fresh:
        truth.unlink(missing_ok=True)
    async with Sandbox(orders, event_log=truth, store_hash=name, port=port) as sandbox:
        ready(sandbox.url, name, sandbox.token)
        await asyncio.Event().wait()


def _name(orders: Mapping[str, Any]) -> str:
    """What tells one invented store from another: its orders."""
    return hashlib.sha256(json.dumps(orders, sort_keys=True, default=str).encode()).hexdigest()[:12]


def _home(settings: Settings) -> Path:
    home = settings.home / "sandbox"
    try:
        private_folder(home)
    except OSError as error:
        raise ConfigError(
            f"{home} cannot be made: {error.strerror or error}.",
            "Set SHIPBATCH_HOME to a folder of yours.",
        ) from error
    return home
