"""The sample exports are what warehouses send, and the sample store holds their orders."""

import csv
import json
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sample_expectations import ADDED_UP, FILES, IDS, LAGER, PICKS, SHIPSTATION, SPECIAL, TROUBLES

from batch.model import Status

FOLDER = Path(__file__).parents[2] / "sample_data"
STORE = json.loads((FOLDER / "store.json").read_text("utf-8"))
ORDERS = {order["id"]: order for order in STORE["orders"]}
ORDER, SKU, QTY, NUMBER = "order", "sku", "quantity", "number"
HEADERS = {
    SHIPSTATION: {
        ORDER: "Order - Number",
        SKU: "Item - SKU",
        QTY: "Item - Qty",
        NUMBER: "Shipment - Tracking Number",
    },
    TROUBLES: {
        ORDER: "Order - Number",
        SKU: "Item - SKU",
        QTY: "Item - Qty",
        NUMBER: "Shipment - Tracking Number",
    },
    LAGER: {ORDER: "Bestellnummer", SKU: "Artikelnummer", QTY: "Menge", NUMBER: "Sendungsnummer"},
    IDS: {ORDER: "order_id", QTY: "quantity", NUMBER: "tracking_number"},
    PICKS: {ORDER: "Order No", NUMBER: "Tracking No"},
}


@cache
def exported(name):
    """A file's rows as dictionaries, by row number, read without the loader."""
    path, first = FOLDER / name, FILES[name].header
    if path.suffix == ".xlsx":
        lines = [
            [cell.value for cell in line]
            for line in load_workbook(path).active.iter_rows(min_row=first)
        ]
    else:
        encoding, delimiter = {".tsv": ("utf-8", "\t")}.get(
            path.suffix, ("cp1252" if name == LAGER else "utf-8", ",")
        )
        text = path.read_bytes().decode(encoding)
        lines = list(
            csv.reader(
                text.splitlines(), delimiter=";" if name == LAGER else delimiter, strict=True
            )
        )
    header, *rows = lines
    return {first + n: dict(zip(header, row, strict=True)) for n, row in enumerate(rows, start=1)}


def cell(name, row, field):
    return exported(name)[row][HEADERS[name][field]]


def special(status, code=""):
    """(file, row) of the rows that are there for this reason."""
    return [(each.file, each.row) for each in SPECIAL if (each.status, each.code) == (status, code)]


def line_of(name, row):
    """The store's lines that a row names."""
    order = ORDERS[int(cell(name, row, ORDER))]
    if name == IDS:
        return [
            line
            for line in order["lines"]
            if line["id"] == int(exported(name)[row]["order_product_id"])
        ]
    return [line for line in order["lines"] if line["sku"] == cell(name, row, SKU)]


def left(line):
    return line["quantity"] - line["quantity_shipped"] - line["quantity_refunded"]


@pytest.mark.parametrize("name", FILES)
def test_rows(name):
    """Each file has the promised number of rows, all of one width."""
    assert len(exported(name)) == FILES[name].rows


def test_every_special_row_is_in_its_file():
    """The table names rows that exist, each once, with a status of the model."""
    assert all(each.row in exported(each.file) for each in SPECIAL)
    assert {each.status for each in SPECIAL} <= set(Status)
    assert max(Counter((each.file, each.row) for each in SPECIAL).values()) == 1


def test_shipstation_is_a_workbook_with_a_title_above_the_header():
    """Tracking numbers are text, quantities numbers, dates dates; more than 120 orders."""
    rows = exported(SHIPSTATION).values()
    title = load_workbook(FOLDER / SHIPSTATION).active
    assert str(title["A1"].value).startswith("Shipped items")
    assert title["B1"].value is None
    assert {type(row["Shipment - Tracking Number"]) for row in rows} == {str}
    assert {type(row["Item - Qty"]) for row in rows} == {int}
    assert {type(row["Date - Shipped Date"]).__name__ for row in rows} == {"datetime"}
    assert len({row["Order - Number"] for row in rows}) > 120


