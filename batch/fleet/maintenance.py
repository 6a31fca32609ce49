"""What workers do beside their turns: give back the turns of stores whose worker is dead.

A store's job is dead where nobody has the store's lease and its worker is silent, or it was taken
long ago: the lease is the truth, procrastinate's heartbeat only says where to look.
"""

# ruff: noqa: S608  only names of our own are put into a statement; every value is bound

from collections.abc import Sequence
from typing import Any

import psycopg
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status

from batch.fleet.procrastinate_app import SCHEMA, TURN, request_turn
from batch.fleet.queue import IN_LINE, LAST_REPORTED, Queue
from batch.ledger.kept_words import UNSETTLED_STATES
from batch.model import State

SILENT = 20.0  # seconds without a heartbeat after which a worker may be dead
LOOK = 2.0  # seconds between two looks whether a store waits for a free slot …
LOOKS = 2  # … as often as must be met, so that it is no passing moment
WEEK = 7  # days
UNOWNED = 60.0  # seconds for which a job may be without the store's lease: it opens what it needs

_DEAD = f"""
SELECT job.id, job.lock FROM {SCHEMA}.procrastinate_jobs AS job
  LEFT JOIN {SCHEMA}.procrastinate_workers AS worker ON worker.id = job.worker_id
WHERE job.status = 'doing' AND job.task_name = '{TURN}'
  AND NOT EXISTS (
    SELECT 1 FROM shipbatch.owners
    WHERE store = job.lock AND runner IS NOT NULL AND until > clock_timestamp())
  AND (worker.id IS NULL OR worker.last_heartbeat < clock_timestamp() - make_interval(secs => %s)
       OR (SELECT max(at) FROM {SCHEMA}.procrastinate_events
           WHERE job_id = job.id AND type = 'started')
          < clock_timestamp() - make_interval(secs => %s))
"""
_LEFT_BEHIND = f"""
SELECT DISTINCT store FROM shipbatch.files AS file WHERE {IN_LINE} AND NOT EXISTS (
  SELECT 1 FROM {SCHEMA}.procrastinate_jobs WHERE lock = file.store AND status IN ('todo', 'doing'))
"""
_WAITS = f"""
SELECT 1 FROM {SCHEMA}.procrastinate_jobs AS job
WHERE status = 'todo' AND task_name = '{TURN}' AND lock = ANY(%s)
  AND (scheduled_at IS NULL OR scheduled_at <= clock_timestamp())
  AND NOT EXISTS (
    SELECT 1 FROM {SCHEMA}.procrastinate_jobs WHERE lock = job.lock AND status = 'doing')
LIMIT 1
"""
_HELD = f"""
shipbatch.files AS held WHERE state = 'held'
  AND NOT EXISTS (SELECT 1 FROM shipbatch.files WHERE store = held.store AND {IN_LINE})
  AND NOT EXISTS (
    SELECT 1 FROM shipbatch.owners
    WHERE store = held.store AND runner IS NOT NULL AND until > clock_timestamp())
"""
_IN_DOUBT = f"""
SELECT DISTINCT ON (record_id) record_id, store, evidence::json ->> 'runner' AS runner
FROM shipbatch.records JOIN shipbatch.attempts USING (record_id)
WHERE records.state IN ({UNSETTLED_STATES}) AND what = '{State.INTENT}' ORDER BY record_id, n DESC
"""
_SENDERS = f"""
SELECT host, pid, command, since, count(*) AS shipments,
  array_agg(DISTINCT store ORDER BY store) AS stores
FROM shipbatch.runners JOIN ({_IN_DOUBT}) AS sent USING (runner)
WHERE NOT EXISTS (
  SELECT 1 FROM shipbatch.owners WHERE runner = runners.runner AND until > clock_timestamp())
GROUP BY runners.runner ORDER BY since
"""
_PAST = f"""
DELETE FROM shipbatch.runners WHERE since < clock_timestamp() - make_interval(days => %s)
  AND NOT EXISTS (SELECT 1 FROM shipbatch.owners WHERE runner = runners.runner)
  AND NOT EXISTS (SELECT 1 FROM ({_IN_DOUBT}) AS sent WHERE runner = runners.runner)
"""
_OLD = "ended < clock_timestamp() - make_interval(days => %s)"
_EXPIRE = (
    f"UPDATE shipbatch.files SET sheet = NULL WHERE sheet IS NOT NULL AND {_OLD}",
    f"""DELETE FROM shipbatch.files WHERE state IN ('done', 'failed')
  AND (folder IS NULL OR filed >= {LAST_REPORTED}) AND {_OLD}""",
)
_SERVED = """
SELECT store FROM shipbatch.owners
WHERE EXISTS (SELECT 1 FROM shipbatch.workers WHERE owners.store = ANY(workers.stores))
"""


