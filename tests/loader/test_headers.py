"""Columns are recognised by name and by the look of their values, or the run stops with a --map
that works.
"""

import re
import shlex
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.errors import ColumnError
from batch.loader.columns.headers import find_header, headerless, normalise, recognise
from batch.loader.columns.synonyms import Strength, entries, table
from batch.model import Field, Unanswered

UPS = "1Z5R89390357567127"
USPS = "9400111201080805483016"
FITTING = {
    Field.ORDER_ID: "1001",
    Field.EXTERNAL_ORDER_ID: "112-1234567-1234567",
    Field.ORDER_PRODUCT_ID: "20771",
    Field.ORDER_ADDRESS_ID: "311",
    Field.SKU: "ABC-1",
    Field.QUANTITY: 2.0,
    Field.TRACKING_NUMBER: UPS,
    Field.TRACKING_LINK: "https://example.com/t/1",
    Field.CARRIER: "UPS",
    Field.SHIPPING_PROVIDER: "ups",
    Field.TRACKING_CARRIER: "dpd-uk",
    Field.SHIPPING_METHOD: "Next day",
    Field.MERCHANT_SHIPPING_COST: "4.95",
    Field.COMMENTS: "Left at the door",
    Field.SHIP_DATE: "2026-11-20",
    Field.VOID: "N",
    Field.UNIT: "EA",
    Field.RECIPIENT_NAME: "Jane Doe",
    Field.RECIPIENT_POSTCODE: "78751",
    Field.RECIPIENT_COUNTRY: "US",
}
"""A value of each field."""

cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.datetimes(),
    st.dates(),
    st.text(max_size=30),
    st.sampled_from([*FITTING.values()]),
)
headers = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["Order ID", "Order Number", "Qty", "Tracking 2", "Service"]),
)


def columns(header, *rows, **options):
    return dict(recognise(header, rows, **options).columns)


def options(todo):
    """The --map options of a todo, as a shell would hand them over."""
    found = re.findall(r'--map (?:"[^"]*"|[^\s;]+)', todo)
    return [shlex.split(option)[1].split("=", 1) for option in found]


def answers(todo):
    """Its alternatives, each with all of its options."""
    option = r'--map (?:"[^"]*"|[^\s;]+)'
    return [dict(options(found)) for found in re.findall(rf"{option}(?: {option})*", todo)]


@given(st.text())
def test_normalising_twice_is_normalising_once(text):
    """A normalised header is its own normal form."""
    assert normalise(normalise(text)) == normalise(text)


def test_normalising_forgets_case_accents_and_punctuation():
    """`Order - Number` and `order_number` are one key, and so are accented spellings."""
    assert {
        normalise(text)
        for text in ("Order - Number", "order_number", "ORDER NUMBER", "order-number")
    } == {"ordernumber"}
    assert normalise("Número do Pedido") == normalise("Numero do pedido")


def with_order(header, wanted):
    """The columns of a sheet of that header, a fitting value and, if it is not the order's itself,
    an order.
    """
    if wanted in {Field.ORDER_ID, Field.EXTERNAL_ORDER_ID}:
        return columns([header], [FITTING[wanted]])
    return columns(
        [header, "bigcommerce order id"], [FITTING[wanted], "1001"], constants={Field.SKU}
    )


def test_a_strong_header_is_its_own_field_alone():
    """Every sure or strong header of the table resolves to its field and to no other."""
    listed = [
        (header, Field(field))
        for field, strength, header in entries()
        if strength in {"sure", "strong"}
    ]
    found = [
        (header, wanted, with_order(header, wanted))
        for header, wanted in listed
        if wanted in FITTING
    ]
    assert len(found) > 1000
    assert not [row for row in found if row[2].get(row[1]) != (0,)]
    assert not [row for row in found if not set(row[2]) <= {row[1], Field.ORDER_ID}]


def test_a_weak_header_is_its_field_when_the_values_fit():
    """Every weak header is its field where its values fit, if it is not strongly another's."""
    listed = [(header, Field(field)) for field, strength, header in entries() if strength == "weak"]
    alone = [
        row for row in listed if max(table()[normalise(row[0])].fields.values()) == Strength.WEAK
    ]
    assert len(alone) > 150
    assert not [row for row in alone if with_order(*row).get(row[1]) != (0,)]


