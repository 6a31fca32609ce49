"""What a column's values look like: the last that confirms a field, the first that does not, and
what contradicts.
"""

from datetime import date

import pytest

from batch.loader.columns import value_shapes as shapes
from batch.model import Field

UPS = "1Z5R89390357567127"
CONFIRM = {
    Field.ORDER_ID: (
        ["1001", "#1001", "BC-1001", "1001-2", "112-1234567-1234567"],
        ["x", "2026-01-02", "12345678901"],
    ),
    Field.ORDER_PRODUCT_ID: (["100", "1234567890", "7.0"], ["12345678901", "A1", "7.5"]),
    Field.ORDER_ADDRESS_ID: (["1", "7.0"], ["A1"]),
    Field.SKU: (
        ["MUG", "A B", "x" * 64, "100"],
        ["a b c", "x" * 65, "https://x.example/1", "2026-01-02"],
    ),
    Field.QUANTITY: (["1", "1.0", "1,00", "999999", "2 pcs"], ["1.5", "1000000", "x", "2 kg"]),
    Field.TRACKING_NUMBER: (
        ["ABC12345", "123456789", UPS],
        ["ABCD1234", "12345678", "4006381333931", "2026-01-02", "A" * 41],
    ),
    Field.TRACKING_LINK: (["https://x.example/1", "www.x.example"], ["x.example", "http://"]),
    Field.CARRIER: (["UPS", "DHL Paket"], ["Will Call", "Nobody knows"]),
    Field.SHIPPING_METHOD: (["Ground", "über Nacht"], ["2 Day"]),
    Field.MERCHANT_SHIPPING_COST: (["8.40", "$8.40", "8,40 €", "USD 7"], ["x", "2026-01-02"]),
    Field.SHIP_DATE: (["2026-01-02", "20260102", "1700000000", "2 Jan 2026"], ["19991231", "MUG"]),
    Field.VOID: (["Y", "no", "voided"], ["perhaps"]),
    Field.UNIT: (["EA", "pcs"], ["perhaps", "7"]),
    Field.SHORT: (["0", "1"], ["1.5", "x"]),
}


@pytest.mark.parametrize(
    ("field", "cell"), [(field, cell) for field, (good, _) in CONFIRM.items() for cell in good]
)
def test_a_value_confirms_its_field(field, cell):
    """Alone: nearly all must look so."""
    assert shapes.confirms(field, [cell])


@pytest.mark.parametrize(
    ("field", "cell"), [(field, cell) for field, (_, bad) in CONFIRM.items() for cell in bad]
)
def test_another_value_does_not(field, cell):
    assert not shapes.confirms(field, [cell])


@pytest.mark.parametrize("field", [Field.COMMENTS, Field.SHIPPING_PROVIDER])
def test_a_field_without_a_look_is_confirmed_by_nothing(field):
    assert not shapes.confirms(field, ["1001", "UPS"])


@pytest.mark.parametrize(
    ("good", "bad", "blank", "enough"),
    [(4, 1, 0, True), (3, 1, 0, False), (4, 1, 9, True), (0, 0, 3, False)],
)
def test_four_of_five_say_something(good, bad, blank, enough):
    """Blanks say nothing."""
    cells = [
        *(str(1001 + n) for n in range(good)),
        *["words"] * bad,
        *["", "n/a", "TBD"][:blank] * 3,
    ]
    assert shapes.confirms(Field.ORDER_ID, cells) is enough


@pytest.mark.parametrize("field", [Field.SKU, Field.ORDER_PRODUCT_ID])
def test_line_numbers_are_no_articles(field):
    assert not shapes.confirms(field, ["1", "2", "10", "11"])
    assert shapes.confirms(field, ["1", "2", "100"])


def test_half_of_the_numbers_may_be_said_twice():
    """Each parcel's number stands in every row of it."""
    numbers = [f"PARCEL{n:06}" for n in range(4)]
    assert shapes.confirms(Field.TRACKING_NUMBER, [*numbers, *numbers[:3]])
    assert not shapes.confirms(Field.TRACKING_NUMBER, [*numbers, *numbers])


