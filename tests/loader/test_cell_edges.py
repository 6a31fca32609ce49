"""Where each rule of a cell begins and ends: the last that is taken, and the first that is not."""

from datetime import date, datetime

import pytest

from batch.loader.cells import check_digits, order_numbers, skus, tracking_numbers, values
from batch.loader.cells.damage import Wrong, display, plain_text
from batch.loader.cells.money import cost
from batch.loader.cells.row_status import RowStatus, is_void, parse_row_status

DAY = datetime(2026, 1, 2)


def read(rule, cell):
    """What a rule reads of a cell; the code of what is wrong with it in angle brackets."""
    found = rule(cell)
    return f"<{found.code}>" if isinstance(found, Wrong) else found


@pytest.mark.parametrize(
    ("cell", "text"),
    [(None, ""), ("=", "="), ("=A", "<formula_text>"), ("#", "#"), ("##", "##"),
     ("####", "<cell_too_narrow>"), ("#N/A", "<formula_error>"), ("#1", "#1"),
     (999_999_999_999_999, "999999999999999"), (10**15, "<digits_lost>"),
     (-(10**15), "<digits_lost>"), (1.5, "1.5"), (2.0, "2"), (-2.0, "-2"), (True, "<not_an_id>"),
     (False, "<not_an_id>"), (DAY, "<read_as_date>"), (float("nan"), "<digits_lost>"), ("'", ""),
     ("'7", "7"), ('="7"', "7"), ('="a""b"', 'a"b')],
)  # fmt: skip
def test_a_cell_as_text(cell, text):
    assert read(plain_text, cell) == text


@pytest.mark.parametrize(
    ("cell", "shown"),
    [(True, "TRUE"), (False, "FALSE"), (2.0, "2"), (2.5, "2.5"),
     (999_999_999_999_999.0, "999999999999999"), (10**15, "1.00000E+15"),
     (-(10.0**15), "-1.00000E+15"), ("a  b\n", "a b"), ("a" * 60, "a" * 60),
     ("a" * 61, "a" * 57 + "..."), (None, "None")],
)  # fmt: skip
def test_a_cell_as_it_is_shown(cell, shown):
    assert display(cell) == shown


@pytest.mark.parametrize(
    ("cell", "amount"),
    [("1,234,567", "1234567.0000"), ("1.234.567,89", "1234567.8900"), ("12,34,567", "<bad_cost>"),
     ("0.123", "0.1230"), ("000.123", "0.1230"), ("1.23", "1.2300"), ("1.2345", "1.2345"),
     ("1,23,4.5", "<bad_cost>"), ("7.", "7.0000"), ("1,234.567", "1234.5670"),
     ("1234,567.8", "<bad_cost>"), ("1,234,567.8", "1234567.8000"), ("1.234,567.8", "<bad_cost>"),
     ("1.2.3", "<bad_cost>"), (",234,567", "<bad_cost>"), ("999999999.99", "999999999.9900"),
     (10**9, "<bad_cost>"), (0, "0.0000"), (-0.01, "<bad_cost>"), (True, "<bad_cost>"),
     (False, "<bad_cost>"), (DAY, "<bad_cost>"), ("+5", "5.0000"), ("5-", "<bad_cost>"),
     ("$-5", "<bad_cost>"), ("12 345", "12345.0000"), ("n/a", "")],
)  # fmt: skip
def test_an_amount(cell, amount):
    assert read(cost, cell) == amount


@pytest.mark.parametrize(
    ("cell", "number"),
    [("9999999999", 9_999_999_999), ("10000000000", "<bad_order_number>"),
     ("00009999999999", 9_999_999_999), ("999999999", 999_999_999), ("000", "<bad_order_number>"),
     ("", 0), ("A-B-7", 7), ("A-PO-7", "<bad_order_number>"), ("7-12", "<bad_order_number>"),
     ("7-123", "<bad_order_number>"), ("po#7", "<bad_order_number>"), ("bc #7", 7)],
)  # fmt: skip
def test_an_order_number(cell, number):
    assert read(order_numbers.order_number, cell) == number


@pytest.mark.parametrize(
    ("cell", "number"),
    [("X" * 255, "X" * 255), ("X" * 256, "<bad_order_number>"), ("a\x01b", "<bad_order_number>"),
     ("N/A", ""), ("A 1", "A 1"), (DAY, "<read_as_date>")],
)  # fmt: skip
def test_a_number_of_another_shop(cell, number):
    assert read(order_numbers.external_number, cell) == number


