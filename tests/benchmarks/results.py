"""How fast the results are written: `python -m tests.benchmarks.results [ROWS, default 100,000]`.

Twenty columns: an export's seven, and our thirteen. Bare xlsxwriter and csv.writer write the same
cells, and nothing else; ours also checks, formats, links and adds three sheets. Every piece of work
runs in a process of its own, the best of a few times; seconds are the processor's, megabytes what
it takes beyond the modules it imports. A writer in Rust takes part where it is installed: `python
-m pip install rustpy-xlsxwriter`.
"""

import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from openpyxl import Workbook as Openpyxl
from xlsxwriter import Workbook

from batch.model import Finding, LinkSource, RowResult, Run, Status, Who
from batch.results import SheetContent, write

ROWS = 100_000
RUST = "rustpy_xlsxwriter"
TIMES = 3
COLUMNS = ("Order ID", "SKU", "Quantity", "Tracking Number", "Carrier", "Ship Date", "Name")
RUN = Run(
    "20261123-140328-7f3a",
    "https://api.bigcommerce.com/stores/abc",
    "a.xlsx",
    "5e" * 32,
    "",
    datetime.now(UTC),
)
CREATED = Finding(Status.CREATED)
INVALID = Finding(
    Status.INVALID,
    "not_enough_left",
    "Order 1, SKU A: 3 asked, 2 left.",
    "Correct row 9.",
    Who.WAREHOUSE,
)


class Results(Mapping[int, RowResult]):
    """What became of so many rows, made when it is asked for; one in fifty is to be fixed."""

    def __init__(self, rows: int) -> None:
        self._rows = range(2, rows + 2)

    def __getitem__(self, row: int) -> RowResult:
        if row not in self._rows:
            raise KeyError(row)
        if row % 50 == 0:
            return RowResult(row, INVALID, order_id=row, run_id=RUN.run_id)
        links = (f"https://track.aftership.com/ups/1Z{row}",)
        return RowResult(
            row, CREATED, (row,), links, LinkSource.GENERATED, row, row, (row,), RUN.run_id
        )

    def __iter__(self) -> Iterator[int]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def report(rows: int) -> SheetContent:
    """A report whose rows are made while it is written."""
    exported = (
        (
            row,
            (row, f"SKU-{row % 97}", 2, f"T1{row:016}", "UPS Ground", "2026-11-20", f"Name {row}"),
        )
        for row in range(2, rows + 2)
    )
    return SheetContent(RUN, COLUMNS, exported, Results(rows))


def _cells(made: SheetContent) -> Iterator[Sequence[str | int]]:
    """What stands in the sheet `Results`."""
    yield [*made.columns, *made.own_columns]
    for row, cells in made.rows:
        own = made.own_cells(made.results[row])
        yield [*cells, *own]  # type: ignore[list-item]  the export's are such


def bare_xlsxwriter(made: SheetContent, path: Path) -> None:
    """The cells in constant memory."""
    with Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("Results")
        for row, cells in enumerate(_cells(made)):
            for column, cell in enumerate(cells):
                if isinstance(cell, int):
                    sheet.write_number(row, column, cell)
                elif cell:
                    sheet.write_string(row, column, cell)


def openpyxl_write_only(made: SheetContent, path: Path) -> None:
    """The cells in openpyxl's write-only mode."""
    book = Openpyxl(write_only=True)
    sheet = book.create_sheet("Results")
    for cells in _cells(made):
        sheet.append(cells)
    book.save(path)


def rust_writer(made: SheetContent, path: Path) -> None:
    """The cells with links, filter and frozen header."""
    module, cells = import_module(RUST), _cells(made)
    header = next(cells)
    rows = (dict(zip(header, row, strict=True)) for row in cells)
    module.write_worksheet(
        rows, str(path), freeze_row=1, autofilter=True, url_columns=["Tracking Link"]
    )


def csv_writer(made: SheetContent, path: Path) -> None:
    """The cells as text."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(_cells(made))


def nothing(made: SheetContent, path: Path) -> None:
    """Only makes the rows: what all the others spend on them too."""
    for _ in _cells(made):
        pass


WORKS: dict[str, tuple[Callable[[SheetContent, Path], object], str]] = {
    "rows made, nothing written": (nothing, "x"),
    "xlsxwriter, bare": (bare_xlsxwriter, "a.xlsx"),
    "openpyxl, write-only": (openpyxl_write_only, "a.xlsx"),
    **({"rustpy-xlsxwriter": (rust_writer, "a.xlsx")} if find_spec(RUST) else {}),
    "results workbook": (write, "a.xlsx"),
    "csv.writer": (csv_writer, "a.csv"),
    "results CSV": (write, "a.csv"),
}


def work(name: str, rows: int) -> None:
    """One piece of work in this process: seconds, and megabytes it took."""
    do, file = WORKS[name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory(prefix="bench-results-") as folder:
        start = time.process_time()
        do(report(rows), Path(folder) / file)
        seconds = time.process_time() - start
    print(
        json.dumps([seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024])
    )


def main() -> None:
    """Run all, and print the table."""
    if len(sys.argv) > 2:
        work(sys.argv[1], int(sys.argv[2]))
        return
    rows = int(sys.argv[1].replace(",", "").replace("_", "")) if len(sys.argv) > 1 else ROWS
    took: dict[str, tuple[float, float]] = {}
    for _ in range(TIMES):
        for name in WORKS:
            command = [sys.executable, "-m", "tests.benchmarks.results", name, str(rows)]
            told = json.loads(
                subprocess.run(command, check=True, capture_output=True, text=True).stdout
            )
            seconds, megabytes = took.get(name, (1e9, 1e9))
            took[name] = min(seconds, told[0]), min(megabytes, told[1])
    print(f"{rows:,} rows × {len(COLUMNS) + 13} columns")
    for name, (seconds, megabytes) in took.items():
        print(f"  {name:<42}{seconds:9.2f} s {megabytes:7.0f} MB")
    for what, ours, theirs, goal in (
        ("results workbook, x bare xlsxwriter", "results workbook", "xlsxwriter, bare", 1.3),
        ("results CSV, x csv.writer", "results CSV", "csv.writer", 1.5),
    ):
        print(f"  {what:<42}{took[ours][0] / took[theirs][0]:9.2f}   at most {goal}")
    print(f"  {'results workbook, MB':<42}{took['results workbook'][1]:9.0f}   at most 80")


if __name__ == "__main__":
    main()
