"""What a row is among its file's others: none at all, one that lost a cell, a share of an order."""

from collections.abc import Callable
from pathlib import Path

import pytest

from batch.config import Source
from batch.loader.load import Load, load
from batch.model import Unanswered

Loaded = Callable[..., Load]
HEADER = "Order Number,SKU,Quantity,Tracking Number,Carrier"
A, B, C = "1001,A,1,T100000001,UPS", "1002,A,1,T100000002,UPS", "1003,B,1,T100000003,UPS"


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    """Loads lines of CSV."""

    def made(*lines: str, **source: object) -> Load:
        path = tmp_path / "export.csv"
        path.write_text("\n".join(lines) + "\n", "utf-8")
        return load(path, Source.model_validate(source), assume=True)

    return made


def shipped(export: Load) -> list[int | None]:
    return [parcel.order_id for parcel in export.parcels()]


def codes(export: Load) -> dict[int, str]:
    return {row: finding.code for row, finding in export.findings.items()}


@pytest.mark.parametrize(
    "row",
    [
        "1001 Total,,2,,",
        "1001 Ergebnis,,2,,",
        "Gesamtergebnis,,3,,",
        "Totale 1001,,2,,",
        "Total général,,3,,",
        "小计,,2,,",
        "2,,,,",
        "1003,,,,",
    ],
)
def test_a_subtotal_or_a_count_is_no_order(loaded: Loaded, row: str) -> None:
    """Wherever it stands, also where the store has an order of that number."""
    export = loaded(HEADER, A, row, B)
    assert shipped(export) == [1001, 1002]
    assert codes(export) == {3: "totals_row"}


@pytest.mark.parametrize(
    "row",
    [
        "(2 rows affected)",
        "Report generated 2026-11-30 by WMS,,,,",
        "-- end --",
        "***",
        "EOF",
        "TRAILER,25,,,",
        "TRAILER,,,25,",
        "Rows: 2",
        "Page 1 of 1,,,,",
        "Ende der Liste,,,,",
    ],
)
def test_what_stands_below_the_last_order_is_the_end_of_a_report(loaded: Loaded, row: str) -> None:
    """Skipped and listed; a row of an order above which nothing is wrong."""
    export = loaded(HEADER, A, B, row)
    assert shipped(export) == [1001, 1002]
    assert codes(export) == {4: "totals_row"}


def test_a_row_below_the_last_order_that_has_a_parcel_is_an_error(loaded: Loaded) -> None:
    """It is not passed over: its order is missing or misspelled."""
    assert codes(loaded(HEADER, A, B, "??,C,1,T100000009,UPS")) == {4: "bad_order_number"}


def test_orders_alone_are_orders_where_the_file_has_nothing_else(loaded: Loaded) -> None:
    """A list of orders, told to ship without numbers."""
    export = loaded("Order Number,Tracking Number", "1001,", "1002,", "1003,T100000001")
    assert shipped(export) == [1001, 1002, 1003]


def test_below_a_second_header_in_another_order_nothing_ships(loaded: Loaded) -> None:
    """The rows are named, and what to do with them."""
    export = loaded(
        HEADER, A, "Order Number,SKU,Quantity,Carrier,Tracking Number", "1003,A,1,UPS,T1"
    )
    assert shipped(export) == [1001]
    assert codes(export) == {3: "repeated_header", 4: "reordered"}


def test_a_row_that_lost_its_line_does_not_ship_the_order(loaded: Loaded) -> None:
    """Among rows with SKUs; where half of them have none, a row is an order."""
    bare = "1004,,,T100000004,UPS"
    export = loaded(HEADER, A, B, C, bare)
    assert (shipped(export), codes(export)) == ([1001, 1002, 1003], {5: "no_line"})
    assert shipped(loaded(HEADER, A, bare)) == [1001, 1004]


def test_a_parcel_without_an_order_does_not_join_its_neighbour(loaded: Loaded) -> None:
    """It has a number of its own; rows that go on with the order above have none."""
    lone = ",A,1,T100000009,UPS"
    assert shipped(loaded(HEADER, A, lone, B)) == [1001, 1002]
    assert codes(loaded(HEADER, A, lone, B)) == {3: "no_order"}
    assert codes(loaded(HEADER, A, ",B,1,,", B, ",C,1,,")) == {}


