"""Which row is the header and which column is which field; said at every run, never guessed in
silence.

A person's `--map` comes first, then what was remembered for this header row, then sure names,
strong names that the values do not contradict, weak names that the values confirm, and last a part
of a name.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from batch.loader.cells.normalise import normalise
from batch.loader.columns.account import account
from batch.loader.columns.assignment import Assignment
from batch.loader.columns.columns import columns_of
from batch.loader.columns.complete_answer import settle_with_questions
from batch.loader.columns.own_sheets import template_columns
from batch.loader.columns.review import review
from batch.loader.columns.synonyms import OTHER, Strength, meaning
from batch.loader.columns.witnesses import find_witnesses
from batch.loader.files.tables import Cell, words
from batch.model import SPEAKING, ColumnReading, Field, Question, Unanswered

ROWS_SEARCHED = 60
"""At a table's beginning, among which the header is."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """Which column is which field, and what to tell the person about it."""

    columns: Mapping[Field, tuple[int, ...]]
    """0-based; several only for tracking numbers, items side by side, and fields that say whether a
    row ships.
    """
    said: tuple[str, ...]
    """One line a recognised column: "read `Order - Number` as order_id"."""
    fingerprint: str
    """Of the header row, as the function of this name has it."""
    warnings: tuple[str, ...]
    guessed: frozenset[Field]
    """Fields whose column this file's values tell, not its name: the next file's must tell anew."""
    account: tuple[ColumnReading, ...] = ()
    """Every column, in its state."""
    questions: tuple[Question, ...] = ()
    """What is asked; the columns are as the first answers would have them."""
    weak_order: bool = False
    """Whether the order's column is called a reference of any kind, and no person has said that it
    is it.
    """
    kinds: tuple[int, ...] = ()
    """Columns that may say what kind of row it is: a return, a cancelled one."""


def find_header(rows: Sequence[Sequence[Cell]], mapped: Collection[str] = ()) -> int | None:
    """Index of the header among the first rows; None where no row names a field.

    Of rows that name equally much the first counts, but for its direct successor (Amazon's
    localised header row stands above the real one). `mapped`: the columns a person named, which
    count as known.
    """
    wanted = {normalise(name) for name in mapped if len(name) > 1}
    scores = [_header_score(row, wanted) for row in rows[:ROWS_SEARCHED]]
    best = max(scores, default=0)
    if best < Strength.STRONG:
        return None
    found = scores.index(best)
    while found + 1 < len(scores) and scores[found + 1] == best:
        found += 1
    return found


def _header_score(row: Sequence[Cell], wanted: Collection[str]) -> int:
    texts = [words(cell) for cell in row if isinstance(cell, str) and cell.strip()]
    filled = sum(1 for cell in row if words(cell))
    if 2 * len(texts) < filled:
        return 0
    score = 0
    named_fields: set[Field] = set()
    for text in texts:
        said = meaning(text)
        fields = {
            name: worth
            for name, worth in said.fields.items()
            if name not in SPEAKING or name is Field.VOID
        }
        strength = max(fields.values(), default=0)
        named_fields |= {name for name, worth in fields.items() if worth >= Strength.WEAK}
        score += (
            Strength.STRONG
            if normalise(text) in wanted
            else min(strength, Strength.STRONG) or (said.known and said is not OTHER)
        )
    return score if len(named_fields) > 1 or score >= Strength.STRONG else 0


def recognise(
    header: Sequence[str],
    sample: Sequence[Sequence[Cell]],
    *,
    mapping: Mapping[Field, str] | None = None,
    remembered: Mapping[Field, str] | None = None,
    ours: Collection[int] = (),
    constants: Collection[Field] = (),
) -> Recognition:
    """As `recognise_all`; Unanswered where it has questions."""
    found = recognise_all(
        header,
        sample,
        mapping=mapping,
        remembered=remembered,
        ours=ours,
        constants=constants,
        is_proven=True,
    )
    if found.questions:
        raise Unanswered(found.questions)
    return found


def recognise_all(
    header: Sequence[str],
    sample: Sequence[Sequence[Cell]],
    *,
    mapping: Mapping[Field, str] | None = None,
    remembered: Mapping[Field, str] | None = None,
    ours: Collection[int] = (),
    constants: Collection[Field] = (),
    is_proven: bool = False,
) -> Recognition:
    """Match columns to fields by name and by the look of the sample's values, with all questions
    that they leave.

    `mapping` is the person's word (FIELD → header text, letter or 1-based number; `-` leaves the
    field out). `ours` are columns of our own results sheet, not to be read; `constants` are fields
    that need no column; `is_proven`: the file needs no evidence of shipping, as its source has
    shipped before or it is a sheet of ours. ColumnError where no answer would help: the order has
    no column, the mapping names what is not there.
    """
    columns = columns_of(header, sample, ours)

    def settled(said: Mapping[Field, str]) -> Assignment:
        contest = Assignment(columns, is_ours=bool(ours), given=constants, is_proven=is_proven)
        _settle(contest, header, said, remembered or {})
        return contest

    return _recognition(*settle_with_questions(settled, mapping or {}), header)


def _settle(
    contest: Assignment,
    header: Sequence[str],
    said: Mapping[Field, str],
    remembered: Mapping[Field, str],
) -> None:
    contest.apply_user_mapping(said)
    contest.apply_template(template_columns(header))
    contest.apply_remembered(remembered)
    contest.items_side_by_side()
    contest.match_headers(Strength.SURE)
    contest.units_done()
    contest.match_headers(Strength.STRONG)
    contest.comments_by_ids()
    contest.carrier_from_service()
    contest.links_as_numbers()
    for strength in (Strength.WEAK, Strength.PART):
        contest.match_headers(strength)
    contest.sku_by_values()
    contest.detect_external_orders()
    find_witnesses(contest)
    review(contest)


def headerless(
    mapping: Mapping[Field, str],
    sample: Sequence[Sequence[Cell]],
    constants: Collection[Field] = (),
) -> Recognition:
    """A table without a header row: every field by its column's letter or 1-based number."""
    width = max(map(len, sample), default=0)
    columns = columns_of([""] * width, sample, ())

    def settled(said: Mapping[Field, str]) -> Assignment:
        contest = Assignment(columns, is_ours=False, given=constants)
        contest.apply_user_mapping(said)
        review(contest)
        return contest

    return _recognition(*settle_with_questions(settled, mapping), [])


def _recognition(
    contest: Assignment, questions: Sequence[Question], header: Sequence[str]
) -> Recognition:
    columns = {
        wanted: tuple(column.index for column in found) for wanted, found in contest.taken.items()
    }
    kinds = columns.pop(Field.KIND, ()) + tuple(column.index for column in contest.kinds)
    order = contest.first(Field.ORDER_ID)
    weak = (
        order is not None
        and Field.ORDER_ID not in contest.settled_by_person
        and order.says.get(Field.ORDER_ID, 0) <= Strength.WEAK
    )
    return Recognition(
        columns,
        contest.messages(),
        fingerprint(header),
        tuple(contest.warnings),
        frozenset(contest.guessed),
        account(contest),
        tuple(questions),
        weak,
        kinds,
    )


def fingerprint(header: Sequence[str]) -> str:
    """The digest of a header row, case, accents and punctuation aside: what is remembered is kept
    under it.
    """
    return hashlib.sha256("\x1f".join(map(normalise, header)).encode()).hexdigest()[:32]
