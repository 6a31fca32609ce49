"""What a run leaves for people: the results workbook, or one CSV, beside the export.

==============  ======================================
module          what it knows
==============  ======================================
accounting      what became of each row
sheet           what a results sheet says
workbook        the workbook
summary_sheet   its sheet `Summary`
table           a table in a workbook
cells           what one cell can hold
csv_file        the results as one CSV
template        the workbook that a warehouse fills in
run_text        a run in sentences
paths           where a sheet goes
fast_worksheet  plain text in one step
==============  ======================================
"""

from pathlib import Path

from batch.errors import ResultsError
from batch.model.sheet_format import Mark, read_mark
from batch.primitives.atomic_file import sibling_temp_file
from batch.results.csv_file import write_csv
from batch.results.paths import free_path, put, results_path
from batch.results.sheet import SheetContent
from batch.results.workbook import fits, write_workbook

__all__ = ["Mark", "SheetContent", "deliver", "free_path", "read_mark", "results_path", "write"]


def write(report: SheetContent, path: Path) -> Path:
    """Write the sheet whole or not at all; returns its path, another where `path` is open in Excel.

    A path that ends in `.csv`, or a report too wide for a workbook, becomes a CSV. Raises
    ResultsError where it cannot be written, or where the rows do not add up.
    """
    if not fits(report):
        path = path.with_suffix(".csv")
    write_as = write_csv if path.suffix.casefold() == ".csv" else write_workbook
    try:
        with sibling_temp_file(path) as made:
            write_as(report, made)
            return put(made, path, report.run.run_id)
    except OSError as error:
        run, reason = report.run, error.strerror or error
        raise ResultsError(
            f"The results of {run.file} could not be written to {path}: {reason}.",
            "Nothing is lost: make room or choose a folder, then run `shipbatch history"
            f" {run.run_id} --results`.",
        ) from error


def deliver(content: bytes, path: Path, run_id: str) -> Path:
    """Put a sheet made elsewhere in its place; returns its path. Raises ResultsError."""
    try:
        with sibling_temp_file(path) as made:
            made.write_bytes(content)
            return put(made, path, run_id)
    except OSError as error:
        raise ResultsError(
            f"The results could not be written to {path}: {error.strerror or error}.",
            "Nothing is lost: make room or choose a folder, then run `shipbatch history"
            f" {run_id} --results`.",
        ) from error
