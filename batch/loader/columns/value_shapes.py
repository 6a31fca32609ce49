"""What a column's values look like: enough to confirm a header, or to see that it plainly lies."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, time, timedelta
from itertools import accumulate

from batch.loader.cells.carriers import carrier
from batch.loader.cells.check_digits import compact, mod10, readings
from batch.loader.cells.damage import BLANK_WORDS, Wrong
from batch.loader.cells.order_numbers import MARKETPLACE, order_number, split_part
from batch.loader.cells.row_status import is_void
from batch.loader.cells.thousands import is_grouped, whole
from batch.loader.cells.units import MEASURE, split_units, unit_factor
from batch.loader.files import tables
from batch.loader.files.tables import Cell
from batch.model import Field
from batch.model.catalogue import Code
from batch.primitives.spelling import fold_case, narrow

BLANKS = BLANK_WORDS | {"#n/a", "tbd", "pending", "?"}
MOST = 0.8
"""Share of the values that must agree before they say anything."""

_ORDER = re.compile(r"#?[A-Z]{0,12}[-_ #]{0,2}\d{1,10}([-_/.][A-Z0-9]{1,3})?", re.IGNORECASE)
_STORE = re.compile(r"#?([A-Z]{1,4}-)?\d{2,8}", re.IGNORECASE)
_DATE = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?|\d{1,2}[ -][A-Z]{3,9}[ -]\d{2,4}.*", re.IGNORECASE
)
_LINK = re.compile(r"(https?://|www\.)\S+", re.IGNORECASE)
_MONEY = re.compile(
    r"[^\w\d]{0,3}-?\d[\d.,' ]*\s?([A-Z]{3}|[€£$¥])?|[A-Z]{3}\s?\d[\d.,' ]*", re.IGNORECASE
)
_DECIMAL = re.compile(r"-?\d{1,7}[.,]0*[1-9]\d{0,3}")
_QUANTITY = re.compile(r"\d{1,6}([.,]0+)?")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[a-z]{2,}", re.IGNORECASE)
_FRACTION = re.compile(r"-?\d{1,9}[.,]\d{1,4}(\s?[A-Za-z]{1,4})?")
_ID = re.compile(r"\d{1,10}(\.0+)?")
_CODE = re.compile(r"(?=.*\d)(?=.*[^\W\d_])[\w./-]{2,40}")
_POSTCODE = re.compile(r"(?=.*\d)[A-Z0-9][A-Z0-9 -]{1,10}(\.0)?", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9A-Z]{8,40}")


def words(cell: Cell) -> str:
    """A cell as a person reads it, its width forms as they usually are."""
    return narrow(tables.words(cell))


def filled_cells(cells: Sequence[Cell]) -> list[Cell]:
    """The cells that say something."""
    return [cell for cell in cells if words(cell).casefold() not in BLANKS]


_LONG_NUMBER = re.compile(r"[+0]\d{6,15}+|\d{10,16}+")


def confirms(field: Field, cells: Sequence[Cell]) -> bool:
    """Whether the values look like the field's: what a weak header needs."""
    if field not in _LOOKS or not _most(_LOOKS[field], cells):
        return False
    return field not in _WHOLE or _WHOLE[field]([words(value) for value in filled_cells(cells)])


def contradicts(field: Field, cells: Sequence[Cell]) -> bool:
    """Whether the values plainly are another thing: what a strong header cannot outweigh."""
    return field in _CANNOT and _most(_CANNOT[field], cells)


def is_marketplace(cells: Sequence[Cell]) -> bool:
    """Whether the values are a marketplace's order numbers, not the store's."""
    return _most(lambda cell: MARKETPLACE.fullmatch(words(cell)), cells)


def are_foreign_orders(cells: Sequence[Cell]) -> bool:
    """Whether all values are another system's order numbers, none of which can be the store's."""
    values = [cell for cell in filled_cells(cells) if not _is_plain_words(cell)]
    return bool(values) and all(map(_is_foreign_order, values))


def go_by_line(orders: Sequence[Cell], cells: Sequence[Cell]) -> bool:
    """Whether the values tell an order's lines apart, as SKUs do, and not the orders, as references
    do.

    A value stands in several orders, or an order has several that are no tracking numbers; a blank
    order is the one above it. Values that hold their order's own number are its references.
    """
    both = zip(_fill_down(orders), map(words, cells), strict=True)
    pairs = {(fold_case(order), fold_case(value)) for order, value in both if order and value}
    values, numbered = {value for _, value in pairs}, {number for number, _ in pairs}
    if len(values) < 2 or any(number.lstrip("#") in value for number, value in pairs):
        return False
    shared = len(values) < len(pairs)
    return shared or (len(numbered) < len(pairs) and not _most(_is_tracking, list(values)))


