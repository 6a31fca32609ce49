"""Columns under inspection: each distinct cell is judged once, each row keeps its first finding."""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar, cast

import numpy as np

from batch.config import Source
from batch.errors import ColumnError
from batch.loader.cells.damage import AS_TEXT, Wrong, display
from batch.loader.files.tables import Cell, Table, column_letters
from batch.loader.rows.frame import BLANK, CategoricalColumn, Codes, Frame, Ints, Mask
from batch.model import Field, Finding, Question
from batch.model.catalogue import Code
from batch.primitives.spelling import fold_case

T = TypeVar("T")

Rule = Callable[[Cell], Any]
"""A cell's value, or a `Wrong`."""

Plain = Callable[[Sequence[Cell]], Sequence[Any] | None]
"""The values of many cells at once, where all are plain; else None."""

MOST_ROWS = 100
"""Rows that a question names."""

BLOCK = 4_096
"""Cells that are taken for plain, or looked at one by one, together."""


@dataclass(slots=True)
class Categorical(Generic[T]):
    """A value a row, by code: row i has `values[codes[i]]`; code 0 is none."""

    codes: Codes
    values: list[T]

    def __getitem__(self, row: int) -> T:
        return self.values[self.codes.item(row)]


def invalid(code: Code, error: str, todo: str) -> Finding:
    """A row, or a parcel's row, that the warehouse must correct."""
    return code.finding(error=error, todo=todo)


def skip_finding(code: Code, error: str) -> Finding:
    """A row that is not meant to ship."""
    return code.finding(error=error)


@dataclass(slots=True)
class Answers:
    """What people have answered for a file's source, and what is still asked of them."""

    given: Mapping[str, str] = field(default_factory=dict)
    """Question → answer."""
    fresh: Mapping[str, str] = field(default_factory=dict)
    """Those of them that were given with the file, or stand in shipbatch.toml."""
    is_known: bool = False
    """Whether the source has shipped before: what is new then waits, and the rest ships."""
    is_weak_order: bool = False
    """Whether the order's column is called a reference of any kind."""
    assumes: bool = False
    """Whether first answers are taken for given."""
    questions: list[Question] = field(default_factory=list)
    settled: dict[str, str] = field(default_factory=dict)
    """What was gone by, to be kept: so a later file's new word is known for new."""

    @property
    def is_legacy(self) -> bool:
        """Whether the source shipped before anything was asked: what it has always done counts as
        answered.
        """
        return self.is_known and READ not in self.given

    def known(self, question: Question) -> str:
        """The answer to a question; empty where there is none that fits."""
        key = self.given.get(question.id, "")
        fits = bool(question.others) or key in {choice.key for choice in question.choices}
        found = key if key and fits else ""
        if not found and (self.assumes or self.is_legacy):
            found = question.as_always if self.is_legacy else question.choices[0].key
        if found:
            self.settled[question.id] = found
        return found


READ = "reading"
"""The answer that says that a source has been read since questions are asked."""


