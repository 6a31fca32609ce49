"""Which table of a file is the export, where its header is, and what its columns are."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from batch.config import Source
from batch.errors import ColumnError, FileError
from batch.loader.cells.damage import Wrong
from batch.loader.cells.order_numbers import order_number
from batch.loader.columns.columns import LEAVE_OUT
from batch.loader.columns.complete_answer import ANSWER
from batch.loader.columns.headers import (
    ROWS_SEARCHED,
    Recognition,
    find_header,
    fingerprint,
    headerless,
    recognise_all,
)
from batch.loader.columns.map_hints import how_to_name
from batch.loader.columns.own_sheets import is_template, our_columns, prefer_own_sheet
from batch.loader.files.read import read_tables
from batch.loader.files.tables import Cell, Table, column_letters, words
from batch.model import Field, Unanswered
from batch.model.sheet_format import RESEND, RESULTS, Mark, read_mark

SAMPLE = 200
"""Rows below the header that are looked at to tell the columns apart."""

SAMPLE_CELLS = 50_000
"""Cells that are looked at, and no more rows behind the header's; of up to 190 columns all of the
sample.
"""

MOST_COLUMNS = 2_000
"""Of an export; real ones have some dozens."""

Recall = Callable[[str], Mapping[Field, str]]
"""A header row's digest → what an earlier run settled for it."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of a header row, by its digest."""

    recall: Recall
    """Field → column, as an earlier run settled it."""
    answers: Callable[[str], Mapping[str, str]]
    """Question → answer, as people have given it for the row's source."""
    has_shipped: Callable[[str], bool]
    """Whether the source has shipped before with such a row."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A table that can be read as an export."""

    table: Table
    header_row: int
    """1-based; 0 where there is none."""
    header: tuple[str, ...]
    recognition: Recognition
    ours: range
    """Columns we added in an earlier run."""
    is_template: bool = False
    """Whether it is a template of ours, filled in."""
    is_known: bool = False
    """Whether the source has shipped with such a header row before."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """Question → answer, as people have given it before or now."""

    @property
    def is_marked(self) -> bool:
        return len(self.ours) > 0

    @property
    def score(self) -> int:
        return len(self.recognition.columns)


def choose(path: Path, source: Source, memory: Memory) -> tuple[Candidate, str]:
    """The one table to load, and why it was taken. FileError or ColumnError where none or several
    would do.
    """
    mark = read_mark(path)
    tables = read_tables(path, sheet=source.sheet)
    if mark and not source.sheet:
        tables = prefer_own_sheet(tables, mark)
    if not tables:
        raise FileError(
            f"{path.name} holds no table with anything in it.", "Export it again, with its rows."
        )
    found: list[Candidate] = []
    refusals: list[FileError] = []
    for table in tables:
        try:
            found.append(_candidate(table, source, memory, mark))
        except FileError as error:
            named = path.name in str(error) or isinstance(error, Unanswered)
            refusals.append(error if named else type(error)(f"{_name(table)}: {error}", error.todo))
    if not found:
        raise _refusal(path, tables, refusals)
    if len(tables) > 1 and (
        sure := [candidate for candidate in found if not candidate.recognition.questions]
    ):
        found = sure
    best = max(candidate.score for candidate in found)
    taken = [candidate for candidate in found if candidate.score == best]
    if len(taken) > 1:
        raise _several(path, taken)
    if mark and not source.sheet and taken[0].table.sheet == RESEND:
        return taken[
            0
        ], f"read sheet {RESEND}: just its rows, as they are corrected; all rows: --sheet {RESULTS}"
    return taken[0], _why(taken[0], len(tables), len(found))


def _candidate(table: Table, source: Source, memory: Memory, mark: Mark | None) -> Candidate:
    rows, widths = _first_rows(table)
    if not any(any(map(words, row)) for row in rows):
        raise FileError(
            f"{_name(table)} has nothing in its first {len(rows):,} rows.", "Export it again."
        )
    at = find_header(rows, [column for column in source.map.values() if column not in LEAVE_OUT])
    if at is None:
        by_place = _by_place(table, source, rows[:SAMPLE])
        if (at := _unknown_header(rows, by_place)) is None:
            return Candidate(table, 0, (), by_place, range(0))
    if (width := widths[at]) > MOST_COLUMNS:
        raise FileError(
            f"{_name(table)} has {width:,} columns; {MOST_COLUMNS:,} are read at most.",
            "It is no table, or its columns are separated by something unusual: export it as"
            " .xlsx.",
        )
    header = tuple(map(words, rows[at]))
    sample = [row for row in rows[at + 1 : at + 1 + SAMPLE] if any(map(words, row))]
    if not sample:
        raise FileError(
            f"{_name(table)} has a header in row {at + 1} and no row below it.", "Export it again."
        )
    ours, digest = our_columns(header, marked=mark is not None), fingerprint(header)
    own = fingerprint(header[: ours.start]) if len(ours) else digest
    remembered, answers = memory.recall(digest), {**memory.answers(own), **source.answers}
    left_out = {name: column for name, column in remembered.items() if column in LEAVE_OUT}
    if source.order_number:  # its numbers are the store's, however they are written
        left_out[Field.EXTERNAL_ORDER_ID] = "-"
    filled_in = is_template(header) or (mark is not None and mark.template)
    is_known = memory.has_shipped(digest)
    found = recognise_all(
        header,
        sample,
        mapping=left_out | columns_answered(answers) | source.map,
        remembered=remembered,
        ours=ours,
        constants=source.constants,
        is_proven=is_known or filled_in or mark is not None,
    )
    return Candidate(table, at + 1, header, found, ours, filled_in, is_known, answers)


def is_column_answer(question: str) -> bool:
    """Whether a question is answered with a column, or with that there is none."""
    return question in set(Field) or question == "evidence"


def columns_answered(answers: Mapping[str, str]) -> dict[Field, str]:
    """The answers that name a field's column; without evidence there is no tracking number."""
    found = {Field(name): column for name, column in answers.items() if name in set(Field)}
    return found | ({Field.TRACKING_NUMBER: answers["evidence"]} if "evidence" in answers else {})


