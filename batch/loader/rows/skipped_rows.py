"""Rows that make no shipment: totals, repeated headers, what is void, what the file itself calls
not shipped.
"""

from collections.abc import Iterator

import numpy as np

from batch.errors import ColumnError
from batch.loader.cells.damage import BLANK_WORDS, display, undress
from batch.loader.cells.normalise import normalise
from batch.loader.cells.row_status import (
    STOPS,
    RowStatus,
    is_no,
    is_void,
    is_yes,
    is_yes_or_no,
    parse_row_status,
)
from batch.loader.columns.columns import map_option
from batch.loader.files.tables import words
from batch.loader.rows.frame import BLANK, CategoricalColumn, Ints, Mask
from batch.loader.rows.inspection import Inspection, invalid, skip_finding
from batch.loader.rows.no_rows import no_rows
from batch.model import Field, Question
from batch.model.catalogue import Code
from batch.model.reading import choice

NOT_FILLED_IN = Code.NOT_FILLED_IN.finding()

MOST_KINDS = 12
"""Different words of a column that may be statuses; with more it is a text."""

LEAST_DIGITS = 5
"""Of a tracking number, in a row that may be shifted."""

_WAITING = (RowStatus.NOT_YET, RowStatus.LACKING)
_LABEL = (Field.TRACKING_NUMBER, Field.TRACKING_LINK)


def set_aside(seen: Inspection) -> None:
    """Rows that are no shipment, or whose cells cannot be trusted to stand in their columns."""
    frame = seen.frame
    for row in frame.repeated_headers:
        seen.reject(row, Code.REPEATED_HEADER.finding(), alone=True)
    for row in frame.totals:
        seen.reject(
            row, skip_finding(Code.TOTALS_ROW, "A row of totals, not of a shipment."), alone=True
        )
    for row, width in frame.too_wide.items():
        error = (
            f"Row {frame.rows[row]} has {width} cells, more than the header: they may stand in"
            " wrong columns."
        )
        seen.reject(
            row,
            invalid(Code.TOO_MANY_CELLS, error, "Put cells that hold the separator in quotes."),
            alone=True,
        )
    _shifted(seen)
    asked = (Field.ORDER_ID, Field.EXTERNAL_ORDER_ID, Field.SKU, Field.ORDER_PRODUCT_ID)
    if seen.is_template:
        filled_in = _has_value(seen, *_LABEL, Field.QUANTITY)
        seen.refuse_rows(~filled_in, lambda _: NOT_FILLED_IN, alone=True)
    _reordered(seen)
    nothing = skip_finding(Code.TOTALS_ROW, "It names no order, no SKU and no tracking number.")
    seen.refuse_rows(~frame.filled_rows(*asked, *_LABEL), lambda _: nothing, alone=True)
    no_rows(seen)
    _void(seen)
    _stopped(seen)
    _by_status(seen)


def _reordered(seen: Inspection) -> None:
    """Rows below a second header whose columns stand in another order: none can be trusted."""
    at = seen.frame.reordered
    if at is None:
        return
    seen.reject(at, Code.REPEATED_HEADER.finding(), alone=True)
    below = np.arange(len(seen.frame)) > at
    header = int(seen.frame.rows[at])
    seen.refuse_rows(below, lambda _: Code.REORDERED.finding(row=header), alone=True)


def _shifted(seen: Inspection) -> None:
    """Rows that go on behind the header, and whose tracking number is words: a separator within a
    cell has shifted them.
    """
    columns = seen.frame.of.get(Field.TRACKING_NUMBER, ())
    for row, width in seen.frame.spilled.items():
        texts = [undress(display(column.cell(row))) for column in columns if column.codes[row]]
        if any(sum(map(str.isdigit, text)) < LEAST_DIGITS for text in texts):
            error = (
                f"Row {seen.frame.rows[row]} has {width} cells, and {texts[0]!r} where its tracking"
                " number should be: its cells stand in wrong columns."
            )
            todo = "Put cells that hold the separator in quotes."
            seen.reject(row, invalid(Code.TOO_MANY_CELLS, error, todo), alone=True)


