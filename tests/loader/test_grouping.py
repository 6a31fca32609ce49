"""Rows become parcels: by order, address and number; whole or not at all; added up where they name
one line.
"""

import pytest

from batch.config import Source
from batch.loader.load import Load, load
from batch.model import Status

HEADER = "Order Number,SKU,Quantity,Tracking Number,Carrier"


@pytest.fixture
def loaded(tmp_path):
    """Loads lines of CSV."""

    def made(*lines, **source) -> Load:
        path = tmp_path / "export.csv"
        path.write_text("\n".join(lines) + "\n")
        return load(path, Source(**source))

    return made


def asked(parcel):
    return [(line.sku or line.order_product_id, line.quantity) for line in parcel.lines]


def test_rows_of_one_order_and_number_are_one_parcel(loaded):
    export = loaded(
        HEADER, "1001,A,1,T100000001,UPS", "1001,B,2,T100000001,UPS", "1001,C,1,T100000002,UPS"
    )
    first, second = export.parcels()
    assert (first.rows, asked(first)) == ((2, 3), [("A", 1), ("B", 2)])
    assert (second.rows, second.numbers) == ((4,), ("T100000002",))


def test_rows_of_an_order_that_are_far_apart_still_meet(loaded):
    export = loaded(HEADER, "1001,A,1,T100000001,", "1002,A,1,T100000009,", "1001,B,1,t100000001,")
    assert [parcel.rows for parcel in export.parcels()] == [(2, 4), (3,)]


def test_one_number_in_two_orders_is_two_parcels_and_so_are_two_numbers_of_one_order(loaded):
    export = loaded(HEADER, "1001,A,1,T100000001,", "1001,A,1,T100000002,", "1002,A,1,T100000001,")
    assert [(parcel.order_id, parcel.rows) for parcel in export.parcels()] == [
        (1001, (2,)),
        (1001, (3,)),
        (1002, (4,)),
    ]


def test_rows_without_a_number_are_one_parcel_of_their_own(loaded):
    export = loaded(HEADER, "1001,A,1,,", "1001,B,1,T100000001,", "1001,C,1,,")
    assert [parcel.rows for parcel in export.parcels()] == [(2, 4), (3,)]


def test_one_order_to_two_addresses_is_two_parcels(loaded):
    export = loaded(
        "order_id,order_address_id,order_product_id,quantity,tracking_number",
        "1001,11,501,1,T100000001",
        "1001,12,502,1,T100000001",
        "1001,,503,1,T100000001",
    )
    assert [(parcel.order_address_id, asked(parcel)) for parcel in export.parcels()] == [
        (11, [(501, 1)]),
        (12, [(502, 1)]),
        (None, [(503, 1)]),
    ]


def test_rows_that_name_the_same_line_are_added_up_and_that_is_said(loaded):
    (parcel,) = loaded(HEADER, "1001,A,1,T100000001,", "1001,A,2,T100000001,").parcels()
    assert asked(parcel) == [("A", 3)]
    assert parcel.lines[0].rows == (2, 3)
    assert parcel.warnings == ("rows 2 and 3 both name SKU A: 1 + 2 = 3 units",)


def test_skus_in_two_spellings_are_two_until_the_order_tells(loaded):
    (parcel,) = loaded(HEADER, "1001,A,1,T100000001,", "1001,a,2,T100000001,").parcels()
    assert asked(parcel) == [("A", 1), ("a", 2)]


def test_a_bad_row_takes_its_parcel_with_it_and_is_named(loaded):
    export = loaded(
        HEADER, "1001,A,1,T100000001,", "1001,B,many,T100000001,", "1001,C,1,T100000002,"
    )
    assert export.findings[3].code == "bad_quantity"
    assert "column 3 (C)" in export.findings[3].error
    assert export.findings[2].code == "parcel_incomplete"
    assert "row 3" in export.findings[2].error
    assert [parcel.rows for parcel in export.parcels()] == [(4,)]


def test_a_row_whose_own_number_is_damaged_is_alone(loaded):
    export = loaded(HEADER, "1001,A,1,T100000001,", "1001,B,1,9.4E+21,")
    assert list(export.findings) == [3]
    assert [parcel.rows for parcel in export.parcels()] == [(2,)]


def test_carriers_at_odds_within_a_parcel_are_refused(loaded):
    export = loaded(HEADER, "1001,A,1,T100000001,UPS", "1001,B,1,T100000001,FedEx")
    assert {row: finding.code for row, finding in export.findings.items()} == {
        2: "parcel_incomplete",
        3: "carrier_conflict",
    }


