"""The template's whole circle: written from the store's orders, filled in, shipped as filled in."""

import csv
from pathlib import Path

import openpyxl
import pytest
from shop import line, order, said, store

from batch.commands.template import SHIPPING_STATUSES, carrier_list, write_template_file
from batch.config import Source
from batch.errors import ResultsError
from batch.loader.cells.carriers import carrier
from batch.loader.load import load
from batch.model import Field, Order, OrderLine
from batch.model.sheet_format import TEMPLATE, read_mark
from batch.results.template import write_template

UPS = "1Z999AA10123456784"
LONG = "00340434161094021507"
SHOP = store(
    order(100, line(1001, "MUG", 3), line(1002, "CUP", 2), line(1003, "BOOK", type="digital")),
    order(101, line(1011, "Apr-72", 1)),
    order(102, line(1021, "A|B", 4), line(1022, "A,B x2", 1)),
    order(103, line(1031, "MUG", 2), status_id=2),
)


def filled_in(path: Path, *rows: tuple[object, ...]) -> Path:
    """The template as a person saves it: SKU → quantity, number, carrier, comments, into the first
    such row left.
    """
    book = openpyxl.load_workbook(path)
    sheet = book["Shipments"]
    left = list(sheet.iter_rows(min_row=3))
    for sku, quantity, number, name, comments in rows:
        row = next(row for row in left if row[1].value == sku)
        left.remove(row)
        for column, value in (
            ("Quantity", quantity),
            ("Tracking Number", number),
            ("Carrier", name),
        ):
            row[TEMPLATE.index(column)].value = value or None
        row[TEMPLATE.index("Comments")].value = comments or None
    book.save(path)
    return path


def as_csv(path: Path) -> Path:
    """The sheet that is shown, saved as text."""
    text = path.with_suffix(".csv")
    with text.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(
            openpyxl.load_workbook(path)["Shipments"].iter_rows(values_only=True)
        )
    return text


@pytest.fixture
async def made(shop):
    """A shop, and the template of its orders."""
    opened = await shop(SHOP)
    path = opened.folder / "shipments.xlsx"
    async with opened.desk() as desk:
        told = await write_template_file(desk, path, statuses=SHIPPING_STATUSES, min_id=1)
    assert told.data == {"orders": 3, "lines": 5, "template": str(path)}
    return opened, path


FILLED = (
    ("MUG", 2, UPS, "UPS", ""),
    ("CUP", None, UPS, "UPS", ""),
    ("Apr-72", None, LONG, "DHL Paket", "by the side door"),
    ("A|B", 3, None, None, ""),
)


@pytest.mark.parametrize("as_text", [False, True])
async def test_what_is_filled_in_ships_and_nothing_else(made, as_text):
    """A number alone takes all that is left, a quantity alone goes without a number, the rest is
    skipped.
    """
    shop, path = made
    path = filled_in(path, *FILLED)
    report = await shop.drop(as_csv(path) if as_text else path)
    assert sorted(shop.made()) == [
        (100, UPS, {1001: 2, 1002: 2}),
        (101, LONG, {1011: 1}),
        (102, "", {1021: 3}),
    ]
    assert said(report) == {
        3: ("created", ""),
        4: ("created", ""),
        5: ("created", ""),
        6: ("created", ""),
        7: ("skipped", "not_filled_in"),
    }
    slugs = {
        one["tracking_number"]: (one["shipping_provider"], one["tracking_carrier"])
        for one in shop.box.shipments()
    }
    assert slugs == {UPS: ("ups", ""), LONG: ("", "dhl-germany"), "": ("", "")}


async def test_the_results_of_a_template_dropped_back_in_ship_nothing_more(made):
    """Its rows mean there what they mean in the template."""
    shop, path = made
    report = await shop.drop(filled_in(path, *FILLED))
    again = await shop.drop(report.sheet)
    assert {status for status, _ in said(again).values()} == {"already created", "skipped"}
    assert len(shop.made()) == 3


