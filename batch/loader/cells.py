"""A cell → id, order number, quantity, tracking number, SKUs: the value, or what is wrong with it. Pure.

Every rule takes one cell and returns its value, an empty one for a blank cell, or a `Wrong`.
What does not fit is refused; nothing here guesses.
"""

import re
from collections.abc import Sequence
from string import ascii_letters, digits
from typing import cast

from batch.loader.damage import AS_TEXT, EXACT, Wrong, date_like, error_value, lost_digits, plain_text, undressed
from batch.loader.tables import Cell

NUMBER_LENGTH = 50
LINK_LENGTH = 500
COMMENTS_LENGTH = 65_535
MOST_UNITS = 1_000_000  # a quantity above it is something else

Counted = tuple[tuple[str, int | None], ...]
"""SKUs with their units; None is all that remains."""

BLANK_WORDS = frozenset({"", "-", "--", "n/a", "na", "none", "null", "nil", "nan", "."})
_NOT_YET = frozenset(
    {"pending", "tbd", "tba", "tbc", "to follow", "unknown", "not available", "not yet", "?", "??", "???"}
)
_YES = frozenset(
    {"y", "yes", "true", "t", "1", "x", "void", "voided", "ja", "oui", "si", "sí", "sim", "canceled", "cancelled"}
)

# Numbers of other papers. The digits behind them are not the store's order.
OTHER_PAPERS = frozenset(
    [
        "PO",
        "SO",
        "DO",
        "TO",
        "WO",
        "INV",
        "INVOICE",
        "RMA",
        "RET",
        "RETURN",
        "RO",
        "ASN",
        "EST",
        "QUOTE",
        "QUO",
        "CN",
        "CR",
        "PICK",
        "PT",
        "PACK",
        "SHIP",
        "SHIPMENT",
        "SHP",
        "TR",
        "TRK",
        "ITEM",
        "LINE",
        "SKU",
        "BOX",
        "CTN",
        "CARTON",
        "CUST",
        "CUSTOMER",
        "C",
        "REF",
        "EBAY",
        "EB",
        "AMZ",
        "AMAZON",
        "AMZN",
        "ETSY",
        "WALMART",
        "WMT",
        "WM",
        "TIKTOK",
        "SHOPIFY",
        "SHP",
    ]
)
_ORDER = re.compile(
    r"(?:(?P<prefix>[A-Za-z]+(?:[-_ .]+[A-Za-z]+)*)[-_ .:#]+|#\s*)?(?P<id>\d+)(?:\.0+)?(?:-(?:\d{1,2}|[A-Za-z]))?"
)
_MARKETPLACE = re.compile(r"\d{3}-\d{7}-\d{7}|\d{2}-\d{5}-\d{5}")  # Amazon, eBay
_ID = re.compile(r"(\d{1,18})(?:\.0+)?")
_QUANTITY = re.compile(r"([+-]?)(\d+)(?:[.,](\d*))?")
_SEPARATORS = re.compile(r"[,;|\n\r]+")
_NUMBER_PART = re.compile(r"(?=.*\d)[\w.-]+")
_THOUSANDS = re.compile(r"\d{1,3}(?:[,.]\d{3})+")
_ALNUM = (ascii_letters + digits).encode()
_SKU_CHARACTERS = _ALNUM + b"-_.\n"
_ODD_SKU = re.compile(  # each begins with the line end before it, which the search is quick to find
    r"\n(?:\n|--?\n|null\n|NULL\n|\d+-[A-Z][a-z]{2}|[A-Z][a-z]{2}-\d\d\n|\d{4}-\d\d-\d\d|\d+(?:\.\d+)?[Ee]-?\d|\d{15}0{5})"
)
_ONE_A_ROW = "Give each SKU a row of its own, or as many quantities as SKUs: 2|1."
_SEVERAL = re.compile(r"[|^;\n,]|\s[x×*]\s*\d|\d\s*[x×*]\s", re.I)
_SKU_SEPARATORS = ("|", "^", ";", "\n", ",")
_TIMES_AFTER = re.compile(r"(.+?)\s+[x×*]\s*(\d{1,6})", re.I)
_TIMES_BEFORE = re.compile(r"(\d{1,6})\s*[x×*]\s+(.+)", re.I)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def order_number(cell: Cell) -> int | str | Wrong:
    """The store's order id; or a marketplace's number, as text; 0 for a blank cell."""
    if type(cell) is str and cell.isdecimal() and cell.isascii() and 0 < len(cell) < 10 and cell.strip("0"):
        return int(cell)  # nearly every cell of nearly every file
    text = plain_text(cell)
    if isinstance(text, Wrong):
        return text
    if text.casefold() in BLANK_WORDS:
        return 0
    if _MARKETPLACE.fullmatch(text):
        return text
    match = _ORDER.fullmatch(text)
    prefix = (match["prefix"] or "").upper() if match else ""
    if match is None or int(match["id"]) == 0:
        return Wrong("bad_order_number", "it is not an order number of the store", "Correct the order number.")
    if foreign := OTHER_PAPERS.intersection(re.split(r"[-_ .]+", prefix)):
        return Wrong(
            "bad_order_number",
            f"{min(foreign)} numbers another paper or shop, not the store's order",
            "Put the store's own order number in.",
        )
    if len(match["id"]) > 10:
        return Wrong(
            "bad_order_number",
            "it is too long for an order number of the store",
            "Correct it; if it is a marketplace's number, add --map external_order_id=COLUMN.",
        )
    return int(match["id"])


