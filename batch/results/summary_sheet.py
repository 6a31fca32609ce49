"""The sheet `Summary`: the run in one look, with the proof that no row is missing."""

from collections.abc import Iterator
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from batch.model import NO_LINK, Status
from batch.model.sheet_format import RESULTS
from batch.model.statuses import STATUSES, RowOutcome
from batch.primitives.escapes import visible
from batch.results.cells import LONGEST, storable
from batch.results.sheet import RowCountCheck, SheetContent
from batch.results.table import FILLS


class _Page:
    """The sheet, written downwards."""

    def __init__(self, workbook: Workbook, sheet: Worksheet) -> None:
        self.sheet, self.row = sheet, 0
        base = {"font_size": 10, "valign": "top"}
        self.plain: Format = workbook.add_format(base | {"text_wrap": True})
        self.unwrapped: Format = workbook.add_format(base)
        self.label: Format = workbook.add_format(base | {"font_color": "#595959"})
        self.number: Format = workbook.add_format(
            base | {"num_format": "#,##0", "bold": True, "align": "left"}
        )
        self.title: Format = workbook.add_format(
            {"font_size": 16, "bold": True, "font_color": "#1F3A5F"}
        )
        self.heading: Format = workbook.add_format(
            {
                "font_size": 11,
                "bold": True,
                "font_color": "#1F3A5F",
                "bottom": 1,
                "bottom_color": "#1F3A5F",
            }
        )
        self.proof: Format = workbook.add_format(
            base
            | {
                "bold": True,
                "font_size": 12,
                "bg_color": "#D5F0DC",
                "font_color": "#0B5A2B",
                "valign": "vcenter",
            }
        )
        self.outcomes: dict[str, Format] = {
            name: workbook.add_format(base | {"bg_color": paper, "font_color": ink, "bold": True})
            for name, (paper, ink) in FILLS.items()
        }

    def line(self, *cells: tuple[str | float, Format]) -> None:
        for column, (cell, style) in enumerate(cells):
            if isinstance(cell, str):
                self.sheet.write_string(self.row, column, storable(visible(cell)), style)
            else:
                self.sheet.write_number(self.row, column, cell, style)
        self.row += 1

    def section(self, heading: str) -> None:
        self.row += 1
        self.line(*[(heading if column == 0 else "", self.heading) for column in range(4)])

    def paragraph(self, text: str) -> None:
        """Text over the full width, as high as it needs."""
        text = visible(text)
        self.sheet.set_row(self.row, 14 * max(1, -(-len(text) // 130)))
        self.sheet.merge_range(self.row, 0, self.row, 3, "", self.plain)
        self.sheet.write_string(self.row, 0, storable(text), self.plain)
        self.row += 1


def write_overview(
    workbook: Workbook, sheet: Worksheet, report: SheetContent, proof: RowCountCheck, *, cut: int
) -> None:
    """Fill the sheet from a finished proof; `cut` cells were too long for a workbook."""
    page = _Page(workbook, sheet)
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 17)
    sheet.set_column(2, 2, 11)
    sheet.set_column(3, 3, 92)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.hide_gridlines(2)
    _head(page, report, proof)
    _counts(page, report, proof)
    _facts(page, report)
    for heading, texts in (
        ("Recognised in the file", report.said),
        ("Please note", list(_notes(report, cut))),
    ):
        if texts:
            page.section(heading)
            for text in texts:
                page.paragraph(text)


def _head(page: _Page, report: SheetContent, proof: RowCountCheck) -> None:
    name = Path(report.run.file).name
    title = (
        f"What would become of {name} — nothing was sent"
        if report.dry
        else f"What became of {name}"
    )
    page.sheet.set_row(0, 26)
    page.line((title, page.title))
    page.row += 1
    page.sheet.set_row(page.row, 20)
    told = " + ".join(f"{count:,} {status}" for status, count in _count_rows(proof)) or "none"
    text = f"{proof.total:,} rows in = {proof.counts.total():,} rows out"
    page.sheet.merge_range(page.row, 0, page.row, 3, "", page.proof)
    page.line((f"✓ {text}: {told}", page.proof))


def _count_rows(proof: RowCountCheck) -> Iterator[tuple[Status, int]]:
    """The statuses that occur, those of one outcome together."""
    for outcome in RowOutcome:
        for status, text in STATUSES.items():
            if text.outcome is outcome and proof.counts[status]:
                yield status, proof.counts[status]


def _counts(page: _Page, report: SheetContent, proof: RowCountCheck) -> None:
    page.section("Rows")
    for status, count in _count_rows(proof):
        text = STATUSES[status]
        word = (text.outcome.value, page.outcomes[text.outcome])
        page.line(
            word, (status.value, page.plain), (count, page.number), (text.meaning, page.plain)
        )
    if without := report.summary.get(NO_LINK, 0):
        said = "Ship, and their customers get no tracking link; each row says why."
        page.line(
            ("No link", page.label), ("", page.plain), (without, page.number), (said, page.plain)
        )
    page.line(("Total", page.label), ("", page.plain), (proof.total, page.number))


def _facts(page: _Page, report: SheetContent) -> None:
    run = report.run
    page.section("Run")
    facts = {
        "File": run.file,
        "Store": run.store,
        "Run": run.run_id,
        "Started": f"{run.started:%Y-%m-%d %H:%M:%S %Z}".strip(),
        "Content (SHA-256)": run.sha256,
    }
    for label, text in facts.items():
        page.line((label, page.label), (text, page.unwrapped))
    for key in ("shipments", "requests", "seconds"):
        if key in report.summary:
            page.line(
                (key.capitalize(), page.label),
                (f"{round(report.summary[key], 1):,}", page.unwrapped),
            )


def _notes(report: SheetContent, cut: int) -> Iterator[str]:
    yield from report.warnings
    shifted = next(
        ((row, here) for here, row in enumerate(sorted(report.results), 2) if row != here), None
    )
    if shifted:
        row, here = shifted
        yield (
            f"Rows named in messages are counted as in {Path(report.run.file).name}, with its title"
            f" and blank rows: its row {row:,} is row {here:,} of {RESULTS}."
        )
    if cut:
        yield (
            f"{cut:,} cells were longer than the {LONGEST:,} characters a workbook's cell holds;"
            " they end in “…”."
        )
