"""The loader's invariant: any bytes give shipments, row errors or one file error, and no row is
lost or doubled.
"""

import csv
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from batch.config import Source
from batch.errors import FileError
from batch.loader.columns.headers import ROWS_SEARCHED
from batch.loader.load import Load, load
from batch.model import Field, Order, OrderLine, Parcel, Status, Unanswered
from batch.planning import Correction, Facts, Policy
from batch.planning.plan_order import plan_order

HEADERS = (
    "Order Number", "External Order ID", "order_product_id", "order_address_id", "SKU", "Quantity",
    "Tracking Number", "Tracking Link", "Carrier", "shipping_provider", "Shipping Method",
    "Shipping Cost", "Comments", "Void", "", "Order Status", "Note",
)  # fmt: skip
LIKELY = st.sampled_from(
    ["", " ", "1001", "1002", "#1001", "BC-1002", "1001-2", "112-1234567-1234567", "A", "a", "B|C",
     "A x2; B", "1", "2", "0", "-1", "1,000", "2|1", "1Z999AA10123456784",
     "9400 1118 9922 3100 0012 34", "T100000001; T100000002", "9.40011E+21", "#N/A", "UPS",
     "UPS Ground", "FedEx", "usps", "carrier_12", "Zorbex", "Y", "Total", "Apr-72",
     "https://t.example/1", "https://", "$8.40", "pending", "=1+1", '="0012"', "'0012", "x" * 51,
     "x,y", "\n", "7" * 5_000, "a b " * 300, ";" * 3_000, "Cancelled", "Unfulfilled", "2026-11-20"]
)  # fmt: skip
CELL = LIKELY | st.text(max_size=8)
ROW = st.lists(CELL, max_size=18)
SOURCES = st.sampled_from(
    [
        Source(),
        Source(map={Field.ORDER_ID: "Order Number", Field.TRACKING_NUMBER: "Tracking Number"}),
        Source(map={Field.ORDER_ID: "A", Field.SKU: "B", Field.QUANTITY: "-"}),
        Source(constants={Field.CARRIER: "DPD", Field.QUANTITY: "1"}, ignore_skus=frozenset({"a"})),
    ]
)


def account(export: Load) -> None:
    """Every data row is in exactly one place, and what is said of it can be acted on."""
    rows = [row for row, _ in export.cells()]
    assert len(rows) == export.row_count
    placed = Counter(row for parcel in export.parcels() for row in set(parcel.rows))
    assert placed + Counter(export.findings.keys()) == Counter(rows)
    for finding in export.findings.values():
        assert finding.status in {Status.INVALID, Status.SKIPPED}
        assert finding.code
        assert finding.error
        assert finding.todo or finding.status is Status.SKIPPED
    for parcel in export.parcels():
        assert (parcel.order_id is None) == bool(parcel.external_order_id)
        assert all(0 < len(number) <= 50 and number == number.strip() for number in parcel.numbers)
        assert len(parcel.tracking_link) <= 500
        assert all(line.quantity is None or line.quantity > 0 for line in parcel.lines)
        assert {row for line in parcel.lines for row in line.rows} <= set(parcel.rows)
        for quantity in (1, 5_000):
            assert answered(parcel, quantity) == set(parcel.rows)


def answered(parcel: Parcel, quantity: int) -> set[int]:
    """Rows that the judgement speaks of, where the order has so many units of each line, in two
    addresses by turns.
    """
    named = {line.order_product_id or line.sku.casefold(): line for line in parcel.lines}
    lines = [
        OrderLine(
            line.order_product_id or 10**12 + at,
            at % 2 + 1,
            line.sku,
            "",
            "physical",
            quantity,
            shipped=0,
            refunded=0,
        )
        for at, line in enumerate(named.values())
    ]
    order = Order(
        parcel.order_id or 7, 11, "Awaiting Fulfillment", quantity * len(lines), 0, tuple(lines)
    )
    judged = plan_order([parcel], Facts(order), Policy(several_parcels="even"))
    return {
        row
        for one in judged
        for row in (one.shipment.rows if isinstance(one, Correction) else one.rows)
    }


def try_load(path: Path, source: Source, *, assume: bool = False) -> None:
    try:
        export = load(path, source, assume=assume)
    except FileError as error:
        said, todo = str(error), error.todo
        options = "--map" in said + todo or "--answer" in todo or "names no order" in said
        assert path.name in said or "constant" in said or options
        assert todo
        # six questions are more than are put at once
        if isinstance(error, Unanswered) and not assume:
            try_load(path, source, assume=True)
    else:
        account(export)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([".csv", ".xlsx", ".xls", ""]))
