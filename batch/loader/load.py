"""A warehouse's export, loaded: every row judged, its parcels made when they are asked for."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from pathlib import Path

from batch.config import Source
from batch.errors import ColumnError
from batch.loader.columns.account import not_understood
from batch.loader.columns.choose_table import Candidate, Memory, Recall, choose, column_name
from batch.loader.columns.columns import LEAVE_OUT
from batch.loader.files.tables import Cell, Table
from batch.loader.rows.carrier_columns import unknown_carriers
from batch.loader.rows.frame import Mask, is_blank, read_frame
from batch.loader.rows.grouping import Groups, group, has_unit_rows, mark_unit_rows, refuse_parcels
from batch.loader.rows.inspection import READ, Answers, Inspection
from batch.loader.rows.layout import Layout
from batch.loader.rows.parcels import parcel, unnamed_carriers
from batch.loader.rows.profile import profile
from batch.loader.rows.ship_dates import ship_dates
from batch.loader.rows.typed_rows import Entries, read_entries
from batch.loader.rows.voids import Void
from batch.model import Field, Finding, Parcel, Question, Reading, Unanswered
from batch.model.reading import MOST_QUESTIONS
from batch.planning.gates import Profile

IDS = (
    Field.ORDER_ID,
    Field.EXTERNAL_ORDER_ID,
    Field.ORDER_PRODUCT_ID,
    Field.ORDER_ADDRESS_ID,
    Field.SKU,
    Field.TRACKING_NUMBER,
)


def no_memory(fingerprint: str) -> Mapping[Field, str]:
    """For a caller that keeps no memory of header rows."""
    return {}


def no_answers(fingerprint: str) -> Mapping[str, str]:
    """For a caller that keeps no answers."""
    return {}


def never(fingerprint: str) -> bool:
    """For a caller to whom every header row is new."""
    return False


@dataclass(frozen=True, slots=True)
class Load:
    """An export, judged. Every data row is in `findings`, or in exactly one of `parcels()`."""

    table: Table
    header_row: int
    """1-based; 0 where the file has none."""
    columns: tuple[str, ...]
    """The export's own headers, those of a results sheet of ours left out."""
    fingerprint: str
    """Digest of the header row; what is remembered is kept under it."""
    mapping: Mapping[Field, str]
    """Field → column, to be remembered."""
    said: tuple[str, ...]
    """What was recognised, which sheet was taken and why."""
    warnings: tuple[str, ...]
    row_count: int
    """Data rows: below the header and not blank."""
    findings: Mapping[int, Finding]
    """Row → why the loader alone can say that it does not ship."""
    id_columns: frozenset[int]
    """Columns, from 0, whose numbers are names: to be written as text."""
    marked: bool
    """Whether it is a results sheet of ours, dropped back in."""
    by_hand: bool
    """Whether a person has made it from a sheet of ours: it is no file of a source."""
    profile: Profile
    """What the file looks like, as far as the file alone can say."""
    shipped: Mapping[date, int]
    """Ship date → rows; empty where there is no such column, or it cannot be read as one."""
    reading: Reading
    """The account of its columns; and what was asked of rows that wait."""
    settled: Mapping[str, str]
    """Question → answer that was gone by, to be kept."""
    _entries: Entries
    _groups: Groups
    _good: Mask

    def parcels(self) -> Iterator[Parcel]:
        """The complete parcels, in file order of their first row; each call makes new ones."""
        for rows in self._groups.rows(self._good):
            yield parcel(self._entries, rows)

    def names(self, rows: Iterable[int]) -> Iterator[tuple[str, int]]:
        """What rows are found by, as far as it could be read: order's number, tracking number or
        link, SKU.
        """
        return ((word, row) for row in rows for word in self._entries.words(row))

    def voids(self) -> Mapping[int, Void]:
        """Row → the number that it says is void."""
        return self._entries.voids()

    def decided_parcels(self) -> Iterator[Parcel]:
        """Those of the parcels in whose Decision cells a person has written."""
        answered = self._groups.any(self._entries.decision.codes != 0)
        return (parcel(self._entries, rows) for rows in self._groups.rows(self._good & answered))

    def cells(self) -> Iterator[tuple[int, list[Cell]]]:
        """The data rows as exported, with their row numbers; read from the file again, `row_count`
        of them.
        """
        width = len(self.columns) if self.marked else None
        for number, row in enumerate(
            islice(self.table.rows(), self.header_row, None), self.header_row + 1
        ):
            if not is_blank(row):
                yield number, row[:width]