def asked(header, sample, **options):
    """The recognition, or the ColumnError that came instead; anything else fails the test."""
    try:
        return recognise(header, sample, **options)
    except ColumnError as error:
        return error


@given(st.lists(headers, max_size=6), st.lists(st.lists(cells, max_size=7), max_size=5))
def test_any_header_and_sample_are_recognised_or_a_column_error(header, sample):
    """Whatever stands in the cells, the answer is a recognition or a ColumnError with something to
    do.
    """
    found = asked(header, sample)
    if isinstance(found, ColumnError):
        assert found.todo
        return
    used = [index for indexes in found.columns.values() for index in indexes]
    assert len(used) == len(set(used))
    assert all(index < max(map(len, [header, *sample]), default=0) for index in used)


def followed(header, sample, mapping):
    """A mapping with the first answers to all that is asked after it, no question twice."""
    while isinstance(more := asked(header, sample, mapping=mapping), ColumnError):
        answer = dict(options(more.questions[0].choices[0].option))
        assert not answer.keys() <= mapping.keys()
        mapping |= answer
    return mapping


@given(st.lists(headers, max_size=6), st.lists(st.lists(cells, max_size=7), min_size=1, max_size=5))
def test_the_answers_that_an_error_shows_work(header, sample):
    """The first answers to all questions settle the columns together; any other leads to no
    question twice.
    """
    found = asked(header, sample)
    if not isinstance(found, ColumnError):
        return
    if not isinstance(found, Unanswered):
        assert not options(found.todo)
        return
    firsts = [choice.option for question in found.questions for choice in question.choices[:1]]
    assert not isinstance(
        asked(header, sample, mapping=dict(options(" ".join(firsts)))), ColumnError
    )
    for one in found.questions[0].choices:
        followed(header, sample, dict(options(one.option)))


@given(st.lists(st.lists(cells, max_size=6), max_size=8))
def test_finding_the_header_never_fails(rows):
    """Any rows have a header row among them, or none."""
    found = find_header(rows)
    assert found is None or 0 <= found < len(rows)


def test_shipstation_export():
    """The hard-coded names of a ShipStation export need no mapping, and are said one by one."""
    header = [
        "Order - Number",
        "Shipment - Tracking Number",
        "Shipment - Carrier",
        "Shipment - Service",
        "Item - SKU",
    ]
    found = recognise([*header, "Item - Qty"], [["1001", UPS, "UPS", "UPS Ground", "ABC-1", 2.0]])
    assert found.said[0] == "read `Order - Number` as order_id"
    assert len(found.said) == 6
    assert len(found.columns) == 6
    assert not found.warnings


def test_amazons_own_rows_above_the_header_are_passed_over():
    """TemplateType row, localised row, real row: the real one is the header."""
    rows = [
        ["TemplateType=OrderFulfillment", "Version=2011.1102", ""],
        ["注文番号", "注文商品番号", "出荷数"],
        ["order-id", "order-item-id", "quantity"],
        ["250-1234567-1234567", "12345678901234", "1"],
    ]
    assert find_header(rows) == 2


def test_titles_and_blank_rows_above_the_header_are_passed_over():
    """A report's banner is not its header."""
    rows = [
        ["Daily shipping report", None],
        [None, None],
        ["Warehouse:", "North"],
        ["Order #", "Qty"],
        [1001.0, 2.0],
    ]
    assert find_header(rows) == 3


def test_a_header_repeated_on_each_page_is_found_once():
    """The first of equal header rows counts."""
    assert find_header([["Order", "Qty"], [1.0, 2.0], ["Order", "Qty"], [3.0, 4.0]]) == 0


def test_no_header_is_none():
    """Data alone, or words that name nothing, are no header."""
    assert find_header([["1001", UPS, "UPS"], ["1002", USPS, "USPS"]]) is None
    assert find_header([["alpha", "beta"], ["gamma", "delta"]]) is None


def test_a_header_that_only_the_mapping_knows_is_found():
    """What a person maps by name stands in the header row."""
    assert (
        find_header([["Report"], ["Vorgang X", "Code Y"], ["1001", UPS]], mapped=["Vorgang X"]) == 1
    )


