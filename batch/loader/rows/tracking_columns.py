"""Tracking numbers and links of the rows: from one column or several, a link in the number column
put right.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from batch.loader.cells.tracking_numbers import link as link_text
from batch.loader.cells.tracking_numbers import plain_tracking, tracking_number
from batch.loader.rows.inspection import Categorical, Inspection, distinct
from batch.loader.rows.lost_zeros import find_lost_zeros, find_rounded
from batch.model import Field, Question
from batch.model.reading import choice
from batch.primitives.spelling import fold_case

LABELS = (Field.TRACKING_NUMBER, Field.TRACKING_LINK)


def tracking_columns(seen: Inspection) -> tuple[Categorical[str], Categorical[str]]:
    """Numbers (several of a row with a line break between them), and links."""
    numbers, found_links = Categorical(np.zeros(len(seen.frame), dtype=np.int32), [""]), []
    for column in seen.every(Field.TRACKING_NUMBER):
        for wrong in (find_lost_zeros(column, seen.frame, seen.table), find_rounded(column)):
            seen.refuse_cells(column, wrong, alone=True)
        values = seen.values(column, tracking_number, plain=plain_tracking, alone=True)
        own, web = (values, []) if values is column.cells else _split_links(values)
        if any(web):
            found_links.append(distinct(column.codes, web))
        numbers = _join(
            numbers,
            Categorical(column.codes, own) if own is column.cells else distinct(column.codes, own),
        )
    first = _links(seen, numbers)
    for other in found_links:
        beyond = np.where(other.codes != 0, other.codes + len(first.values) - 1, 0)
        codes = np.where(first.codes != 0, first.codes, beyond).astype(np.int32)
        first = distinct(codes, first.values + other.values[1:])
    return numbers, first


def ask_for_evidence(seen: Inspection, numbers: Categorical[str], links: Categorical[str]) -> None:
    """A tracking column that is blank throughout shows as little as none that any of it has
    shipped; files with the store's own line ids and units show it by these.
    """
    labels = [name for name in LABELS if seen.frame.of.get(name)]
    exact = seen.has(Field.ORDER_PRODUCT_ID) and seen.has(Field.QUANTITY)
    if not labels or exact or seen.answers.is_known or numbers.codes.any() or links.codes.any():
        return
    rows = seen.may_ship
    if rows.any():
        header = seen.header_of(seen.column(labels[0]))
        text = f"`{header}` is blank in every row: nothing shows that these orders have shipped."
        ship = choice("blank_numbers", "ship", "to ship them all without tracking numbers")
        seen.ask(Question("blank_numbers", text, (ship,)), rows)


def _links(seen: Inspection, numbers: Categorical[str]) -> Categorical[str]:
    """The link column's; a damaged one keeps its row out of every parcel where no number says which
    it is in.
    """
    column = seen.column(Field.TRACKING_LINK)
    numbered = numbers.codes != 0
    for others, alone in ((~numbered, False), (numbered, True)):
        values = seen.values(column.without(others), link_text, alone=alone)
    return distinct(column.codes, values)


def _split_links(values: Sequence[str]) -> tuple[list[str], list[str]]:
    """Numbers, and the links among them."""
    is_link = [text[:4].casefold() == "http" and "://" in text for text in values]
    own = ["" if web else text for text, web in zip(values, is_link, strict=True)]
    return own, [text if web else "" for text, web in zip(values, is_link, strict=True)]


def _join(first: Categorical[str], second: Categorical[str]) -> Categorical[str]:
    """Both numbers of a row where it has two; a number given twice counts once."""
    if not first.codes.any():
        return second
    rows = np.flatnonzero(second.codes)
    texts = ["\n".join(unique_numbers([first[row], second[row]])) for row in rows.tolist()]
    codes = first.codes.copy()
    codes[rows] = np.arange(len(first.values), len(first.values) + len(rows))
    return distinct(codes, first.values + texts)


def unique_numbers(texts: Iterable[str]) -> list[str]:
    """All their numbers, each once; one that differs in case only is the same."""
    numbers: dict[str, str] = {}
    for number in (number for text in texts for number in text.split("\n") if number):
        numbers.setdefault(fold_case(number), number)
    return list(numbers.values())
