"""Whole files: their shapes, their damage, our own sheets dropped back in, and what is said of
them.
"""

import re
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from batch.config import Source
from batch.errors import ColumnError, FileError
from batch.loader.columns.own_sheets import our_columns
from batch.loader.load import load
from batch.loader.rows import frame
from batch.model import Field, Status, Unanswered
from batch.model.sheet_format import OURS

SAMPLES = Path(__file__).parents[2] / "sample_data"
HEAD = ("Order Number", "SKU", "Quantity", "Tracking Number", "Carrier")


@pytest.fixture
def csv_file(tmp_path):
    def made(*lines):
        path = tmp_path / "export.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return made


@pytest.fixture
def book(tmp_path):
    """Writes a workbook of sheets; a cell may be (value, number format)."""

    def made(sheets, mark=""):
        path = tmp_path / "export.xlsx"
        with xlsxwriter.Workbook(path) as workbook:
            for name, rows in sheets.items():
                sheet = workbook.add_worksheet(name)
                for at, row in enumerate(rows):
                    for column, cell in enumerate(row):
                        value, shape = cell if isinstance(cell, tuple) else (cell, "")
                        sheet.write(
                            at,
                            column,
                            value,
                            workbook.add_format({"num_format": shape}) if shape else None,
                        )
            if mark:
                workbook.set_custom_property("shipbatch", mark, "text")
        return path

    return made


def lines_of(export):
    return [
        [(parcel.order_id, parcel.rows, line.sku, line.quantity) for line in parcel.lines]
        for parcel in export.parcels()
    ]


@pytest.mark.parametrize(
    "path", sorted(p for p in SAMPLES.glob("*.*") if p.suffix != ".json"), ids=lambda p: p.name
)
def test_every_sample_loads_with_nothing_to_map_and_every_row_is_in_one_place(path):
    export = load(path, Source())
    rows = [row for parcel in export.parcels() for row in parcel.rows]
    assert sorted([*rows, *export.findings]) == [row for row, _ in export.cells()]
    assert export.row_count == len(rows) + len(export.findings) > 10


def test_a_title_above_the_header_is_not_counted(csv_file):
    export = load(
        csv_file("Shipments of the day,,,,", ",,,,", ",".join(HEAD), "1001,A,1,T100000001,UPS"),
        Source(),
    )
    assert (export.header_row, export.row_count, export.columns) == (3, 1, HEAD)
    assert list(export.cells()) == [(4, ["1001", "A", "1", "T100000001", "UPS"])]


def test_blank_rows_keep_their_numbers_and_are_not_counted(csv_file):
    export = load(
        csv_file(
            ",".join(HEAD), "1001,A,1,T100000001,UPS", ",,,,", " , ,,,", "1002,A,1,T100000002,UPS"
        ),
        Source(),
    )
    assert [parcel.rows for parcel in export.parcels()] == [(2,), (5,)]
    assert export.row_count == 2


@pytest.mark.parametrize(
    "last", ["Total,,3,,", "Grand total: 2 orders,,,,", ",,3,,", "Summe,,3,,", "合計,,3,,"]
)
def test_a_totals_row_is_skipped(csv_file, last):
    export = load(
        csv_file(",".join(HEAD), "1001,A,1,T100000001,UPS", "1002,A,2,T100000002,UPS", last),
        Source(),
    )
    assert {row: (f.status, f.code) for row, f in export.findings.items()} == {
        4: (Status.SKIPPED, "totals_row")
    }


def test_a_header_repeated_inside_is_skipped(csv_file):
    export = load(
        csv_file(
            ",".join(HEAD), "1001,A,1,T100000001,UPS", ",".join(HEAD), "1002,A,2,T100000002,UPS"
        ),
        Source(),
    )
    assert export.findings[3].code == "repeated_header"
    assert len(list(export.parcels())) == 2


def test_a_repeated_header_is_known_by_its_words_however_they_are_spaced(book):
    head = ("Order\nNumber", "SKU", "Tracking  Number")
    export = load(
        book({"Ship": [head, ("1001", "A", "T100000001"), head, ("1002", "B", "T100000002")]}),
        Source(),
    )
    assert {row: finding.code for row, finding in export.findings.items()} == {3: "repeated_header"}


