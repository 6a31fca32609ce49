"""What a results sheet says: the export's rows, what became of each, and the proof that none is missing."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from batch.errors import ResultsError
from batch.model import Record, RowResult, Run, Status
from batch.model.sheet_format import DECISION, OURS, distinct
from batch.planning.saved_plan import PlannedShipment
from batch.primitives.escapes import visible
from batch.results.cells import Cell

SHIPPED, WILL_SHIP, FIX, ASK, RETRY, SKIPPED = (
    "Shipped",
    "Will ship",  # in a plan only: nothing was sent
    "Fix this",
    "Ask someone",
    "Will retry",
    "Skipped",
)

OUTCOMES: Mapping[Status, str] = {
    Status.CREATED: SHIPPED,
    Status.UPDATED: SHIPPED,
    Status.ALREADY_CREATED: SHIPPED,
    Status.PLANNED: WILL_SHIP,
    Status.INVALID: FIX,
    Status.REJECTED: FIX,
    Status.HELD: ASK,
    Status.IN_DOUBT: ASK,
    Status.WAITING: RETRY,
    Status.NOT_SENT: RETRY,
    Status.SKIPPED: SKIPPED,
}


def outcome(status: Status) -> str:
    """What a picker needs to know of a row, in one or two words."""
    return OUTCOMES[status]


@dataclass(frozen=True)
class SheetContent:
    """One run, ready to be written down; `rows` is read once, from first to last."""

    run: Run
    columns: tuple[str, ...]
    """The export's own headers, in its order."""
    rows: Iterable[tuple[int, Sequence[Cell]]]
    """Row number and cells, as exported."""
    results: Mapping[int, RowResult]
    """By row number."""
    records: Iterable[Record] = ()
    summary: Mapping[str, Any] = field(default_factory=dict)
    """The JSON summary; its counts are checked against the rows."""
    said: Sequence[str] = ()
    """What was recognised in the file."""
    warnings: Sequence[str] = ()
    id_columns: frozenset[int] = frozenset()
    """Indexes of columns whose numbers are names: written as text."""
    dry: bool = False
    promises: Iterable[PlannedShipment] = ()
    """Of a dry run: what it would ship."""

    @cached_property
    def counts(self) -> Counter[Status]:
        """How many rows have each status."""
        return Counter(result.finding.status for result in self.results.values())

    @property
    def decides(self) -> bool:
        """Whether any row waits for a person's answer."""
        return self.counts[Status.HELD] > 0

    @cached_property
    def own_columns(self) -> tuple[str, ...]:
        """Our headers, each told apart from the export's."""
        return tuple(distinct(name, self.columns) for name in (*OURS, *([DECISION] if self.decides else [])))

    def own_cells(self, result: RowResult) -> tuple[str, ...]:
        """What stands under our headers for one row; the answer to a decision is left open."""
        finding = result.finding
        return (
            outcome(finding.status),
            finding.status.value,
            ", ".join(map(str, result.shipment_ids)),
            "\n".join(result.tracking_links),
            result.link_source.value,
            finding.code,
            explanation(result),
            visible(finding.todo),
            finding.who.value,
            str(result.order_id or ""),
            str(result.order_address_id or ""),
            ", ".join(map(str, result.order_product_ids)),
            result.run_id or self.run.run_id,
        )


def explanation(result: RowResult) -> str:
    """A row's error and, line by line, its warnings: a shipped row shows them too."""
    lines = (result.finding.error, *(f"Note: {warning}" for warning in result.warnings))
    return "\n".join(visible(line) for line in lines if line)


class RowCountCheck:
    """Rows in = rows out: counts what passes, and refuses a report that does not add up."""

    def __init__(self, report: SheetContent) -> None:
        self._report = report
        self.counts: Counter[Status] = Counter()

    def rows(self) -> Iterator[tuple[Sequence[Cell], RowResult]]:
        """Every row with its result, in the export's order; ResultsError where one is missing or left over."""
        results = self._report.results
        for number, cells in self._report.rows:
            result = results.get(number)
            if result is None:
                raise self._broken(f"row {number} has no result")
            self.counts[result.finding.status] += 1
            yield cells, result
        self._check()

    @property
    def total(self) -> int:
        """Rows seen so far."""
        return self.counts.total()

    def _check(self) -> None:
        known = len(self._report.results)
        if self.total != known:
            raise self._broken(f"{self.total} rows in the file, {known} results")
        expected = {"rows": self.total} | {summary_key(status): self.counts[status] for status in Status}
        for key, count in expected.items():
            if (told := self._report.summary.get(key, count)) != count:
                raise self._broken(f"the summary says {told} {key.replace('_', ' ')}, the rows say {count}")

    def _broken(self, why: str) -> ResultsError:
        run = self._report.run
        return ResultsError(
            f"The results of {run.file} do not add up: {why}. This is a bug in shipbatch; no sheet was written.",
            f"What was shipped is in the ledger: `shipbatch history {run.run_id}`. Please report the bug.",
        )


def summary_key(status: Status) -> str:
    """A status as the JSON summary spells it: `already_created`."""
    return status.replace(" ", "_")