def distinct_per_order(orders: Sequence[Cell], cells: Sequence[Cell]) -> list[Cell]:
    """The cells without those that an order has already had: a number stands in every row of its
    parcel.
    """
    found = {
        (order, words(cell)): cell for order, cell in zip(_fill_down(orders), cells, strict=True)
    }
    return list(found.values())


def tell_lines_apart(orders: Sequence[Cell], labels: Sequence[Cell], cells: Sequence[Cell]) -> bool:
    """Whether one parcel has several of the values, each in a row of its own."""
    seen: dict[tuple[str, str], set[str]] = {}
    parcel = ("", "")
    for order, label, cell in zip(orders, labels, cells, strict=True):
        parcel = (words(order), words(label)) if words(order) else parcel
        if parcel[0] and words(cell):
            seen.setdefault(parcel, set()).add(words(cell))
    return any(len(values) > 1 for values in seen.values())


def look_like_tracking(cells: Sequence[Cell]) -> bool:
    """Whether the values are tracking numbers, whatever their column is called: nearly all of them,
    all different.
    """
    texts = [words(value) for value in filled_cells(cells)]
    return _most(_is_no_order_but_tracking, cells) and len(set(texts)) > MOST * len(texts)


def are_codes(cells: Sequence[Cell]) -> bool:
    """Whether the values are SKUs by their look: letters and digits together, in one word."""
    return _most(lambda cell: _CODE.fullmatch(words(cell)) and not _is_date(cell), cells)


def are_few(cells: Sequence[Cell]) -> bool:
    """Whether the values are numbers of units by their look: whole, and below 1,000."""
    return _most(lambda cell: re.fullmatch(r"\d{1,3}(\.0+)?", words(cell)), cells)


def are_harmless(cells: Sequence[Cell]) -> bool:
    """Whether the values are dates, mail addresses, links, money, or texts of many words."""
    return any(_most(look, cells) for look in (_is_date_or_link, _is_mail, _is_fraction, _is_long))


def are_long_numbers(cells: Sequence[Cell]) -> bool:
    """Whether the values are longer than any store's order number, or begin with a 0 or a +, as
    telephone numbers do.
    """
    return _most(
        lambda cell: re.fullmatch(r"[+0]\d{6,15}+|\d{10,16}+", words(cell)) is not None, cells
    )


def is_day_or_flag(cell: Cell) -> bool:
    """Whether a cell is blank, a day, or a yes or no."""
    return not isinstance(is_void(cell), Wrong) and not _is_link(cell)


def are_small_counts(cells: Sequence[Cell]) -> bool:
    """Whether the values are small whole numbers, as units of a line are."""
    return are_few(cells) and not _most(lambda cell: words(cell).lstrip("0") == "", cells)


def are_positions(orders: Sequence[Cell], cells: Sequence[Cell]) -> bool:
    """Whether the values count an order's rows, 1, 2, 3 …, or all rows; where each order has one
    row, all are 1.
    """
    count = 0
    before = ""
    numbers: list[tuple[str, int]] = []
    for order, cell in zip(_fill_down(orders), cells, strict=True):
        count, before = (count + 1 if order == before else 1), order
        numbers.append((words(cell).partition(".")[0], count))
    within = all(text == str(at) for text, at in numbers)
    step = [text == str(at) for at, (text, _) in enumerate(numbers, 1)]
    return within or (len(step) > 2 and all(step))


def are_number_like(cells: Sequence[Cell]) -> bool:
    """Whether the values look like some number: mostly digits, four at least, and no dates."""
    return _most(
        lambda cell: sum(c.isdecimal() for c in words(cell)) >= 4 and not _is_date_or_link(cell),
        cells,
    )


def are_per_order(orders: Sequence[Cell], cells: Sequence[Cell]) -> bool:
    """Whether all rows of an order say the same, some order has several rows, and the orders
    differ.
    """
    found: dict[str, list[str]] = {}
    for order, cell in zip(_fill_down(orders), cells, strict=True):
        found.setdefault(order, []).append(words(cell))
    same = all(len(set(values)) == 1 for values in found.values())
    counts = all(values[0] == str(len(values)) for values in found.values())
    return same and any(len(values) > 1 for values in found.values()) and counts