def test_an_order_written_on_the_first_line_of_its_group_counts_for_all_of_it(csv_file):
    export = load(
        csv_file(
            ",".join(HEAD), "1001,A,1,T100000001,UPS", ",B,2,,", "1002,A,1,T100000002,UPS", ",C,1,,"
        ),
        Source(),
    )
    assert lines_of(export) == [
        [(1001, (2, 3), "A", 1), (1001, (2, 3), "B", 2)],
        [(1002, (4, 5), "A", 1), (1002, (4, 5), "C", 1)],
    ]
    assert any(
        "rows without an order number (2, the first is row 3) are lines of the order above" in said
        for said in export.said
    )


def test_a_missing_order_number_is_not_filled_where_the_file_repeats_its_orders(csv_file):
    rows = (
        "1001,A,1,T100000001,UPS",
        "1001,B,1,T100000001,UPS",
        ",C,1,,",
        "1002,A,1,T100000002,UPS",
    )
    export = load(csv_file(",".join(HEAD), *rows), Source())
    assert {row: f.code for row, f in export.findings.items()} == {4: "no_order"}


def test_a_lone_row_without_an_order_and_with_its_own_number_is_a_mistake(csv_file):
    export = load(
        csv_file(
            ",".join(HEAD),
            "1001,A,1,T100000001,UPS",
            "1002,B,1,T100000002,UPS",
            ",C,1,T100000003,UPS",
        ),
        Source(),
    )
    assert export.findings[4].code == "no_order"


def test_a_row_without_an_order_and_with_the_number_above_is_a_line_of_the_same_parcel(csv_file):
    """Merged cells: the order is in the first of them, the number was filled down."""
    rows = (
        "1001,A,1,T100000001,UPS",
        ",B,2,T100000001,UPS",
        *(f"{n},A,1,T20000{n},UPS" for n in range(1002, 1030)),
    )
    export = load(csv_file(",".join(HEAD), *rows), Source())
    assert lines_of(export)[0] == [(1001, (2, 3), "A", 1), (1001, (2, 3), "B", 2)]
    assert not export.findings


def test_a_number_column_that_holds_links_is_read_as_links(csv_file):
    export = load(
        csv_file(
            "Order ID,Tracking Number", "1001,https://t.example/1", "1002,https://t.example/2"
        ),
        Source(),
    )
    assert [(p.numbers, p.tracking_link) for p in export.parcels()] == [
        ((), "https://t.example/1"),
        ((), "https://t.example/2"),
    ]
    assert any(
        "`Tracking Number` as tracking_number (its values are links)" in said
        for said in export.said
    )


def test_an_order_row_gives_its_number_to_the_item_rows_below(csv_file):
    rows = ("1001,,,T100000001,UPS", ",A,1,,", ",B,2,,", "1002,,,T100000002,FedEx", ",C,1,,")
    export = load(csv_file(",".join(HEAD), *rows), Source())
    first, second = export.parcels()
    assert (first.rows, first.numbers, first.shipping_provider) == (
        (2, 3, 4),
        ("T100000001",),
        "ups",
    )
    assert [(line.sku, line.quantity) for line in first.lines] == [("A", 1), ("B", 2)]
    assert second.rows == (5, 6)


def test_an_order_row_gives_its_number_also_where_its_item_rows_repeat_the_order(csv_file):
    export = load(
        csv_file(",".join(HEAD), "1001,,,T100000001,UPS", "1001,A,1,,", "1001,B,2,,"), Source()
    )
    assert lines_of(export) == [[(1001, (2, 3, 4), "A", 1), (1001, (2, 3, 4), "B", 2)]]


def test_a_file_without_a_header_is_read_by_letters(csv_file):
    source = Source(map={Field.ORDER_ID: "A", Field.TRACKING_NUMBER: "3"})
    export = load(csv_file("1001,x,T100000001", "1002,y,T100000002"), source)
    assert (export.header_row, export.row_count) == (0, 2)
    assert [parcel.order_id for parcel in export.parcels()] == [1001, 1002]


