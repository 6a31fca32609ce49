"""What nobody has published about the real store, as switches: tests run on both sides of each."""

from dataclasses import dataclass
from typing import Literal

Sideloads = Literal["whole", "cut", "warned beside", "warned within", "warned object", "stubs", "none"]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a store behaves where the documentation is silent."""

    refuses_overshipping: bool = True
    """False: more units than are left are shipped without a word. Lines that never ship are refused by both."""
    sideloads: Sideloads = "whole"
    """Lines asked for with `include`: all; the first `cut_at` of a list; links in their place; or none.

    A list that is cut says nothing, or has its `__warning__` beside it, as its last element, or as a key of the
    object that it has become.
    """
    cut_at: int = 50
    """Lines of one list, where `sideloads` cuts it."""
    empty_list: Literal["204", "[]"] = "204"
    """A list with nothing in it: no body, or an empty array."""
    page_size: int = 250
    """Most entries of a page, whatever `limit` asks (over 250 it is refused by all)."""
    min_id_inclusive: bool = True
    counts_refunded: bool = True
    """Refunded units can no longer be shipped."""
    rewrites_numbers: bool = False
    """A tracking number is kept without its blanks and in capitals."""
    checks_line_address: bool = False
    """A line that goes to another address of the order is refused."""
    lag: float = 0.0
    """Seconds until an order shows the units of a shipment; the list of shipments shows it at once."""
    scope: Literal["modify", "read_only"] = "modify"
    """What the token may do."""
    suspended: bool = False
