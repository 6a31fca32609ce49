"""The results as one CSV: the sheet `Results`, for programs and for rows too many for Excel."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from batch.results.cells import FORMULA, Cell, as_text, inert
from batch.results.sheet import RowCountCheck, SheetContent


def write_csv(report: SheetContent, path: Path) -> None:
    """Write UTF-8 with a BOM (Excel needs it), comma-separated; no cell is run as a formula."""
    with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as stream:
        csv.writer(stream).writerows(map(_guard, _rows(report)))


def _rows(report: SheetContent) -> Iterator[Sequence[Cell]]:
    """The header, then each row as exported, our columns, and its cells beyond the headers."""
    yield [*report.columns, *report.own_columns]
    width = len(report.columns)
    open_answer = ("",) if report.decides else ()
    for cells, result in RowCountCheck(report).rows():
        own = cells if len(cells) == width else [*cells[:width], *[""] * (width - len(cells))]
        yield [*own, *report.own_cells(result), *open_answer, *cells[width:]]


def _guard(cells: Sequence[Cell]) -> list[str]:
    return [
        cell if type(cell) is str and cell[:1] not in FORMULA else inert(as_text(cell))
        for cell in cells
    ]