def test_letters_also_find_the_columns_of_a_header_nobody_knows(csv_file):
    source = Source(map={Field.ORDER_ID: "A", Field.TRACKING_NUMBER: "B"})
    export = load(csv_file("Week 47,", "Ding,Dong", "1001,T100000001"), source)
    assert (export.header_row, export.columns, export.row_count) == (2, ("Ding", "Dong"), 1)


def test_a_damaged_number_keeps_its_row_out_of_the_orders_other_parcels(csv_file):
    rows = ("1001,A,many,9.4E+21,UPS", "1001,B,1,,UPS")
    export = load(csv_file(",".join(HEAD), "1000,A,1,T100000001,UPS", *rows), Source())
    assert list(export.findings) == [3]
    assert [parcel.rows for parcel in export.parcels()] == [(2,), (4,)]


def test_a_damaged_link_spoils_the_parcel_its_number_names_and_no_other(csv_file):
    head = "Order Number,SKU,Quantity,Tracking Number,Tracking URL"
    rows = (
        "1001,A,1,T100000001,nowhere",
        "1001,B,1,T100000001,",
        "1001,C,1,,nowhere",
        "1001,D,1,,",
    )
    good = [f"{2001 + n},A,1,T20000000{n},https://t.example/{n}" for n in range(5)]
    export = load(csv_file(head, *good, *rows), Source())
    assert {row: f.code for row, f in export.findings.items()} == {
        7: "bad_tracking_link",
        8: "parcel_incomplete",
        9: "bad_tracking_link",
    }


def test_how_a_text_was_read_is_said_and_only_what_may_be_wrong_in_it_is_a_warning(csv_file):
    export = load(
        csv_file("Order Number;Tracking Number;Carrier", "1001;T100000001;UPS", "1002;;UPS"),
        Source(),
    )
    assert export.said[0] == "Columns are separated by a semicolon."
    assert not export.warnings
    rows = ("1001,A,T100000001,UPS", "1002,B\0,T100000002,UPS")
    export = load(csv_file("Order Number,SKU,Tracking Number,Carrier", *rows), Source())
    assert export.warnings == ("The text holds NUL characters; they were taken out.",)


def test_what_is_left_off_an_order_number_is_said(csv_file):
    export = load(
        csv_file("Order Number,Tracking Number", "#1001,T100000001", "1002,T100000002"), Source()
    )
    assert [parcel.order_id for parcel in export.parcels()] == [1001, 1002]
    assert any("#1001 is order 1001" in said for said in export.said)


def test_constants_fill_what_the_file_leaves_blank(csv_file):
    source = Source(constants={Field.CARRIER: "UPS"})
    first, second = load(
        csv_file(",".join(HEAD), "1001,A,1,T100000001,", "1002,A,1,T100000002,FedEx"), source
    ).parcels()
    assert (first.shipping_provider, second.shipping_provider) == ("ups", "fedex")


def test_a_wrong_constant_is_the_files_error_not_each_rows(csv_file):
    source = Source(constants={Field.QUANTITY: "some"})
    with pytest.raises(ColumnError, match="constant"):
        load(csv_file("Order Number,SKU,Tracking Number", "1001,A,T100000001"), source)


def test_an_unknown_carrier_is_listed_once_with_the_line_to_add(csv_file):
    path = csv_file(",".join(HEAD), "1001,A,1,T100000001,Zorbex", "1002,A,1,T100000002,ZORBEX")
    export = load(path, Source(), has_shipped=lambda _: True)  # as it always has
    (warning,) = (text for text in export.warnings if "Zorbex" in text)
    assert "2 rows" in warning
    assert '"Zorbex" = ' in warning


def test_an_unknown_carrier_is_asked_about_once_and_its_answer_is_taken(csv_file):
    path = csv_file(",".join(HEAD), "1001,A,1,772400000021,FX", "1002,A,1,772400000032,fx")
    with pytest.raises(Unanswered) as caught:
        load(path, Source())
    (question,) = caught.value.questions
    assert question.id == "carrier:FX"
    assert [each.key for each in question.choices] == ["fedex", "fedex-freight", "none"]
    assert question.rows == (2, 3)
    for answer, expected in (("fedex", "fedex"), ("none", ""), ("UPS", "ups")):
        found = load(path, Source(answers={"carrier:FX": answer}))
        assert {parcel.shipping_provider for parcel in found.parcels()} == {expected}
        assert not any("FX" in text for text in found.warnings)


