"""What a workbook shows a person beside its cells: hidden and struck-out rows, merged cells."""

import openpyxl
import pytest
from openpyxl.styles import Font

from batch.config import Source
from batch.loader.load import load
from batch.model import Unanswered
from batch.model.catalogue import Code

HEADER = ["Order Number", "SKU", "Tracking Number", "Carrier", "Packer"]


def number(at):
    return f"T1000000{at:02}"


@pytest.fixture
def workbook(tmp_path):
    """A workbook with rows 2, 3 …, changed by a function before it is saved; loaded."""

    def loaded(change=lambda sheet: None, *, rows=3, source=None, known=False, **more):
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.append(HEADER)
        for at in range(rows):
            sheet.append([1001 + at, "A", number(at), "DPD", "JB"])
        change(sheet)
        book.save(path := tmp_path / "export.xlsx")
        source = source or Source()
        return load(path, source, has_shipped=lambda _: known, **more)

    return loaded


def hide(*rows):
    def change(sheet):
        for row in rows:
            sheet.row_dimensions[row].hidden = True

    return change


def strike(*cells):
    def change(sheet):
        for cell in cells:
            sheet[cell].font = Font(strike=True)

    return change


def merge(*areas):
    def change(sheet):
        for area in areas:
            sheet.merge_cells(area)

    return change


def shipped(export):
    return [row for parcel in export.parcels() for row in parcel.rows]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (hide(3), "row 3 is hidden"),
        (strike("A3"), "row 3 is struck through"),
        (strike("C3"), "row 3 is struck through"),
        (hide(2, 4), r"2 rows \(2, 4\) are hidden"),
    ],
)
def test_rows_that_a_person_took_out_are_asked_about(workbook, change, said):
    with pytest.raises(Unanswered, match=said) as asked:
        workbook(change)
    assert [choice.key for choice in asked.value.questions[0].choices] == ["skip", "ship"]


@pytest.mark.parametrize(
    "change",
    [
        lambda sheet: None,
        hide(5),  # below the table
        strike("E3"),  # the packer's name
        lambda sheet: sheet.column_dimensions["E"].__setattr__("hidden", True),
        merge("A6:C6"),
    ],
)
def test_what_takes_no_row_out_is_not_asked_about(workbook, change):
    assert shipped(workbook(change)) == [2, 3, 4]


@pytest.mark.parametrize(("answer", "rows"), [("skip", [2, 4]), ("ship", [2, 3, 4])])
def test_an_answer_settles_it(workbook, answer, rows):
    source = Source(answers={"hidden_rows": answer})
    export = workbook(hide(3), source=source)
    assert shipped(export) == rows
    assert export.settled["hidden_rows"] == answer
    if answer == "skip":
        assert export.findings[3].code == Code.TAKEN_OUT


def test_a_known_source_holds_its_hidden_rows_alone(workbook):
    export = workbook(hide(3), known=True, answers=lambda _: {"reading": "1"})
    assert shipped(export) == [2, 4]
    assert export.findings[3].code == Code.QUESTION


@pytest.mark.parametrize("setting", [True, False])
def test_it_is_asked_again_where_much_of_the_file_is_hidden(workbook, setting):
    """A few were answered; a filter that was left on is another matter."""
    source = Source(hidden_rows="skip") if setting else Source()
    kept = {} if setting else {"hidden_rows": "skip"}
    few = workbook(hide(3), rows=40, source=source, answers=lambda _: kept)
    assert shipped(few) == [2, *range(4, 42)]
    with pytest.raises(Unanswered, match=r"\(75% of the file"):
        workbook(hide(*range(12, 42)), rows=40, source=source, answers=lambda _: kept)
    many = Source(hidden_rows=source.hidden_rows, answers={"hidden_rows:many": "ship"})
    export = workbook(hide(*range(12, 42)), rows=40, source=many, answers=lambda _: kept)
    assert len(shipped(export)) == 40


def test_a_merged_cell_is_that_of_all_its_rows(workbook):
    export = workbook(merge("C2:C3", "D2:D3"))
    assert [(p.order_id, p.numbers) for p in export.parcels()] == [
        (1001, (number(0),)),
        (1002, (number(0),)),
        (1003, (number(2),)),
    ]


def test_an_order_merged_over_its_lines_is_theirs(workbook):
    def change(sheet):
        sheet["B3"], sheet["B4"] = "B", "C"
        merge("A2:A4", "C2:C4")(sheet)

    export = workbook(change)
    assert [(p.order_id, p.rows) for p in export.parcels()] == [(1001, (2, 3, 4))]


def test_a_title_merged_over_the_table_is_no_header(workbook):
    def change(sheet):
        sheet.insert_rows(1)
        sheet["A1"] = "Shipments of the day"
        sheet.merge_cells("A1:E1")

    assert shipped(workbook(change)) == [3, 4, 5]


def test_a_header_merged_over_two_rows_is_one(workbook):
    def change(sheet):
        sheet.insert_rows(2)
        sheet["C1"], sheet["C2"], sheet["D2"] = "Shipment", "Tracking Number", "Carrier"
        for area in ("A1:A2", "B1:B2", "C1:D1", "E1:E2"):
            sheet.merge_cells(area)

    export = workbook(change)
    assert [parcel.numbers for parcel in export.parcels()] == [(number(at),) for at in range(3)]