def test_units_ordered_are_never_units_shipped():
    """With both columns the shipped one is used."""
    found = columns(["Order", "SKU", "Qty Ordered", "Qty Shipped"], ["1001", "A-1", 5.0, 3.0])
    assert found[Field.QUANTITY] == (3,)


def test_units_ordered_alone_stop_the_file():
    """Only "Qty Ordered" beside a SKU: the file stops, and either option settles it."""
    header, row = ["Order", "SKU", "Qty Ordered"], ["1001", "A-1", 5.0]
    with pytest.raises(ColumnError, match="units ordered") as caught:
        columns(header, row)
    use, leave = options(caught.value.todo)
    assert columns(header, row, mapping=dict([use]))[Field.QUANTITY] == (2,)
    assert Field.QUANTITY not in columns(header, row, mapping=dict([leave]))


@pytest.mark.parametrize("header", ["Reserved Quantity", "Qty per case", "Menge (Auftrag)"])
def test_units_of_unknown_kind_stop_the_file_too(header):
    """A quantity by a part of its name is asked about, not guessed."""
    with pytest.raises(ColumnError, match="may be units ordered"):
        columns(["Order", "SKU", header], ["1001", "A-1", 5.0])


def test_units_ordered_of_a_whole_order_are_left_aside_with_a_warning():
    """Where no column names a line, an order's units decide nothing."""
    found = recognise(["Order", "Qty Ordered", "Tracking"], [["1001", 5.0, UPS]])
    assert Field.QUANTITY not in found.columns
    assert "Qty Ordered" in found.warnings[0]


def test_two_order_columns_that_differ_compete():
    """Both are shown with their values, and each option shown settles it."""
    header, row = ["Order Number", "Order ID", "Tracking"], ["1001", "88123", UPS]
    with pytest.raises(
        ColumnError, match=r"`Order Number` \(values 1001\).*`Order ID` \(values 88123\)"
    ) as caught:
        columns(header, row)
    first, second = options(caught.value.todo)
    assert columns(header, row, mapping=dict([first]))[Field.ORDER_ID] == (0,)
    assert columns(header, row, mapping=dict([second]))[Field.ORDER_ID] == (1,)


def test_two_order_columns_that_agree_are_one():
    """`#1001` and `1001` say the same, and it is said which was read."""
    found = recognise(["Order Number", "Order ID"], [["#1001", 1001.0], ["#1002", 1002.0]])
    assert found.columns[Field.ORDER_ID] == (0,)
    assert found.said == ("read `Order Number` as order_id (the same as `Order ID`)",)


def test_columns_with_one_name_are_told_apart_by_letter():
    """Where the header cannot name the column, the option does so by letter."""
    header, row = ["Order ID", "Order ID"], ["1001", "88123"]
    with pytest.raises(ColumnError) as caught:
        columns(header, row)
    assert columns(header, row, mapping=dict([options(caught.value.todo)[1]]))[Field.ORDER_ID] == (
        1,
    )


def test_a_marketplaces_number_is_not_the_stores():
    """Beside the store's number it is left aside; alone it is looked up as external_order_id."""
    assert columns(["Order Number", "Order ID"], ["1001", "112-1234567-1234567"])[
        Field.ORDER_ID
    ] == (0,)
    assert columns(["order-id"], ["112-1234567-1234567"]) == {Field.EXTERNAL_ORDER_ID: (0,)}


def test_other_systems_numbers_alone_are_looked_up_and_a_mixture_is_the_rows_own_affair():
    """Where no value can be the store's the column is external, with a warning; one that can keeps
    it the order's.
    """
    foreign = [["ETSY-2169607287X"], ["112-1234567-1234567"], ["SO-77A"], ["Total"], [""]]
    found = recognise(["order_id"], foreign)
    assert found.columns == {Field.EXTERNAL_ORDER_ID: (0,)}
    assert "another system's order numbers (ETSY-2169607287X)" in found.warnings[0]
    assert dict(recognise(["order_id"], [*foreign, ["1001"]]).columns) == {Field.ORDER_ID: (0,)}
    assert dict(
        recognise(["order_id"], foreign, mapping=dict(options(found.warnings[0]))).columns
    ) == {Field.ORDER_ID: (0,)}


@pytest.mark.parametrize("cell", [9.4e21, "9.4E+21", "2026-11-20", "0000", "https://t.example/1"])
def test_damage_is_no_other_systems_number(cell):
    """What a spreadsheet program has done to a number is refused, and not looked up."""
    assert Field.EXTERNAL_ORDER_ID not in asked_columns(["order_id"], ["SO-77A"], [cell])


