"""The rules for single cells: what is read, what is refused, and fast paths that say the same."""

import math
from datetime import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from batch.loader.cells import order_numbers, skus, tracking_numbers, values
from batch.loader.cells.damage import Wrong, date_like, display, plain_text, undress
from batch.loader.cells.money import cost
from batch.loader.cells.row_status import is_void


@pytest.mark.parametrize(
    "cell",
    ["1001", 1001.0, "#1001", "BC-1001", "SHOP-1001", "STORE-ORDER-ID-1001", "1001.0", "1001.00",
     "'1001", '="1001"', " 1001 ", "Order #1001", "No. 1001", "１００１", "0001001",
     "BC_1001"],
)  # fmt: skip
def test_an_order_number_is_read_in_the_forms_warehouses_write(cell):
    assert order_numbers.order_number(cell) == 1001


@pytest.mark.parametrize(
    ("cell", "why"),
    [("PO-1001", "PO numbers another paper"), ("INV-1001", "INV"), ("EBAY-1001", "EBAY"),
     ("0", "not an order number"), ("-5", "not an order number"), ("1,001", "may mean 1001"),
     ("1001-2", "not an order number"), ("1005-R", "not an order number"),
     ("12.000", "may mean 12000 or 12"), ("SO1001", "not an order number"),
     ("101,102", "101102 or several"), ("Week 47", "not an order number"),
     ("Nov-20", "read as a date"), (1001.5, "not an order number"), ("123456789012", "too long"),
     ("1.00E+03", "digits are lost"), ("#N/A", "formula failed"), (True, "truth value"),
     (datetime(2026, 1, 1), "read as a date"), (1e15, "digits"), (math.nan, "digits")],
)  # fmt: skip
def test_what_may_be_another_number_is_no_order(cell, why):
    found = order_numbers.order_number(cell)
    assert isinstance(found, Wrong)
    assert why in found.why


@pytest.mark.parametrize("number", ["112-1234567-1234567", "12-34567-89012"])
def test_a_marketplaces_number_stays_text(number):
    assert order_numbers.order_number(number) == number


@pytest.mark.parametrize("cell", ["", "-", "n/a", "None", "  "])
def test_words_for_nothing_are_no_order(cell):
    assert order_numbers.order_number(cell) == 0


@pytest.mark.parametrize("cell", ["2", 2.0, 2, "2.0", "2,0", "2.00", "+2", "'2", "2.", "２"])
def test_units_are_whole_numbers_however_written(cell):
    assert values.quantity(cell) == 2


@pytest.mark.parametrize("cell", ["1,000", "1.000"])
def test_a_thousand_that_may_be_one_is_refused(cell):
    found = values.quantity(cell)
    assert isinstance(found, Wrong)
    assert "1 or 1000" in found.why


