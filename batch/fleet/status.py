"""What `status --fleet` says: workers, stores, what is in line, how fast it goes, what is stuck and what to do."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from batch.commands.answer import CommandResult
from batch.config.ledger_place import redact_passwords
from batch.fleet import maintenance
from batch.fleet.cancel import SKIP
from batch.fleet.file_job import FETCHING
from batch.fleet.queue import Queue
from batch.results.run_text import count_noun

SILENT = 30.0  # seconds without a sign of life
HUNG = 120.0  # seconds without a word on a file whose store's lease goes on being renewed
LONG = 600.0  # seconds in line after which a store waits for long
SHOWN = 50  # stores in the answer for a person

_WORKERS = """
SELECT worker, host, pid, version, slots, cardinality(stores) AS stores, since, ending,
       extract(epoch FROM clock_timestamp() - seen)::float8 AS silent
FROM shipbatch.workers ORDER BY host, since
"""
_STORES = """
SELECT store,
       count(*) FILTER (WHERE state = 'waiting') AS waiting,
       count(*) FILTER (WHERE state = 'held') AS held,
       count(*) FILTER (WHERE state = 'done' AND ended >= date_trunc('day', now())) AS done_today,
       count(*) FILTER (WHERE state = 'failed' AND ended >= date_trunc('day', now())) AS failed_today,
       coalesce(sum(coalesce(shipped, (summary->>'created')::bigint))
         FILTER (WHERE ended >= date_trunc('day', now())), 0)::bigint AS shipped_today,
       min(file_id) FILTER (WHERE state = 'waiting') AS next,
       extract(epoch FROM clock_timestamp() - min(put_at) FILTER (WHERE state = 'waiting'))::float8 AS oldest,
       (SELECT count(*) FROM shipbatch.workers AS worker WHERE file.store = ANY(worker.stores)
          AND worker.seen > clock_timestamp() - make_interval(secs => %s))::int AS workers
FROM shipbatch.files AS file
WHERE state IN ('waiting', 'working', 'held') OR ended >= date_trunc('day', now())
GROUP BY store ORDER BY store
"""
_WORKING = """
SELECT store, file_id, name, worker, stage, done, total, rate, turns, open, trouble, trouble_at, began, due,
       extract(epoch FROM clock_timestamp() - seen)::float8 AS silent,
       extract(epoch FROM clock_timestamp() - began)::float8 AS age,
       EXISTS (SELECT 1 FROM shipbatch.owners AS owner WHERE owner.store = file.store AND runner IS NOT NULL
          AND until > clock_timestamp()) AS owned