@pytest.mark.parametrize("carrier", ["UPSG", "ShipStation", "Amazon", "Pitney Bowes"])
def test_a_number_of_one_carrier_alone_speaks_for_a_name_that_is_none(csv_file, carrier):
    """An unknown word, or a platform that sells labels: the parcel says how it was taken."""
    path = csv_file(",".join(HEAD), f"1001,A,1,1Z5R89390357567127,{carrier}")
    (parcel,) = load(path, Source()).parcels()
    assert parcel.shipping_provider == "ups"
    assert f"the carrier is {carrier!r}" in parcel.warnings[0]


@pytest.mark.parametrize("row", ["1001,A,1,,Joe's van", "1001,A,1,https://j.example/1,Joe's van"])
def test_a_name_is_not_asked_about_where_it_makes_no_link(csv_file, row):
    """No number, or a link of the file's own."""
    path = csv_file(",".join(HEAD), row, "1002,A,1,1Z5R89390357567127,UPS")
    assert len(list(load(path, Source()).parcels())) == 2


def test_a_number_that_is_surely_anothers_is_noted_on_its_parcel(csv_file):
    path = csv_file(
        ",".join(HEAD), "1001,A,1,1Z5R89390357567127,FedEx", "1002,A,1,986578788855,USPS"
    )
    assert [parcel.number_of for parcel in load(path, Source()).parcels()] == ["UPS", ""]


def test_numbers_that_no_carrier_is_named_for_are_counted_once_unless_they_tell_it_themselves(
    csv_file,
):
    told = "1Z5R89390357567127"
    (warning,) = load(
        csv_file("Order Number,Tracking Number", f"1001,{told}", "1002,T1", "1003,T2"), Source()
    ).warnings
    assert warning.startswith(
        "3 rows have a tracking number and no carrier, and numbers like T1 do not tell it"
    )
    assert not load(csv_file("Order Number,Tracking Number", f"1001,{told}"), Source()).warnings
    constant = Source(constants={Field.CARRIER: "UPS"})
    assert not load(csv_file("Order Number,Tracking Number", "1001,T1"), constant).warnings


def test_an_alias_of_the_settings_names_the_carrier(csv_file):
    path = csv_file(",".join(HEAD), "1001,A,1,T100000001,Zorbex", "1002,A,1,T100000002,Big Red Van")
    first, second = load(
        path, Source(), aliases={"Zorbex": "dpd-uk", "Big Red Van": "provider:carrier_12"}
    ).parcels()
    assert (first.tracking_carrier, second.shipping_provider) == ("dpd-uk", "carrier_12")


def test_a_marketplaces_number_is_kept_for_the_store_to_look_up(csv_file):
    (parcel,) = load(
        csv_file("order-id,tracking-number", "112-1234567-1234567,1Z999AA10123456784"), Source()
    ).parcels()
    assert (parcel.order_id, parcel.external_order_id) == (None, "112-1234567-1234567")


def test_the_cost_of_looking_orders_up_is_said_and_the_guess_is_not_remembered(csv_file):
    path = csv_file(
        "order_id,tracking_number", "SO-77A,T100000001", "SO-77A,T100000002", "SO-78B,T100000003"
    )
    export = load(path, Source())
    assert {parcel.external_order_id for parcel in export.parcels()} == {"SO-77A", "SO-78B"}
    assert any(
        said.startswith("2 orders are named by another system's number") for said in export.said
    )
    assert Field.EXTERNAL_ORDER_ID not in export.mapping


def test_a_link_in_the_number_column_is_the_link(csv_file):
    (parcel,) = load(csv_file("Order Number,Tracking Number", "1001,https://t.example/1"), Source(
        map={Field.TRACKING_NUMBER: "Tracking Number"})).parcels()  # fmt: skip
    assert (parcel.numbers, parcel.tracking_link) == ((), "https://t.example/1")


def test_a_damaged_cell_is_named_as_the_spreadsheet_names_it(book):
    rows = [
        HEAD,
        ("1001", "A", 1, 9.40011e21, "USPS"),
        ("1002", "A", 1, "9400111899223100001236", "USPS"),
    ]
    export = load(book({"Sheet1": rows}), Source())
    finding = export.findings[2]
    assert finding.error == (
        "Sheet1!D2: 9.40011E+21: the digits are lost; format the column as Text and export again."
    )
    assert finding.code == "digits_lost"


