"""Order numbers and other ids as their columns tell together: thousands, parts of an order, and the
source's own pattern.
"""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from batch.loader.cells.damage import Wrong, undress
from batch.loader.cells.order_numbers import (
    Pattern,
    external_number,
    order_number,
    part_number,
    split_part,
)
from batch.loader.cells.thousands import is_grouped, read_together, ungrouped, whole
from batch.loader.cells.values import identifier
from batch.loader.files.tables import Cell
from batch.loader.rows.frame import CategoricalColumn, Ints, Mask
from batch.loader.rows.inspection import Inspection
from batch.model import Field, Question
from batch.model.catalogue import Code
from batch.model.reading import choice

MOST_DIGITS = 19
"""Digits from which on a number is no id."""
Forms = Mapping[str, str | Wrong]
"""Text of a cell → the digits that it stands for, or why it stands for none."""


def orders(seen: Inspection) -> tuple[Ints, list[str]]:
    """Order ids, and a marketplace's numbers beside them as negative ones."""
    column, external = seen.column(Field.ORDER_ID), seen.column(Field.EXTERNAL_ORDER_ID)
    known: dict[str, int] = {}
    shortened: dict[str, int] = {}
    forms = _forms(seen, column)

    def numbered(order: int | str | Wrong) -> int | Wrong:
        return (
            known.setdefault(order, -1 - len(known))
            if isinstance(order, str) and order
            else order or 0
        )

    def own(cell: Cell) -> int | Wrong:
        text = undress(cell) if isinstance(cell, str) else ""
        form = forms.get(text, cell)
        order = form if isinstance(form, Wrong) else order_number(form)
        if text and isinstance(order, int) and order and not text.isdecimal():
            shortened[text] = order
        return numbered(order)

    order = seen.numbers(column, own, alone=True)
    other = seen.numbers(external, lambda cell: numbered(external_number(cell)), alone=True)
    order = np.where(order != 0, order, other)
    where = column if column.position else external
    seen.refuse_rows(
        order == 0, lambda row: Code.NO_ORDER.finding(cell=seen.place(row, where)), alone=True
    )
    if shortened:
        text, number = next(iter(shortened.items()))
        seen.said.append(
            f"order numbers are read without what is around them: {text} is order {number}"
        )
    return order, list(known)


def ids(seen: Inspection, name: Field, *, alone: bool = False) -> Ints:
    """The store's ids in a field, 0 for none."""
    column = seen.column(name)
    forms = _thousands(seen, column, _texts(column))

    def judged(cell: Cell) -> int | Wrong:
        form = forms.get(undress(cell), cell) if forms and isinstance(cell, str) else cell
        return form if isinstance(form, Wrong) else identifier(form)

    return seen.numbers(column, judged, alone=alone)


def _texts(column: CategoricalColumn) -> list[str]:
    """A column's texts that are more than digits."""
    cells = (cell for cell in column.cells if isinstance(cell, str) and not cell.isdecimal())
    return [text for cell in cells if (text := undress(cell)) and not text.isdecimal()]


def _forms(seen: Inspection, column: CategoricalColumn) -> Forms:
    texts = _texts(column)
    pattern = Pattern(seen.source.order_number)
    named = {text: digits for text in texts if (digits := pattern.digits(text))}
    left = [text for text in texts if text not in named]
    thousands = _thousands(seen, column, left)
    every = not any(_is_plain(cell) for cell in column.cells[1:]) and not (column.codes < 0).any()
    return {**_parts(left, throughout=every and not named), **thousands, **named}


def _is_plain(cell: Cell) -> bool:
    return not isinstance(cell, str) or cell.strip().isdecimal()


def _parts(texts: list[str], *, throughout: bool) -> Forms:
    """1001-1 and 1001-2 are parcels of order 1001; what else follows a number (1001-03, 1005-R) may
    be a range, a return or a replacement, and is not left out.
    """
    split = {text: found for text in texts if (found := split_part(text))}
    of: dict[str, set[int]] = defaultdict(set)
    for base, part in split.values():
        of[base].add(part_number(part))
    counted = throughout and len(split) == len(texts)
    forms: dict[str, str | Wrong] = {}
    for text, (base, part) in split.items():
        parts = of[base]
        in_order = parts == set(range(1, len(parts) + 1))
        is_parcel = in_order and (len(parts) > 1 or (counted and part.isdecimal()))
        forms[text] = base if is_parcel else _odd_part(base, part)
    return forms


def _odd_part(base: str, part: str) -> Wrong:
    return Wrong(
        Code.BAD_ORDER_NUMBER,
        f"a return, a replacement, a range or a year may be written so, so it is not taken for"
        f" order {base}",
        f"Write the order's own number. Where -{part} never means more than the order itself, write"
        f' under [sources.NAME] in shipbatch.toml: order_number = "{{id}}-{part}"',
    )


def _thousands(seen: Inspection, column: CategoricalColumn, texts: list[str]) -> Forms:
    """What texts like 12.000 stand for; where nothing tells it is asked."""
    if not any(is_grouped(text) or whole(text) for text in texts):
        return {}
    plain = [int(cell) for cell in column.cells[1:] if isinstance(cell, float | int)]
    plain += [int(cell) for cell in column.cells[1:] if isinstance(cell, str) and _is_short(cell)]
    largest = max(int(-column.codes.min(initial=0)), *plain, 0)
    found = read_together(texts, largest)
    if found is not None:
        return found
    unclear = [text for text in texts if whole(text)]
    rows = _rows_of(column, unclear)
    answer = _ask(seen, column, unclear[0], rows)
    if not answer:
        return {}
    read = ungrouped if answer == "thousands" else whole
    return {text: read(text) for text in unclear}


def _is_short(text: str) -> bool:
    return text.isdecimal() and len(text) < MOST_DIGITS


def _rows_of(column: CategoricalColumn, texts: list[str]) -> Mask:
    wanted = set(texts)
    codes = [
        code
        for code, cell in enumerate(column.cells)
        if isinstance(cell, str) and undress(cell) in wanted
    ]
    return np.isin(column.codes, codes)


def _ask(seen: Inspection, column: CategoricalColumn, text: str, rows: Mask) -> str:
    header = seen.header_of(column)
    name = f"thousands:{header}"
    first = seen.quote_cell(int(np.flatnonzero(rows)[0]), column)
    return seen.ask(
        Question(
            name,
            f"`{header}`, cell {first}: it may mean {ungrouped(text)} or {whole(text)}.",
            (
                choice(name, "thousands", f"to read it as {ungrouped(text)}"),
                choice(name, "fraction", f"to read it as {whole(text)}"),
            ),
            always="fraction",
        ),
        rows,
    )
