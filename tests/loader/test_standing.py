"""What the file itself calls void or not shipped yet makes no shipment; what it leaves unclear is
asked.
"""

from datetime import datetime

import pytest

from batch.config import Source
from batch.errors import ColumnError
from batch.loader.cells.damage import Wrong
from batch.loader.cells.row_status import (
    RowStatus,
    is_no,
    is_void,
    is_yes,
    is_yes_or_no,
    parse_row_status,
)
from batch.loader.load import load
from batch.model import Field, Status, Unanswered


@pytest.fixture
def csv_file(tmp_path):
    def made(*lines):
        path = tmp_path / "export.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return made


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("Y", True), ("Voided", True), ("TRUE", True), (1.0, True), ("Label voided", True),
        ("Storniert", True), ("2026-11-20 10:15", True), (datetime(2026, 11, 20), True),
        ("11/20/2026", True), ("20261120", True), ("キャンセル", True), ("Annulée", True),
        ("N", False),
        ("", False), (None, False), (0.0, False), ("False", False), ("-", False), ("Active", False),
        ("0000-00-00 00:00:00", False), ("Not voided", False), ("nein", False),
    ],
)  # fmt: skip
def test_a_void_cell_says_yes_or_no(cell, said):
    assert is_void(cell) is said


@pytest.mark.parametrize(
    ("cell", "answers", "says"),
    [
        (True, True, True), ("Y", True, True), ("✓", True, True), (1.0, True, True),
        (False, True, False), ("no", True, False), (0.0, True, False), ("Nein", True, False),
        (None, True, None), ("", True, None), ("n/a", True, None),
        ("perhaps", False, None), (2.0, False, None), (datetime(2026, 11, 20), False, None),
    ],
)  # fmt: skip
def test_a_flag_answers_yes_no_or_nothing(cell, answers, says):
    assert is_yes_or_no(cell) is answers
    assert (is_yes(cell), is_no(cell)) == (says is True, says is False)


def test_no_two_statuses_are_one():
    assert len(RowStatus) == len(RowStatus.__members__)


@pytest.mark.parametrize("cell", ["perhaps", "UPS", "7", 3.0])
def test_a_void_cell_that_says_neither_is_not_taken_for_no(cell):
    assert isinstance(is_void(cell), Wrong)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("Cancelled", RowStatus.VOID), ("canceled by customer", RowStatus.VOID),
        ("VOIDED", RowStatus.VOID), ("Delete", RowStatus.VOID), ("Refunded", RowStatus.VOID),
        ("geannuleerd", RowStatus.VOID), ("Partially refunded", RowStatus.UNSAID),
        ("Cancellation requested", RowStatus.UNSAID), ("Delete address label", RowStatus.UNSAID),
        ("unfulfilled", RowStatus.LACKING), ("Awaiting_Shipment", RowStatus.NOT_YET),
        ("未出荷", RowStatus.LACKING), ("Non expédié", RowStatus.LACKING),
        ("On hold", RowStatus.HOLD), ("Shipped", RowStatus.SHIPPED),
        ("versandt", RowStatus.SHIPPED), ("発送済み", RowStatus.SHIPPED),
        ("Madrid", RowStatus.UNSAID),
        ("", RowStatus.UNSAID), (1.0, RowStatus.UNSAID), ("Create", RowStatus.UNSAID),
    ],
)  # fmt: skip
def test_a_status_says_how_far_a_shipment_has_come(cell, said):
    assert parse_row_status(cell) is said


def test_a_row_that_a_status_calls_voided_makes_no_shipment(csv_file):
    rows = (
        "1001,A,1,T100000001,Voided",
        "1001,A,1,T100000002,Shipped",
        "1002,A,1,T100000003,In transit",
    )
    export = load(
        csv_file("Order Number,SKU,Quantity,Tracking Number,Shipment Status", *rows), Source()
    )
    assert {row: (f.status, f.code, f.error) for row, f in export.findings.items()} == {
        2: (Status.SKIPPED, "void", "row 2, column 5 (E): Voided: void.")
    }
    assert [parcel.numbers for parcel in export.parcels()] == [("T100000002",), ("T100000003",)]
    assert "read `Shipment Status` as status" in export.said


def test_a_time_of_voiding_is_a_void_and_an_unclear_word_keeps_the_row_back(csv_file):
    rows = (
        "1001,A,1,T100000001,2026-11-20 10:15",
        "1002,A,1,T100000002,",
        "1003,A,1,T100000003,?!",
    )
    export = load(csv_file("Order Number,SKU,Quantity,Tracking Number,Voided At", *rows), Source())
    assert {row: f.code for row, f in export.findings.items()} == {2: "void", 4: "bad_void"}


def test_an_order_not_shipped_yet_has_no_shipment_and_beside_a_number_it_is_asked_about(csv_file):
    rows = (
        "1001,unfulfilled,",
        "1002,fulfilled,",
        "1003,unfulfilled,T100000001",
        "1004,Something else,",
    )
    path = csv_file("Order Number,Fulfillment Status,Tracking Number", *rows)
    with pytest.raises(Unanswered) as caught:
        load(path, Source())
    ids = [question.id for question in caught.value.questions]
    assert ids == ["status:unfulfilled", "status:Something else"]
    export = load(path, Source(answers=dict.fromkeys(ids, "ship")))
    assert {row: (f.status, f.code) for row, f in export.findings.items()} == {
        2: (Status.SKIPPED, "not_shipped")
    }
    assert [parcel.order_id for parcel in export.parcels()] == [1002, 1003, 1004]


def test_a_status_that_says_shipped_counts_before_one_that_waits(csv_file):
    rows = ("1001,Processing,Shipped,T100000001", "1002,Processing,Unfulfilled,")
    header = "Order Number,Order Status,Fulfillment Status,Tracking Number"
    assert list(load(csv_file(header, *rows), Source()).findings) == [3]


def test_a_file_of_orders_that_all_wait_is_asked_about_once(csv_file):
    path = csv_file(
        "Order Number,Order Status", "1001,Awaiting Shipment", "1002,Awaiting Fulfillment"
    )
    none = {Field.TRACKING_NUMBER: "-"}
    with pytest.raises(ColumnError, match="none of the 2 has shipped") as caught:
        load(path, Source(map=none))
    assert "--map status=-" in caught.value.todo
    export = load(path, Source(map=none | {Field.STATUS: "-"}))
    assert len(list(export.parcels())) == 2
    again = load(path, Source(), recall={export.fingerprint: export.mapping}.__getitem__)
    assert len(list(again.parcels())) == 2


def test_a_void_column_of_other_things_stops_the_file(csv_file):
    with pytest.raises(ColumnError, match="should be void") as caught:
        load(csv_file("Order Number,Void", "1001,UPS", "1002,FedEx"), Source())
    assert "--map void=-" in caught.value.todo
