"""Waiting for queued files where they were put in: their ends in words, their sheets beside them."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from batch import results
from batch.config import Settings
from batch.errors import ResultsError
from batch.fleet.queue import AWAY, Queue
from batch.ledger import read_ledger
from batch.model import Run
from batch.model.exit_status import ExitStatus, worst
from batch.pipeline.progress import Progress
from batch.pipeline.runner import total
from batch.primitives.stop import StopEvent

LOOK = 0.5  # seconds between two looks
LATE = 300.0  # seconds that finished files are waited for whose doubts the workers settle
FINISHED = frozenset({"done", "failed", "held"})
LOST: dict[str, Any] = {
    "state": "lost",
    "exit_status": ExitStatus.NOT_ALL_SENT,
    "summary": None,
    "told": (
        "it is no longer in the queue: the database was put back from a copy, or another took over that had not all.",
        "Queue it again: what was shipped of it is found in the store.",
    ),
}
"""What is known of a file that the database has forgotten."""


@dataclass(frozen=True, slots=True)
class FinishedFiles:
    """Files, as they stand when nobody waits for them any longer."""

    rows: Sequence[Mapping[str, Any]]
    sheets: Mapping[int, Path]
    """Where their sheets were put."""
    problems: Sequence[ResultsError]

    @property
    def summary(self) -> dict[str, Any]:
        """As `run` would have told it."""
        each = [
            dict(row["summary"]) | {"results": str(self.sheets.get(row["file_id"], ""))}
            for row in self.rows
            if row["summary"]
        ]
        others = [
            {"file": row["name"], "error": " ".join(row["told"] or [row["state"]])}
            for row in self.rows
            if not row["summary"]
        ]
        return each[0] if len(each) == 1 and not others else total(each) | {"files": each + others}

    @property
    def exit_status(self) -> ExitStatus:
        """As `run` would have ended."""
        statuses = [row["exit_status"] for row in self.rows if row["exit_status"] is not None]
        if self.problems:
            statuses.append(ExitStatus.NO_SHEET)
        if set(statuses) - {ExitStatus.NOTHING_SENT}:
            sent = ExitStatus.NOT_ALL_SENT
            statuses = [sent if status == ExitStatus.NOTHING_SENT else status for status in statuses]
        return worst(statuses)


async def follow_files(
    queue: Queue, numbers: Sequence[int], progress: Progress, stop: StopEvent
) -> list[dict[str, Any]]:
    """Tell how files go until all are finished, or the stop comes; they stay in line whatever becomes of us.

    Where shipments are in doubt when all are, what becomes of them is waited for, LATE seconds at most.
    A database that is away is waited for; a file that it has forgotten is lost.
    """
    first: dict[int, Mapping[str, Any]] = {}
    said: dict[int, str] = {}
    rows: list[dict[str, Any]] = []
    is_away = False
    clock, late, doubted = asyncio.get_running_loop().time, math.inf, set[int]()
    while True:
        try:
            rows = _current_rows(await queue.rows(numbers), numbers, first)
        except AWAY:
            if not is_away:
                progress.say("The database does not answer: waiting for it. The files stay in line.")
            is_away = True
        else:
            is_away = False
        for row in rows:
            line = _line(row)
            if line != said.get(row["file_id"]):
                said[row["file_id"]] = line
                progress.say(f"{Path(row['name']).name}: {line}")
        is_over = not is_away and all(row["state"] in FINISHED | {"lost"} for row in rows)
        if is_over:
            late = min(late, clock() + LATE)
            doubted |= {row["file_id"] for row in rows if row.get("unsettled")}
            open_still = (row for row in rows if row["file_id"] in doubted)
            is_over = clock() > late or not any(row["unsettled"] or row["behind"] for row in open_still)
        if is_over or not await stop.sleep(LOOK):
            return rows


def _current_rows(
    rows: Sequence[dict[str, Any]], numbers: Sequence[int], first: dict[int, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The files as they stand; as they were first seen, and lost, where their number is nobody's or another file's."""
    there = {row["file_id"]: row for row in rows}
    for number in numbers:
        first.setdefault(number, there.get(number) or {"file_id": number, "name": f"file {number}", "put_as": ""})
    same = {number for number, row in there.items() if row["put_as"] == first[number]["put_as"]}
    return [there[number] if number in same else {**first[number], **LOST} for number in numbers]


async def deliver_sheets(
    queue: Queue, rows: Sequence[Mapping[str, Any]], settings: Settings, place: Path | None = None
) -> FinishedFiles:
    """The finished files with their sheets beside them, or the only one at a place of its own."""
    sheets: dict[int, Path] = {}
    problems: list[ResultsError] = []
    for row in rows:
        content = await queue.sheet(row["file_id"]) if row["state"] in FINISHED else None
        if content is None:
            continue
        try:
            beside = Path(row["name"])
            sheets[row["file_id"]] = await asyncio.to_thread(deliver, content, row, beside, settings, place)
        except ResultsError as error:
            problems.append(error)
    return FinishedFiles(rows, sheets, problems)


def deliver(
    content: bytes, row: Mapping[str, Any], export: Path, settings: Settings, place: Path | None = None
) -> Path:
    """Put a finished file's sheet beside its export, or at a place of its own; where it is then."""
    with read_ledger(settings.ledger) as ledger:
        run = ledger.run(row["run_id"]) or _forgotten(row)
    path = place or results.results_path(export, run, dry=False, home=settings.home)
    path = results.free_path(path, run) if place else path
    return results.deliver(content, path.with_suffix(Path(row["sheet_name"]).suffix), run.run_id)


def _forgotten(row: Mapping[str, Any]) -> Run:
    """A finished file's run that a database does not have which has taken over, and had not received all."""
    return Run(row["run_id"], row["store"], row["name"], row["sha256"], "", datetime.now(UTC))


def _line(row: Mapping[str, Any]) -> str:
    if row["state"] == "waiting":
        return "waiting for its turn"
    if row["state"] != "working":
        return f"{row['state']}, and what is in doubt is being settled" if row.get("unsettled") else str(row["state"])
    if row["trouble"]:
        return str(row["trouble"])
    total_of = f" {row['total']:,} shipments" if row["total"] else ""
    return f"{row['stage'] or 'its turn has begun'}{total_of}"