def test_any_bytes_give_a_load_or_one_file_error(content, suffix):
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"export{suffix}"
        path.write_bytes(content)
        try_load(path, Source())


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(HEADERS), min_size=1, max_size=16), st.lists(ROW, max_size=12), SOURCES
)
def test_any_rows_of_text_are_each_in_one_place(header, rows, source):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "export.csv"
        with path.open("w", newline="", encoding="utf-8", errors="replace") as stream:
            csv.writer(stream).writerows([header, *rows])
        try_load(path, source)


ORDERS = st.sampled_from(
    ["1001", "1002", "#1001", "1002-A", "", "", "BC-1001", "PO-7", "Total", "112-1234567-1234567"]
)
SKUS = st.sampled_from(
    ["A", "a", "B", "", "A|B", "A x2; B", "Apr-72", "SHIRT,RED", "FLYER", "#N/A"]
)
UNITS = st.sampled_from(["1", "2", "3.0", "", "0", "2|1", "-1", "1,000"])
NUMBERS = st.sampled_from(
    [
        "T100000001",
        "t100000001",
        "T100000002",
        "",
        "",
        "T100000001; T100000002",
        "9.4E+21",
        "https://t.example/1",
    ]
)
CARRIERS = st.sampled_from(["UPS", "UPS Ground", "FedEx", "", "", "Zorbex"])
LINKS = st.sampled_from(["", "", "https://t.example/1", "https://t.example/2", "ftp://"])
COSTS = st.sampled_from(["", "8.40", "$8.40", "9,10 €", "-1", "1.234"])
GOOD = [(f"{2001 + n}", "A", "1", f"T20000000{n}", "UPS", "", "") for n in range(9)]
HEAD = (
    "Order Number",
    "SKU",
    "Quantity",
    "Tracking Number",
    "Carrier",
    "Tracking Link",
    "Shipping Cost",
)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.tuples(ORDERS, SKUS, UNITS, NUMBERS, CARRIERS, LINKS, COSTS), max_size=8),
    st.sets(st.sampled_from([1, 2, 3, 4, 5, 6])),
    st.booleans(),
)
def test_rows_of_likely_cells_are_each_in_one_place_whatever_columns_are_there(
    rows, left_out, ends
):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "export.csv"
        rows = [HEAD, *GOOD, *rows] if ends else [HEAD, *rows, *GOOD]
        with path.open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows(
                [cell for at, cell in enumerate(row) if at not in left_out] for row in rows
            )
        source = Source(ignore_skus=frozenset({"flyer"}))
        if 1 in left_out and 2 not in left_out:  # units of what?
            try_load(path, source)
        else:
            account(load(path, source, assume=True))


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(CARRIERS, st.lists(st.tuples(SKUS, UNITS), max_size=3)), min_size=1, max_size=4
    ),
    st.booleans(),
)
def test_order_rows_and_the_item_rows_below_them_are_each_in_one_place(orders, repeated):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "export.csv"
        rows: list[tuple[str, ...]] = [HEAD[:5]]
        for at, (carrier, items) in enumerate(orders):
            rows.append((str(1001 + at), "", "", f"T10000000{at}", carrier))
            rows += [
                (str(1001 + at) if repeated else "", sku, units, "", "") for sku, units in items
            ]
        with path.open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows(rows)
        account(load(path, Source(), assume=True))


NUMBER = (
    st.integers(0, 10**6) | st.floats(0, 1e22) | st.sampled_from([1001, 1001.0, 9.40011e21, 1.5, 0])
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.lists(LIKELY | NUMBER | st.booleans() | st.dates(), min_size=5, max_size=5), max_size=8
    )
)
def test_any_cells_of_a_workbook_are_each_in_one_place(rows):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "export.xlsx"
        with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as book:
            sheet = book.add_worksheet("Orders")
            for at, row in enumerate(
                [("Order Number", "SKU", "Quantity", "Tracking Number", "Carrier"), *rows]
            ):
                for column, cell in enumerate(row):
                    sheet.write_string(at, column, cell) if isinstance(cell, str) else sheet.write(
                        at, column, cell
                    )
        named = {
            Field.ORDER_ID: "A",
            Field.SKU: "B",
            Field.QUANTITY: "C",
            Field.TRACKING_NUMBER: "D",
            Field.CARRIER: "E",
        }
        try_load(path, Source(map=named))


TORTURE = sorted((Path(__file__).parents[3] / "shared" / "torture").glob("*__*"))


@pytest.mark.skipif(not TORTURE, reason="the collection of hard files is not here")
def test_hard_files_of_others_are_loaded_or_refused_in_one_message():
    for path in TORTURE:
        try_load(path, Source())
        try_load(path, Source(map={Field.ORDER_ID: "A"}))


def test_the_header_is_found_as_deep_as_is_promised(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text("\n" * (ROWS_SEARCHED - 1) + "Order Number,Tracking Number\n1001,T100000001\n")
    assert load(path, Source()).header_row == ROWS_SEARCHED