@pytest.mark.parametrize("first", [True, False])
def test_a_number_on_one_row_of_every_order_is_the_orders(loaded: Loaded, first: bool) -> None:
    """On the first, or on the last, in two orders at least: one parcel each."""
    rows = ["1001,A,1,{0},UPS", "1001,B,1,{1},", "1002,A,1,{0},UPS", "1002,C,2,{1},"]
    number = ["T100000001", "T100000002"]
    made = [
        row.format(*(number[n // 2], "") if first else ("", number[n // 2]))
        for n, row in enumerate(rows)
    ]
    parcels = list(loaded(HEADER, *made).parcels())
    assert [(parcel.order_id, parcel.numbers, len(parcel.lines)) for parcel in parcels] == [
        (1001, ("T100000001",), 2),
        (1002, ("T100000002",), 2),
    ]


def test_where_one_order_has_it_otherwise_each_row_is_its_own(loaded: Loaded) -> None:
    """A file of several parcels an order, some rows of which have none yet."""
    rows = ["1001,A,1,T1001,UPS", "1001,B,1,,", "1002,A,1,T1002,UPS", "1002,B,1,T1003,UPS"]
    parcels = list(loaded(HEADER, *rows, "1003,A,1,T1004,UPS", "1003,B,1,,").parcels())
    assert len(parcels) == 6


@pytest.mark.parametrize("word", ["Cancelled", "unfulfilled", "On Hold", "voided"])
def test_a_status_on_the_first_row_stops_the_whole_order(loaded: Loaded, word: str) -> None:
    """Shopify's shape: what is said once is said of all."""
    export = loaded(
        "Name,Lineitem sku,Lineitem quantity,Fulfillment Status,Tracking Number",
        f"#1001,A,1,{word},",
        "#1001,B,1,,",
        "#1002,A,1,fulfilled,T100000001",
        "#1002,B,1,,",
    )
    assert shipped(export) == [1002]
    assert [len(parcel.lines) for parcel in export.parcels()] == [2]


NUMBERED = [f"{1001 + n},A,1,T10000000{n},UPS" for n in range(8)]
BARE = "1009,A,1,,UPS"


def unnumbered(export: Load) -> list[int | None]:
    return [parcel.order_id for parcel in export.parcels() if parcel.unnumbered]


def test_a_number_that_is_missing_among_many_is_noticed(loaded: Loaded) -> None:
    """Where four in five have one; where fewer have, it ships without."""
    assert unnumbered(loaded(HEADER, *NUMBERED, BARE)) == [1009]
    assert unnumbered(loaded(HEADER, *NUMBERED, BARE, "1010,A,1,,UPS")) == [1009, 1010]
    assert unnumbered(loaded(HEADER, *NUMBERED[:3], BARE)) == []


@pytest.mark.parametrize(
    ("answer", "noticed", "code"),
    [("ship", [], {}), ("hold", [1009], {}), ("not_shipped", [], {10: "not_shipped"})],
)
def test_its_source_says_what_a_missing_number_means(
    loaded: Loaded, answer: str, noticed: list[int], code: dict[int, str]
) -> None:
    """By its setting, or by an answer."""
    for more in ({"no_number": answer}, {"answers": {"no_number": answer}}):
        export = loaded(HEADER, *NUMBERED, BARE, **more)
        assert (unnumbered(export), codes(export)) == (noticed, code)


def test_a_row_without_number_and_date_has_not_shipped(loaded: Loaded) -> None:
    """Where others of the file have both."""
    rows = ["1001,A,1,T100000001,2026-11-30", "1002,A,1,T100000002,2026-11-30", "1003,A,1,,"]
    dated = HEADER.replace("Carrier", "Ship Date")
    assert codes(loaded(dated, *rows)) == {4: "not_shipped"}
    assert codes(loaded(dated, *rows[:2], "1003,A,1,,2026-11-30")) == {}


def test_a_label_printed_anew_is_not_void_with_the_first(loaded: Loaded) -> None:
    """Void stands on the first row of each order, and the second has a number of its own."""
    rows = [
        "1001,A,1,T100000001,Y",
        "1001,A,1,T100000002,",
        "1002,A,1,T100000003,Y",
        "1002,A,1,T100000004,",
    ]
    export = loaded("Order Number,SKU,Quantity,Tracking Number,Void", *rows)
    numbers = [parcel.numbers for parcel in export.parcels()]
    assert numbers == [("T100000002",), ("T100000004",)]


DECIMALS = ["Order Number;SKU;Quantity;Tracking Number", "1001;A;1,000;T1000001"]


@pytest.mark.parametrize(("answer", "units"), [("decimals", [1, 2]), ("thousands", [1000, 2000])])
def test_three_zeros_behind_every_quantity_are_asked_about_once(
    tmp_path: Path, answer: str, units: list[int]
) -> None:
    """SAP writes three decimals, another program thousands; one that has other ends is refused."""
    path = tmp_path / "export.csv"
    path.write_text("\n".join([*DECIMALS, "1002;A;2,000;T1000002"]), "utf-8")
    with pytest.raises(Unanswered) as asked:
        load(path, Source())
    (question,) = asked.value.questions
    assert [choice.key for choice in question.choices] == ["decimals", "thousands"]
    export = load(path, Source(answers={question.id: answer}))
    assert [parcel.lines[0].quantity for parcel in export.parcels()] == units
    path.write_text("\n".join([*DECIMALS, "1002;A;2;T1000002"]), "utf-8")
    assert codes(load(path, Source())) == {2: "bad_quantity"}
