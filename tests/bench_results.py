"""How fast the results workbook is written, beside openpyxl's write-only mode: `python -m tests.bench_results [ROWS]`.

Both write the same cells in one run; ours also formats, links, checks and adds three sheets.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from openpyxl import Workbook

from batch.model import Finding, LinkSource, RowResult, Run, Status, Who
from batch.results import Report, write

COLUMNS = tuple(f"Column {n}" for n in range(12))
RUN = Run("20261123-140328-7f3a", "https://api.bigcommerce.com/stores/abc", "a.xlsx", "5e" * 32, "", datetime.now(UTC))
CREATED = Finding(Status.CREATED)
INVALID = Finding(
    Status.INVALID, "not_enough_left", "Order 1, SKU A: 3 asked, 2 left.", "Correct row 9.", Who.WAREHOUSE
)


def report(rows: int) -> Report:
    """Twelve columns, one row in fifty to be fixed."""
    results = {}
    for row in range(2, rows + 2):
        if row % 50:
            links = (f"https://track.aftership.com/ups/1Z{row}",)
            results[row] = RowResult(row, CREATED, (row,), links, LinkSource.GENERATED, row, row, (row,), RUN.run_id)
        else:
            results[row] = RowResult(row, INVALID, order_id=row, run_id=RUN.run_id)
    exported = ((row, (row, f"SKU-{row % 97}", 2, 8.45, *["some text"] * 8)) for row in range(2, rows + 2))
    return Report(RUN, COLUMNS, exported, results)


def write_openpyxl(made: Report, path: Path) -> None:
    """The sheet `Results` alone, without formats or links."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Results")
    sheet.append([*made.columns, *made.own_columns])
    for row, cells in made.rows:
        sheet.append([*cells, *made.own_cells(made.results[row])])
    book.save(path)


def seconds(work: Callable[[Report, Path], object], rows: int, path: Path) -> float:
    """Wall time of one writing."""
    made = report(rows)
    start = time.perf_counter()
    work(made, path)
    return time.perf_counter() - start


def main() -> None:
    """Print the table."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with tempfile.TemporaryDirectory() as folder:
        theirs = seconds(write_openpyxl, rows, Path(folder) / "openpyxl.xlsx")
        ours = seconds(write, rows, Path(folder) / "results.xlsx")
        delimited = seconds(write, rows, Path(folder) / "results.csv")
    print(f"{rows:,} rows × 12 columns, and our 13")
    for name, took in (("openpyxl, write-only", theirs), ("results workbook", ours), ("results CSV", delimited)):
        print(f"{name:<22}{took:8.2f} s {rows / took:12,.0f} rows/s {theirs / took:6.1f}× openpyxl")


if __name__ == "__main__":
    main()
