"""A file taken out of the line by a person: what stands behind it goes on."""

# ruff: noqa: S608  only names of our own columns are put into a statement; every value is bound

from datetime import datetime
from pathlib import Path

from batch.commands.answer import CommandResult
from batch.errors import NothingSent
from batch.fleet.procrastinate_app import request_turn
from batch.fleet.queue import IN_LINE, Queue
from batch.model.exit_status import ExitStatus

SKIP = "shipbatch decide --queued {} --answer skip"
"""The command, for a file's number."""
_TODO = "What was sent of it is recorded. Queue it again to send the rest: nothing is sent twice."

# Its run is none that later ones go on with: nothing more of the file is sent until somebody queues it again.
_SKIP = f"""
WITH skipped AS (
  UPDATE shipbatch.files
  SET state = 'failed', exit_status = %s, told = %s, ended = clock_timestamp(), open = false, rate = NULL, trouble = ''
  WHERE file_id = %s AND store = coalesce(%s, store) AND {IN_LINE} RETURNING file_id, store, name, open
), closed AS (
  UPDATE shipbatch.runs SET summary = (summary::jsonb || '{{"carries": false}}')::text FROM skipped
  WHERE runs.store = skipped.store AND profile::jsonb -> 'queued' = to_jsonb(file_id)
)
SELECT store, name FROM skipped
"""


async def cancel_file(queue: Queue, number: int, who: str, why: str, store: str = "") -> CommandResult:
    """Take a file out of the line; NothingSent where it is not in it, or is another store's than the named one."""
    at = f"{datetime.now().astimezone():%Y-%m-%d %H:%M}"
    told = [f"{who} has taken it out of the line, {at}{f': {why}' if why else ''}.", _TODO]
    rows = await queue.query(_SKIP, ExitStatus.NOT_ALL_SENT, told, number, store or None)
    if not rows:
        raise await _not_in_line_error(queue, number, store)
    of_store, name = rows[0]
    await request_turn(queue.app, of_store)
    line = f"File {number} of the queue, {Path(name).name} for {of_store}, is out of the line."
    follows = (
        "A worker that is at it ends within seconds; what it has sent is recorded, and the store's next file goes on."
    )
    return CommandResult((line, follows), {"number": number, "store": of_store, "file": name, "told": told})


async def _not_in_line_error(queue: Queue, number: int, store: str) -> NothingSent:
    todo = "`shipbatch status --fleet` names what is in line, and what is stuck."
    for row in await queue.rows([number]):
        what = f"File {number} of the queue, {Path(row['name']).name} for {row['store']},"
        if store and row["store"] != store:
            return NothingSent(f"{what} is not of {store}.", "Leave --store out, or correct the number.")
        if row["state"] == "held":
            return NothingSent(f"{what} waits for a person.", f"`shipbatch decide {row['run_id']}` lists what for.")
        return NothingSent(f"{what} is finished: {row['state']}.", todo)
    return NothingSent(f"There is no file {number} in the queue.", todo)