class Inspection:
    """The columns of one table, and what has been found wrong in them so far."""

    def __init__(
        self,
        frame: Frame,
        table: Table,
        source: Source,
        *,
        is_template: bool = False,
        answers: Answers | None = None,
        header: Sequence[str] = (),
    ) -> None:
        self.frame = frame
        self.table = table
        self.source = source
        self.is_template = is_template
        """Whether a person has filled it in, line by line, and left what does not ship."""
        self.answers = answers or Answers()
        self.header = header
        self.findings: dict[int, Finding] = {}
        """Data row → its first finding."""
        self.standalone = np.zeros(len(frame), dtype=np.bool_)
        """Rows whose finding keeps them out of every parcel."""
        self.warnings: dict[int, list[str]] = defaultdict(list)
        """Data row → what is said beside it; it ships all the same."""
        self.said: list[str] = []
        """How the columns were read, where that is not plain."""

    def has(self, name: Field) -> bool:
        return bool(self.frame.of.get(name) or self.source.constants.get(name))

    def every(self, name: Field) -> list[CategoricalColumn]:
        """The field's columns, or one that is blank; the source's constant fills the blanks."""
        found = list(self.frame.of.get(name, ()))
        found = found or [CategoricalColumn(0, np.zeros(len(self.frame), dtype=np.int32), [""])]
        if constant := self.source.constants.get(name, ""):
            found[0] = found[0].with_constant(constant)
        return found

    def column(self, name: Field) -> CategoricalColumn:
        """The field's only column; a tracking number may have several (see `every`)."""
        return self.every(name)[0]

    @property
    def may_ship(self) -> Mask:
        """Rows without a finding so far."""
        left = np.ones(len(self.frame), dtype=np.bool_)
        left[list(self.findings)] = False
        return left

    def header_of(self, column: CategoricalColumn) -> str:
        """What a column is called; its letters where it has no name."""
        at = column.position - 1
        name = self.header[at].strip() if 0 <= at < len(self.header) else ""
        return name or f"column {column_letters(column.position)}"

    def ask(self, question: Question, rows: Mask) -> str:
        """The answer to a question about these rows; where there is none they wait, and it is
        empty.
        """
        if found := self.answers.known(question):
            return found
        numbers = tuple(self.frame.rows[np.flatnonzero(rows)[:MOST_ROWS]].tolist())
        self.answers.questions.append(replace(question, rows=numbers))
        if self.answers.is_known:  # else the file stops, and what is asked next is asked with it
            self.hold(question, rows)
        return ""

    def hold(self, question: Question, rows: Mask) -> None:
        """Rows that wait for an answer."""
        finding = Code.QUESTION.finding(error=question.text, todo=question.todo)
        self.refuse_rows(rows, lambda _: finding)

    def values(
        self,
        column: CategoricalColumn,
        rule: Rule,
        *,
        plain: Plain | None = None,
        alone: bool = False,
    ) -> list[str]:
        """The rule's text for each code, empty for none; rows with a `Wrong` get their finding.

        `plain` does the same for a block of cells at once, or declines. The result is the column's
        own list of cells where all of them are what they say.
        """
        values: list[str] = [""]
        same = True
        for block, made in self._blocks(column, rule, "", plain, alone=alone):
            same = same and made is block
            values += made
        return cast("list[str]", column.cells) if same and plain else values

    def numbers(self, column: CategoricalColumn, rule: Rule, *, alone: bool = False) -> Ints:
        """The rule's whole number for each row, or 0; rows with a `Wrong` get their finding."""
        if not column.codes.any():
            return np.zeros(len(column.codes), dtype=np.int64)
        values = array("q", [0])
        for _, made in self._blocks(column, rule, 0, None, alone=alone):
            values.extend(made)
        judged = np.frombuffer(values, dtype=np.int64)[np.maximum(column.codes, BLANK)]
        return np.where(column.codes < 0, -column.codes, judged)

    def _blocks(
        self,
        column: CategoricalColumn,
        rule: Rule,
        empty: object,
        plain: Plain | None,
        *,
        alone: bool,
    ) -> Iterator[tuple[list[Cell], Sequence[Any]]]:
        wrong: dict[int, Wrong] = {}
        for start in range(1, len(column.cells), BLOCK):
            block = column.cells[start : start + BLOCK]
            made = plain(block) if plain else None
            if made is None:
                made = list(map(rule, block))
                wrong |= {
                    code: value
                    for code, value in enumerate(made, start)
                    if isinstance(value, Wrong)
                }
                made = [empty if isinstance(value, Wrong) else value for value in made]
            yield block, made
        if wrong:
            self.refuse_cells(column, wrong, alone=alone)

    def refuse_cells(
        self, column: CategoricalColumn, wrong: Mapping[int, Wrong], *, alone: bool = False
    ) -> None:
        """Give each row that has one of these codes its finding."""
        for row in np.flatnonzero(np.isin(column.codes, list(wrong))).tolist():
            code = int(column.codes[row])
            if column.position == 0:
                raise ColumnError(
                    f"A constant of this source is {display(column.cells[code])}:"
                    f" {wrong[code].why}.",
                    "Correct it under [sources.NAME.constants] in shipbatch.toml.",
                )
            self.reject(row, self.describe_cell(row, column, wrong[code]), alone=alone)

    def describe_cell(self, row: int, column: CategoricalColumn, wrong: Wrong) -> Finding:
        """The finding of one cell: `Sheet1!F214: 9.40011E+21: the digits are lost; format …`."""
        remedy = f"; {AS_TEXT[0].lower()}{AS_TEXT[1:]}" if wrong.todo == AS_TEXT else "."
        return invalid(
            wrong.code, f"{self.quote_cell(row, column)}: {wrong.why}{remedy}", wrong.todo
        )

    def quote_cell(self, row: int, column: CategoricalColumn) -> str:
        """A cell with its place."""
        return f"{self.place(row, column)}: {display(column.cell(row))}"

    def place(self, row: int, column: CategoricalColumn) -> str:
        """Where a cell is, as a person finds it."""
        return self.table.address(int(self.frame.rows[row]), column.position)

    def reject(self, row: int, finding: Finding, *, alone: bool = False) -> None:
        """Give a row its finding, if it has none yet; `alone` counts whichever finding stays."""
        self.findings.setdefault(row, finding)
        self.standalone[row] |= alone

    def refuse_rows(
        self, mask: Mask, finding: Callable[[int], Finding], *, alone: bool = False
    ) -> None:
        """Give each row of the mask its finding, if it has none yet."""
        for row in np.flatnonzero(mask).tolist():
            self.reject(row, finding(row), alone=alone)

    def warn_cells(self, column: CategoricalColumn, wrong: Mapping[int, Wrong]) -> None:
        """Say of each row with one of these codes what is left out."""
        for row in np.flatnonzero(np.isin(column.codes, list(wrong))).tolist():
            self.warnings[row].append(
                f"{self.quote_cell(row, column)}: {wrong[int(column.codes[row])].why}."
            )

    def text_column(
        self, name: Field, rule: Callable[[Cell], str | Wrong], *, fold: bool = False
    ) -> Categorical[str]:
        """A field of text; with `fold`, texts that differ in case only are one."""
        column = self.column(name)
        return distinct(column.codes, self.values(column, rule), fold=fold)


def distinct(codes: Codes, values: list[str], *, fold: bool = False) -> Categorical[str]:
    """One code for equal values, and code 0 for empty ones."""
    cased = fold and not has_one_case(values)
    if not cased and len(set(values)) == len(values):
        return Categorical(codes, values)
    known: dict[str, int] = {"": 0}
    kept = [""]
    new = np.zeros(len(values), dtype=np.int32)
    for code, value in enumerate(values):
        key = fold_case(value) if fold else value
        if key not in known:
            known[key] = len(kept)
            kept.append(value)
        new[code] = known[key]
    return Categorical(new[codes], kept)


def has_one_case(values: Sequence[str]) -> bool:
    """Whether no two of the texts can differ in case only."""
    whole = "".join(values)
    return whole.isascii() and whole == whole.upper()