def test_shipstation_s_numbers_have_valid_check_digits():
    """UPS (mod 10 of 1Z…) and USPS (mod 10, weights 3 and 1): a second witness of the carrier."""
    seen = Counter()
    for row in exported(SHIPSTATION).values():
        number, carrier = row["Shipment - Tracking Number"], row["Shipment - Carrier"]
        if carrier == "UPS":
            values = [int(c) if c.isdigit() else (ord(c) - 63) % 10 for c in number[2:17]]
            total = sum(values[::2]) + 2 * sum(values[1::2])
        elif carrier == "USPS" and len(number) == 22:
            total = sum(
                int(c) * weight for c, weight in zip(number[-2::-1], [3, 1] * 11, strict=False)
            )
        else:
            continue
        assert int(number[-1]) == -total % 10, number
        seen[carrier] += 1
    assert min(seen["UPS"], seen["USPS"]) > 50


def test_lager_is_semicolons_in_cp1252():
    """Umlauts, a euro sign, a dash that neither UTF-8 nor Latin-1 reads, decimal commas, CRLF."""
    raw = (FOLDER / LAGER).read_bytes()
    with pytest.raises(UnicodeDecodeError):
        raw.decode("utf-8")
    text = raw.decode("cp1252")
    assert {"ü", "ß", "€", "–"} <= set(text)
    assert raw.count(b"\r\n") == raw.count(b"\n") == FILES[LAGER].rows + 1
    assert all("," in row["Versandkosten"] for row in exported(LAGER).values())
    assert any(row["Sendungsnummer"].startswith("00") for row in exported(LAGER).values())


def test_ids_name_lines_and_addresses_of_the_store():
    """Three ways to a tracking link, and a provider of the shop's own."""
    rows = exported(IDS)
    assert all(line_of(IDS, row) for row in rows)
    assert all(
        int(told["order_address_id"])
        in {address["id"] for address in ORDERS[int(told["order_id"])]["addresses"]}
        for told in rows.values()
    )
    for column in ("shipping_provider", "tracking_carrier", "tracking_link"):
        assert any(told[column] for told in rows.values())
    assert "carrier_12" in {told["shipping_provider"] for told in rows.values()}


def test_picks_name_orders_alone():
    """An order a row: all that remains of it ships."""
    assert set(exported(PICKS)[2]) == {"Order No", "Tracking No", "Carrier"}


def test_the_store_s_orders_are_dense():
    """One page of 250 orders knows them all."""
    assert sorted(ORDERS) == list(range(min(ORDERS), max(ORDERS) + 1))
    assert len(ORDERS) <= 250


def test_the_store_s_ids_are_its_own():
    """Line, address and shipment ids are unique, and shipments are in the lines' counts."""
    for key in ("lines", "addresses", "shipments"):
        ids = [each["id"] for order in ORDERS.values() for each in order[key]]
        assert len(ids) == len(set(ids))
    for order in ORDERS.values():
        addresses = {address["id"] for address in order["addresses"]}
        made = Counter()
        for shipment in order["shipments"]:
            for item in shipment["items"]:
                made[item["order_product_id"]] += item["quantity"]
        for line in order["lines"]:
            assert line["quantity_shipped"] == made[line["id"]] <= line["quantity"]
            assert line["order_address_id"] in (addresses if line["type"] == "physical" else {0})


def test_no_number_is_on_two_orders():
    """A tracking number belongs to one order, in all files and the store."""
    owners = defaultdict(set)
    for name in FILES:
        for row in exported(name):
            if number := cell(name, row, NUMBER):
                owners[number].add(int(cell(name, row, ORDER)))
    for order in ORDERS.values():
        for shipment in order["shipments"]:
            owners[shipment["tracking_number"]].add(order["id"])
    assert all(len(orders) == 1 for orders in owners.values())


def test_rows_without_a_reason_ship():
    """Every row not in the table names a line with units enough, in an order that ships."""
    asked = Counter()
    reasons = {(each.file, each.row): each for each in SPECIAL}
    for name in (SHIPSTATION, LAGER, IDS):
        for row in exported(name):
            if reasons.get((name, row)) is None or reasons[name, row].status == "created":
                (line,) = line_of(name, row)
                assert line["type"] == "physical"
                assert ORDERS[int(cell(name, row, ORDER))]["status_id"] in {3, 7, 9, 11}
                asked[line["id"]] += int(cell(name, row, QTY))
                assert 0 < asked[line["id"]] <= left(line), (name, row)