def test_a_carrier_on_one_row_of_a_parcel_is_enough(loaded):
    (parcel,) = loaded(HEADER, "1001,A,1,T100000001,", "1001,B,1,T100000001,UPS Ground").parcels()
    assert (parcel.shipping_provider, parcel.shipping_method) == ("ups", "UPS Ground")


def test_links_at_odds_within_a_parcel_are_refused(loaded):
    head = "Order Number,SKU,Quantity,Tracking Number,Tracking URL"
    export = loaded(
        head, "1001,A,1,T100000001,https://a.example/1", "1001,B,1,T100000001,https://a.example/2"
    )
    assert export.findings[3].code == "link_conflict"


def test_a_link_tells_parcels_apart_where_there_is_no_number(loaded):
    head = "Order Number,SKU,Quantity,Tracking Number,Tracking URL"
    export = loaded(head, "1001,A,1,,https://a.example/1", "1001,B,1,,https://a.example/2")
    assert [parcel.tracking_link for parcel in export.parcels()] == [
        "https://a.example/1",
        "https://a.example/2",
    ]


def test_an_order_alone_asks_for_all_that_remains(loaded):
    (parcel,) = loaded("Order Number,Tracking Number", "1001,T100000001").parcels()
    assert parcel.lines == ()


def test_several_numbers_of_an_order_that_name_no_line_are_one_parcel_with_several_numbers(loaded):
    export = loaded(
        "Order Number,Tracking Number", "1001,T100000001", "1002,T100000009", "1001,T100000002"
    )
    first, second = export.parcels()
    assert (first.rows, first.numbers) == ((2, 4), ("T100000001", "T100000002"))
    assert second.numbers == ("T100000009",)


def test_a_row_without_a_line_among_rows_with_lines_is_refused(loaded):
    export = loaded(HEADER, "1001,A,1,T100000001,", "1001,,,T100000001,")
    assert export.findings[3].code == "no_line"


def test_several_numbers_in_a_cell_stay_with_their_units(loaded):
    (parcel,) = loaded(HEADER, "1001,A,2,T100000001; T100000002,").parcels()
    assert parcel.numbers == ("T100000001", "T100000002")


def test_several_tracking_columns_give_several_numbers(loaded):
    head = "Order Number,SKU,Quantity,Tracking Number 1,Tracking Number 2"
    first, second = loaded(head, "1001,A,2,T100000001,T100000002", "1002,A,1,,T100000003").parcels()
    assert (first.numbers, second.numbers) == (("T100000001", "T100000002"), ("T100000003",))


def test_equal_costs_count_once_and_costs_at_odds_are_left_out_with_a_warning(loaded):
    head = "Order Number,SKU,Quantity,Tracking Number,Shipping Cost"
    lines = (
        "1001,A,1,T100000001,$8.40",
        "1001,B,1,T100000001,8.4",
        "1002,A,1,T100000002,3.10",
        "1002,B,1,T100000002,4",
    )
    equal, odd = loaded(head, *lines).parcels()
    assert (equal.merchant_shipping_cost, equal.warnings) == ("8.4000", ())
    assert odd.merchant_shipping_cost == ""
    assert "3.1000, 4.0000" in odd.warnings[0]


def test_an_unreadable_cost_does_not_stop_a_parcel(loaded):
    head = "Order Number,SKU,Quantity,Tracking Number,Shipping Cost"
    lines = [f"{1001 + n},A,1,T10000000{n},8.40" for n in range(5)]
    *_, parcel = loaded(head, *lines, "1009,A,1,T100000009,-4").parcels()
    assert parcel.merchant_shipping_cost == ""
    assert "-4" in parcel.warnings[0]


def test_different_comments_are_joined(loaded):
    head = "Order Number,SKU,Quantity,Tracking Number,Message to Customer"
    (parcel,) = loaded(
        head,
        "1001,A,1,T100000001,Fragile",
        "1001,B,1,T100000001,Fragile",
        "1001,C,1,T100000001,Ring twice",
    ).parcels()
    assert parcel.comments == "Fragile\nRing twice"


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("1001,A,,T100000001,", "no_quantity"),
        ("1001,,2,T100000001,", "quantity_without_line"),
        (",A,2,T100000001,", "no_order"),
        ("1001,A,-1,T100000001,", "negative_quantity"),
        ("1001,Apr-72,1,T100000001,", "read_as_date"),
        ("1001,#N/A,1,T100000001,", "formula_error"),
        ("1001,A,1,T100000001,UPS,extra", "too_many_cells"),
    ],
)
def test_a_wrong_row_is_invalid_with_its_reason(loaded, row, code):
    export = loaded(HEADER, "1000,B,1,T100000000,UPS", "1000,C,1,T100000000,UPS", row)
    assert (export.findings[4].status, export.findings[4].code) == (Status.INVALID, code)
    assert export.findings[4].todo
    assert [parcel.rows for parcel in export.parcels()] == [(2, 3)]