def _first_rows(table: Table) -> tuple[list[list[Cell]], list[int]]:
    """The rows to recognise it by, cut to as many columns as are read; and how wide each is."""
    rows: list[list[Cell]] = []
    widths: list[int] = []
    cells = 0
    for row in islice(table.rows(), ROWS_SEARCHED + SAMPLE):
        table.in_time()
        cells += min(len(row), MOST_COLUMNS)
        if cells > SAMPLE_CELLS and len(rows) > ROWS_SEARCHED:
            break
        rows.append(row[:MOST_COLUMNS])
        widths.append(_width(row) if len(row) > MOST_COLUMNS else len(row))
    return rows, widths


def _by_place(table: Table, source: Source, rows: Sequence[Sequence[Cell]]) -> Recognition:
    """No row names a column by a known word: every field must be named by letter or number."""
    if not any(
        name.isdecimal() or (name.isalpha() and len(name) <= 3) for name in source.map.values()
    ):
        raise ColumnError(
            f"{_name(table)}: no row looks like a header.", how_to_name(rows, source.constants)
        )
    return headerless(source.map, rows, source.constants)


def _unknown_header(rows: Sequence[Sequence[Cell]], found: Recognition) -> int | None:
    """The row of words above the first row with an order number, where the person gave its columns
    by letter.
    """
    place = next(iter(found.columns.get(Field.ORDER_ID, ())), None)
    above = None
    for at, row in enumerate(rows[:ROWS_SEARCHED]):
        if place is None or not any(map(words, row)):
            continue
        order = order_number(row[place]) if place < len(row) else 0
        if order and not isinstance(order, Wrong):
            return above
        filled = [cell for cell in row if words(cell)]
        above = (
            at
            if all(isinstance(cell, str) and not cell.strip().isdecimal() for cell in filled)
            else None
        )
    return None


def _refusal(path: Path, tables: Sequence[Table], refusals: Sequence[FileError]) -> FileError:
    """One message for the file: of its only table, or that no sheet of several will do, and why the
    first not.
    """
    if len(tables) == 1:
        return refusals[0]
    names = ", ".join(table.sheet for table in tables)
    kind = ColumnError if any(isinstance(error, ColumnError) for error in refusals) else FileError
    asked = (
        (table, error)
        for table, error in zip(tables, refusals, strict=True)
        if isinstance(error, ColumnError)
    )
    table, told = next(asked, (tables[0], refusals[0]))
    todo = ANSWER.sub(lambda answer: f"--sheet {_quote(table.sheet)} {answer[0]}", told.todo)
    return kind(f"{path.name}: none of its sheets ({names}) can be read as an export. {told}", todo)


def _several(path: Path, taken: Sequence[Candidate]) -> FileError:
    names = [candidate.table.sheet for candidate in taken]
    return ColumnError(
        f"{path.name}: the sheets {' and '.join(names)} could each be the export.",
        f"Say which: --sheet {_quote(names[0])}"
        + "".join(f" or --sheet {_quote(name)}" for name in names[1:]),
    )


def _quote(name: str) -> str:
    return name if name.isalnum() else f'"{name}"'


def _why(taken: Candidate, tables: int, found: int) -> str:
    if tables == 1:
        return ""
    if found == 1:
        return (
            f"read sheet {taken.table.sheet}: of {tables} sheets the only one with the columns of"
            " an export"
        )
    return (
        f"read sheet {taken.table.sheet}: of {found} sheets that could be the export it has the"
        " most known columns"
    )


def _width(row: Sequence[Cell]) -> int:
    """Its cells up to the last that is not blank."""
    return next((at for at in range(len(row), 0, -1) if words(row[at - 1])), 0)


def _name(table: Table) -> str:
    return f"{table.path.name}, sheet {table.sheet}" if table.sheet else table.path.name


def column_name(candidate: Candidate, position: int) -> str:
    """How a column is named to be found again: its header, or its letters where that is blank or
    not alone.
    """
    header = candidate.header
    text = header[position] if position < len(header) else ""
    return text if text and header.count(text) == 1 else column_letters(position + 1)
