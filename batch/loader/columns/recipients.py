"""Columns of who gets a parcel, told from those of who carries it."""

import re
from collections.abc import Sequence

from batch.loader.cells.normalise import normalise
from batch.loader.columns import value_shapes
from batch.loader.columns.columns import Column
from batch.loader.columns.synonyms import header_words
from batch.model import Field

_PLACES = frozenset(["city", "zip", "postcode", "postal", "street", "address", "town"])
"""Words of headers that say where a parcel goes."""
_RECIPIENT = re.compile(r"(ship(ping|to)*|delivery|recipient|receiver|consignee)(name)?")
"""Headers, normalised, that say to whom."""


def is_recipients_firm(column: Column, columns: Sequence[Column]) -> bool:
    """Whether a company beside a recipient's name or address, which is no carrier by its values, is
    the recipient's own: `Shipping Company` beside `Zip`.
    """
    if "company" not in normalise(column.name):
        return False
    if value_shapes.confirms(Field.CARRIER, column.cells):
        return False
    return any(
        _PLACES.intersection(header_words(other.name))
        or _RECIPIENT.fullmatch(normalise(other.name))
        for other in columns
    )
