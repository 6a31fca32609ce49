"""What the ledger and a report say, in sentences and as data; read only."""

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from batch.model import MADE_DIFFERS, NO_LINK, RowResult, Status
from batch.model.statuses import ON_SCREEN, STATUSES, TROUBLES
from batch.planning.gates import MAILS
from batch.results.accounting import CarriedOver, Report, row_count

FEW = 3  # shipments of a run that are shown one by one


def report(done: Report) -> Iterator[str]:
    """A run in a few lines: its rows' results, and where the sheet is."""
    summary = done.summary
    codes = Counter((row.finding.status, row.finding.code) for row in done.rows.values())
    yield f"{Path(done.run.file).name}: {count_noun(summary['rows'], 'row')}, run {done.run.run_id}"
    for status in ON_SCREEN:
        if count := row_count(summary, status.key):
            yield f"  {count:>6} {STATUSES[status].words}{_causes(codes, status)}"
    fewer = summary.get("requests_saved", 0)
    less = f", {fewer} fewer than with four calls an order" if fewer else ""
    yield f"  {count_noun(summary['requests'], 'request')} in {summary['seconds']:g} s{less}"
    yield from _to_look_at(done)
    if differ := row_count(summary, MADE_DIFFERS):
        rows = count_noun(differ, "row")
        yield f"The store has made {rows} otherwise than asked; both sides: shipbatch decide"
    if without := row_count(summary, NO_LINK):
        rows = count_noun(without, "row")
        yield f"{rows} without a tracking link for the customer; the sheet says of each why"
    if done.stopped:
        yield f"Stopped before the end: {done.stopped.rstrip('.')}. {done.todo}".rstrip()
        yield "Then run the same file again: it goes on where it stopped."
    if done.sheet:
        yield f"Results: {done.sheet}"
    elif done.sheet_error:
        yield f"{done.sheet_error} {done.sheet_error.todo}"
    yield from _hold_text(done)
    if done.summary["planned"] and done.sheet and done.sheet.suffix == ".xlsx":
        yield "To ship exactly this, whatever becomes of the orders meanwhile:"
        yield f"  shipbatch run --plan {shlex.quote(str(done.sheet))}"


def counts(summary: Mapping[str, Any]) -> str:
    """The counts of a run's rows by result, in one line."""
    return f"{count_noun(summary['rows'], 'row')}: {status_counts(summary) or 'nothing to ship'}"


def status_counts(summary: Mapping[str, Any]) -> str:
    """`3 shipped, 1 held for a person`; empty where no rows were counted."""
    return ", ".join(
        f"{summary[status.key]} {STATUSES[status].words}"
        for status in ON_SCREEN
        if summary.get(status.key)
    )


def count_noun(count: int, noun: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def carried_over_text(one: CarriedOver) -> Iterator[str]:
    """The results of rows that an earlier run left open."""
    run = one.report.run
    counts = ", ".join(f"{count} {STATUSES[status].words}" for status, count in one.rows.items())
    yield f"Carried over from {Path(run.file).name}, run {run.run_id}: {counts}"
    if one.report.sheet:
        yield f"  its sheet is up to date: {one.report.sheet}"


def _hold_text(done: Report) -> Iterator[str]:
    """Why a file is held, and at the end the one line that releases it."""
    if not done.held:
        return
    would = "A run of it would be held" if done.summary["planned"] else "The whole file is held"
    yield f"{would}; nothing of it has been sent."
    for reason in done.held:
        yield f"  {reason.error}"
        yield f"    {reason.todo}"
    if done.summary["planned"]:
        return
    if {reason.code for reason in done.held} <= MAILS:
        yield (
            "If the mails are meant, or are switched off, run it again with"
            " --customers-will-be-mailed."
        )
    yield "To ship it all the same, release it, then run the same file again:"
    yield f"  {done.release}"


def _to_look_at(done: Report) -> Iterator[str]:
    """Where a few new shipments can be seen: the tracking link, the order in the control panel."""
    made: dict[tuple[int, ...], RowResult] = {}
    for row in done.rows.values():
        if row.finding.status is Status.CREATED:
            made[row.shipment_ids] = row
            if len(made) > FEW:
                return
    panel = done.run.store.rpartition("/stores/")[2]
    for row in made.values():
        ids, links = ", ".join(map(str, row.shipment_ids)), "  ".join(row.tracking_links)
        yield f"Look at it: shipment {ids} of order {row.order_id}  {links or '(no tracking link)'}"
        if panel.isalnum():
            orders = f"https://store-{panel}.mybigcommerce.com/manage/orders"
            yield f"            {orders}/{row.order_id}"


def _causes(codes: Mapping[tuple[Status, str], int], of: Status) -> str:
    """The count of each code whose status needs a person."""
    causes = [
        f"{count} {code}"
        for (status, code), count in codes.items()
        if status is of and (of in TROUBLES or code == MADE_DIFFERS)
    ]
    return f" ({', '.join(causes)})" if causes else ""