def asked_columns(header, *rows):
    """The columns, or none where a person is asked."""
    found = asked(header, rows)
    return {} if isinstance(found, ColumnError) else found.columns


def test_an_external_column_stands_where_the_orders_own_cannot():
    """Numbers that are not the store's do not refuse rows that another column names."""
    found = recognise(["order_id", "Amazon Order ID"], [["SO-77A", "112-1234567-1234567"]])
    assert found.columns == {Field.EXTERNAL_ORDER_ID: (1,)}
    assert "SO-77A" in found.warnings[0]


def test_an_erps_external_number_competes_with_its_own():
    """An ERP calls the store's number external: with numbers of a store in both columns the file
    stops.
    """
    header, row = ["Auftragsnummer", "Externe Auftragsnummer"], ["2026100", "1001"]
    with pytest.raises(ColumnError, match="2 columns could be order_id") as caught:
        columns(header, row)
    own, external = options(caught.value.todo)
    assert columns(header, row, mapping=dict([own]))[Field.ORDER_ID] == (0,)
    assert columns(header, row, mapping=dict([external]))[Field.ORDER_ID] == (1,)
    assert "--map" in recognise(["external_order_id"], [["1001"]]).warnings[0]


def test_another_systems_numbers_compete_with_a_reference_that_holds_the_stores():
    """An ERP's own order number beside a customer's: to look the first up would find nothing."""
    header, row = ["Order No.", "External Document No.", "Tracking"], ["SO-101", "1001", UPS]
    with pytest.raises(ColumnError, match="2 columns could be order_id") as caught:
        columns(header, row)
    own, reference = answers(caught.value.todo)
    assert columns(header, row, mapping=own)[Field.EXTERNAL_ORDER_ID] == (0,)
    assert columns(header, row, mapping=reference)[Field.ORDER_ID] == (1,)


def test_an_unknown_column_full_of_tracking_numbers_is_asked_about():
    """Without it every parcel would go without a number, and nobody would know."""
    header, rows = ["Order", "Vorgang"], [["1001", UPS], ["1002", USPS]]
    with pytest.raises(ColumnError, match=r"`Vorgang` .* looks like it") as caught:
        recognise(header, rows)
    use, leave = answers(caught.value.todo)
    assert recognise(header, rows, mapping=use).columns[Field.TRACKING_NUMBER] == (1,)
    assert Field.TRACKING_NUMBER not in recognise(header, rows, mapping=leave).columns


@pytest.mark.parametrize("header", ["Consignment", "Vorgang"])
def test_a_tracking_number_stands_in_every_row_of_its_parcel(header):
    """Repeats within an order are no sign that it is something else."""
    rows = [
        [order, sku, "1", f"JD{order * 4}"]
        for order in ("1001", "1002", "1003")
        for sku in ("A", "B", "C")
    ]
    try:
        found = recognise(["Order Number", "SKU", "Quantity", header], rows)
    except ColumnError as error:
        found = recognise(
            ["Order Number", "SKU", "Quantity", header], rows, mapping=answers(error.todo)[0]
        )
    assert found.columns[Field.TRACKING_NUMBER] == (3,)


def test_a_number_that_many_orders_share_is_no_tracking_number():
    """A product's barcode, under a name that parcels have, too."""
    rows = [[f"10{n:02}", "A", "1", "JD1001100110"] for n in range(9)]
    found = recognise(["Order Number", "SKU", "Quantity", "Barcode"], rows)
    assert Field.TRACKING_NUMBER not in found.columns
    assert "is not read as the tracking number" in found.warnings[0]
    mapping = dict(options(found.warnings[0]))
    assert recognise(["Order Number", "SKU", "Quantity", "Barcode"], rows, mapping=mapping).columns[
        Field.TRACKING_NUMBER
    ] == (3,)


def test_an_unknown_column_that_tells_a_parcels_rows_apart_is_asked_about():
    """It may be the SKU; without it a part of the order would ship as all of it."""
    header, rows = ["Order", "Ware X", "Tracking"], [["1001", "A-1", UPS], ["1001", "B-2", UPS]]
    with pytest.raises(ColumnError, match="no column is recognised as the SKU") as caught:
        recognise(header, rows)
    use, leave = answers(caught.value.todo)
    assert recognise(header, rows, mapping=use).columns[Field.SKU] == (1,)
    assert Field.SKU not in recognise(header, rows, mapping=leave).columns