def _has_value(seen: Inspection, *fields: Field) -> Mask:
    """Rows in which one of the fields holds more than a word for nothing."""
    found = np.zeros(len(seen.frame), dtype=np.bool_)
    for column in (column for name in fields for column in seen.frame.of.get(name, ())):
        says = [
            not isinstance(cell, str) or undress(cell).casefold() not in BLANK_WORDS
            for cell in column.cells
        ]
        found |= np.array(says, dtype=np.bool_)[column.codes]
    return found


def _void(seen: Inspection) -> None:
    """Reject rows whose void column says yes, and those where it says neither yes nor no."""
    column = seen.column(Field.VOID)
    _set(seen, seen.numbers(column, is_void) != 0, column, Code.VOID, "void.")


def _stopped(seen: Inspection) -> None:
    """Rows that a flag keeps from shipping, or whose kind is a return or another thing that does
    not ship.
    """
    for column in seen.frame.of.get(Field.HOLD, ()):
        says = np.array([is_void(cell) is True for cell in column.cells], dtype=np.bool_)
        header = seen.header_of(column)
        _set(
            seen,
            says[np.maximum(column.codes, BLANK)],
            column,
            Code.NOT_SHIPPED,
            f"`{header}`, says the file.",
        )
    for column in seen.frame.of.get(Field.KIND, ()):
        said = seen.numbers(column, parse_row_status)
        _stop_by_word(seen, column, said)
        lacking = said == RowStatus.LACKING
        _set(seen, lacking, column, Code.NOT_SHIPPED, "nothing of it went, says the file.")


def _stop_by_word(seen: Inspection, column: CategoricalColumn, said: Ints) -> None:
    for status, why in STOPS.items():
        code = Code.VOID if status is RowStatus.VOID else Code.NOT_SHIPPED
        _set(seen, said == status, column, code, f"{why}.")


def _by_status(seen: Inspection) -> None:
    """Rows that a status stops, or that have not shipped yet: without a number these are skipped,
    beside one asked.
    """
    columns = seen.every(Field.STATUS) if seen.has(Field.STATUS) else []
    said = [seen.numbers(column, parse_row_status) for column in columns]
    for column, each in zip(columns, said, strict=True):
        _stop_by_word(seen, column, each)
    flags = list(seen.frame.of.get(Field.SHIPPED, ()))
    said += [_flag_statuses(column) for column in flags]
    columns += flags
    if not columns:
        return
    numbered = _has_value(seen, *_LABEL)
    shipped = np.logical_or.reduce([each == RowStatus.SHIPPED for each in said])
    waits = [np.isin(each, _WAITING) & ~shipped for each in said]
    _some_have_shipped(seen, columns, [mask & ~numbered for mask in waits])
    for column, mask in zip(columns, waits, strict=True):
        _set(seen, mask & ~numbered, column, Code.NOT_SHIPPED, "not shipped yet, says the file.")
        for word, rows in _words_of(column, mask & seen.may_ship):
            others = bool(
                (shipped & numbered & seen.may_ship).any()
                or parse_row_status(word) is RowStatus.LACKING
            )
            _ask_word(
                seen,
                column,
                word,
                rows,
                "says that it has not shipped yet, beside a tracking number",
                skip=others,
            )
    for column, each in zip(columns, said, strict=True):
        _unknown_words(seen, column, (each == RowStatus.UNSAID) & ~shipped, numbered)


