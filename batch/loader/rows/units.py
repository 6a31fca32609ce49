"""How many single units a quantity is: a unit that is not each is asked for, and so is what of a
line did not go.
"""

import re

import numpy as np

from batch.loader.cells import values
from batch.loader.cells.damage import Wrong, display, undress
from batch.loader.cells.normalise import normalise
from batch.loader.cells.units import EACH, MEASURE, likely_factor, split_units, unit_factor
from batch.loader.rows.frame import CategoricalColumn, Ints, Mask
from batch.loader.rows.inspection import Inspection, skip_finding
from batch.model import Field, Question
from batch.model.catalogue import Code
from batch.model.reading import answer_option, choice

HOLD = "hold"
_THREE_ZEROS = re.compile(r"\d{1,3}[.,]000")


def unit_factors(seen: Inspection, counted: Mask) -> Ints:
    """Single units in one of what each row counts; 1 where nothing says otherwise."""
    factors = np.ones(len(counted), dtype=np.int64)
    for column in seen.frame.of.get(Field.UNIT, ()):
        kinds: dict[str, list[int]] = {}
        for code, cell in enumerate(column.cells):
            if code:
                kinds.setdefault(undress(display(cell)), []).append(code)
        for word, codes in kinds.items():
            rows = np.isin(column.codes, codes) & counted & seen.may_ship
            if unit_factor(word) not in {EACH, MEASURE} and rows.any():
                factors[rows] = factor(seen, word, rows, f"`{seen.header_of(column)}` says {word}")
    return factors


def without_decimals(seen: Inspection, column: CategoricalColumn) -> CategoricalColumn:
    """A column in which every quantity ends in `,000` or `.000`, as answered: as SAP writes three
    decimals, or thousands.
    """
    texts = [cell for cell in column.cells[1:] if cell != ""]
    if not texts or (column.codes < 0).any() or not all(map(_has_three_zeros, texts)):
        return column
    rows = column.is_filled & seen.may_ship
    if not rows.any():
        return column
    first, header = int(np.flatnonzero(rows)[0]), seen.header_of(column)
    name = f"decimals:{header}"
    text = f"`{header}`, cell {seen.quote_cell(first, column)}: all end in three zeros."
    less = choice(name, "decimals", f"to ship {display(column.cell(first))[:-4]}")
    more = choice(name, "thousands", "to ship thousands of units")
    answer = seen.ask(Question(name, text, (less, more), always="refuse"), rows)
    if answer not in (less.key, more.key):
        return column
    end = slice(-4) if answer == less.key else slice(None)
    cells = [str(cell).strip()[end].replace(",", "").replace(".", "") for cell in column.cells]
    return CategoricalColumn(column.position, column.codes, list(cells))


def _has_three_zeros(cell: object) -> bool:
    return isinstance(cell, str) and _THREE_ZEROS.fullmatch(cell.strip()) is not None


def single_units(seen: Inspection, column: CategoricalColumn) -> CategoricalColumn:
    """A quantity column without the units behind its numbers: `2 CS` is as many as a case has."""
    cells = list(column.cells)
    for code, cell in enumerate(cells):
        if not isinstance(cell, str) or not isinstance(values.quantity(cell), Wrong):
            continue
        number, unit = split_units(undress(cell))
        if not unit or unit_factor(unit) == MEASURE or not number.isdecimal():
            continue
        rows = (column.codes == code) & seen.may_ship
        if rows.any():
            cells[code] = str(
                int(number)
                * factor(seen, unit, rows, f"`{seen.header_of(column)}` says {display(cell)}")
            )
    return CategoricalColumn(column.position, column.codes, cells)


def factor(seen: Inspection, word: str, rows: Mask, what: str) -> int:
    """How many single units a word stands for, as answered; where nobody has, its rows wait."""
    name = f"unit:{word.upper()}"
    likely = likely_factor(word) or unit_factor(word)
    known = [choice(name, str(likely), f"if it is {likely} single units")] if likely else []
    where = f"{rows.sum():,} row{'s' if rows.sum() > 1 else ''}"
    text = f"{what} in {where}: how many single units is one {word}?"
    question = Question(
        name,
        text,
        (
            *known,
            choice(name, HOLD, "to hold these rows until it is known"),
            choice(name, "1", "if they are single units"),
        ),
        others=f"any number: {answer_option(name, '24')}",
        always="1",
    )
    answer = seen.ask(question, rows)
    if answer.isdecimal() and 0 < int(answer) <= values.MOST_UNITS:
        return int(answer)
    if answer:
        seen.hold(question, rows)
    return EACH


def less_short(seen: Inspection, quantity: Ints, column: CategoricalColumn) -> Ints:
    """The units less what the file says of them did not go, where a person has said that they are
    the units ordered.
    """
    for short in seen.frame.of.get(Field.SHORT, ()):
        units = np.array([_units(cell) for cell in short.cells], dtype=np.int64)
        missing = np.where(short.codes < 0, -short.codes, units[np.maximum(short.codes, 0)])
        rows = (missing > 0) & (quantity > 0) & seen.may_ship
        if not rows.any():
            continue
        header, counted = seen.header_of(short), seen.header_of(column)
        name = f"short:{normalise(header)}"
        less = choice(name, "less", f"to ship `{counted}` less `{header}`")
        whole = choice(name, "whole", f"to ship `{counted}` as it is")
        row = int(np.flatnonzero(rows)[0])
        cell = seen.quote_cell(row, short)
        text = f"`{header}` has units beside `{counted}` ({cell}): were they in the parcels?"
        if seen.ask(Question(name, text, (less, whole), always="whole"), rows) == "less":
            quantity = np.where(rows, np.maximum(quantity - missing, 0), quantity)
            gone = rows & (quantity == 0)
            seen.refuse_rows(
                gone,
                lambda row, short=short: skip_finding(  # type: ignore[misc]
                    Code.QUANTITY_ZERO, f"{seen.quote_cell(row, short)}: no unit went."
                ),
                alone=True,
            )
    return quantity


def _units(cell: object) -> int:
    units = values.quantity(cell)  # type: ignore[arg-type]
    return units if isinstance(units, int) else 0