def plain_orders(block: Sequence[Cell]) -> Sequence[int] | None:
    """The ids, where all cells are digits or whole numbers, as nearly all are: the same as `order_number`, faster."""
    try:
        whole = "".join(block)  # type: ignore[arg-type]
        if not whole.isdecimal() or not whole.isascii():
            return None
    except TypeError:
        if set(map(type, block)) != {float} or not all(map(float.is_integer, block)):  # type: ignore[arg-type]
            return None
    try:
        ids = list(map(int, block))  # type: ignore[arg-type]
    except ValueError:  # a blank cell among them, or more digits than Python reads
        return None
    return ids if min(ids) > 0 and max(ids) < 10**9 else None


def external_number(cell: Cell) -> str | Wrong:
    """A marketplace's order number, as the store keeps it."""
    text = plain_text(cell)
    if isinstance(text, Wrong):
        return text
    if len(text) > 255 or _CONTROL.search(text):
        return Wrong("bad_order_number", "it is not an order number", "Correct the order number.")
    return "" if text.casefold() in BLANK_WORDS else text


def identifier(cell: Cell) -> int | Wrong:
    """An id of the store: order_product_id, order_address_id; 0 for a blank cell."""
    text = plain_text(cell)
    if isinstance(text, Wrong):
        return text
    if text.casefold() in BLANK_WORDS or text == "0":
        return 0
    match = _ID.fullmatch(text)
    if match is None or not text.isascii():
        return Wrong("bad_id", "it is not an id of the store: digits only", "Correct the id, or leave it blank.")
    return int(match[1])


def quantity(cell: Cell) -> int | None | Wrong:
    """Units, 0 and up; None for a blank cell."""
    if isinstance(cell, bool):
        return Wrong("bad_quantity", "it is a truth value, not a number of units", "Put the number of units in.")
    if isinstance(cell, int | float):
        return _units(cell)
    text = plain_text(cell)
    if isinstance(text, Wrong):
        return text
    if not text:
        return None
    match = _QUANTITY.fullmatch(text)
    if match is None or not text.isascii():
        return Wrong("bad_quantity", "it is not a number of units", "Put the number of units in, digits only.")
    sign, whole, fraction = match[1], match[2], match[3] or ""
    if len(fraction) == 3 and whole != "0":
        return Wrong(
            "bad_quantity", f"it may mean {whole} or {whole}{fraction}", "Write the units without a separator."
        )
    return _units(float(f"{sign}{whole}.{fraction or 0}"))


def _units(number: float) -> int | Wrong:
    if number != number or number != number // 1:
        return Wrong("bad_quantity", "units are whole numbers", "Put a whole number of units in.")
    if number < 0:
        return Wrong("negative_quantity", "units cannot be negative", "A return is no shipment: take the row out.")
    if number > MOST_UNITS:
        return Wrong("bad_quantity", "that many units cannot be meant", "Put the number of units in.")
    return int(number)