@pytest.mark.parametrize(
    "cell", ["-1", 1.5, "two", "2 CS", "1e3", True, datetime(2026, 1, 2), "9400111", math.nan]
)
def test_what_is_no_number_of_units_is_refused(cell):
    assert isinstance(values.quantity(cell), Wrong)


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        (" 1Z999AA10123456784 ", "1Z999AA10123456784"),
        ("1Z 999 AA1 01 2345 6784", "1Z999AA10123456784"),
        ("9400 1118 9922 3100 0012 34", "9400111899223100001234"),
        ("AB 123 456 789 GB", "AB123456789GB"),
        (794644774477.0, "794644774477"),
        ('="0123456789"', "0123456789"),
        ("'0123456789", "0123456789"),
        ("N/A", ""),
        ("https://track.example/1", "https://track.example/1"),
        ("T1; T2", "T1\nT2"),
        ("1Z999AA10123456784 1Z999AA10123456793", "1Z999AA10123456784\n1Z999AA10123456793"),
        ("794644774477/794644774478", "794644774477\n794644774478"),
        ("T1, T1", "T1"),
        ("UPS 1Z999AA10123456784", "1Z999AA10123456784"),
        ("UPS: 1Z999AA10123456784", "1Z999AA10123456784"),
        ("Tracking #: 1Z999AA10123456784", "1Z999AA10123456784"),
        ("Sendungsnr. 00340434161094042571", "00340434161094042571"),
        ("*1Z999AA10123456784*", "1Z999AA10123456784"),
        ("„1Z999AA10123456784“", "1Z999AA10123456784"),
        ("1Z999AA10123456784 (1of2)", "1Z999AA10123456784"),
        ("1Z999AA10123456784 2 von 3", "1Z999AA10123456784"),
        ("1Z999AA10123456784 (Ground)", "1Z999AA10123456784"),
        ("1Z999AA10123456784.", "1Z999AA10123456784"),
        ("DPD 0150 9651 1044 21", "01509651104421"),
        ("1Z999AA101234567841Z12345E0205271686", "1Z999AA10123456784\n1Z12345E0205271686"),
        ("1Z999AA10123456784 and 1Z12345E0205271686", "1Z999AA10123456784\n1Z12345E0205271686"),
        (
            "www.ups.com/track?n=1Z999AA10123456784",
            "https://www.ups.com/track?n=1Z999AA10123456784",
        ),
        ("dpd.co.uk/t/15501234567890", "https://dpd.co.uk/t/15501234567890"),
        ("1027590111820004833500785458233610", "785458233610"),
        ("9612804882227378545377", "882227378545377"),
        ("(00)340434161094042571", "00340434161094042571"),
        ("(00) 3404341 6109404257 1", "00340434161094042571"),
        ("]C100340434161094042571", "00340434161094042571"),
        ("420902109400111201080805483016", "9400111201080805483016"),
        ("keine Angabe", ""),
        ("n.v.t.", ""),
        ("(blank)", ""),
        ("<null>", ""),
        ("なし", ""),
    ],
)
def test_a_tracking_cell_gives_its_numbers(cell, number):
    assert tracking_numbers.tracking_number(cell) == number


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("9.40011E+21", "digits_lost"),
        ("9,40011E+21", "digits_lost"),
        (9.4001118992231e21, "digits_lost"),
        ("9400111899223100000000", "digits_lost"),
        ("X1" * 26, "tracking_number_too_long"),
        ("pending", "bad_tracking_number"),
        ("1,234", "bad_tracking_number"),
        ("Pickup", "bad_tracking_number"),
        ("abgeholt am Tor", "bad_tracking_number"),
        ("TRUE", "bad_tracking_number"),
        ("FedEx", "bad_tracking_number"),
        ("4PX", "bad_tracking_number"),
        ("ann@example.com", "bad_tracking_number"),
        ("00000000", "bad_tracking_number"),
        ("1Z999АА10123456784", "bad_tracking_number"),
        ("单号1234567890", "bad_tracking_number"),
        ("10234 10235", "bad_tracking_number"),
        ("Box 1 of 2: 1Z999AA10123456784", "bad_tracking_number"),
        ("1Z\x01999", "bad_tracking_number"),
        (12.5, "bad_tracking_number"),
        ("#REF!", "formula_error"),
        ("########", "cell_too_narrow"),
        (datetime(2026, 1, 2), "read_as_date"),
        ("https://", "bad_tracking_link"),
        ("https://x.example/" + "a" * 500, "tracking_link_too_long"),
    ],
)
def test_a_damaged_tracking_cell_is_refused(cell, code):
    found = tracking_numbers.tracking_number(cell)
    assert isinstance(found, Wrong)
    assert found.code == code


@pytest.mark.parametrize(
    ("text", "units", "expected"),
    [
        ("A|B", "", (("A", None), ("B", None))),
        ("A|B", "2|1", (("A", 2), ("B", 1))),
        ("A x2 | B", "", (("A", 2), ("B", 1))),
        ("A x2, B x1", 3.0, (("A", 2), ("B", 1))),
        ("2 x A; 1x B", "", (("A", 2), ("B", 1))),
        ("A x 3", "", (("A", 3),)),
        ("A x 3", "1", None),
        ("SHIRT,RED", "4", None),
        ("A,B", "1,2", (("A", 1), ("B", 2))),
    ],
)
def test_several_skus_of_a_cell_get_their_units(text, units, expected):
    assert skus.units_of(text, units) == expected


def test_units_that_fit_several_skus_in_several_ways_are_refused():
    found = skus.units_of("A|B", "3")
    assert isinstance(found, Wrong)
    assert found.code == "ambiguous_quantity"


