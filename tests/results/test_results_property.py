"""Whatever an export holds, the workbook opens and says it back; the CSV runs nothing."""

import csv
import math
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from batch.model import Finding, RowResult, Run, Status
from batch.results import SheetContent, write
from batch.results.cells import inert, storable
from batch.results.fast_worksheet import Paper

RUN = Run(
    "20261123-140328-7f3a",
    "https://x.test/stores/a",
    "a.xlsx",
    "5e" * 32,
    "",
    datetime(2026, 11, 23, tzinfo=UTC),
)
TRICKY = st.sampled_from(
    [
        "=1+1",
        "<r></r>",
        "_x000D_",
        "\r\n",
        "'",
        " ",
        "http://",
        "{=A1}",
        "&amp;",
        "😀",
        "\ud83d",
        "\x00",
    ]
)
TEXT = st.lists(TRICKY | st.text(max_size=6), max_size=4).map("".join)
CELL = (
    TEXT
    | st.integers()
    | st.floats()
    | st.booleans()
    | st.none()
    | st.dates()
    | st.datetimes()
    | st.times()
)
ROWS = st.lists(st.lists(CELL, max_size=5), max_size=6)


def report(rows):
    results = {n: RowResult(n, Finding(Status.INVALID, "bad", "Wrong.")) for n in range(len(rows))}
    return SheetContent(
        RUN,
        ("a", "b", "c"),
        enumerate(rows),
        results,
        summary={"rows": len(rows), "invalid": len(rows)},
    )


def expected(cell):
    """What a reader of the workbook sees of a cell, where that is the cell itself, or all but."""
    if isinstance(cell, str):
        return storable(cell)
    if isinstance(cell, bool) or cell is None:
        return "" if cell is None else cell
    if isinstance(cell, int | float) and math.isfinite(cell) and abs(cell) < 10**15:
        return pytest.approx(cell, rel=1e-15, abs=0)  # a sheet keeps 15 digits and a bit
    return None


@settings(deadline=None, max_examples=60)
@given(ROWS)
def test_every_cell_comes_back(rows):
    """Text, numbers and truths are read back as they were; nothing stops the writing."""
    with TemporaryDirectory() as folder:
        path = write(report(rows), Path(folder) / "r.xlsx")
        book = CalamineWorkbook.from_path(str(path))
        for name in ("Results", "Fix and resend"):
            _, *read = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            assert len(read) == len(rows)
            for row, back in zip(rows, read, strict=True):
                for cell, seen in zip(row[:3], back, strict=False):
                    if (wanted := expected(cell)) is not None:
                        assert seen == wanted


@settings(deadline=None, max_examples=60)
@given(ROWS)
def test_no_cell_of_the_csv_runs(rows):
    """No field starts as a formula, but for plain numbers; every row is there."""
    with TemporaryDirectory() as folder:
        path = write(report(rows), Path(folder) / "r.csv")
        with path.open(encoding="utf-8-sig", newline="") as stream:
            _, *read = csv.reader(stream)
    assert len(read) == len(rows)
    for field in (field for row in read for field in row):
        assert not field.startswith(("=", "@", "\t", "\r"))
        assert inert(field) == field


def sheet_of(texts: list[str], kind: type[Worksheet]) -> bytes:
    """A sheet's XML, with one column of these texts."""
    file = BytesIO()
    with Workbook(file, {"constant_memory": True}) as book:
        sheet, style = book.add_worksheet("A", kind), book.add_format({"bold": True})
        for row, text in enumerate(texts):
            sheet.write_string(row, 30 + row, storable(text), style)
            sheet.write_number(row, 0, row, style)
    with ZipFile(file) as parts:
        return parts.read("xl/worksheets/sheet1.xml")


@settings(deadline=None, max_examples=200)
@given(st.lists(TEXT | st.text("ab&<>_x \n\u00a0\u200b", max_size=5), max_size=5))
def test_the_short_way_writes_what_the_long_one_does(texts):
    """Byte for byte, whatever the text."""
    assert sheet_of(texts, Paper) == sheet_of(texts, Worksheet)


def test_there_is_a_short_way():
    """Where xlsxwriter has renamed the step, nothing breaks, but it is worth knowing."""
    assert Paper._write_cell is not Worksheet._write_cell
    assert hasattr(Worksheet, "_write_cell")