FROM shipbatch.files AS file WHERE state = 'working' ORDER BY file_id
"""


async def queue_status(queue: Queue, database: str) -> CommandResult:
    """The fleet as it stands, as the database knows it."""
    workers = await queue.query_dicts(_WORKERS)
    working = {row["store"]: row for row in await queue.query_dicts(_WORKING)}
    stores = [row | {"file": working.get(row["store"])} for row in await queue.query_dicts(_STORES, SILENT)]
    alive = [row for row in workers if row["silent"] <= SILENT]
    data = {
        "database": redact_passwords(database),
        "workers": [_plain(row) | {"alive": row in alive} for row in workers],
        "stores": [_plain(row) for row in stores],
        "waiting": sum(row["waiting"] for row in stores),
        "working": len(working),
        "held": sum(row["held"] for row in stores),
        "shipments_a_second": round(sum(row["rate"] or 0.0 for row in working.values()), 2),
        "stuck": [*_stuck(stores, alive, workers), *map(_stuck_sender, await maintenance.possible_senders(queue))],
    }
    return CommandResult(tuple(_lines(data, stores, alive, workers)), data)


def _stuck(
    stores: Sequence[Mapping[str, Any]], alive: Sequence[Mapping[str, Any]], workers: Sequence[Mapping[str, Any]]
) -> Iterator[dict[str, str]]:
    """What does not go on as it should, and what to do."""
    in_line = [row for row in stores if row["waiting"] or row["file"]]
    if in_line and not alive:
        yield {"what": "the queue", "why": "no worker is alive", "todo": "Start `shipbatch worker` on a machine."}
        return
    for row in in_line:
        why, todo = _hindrance(row)
        if why:
            yield {"what": row["store"], "why": why, "todo": todo}
    for row in workers:
        if row not in alive:
            name = f"the worker {row['pid']} on {row['host']}"
            why = f"silent for {_span(row['silent'])}: killed, paused or cut off"
            yield {"what": name, "why": why, "todo": "Its stores are taken over by others; start it again."}


def _stuck_sender(row: Mapping[str, Any]) -> dict[str, str]:
    """A runner that may still send, for all that is known."""
    since = f"{row['since'].astimezone():%Y-%m-%d %H:%M}"
    doubts = f"{count_noun(row['shipments'], 'shipment')} of {', '.join(row['stores'])}"
    return {
        "what": f"`{row['command']}` (process {row['pid']} on {row['host']}, since {since})",
        "why": f"not proven to have ended, and what it may still send is in doubt: {doubts}",
        "todo": "Start shipbatch there again with the same SHIPBATCH_HOME, which proves it; where the machine is gone"
        " for good, look at the orders and say with `shipbatch decide` whether they exist.",
    }


def _hindrance(row: Mapping[str, Any]) -> tuple[str, str]:
    file = row["file"]
    skip = f"`{SKIP.format(file['file_id'] if file else row['next'])}` takes it out of the line"
    if not row["workers"]:
        return "no living worker has its token", f"Start `shipbatch worker` where the token is set; {skip}."
    if file and file["trouble"]:
        since = _span((datetime.now(file["trouble_at"].tzinfo) - file["trouble_at"]).total_seconds())
        return f"{Path(file['name']).name}: {file['trouble']} (for {since})", f"It is tried again by itself; {skip}."
    if file and file["open"] and file["stage"] == FETCHING and file["age"] > HUNG:
        return f"{Path(file['name']).name}: its address does not answer", f"It is waited for; {skip}."
    if file and file["open"] and file["silent"] > SILENT:
        silent = f"{Path(file['name']).name}: its worker is silent for {_span(file['silent'])}"
        if file["owned"] and file["silent"] > HUNG:  # its lease is renewed beside whatever it does
            return f"{silent}, and keeps the store", f"It hangs: end its process ({file['worker']}); another goes on."
        return silent, "Another takes the store over within a minute."
    if not file and row["oldest"] and row["oldest"] > LONG:
        return f"its oldest file waits for {_span(row['oldest'])}", "Start more workers, or give them more --stores."
    return "", ""


def _lines(
    data: Mapping[str, Any],
    stores: Sequence[Mapping[str, Any]],
    alive: Sequence[Mapping[str, Any]],
    workers: Sequence[Mapping[str, Any]],
) -> Iterator[str]:
    yield data["database"]
    for row in workers:
        state = "ending" if row["ending"] else "alive" if row in alive else f"silent for {_span(row['silent'])}"
        served = f"{count_noun(row['stores'], 'store')}, {row['slots']} side by side, shipbatch {row['version']}"
        yield f"  worker   {row['host']}, process {row['pid']}: {state}, {served}"
    for row in stores[:SHOWN]:
        yield f"  store    {row['store']}: {_of_store(row)}"
    if len(stores) > SHOWN:
        yield f"  … and {len(stores) - SHOWN} more stores (--json has them all)"
    waiting, working = count_noun(data["waiting"], "file"), data["working"]
    yield f"  {waiting} in line, {working} under way, {data['shipments_a_second']:g} shipments a second"
    for one in data["stuck"]:
        yield f"  stuck    {one['what']}: {one['why']}. {one['todo']}"
    if not workers:
        yield "  No worker is there: start `shipbatch worker`."


def _of_store(row: Mapping[str, Any]) -> str:
    parts = []
    if file := row["file"]:
        counts = f" {file['done']:,} of {file['total']:,}" if file["total"] else ""
        rate = f", {file['rate']:.1f}/s" if file["rate"] else ""
        stage = file["stage"] if file["open"] else "between two turns"
        parts.append(f"{Path(file['name']).name}: {stage or 'beginning'}{counts}{rate}")
    parts += [f"{row[name]} {name}" for name in ("waiting", "held") if row[name]]
    today = f"{row['done_today']} done today ({row['shipped_today']:,} rows shipped)"
    parts += [today] + ([f"{row['failed_today']} failed today"] if row["failed_today"] else [])
    return "; ".join(parts)


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON takes it."""
    return {
        name: value.isoformat(timespec="seconds")
        if isinstance(value, datetime)
        else _plain(value)
        if isinstance(value, dict)
        else value
        for name, value in row.items()
    }


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