def test_all_questions_are_put_at_once():
    """One message, each question with its choices, and one line that settles the file."""
    header, rows = ["Vorgang", "Schein"], [["1001", UPS], ["1002", USPS]]
    with pytest.raises(
        Unanswered, match=r"1\. .*order's number.* 2\. No column is recognised as the tracking"
    ) as caught:
        recognise(header, rows)
    assert [question.id for question in caught.value.questions] == ["order_id", "tracking_number"]
    assert dict(options(caught.value.todo)) == {"order_id": "Vorgang", "tracking_number": "Schein"}


@pytest.mark.parametrize(
    ("header", "value", "wanted"),
    [
        ("Shipment Information_Void Indicator", "N", Field.VOID),
        ("shipments.tracking_number", UPS, Field.TRACKING_NUMBER),
        ("Stock Moves/Quantity Done", "2", Field.QUANTITY),
        ("Package - Carrier Name", "UPS", Field.CARRIER),
    ],
)
def test_a_path_is_read_by_its_end(header, value, wanted):
    """Programs write where a field comes from before its name."""
    assert columns(["Order", header], ["1001", value], constants={Field.SKU})[wanted] == (1,)


@pytest.mark.parametrize(
    "header", ["Return_Tracking Number", "Previous - Tracking Number", "parent.order_number"]
)
def test_a_path_through_another_thing_is_not_ours(header):
    """The end of a path means what its beginning lets it."""
    assert columns(["Order", header], ["1001", "12345678901"]) == {Field.ORDER_ID: (0,)}


@pytest.mark.parametrize("value", ["T1", "A-7", "X99"])
def test_a_short_tracking_number_is_one(value):
    """A strong name is not outweighed by the length of its values."""
    assert columns(["Order", "Tracking Number"], ["1001", value])[Field.TRACKING_NUMBER] == (1,)


def test_bare_counts_under_a_trackings_name_are_asked_about_and_can_be_taken():
    """1, 2, 3 are no tracking numbers; the first answer takes them all the same."""
    with pytest.raises(ColumnError, match="should be tracking_number") as caught:
        columns(["Order", "Tracking"], ["1001", "1"])
    take, leave = answers(caught.value.todo)
    assert columns(["Order", "Tracking"], ["1001", "1"], mapping=take)[Field.TRACKING_NUMBER] == (
        1,
    )
    assert Field.TRACKING_NUMBER not in columns(["Order", "Tracking"], ["1001", "1"], mapping=leave)


def test_an_id_of_another_shops_line_is_not_offered_as_the_sku():
    """Amazon's order-item-id names no line of the store: the units are of the order's only line,
    and that is said.
    """
    found = recognise(
        ["order-id", "order-item-id", "quantity"], [["112-1234567-1234567", "12345678901234", "1"]]
    )
    assert set(found.columns) == {Field.EXTERNAL_ORDER_ID, Field.QUANTITY}
    assert "they ship where the order has one line" in found.warnings[-1]
    assert options(found.warnings[-1]) == [["quantity", "-"]]


REFERENCES = [
    "Referencia",
    "Référence",
    "Riferimento",
    "Referência",
    "Referenz",
    "Reference",
    "Referentie",
    "参照番号",
]


@pytest.mark.parametrize("header", REFERENCES)
def test_a_reference_that_goes_by_line_is_the_sku_where_units_want_one(header):
    """Its values stand in several orders, or an order has several; it is said, warned of, and not
    remembered.
    """
    rows = [
        ["1001", "BAG-1", "1"],
        ["1001", "CUP-2", "2"],
        ["", "BAG-1", "1"],
        ["1003", "CUP-2", "1"],
    ]
    found = recognise(["Order Number", header, "Quantity"], rows)
    assert found.columns[Field.SKU] == (1,)
    assert found.guessed == {Field.SKU}
    assert "is read as sku by its values" in found.warnings[0]
    left_out = recognise(
        ["Order Number", header, "Quantity"], rows, mapping=dict(options(found.warnings[0]))
    )
    assert Field.SKU not in left_out.columns
    assert "no column says of what" in left_out.warnings[0]