@pytest.mark.parametrize(
    ("block", "ids"),
    [(["1", "999999999"], [1, 999_999_999]), (["1", "1000000000"], None), (["0", "1"], None),
     (["1", ""], None), (["-1"], None), ([1.0, 2.0], [1, 2]), ([1.0, 2.5], None),
     ([1.0, "2"], None), (["１"], None), (["1a"], None)],
)  # fmt: skip
def test_a_block_of_ids_is_read_at_once_where_nothing_is_odd(block, ids):
    found = order_numbers.plain_ids(block)
    assert (found if found is None else list(found)) == ids


@pytest.mark.parametrize(
    ("cell", "number"),
    [("12345678/12345679", "12345678\n12345679"), ("1234567/1234568", "1234567/1234568"),
     ("12345678/ABCDEFGH", "12345678/ABCDEFGH"), ("123456 123456", "<bad_tracking_number>"),
     ("1234567 1234567", "<bad_tracking_number>"),
     ("1234567890 1234567891", "1234567890\n1234567891"),
     ("123456789 123456789", "<bad_tracking_number>"), ("A1" * 25, "A1" * 25),
     ("A1" * 26, "<tracking_number_too_long>"), ("1;A", "<bad_tracking_number>"), ("1;2", "1\n2"),
     (";", "<bad_tracking_number>"), ("-1", "<bad_tracking_number>"),
     ("Pending", "<bad_tracking_number>"), ("pending1", "pending1"),
     ("1,234", "<bad_tracking_number>"), ("１２３４５６７８９", "123456789"),
     ("12345678²", "<bad_tracking_number>"), (12.0, "12"),
     ("HTTPS://x.example", "HTTPS://x.example"), ("http://x.example", "http://x.example"),
     ("94001118992231000000", "<digits_lost>"), ("9400111899223110000", "9400111899223110000")],
)  # fmt: skip
def test_a_tracking_number(cell, number):
    """Numbers apart where it is plain that they are several, and one where it is plain that it is
    one.
    """
    assert read(tracking_numbers.tracking_number, cell) == number


@pytest.mark.parametrize(
    ("block", "is_plain"),
    [(["A" * 9 + "1", "12" * 11], True), (["1" * 12], False), (["12" * 12], False),
     (["96" * 11], False), (["A" * 10], False),
     (["1" * 10, 1.0], False), (["1234567890-"], False), (["1" * 20 + "0" * 5], False),
     (["1" * 14 + "0" * 5], True), (["é" * 9 + "1"], False)],
)  # fmt: skip
def test_a_block_of_tracking_numbers_is_read_at_once_where_nothing_is_odd(block, is_plain):
    assert (tracking_numbers.plain_tracking(block) is not None) is is_plain


LINK = "https://x.example/"


@pytest.mark.parametrize(
    ("cell", "link"),
    [(LINK, LINK), (LINK + "a b", "<bad_tracking_link>"), (LINK + "\x01", "<bad_tracking_link>"),
     ("n/a", ""), (None, ""), ("x.example", "<bad_tracking_link>"), ("#N/A", "<formula_error>"),
     (DAY, "<read_as_date>"),
     (LINK.ljust(tracking_numbers.LINK_LENGTH, "a"), LINK.ljust(tracking_numbers.LINK_LENGTH, "a")),
     (LINK.ljust(tracking_numbers.LINK_LENGTH + 1, "a"), "<tracking_link_too_long>")],
)  # fmt: skip
def test_a_link(cell, link):
    assert read(tracking_numbers.link, cell) == link


@pytest.mark.parametrize(
    ("cell", "units"),
    [("1000000", 1_000_000), ("1000001", "<bad_quantity>"), ("-1", "<negative_quantity>"),
     ("-0", 0), ("0", 0), ("1.50", "<bad_quantity>"), ("0.000", 0), ("1.00", 1), ("1.0000", 1),
     ("1,000", "<bad_quantity>"), ("", None), (None, None), (float("nan"), "<bad_quantity>"),
     (float("inf"), "<bad_quantity>"), (2.5, "<bad_quantity>"), (-3, "<negative_quantity>"),
     (True, "<bad_quantity>"), ("٣", "<bad_quantity>")],
)  # fmt: skip
def test_units(cell, units):
    assert read(values.quantity, cell) == units


@pytest.mark.parametrize(
    ("cell", "number"),
    [("0", 0), ("", 0), ("N/A", 0), ("9" * 18, int("9" * 18)), ("1" * 19, "<bad_id>"), ("7.0", 7),
     ("7.5", "<bad_id>"), ("x", "<bad_id>"), ("٣", "<bad_id>"), (7.0, 7)],
)  # fmt: skip
def test_an_id(cell, number):
    assert read(values.identifier, cell) == number


