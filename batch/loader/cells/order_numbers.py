"""A cell → the order it names: the store's own id, or a marketplace's number. Pure."""

import re
from collections.abc import Sequence

from batch.loader.cells.damage import BLANK_WORDS, CONTROL, Wrong, date_like, plain_text
from batch.loader.cells.thousands import is_grouped, readings
from batch.loader.files.tables import Cell
from batch.model.catalogue import Code

OTHER_PAPERS = frozenset(
    {
        *(
            "PO",
            "SO",
            "DO",
            "TO",
            "WO",
            "RO",
            "INV",
            "INVOICE",
            "RMA",
            "RET",
            "RETURN",
            "CN",
            "CR",
            "QUO",
            "QUOTE",
        ),
        *(
            "ASN",
            "EST",
            "PICK",
            "PT",
            "PACK",
            "SHIP",
            "SHIPMENT",
            "SHP",
            "TR",
            "TRK",
            "BOX",
            "CTN",
            "CARTON",
        ),
        *(
            "ITEM",
            "LINE",
            "SKU",
            "C",
            "CUST",
            "CUSTOMER",
            "REF",
            "EB",
            "EBAY",
            "AMZ",
            "AMZN",
            "AMAZON",
            "ETSY",
        ),
        *("WM", "WMT", "WALMART", "TIKTOK", "SHOPIFY"),
    }
)
"""Prefixes of other papers' and shops' numbers: their digits are not the store's order number."""

MARKETPLACE = re.compile(r"\d{3}-\d{7}-\d{7}|\d{2}-\d{5}-\d{5}")
"""Order numbers of Amazon and eBay, which no store gives out."""


LARGEST = 10**9
"""Ids below it are taken without a second look."""

_ORDER = re.compile(
    r"(?:(?P<prefix>[a-z]+(?:[-_][a-z]+)*)(?:[-_]#?|\s?#)"
    r"|(?:order|bestellung|commande|pedido|ordine)?\s*+(?:no|nr|№)?[.: ]*+#?\s*+)?"
    r"(?P<id>\d{1,255})(?:\.0{1,2})?",
    re.IGNORECASE | re.ASCII,
)
_PART = re.compile(r"\d{1,2}|[a-z]", re.IGNORECASE | re.ASCII)


def order_number(cell: Cell) -> int | str | Wrong:
    """The store's order id; or a marketplace's number, as text; 0 for a blank cell."""
    if (
        type(cell) is str
        and cell.isdecimal()
        and cell.isascii()
        and 0 < len(cell) < 10
        and cell.strip("0")
    ):
        return int(cell)  # nearly every cell of nearly every file
    text = plain_text(cell)
    if isinstance(text, Wrong):
        return text
    if text.casefold() in BLANK_WORDS:
        return 0
    if MARKETPLACE.fullmatch(text):
        return text
    if wrong := date_like(text):
        return wrong
    if is_grouped(text):
        todo = "Write the order number in digits only."
        return Wrong(Code.BAD_ORDER_NUMBER, readings(text), todo)
    match = _ORDER.fullmatch(text)
    prefix = (match["prefix"] or "").upper() if match else ""
    if match is None or int(match["id"]) == 0:
        return Wrong(
            Code.BAD_ORDER_NUMBER,
            "it is not an order number of the store",
            "Correct the order number.",
        )
    if foreign := OTHER_PAPERS.intersection(re.split("[-_]", prefix)):
        return Wrong(
            Code.BAD_ORDER_NUMBER,
            f"{min(foreign)} numbers another paper or shop, not the store's order",
            "Put the store's own order number in.",
        )
    if len(match["id"].lstrip("0")) > 10:
        return Wrong(
            Code.BAD_ORDER_NUMBER,
            "it is too long for an order number of the store",
            "Correct it; if it is a marketplace's number, add --map external_order_id=COLUMN.",
        )
    return int(match["id"])


def split_part(text: str) -> tuple[str, str] | None:
    """The order's number and what follows it, of 1001-2 and 1005-R; None where nothing does."""
    base, _, part = text.rpartition("-")
    if not base[-1:].isdecimal() or not _PART.fullmatch(part) or not _ORDER.fullmatch(base):
        return None
    return base, part


def part_number(part: str) -> int:
    """Which of an order's parts it is: 2 of `2`, `02` and `B`."""
    return int(part) if part.isdecimal() else ord(part.upper()) - ord("A") + 1


class Pattern:
    """How a source writes order numbers: text, `{id}`, text; `*` at its end is any text."""

    def __init__(self, text: str) -> None:
        self._before, self._given, after = text.partition("{id}")
        self._after, self._any = after.removesuffix("*"), after.endswith("*")

    def digits(self, text: str) -> str:
        """The order's number in a cell that is written so; else empty."""
        if not self._given or not text.casefold().startswith(self._before.casefold()):
            return ""
        rest = text[len(self._before) :]
        tail = rest.lstrip("0123456789")
        fits = tail.casefold().startswith(self._after.casefold())
        whole = self._any or len(tail) == len(self._after)
        return rest[: len(rest) - len(tail)] if fits and whole else ""


def plain_ids(block: Sequence[Cell]) -> Sequence[int] | None:
    """The ids, where all cells are digits or whole numbers: as `order_number` says, but faster."""
    try:
        whole = "".join(block)  # type: ignore[arg-type]
        if not whole.isdecimal() or not whole.isascii():
            return None
    except TypeError:
        if set(map(type, block)) != {float}:
            return None
        if not all(map(float.is_integer, block)):  # type: ignore[arg-type]
            return None
    try:
        ids = list(map(int, block))  # type: ignore[arg-type]
    except ValueError:  # a blank cell among them, or more digits than Python reads
        return None
    return ids if min(ids) > 0 and max(ids) < LARGEST else None


def external_number(cell: Cell) -> str | Wrong:
    """A marketplace's order number, as the store keeps it."""
    text = plain_text(cell)
    if isinstance(text, Wrong):
        return text
    if len(text) > 255 or CONTROL.search(text):
        return Wrong(
            Code.BAD_ORDER_NUMBER, "it is not an order number", "Correct the order number."
        )
    return "" if text.casefold() in BLANK_WORDS else text