def sku(cell: Cell) -> str | Wrong:
    """One SKU, or several as the cell has them."""
    text = plain_text(cell)
    if isinstance(text, Wrong):
        return text
    if wrong := date_like(text):
        return wrong
    if _CONTROL.search(text):
        return Wrong("bad_sku", "it holds a control character", "Correct the SKU.")
    return "" if text in {"-", "--"} or text.casefold() in {"n/a", "null"} else text


def plain_skus(block: Sequence[Cell]) -> Sequence[str] | None:
    """The block, where each cell is one SKU as it should be: the same as `sku`, faster."""
    if set(map(type, block)) != {str}:
        return None
    texts = cast("Sequence[str]", block)
    whole = "\n".join(("", *texts, ""))
    other_characters = whole.encode().translate(None, _SKU_CHARACTERS)
    odd = other_characters or whole.count("\n") > len(texts) + 1 or _ODD_SKU.search(whole)
    return None if odd else texts


def may_be_several(text: str) -> bool:
    """Whether a SKU cell is worth a second look."""
    return not text.isalnum() and _SEVERAL.search(text) is not None


def items(text: str) -> Counted:
    """The SKUs of one cell with their units, where it says so: `A x2 | B` is A twice and B once."""
    separator = next((mark for mark in _SKU_SEPARATORS if mark in text), None)
    parts = [part.strip() for part in text.split(separator) if part.strip()] if separator else []
    parts = parts or [text]
    counted = tuple(_counted(part) for part in parts)
    if any(units is not None for _, units in counted):
        return tuple((name, 1 if units is None else units) for name, units in counted)
    return counted


def units_of(text: str, cell: Cell) -> Counted | None | Wrong:
    """The SKUs of a cell with their units, from the quantity cell beside it too; None where it is one SKU after all."""
    parts, units = items(text), quantity(cell)
    several, counted = len(parts), parts[0][1] is not None
    if several == 1:
        return parts if counted and units is None else None
    if (each := _parallel(cell, several)) is not None:
        return tuple((name, count) for (name, _), count in zip(parts, each, strict=True))
    if not counted and "," in text and ", " not in text and not re.search(r"[|^;\n]", text):
        return None  # a SKU may have a comma in it
    if units is None or (counted and sum(count or 0 for _, count in parts) == units):
        return parts
    return Wrong("ambiguous_quantity", f"it is not clear how many units each of {several} SKUs has", _ONE_A_ROW)


def _parallel(cell: Cell, several: int) -> tuple[int, ...] | None:
    """A number for each SKU, in their order: `2|1`; None where it is not so."""
    text = plain_text(cell)
    parts = [] if isinstance(text, Wrong) else [quantity(part) for part in re.split(r"[|^;,\n]", text)]
    units = tuple(part for part in parts if isinstance(part, int))
    return units if len(units) == len(parts) == several else None


def _counted(part: str) -> tuple[str, int | None]:
    if match := _TIMES_AFTER.fullmatch(part):
        return match[1].strip(), int(match[2])
    if match := _TIMES_BEFORE.fullmatch(part):
        return match[2].strip(), int(match[1])
    return part, None


def tracking(cell: Cell) -> str | Wrong:
    """A tracking number or a link; several numbers with a line break between them; empty for a blank cell."""
    if type(cell) is str and cell.isalnum() and cell.isascii() and 10 <= len(cell) <= 19:
        return cell if not cell.isalpha() and not lost_digits(cell) else _numbers(cell)
    text = plain_text(cell)
    if isinstance(text, Wrong):
        return text
    if isinstance(cell, float) and cell != int(cell):
        return Wrong("bad_tracking_number", "a tracking number has no fraction", AS_TEXT)
    return _numbers(text)


def plain_tracking(block: Sequence[Cell]) -> Sequence[str] | None:
    """The block, where all cells are tracking numbers as they should be: the same as `tracking`, faster."""
    if set(map(type, block)) != {str}:
        return None
    texts = cast("Sequence[str]", block)
    lengths = set(map(len, texts))
    whole = "".join(texts)
    if (
        min(lengths) < 10
        or max(lengths) > NUMBER_LENGTH
        or not whole.isascii()
        or whole.encode().translate(None, _ALNUM)
    ):
        return None
    odd = any(map(str.isalpha, texts)) or (max(lengths) > 19 and any(text.endswith("00000") for text in texts))
    return None if odd else texts