@pytest.mark.parametrize(
    ("field", "cell", "is_contradiction"),
    [
        (Field.ORDER_ID, "words", True),
        (Field.ORDER_ID, "2026-01-02", True),
        (Field.ORDER_ID, "8.40", True),
        (Field.ORDER_ID, "1001", False),
        (Field.ORDER_ID, "ABC-1", False),
        (Field.EXTERNAL_ORDER_ID, "https://x.example/1", True),
        (Field.EXTERNAL_ORDER_ID, "words", False),
        (Field.ORDER_PRODUCT_ID, "A", True),
        (Field.ORDER_ADDRESS_ID, "A", True),
        (Field.ORDER_ADDRESS_ID, "7", False),
        (Field.SKU, "https://x.example/1", True),
        (Field.SKU, "MUG", False),
        (Field.QUANTITY, "words", True),
        (Field.QUANTITY, "123456", False),
        (Field.QUANTITY, "1234567", True),
        (Field.QUANTITY, "2 pcs", False),
        (Field.QUANTITY, "1/2/26", True),
        (Field.TRACKING_NUMBER, "1234", True),
        (Field.TRACKING_NUMBER, "12345", False),
        (Field.TRACKING_NUMBER, "words", True),
        (Field.TRACKING_NUMBER, "Will Call", False),
        (Field.TRACKING_NUMBER, "UPS", True),
        (Field.TRACKING_LINK, "words", True),
        (Field.TRACKING_LINK, "x.example", False),
        (Field.TRACKING_LINK, "a/b", False),
        (Field.CARRIER, "AB1234567", True),
        (Field.CARRIER, "1234567", False),
        (Field.CARRIER, "A1", False),
        (Field.CARRIER, "carrier_12", False),
        (Field.CARRIER, "2026-01-02", True),
        (Field.SHIPPING_METHOD, "2026-01-02", True),
        (Field.SHIPPING_METHOD, "Ground", False),
        (Field.MERCHANT_SHIPPING_COST, "words", True),
        (Field.MERCHANT_SHIPPING_COST, "2026-01-02", True),
        (Field.MERCHANT_SHIPPING_COST, "8.40", False),
        (Field.SHIP_DATE, "words", True),
        (Field.SHIP_DATE, "https://x.example/1", True),
        (Field.SHIP_DATE, "2026-01-02", False),
        (Field.VOID, "perhaps", True),
        (Field.VOID, "Y", False),
        (Field.UNIT, "7", True),
        (Field.UNIT, "E" * 16, False),
        (Field.UNIT, "E" * 17, True),
        (Field.SHORT, "x", True),
        (Field.SHORT, "1", False),
        (Field.SHOP, "2026-01-02", True),
        (Field.SHOP, "Main Street", False),
        (Field.SHIPPING_PROVIDER, "AB1234567", True),
        (Field.TRACKING_CARRIER, "AB1234567", True),
        (Field.COMMENTS, "words", False),
    ],
)
def test_what_contradicts_a_field(field, cell, is_contradiction):
    assert shapes.contradicts(field, [cell]) is is_contradiction


@pytest.mark.parametrize(
    ("looks", "good", "bad"),
    [
        (shapes.is_marketplace, "112-1234567-1234567", "1001"),
        (shapes.are_codes, "A1", "2026-01-02"),
        (shapes.are_codes, "MUG-7", "MUG"),
        (shapes.are_codes, "B" + "1" * 39, "B" + "1" * 40),
        (shapes.are_few, "999", "1000"),
        (shapes.are_few, "2.0", "2.5"),
        (shapes.are_small_counts, "1", "0"),
        (shapes.are_number_like, "AB-1001", "AB-100"),
        (shapes.are_number_like, "20260102", "2026-01-02"),
        (shapes.are_number_like, "1001", "https://x.example/1001"),
        (shapes.are_harmless, "2026-01-02", "20260102"),
        (shapes.are_harmless, "https://x.example/1", "x.example"),
        (shapes.are_harmless, "a@b.example", "a@b"),
        (shapes.are_harmless, "8.40", "840"),
        (shapes.are_harmless, "$8", "8"),
        (shapes.are_harmless, "one two three four five", "one two three four"),
        (shapes.are_store_numbers, "BC-1001", "PARCEL-1001"),
        (shapes.are_store_numbers, "10", "1"),
        (shapes.look_like_tracking, UPS, "1001"),
        (shapes.look_like_tracking, "3318810025", "3318810024"),
    ],
)
def test_what_a_column_looks_like(looks, good, bad):
    assert looks([good])
    assert not looks([bad])
    assert not looks([])


def test_tracking_numbers_differ_nearly_all():
    """Whatever the column is called; five of six differ, four of five do not do."""
    numbers = [f"PAR{n}CEL00001X" for n in range(5)]
    assert shapes.look_like_tracking([*numbers, numbers[0]])
    assert not shapes.look_like_tracking([*numbers[:4], numbers[0]])


@pytest.mark.parametrize(
    ("cells", "foreign"),
    [
        (["112-1234567-1234567"], True),
        (["123456789012"], True),
        (["PO-1001"], True),
        (["123456789012", "words"], True),
        (["123456789012", "1001"], False),
        (["1001"], False),
        (["words"], False),
        (["2026-01-02"], False),
        (["8.40"], False),
        (["0"], False),
        ([], False),
    ],
    ids=str,
)
def test_orders_that_no_store_can_have(cells, foreign):
    """All of them, but for words."""
    assert shapes.are_foreign_orders(cells) is foreign


@pytest.mark.parametrize(
    ("orders", "values", "by_line"),
    [
        (["1", "2"], ["A", "A"], False),
        (["1", "2", "3"], ["A", "B", "A"], True),
        (["1", "2"], ["A", "B"], False),
        (["1", "1"], ["A", "B"], True),
        (["1", ""], ["A", "B"], True),
        (["1", "1"], ["PARCEL000001", "PARCEL000002"], False),
        (["7", "8", "9"], ["A7", "B", "B"], False),
        (["#7", "8", "9"], ["A7", "B", "B"], False),
        (["1", "1"], ["A", ""], False),
        (["", ""], ["A", "B"], False),
        (["1", "1"], ["a", "A"], False),
    ],
    ids=str,
)
def test_values_that_go_by_line(orders, values, by_line):
    """One in several orders, or several in one; not those with their order's number in them."""
    assert shapes.go_by_line(orders, values) is by_line