def load(
    path: Path,
    source: Source,
    *,
    aliases: Mapping[str, str] | None = None,
    recall: Recall = no_memory,
    answers: Callable[[str], Mapping[str, str]] = no_answers,
    has_shipped: Callable[[str], bool] = never,
    assume: bool = False,
) -> Load:
    """Read a file and judge every row of it. Any bytes give a Load, a FileError or a ColumnError;
    nothing else.

    Unanswered, a ColumnError, where its source never shipped and it has questions; `assume` takes
    their first answers.
    """
    chosen, why = choose(path, source, Memory(recall, answers, has_shipped))
    found = chosen.recognition
    entries, layout_said, shipped, words = _answered(chosen, source, aliases or {}, assume=assume)
    groups = group(entries)
    said = [*filter(None, [why]), *chosen.table.said, *found.said, *not_understood(found.account)]
    said += [*layout_said, *entries.said, *_said_of(entries, groups)]
    good = refuse_parcels(entries, groups)
    return Load(
        table=chosen.table,
        header_row=chosen.header_row,
        columns=chosen.header[: chosen.ours.start] if chosen.is_marked else chosen.header,
        fingerprint=found.fingerprint,
        mapping=_to_remember(chosen, source),
        said=tuple(said),
        warnings=(
            *chosen.table.warnings,
            *found.warnings,
            *unknown_carriers(entries.shipper),
            *unnamed_carriers(entries),
        ),
        row_count=len(entries.rows),
        findings={
            int(entries.rows[row]): finding for row, finding in sorted(entries.findings.items())
        },
        id_columns=frozenset(at for name in IDS for at in found.columns.get(name, ())),
        marked=chosen.is_marked,
        by_hand=chosen.is_marked or chosen.is_template,
        profile=profile(entries, groups, good),
        shipped=shipped,
        reading=Reading(found.account, tuple(words.questions), tuple(said)),
        settled={**words.settled, READ: "1"},
        _entries=entries,
        _groups=groups,
        _good=good,
    )


def _answered(
    chosen: Candidate, source: Source, aliases: Mapping[str, str], *, assume: bool
) -> tuple[Entries, list[str], Mapping[date, int], Answers]:
    """The rows, with the answers that they were read by; Unanswered with all questions of columns
    and rows.
    """
    asked = () if assume else chosen.recognition.questions
    words = Answers(
        chosen.answers,
        source.answers,
        is_known=chosen.is_known or chosen.is_marked or chosen.is_template,
        is_weak_order=chosen.recognition.weak_order,
        assumes=assume,
    )
    try:
        made = _entries(chosen, source, aliases, words)
    except ColumnError:
        if asked:
            raise _unanswered(asked, chosen) from None
        raise
    if asked or (words.questions and not words.is_known):
        raise _unanswered((*asked, *words.questions), chosen)
    return *made, words


def _entries(
    chosen: Candidate, source: Source, aliases: Mapping[str, str], answers: Answers
) -> tuple[Entries, list[str], Mapping[date, int]]:
    """The rows, judged; what is said of their layout; how many shipped when. The cells read for it
    are let go.
    """
    found = chosen.recognition
    wanted = {**found.columns, Field.KIND: found.kinds}
    frame = read_frame(chosen.table, chosen.header_row, chosen.header, wanted)
    layout = Layout(frame)
    table = chosen.table
    if chosen.is_marked:  # who looks through a sheet of ours may filter it
        table = replace(table, hidden=frozenset(), struck=frozenset())
    seen = Inspection(
        frame,
        table,
        source,
        is_template=chosen.is_template,
        answers=answers,
        header=chosen.header,
    )
    return read_entries(seen, layout.headings, aliases), layout.said, ship_dates(seen)


def _said_of(entries: Entries, groups: Groups) -> Iterator[str]:
    """What is said of the rows as a whole; rows that are a unit each are marked so."""
    if asked_for := len(entries.externals):
        orders = "1 order is" if asked_for == 1 else f"{asked_for:,} orders are"
        yield f"{orders} named by another system's number; to look it up takes a request for each"
    if has_unit_rows(entries, groups):
        mark_unit_rows(entries, groups)
        yield "no quantities, and lines that are named several times: each row is read as one unit"


def _unanswered(questions: Sequence[Question], chosen: Candidate) -> Unanswered:
    asked = tuple(questions[:MOST_QUESTIONS])
    reading = Reading(chosen.recognition.account, asked, chosen.recognition.said)
    return Unanswered(asked, reading, chosen.recognition.fingerprint)


def _to_remember(chosen: Candidate, source: Source) -> dict[Field, str]:
    """What was settled for this header row: fields with one column, and those a person left out."""
    found = chosen.recognition
    alone = {name: places[0] for name, places in found.columns.items() if len(places) == 1}
    settled = {
        name: column_name(chosen, place)
        for name, place in alone.items()
        if name not in found.guessed
    }
    return settled | {name: column for name, column in source.map.items() if column in LEAVE_OUT}