@pytest.mark.parametrize("name", FILES)
def test_shipments_are_the_parcels_of_rows_that_ship(name):
    """The table's count is the number of orders, addresses and numbers among the created rows."""
    others = {each.row for each in SPECIAL if each.file == name and each.status != "created"}
    parcels = set()
    for row in exported(name).keys() - others:
        address = line_of(name, row)[0]["order_address_id"] if name != PICKS else None
        parcels.add((cell(name, row, ORDER), address, cell(name, row, NUMBER)))
    assert len(parcels) == FILES[name].shipments


def test_orders_not_in_the_store():
    """Older than the newest: wrong. Newer: waited for."""
    for name, row in special("invalid", "unknown_order"):
        assert int(cell(name, row, ORDER)) < min(ORDERS)
    ((name, row),) = special("waiting", "order_not_there_yet")
    assert int(cell(name, row, ORDER)) > max(ORDERS)


def test_rows_that_fail_do_so_for_their_reason():
    """SKU, units, kind, length, twins, status: the store and the row say so."""
    for place in special("invalid", "unknown_sku"):
        assert line_of(*place) == []
    for place in special("invalid", "not_enough_left"):
        (line,) = line_of(*place)
        assert int(cell(*place, QTY)) > left(line)
    for place in special("invalid", "digital_line"):
        assert [line["type"] for line in line_of(*place)] == ["digital"]
    for place in special("invalid", "tracking_number_too_long"):
        assert len(cell(*place, NUMBER)) > 50
    for place in special("invalid", "ambiguous_sku"):
        assert len(line_of(*place)) == 2
    for name, row in special("held", "order_status"):
        assert ORDERS[int(cell(name, row, ORDER))]["status_id"] in {5, 6}
    assert {each.code for each in SPECIAL if each.status in {"invalid", "held"}} == {
        "unknown_order",
        "unknown_sku",
        "not_enough_left",
        "digital_line",
        "tracking_number_too_long",
        "ambiguous_sku",
        "order_status",
        "parcel_incomplete",
    }


def test_a_parcel_falls_with_its_bad_row():
    """The good rows of a parcel share order and number with a bad one."""
    bad = {
        (cell(*place, ORDER), cell(*place, NUMBER))
        for place in special("invalid", "not_enough_left")
    }
    fallen = special("invalid", "parcel_incomplete")
    assert len(fallen) == 2
    assert {(cell(*place, ORDER), cell(*place, NUMBER)) for place in fallen} <= bad


def test_rows_met_before_are_in_the_store():
    """Same number, same units: shipped by another tool."""
    for name, row in special("already created"):
        order = ORDERS[int(cell(name, row, ORDER))]
        assert cell(name, row, NUMBER) in {
            shipment["tracking_number"] for shipment in order["shipments"]
        }
        assert all(left(line) == 0 for line in order["lines"])


def test_the_shapes_that_grouping_must_know():
    """Several lines a parcel, several parcels an order, one line over two parcels, two addresses,
    parts, zero.
    """
    rows = [(name, row) for name in (SHIPSTATION, LAGER, IDS) for row in exported(name)]
    parcels, numbers, addresses = Counter(), defaultdict(set), defaultdict(set)
    for name, row in rows:
        order, number = int(cell(name, row, ORDER)), cell(name, row, NUMBER)
        parcels[order, number] += 1
        numbers[order].add(number)
        for line in line_of(name, row) if order in ORDERS else []:
            addresses[order].add(line["order_address_id"])
    assert max(parcels.values()) >= 3
    assert sum(len(several) > 1 for several in numbers.values()) >= 5
    assert sum(len({a for a in several if a}) > 1 for several in addresses.values()) >= 3
    assert [int(cell(*place, QTY)) for place in special("skipped")] == [0]
    one_line = {
        (cell(*place, ORDER), cell(*place, SKU), cell(*place, NUMBER)) for place in ADDED_UP
    }
    assert (len(ADDED_UP), len(one_line)) == (2, 1)