def are_at_most(cells: Sequence[Cell], counted: Sequence[Cell]) -> bool:
    """Whether each of the numbers is at most the one beside it, some are less, and they are more
    than yes and no.
    """
    pairs = [
        (words(a).partition(".")[0], words(b).partition(".")[0])
        for a, b in zip(cells, counted, strict=True)
    ]
    numbers = [
        (int(a), int(b)) for a, b in pairs if a.isdecimal() and b.isdecimal() and len(a + b) < 12
    ]
    is_flag = all(a <= 1 for a, _ in numbers) and len(numbers) > 1
    return all(a <= b for a, b in numbers) and any(0 < a < b for a, b in numbers) and not is_flag


def vary(cells: Sequence[Cell]) -> bool:
    """Whether the values are not all the same."""
    return len({words(cell) for cell in filled_cells(cells)}) > 1


def are_store_numbers(cells: Sequence[Cell]) -> bool:
    """Whether the values look like a store's order numbers: `1001`, `#1001`, `BC-1001`."""
    return _most(lambda cell: _STORE.fullmatch(words(cell)), cells)


def _most(looks: Callable[[Cell], object], cells: Sequence[Cell]) -> bool:
    """Whether there are cells that say something, and nearly all of them look so."""
    values = filled_cells(cells)
    return bool(values) and sum(map(bool, map(looks, values))) >= MOST * len(values)


def _fill_down(orders: Sequence[Cell]) -> Iterator[str]:
    """The orders' numbers; a blank one is the one above it."""
    return accumulate(map(words, orders), lambda above, own: own or above)


def _is_date(cell: Cell) -> bool:
    return isinstance(cell, date | time | timedelta) or bool(_DATE.fullmatch(words(cell)))


def _is_link(cell: Cell) -> bool:
    return bool(_LINK.match(words(cell)))


def _is_date_or_link(cell: Cell) -> bool:
    return _is_date(cell) or _is_link(cell)


def _is_mail(cell: Cell) -> bool:
    return bool(_MAIL.fullmatch(words(cell)))


def _is_fraction(cell: Cell) -> bool:
    return bool(_FRACTION.fullmatch(words(cell))) or (
        _is_money(cell) and not words(cell).isdecimal()
    )


def _is_long(cell: Cell) -> bool:
    return words(cell).count(" ") > 3


def _is_plain_words(cell: Cell) -> bool:
    return not any(char.isdecimal() for char in words(cell))


def _is_order(cell: Cell) -> bool:
    return bool(
        _ORDER.fullmatch(words(cell)) or MARKETPLACE.fullmatch(words(cell))
    ) and not _is_date(cell)


def _is_foreign_order(cell: Cell) -> bool:
    found = order_number(cell)
    text = words(cell)
    if isinstance(found, Wrong):
        if split_part(text) or is_grouped(text) or whole(text):
            return False  # its column tells
        return (
            found.code == Code.BAD_ORDER_NUMBER
            and not _no_order(cell)
            and any(char in "123456789" for char in words(cell))
        )
    return isinstance(found, str)


def _is_id(cell: Cell) -> bool:
    return bool(_ID.fullmatch(words(cell)))


def _is_quantity(cell: Cell) -> bool:
    number, unit = split_units(words(cell))
    return bool(_QUANTITY.fullmatch(number)) and not (unit and unit_factor(unit) == MEASURE)


def _is_unit(cell: Cell) -> bool:
    return unit_factor(words(cell)) is not None


def _is_tracking(cell: Cell) -> bool:
    """Letters and digits, eight or more, and no product barcode (EAN, UPC)."""
    number = compact(words(cell))
    digits = sum(char.isdecimal() for char in number)
    if (
        _is_date(cell)
        or not _NUMBER.fullmatch(number)
        or digits < 5
        or (number.isdecimal() and digits < 9)
    ):
        return False
    return not (number.isdecimal() and digits in {12, 13, 14} and mod10(number))


def _is_no_order_but_tracking(cell: Cell) -> bool:
    return _is_tracking(cell) and (not _is_order(cell) or bool(readings(words(cell))))


def _is_carrier(cell: Cell) -> bool:
    found = carrier(words(cell))
    return bool(found.known and (found.provider or found.slug))


def _is_sku(cell: Cell) -> bool:
    text = words(cell)
    return len(text) <= 64 and text.count(" ") <= 1 and not _is_link(cell) and not _is_date(cell)


def _is_money(cell: Cell) -> bool:
    return bool(_MONEY.fullmatch(words(cell))) and not _is_date(cell)


def _is_day(cell: Cell) -> bool:
    return _is_date(cell) or bool(re.fullmatch(r"20\d{6}|1\d{9}", words(cell)))


