"""The results of the rows, from their shipments' records and the plan's notes, and their counts."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from batch.errors import ResultsError
from batch.model import (
    MADE_DIFFERS,
    NO_LINK,
    Finding,
    LinkSource,
    Record,
    RowFacts,
    RowNote,
    RowResult,
    Run,
    RunSummary,
    State,
    Status,
    findings,
)
from batch.model.exit_status import ExitStatus
from batch.model.statuses import PASSING, SHIPS, STATUSES, TROUBLES
from batch.primitives.spill import SpillDict

T = TypeVar("T")


@dataclass(slots=True)
class Report:
    """The report of a run."""

    run: Run
    rows: Mapping[int, RowResult]
    summary: RunSummary
    stopped: str = ""
    """Why it ended before its work did; empty if it did not."""
    todo: str = ""
    """What a person does about that."""
    held: tuple[Finding, ...] = ()
    """Why the whole file is held before its first shipment, or would be; empty where it is not."""
    release: str = ""
    """The command that lets a held file go on."""
    known_waiting: int = 0
    """Rows that wait for their order, as they did in an earlier file."""
    pace: Mapping[str, float] = field(default_factory=dict)
    """quota_left, waited_seconds, refusals: how fast the store let us go."""
    sheet: Path | None = None
    sheet_error: ResultsError | None = None


@dataclass(frozen=True, slots=True)
class CarriedOver:
    """Rows that an earlier run left open and this one tried again, with their results."""

    report: Report
    """The earlier run's report now."""
    tried: Sequence[int]
    """Those rows, in their order."""

    @property
    def rows(self) -> Counter[Status]:
        """The number of these rows by status."""
        return Counter(self.report.rows[row].finding.status for row in self.tried)

    @property
    def exit_status(self) -> ExitStatus:
        """What they add to the exit status: their changes tonight, not that they still wait."""
        if (
            self.rows[Status.HELD]
            or self.rows[Status.IN_DOUBT]
            or any(map(self._differs, self.tried))
        ):
            return ExitStatus.WAITS_FOR_PERSON
        bad = self.rows[Status.INVALID] or self.rows[Status.REJECTED]
        return ExitStatus.NOT_ALL_SENT if bad else ExitStatus.ALL_DONE

    @property
    def trouble(self) -> Report:
        """The report of those that a person has to look at now."""
        bad = TROUBLES - PASSING
        rows = {row: self.report.rows[row] for row in self.tried}
        trouble = {
            row: one for row, one in rows.items() if one.finding.status in bad or self._differs(row)
        }
        return replace(self.report, rows=trouble)

    def _differs(self, row: int) -> bool:
        return self.report.rows[row].finding.code == MADE_DIFFERS


def row_results(
    run_id: str,
    notes: Iterable[RowNote],
    records: Iterable[Record],
    not_sent: Callable[[Record], Finding],
) -> Mapping[int, RowResult]:
    """A mapping from row to result, on disk; `not_sent` says why a planned record was not sent."""
    rows: SpillDict[RowResult] = SpillDict()
    results = chain(
        (result for note in notes for result in _of_note(run_id, note)),
        (result for record in records for result in _of_record(run_id, record, not_sent)),
    )
    for result in results:
        before = rows.get(result.row)
        rows[result.row] = result if before is None else _merge([before, result])
    return rows


def count_statuses(results: Mapping[int, RowResult]) -> dict[str, int]:
    """How many rows have each status, by the JSON summary's names; `made_differs` and
    `no_tracking_link` if any has it.
    """
    counts: Counter[Status] = Counter()
    more: Counter[str] = Counter()
    for result in results.values():
        counts[result.finding.status] += 1
        more[MADE_DIFFERS] += result.finding.code == MADE_DIFFERS
        more[NO_LINK] += bool(result.no_link)
    return {status.key: counts[status] for status in STATUSES} | dict(+more)


def row_count(summary: RunSummary, key: str) -> int:
    """The rows that a summary counts under a status's key, or one of the others; 0 if none."""
    counts: Mapping[str, Any] = summary
    count: int = counts.get(key, 0)
    return count


def _of_note(run_id: str, note: RowNote) -> Iterable[RowResult]:
    facts = note.facts or RowFacts()
    lines = _by_row(facts.get("row_lines", ()))
    for row in note.rows:
        yield RowResult(
            row,
            note.finding,
            shipment_ids=tuple(facts.get("shipment_ids", ())),
            tracking_links=tuple(facts.get("tracking_links", ())),
            link_source=LinkSource(facts.get("link_source", "")),
            order_id=facts.get("order_id"),
            order_address_id=facts.get("order_address_id"),
            order_product_ids=lines.get(row, tuple(facts.get("order_product_ids", ()))),
            run_id=run_id,
            warnings=tuple(facts.get("warnings", ())),
        )


def _of_record(
    run_id: str, record: Record, not_sent: Callable[[Record], Finding]
) -> Iterable[RowResult]:
    shipment, made = record.shipment, record.made
    match record.state:
        case State.CREATED:
            finding = record.finding or findings.CREATED
        case State.REJECTED:
            finding = record.finding or findings.refused(shipment, 0, ())
        case State.PLANNED:
            finding = not_sent(record)
        case _:
            finding = record.finding or findings.in_doubt(shipment.order_id)
    lines = _by_row(shipment.row_lines)
    everything = tuple(item.order_product_id for item in shipment.items)
    for row in shipment.rows:
        yield RowResult(
            row,
            finding,
            shipment_ids=(made.shipment_id,) if made else (),
            tracking_links=(made.link,) if made and made.link else (),
            link_source=made.link_source if made else LinkSource.NONE,
            order_id=shipment.order_id,
            order_address_id=shipment.order_address_id,
            order_product_ids=lines.get(row, everything),
            run_id=run_id,
            warnings=shipment.warnings,
            no_link=findings.no_link(shipment, made) if finding.status in SHIPS else "",
        )


def _by_row(pairs: Iterable[Sequence[int]]) -> dict[int, tuple[int, ...]]:
    """The order lines that each row names."""
    lines: dict[int, tuple[int, ...]] = {}
    for row, line in pairs:
        lines[row] = (*lines.get(row, ()), line)
    return lines


def _merge(several: list[RowResult]) -> RowResult:
    """A row of several parcels: the worst status, every id and link."""
    worst = min(several, key=lambda result: result.finding.status.severity)
    return RowResult(
        worst.row,
        worst.finding,
        shipment_ids=_each(result.shipment_ids for result in several),
        tracking_links=_each(result.tracking_links for result in several),
        link_source=next((r.link_source for r in several if r.link_source), LinkSource.NONE),
        order_id=worst.order_id,
        order_address_id=worst.order_address_id,
        order_product_ids=_each(result.order_product_ids for result in several),
        run_id=worst.run_id,
        warnings=_each(result.warnings for result in several),
        no_link=next((result.no_link for result in several if result.no_link), ""),
    )


def _each(groups: Iterable[Iterable[T]]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(one for group in groups for one in group))
