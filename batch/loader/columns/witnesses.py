"""Columns that no field of a shipment takes, and that say whether a row ships, how many of it, or
whose it is.

A header that is a status word itself, over a yes and a no, is a flag; over numbers, beside a
quantity, it is what of that did not go. Any column of few different words may say `Return` or
`Cancelled` in a row.
"""

import re

from batch.loader.cells.normalise import normalise
from batch.loader.cells.row_status import (
    STOPS,
    RowStatus,
    is_yes_or_no,
    parse_row_status,
    status_of_words,
)
from batch.loader.columns import value_shapes
from batch.loader.columns.assignment import Assignment
from batch.loader.columns.columns import Column
from batch.loader.columns.synonyms import header_words, is_units
from batch.loader.files.tables import words
from batch.model import Field

FEW = 12
"""Different words of a column that may be kinds, at most."""

_LATER = frozenset(
    {
        "invoiced",
        "billed",
        "paid",
        "delivered",
        "closed",
        "zugestellt",
        "geliefert",
        "berechnet",
        "livré",
        "facturé",
        "entregado",
        "facturado",
        "consegnato",
        "fatturato",
        "bezorgd",
    }
)
"""Headers of what comes after shipping: a no in them does not say that a row has not gone."""
_STEPS = (RowStatus.SHIPPED, RowStatus.NOT_YET)
"""What a yes says has been done, and a no has not."""

_PLATFORMS = frozenset(
    {
        "bigcommerce",
        "shopify",
        "etsy",
        "amazon",
        "ebay",
        "woocommerce",
        "walmart",
        "tiktok",
        "tiktokshop",
        "magento",
    }
    | {
        "wix",
        "squarespace",
        "prestashop",
        "shopware",
        "rakuten",
        "zalando",
        "otto",
        "kaufland",
        "bolcom",
        "allegro",
    }
    | {
        "cdiscount",
        "fnac",
        "mercadolibre",
        "mercadolivre",
        "faire",
        "wayfair",
        "target",
        "newegg",
        "backmarket",
    }
)
"""Shops and marketplaces by whose names a column of any header is one of stores."""

_KIND_WORDS = frozenset(
    {
        "type",
        "status",
        "state",
        "kind",
        "reason",
        "direction",
        "flag",
        "class",
        "typ",
        "art",
        "tipo",
    }
)
"""Words of a header that is known to be no field, and may say what kind of row it is."""

_QUESTION = re.compile(r"^(is|was|has|have|been|are)(?=[A-Z_ ])|[?]\s*$", re.IGNORECASE)


def find_witnesses(contest: Assignment) -> None:
    """Take the columns that speak, where no person has said that they do not."""
    _drop_short(contest)
    flags: dict[Field, list[Column]] = {
        Field.HOLD: [],
        Field.SHIPPED: [],
        Field.SHORT: [],
        Field.SHOP: [],
    }
    for column in contest.free():
        if wanted := _speaks_as(contest, column):
            flags[wanted].append(column)
        elif _is_unknown(column) and may_be_kinds(column):
            contest.kinds.append(column)
    for wanted, columns in flags.items():
        columns = [*contest.taken.get(wanted, ()), *columns]
        if (
            columns
            and columns != list(contest.taken.get(wanted, ()))
            and wanted not in contest.left_out
            and wanted not in contest.settled_by_person
        ):
            contest.take(wanted, columns)
            contest.guessed.add(wanted)


def _drop_short(contest: Assignment) -> None:
    """What did not go says nothing beside what did, and nothing where no units are given."""
    counted = contest.first(Field.QUANTITY)
    if (
        counted is None or counted.is_sure or counted.is_done
    ) and Field.SHORT not in contest.settled_by_person:
        contest.taken.pop(Field.SHORT, None)


def _speaks_as(contest: Assignment, column: Column) -> Field | None:
    if says := header_status(column.name):
        counted = contest.first(Field.QUANTITY)
        if counted and column.examples and _are_units(column) and not _QUESTION.search(column.name):
            asked = (
                not (counted.is_sure or counted.is_done or column.is_done) and says not in _STEPS
            )
            return Field.SHORT if asked else None
        if all(map(is_yes_or_no, column.cells)):
            if normalise(column.name) in _LATER:
                return None
            return Field.SHIPPED if says in _STEPS else Field.HOLD
        if says is RowStatus.VOID and all(map(value_shapes.is_day_or_flag, column.cells)):
            return Field.HOLD
    return Field.SHOP if _names_platforms(column) else None


def _names_platforms(column: Column) -> bool:
    names = {normalise(words(cell)) for cell in value_shapes.filled_cells(column.cells)}
    known = {name for name in names if any(platform in name for platform in _PLATFORMS)}
    return (
        1 < len(names) <= FEW
        and len(known) > 1
        and not column.says.keys() & {Field.CARRIER, Field.COMMENTS}
    )


def _is_unknown(column: Column) -> bool:
    if column.says:
        return False
    return not (column.is_known or column.is_harmless) or bool(
        _KIND_WORDS.intersection(header_words(column.name))
    )


def header_status(name: str) -> RowStatus:
    """What a header says where it is a status word, with or without a word for units: `Do Not
    Ship`, `Qty Short`.
    """
    if says := status_of_words(name):
        return says
    parts = header_words(name)
    rest = [part for part in parts if not is_units(part)]
    return status_of_words(" ".join(rest)) if rest else RowStatus.UNSAID


def may_be_kinds(column: Column) -> bool:
    """Whether the values are few different words, as kinds of rows are; or none so far."""
    filled = value_shapes.filled_cells(column.cells)
    kinds = {words(cell) for cell in filled}
    return len(kinds) <= FEW and all(
        isinstance(cell, str) and not cell.strip().isdecimal() for cell in filled
    )


def says_stop(column: Column) -> bool:
    """Whether a value of the sample keeps its row from shipping."""
    return any(parse_row_status(cell) in STOPS for cell in column.cells)


def _are_units(column: Column) -> bool:
    return value_shapes.confirms(Field.QUANTITY, column.cells)