@pytest.mark.parametrize(
    "values",
    [
        ("PO-771", "PO-771", "PO-772"),  # one an order: its reference
        ("1001-1", "1001-2", "1002-1"),  # the order's own number
        ("WEB", "WEB", "WEB"),
        ("9400111201080805483016", "9400111201080805483023", "9400111201080805483030"),
    ],
)
def test_a_reference_that_goes_by_order_is_asked_about(values):
    """Units without a line stop the file, with a --map that works, not refusing every row."""
    header = ["Order Number", "Reference", "Quantity"]
    rows = [
        [order, value, "1"] for order, value in zip(("1001", "1001", "1002"), values, strict=True)
    ]
    with pytest.raises(Unanswered, match="gives units") as caught:
        recognise(header, rows)
    for choice in caught.value.questions[0].choices:
        mapping = followed(header, rows, dict(options(choice.option)))
        assert recognise(header, rows, mapping=mapping).columns[Field.ORDER_ID] == (0,)


@pytest.mark.parametrize(
    "header", ["Item", "Article", "Code", "Artikel", "Código", "Codice", "Artículo"]
)
def test_a_weak_name_of_the_sku_is_taken_by_its_values(header):
    """Where no column says it plainly."""
    assert columns(["Order Number", header, "Quantity"], ["1001", "BAG-1", "1"])[Field.SKU] == (1,)


def test_units_of_nothing_are_no_trouble_where_few_rows_give_them():
    """Those rows are refused one by one, the others ship all that remains."""
    rows = [["1001", ""], ["1002", ""], ["1003", "2"]]
    assert columns(["Order Number", "Quantity"], *rows)[Field.QUANTITY] == (1,)


def test_a_purchase_order_number_counts_only_alone():
    """PO Number gives way to Order Number; alone it is read, with a warning."""
    assert columns(["PO Number", "Order Number"], ["77", "1001"])[Field.ORDER_ID] == (1,)
    found = recognise(["PO Number", "Tracking"], [["1001", UPS]])
    assert found.columns[Field.ORDER_ID] == (0,)
    assert "PO Number" in found.warnings[0]


def test_a_tracking_code_that_holds_carriers_is_the_carrier():
    """Maxpho names its carrier column tracking_code."""
    found = columns(["order_id", "tracking_code", "tracking_number"], ["1001", "UPS", UPS])
    assert found[Field.CARRIER] == (1,)
    assert found[Field.TRACKING_NUMBER] == (2,)


def test_service_words_name_the_carrier_where_no_column_does():
    """A lone service column full of "USPS Priority Mail" is the carrier's; beside a carrier it is
    the method.
    """
    assert columns(["Order", "Service"], ["1001", "USPS Priority Mail"])[Field.CARRIER] == (1,)
    found = columns(["Order", "Carrier", "Service"], ["1001", "USPS", "USPS Priority Mail"])
    assert (found[Field.CARRIER], found[Field.SHIPPING_METHOD]) == ((1,), (2,))


def test_amazons_carrier_code_and_name_are_one():
    """A code of "Other" beside a name does not compete with it."""
    found = columns(
        ["Order", "carrier-code", "carrier-name"],
        ["1001", "UPS", ""],
        ["1002", "UPS", "UPS Ground"],
    )
    assert found[Field.CARRIER] == (1,)


def test_numbered_tracking_columns_are_all_read():
    """Also those that are blank in the sample."""
    header = ["Order", "Tracking Number", "Tracking Number 2", "Package 3 Tracking"]
    assert columns(header, ["1001", UPS, USPS, ""])[Field.TRACKING_NUMBER] == (1, 2, 3)


def test_numbered_sku_columns_without_units_of_their_own_stop_the_file():
    """Two SKU columns in a row are never read as one: half of the parcel would be missing."""
    with pytest.raises(ColumnError, match="2 columns could be sku"):
        columns(["Order", "SKU 1", "Qty", "SKU 2"], ["1001", "A-1", 1.0, "B-2"])


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Tracking Number", datetime(2026, 11, 20)),
        ("Tracking Number", "John Smith"),
        ("Quantity", USPS),
        ("order_address_id", "12 High Street"),
        ("order_product_id", "12345678901234"),
    ],
)
def test_values_that_contradict_a_name_stop_the_file(header, value):
    """A field is never silently wrong, and the option shown settles it."""
    with pytest.raises(ColumnError, match=header) as caught:
        columns(["Order", header], ["1001", value])
    name, place = options(caught.value.todo)[-1]
    assert Field(name) not in columns(["Order", header], ["1001", value], mapping={name: place})


