"""A warehouse's export, loaded: every row judged, its parcels made when they are asked for."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path

from batch.config import Source
from batch.loader.columns.choose_table import Candidate, Recall, choose, column_name
from batch.loader.columns.columns import LEAVE_OUT
from batch.loader.files.tables import Cell, Table
from batch.loader.rows.carrier_columns import unknown_carriers
from batch.loader.rows.frame import Mask, is_blank, read_frame
from batch.loader.rows.grouping import Groups, group, has_unit_rows, mark_unit_rows, refuse_parcels
from batch.loader.rows.inspection import Inspection
from batch.loader.rows.layout import Layout
from batch.loader.rows.parcels import parcel, unnamed_carriers
from batch.loader.rows.profile import profile
from batch.loader.rows.ship_dates import ship_dates
from batch.loader.rows.typed_rows import Entries, read_entries
from batch.model import Field, Finding, Parcel
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
) -> Load:
    """Read a file and judge every row of it. Any bytes give a Load, a FileError or a ColumnError;
    nothing else.
    """
    chosen, why = choose(path, source, recall)
    found = chosen.recognition
    entries, layout_said, shipped = _entries(chosen, source, aliases or {})
    groups = group(entries)
    said = [*filter(None, [why]), *chosen.table.said, *found.said, *layout_said, *entries.said]
    if asked := len(entries.externals):
        orders = "1 order is" if asked == 1 else f"{asked:,} orders are"
        said.append(
            f"{orders} named by another system's number; to look it up takes a request for each"
        )
    if has_unit_rows(entries, groups):
        mark_unit_rows(entries, groups)
        said.append(
            "the file has no quantities and names lines several times: each row is read as one unit"
        )
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
        _entries=entries,
        _groups=groups,
        _good=good,
    )


def _entries(
    chosen: Candidate, source: Source, aliases: Mapping[str, str]
) -> tuple[Entries, list[str], Mapping[date, int]]:
    """The rows, judged; what is said of their layout; how many shipped when. The cells read for it
    are let go.
    """
    frame = read_frame(chosen.table, chosen.header_row, chosen.header, chosen.recognition.columns)
    layout = Layout(frame)
    seen = Inspection(frame, chosen.table, source, is_template=chosen.is_template)
    return read_entries(seen, layout.headings, aliases), layout.said, ship_dates(seen)


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