def test_a_value_counts_once_an_order():
    assert shapes.distinct_per_order(["1", "", "2"], ["A", "A", "A"]) == ["A", "A"]
    assert shapes.distinct_per_order(["1", "1", "1"], ["A", "B", "a"]) == ["A", "B", "a"]


@pytest.mark.parametrize(
    ("orders", "labels", "cells", "apart"),
    [
        (["1", "1"], ["T", "T"], ["A", "B"], True),
        (["1", ""], ["T", ""], ["A", "B"], True),
        (["1", "1"], ["T", "U"], ["A", "B"], False),
        (["1", "2"], ["T", "T"], ["A", "B"], False),
        (["1", "1"], ["T", "T"], ["A", "A"], False),
        (["1", "1"], ["T", "T"], ["A", ""], False),
        (["", ""], ["T", "T"], ["A", "B"], False),
    ],
    ids=str,
)
def test_values_that_tell_the_lines_of_a_parcel_apart(orders, labels, cells, apart):
    assert shapes.tell_lines_apart(orders, labels, cells) is apart


@pytest.mark.parametrize(
    ("cell", "is_one"),
    [
        ("", True),
        ("2026-01-02", True),
        ("Y", True),
        ("no", True),
        ("perhaps", False),
        ("https://x.example/2026-01-02", False),
    ],
)
def test_a_day_or_a_flag(cell, is_one):
    assert shapes.is_day_or_flag(cell) is is_one


def test_counts_are_not_nearly_all_nought():
    assert shapes.are_small_counts(["1", "1", "0", "0", "00"])
    assert not shapes.are_small_counts(["1", "0", "0", "0", "00"])


@pytest.mark.parametrize(
    ("orders", "cells", "are_positions"),
    [
        (["7", "7", "8"], ["1", "2", "1"], True),
        (["7", "", "8"], ["1.0", "2.0", "1.0"], True),
        (["7", "8"], ["1", "1"], True),
        (["7", "8", "9"], ["1", "2", "3"], True),
        (["7", "8"], ["1", "2"], False),
        (["7", "8", "9"], ["1", "2", "4"], False),
        (["7", "7", "8"], ["1", "1", "1"], False),
        (["7", "7", "8"], ["0", "1", "0"], False),
        (["7", "8", "7"], ["1", "1", "2"], False),
    ],
    ids=str,
)
def test_positions_count_the_rows_of_an_order_or_of_the_file(orders, cells, are_positions):
    """Of the file from three rows on."""
    assert shapes.are_positions(orders, cells) is are_positions


@pytest.mark.parametrize(
    ("orders", "cells", "are_per_order"),
    [
        (["7", "7", "8"], ["2", "2", "1"], True),
        (["7", "", "8"], ["2", "2", "1"], True),
        (["7", "7", "8"], ["2", "1", "1"], False),
        (["7", "7", "8"], ["3", "3", "1"], False),
        (["7", "7", "8"], ["2", "2", "2"], False),
        (["7", "8"], ["1", "1"], False),
    ],
    ids=str,
)
def test_a_number_per_order_is_that_of_its_rows(orders, cells, are_per_order):
    """And some order has several."""
    assert shapes.are_per_order(orders, cells) is are_per_order


@pytest.mark.parametrize(
    ("cells", "counted", "are_at_most"),
    [
        (["2", "2"], ["3", "2"], True),
        (["1", "2"], ["2", "2"], True),
        (["1.0", "2"], ["2.0", "2"], True),
        (["x", "2"], ["1", "3"], True),
        (["1"], ["2"], True),
        (["2", "2"], ["2", "2"], False),
        (["3", "1"], ["2", "2"], False),
        (["0", "2"], ["5", "2"], False),
        (["1", "0"], ["2", "1"], False),
        (["123456", "2"], ["12345", "3"], False),
        (["1234567", "2"], ["12345", "3"], True),
    ],
    ids=str,
)
def test_what_is_at_most_what_stands_beside_it(cells, counted, are_at_most):
    """Some less, and more than yes and no; long numbers are no units."""
    assert shapes.are_at_most(cells, counted) is are_at_most


@pytest.mark.parametrize(
    ("cells", "varies"), [(["A", "B"], True), (["A", "A"], False), (["A", ""], False), ([], False)]
)
def test_values_that_vary(cells, varies):
    assert shapes.vary(cells) is varies


def test_a_date_of_the_workbook_is_a_date():
    day = date(2026, 1, 2)
    assert shapes.confirms(Field.SHIP_DATE, [day])
    assert shapes.contradicts(Field.ORDER_ID, [day])
    assert not shapes.confirms(Field.SKU, [day])
