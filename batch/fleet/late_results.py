"""A finished file whose rows have fared on: its end is told anew, from what the ledger holds now.

Whoever changes a store's records has taken its lease, and thereby its next epoch: what was looked at under the
newest one is up to date, and only what has changed since is counted again.
"""

# ruff: noqa: S608  only names of our own are put into a statement; every value is bound

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from batch.commands.recount import recount
from batch.errors import NothingSent
from batch.fleet.queue import FINISHED, Queue
from batch.fleet.queue_items import FileEnd
from batch.ledger import LedgerReader
from batch.ledger.kept_words import has_status
from batch.model import State, Status
from batch.model.statuses import OPEN
from batch.pipeline import exit_status
from batch.pipeline.decisions import still_waits
from batch.pipeline.session import StoreSession
from batch.results import run_text
from batch.results.accounting import Report, row_count
from batch.watcher.file_job import subfolder_for
from batch.watcher.folder_layout import HELD, safe_name

_OPEN_NOTE = has_status(*OPEN, column="notes.finding")
_STATES = "concat_ws('/', records.state, records.deleted, count(*))"
_OF_RUN = 'run_id = file.run_id COLLATE "C"'
_SIGN = f"""concat_ws(' ',
  (SELECT string_agg(states, ',' ORDER BY states) FROM (
    SELECT {_STATES} AS states FROM shipbatch.records WHERE {_OF_RUN} GROUP BY state, deleted) AS own),
  (SELECT concat_ws('/', count(*), max(note_id)) FROM shipbatch.notes WHERE {_OF_RUN}),
  (SELECT string_agg(states, ',' ORDER BY states) FROM (
    SELECT {_STATES} AS states FROM shipbatch.notes JOIN shipbatch.records USING (record_id)
    WHERE notes.{_OF_RUN} AND {_OPEN_NOTE}
    GROUP BY records.state, records.deleted) AS met),
  (SELECT concat_ws('/', count(*) FILTER (WHERE records.state = '{State.CREATED}'), count(DISTINCT decision_id))
    FROM shipbatch.notes LEFT JOIN shipbatch.records ON records.ask = notes.ask AND records.store = file.store
    LEFT JOIN shipbatch.decisions ON decisions.ask = notes.ask AND decisions.store = file.store
    WHERE notes.{_OF_RUN} AND notes.ask <> '' AND {_OPEN_NOTE}))"""
_CANDIDATES = f"shipbatch.files AS file WHERE left_open > 0 AND run_id IS NOT NULL AND state IN {FINISHED}"
_LOOK = f"SELECT file_id, run_id, name, state, sign, {_SIGN} AS now FROM {_CANDIDATES} AND store = %s ORDER BY file_id"
_LOOKED = f"""
UPDATE shipbatch.files AS file SET sign = {_SIGN}, epoch = owners.epoch FROM shipbatch.owners
WHERE file.file_id = ANY(%s) AND owners.store = file.store AND owners.runner = %s
"""
_BEHIND = f"""
SELECT DISTINCT file.store FROM {_CANDIDATES} AND store = ANY(%s) AND EXISTS (
  SELECT 1 FROM shipbatch.owners WHERE owners.store = file.store AND owners.epoch IS DISTINCT FROM file.epoch
    AND (runner IS NULL OR until < clock_timestamp()))
"""


def end_of(report: Report, shipped: int) -> FileEnd:
    """A run's end as the queue keeps it."""
    status, summary = exit_status(report), dict(report.summary)
    told = [line for line in run_text.report(report) if not line.startswith("Results: ")]
    return FileEnd(
        subfolder_for(report),
        status,
        told,
        {name: value for name, value in summary.items() if name != "carries"},
        report.run.run_id,
        report.sheet.name if report.sheet else None,
        report.sheet.read_bytes() if report.sheet else None,
        left_open=0 if "held_by" in summary else sum(row_count(report.summary, status.key) for status in OPEN),
        shipped=shipped,
    )


def count_shipped(ledger: LedgerReader, number: int, report: Report) -> int:
    """Rows of a queued file that have shipped with it: in this run, or in an earlier one that it went on from."""
    run = report.run
    others = [one.run_id for one in ledger.of_content(run.sha256, run.store) if one.profile.get("queued") == number]
    made = {
        row
        for run_id in others
        if run_id != run.run_id
        for record in ledger.records_of_run(run_id)
        if record.state is State.CREATED
        for row in record.shipment.rows
    }
    if not made:
        return int(report.summary["created"])
    return len(made | {row for row, one in report.rows.items() if one.finding.status is Status.CREATED})


async def stores_behind(queue: Queue, stores: Sequence[str]) -> list[str]:
    """Stores whose owners may have changed what a finished file's end says, and where nobody is at work now."""
    return [store for (store,) in await queue.query(_BEHIND, list(stores))]


async def mark_current(queue: Queue, session: StoreSession, *numbers: int) -> None:
    """What the ledger holds of these files' runs is what their ends say."""
    await queue.execute(_LOOKED, list(numbers), session.ledger.runner)


async def refresh_ends(queue: Queue, session: StoreSession, say: Callable[[str], None]) -> None:
    """Tell the ends of a store's finished files anew, under its lease, where rows of them have fared on."""
    rows = await queue.query_dicts(_LOOK, session.settings.store)
    for row in rows:
        if row["sign"] != row["now"] and (said := await _amend_end(queue, session, row)):
            say(f"{Path(row['name']).name}: {said} (run {row['run_id']})")
    await mark_current(queue, session, *(row["file_id"] for row in rows))


async def _amend_end(queue: Queue, session: StoreSession, row: Mapping[str, Any]) -> str:
    """What has become of the file; empty where its rows cannot be had any more."""
    run = session.ledger.run(row["run_id"])
    if run is None:
        return ""
    with TemporaryDirectory(dir=session.settings.home) as folder:
        place = Path(folder) / safe_name(Path(row["name"]).name)
        try:
            report = await asyncio.to_thread(recount, session.ledger, run, session.settings, place)
        except NothingSent:  # its copy has expired
            return ""
        rows = await asyncio.to_thread(count_shipped, session.ledger, row["file_id"], report)
        end = await asyncio.to_thread(end_of, report, rows)
        if end.state == HELD != row["state"] and not still_waits(session.ledger, run.store, run.run_id):
            end = replace(end, state=row["state"])  # every word on it has been said
    await session.ledger.finish(run.run_id, end.exit_status, report.summary | {"results": ""})
    await queue.amend(row["file_id"], end)
    return f"{run_text.counts(report.summary)} → {end.state}"