def test_links_in_the_tracking_column_are_read_where_no_column_is_the_links():
    """They are what the customer gets; beside a column of numbers, or of links, they are not looked
    at.
    """
    link = "https://example.com/t/1"
    assert columns(["Order", "Tracking Number"], ["1001", link])[Field.TRACKING_NUMBER] == (1,)
    assert columns(["Order", "Tracking", "Tracking #"], ["1001", link, UPS])[
        Field.TRACKING_NUMBER
    ] == (2,)


def test_local_pickup_in_the_tracking_column_is_no_contradiction():
    """A night of pickups only still loads."""
    assert columns(["Order", "Tracking Number"], ["1001", "Local Pickup"])[
        Field.TRACKING_NUMBER
    ] == (1,)


def test_damaged_numbers_are_no_contradiction():
    """9.4E+21 is one cell's damage, to be told of that cell, not another kind of column."""
    assert columns(["Order", "Tracking Number"], ["1001.0", "9.40011E+21"])[
        Field.TRACKING_NUMBER
    ] == (1,)


@pytest.mark.parametrize(
    "header",
    [
        "Address 1",
        "Ship To Address",
        "product_id",
        "Order Date",
        "Return Tracking Number",
        "Line #",
        "ID",
        "Returns: Tracking Number",
        "Customer: ID",
    ],
)
def test_look_alikes_are_not_used(header):
    """Names that resemble a field's and are another thing stay unused."""
    assert columns(["Order ID", header], ["1001", "12345678901"]) == {Field.ORDER_ID: (0,)}


def test_a_blank_column_gives_way_to_a_filled_one():
    """Of two columns of a field the one with values counts."""
    assert columns(["Order ID", "Order Number"], ["", "1001"])[Field.ORDER_ID] == (1,)


def test_a_longer_header_is_read_by_its_part_and_its_values():
    """Last of all a part of the name counts, if the values agree; it is warned of."""
    found = recognise(["Order", "Northern Depot Tracking Number"], [["1001", UPS]])
    assert found.columns[Field.TRACKING_NUMBER] == (1,)
    assert "part of its name" in found.said[1]


def test_a_bilingual_header_is_read_by_either_side():
    """`Order ID / 订单号` names one field twice."""
    found = columns(["Order ID / 订单号", "Sendungsnummer (Tracking ID)"], ["1001", UPS])
    assert found == {Field.ORDER_ID: (0,), Field.TRACKING_NUMBER: (1,)}
    assert columns(["Order ID (Store)", "Ship Date (UTC)"], ["1001", "2026-11-20"])[
        Field.SHIP_DATE
    ] == (1,)
    assert columns(["Order", "Fulfillment: Tracking Company"], ["1001", "UPS"])[Field.CARRIER] == (
        1,
    )


@pytest.mark.parametrize("place", ["Zwei", "zwei", "B", "b", "2", "=2"])
def test_a_map_names_a_column_by_header_letter_or_number(place):
    """All ways to name a column reach it."""
    assert columns(["Eins", "Zwei"], ["x", "1001"], mapping={Field.ORDER_ID: place}) == {
        Field.ORDER_ID: (1,)
    }


def test_a_map_to_no_column_lists_those_that_exist():
    """The message names the columns, the todo one that is there."""
    with pytest.raises(ColumnError, match="`Order`, `Tracking`") as caught:
        columns(["Order", "Tracking"], ["1001", UPS], mapping={Field.ORDER_ID: "Ordre"})
    assert options(caught.value.todo) == [["order_id", "Order"]]


def test_what_was_remembered_settles_the_next_night():
    """The fingerprint is the header's alone, and a remembered column is taken without asking."""
    header, row = ["Order Number", "Order ID"], ["1001", "88123"]
    found = recognise(header, [row], mapping={Field.ORDER_ID: "Order ID"})
    again = recognise(["order number", "ORDER-ID"], [row], remembered={Field.ORDER_ID: "Order ID"})
    assert found.fingerprint == again.fingerprint
    assert again.columns[Field.ORDER_ID] == (1,)
    assert recognise(
        header, [row], mapping={Field.ORDER_ID: "A"}, remembered={Field.ORDER_ID: "B"}
    ).columns == {Field.ORDER_ID: (0,)}