def test_a_formula_that_was_never_worked_out_is_no_blank(tmp_path):
    """A program wrote it and no spreadsheet program opened it since: the cell has no value yet."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for row in (
        HEAD,
        ("1001", "A", 1, "=VLOOKUP(A2,X!A:B,2,0)", "UPS"),
        ("1002", "A", 1, "T100000002", "UPS"),
    ):
        sheet.append(row)
    workbook.save(tmp_path / "export.xlsx")
    export = load(tmp_path / "export.xlsx", Source())
    assert {row: (f.code, f.error.split(":")[0]) for row, f in export.findings.items()} == {
        2: ("formula_text", "Sheet!D2")
    }


def test_leading_zeros_that_only_the_number_format_shows_are_lost(book):
    rows = [
        HEAD,
        ("1001", "A", 1, (123456789.0, "000000000000"), "DPD"),
        ("1002", "A", 1, (123456789012.0, "0" * 12), "DPD"),
    ]
    export = load(book({"Sheet1": rows}), Source())
    assert {row: f.code for row, f in export.findings.items()} == {2: "leading_zeros_lost"}


def test_leading_zeros_that_the_other_cells_have_are_lost(book):
    rows = [
        HEAD,
        *((1001 + n, f"0041{n}", 1, f"T10000000{n}", "DPD") for n in range(5)),
        (1009, 417.0, 1, "T100000009", "DPD"),
    ]
    export = load(book({"Sheet1": rows}), Source())
    assert {row: f.code for row, f in export.findings.items()} == {7: "leading_zeros_lost"}


def test_numbers_that_all_end_in_zeros_after_their_fifteenth_digit_are_refused(csv_file):
    rows = [f"{1001 + n},940011189922{n}330000" for n in range(3)]
    export = load(csv_file("Order Number,Tracking Number", *rows), Source())
    assert {f.code for f in export.findings.values()} == {"digits_lost"}
    assert len(export.findings) == 3


def test_a_date_in_a_sku_cell_is_refused(book, tmp_path):
    path = tmp_path / "dates.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, HEAD)
        sheet.write_row(1, 0, ("1001", "A", 1, "T100000001", "UPS"))
        sheet.write_row(2, 0, ("1002", "", 1, "T100000002", "UPS"))
        sheet.write_datetime(2, 1, date(2026, 4, 12), workbook.add_format({"num_format": "d-mmm"}))
    assert load(path, Source()).findings[3].code == "read_as_date"


def test_a_number_in_the_header_row_is_named_as_it_is_shown(book):
    path = book({"Ship": [(*HEAD, 2026), ("1001", "A", 1, "T100000001", "UPS", "x")]})
    assert load(path, Source()).columns == (*HEAD, "2026")


def test_the_sheet_with_an_exports_columns_is_taken_and_that_is_said(book):
    sheets = {
        "Read me": [("Hello",), ("Nothing here",)],
        "Ship": [HEAD, ("1001", "A", 1, "T100000001", "UPS")],
    }
    export = load(book(sheets), Source())
    assert export.table.sheet == "Ship"
    assert any(said.startswith("read sheet Ship") for said in export.said)


def test_two_equal_sheets_are_asked_about(book):
    rows = [HEAD, ("1001", "A", 1, "T100000001", "UPS")]
    path = book({"East": rows, "West": rows})
    with pytest.raises(ColumnError, match="East and West") as caught:
        load(path, Source())
    assert "--sheet East" in caught.value.todo
    assert load(path, Source(sheet="West")).table.sheet == "West"


@pytest.mark.parametrize("gone", [{"Who"}, {"Link Source", "Run"}, {"Outcome"}])
def test_the_columns_of_an_older_version_are_ours_too(gone: set[str]) -> None:
    """A marked sheet without a column that came later; without our first it is not ours."""
    header = ["Order", "SKU", *(name for name in OURS if name not in gone), "Decision"]
    ours = range(2, len(header) - 1) if "Outcome" not in gone else range(0)
    assert our_columns(header, marked=True) == ours
    assert our_columns(header, marked=False) == range(0)


def test_our_own_workbook_dropped_back_in_is_read_without_our_columns(book):
    ours = (*OURS, "Decision")
    row = (
        "1001",
        "A",
        1,
        "T100000001",
        "UPS",
        "Ask someone",
        "held",
        "",
        "",
        "",
        "x",
        "why",
        "do",
        "IT",
        "7",
        "8",
        "9",
        "r",
        "ship",
    )
    export = load(
        book({"Results": [(*HEAD, *ours), row], "Summary": [("Rows", 1)]}, mark='{"run":"r"}'),
        Source(),
    )
    (parcel,) = export.parcels()
    assert (export.marked, export.columns, parcel.order_id, parcel.decision) == (
        True,
        HEAD,
        1001,
        "ship",
    )
    assert list(export.cells()) == [(2, ["1001", "A", 1.0, "T100000001", "UPS"])]


def test_our_own_csv_is_known_by_its_last_columns(csv_file):
    ours = ",".join((*OURS[:9], "Shipbatch Order ID", *OURS[10:]))
    export = load(
        csv_file(
            f"Order ID,SKU,Quantity,Tracking Number,{ours}",
            "1001,A,1,T100000001" + "," * 9 + "7,8,9,r",
        ),
        Source(),
    )
    assert (export.marked, len(export.columns)) == (True, 4)
    assert [parcel.order_id for parcel in export.parcels()] == [1001]


def test_a_decision_column_of_somebody_else_is_no_decision(csv_file):
    path = csv_file(
        "Order Number,SKU,Quantity,Tracking Number,Decision", "1001,A,1,T100000001,ship"
    )
    (parcel,) = load(path, Source()).parcels()
    assert parcel.decision == ""


def test_what_was_settled_is_remembered_and_used_the_second_night(csv_file):
    path = csv_file("Order Number,SKU,Qty Ordered,Tracking Number", "1001,A,2,T100000001")
    with pytest.raises(ColumnError, match="ordered"):
        load(path, Source())
    first = load(path, Source(map={Field.QUANTITY: "Qty Ordered"}))
    second = load(path, Source(), recall={first.fingerprint: first.mapping}.__getitem__)
    assert lines_of(second) == lines_of(first) == [[(1001, (2,), "A", 2)]]


def test_what_was_left_out_is_remembered_too(csv_file):
    path = csv_file("Order Number,SKU,Qty Ordered,Tracking Number", "1001,A,2,T100000001")
    first = load(path, Source(map={Field.QUANTITY: "-"}))
    second = load(path, Source(), recall={first.fingerprint: first.mapping}.__getitem__)
    assert lines_of(second) == [[(1001, (2,), "A", None)]]


def test_id_columns_are_known_for_sheets_that_are_to_be_read_again(csv_file):
    assert load(csv_file(",".join(HEAD), "1001,A,1,T100000001,UPS"), Source()).id_columns == {
        0,
        1,
        3,
    }


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"Order Number,SKU\n", b"first,last\na,b\n", b"\x00\x01\x02"]
)
def test_a_file_that_is_no_export_is_one_error_that_names_it(tmp_path, content):
    path = tmp_path / "night.csv"
    path.write_bytes(content)
    with pytest.raises(FileError, match=r"night\.csv") as caught:
        load(path, Source())
    assert caught.value.todo


def test_the_map_a_refusal_prints_works(csv_file):
    path = csv_file("Nummer der Sache,Foo", "1001,T100000001")
    with pytest.raises(ColumnError) as caught:
        load(path, Source())
    assert '"order_id=Nummer der Sache"' in caught.value.todo
    found = load(
        path, Source(map={Field.ORDER_ID: "Nummer der Sache", Field.TRACKING_NUMBER: "Foo"})
    )
    assert found.row_count == 1


def test_the_map_for_a_file_without_a_header_is_made_from_its_values(csv_file):
    numbers = [
        "1Z999AA10123456784",
        "1Z12345E0205271686",
        "1Z12345E6605272234",
        "1Z12345E1512345676",
    ]
    rows = [f"2026-11-20,{1001 + n},AB-{n},{n + 1},UPS,{one}" for n, one in enumerate(numbers)]
    path = csv_file(*rows)
    with pytest.raises(ColumnError, match="no row looks like a header") as caught:
        load(path, Source())
    letters = (
        "--map order_id=B --map tracking_number=F --map carrier=E --map sku=C --map quantity=D"
    )
    assert caught.value.todo.endswith(letters)
    source = Source(map={Field(name): at for name, at in re.findall(r"--map (\w+)=(\w)", letters)})
    assert lines_of(load(path, source))[1] == [(1002, (2,), "AB-1", 2)]


@pytest.mark.parametrize(
    ("carrier", "service", "expected"),
    [
        ("DHL", "Paket", ("", "dhl-germany")), ("DHL", "DHL eCommerce", ("", "dhl-global-mail")),
        ("UPS", "Mail Innovations", ("", "ups-mi")), ("UPS", "UPS Ground", ("ups", "")),
        ("DHL Express", "Paket", ("", "dhl")), ("UPS", "USPS Priority Mail", ("ups", "")),
        ("UPSGROUND", "", ("ups", "")), ("FEDEX2DAY", "", ("fedex", "")),
        ("Priority", "", ("", "")),
    ],
)  # fmt: skip
def test_a_brand_of_several_companies_is_told_by_its_service(csv_file, carrier, service, expected):
    head = "Order Number,Tracking Number,Carrier,Service"
    (parcel,) = load(csv_file(head, f"1001,T100000001,{carrier},{service}"), Source()).parcels()
    assert (parcel.shipping_provider, parcel.tracking_carrier) == expected


@pytest.mark.parametrize(
    ("carrier", "number", "expected"),
    [
        ("DHL", "00340434161094021507", ("", "dhl-germany")),
        ("DHL", "9361289692090000000006", ("", "dhl-global-mail")),
        ("DHL", "GM2951173225174494", ("", "dhl-global-mail")),
        ("DHL", "3318810025", ("", "dhl")),
        ("Deutsche Post", "00340434161094021507", ("", "dhl-germany")),
        ("Priority", "9400111201080805483016", ("usps", "")),
    ],
)
def test_where_the_words_leave_it_open_the_number_tells(csv_file, carrier, number, expected):
    (parcel,) = load(
        csv_file("Order Number,Tracking Number,Carrier", f"1001,{number},{carrier}"), Source()
    ).parcels()
    assert (parcel.shipping_provider, parcel.tracking_carrier) == expected
    assert bool(parcel.warnings) is (number != "3318810025")


@pytest.mark.parametrize(
    "text", ["7" * 100_000, "word " * 20_000, "1 " * 50_000, ";" * 100_000, "A x2 | " * 10_000]
)
def test_a_cell_of_any_length_is_one_rows_trouble_at_most(csv_file, text):
    """No cell makes the search for the header, or a rule, run away; the others ship."""
    good = [f"{1001 + n},A,1,T10000000{n},UPS" for n in range(3)]
    for column in range(len(HEAD)):
        bad = ["1009", "A", "1", "T100000009", "UPS"]
        bad[column] = f'"{text}"'
        export = load(csv_file(",".join(HEAD), *good, ",".join(bad)), Source())
        assert export.row_count == 4
        assert len(list(export.parcels())) >= 3


def test_a_row_of_absurd_width_is_that_rows_trouble(csv_file):
    rows = (
        "1001,A,1,T100000001,UPS",
        "1002,A,1,T100000002,UPS" + "," * 50_000,
        "1003,A" + ",x" * 50_000,
    )
    export = load(csv_file(",".join(HEAD), *rows), Source())
    assert {row: f.code for row, f in export.findings.items()} == {4: "too_many_cells"}
    assert len(list(export.parcels())) == 2


def test_a_table_of_absurd_width_is_refused(csv_file):
    with pytest.raises(FileError, match="2,000 are read at most"):
        load(csv_file("Order Number" + ",x" * 3_000, "1001" + ",1" * 3_000), Source())


def test_the_answer_for_a_workbook_of_several_sheets_names_the_sheet(book):
    path = book(
        {
            "Week 47": [("Vorgang", "Schein"), ("1001", "1Z5R89390357567127")],
            "Notes": [("a", "b"), ("c", "d")],
        }
    )
    with pytest.raises(ColumnError) as caught:
        load(path, Source())
    assert (
        '--sheet "Week 47" --map order_id=Vorgang --map tracking_number=Schein' in caught.value.todo
    )
    source = Source(
        sheet="Week 47", map={Field.ORDER_ID: "Vorgang", Field.TRACKING_NUMBER: "Schein"}
    )
    assert len(list(load(path, source).parcels())) == 1


def test_many_rows_are_as_right_as_few(csv_file):
    """Beyond a few thousand different cells columns are kept another way; odd cells among them are
    still found.
    """
    rows = [f"{10_000 + n},S-{n},{n % 9 + 1},T1{n:016},UPS" for n in range(9_000)]
    rows[8_500] = "18500,S 1 x2 | B,,PENDING,UPS"
    rows[8_600] = f"{10_000 + 8_599},S-8599, 4 ,t1{8_599:016},UPS"
    rows[8_700] = ",,,  ,"
    export = load(csv_file(",".join(HEAD), *rows), Source())
    assert export.row_count == 8_999
    assert {row: f.code for row, f in export.findings.items()} == {8_502: "bad_tracking_number"}
    parcels = {parcel.rows: parcel for parcel in export.parcels()}
    assert len(parcels) == 8_997
    assert parcels[(8_601, 8_602)].lines[0].quantity == 8_599 % 9 + 1 + 4
    assert parcels[(9_001,)].numbers == (f"T1{8_999:016}",)


def test_a_column_too_varied_to_be_looked_up_holds_a_cell_that_stands_below_its_like_once(
    csv_file, monkeypatch
):
    numbers = ["T100000001", "T100000001", "", "T100000002", "T100000002", "T100000001", " ", " "]
    rows = [f"{1000 + n},A,1,{number},UPS" for n, number in enumerate(numbers * 100)]
    export = csv_file(",".join(HEAD), *rows)
    few = list(load(export, Source()).parcels())
    monkeypatch.setattr(frame, "MOST_KNOWN", 0)
    many = load(export, Source())
    assert list(many.parcels()) == few
    assert [parcel.numbers for parcel in few] == [
        (number,) if number.strip() else () for number in numbers * 100
    ]
    assert len(many._entries.numbers.values) < len(rows)


def test_a_zip_that_only_looks_like_a_workbook_is_not_taken_for_ours(tmp_path):
    path = tmp_path / "export.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("docProps/custom.xml", "<!DOCTYPE x><x name='shipbatch'>{}</x>")
    with pytest.raises(FileError):
        load(path, Source())


@pytest.mark.parametrize(
    ("header", "shifted", "good"),
    [
        ("Order,Customer,Tracking,Carrier,,", "1003,Kim, Jr,T100000003,UPS,", "{},Ann,{},UPS,,"),
        ("Order,Firm,Tracking,Carrier,Note", "1003,Kim, 12 Ltd,T100000003,UPS,", "{},Ann,{},UPS,"),
        ("Order,Firm,Tracking,Carrier,Note", "1003,A,B,C,T100000003,UPS", "{},Ann,{},UPS,x"),
    ],
)
def test_a_row_that_a_separator_within_a_cell_has_shifted_does_not_ship(
    csv_file, header, shifted, good
):
    """Its neighbours do."""
    rows = [good.format(order, f"T10000000{order % 10}") for order in (1001, 1002, 1004)]
    export = load(csv_file(header, *rows[:2], shifted, rows[2]), Source())
    assert list(export.findings) == [4]
    assert export.findings[4].code in {"too_many_cells", "shifted_cells", "bad_tracking_number"}
    assert [parcel.order_id for parcel in export.parcels()] == [1001, 1002, 1004]


def test_a_remark_beside_the_table_shifts_nothing(csv_file):
    """Nor does a separator at the end of every line."""
    rows = ["1001,T100000001,UPS,,", "1002,T100000002,UPS,,asked Bo", "1003,T100000003,UPS,,"]
    assert not load(csv_file("Order,Tracking,Carrier,,", *rows), Source()).findings
    rows = [f"{1001 + n},T10000000{n},UPS," for n in range(3)]
    assert not load(csv_file("Order,Tracking,Carrier", *rows), Source()).findings
