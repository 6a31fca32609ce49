"""What a results sheet says: the export's rows with results, proved to be complete."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from batch.errors import ResultsError
from batch.model import Record, RowResult, Run, Status
from batch.model.sheet_format import DECISION, OURS, OWN_COLUMNS, distinct
from batch.planning.saved_plan import PlannedShipment
from batch.results.cells import Cell


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
        return tuple(
            distinct(name, self.columns) for name in (*OURS, *([DECISION] if self.decides else []))
        )

    def own_cells(self, result: RowResult) -> tuple[str, ...]:
        """Our cells for one row; the answer to a decision is left open."""
        kept = result if result.run_id else replace(result, run_id=self.run.run_id)
        return tuple(column.value(kept) for column in OWN_COLUMNS)


class RowCountCheck:
    """Rows in = rows out: counts what passes, and refuses a report that does not add up."""

    def __init__(self, report: SheetContent) -> None:
        self._report = report
        self.counts: Counter[Status] = Counter()

    def rows(self) -> Iterator[tuple[Sequence[Cell], RowResult]]:
        """Each row with its result, in the export's order; ResultsError if they do not match."""
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
        expected = {"rows": self.total} | {status.key: self.counts[status] for status in Status}
        for key, count in expected.items():
            if (told := self._report.summary.get(key, count)) != count:
                raise self._broken(
                    f"the summary says {told} {key.replace('_', ' ')}, the rows say {count}"
                )

    def _broken(self, why: str) -> ResultsError:
        run = self._report.run
        return ResultsError(
            f"The results of {run.file} do not add up: {why}. This is a bug in shipbatch; no sheet"
            " was written.",
            f"What was shipped is in the ledger: `shipbatch history {run.run_id}`. Please report"
            " the bug.",
        )