def test_units_in_a_file_that_never_says_of_what_are_of_a_line_without_a_name(loaded):
    """Parcel by parcel; several rows of one cannot all be of the order's only line."""
    head = "order-id,order-item-id,quantity,tracking-number"
    rows = ("1001,12345678901234,2,T100000001", "1001,12345678901234,1,T100000002")
    export = loaded(
        head, "1002,12345678901235,1,T100000003", "1002,12345678901236,1,T100000003", *rows
    )
    assert [(parcel.numbers, asked(parcel)) for parcel in export.parcels()] == [
        (("T100000001",), [(None, 2)]),
        (("T100000002",), [(None, 1)]),
    ]
    assert {row: finding.code for row, finding in export.findings.items()} == dict.fromkeys(
        (2, 3), "quantity_without_line"
    )


def test_what_is_meant_to_be_skipped_is_skipped_and_the_rest_of_the_parcel_ships(loaded):
    head = HEADER + ",Void"
    rows = [
        f"1001,{what},T100000001,UPS,{void}"
        for what, void in (("A,1", ""), ("B,0", ""), ("FLYER,1", ""), ("C,1", "Y"))
    ]
    export = loaded(head, *rows, ignore_skus=frozenset({"flyer"}))
    assert {row: (f.status, f.code) for row, f in export.findings.items()} == {
        3: (Status.SKIPPED, "quantity_zero"),
        4: (Status.SKIPPED, "ignored_sku"),
        5: (Status.SKIPPED, "void"),
    }
    assert [parcel.rows for parcel in export.parcels()] == [(2,)]


def test_a_row_without_units_among_rows_with_units_is_refused(loaded):
    """Where SKUs bring their units: all of a parcel's do, or none; rows of other parcels ship."""
    head = "Order Number,SKU,Tracking Number"
    export = loaded(
        head,
        "1001,A x2,T100000001",
        "1001,B,T100000001",
        "1002,C,T100000002",
        "1003,D x3,T100000003",
    )
    assert {row: finding.code for row, finding in export.findings.items()} == {
        2: "parcel_incomplete",
        3: "no_quantity",
    }
    assert "Row 3 gives no units for B" in export.findings[3].error
    assert [(parcel.rows, asked(parcel)) for parcel in export.parcels()] == [
        ((4,), [("C", None)]),
        ((5,), [("D", 3)]),
    ]


def test_one_row_a_unit(loaded):
    export = loaded(
        "Order Number,SKU,Tracking Number",
        "1001,A,T100000001",
        "1001,A,T100000001",
        "1002,A,T100000002",
        "1003,B,T100000003",
        "1003,B,T100000003",
    )
    assert [asked(parcel) for parcel in export.parcels()] == [[("A", 2)], [("A", 1)], [("B", 2)]]
    assert any("each row is read as one unit" in said for said in export.said)
    rows = ["1,A,T100000001", "1,a,T100000001", "2,A,T100000002", "2,a,T100000002"]
    spelled = loaded("Order Number,SKU,Tracking Number", *rows)
    assert [asked(parcel) for parcel in spelled.parcels()] == [[("A", 1), ("a", 1)]] * 2


def test_one_doubled_row_does_not_make_every_row_a_unit(loaded):
    export = loaded(
        "Order Number,SKU,Tracking Number",
        "1001,A,T100000001",
        "1002,A,T100000002",
        "1002,A,T100000002",
    )
    assert [asked(parcel) for parcel in export.parcels()] == [[("A", None)]]
    assert {row: f.code for row, f in export.findings.items()} == {
        3: "parcel_incomplete",
        4: "doubled_row",
    }


def test_without_quantities_a_line_ships_whole(loaded):
    export = loaded("Order Number,SKU,Tracking Number", "1001,A,T100000001", "1001,B,T100000001")
    assert [asked(parcel) for parcel in export.parcels()] == [[("A", None), ("B", None)]]


def test_several_skus_of_a_cell_are_lines_of_their_own(loaded):
    (parcel,) = loaded(HEADER, "1001,A|B,2|1,T100000001,", "1001,B,1,T100000001,").parcels()
    assert asked(parcel) == [("A", 2), ("B", 2)]


def test_a_sku_may_hold_a_comma(loaded):
    (parcel,) = loaded(HEADER, '1001,"SHIRT,RED",2,T100000001,').parcels()
    assert asked(parcel) == [("SHIRT,RED", 2)]