async def test_a_template_as_it_was_written_ships_nothing(made):
    """Not one cell filled in: every row is skipped, and no shipment is asked for."""
    shop, path = made
    report = await shop.drop(path)
    assert set(said(report).values()) == {("skipped", "not_filled_in")}
    assert shop.posts == 0


async def test_a_template_needs_no_map_and_is_told_by_its_mark_or_its_header(made):
    """Every field has its column, whatever the cells hold."""
    _, path = made
    book = filled_in(path, ("MUG", "many", "?", "", ""))
    for each in (book, as_csv(book)):
        export = load(each, Source())
        assert export.header_row == 2
        assert export.columns == TEMPLATE
        assert export.mapping[Field.ORDER_PRODUCT_ID] == "order_product_id"
        assert {row: finding.code for row, finding in export.findings.items()} == {
            3: "bad_quantity",
            **dict.fromkeys(range(4, 8), "not_filled_in"),
        }


async def test_a_dash_in_a_template_is_nothing_filled_in(made):
    """People strike out what does not ship."""
    _, path = made
    export = load(
        filled_in(path, ("MUG", "-", "--", "UPS", ""), ("CUP", None, "n/a", "", "")), Source()
    )
    assert {finding.code for finding in export.findings.values()} == {"not_filled_in"}


async def test_a_column_taken_out_of_a_marked_template_changes_nothing_else(made):
    """The mark tells, where the header no longer does."""
    _, path = made
    filled_in(path, ("MUG", None, UPS, "UPS", ""))
    book = openpyxl.load_workbook(path)
    book["Shipments"].unmerge_cells("A1:J1")
    book["Shipments"].delete_cols(3)
    book.save(path)
    export = load(path, Source())
    (parcel,) = export.parcels()
    assert [(line.order_product_id, line.quantity) for line in parcel.lines] == [(1001, None)]
    assert {finding.code for finding in export.findings.values()} == {"not_filled_in"}


async def test_the_template_is_safe_from_a_spreadsheet_program(made):
    """Ids are text, locked and hidden; the number's column is text; carriers come from a list of
    known ones.
    """
    _, path = made
    sheet = openpyxl.load_workbook(path)["Shipments"]
    cells = dict(zip(TEMPLATE, sheet[3], strict=True))
    assert tuple(cell.value for cell in sheet[2]) == TEMPLATE
    assert sheet.protection.sheet
    assert cells["Tracking Number"].number_format == "@"
    assert [name for name in TEMPLATE if not cells[name].protection.locked] == [
        "Quantity",
        "Tracking Number",
        "Carrier",
        "Service",
        "Comments",
    ]
    hidden = {letter for letter, dimension in sheet.column_dimensions.items() if dimension.hidden}
    assert cells["order_address_id"].column_letter in hidden
    assert (cells["Order ID"].value, cells["order_product_id"].value) == ("100", "1001")
    assert {rule.type for rule in sheet.data_validations.dataValidation} == {"whole", "list"}
    mark = read_mark(path)
    assert mark is not None
    assert mark.template


def test_every_carrier_of_the_list_is_known_when_it_comes_back():
    """Whatever is chosen makes a link."""
    assert carrier_list()[:2] == ["USPS", "UPS"]
    assert all(
        (found := carrier(name)).known and (found.provider or found.slug) for name in carrier_list()
    )


def test_a_template_that_cannot_be_written_says_where(tmp_path):
    """A folder that is not there, in one message."""
    with pytest.raises(ResultsError, match="nowhere"):
        write_template([], tmp_path / "nowhere" / "shipments.xlsx", ["UPS"])


def test_names_that_no_cell_can_hold_do_not_stop_it(tmp_path):
    """A store's names are written as far as a workbook can hold them."""
    odd = OrderLine(1, 1, "=1+1\x00", "\ud800" + "x" * 40_000, "physical", 1, shipped=0, refunded=0)
    path = write_template(
        [(Order(1, 11, "", 1, 0, (odd,)), odd)], tmp_path / "shipments.xlsx", ["UPS"]
    )
    row = next(openpyxl.load_workbook(path)["Shipments"].iter_rows(min_row=3, values_only=True))
    assert row[1] == "=1+1\ufffd"
