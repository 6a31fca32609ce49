"""What is said of a row: its status, and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypedDict

from batch.model.orders import LinkSource
from batch.model.statuses import Status


class Who(StrEnum):
    """Who can act on a row."""

    NOBODY = ""
    WAREHOUSE = "warehouse"
    IT = "IT"
    CUSTOMER_SERVICE = "customer service"


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a row has its status, for the person who gets it."""

    status: Status
    code: str = ""
    """Short and stable, for filters and scripts: `unknown_order`."""
    error: str = ""
    """What is wrong and where, with the numbers."""
    todo: str = ""
    """What to do next."""
    who: Who = Who.NOBODY


@dataclass(frozen=True, slots=True)
class RowResult:
    """What the results sheet says of one row."""

    row: int
    finding: Finding
    shipment_ids: tuple[int, ...] = ()
    tracking_links: tuple[str, ...] = ()
    link_source: LinkSource = LinkSource.NONE
    order_id: int | None = None
    order_address_id: int | None = None
    order_product_ids: tuple[int, ...] = ()
    run_id: str = ""
    warnings: tuple[str, ...] = ()
    no_link: str = ""
    """Why the customer of a row that ships gets no tracking link; empty where he gets one."""


class RowFacts(TypedDict, total=False):
    """What else is known of a note's rows, as the ledger keeps it; sequences come back as lists."""

    order_id: int | None
    order_address_id: int | None
    shipment_ids: Sequence[int]
    tracking_links: Sequence[str]
    link_source: str
    """A LinkSource's value."""
    order_product_ids: Sequence[int]
    row_lines: Sequence[Sequence[int]]
    """(row, order_product_id)."""
    warnings: Sequence[str]


@dataclass(frozen=True, slots=True)
class RowNote:
    """What a plan says of rows that it does not ship: refused, skipped, held, or met before."""

    rows: tuple[int, ...]
    finding: Finding
    record_id: int | None = None
    """The record that was met, if the ledger has one."""
    request_key: str = ""
    """The parcel's digest, by which a decision on it is found; empty without one."""
    facts: RowFacts | None = None
    private: str = ""
    """Names and addresses that belong to its finding: shown to a person, and kept nowhere."""
    names: Iterable[tuple[str, int]] = field(default=(), compare=False)
    """What its rows are found by: (order number, tracking number or SKU; row), read once."""