def test_our_own_columns_are_not_read():
    """A results sheet dropped back in: ours are passed over, but for the decision."""
    header = ["Order Number", "Tracking Link", "Order ID", "Decision"]
    found = columns(header, ["1001", "https://example.com", "1001", "ship"], ours={1, 2})
    assert found == {Field.ORDER_ID: (0,), Field.DECISION: (3,)}
    assert Field.DECISION not in columns(["Order Number", "Decision"], ["1001", "approved"])


def test_no_order_column_stops_the_file():
    """The message lists the columns, and the option shown names the likeliest."""
    with pytest.raises(ColumnError, match="`Colour`, `Thing`") as caught:
        columns(["Colour", "Thing"], ["blue", "1001"])
    assert options(caught.value.todo) == [["order_id", "Thing"]]


def test_a_table_without_a_header_is_read_by_places():
    """Letters and numbers name the columns."""
    found = headerless({Field.ORDER_ID: "A", Field.TRACKING_NUMBER: "=3"}, [["1001", "x", UPS]])
    assert found.columns == {Field.ORDER_ID: (0,), Field.TRACKING_NUMBER: (2,)}
    with pytest.raises(ColumnError, match="no column 'D'"):
        headerless({Field.ORDER_ID: "D"}, [["1001", "x", UPS]])


@pytest.mark.parametrize(
    ("beside", "name", "taken"),
    [
        ("Carrier", "Remarks", False),
        ("Carrier", "Comments", False),
        ("Carrier", "Bemerkung", False),
        ("Carrier", "備考", False),
        ("Carrier", "Message to Customer", True),
        ("order_address_id", "comments", True),
    ],
)
def test_remarks_of_the_warehouse_are_kept_from_the_customer(beside, name, taken):
    """Unless their header says whom they are for, or the columns are the store's own."""
    header = ["Order Number", "Tracking Number", beside, name]
    rows = [["1001", "1Z5R89390357567127", "UPS" if beside == "Carrier" else "51", "do not trust"]]
    found = recognise(header, rows)
    assert (Field.COMMENTS in found.columns) == taken
    assert any(name in text for text in found.warnings) != taken


@pytest.mark.parametrize(
    ("header", "value", "taken"),
    [
        (["Shipping Name", "Shipping Company", "Zip"], "Acme GmbH", False),
        (["City", "Ship To Company", "Zip"], "Best Ltd", False),
        (["Zip", "Delivery Company", "Country"], "", False),
        (["City", "Shipping Company", "Country"], "UPS", True),
        (["Item Name", "Shipping Company", "Colour"], "Zorbex Logistics", True),
    ],
)
def test_the_recipients_firm_is_no_carrier(header, value, taken):
    """A company beside a recipient's name or address, unless its values are carriers."""
    rows = [["1001", "1Z5R89390357567127", "x", value, "10115"]]
    found = recognise(["Order Number", "Tracking Number", *header], rows)
    assert (Field.CARRIER in found.columns) == taken


def test_advice_names_no_telephone_number():
    """No column of the file could be the order's number, and so none is offered."""
    header = ["Kunde", "Kontakt 1", "PLZ", "Sendungsnummer"]
    rows = [["Lee", f"030123456{n}", f"1011{n}", f"1Z5R8939035756712{n}"] for n in range(4)]
    with pytest.raises(ColumnError, match="This file names no order"):
        recognise(header, rows)


@pytest.mark.parametrize("name", ["Pack Size", "Units per Case", "VPE", "Inner Qty", "入数"])
def test_a_pack_size_beside_a_quantity_is_not_asked_about(name):
    header = ["Order Number", "SKU", "Quantity", name, "Tracking Number"]
    rows = [["1001", "A-1", "2", "6", "1Z5R89390357567127"], ["1002", "B-2", "1", "12", "T1000001"]]
    found = recognise(header, rows)
    assert found.columns[Field.QUANTITY] == (2,)
    assert not [text for text in found.said if "not understood" in text]