def _numbers(text: str) -> str | Wrong:
    folded = text.casefold()
    if folded in BLANK_WORDS:
        return ""
    if folded in _NOT_YET:
        return Wrong(
            "bad_tracking_number", "it is not a tracking number", "Put the number in, or leave the cell blank."
        )
    if folded.startswith(("http://", "https://")):
        return link(text)
    if wrong := date_like(text):
        return wrong
    parts = _parts(text)
    if isinstance(parts, Wrong):
        return parts
    if too_long := next((part for part in parts if len(part) > NUMBER_LENGTH), None):
        return Wrong(
            "tracking_number_too_long",
            f"it has {len(too_long)} characters, the store takes {NUMBER_LENGTH}",
            "Correct the tracking number.",
        )
    return "\n".join(parts)


def _parts(text: str) -> tuple[str, ...] | Wrong:
    """One number, its printed blanks taken out, or the several it holds."""
    split = [part.strip() for part in _SEPARATORS.split(text) if part.strip()]
    if len(split) == 1 and "/" in text:
        slashed = [part.strip() for part in text.split("/")]
        split = slashed if all(len(part) >= 8 and _NUMBER_PART.fullmatch(part) for part in slashed) else split
    parts = [number for part in split for number in _blanks_out(part)]
    several = len(parts) > 1 or any(" " in part for part in parts)
    if several and (_THOUSANDS.fullmatch(text) or not all(map(_NUMBER_PART.fullmatch, parts))):
        return Wrong(
            "bad_tracking_number",
            "it cannot be told whether this is one number or several",
            "Put one tracking number in, or several with a ; between them.",
        )
    if not parts or not all(map(str.isprintable, parts)):
        return Wrong("bad_tracking_number", "it is not a tracking number", "Correct the tracking number.")
    return tuple(dict.fromkeys(parts))


def _blanks_out(text: str) -> list[str]:
    """`1Z 999 AA1 …` is one number, printed in groups; long groups are numbers of their own."""
    groups = text.split()
    if all(len(group) <= 6 for group in groups):
        return ["".join(groups)]
    return groups if all(len(group) >= 10 for group in groups) else [" ".join(groups)]


def link(cell: Cell) -> str | Wrong:
    """A tracking link: http or https, at most 500 characters."""
    text = undressed(cell) if isinstance(cell, str) else plain_text(cell)
    if isinstance(text, Wrong) or text.casefold() in BLANK_WORDS:
        return text if isinstance(text, Wrong) else ""
    if wrong := error_value(text):
        return wrong
    if not re.fullmatch(r"https?://[^\s/]+\S*", text, re.I):
        return Wrong("bad_tracking_link", "it is not a link: it begins with http:// or https://", "Correct the link.")
    if len(text) > LINK_LENGTH:
        return Wrong(
            "tracking_link_too_long", f"it has {len(text)} characters, the store takes {LINK_LENGTH}", "Shorten it."
        )
    return text


def words(cell: Cell) -> str | Wrong:
    """A carrier's or a service's name."""
    if isinstance(cell, str):
        text = undressed(cell)
        return error_value(text) or ("" if text.casefold() in BLANK_WORDS else " ".join(text.split()))
    return plain_text(cell)


def comments(cell: Cell) -> str | Wrong:
    """Free text, its line breaks kept."""
    if not isinstance(cell, str):
        return "" if cell is None else _as_written(cell)
    text = _CONTROL.sub("", cell.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(text) > COMMENTS_LENGTH:
        why = f"the comment has {len(text):,} characters, the store takes {COMMENTS_LENGTH:,}"
        return Wrong("comments_too_long", why, "Shorten the comment.")
    return "" if error_value(text) else text


def _as_written(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < EXACT:
        return str(int(cell))
    return str(cell)


def affirmed(cell: Cell) -> bool:
    """Whether a void column says yes."""
    if isinstance(cell, int | float):
        return cell == 1
    return isinstance(cell, str) and undressed(cell).casefold() in _YES