@pytest.mark.parametrize("text", ["Apr-72", "12-Apr", "2026-04-01", "4/1/2026"])
def test_a_sku_that_became_a_date_is_refused(text):
    assert date_like(text)
    assert isinstance(skus.sku(text), Wrong)


@pytest.mark.parametrize(
    ("cell", "plain"),
    [("$8.40", "8.4000"), ("8,40 €", "8.4000"), (8.4, "8.4000"), ("1.234,56", "1234.5600"),
     ("1,234.56", "1234.5600"), ("USD 7", "7.0000"), ("1'234.50", "1234.5000"), ("0", "0.0000"),
     ("", ""), (None, ""), ("NaN", ""), (".5", None), ("1.234", None), ("-4", None), ("free", None),
     (math.inf, None), ("1" * 400, None)],
)  # fmt: skip
def test_a_cost_becomes_a_plain_decimal_or_is_left_out(cell, plain):
    found = cost(cell)
    assert isinstance(found, Wrong) if plain is None else found == plain


@pytest.mark.parametrize(
    ("rule", "cell", "code"),
    [
        (tracking_numbers.tracking_number, "123456789012.0", "read_as_number"),
        (tracking_numbers.tracking_number, "12345678.5", "read_as_number"),
        (tracking_numbers.tracking_number, "=A2&B2", "formula_text"),
        (tracking_numbers.tracking_number, "+9400111899223197428490", None),
        (tracking_numbers.tracking_number, "-1234567890", None),
        (tracking_numbers.tracking_number, "9400111899223197000000", "digits_lost"),
        (skus.sku, "12345.0", "read_as_number"), (skus.sku, "=A2", "formula_text"),
        (values.words, "=A2", "formula_text"), (order_numbers.order_number, "=A2", "formula_text"),
    ],
)  # fmt: skip
def test_what_a_program_made_of_a_number_is_refused_not_shipped(rule, cell, code):
    found = rule(cell)
    assert isinstance(found, Wrong)
    assert code in {None, found.code}


@pytest.mark.parametrize(
    "cell", ["99.00.123456.12345678", "134.609506.647380.000", "1Z.999", "A1.0"]
)
def test_a_number_with_points_in_it_is_one(cell):
    assert tracking_numbers.tracking_number(cell) == cell


def test_a_comment_may_look_like_a_formula():
    assert values.comments("=== fragile ===") == "=== fragile ==="


def test_a_damaged_number_is_shown_as_the_spreadsheet_shows_it():
    assert display(9.400110000000001e21) == "9.40011E+21"


CELL = (
    st.text()
    | st.floats()
    | st.booleans()
    | st.none()
    | st.datetimes()
    | st.dates()
    | st.times()
    | st.timedeltas()
)
RULES = (
    order_numbers.order_number, order_numbers.external_number, values.identifier, values.quantity,
    values.words, values.comments, is_void, skus.sku, tracking_numbers.tracking_number,
    tracking_numbers.link, cost, plain_text,
)  # fmt: skip


@given(CELL)
def test_no_cell_makes_a_rule_fail(cell):
    for rule in RULES:
        rule(cell)
    display(cell)


@given(st.text())
def test_taking_the_protection_off_twice_changes_nothing_more_than_the_text_has(text):
    assert len(undress(undress(text))) <= len(undress(text))


LIKELY = st.from_regex(
    r"[0-9A-Za-z-]{1,24}|0*[1-9][0-9]{0,11}|[A-Z][a-z]{2}-\d\d|\d[.]\dE[+-]\d\d|\d{15}0{6}|null"
    r"|[ ']A1"
)
PLAIN = (
    (order_numbers.plain_ids, order_numbers.order_number),
    (skus.plain_skus, skus.sku),
    (tracking_numbers.plain_tracking, tracking_numbers.tracking_number),
)


@given(
    st.lists(
        LIKELY | st.text(max_size=5) | st.floats(0, 1e6) | st.integers(0, 10**6).map(float),
        min_size=1,
        max_size=5,
    )
)
@example(["00000001001"])
def test_the_fast_path_of_a_block_says_what_the_rule_says_of_each_cell(block):
    for plain, rule in PLAIN:
        made = plain(block)
        assert made is None or list(made) == [rule(cell) for cell in block]
        assert (
            plain is not skus.plain_skus or made is None or not any(map(skus.may_be_several, made))
        )