def _no_order(cell: Cell) -> bool:
    text = words(cell)
    is_decimal = _DECIMAL.fullmatch(text) is not None and not is_grouped(text)
    return _is_date_or_link(cell) or _is_plain_words(cell) or is_decimal


def _no_tracking(cell: Cell) -> bool:
    number = compact(words(cell))
    found = carrier(words(cell))
    no_parcel = found.known and not (found.provider or found.slug)
    return not no_parcel and (_no_order(cell) or (number.isdecimal() and len(number) < 5))


def _no_quantity(cell: Cell) -> bool:
    digits = sum(char.isdecimal() for char in words(cell))
    return not digits or digits > 6 or _is_date_or_link(cell)


def _no_carrier(cell: Cell) -> bool:
    text = words(cell)
    most_digits = 2 * sum(char.isdecimal() for char in text) > len(text)
    return _is_date_or_link(cell) or (
        most_digits and not _is_carrier(cell) and not text.isdecimal()
    )


def _is_void(cell: Cell) -> bool:
    return not isinstance(is_void(cell), Wrong)


def _no_day(cell: Cell) -> bool:
    return _is_plain_words(cell) or _is_link(cell)


def _are_no_line_numbers(texts: Sequence[str]) -> bool:
    """False for 1, 2, 3 … in each order: line numbers, not articles."""
    return not all(text.isdecimal() and len(text) <= 2 for text in texts)


def _are_different(texts: Sequence[str]) -> bool:
    return 2 * len(set(texts)) > len(texts)


def _is_name(cell: Cell) -> bool:
    """Of a person, a firm or a country."""
    text = words(cell)
    return any(map(str.isalpha, text)) and not any(map(str.isdecimal, text))


def _is_postcode(cell: Cell) -> bool:
    return _POSTCODE.fullmatch(words(cell)) is not None


_LOOKS: dict[Field, Callable[[Cell], bool]] = {
    Field.ORDER_ID: _is_order,
    Field.EXTERNAL_ORDER_ID: _is_order,
    Field.ORDER_PRODUCT_ID: _is_id,
    Field.ORDER_ADDRESS_ID: _is_id,
    Field.SKU: _is_sku,
    Field.QUANTITY: _is_quantity,
    Field.TRACKING_NUMBER: _is_tracking,
    Field.TRACKING_LINK: _is_link,
    Field.CARRIER: _is_carrier,
    Field.SHIPPING_METHOD: _is_plain_words,
    Field.MERCHANT_SHIPPING_COST: _is_money,
    Field.SHIP_DATE: _is_day,
    Field.VOID: _is_void,
    Field.UNIT: _is_unit,
    Field.SHORT: _is_quantity,
    Field.RECIPIENT_NAME: _is_name,
    Field.RECIPIENT_POSTCODE: _is_postcode,
    Field.RECIPIENT_COUNTRY: _is_name,
}

_WHOLE: dict[Field, Callable[[Sequence[str]], bool]] = {
    Field.SKU: _are_no_line_numbers,
    Field.ORDER_PRODUCT_ID: _are_no_line_numbers,
    Field.TRACKING_NUMBER: _are_different,
}

_CANNOT: dict[Field, Callable[[Cell], bool]] = {
    Field.ORDER_ID: _no_order,
    Field.EXTERNAL_ORDER_ID: _is_date_or_link,
    Field.ORDER_PRODUCT_ID: lambda cell: not _is_id(cell),
    Field.ORDER_ADDRESS_ID: lambda cell: not _is_id(cell),
    Field.SKU: _is_link,
    Field.QUANTITY: _no_quantity,
    Field.TRACKING_NUMBER: _no_tracking,
    Field.TRACKING_LINK: lambda cell: "." not in words(cell) and "/" not in words(cell),
    Field.CARRIER: _no_carrier,
    Field.SHIPPING_PROVIDER: _no_carrier,
    Field.TRACKING_CARRIER: _no_carrier,
    Field.SHIPPING_METHOD: _is_date_or_link,
    Field.MERCHANT_SHIPPING_COST: lambda cell: _is_date_or_link(cell) or _is_plain_words(cell),
    Field.SHIP_DATE: _no_day,
    Field.VOID: lambda cell: not _is_void(cell),
    Field.UNIT: lambda cell: (
        not any(char.isalpha() for char in words(cell)) or len(words(cell)) > 16
    ),
    Field.SHOP: _is_date_or_link,
    Field.SHORT: lambda cell: not _is_quantity(cell),
}
