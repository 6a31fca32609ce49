"""The results as one CSV: the sheet `Results`, for programs and for files beyond a workbook's limits."""

import csv
from collections.abc import Iterable
from pathlib import Path

from batch.results.cells import Cell, as_text, inert
from batch.results.report import Proof, Report


def write_csv(report: Report, path: Path) -> None:
    """Write UTF-8 with a BOM (Excel needs it), comma-separated, with no cell that a program would run."""
    proof = Proof(report)
    open_answer = ("",) if report.decides else ()
    with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow(_guarded((*report.columns, *report.own_columns)))
        for cells, result in proof.rows():
            width = len(report.columns)
            own = (*cells[:width], *[""] * (width - len(cells)))
            lines.writerow(_guarded((*own, *report.own_cells(result), *open_answer, *cells[width:])))


def _guarded(cells: Iterable[Cell]) -> list[str]:
    return [inert(as_text(cell)) for cell in cells]