async def sweep(queue: Queue) -> list[str]:
    """End the jobs of dead workers and request turns that nobody will take; returns the stores."""
    manager = queue.app.job_manager
    for job_id, _ in await queue.query(_DEAD, SILENT, UNOWNED):
        try:
            await manager.finish_job_by_id_async(job_id, Status.FAILED, delete_job=True)
        except ConnectorException as error:
            if not isinstance(error.__cause__, psycopg.errors.RaiseException):
                raise  # else another worker has been faster
    behind = [store for (store,) in await queue.query(_LEFT_BEHIND)]
    return [store for store in behind if await request_turn(queue.app, store)]


async def has_waiting_store(queue: Queue, stores: Sequence[str]) -> bool:
    """Whether one of these stores could have its turn now, and has not."""
    return bool(await queue.query(_WAITS, list(stores)))


async def files_on_hold(queue: Queue, stores: Sequence[str]) -> list[tuple[Any, ...]]:
    """Files that wait for a person, with their runs and their ends; not while their store is at
    work.

    One without a run waits for answers.
    """
    return await queue.query(
        f"SELECT file_id, store, run_id, ended FROM {_HELD} AND store = ANY(%s)", list(stores)
    )


async def release(queue: Queue, number: int, state: str) -> None:
    """Every word on a held file has been said: it is in line again, or done."""
    changed = _HELD.replace("WHERE", "SET state = %s, ended = clock_timestamp() WHERE", 1)
    sql = f"UPDATE {changed} AND file_id = %s"
    await queue.execute(sql, state, number)


async def stores_in_doubt(queue: Queue, stores: Sequence[str]) -> list[str]:
    """Stores with shipments in doubt in their files, and nothing in line that would settle them."""
    sql = (
        f"SELECT DISTINCT store FROM {_HELD} AND store = ANY(%s)"
        " AND (summary->>'in_doubt')::int > 0"
    )
    return [store for (store,) in await queue.query(sql, list(stores))]


async def stores_served(queue: Queue) -> list[str]:
    """Stores that were shipped for and whose token a worker has."""
    return [store for (store,) in await queue.query(_SERVED)]


async def possible_senders(queue: Queue) -> list[dict[str, Any]]:
    """Runners that own nothing and are not proven to have ended: what they may send is in doubt."""
    return await queue.query_dicts(_SENDERS)


async def exports_in_line(queue: Queue) -> dict[str, int]:
    """Digest → number of the files that are not done, and need their export."""
    sql = "SELECT sha256, file_id FROM shipbatch.files WHERE state NOT IN ('done', 'failed')"
    return dict(await queue.query(f"{sql} AND sha256 IS NOT NULL"))


async def clear_ends(queue: Queue, runs: Sequence[str]) -> None:
    """Take out the sheets and sentences of runs, and of files whose export is no longer kept."""
    gone = "NOT EXISTS (SELECT 1 FROM shipbatch.exports WHERE exports.sha256 = files.sha256)"
    where = f"ended IS NOT NULL AND (run_id = ANY(%s) OR (sha256 IS NOT NULL AND {gone}))"
    sql = f"UPDATE shipbatch.files SET sheet = NULL, told = NULL WHERE {where}"
    await queue.execute(sql, list(runs))


async def expire(queue: Queue, days: int) -> None:
    """Remove what is older than so many days, and runners that never came back.

    Sheets, which the ledger can still write; files that are finished, and filed away where they
    came from a folder; runners that were not seen to end, where nothing of theirs is in doubt: they
    own nothing, and begin nothing.
    """
    for statement in _EXPIRE:
        await queue.execute(statement, days)
    await queue.execute(_PAST, WEEK)
    await queue.execute(
        "DELETE FROM shipbatch.workers WHERE seen < clock_timestamp() - make_interval(days => 1)"
    )