@pytest.mark.parametrize(
    ("cell", "text"),
    [("a" * values.COMMENTS_LENGTH, "a" * values.COMMENTS_LENGTH),
     ("a" * (values.COMMENTS_LENGTH + 1), "<comments_too_long>"), (" a\r\nb\rc ", "a\nb\nc"),
     ("a\x01b", "ab"), ("#N/A", ""), ("#1 fragile", "#1 fragile"), ("=A", "=A"), (None, ""),
     (2.0, "2"), (2.5, "2.5"), (1e15, "1000000000000000.0"), (date(2026, 1, 2), "2026-01-02")],
)  # fmt: skip
def test_a_comment(cell, text):
    assert read(values.comments, cell) == text


@pytest.mark.parametrize(("cell", "text"), [(" UPS  Ground ", "UPS Ground"), ("n/a", ""),
    ("#N/A", "<formula_error>"), (2.0, "2"), (None, "")])  # fmt: skip
def test_words(cell, text):
    assert read(values.words, cell) == text


@pytest.mark.parametrize(
    ("cell", "sku"),
    [("-", ""), ("--", ""), ("N/A", ""), ("null", ""), ("none", "none"),
     ("12345.0", "<read_as_number>"), ("12345.5", "12345.5"), ("12.0", "12.0"),
     ("a\x01", "<bad_sku>"), (" A ", "A"), (7.0, "7")],
)  # fmt: skip
def test_a_sku(cell, sku):
    assert read(skus.sku, cell) == sku


@pytest.mark.parametrize(
    ("text", "units", "expected"),
    [("A|B", "2|1|3", "<ambiguous_quantity>"), ("A x2|B", "3", (("A", 2), ("B", 1))),
     ("A x2", "2", None), ("A x2|B", "4", "<ambiguous_quantity>"),
     ("A, B", "3", "<ambiguous_quantity>"), ("A,B", "3", None),
     ("A|B,C", "3", "<ambiguous_quantity>"), ("A|", "1", None), ("A", None, None),
     ("A,B", "", None), ("A, B", "", (("A", None), ("B", None))), ("1234567 x A", "", None),
     ("A x 1234567", "", None)],
)  # fmt: skip
def test_several_skus(text, units, expected):
    assert read(lambda cell: skus.units_of(text, cell), units) == expected


@pytest.mark.parametrize(
    ("text", "several"),
    [
        ("AB", False),
        ("A|B", True),
        ("A,B", True),
        ("A-B", False),
        ("A x2", True),
        ("2 x A", True),
        ("Ax2", False),
    ],
)
def test_a_cell_that_may_have_several_skus(text, several):
    assert skus.may_be_several(text) is several


@pytest.mark.parametrize(
    ("cell", "void"),
    [(None, False), (True, True), (False, False), ("Y", True), ("no", False), ("", False),
     ("n/a", False), ("2026-01-02", True), ("20260102", True), ("0000-00-00", False), (1.0, True),
     (0.0, False), (DAY, True), ("voided", True), ("perhaps", "<bad_void>")],
)  # fmt: skip
def test_a_void_cell(cell, void):
    assert read(is_void, cell) == void


@pytest.mark.parametrize(
    ("cell", "status"),
    [("Shipped", RowStatus.SHIPPED), ("Label voided", RowStatus.VOID),
     ("not voided", RowStatus.UNSAID), ("Pending", RowStatus.NOT_YET), ("blue", RowStatus.UNSAID),
     (1.0, RowStatus.UNSAID)],
)  # fmt: skip
def test_a_status_cell(cell, status):
    assert parse_row_status(cell) is status


@pytest.mark.parametrize(
    ("number", "guesses"),
    [("1Z879E930346834440", {("ups", True)}), ("RB123456785US", {("usps", True)}),
     ("3318810025", {("dhl", False)}), ("986578788855", {("fedex", False)}),
     ("041441760228964", {("fedex", False)}), ("9611020987654312345672", {("fedex", True)}),
     ("03071790000523483741", {("usps", False)}), ("4012888888881881", set()),
     ("00340434161094015902", {("dhl-germany", True)}),
     ("9261292700768711948021", {("usps", True), ("fedex", False)})],
)  # fmt: skip
def test_how_sure_a_number_is(number, guesses):
    """A shape alone of common digits is not; one that names its carrier is."""
    found = {(guess.slug, guess.certain) for guess in check_digits.readings(number)}
    assert {one for one in found if one[0] != "canada-post"} >= guesses
    assert found or not guesses


@pytest.mark.parametrize("number", ["７３１２３４５６７８", "１Z879E930346834440"])
def test_a_number_of_other_digits_is_nobodys(number):
    assert check_digits.readings(number) == ()
