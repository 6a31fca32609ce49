"""A run's result in the few lines that somebody reads at night, without any cell's content."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from batch.errors import FileError, NothingSent, ShipbatchError
from batch.model import MADE_DIFFERS, NO_LINK, Finding
from batch.model.exit_status import ExitStatus
from batch.model.statuses import TROUBLES
from batch.monitoring.log import LogEvent
from batch.results.accounting import Report, row_count

SHOWN = 12  # rows named of one kind
LINES = 2 * SHOWN  # of open orders


@dataclass(frozen=True, slots=True)
class Digest:
    """One file's result, for the log and for people."""

    file: str
    status: int
    """Its exit status."""
    lines: tuple[str, ...]
    kinds: Mapping[str, int] = field(default_factory=dict)
    """Kind of trouble → rows."""
    rows: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)
    """For the log."""
    what: str = ""
    """The log's word for it, where it tells of no file."""

    @property
    def event(self) -> LogEvent:
        """The digest as a line of the log."""
        facts = {"file": self.file, "exit": self.status, **self.facts}
        what = self.what or ("run" if self.rows else "refused")
        return LogEvent(what, self.status != ExitStatus.ALL_DONE, facts)


def of_report(report: Report, status: int) -> Digest:
    """The digest of a run that came to its end, or was stopped."""
    summary, run = report.summary, report.run
    kinds: dict[str, list[int]] = {}
    findings: dict[str, set[Finding]] = {}
    for row, result in report.rows.items():
        if result.finding.status in TROUBLES or result.finding.code == MADE_DIFFERS:
            kind = f"{result.finding.status.value}: {result.finding.code}"
            kinds.setdefault(kind, []).append(row)
            findings.setdefault(kind, set()).add(result.finding)
    name = Path(run.file).name
    lines = [f"{name}: {summary['rows']} rows, run {run.run_id}, exit {status}"]
    lines += [
        f"  {summary[each]} {each.replace('_', ' ')}"
        for each in ("created", "updated")
        if summary[each]
    ]
    if without := row_count(summary, NO_LINK):
        lines.append(f"  {without} without a tracking link for the customer")
    for one in report.held:
        lines += [f"  held: {one.error}", f"    {one.todo}"]
    if report.release:
        lines.append(f"  To ship it all the same: {report.release}")
    for kind, rows in kinds.items():
        lines += list(_of_kind(kind, rows, findings[kind]))
    if report.stopped:
        lines.append(f"  Stopped before the end: {report.stopped} {report.todo}".rstrip())
    lines.append(f"Results: {report.sheet}" if report.sheet else f"No sheet: {report.sheet_error}")
    counts = {kind: len(rows) for kind, rows in kinds.items()}
    if report.stopped:
        counts["stopped"] = summary["rows"]
    if report.sheet_error:
        counts["no sheet"] = summary["rows"]
    known = {
        key: summary[key]
        for key in ("rows", "created", "updated", "already_created", "requests", "seconds")
    }
    known |= {NO_LINK: without} if without else {}
    facts = {"run": run.run_id, "store": run.store, **known, "trouble": counts}
    return Digest(name, status, tuple(lines), counts, summary["rows"], facts)


def of_error(error: ShipbatchError, file: str, status: int) -> Digest:
    """The digest of a file that was not run; its kind is new every day, as nothing has shipped."""
    name, what = Path(file).name, type(error).__name__
    today = date.today().isoformat()  # noqa: DTZ011
    kind = f"{today} {what} {name}" if isinstance(error, NothingSent) else what
    # A message about a file may quote its cells: it is for whoever has the file, not for the log.
    why = {} if isinstance(error, FileError) else {"why": str(error)}
    todo = f"  {error.todo}" if error.todo else ""
    said = (f"{name}: not run, exit {status}", *(f"  {line}" for line in error.lines), todo)
    lines = tuple(line for line in said if line)
    return Digest(name, status, lines, {kind: 1}, 0, {"error": what, **why})


def of_arrival(source: str, said: str, todo: str) -> Digest:
    """The digest of a file that has not come; reported once a day."""
    today = date.today().isoformat()  # noqa: DTZ011  the day of whoever waits for it
    facts = {"error": "NoFile", "why": said}
    lines = (f"{source}: {said}", f"  {todo}")
    return Digest(
        source, ExitStatus.NOTHING_SENT, lines, {f"{today} no file {source}": 1}, 0, facts
    )


def of_open_orders(lines: Sequence[str], told: Mapping[str, Any]) -> Digest:
    """The digest of what `shipbatch open` found; reported once a day while there is any."""
    found = told["orders"]
    more = (f"  and {len(lines) - LINES:,} more lines: `shipbatch open`",) if lines[LINES:] else ()
    kinds = {f"{date.today().isoformat()} open orders": found} if found else {}  # noqa: DTZ011
    facts = {name: told[name] for name in ("orders", "in_no_export", "requests")}
    status = ExitStatus.NOT_ALL_SENT if found else ExitStatus.ALL_DONE
    return Digest("open orders", status, (*lines[:LINES], *more), kinds, 0, facts, "open")


def _of_kind(kind: str, rows: list[int], found: set[Finding]) -> Iterator[str]:
    named = ", ".join(map(str, rows[:SHOWN])) + (
        f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
    )
    yield f"  {len(rows)} {kind} (row{'s' if len(rows) > 1 else ''} {named})"
    todos = {finding.todo for finding in found}
    who = ", ".join(sorted({f.who.value for f in found} - {""}))
    todo = todos.pop() if len(todos) == 1 else "The sheet says for each row what to do."
    if todo:
        yield f"    {todo}{f' [{who}]' if who else ''}"
