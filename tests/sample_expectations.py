"""The results of the sample exports against `sample_data/store.json`: a table that tests read."""

from typing import NamedTuple

SHIPSTATION = "shipstation-2026-11-20.xlsx"
TROUBLES = "shipstation-2026-11-21.xlsx"
LAGER = "lager-export.csv"
IDS = "bigcommerce-ids.csv"
PICKS = "pick-list.tsv"


class Sample(NamedTuple):
    """A file, and what one run of it on a fresh store does."""

    rows: int
    shipments: int
    """Made by the run: POSTs that the store accepts."""
    header: int
    """Row number of the header, as a spreadsheet program shows it."""


class Special(NamedTuple):
    """A row that is there for a reason."""

    file: str
    row: int
    status: str
    code: str
    """The finding's; empty where none is promised."""
    why: str


FILES = {
    SHIPSTATION: Sample(rows=277, shipments=146, header=2),
    TROUBLES: Sample(rows=11, shipments=0, header=2),
    LAGER: Sample(rows=62, shipments=40, header=1),
    IDS: Sample(rows=22, shipments=18, header=1),
    PICKS: Sample(rows=15, shipments=13, header=1),
}
"""Every row that is not in SPECIAL ends as `created`."""

SPECIAL = [
    Special(
        TROUBLES,
        3,
        "invalid",
        "unknown_order",
        "order 9987 is not in the store, whose orders begin at 10001",
    ),
    Special(TROUBLES, 4, "invalid", "unknown_sku", "the order has MUG-GRN only"),
    Special(TROUBLES, 5, "invalid", "not_enough_left", "3 of 2"),
    Special(TROUBLES, 6, "invalid", "digital_line", "a download does not ship"),
    Special(
        TROUBLES,
        7,
        "invalid",
        "tracking_number_too_long",
        "60 characters, a label scanned twice; the store takes 50",
    ),
    Special(TROUBLES, 8, "invalid", "ambiguous_sku", "two lines of the order have this SKU"),
    Special(TROUBLES, 9, "held", "order_status", "the order is Cancelled"),
    Special(
        TROUBLES, 10, "invalid", "parcel_incomplete", "row 11 of the same parcel asks for 3 of 2"
    ),
    Special(TROUBLES, 11, "invalid", "not_enough_left", "3 of 2"),
    Special(
        TROUBLES, 12, "invalid", "parcel_incomplete", "row 11 of the same parcel asks for 3 of 2"
    ),
    Special(SHIPSTATION, 169, "skipped", "", "quantity 0: out of stock"),
    Special(SHIPSTATION, 181, "created", "", "added up: 1 + 2 units of one line in one parcel"),
    Special(SHIPSTATION, 182, "created", "", "added up: 1 + 2 units of one line in one parcel"),
    Special(
        SHIPSTATION, 196, "already created", "", "the store has this shipment, made by another tool"
    ),
    Special(SHIPSTATION, 208, "created", "", "the rest: 1 of 4 went before, under another number"),
    Special(
        TROUBLES,
        13,
        "waiting",
        "order_not_there_yet",
        "order 10999 is newer than the store's newest",
    ),
    Special(LAGER, 28, "invalid", "unknown_sku", "the order has MUG-RED only"),
    Special(LAGER, 34, "created", "", "3 ordered, 1 refunded, 2 left"),
    Special(LAGER, 37, "invalid", "not_enough_left", "3 ordered, 1 refunded, 2 left"),
    Special(LAGER, 52, "held", "order_status", "the order is Declined"),
    Special(IDS, 18, "invalid", "not_enough_left", "3 of 2"),
    Special(IDS, 20, "invalid", "digital_line", "a download does not ship"),
    Special(PICKS, 6, "created", "", "the rest: the tea went before"),
    Special(PICKS, 8, "created", "", "the grinder; the download does not ship"),
    Special(PICKS, 11, "already created", "", "the store has this shipment, made by another tool"),
    Special(
        PICKS,
        13,
        "invalid",
        "unknown_order",
        "order 9988 is not in the store, whose orders begin at 10001",
    ),
]

ADDED_UP = {(SHIPSTATION, 181), (SHIPSTATION, 182)}
"""Rows that name one line in one parcel: the sheet says that they were added up."""