def _flag_statuses(column: CategoricalColumn) -> Ints:
    """A `Shipped` column's yes and no as statuses; a blank one says nothing."""

    def status(cell: object) -> RowStatus:
        if is_yes(cell):  # type: ignore[arg-type]
            return RowStatus.SHIPPED
        return RowStatus.NOT_YET if is_no(cell) else RowStatus.UNSAID  # type: ignore[arg-type]

    judged = np.array([status(cell) for cell in column.cells], dtype=np.int64)
    plain = np.where(column.codes == -1, np.int64(RowStatus.SHIPPED), np.int64(RowStatus.UNSAID))
    return np.where(column.codes < 0, plain, judged[np.maximum(column.codes, BLANK)])


def _unknown_words(
    seen: Inspection, column: CategoricalColumn, unsaid: Mask, numbered: Mask
) -> None:
    """Words that nobody knows, in a column whose values differ from row to row, are asked about."""
    kinds = {normalise(words(cell)) for cell in column.cells[1:]} - {""}
    rows = unsaid & column.is_filled & seen.may_ship
    if not 1 < len(kinds) <= MOST_KINDS:
        if len(kinds) == 1:
            seen.answers.settled |= {
                f"status:{word}": "ship" for word, _ in _words_of(column, rows)
            }
        return
    stops = any(parse_row_status(cell) in STOPS for cell in column.cells[1:])
    for word, mask in _words_of(column, rows):
        if not is_yes_or_no(word) and any(char.isalpha() for char in word):
            skip = stops or not bool((mask & numbered).any())
            _ask_word(
                seen, column, word, mask, "is not known to say whether it has shipped", skip=skip
            )


def _ask_word(
    seen: Inspection, column: CategoricalColumn, word: str, rows: Mask, what: str, *, skip: bool
) -> None:
    header = seen.header_of(column)
    name = f"status:{header} {word}" if is_yes_or_no(word) else f"status:{word}"
    count = f"{rows.sum():,} row{'s' if rows.sum() > 1 else ''}"
    both = [choice(name, "ship", f"to ship {count}"), choice(name, "skip", f"to leave {count} out")]
    text = f"`{header}`, cell {seen.quote_cell(int(np.flatnonzero(rows)[0]), column)}: it {what}."
    answer = seen.ask(
        Question(name, text, tuple(reversed(both) if skip else both), always="ship"), rows
    )
    if answer == "skip":
        _set(seen, rows, column, Code.NOT_SHIPPED, "not shipped, as it was answered.")


def _words_of(column: CategoricalColumn, rows: Mask) -> Iterator[tuple[str, Mask]]:
    """The words that stand in these rows, as first written, each with its rows."""
    codes = np.unique(column.codes[rows & column.is_filled])
    by_key: dict[str, tuple[str, list[int]]] = {}
    for code in codes.tolist():
        text = display(column.cells[code] if code >= 0 else -code)
        by_key.setdefault(normalise(text), (text, []))[1].append(code)
    for text, same in by_key.values():
        yield text, rows & np.isin(column.codes, same)


def _set(seen: Inspection, mask: Mask, column: CategoricalColumn, code: Code, why: str) -> None:
    seen.refuse_rows(
        mask, lambda row: skip_finding(code, f"{seen.quote_cell(row, column)}: {why}"), alone=True
    )


def _some_have_shipped(
    seen: Inspection, columns: list[CategoricalColumn], waiting: list[Mask]
) -> None:
    """ColumnError where the whole file is of orders not shipped yet: a person may want just those
    shipped, or not.
    """
    waits = np.logical_or.reduce(waiting)
    left = seen.may_ship
    if not (left & waits).any() or (left & ~waits).any():
        return
    column, mask = next(
        (c, m) for c, m in zip(columns, waiting, strict=True) if (left & m & c.is_filled).any()
    )
    row = int(np.flatnonzero(left & mask & column.is_filled)[0])
    raise ColumnError(
        f"{seen.quote_cell(row, column)}: no row has a tracking number, and by its status none of "
        f"the {(left & waits).sum():,} has shipped.",
        f"If it is the wrong export, take the one of what was shipped; to ship them all: "
        f"{map_option(Field.STATUS, None, ())}",
    )
