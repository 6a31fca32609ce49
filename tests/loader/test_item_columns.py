"""Items of a row side by side: every one of them ships, or the row says what is wrong."""

import pytest

from batch.config import Source
from batch.errors import ColumnError
from batch.loader.load import load

HEADS = [
    "Order Number,SKU,Qty,SKU 2,Qty 2,SKU 3,Qty 3,Tracking Number,Carrier",
    "Order Number,SKU1,QTY1,SKU2,QTY2,SKU3,QTY3,Tracking Number,Carrier",
    "Order,Item 1 SKU,Item 1 Qty,Item 2 SKU,Item 2 Qty,Item 3 SKU,Item 3 Qty,Tracking,Carrier",
    "Order,Item SKU 1,Quantity 1,Item SKU 2,Quantity 2,Item SKU 3,Quantity 3,Tracking,Carrier",
    "Bestellnummer,Artikel1,Menge1,Artikel2,Menge2,Artikel3,Menge3,Sendungsnummer,Versender",
    "order_id,items.0.sku,items.0.qty,items.1.sku,items.1.qty,items.2.sku,items.2.qty,tracking,via",
    "Commande,Article 1,Quantité 1,Article 2,Quantité 2,Article 3,Quantité 3,Suivi,Transporteur",
]


@pytest.fixture
def loaded(tmp_path):
    def read(*lines, source=None):
        path = tmp_path / "export.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return load(path, source or Source())

    return read


def items(export):
    return {
        parcel.order_id: [(line.sku, line.quantity) for line in parcel.lines]
        for parcel in export.parcels()
    }


@pytest.mark.parametrize("head", HEADS)
def test_every_pair_of_a_row_is_a_line(loaded, head):
    """In the forms that exports have, without a question."""
    export = loaded(
        head,
        "1001,A,1,B,2,C,3,1Z999AA10123456784,UPS",
        "1002,A,1,,,,,1Z12345E0205271686,UPS",
        "1003,,,B,2,,0,1Z12345E6605272234,UPS",
    )
    assert items(export) == {
        1001: [("A", 1), ("B", 2), ("C", 3)],
        1002: [("A", 1)],
        1003: [("B", 2)],
    }
    assert not export.findings


def test_columns_may_stand_in_blocks_and_have_names_beside_them(loaded):
    head = "Order No,Tracking No,Carrier,SKU 1,SKU 2,Product Name 1,Product Name 2,Qty 1,Qty 2"
    export = loaded(head, "1001,1Z999AA10123456784,UPS,A,B,Mug,Cup,1,2")
    assert items(export) == {1001: [("A", 1), ("B", 2)]}


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ("A,1,B,", "no_quantity"),
        ("A,1,,2", "quantity_without_line"),
        ("A,1,B,many", "bad_quantity"),
        ("A,0,B,0", "quantity_zero"),
        ("A,1,B,1.5", "bad_quantity"),
    ],
)
def test_a_pair_that_is_not_whole_keeps_its_row_back(loaded, cells, code):
    """No item is lost in silence."""
    head = "Order Number,SKU1,QTY1,SKU2,QTY2,Tracking Number,Carrier"
    good = "1002,A,1,B,2,1Z12345E0205271686,UPS"
    export = loaded(head, f"1001,{cells},1Z999AA10123456784,UPS", good)
    assert {row: finding.code for row, finding in export.findings.items()} == {2: code}
    assert items(export) == {1002: [("A", 1), ("B", 2)]}


def test_ignored_skus_leave_the_rest_of_their_row(loaded):
    head = "Order Number,SKU1,QTY1,SKU2,QTY2,Tracking Number,Carrier"
    source = Source(ignore_skus=("FLYER",))
    export = loaded(
        head,
        "1001,FLYER,1,B,2,1Z999AA10123456784,UPS",
        "1002,FLYER,1,,,1Z12345E0205271686,UPS",
        source=source,
    )
    assert items(export) == {1001: [("B", 2)]}
    assert export.findings[3].code == "ignored_sku"


@pytest.mark.parametrize(
    "head",
    [
        "Order Number,SKU 1,SKU 2,Qty,Tracking Number,Carrier",
        "Order Number,SKU 1,SKU 2,Qty 1,Tracking Number,Carrier",
    ],
)
def test_without_units_for_each_it_is_asked(loaded, head):
    with pytest.raises(ColumnError):
        loaded(head, "1001,A,B,2,1Z999AA10123456784,UPS", "1002,C,D,1,1Z12345E0205271686,UPS")
