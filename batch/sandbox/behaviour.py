"""What nobody has published about the real store, as switches: tests run both sides of each."""

from dataclasses import dataclass
from typing import Literal

Sideloads = Literal[
    "whole", "cut", "warned beside", "warned within", "warned object", "stubs", "none"
]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a store behaves where the documentation is silent."""

    refuses_overshipping: bool = True
    """False: units beyond what is left are shipped; lines that never ship are always refused."""
    sideloads: Sideloads = "whole"
    """Lines asked for with `include`: all; the first `cut_at` of a list; links; or none.

    A list that is cut says nothing, or has its `__warning__` beside it, as its last element, or as
    a key of the object that it has become.
    """
    cut_at: int = 50
    """Lines of one list, where `sideloads` cuts it."""
    empty_list: Literal["204", "[]"] = "204"
    """An empty list: no body, or an empty array."""
    page_size: int = 250
    """Most entries of a page, whatever `limit` says (over 250 it is always refused)."""
    min_id_inclusive: bool = True
    counts_refunded: bool = True
    """Refunded units can no longer be shipped."""
    filters_externals: bool = True
    """False: `external_order_id` is ignored, as by a gateway that drops what it does not know."""
    rewrites_numbers: bool = False
    """Tracking numbers are kept without blanks and in capitals."""
    checks_line_address: bool = False
    """A line that goes to another address of the order is refused."""
    lag: float = 0.0
    """Seconds until an order shows a shipment's units; the list of shipments shows it at once."""
    scope: Literal["modify", "read_only"] = "modify"
    """What the token may do."""
    suspended: bool = False
