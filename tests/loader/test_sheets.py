"""Workbooks as typed cells: every kind, every offset, every number's format."""

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from batch.errors import FileError
from batch.loader.files.read import read_tables
from batch.loader.files.tables import Table

Fill = Callable[[xlsxwriter.Workbook], None]


def workbook(path: Path, fill: Fill) -> Path:
    book = xlsxwriter.Workbook(path)
    fill(book)
    book.close()
    return path


def only(path: Path) -> Table:
    (table,) = read_tables(path)
    return table


def test_cells_keep_their_types(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        minute = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        clock = book.add_format({"num_format": "hh:mm"})
        sheet.write_row(0, 0, ["0012", 12, 1.5, True])
        sheet.write_datetime(1, 0, datetime(2026, 11, 23), day)
        sheet.write_datetime(1, 1, datetime(2026, 11, 23, 14, 2), minute)
        sheet.write_datetime(1, 2, time(12, 3), clock)

    rows = list(only(workbook(tmp_path / "a.xlsx", fill)).rows())
    assert rows[0] == ["0012", 12.0, 1.5, True]
    assert rows[1][:3] == [date(2026, 11, 23), datetime(2026, 11, 23, 14, 2), time(12, 3)]


def test_a_damaged_number_arrives_with_its_damage(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "a.xlsx", lambda book: book.add_worksheet().write_number(0, 0, 9.400110200881e21)
    )
    assert list(only(path).rows()) == [[9.400110200881e21]]


def test_rows_and_columns_are_not_shifted_by_empty_ones_before_them(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "a.xlsx",
        lambda book: book.add_worksheet("Out").write_row(2, 1, ["Order", "SKU"]),
    )
    table = only(path)
    assert [row[1:] for row in table.rows()] == [["", ""], ["", ""], ["Order", "SKU"]]
    assert table.address(3, 2) == "Out!B3"


def test_cells_that_are_only_formatted_are_no_rows(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "Order")
        sheet.write_blank(500, 3, None, book.add_format({"bold": True}))

    assert list(only(workbook(tmp_path / "a.xlsx", fill)).rows()) == [["Order"]]


def test_error_cells_arrive_as_their_text(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("Nächste")
        sheet.write_row(0, 0, ["Order", "SKU"])
        sheet.write_formula(1, 1, "=VLOOKUP(A2,D:E,2,0)", None, "#N/A")
        sheet.write_formula(5, 3, "=1/0", None, "#DIV/0!")

    rows = list(only(workbook(tmp_path / "a.xlsx", fill)).rows())
    assert (rows[1][1], rows[5][3]) == ("#N/A", "#DIV/0!")


def test_a_table_tells_how_a_cell_shows_its_number(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("Out")
        sheet.write_number(0, 0, 123, book.add_format({"num_format": "00000"}))
        sheet.write_number(1, 0, 123)
        sheet.write_number(2, 27, 9.40011e21, book.add_format({"num_format": 11}))

    table = only(workbook(tmp_path / "a.xlsx", fill))
    assert [table.number_format(1, 1), table.number_format(3, 28)] == ["00000", "0.00E+00"]
    assert [table.number_format(2, 1), table.number_format(9, 9)] == ["", ""]


def test_hidden_sheets_are_read_only_when_named_and_chart_sheets_never(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        book.add_worksheet("Orders").write(0, 0, "Order")
        book.add_worksheet("Empty")
        book.add_worksheet("Old").write(0, 0, "old")
        book.get_worksheet_by_name("Old").hide()
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=Orders!$A$1:$A$2"})
        book.add_chartsheet("Chart").set_chart(chart)

    path = workbook(tmp_path / "a.xlsx", fill)
    assert [table.sheet for table in read_tables(path)] == ["Orders"]
    assert [table.sheet for table in read_tables(path, sheet="old")] == ["Old"]
    with pytest.raises(FileError, match=r"no sheet 'Lost'.*'Orders'"):
        read_tables(path, sheet="Lost")
    with pytest.raises(FileError, match="no data"):
        read_tables(path, sheet="Empty")


def test_a_workbook_whose_only_data_is_hidden_says_how_to_name_it(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        book.add_worksheet("Cover")
        book.add_worksheet("Data").write(0, 0, "Order")
        book.get_worksheet_by_name("Data").hide()

    with pytest.raises(FileError, match="'Data'") as caught:
        read_tables(workbook(tmp_path / "a.xlsx", fill))
    assert '--sheet "Data"' in caught.value.todo


def test_the_suffix_does_not_matter(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", lambda book: book.add_worksheet().write(0, 0, "Order"))
    assert list(only(path.rename(tmp_path / "orders.csv")).rows()) == [["Order"]]


def test_rows_are_there_although_the_file_has_gone(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "a.xlsx", lambda book: book.add_worksheet().write_column(0, 0, range(2500))
    )
    table = only(path)
    path.unlink()
    assert sum(1 for _ in table.rows()) == sum(1 for _ in table.rows()) == 2500


def test_a_workbook_of_openpyxl_is_read_too(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Order", None, 3])
    stream = io.BytesIO()
    book.save(stream)
    (tmp_path / "a").write_bytes(stream.getvalue())
    assert list(only(tmp_path / "a").rows()) == [["Order", "", 3.0]]


ODS = """<?xml version="1.0"?><office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">
<office:body><office:spreadsheet><table:table table:name="Out">
<table:table-row table:number-rows-repeated="2"><table:table-cell/></table:table-row>
<table:table-row><table:table-cell table:number-columns-repeated="2"
 office:value-type="string"><text:p>x</text:p></table:table-cell><table:table-cell
 table:formula="of:=NA()" office:value-type="string" office:string-value=""
 calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell></table:table-row>
</table:table></office:spreadsheet></office:body></office:document-content>"""


def test_error_cells_of_an_ods_arrive_as_their_text(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", ODS)
    rows = list(only(tmp_path / "a.ods").rows())
    assert rows[2] == ["x", "x", "#N/A"]
