"""Which row is the header and which column is which field; said at every run, never guessed in silence.

A person's `--map` comes first, then what was remembered for this header row, then sure names, strong
names that the values do not contradict, weak names that the values confirm, and last a part of a name.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from batch.errors import ColumnError
from batch.loader import shapes
from batch.loader.candidates import LEAVE_OUT, Column, columns_of, find, listed, map_option, named
from batch.loader.carriers import carrier
from batch.loader.synonyms import Strength, meaning, normalise
from batch.loader.tables import Cell
from batch.model import Field

ROWS_SEARCHED = 60
CARRIER_FIELDS = (Field.CARRIER, Field.SHIPPING_PROVIDER, Field.TRACKING_CARRIER)
LINE_FIELDS = (Field.SKU, Field.ORDER_PRODUCT_ID)
LESSER = frozenset({Field.SHIPPING_METHOD, Field.MERCHANT_SHIPPING_COST, Field.COMMENTS, Field.SHIP_DATE})
"""Fields that decide nothing about what is shipped: of two columns the first is taken, with a warning."""

__all__ = ["LEAVE_OUT", "ROWS_SEARCHED", "Recognition", "find_header", "headerless", "normalise", "recognise"]


@dataclass(frozen=True, slots=True)
class Recognition:
    """Which column is which field, and what to tell the person about it."""

    columns: Mapping[Field, tuple[int, ...]]
    """0-based; several only for a tracking number that has several columns."""
    said: tuple[str, ...]
    """One line a recognised column: "read `Order - Number` as order_id"."""
    unused: tuple[str, ...]
    fingerprint: str
    """Digest of the normalised header row; what is remembered is kept under it."""
    warnings: tuple[str, ...]


def find_header(rows: Sequence[Sequence[Cell]], mapped: Collection[str] = ()) -> int | None:
    """Index of the header among the first rows; None where no row names a field.

    Of rows that name equally much the first counts, but for its direct successor (Amazon's localised
    header row stands above the real one). `mapped`: the columns a person named, which count as known.
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
    texts = [shapes.words(cell) for cell in row if isinstance(cell, str) and cell.strip()]
    filled = sum(1 for cell in row if shapes.words(cell))
    if 2 * len(texts) < filled:
        return 0
    score = 0
    named_fields: set[Field] = set()
    for text in texts:
        said = meaning(text)
        strength = max(said.fields.values(), default=0)
        named_fields |= {name for name, worth in said.fields.items() if worth >= Strength.WEAK}
        score += Strength.STRONG if normalise(text) in wanted else min(strength, Strength.STRONG) or said.known
    return score if len(named_fields) > 1 or score >= Strength.STRONG else 0


def recognise(
    header: Sequence[str],
    sample: Sequence[Sequence[Cell]],
    *,
    mapping: Mapping[Field, str] | None = None,
    remembered: Mapping[Field, str] | None = None,
    ours: Collection[int] = (),
) -> Recognition:
    """Match columns to fields by name and by the look of the sample's values.

    `mapping` is the person's word (FIELD → header text, letter or 1-based number; `-` leaves the field out).
    `ours` are columns of our own results sheet, not to be read. ColumnError where the order has no column,
    two columns compete, values plainly contradict a name, or the mapping names what is not there.
    """
    reading = _Reading(columns_of(header, sample, ours), is_ours=bool(ours))
    reading.obey(mapping or {})
    reading.remember(remembered or {})
    for strength in (Strength.SURE, Strength.STRONG):
        reading.match(strength)
    reading.carrier_from_service()
    for strength in (Strength.WEAK, Strength.PART):
        reading.match(strength)
    reading.marketplace_orders()
    reading.check()
    return reading.recognition(header)


def headerless(mapping: Mapping[Field, str], sample: Sequence[Sequence[Cell]]) -> Recognition:
    """A table without a header row: every field by its column's letter or 1-based number."""
    width = max(map(len, sample), default=0)
    reading = _Reading(columns_of([""] * width, sample, ()), is_ours=False)
    reading.obey(mapping)
    reading.check()
    return reading.recognition([])


@dataclass(slots=True)
class _Reading:
    """The columns while they are matched: what is taken, what was said."""

    columns: list[Column]
    is_ours: bool
    taken: dict[Field, tuple[Column, ...]] = field(default_factory=dict)
    left_out: set[Field] = field(default_factory=set)
    refused: dict[Field, Column] = field(default_factory=dict)
    reasons: dict[Field, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def obey(self, mapping: Mapping[Field, str]) -> None:
        """Take what the person named, whatever it holds."""
        for name, text in mapping.items():
            wanted = self._field(name, text)
            if text.strip() in LEAVE_OUT:
                self.left_out.add(wanted)
            elif column := find(text, self.columns):
                self._take(wanted, [column], "--map")
            else:
                raise ColumnError(
                    f"--map {wanted}={text}: there is no column {text!r}. The file has: {listed(self.columns)}.",
                    f"Name one of them, for example {self._option(wanted)}",
                )

    def remember(self, remembered: Mapping[Field, str]) -> None:
        """Take what an earlier run settled, where it is there and still fits."""
        for wanted, text in remembered.items():
            column = find(text, self._free())
            if column and not self._is_settled(wanted) and not shapes.contradicts(wanted, column.cells):
                self._take(wanted, [column], "remembered")

    def match(self, strength: Strength) -> None:
        """Give every field still without a column those that name it so strongly."""
        for wanted in Field:
            if self._is_settled(wanted) or (wanted is Field.DECISION and not self.is_ours):
                continue
            if wanted is Field.CARRIER and strength < Strength.STRONG and self._has(CARRIER_FIELDS):
                continue
            candidates = [column for column in self._free() if column.says.get(wanted) == strength]
            fitting = [column for column in candidates if self._fits(wanted, column, strength)]
            if fitting:
                self._take(wanted, *self._settle(wanted, fitting, strength))

    def carrier_from_service(self) -> None:
        """Where no column is the carrier's, service words may name it: "USPS Priority Mail"."""
        service = self.taken.get(Field.SHIPPING_METHOD)
        if not service or self._has(CARRIER_FIELDS) or Field.CARRIER in self.left_out:
            return
        if shapes.confirms(Field.CARRIER, service[0].cells):
            del self.taken[Field.SHIPPING_METHOD]
            self._take(Field.CARRIER, [service[0]], "its values name carriers")

    def marketplace_orders(self) -> None:
        """An order column full of a marketplace's numbers is looked up as such."""
        orders = self.taken.get(Field.ORDER_ID)
        if orders and shapes.is_marketplace(orders[0].cells) and not self._is_settled(Field.EXTERNAL_ORDER_ID):
            del self.taken[Field.ORDER_ID]
            self._take(Field.EXTERNAL_ORDER_ID, [orders[0]], f"numbers like {orders[0].examples[0]}")

    def check(self) -> None:
        """ColumnError for what would make the shipments wrong."""
        for wanted, column in self.refused.items():
            if not self._is_settled(wanted) and column in self._free():
                self._contradicted(wanted, column)
        if not self._has((Field.ORDER_ID, Field.EXTERNAL_ORDER_ID)):
            raise ColumnError(
                f"No column is recognised as the order's number. The file has: {listed(self.columns)}.",
                f"Say which it is, for example {self._option(Field.ORDER_ID)}"
                if self.columns
                else "See whether the right file and sheet were given (--sheet NAME).",
            )
        ordered = next((column for column in self._free() if column.is_ordered), None)
        if ordered and not self._is_settled(Field.QUANTITY):
            self._only_ordered(ordered)

    def recognition(self, header: Sequence[str]) -> Recognition:
        """What was found, frozen."""
        columns = {wanted: tuple(column.index for column in found) for wanted, found in self.taken.items()}
        said = sorted(
            (column.index, self._said(column, name)) for name, found in self.taken.items() for column in found
        )
        left_out = [f"{wanted} is left out (--map)" for wanted in sorted(self.left_out)]
        unused = tuple(column.name for column in self._free() if column.name)
        digest = hashlib.sha256("\x1f".join(map(normalise, header)).encode()).hexdigest()[:32]
        return Recognition(columns, (*(line for _, line in said), *left_out), unused, digest, tuple(self.warnings))

    def _said(self, column: Column, wanted: Field) -> str:
        return f"read {column.label} as {wanted}" + (f" ({self.reasons[wanted]})" if self.reasons[wanted] else "")

    def _free(self) -> list[Column]:
        used = {column.index for found in self.taken.values() for column in found}
        return [column for column in self.columns if column.index not in used]

    def _has(self, fields: Collection[Field]) -> bool:
        return any(wanted in self.taken for wanted in fields)

    def _is_settled(self, wanted: Field) -> bool:
        return wanted in self.taken or wanted in self.left_out

    def _take(self, wanted: Field, found: Sequence[Column], why: str = "") -> None:
        self.taken[wanted] = tuple(found)
        self.reasons[wanted] = why

    def _fits(self, wanted: Field, column: Column, strength: Strength) -> bool:
        if strength < Strength.STRONG:
            return shapes.confirms(wanted, column.cells)
        if shapes.contradicts(wanted, column.cells):
            self.refused[wanted] = column
            return False
        return True

    def _settle(self, wanted: Field, fitting: list[Column], strength: Strength) -> tuple[list[Column], str]:
        """The column, or columns, of several that name one field, and why; ColumnError where they compete."""
        why = {Strength.WEAK: "by its values", Strength.PART: "by a part of its name and its values"}.get(strength, "")
        if why and wanted in {Field.ORDER_ID, Field.TRACKING_NUMBER, Field.QUANTITY}:
            self.warnings.append(f"{fitting[0].label} is read as {wanted} {why}; no column says so plainly.")
        if wanted is Field.TRACKING_NUMBER and len(fitting) > 1 and _are_numbered(fitting):
            return fitting, "one of several"
        fitting = [column for column in fitting if column.examples] or fitting[:1]
        if wanted is Field.ORDER_ID:
            fitting = [column for column in fitting if not shapes.is_marketplace(column.cells)] or fitting
        if len(fitting) == 1:
            return fitting, why
        if wanted is Field.TRACKING_NUMBER and _never_meet(fitting):
            return fitting, "one of several"
        best = max(fitting, key=lambda column: _speaking(wanted, column))
        others = ", ".join(column.label for column in fitting if column is not best)
        if _agree(wanted, fitting):
            return [best], f"the same as {others}"
        if wanted in LESSER:
            self.warnings.append(f"{best.label} is read as {wanted}; {others} could be it too.")
            return [best], why
        raise self._compete(wanted, fitting)

    def _compete(self, wanted: Field, fitting: Sequence[Column]) -> ColumnError:
        shown = " and ".join(f"{column.label} ({column.shown})" for column in fitting)
        options = " or ".join(map_option(wanted, column, self.columns) for column in fitting)
        return ColumnError(f"{len(fitting)} columns could be {wanted}: {shown}.", f"Say which it is: {options}")

    def _contradicted(self, wanted: Field, column: Column) -> None:
        what = f"{column.label} should be {wanted}, but its values are something else ({column.shown})"
        if wanted in LESSER:
            self.warnings.append(f"{what}; it is not used.")
            return
        better = [other for other in self._free() if other is not column and shapes.confirms(wanted, other.cells)]
        is_needed = wanted is Field.ORDER_ID and Field.EXTERNAL_ORDER_ID not in self.taken
        choices = [*better[:3], column if is_needed else None]
        options = " or ".join(map_option(wanted, choice, self.columns) for choice in choices)
        raise ColumnError(f"{what}.", f"Say which it is: {options}")

    def _only_ordered(self, column: Column) -> None:
        if not self._has(LINE_FIELDS):
            self.warnings.append(f"{column.label} is not used: units ordered are not units shipped.")
            return
        raise ColumnError(
            f"No column is recognised as the units shipped; {named(column)} ({column.shown}) is units ordered.",
            f"If all that was ordered was shipped: {map_option(Field.QUANTITY, column, self.columns)}; "
            f"to ship what remains of each line: {map_option(Field.QUANTITY, None, self.columns)}",
        )

    def _option(self, wanted: Field) -> str:
        """A `--map` for the column that looks most like the field."""
        free = self._free() or self.columns
        likely = (column for column in free if shapes.confirms(wanted, column.cells))
        return map_option(wanted, next(likely, next(iter(free), None)), self.columns)

    def _field(self, name: str, text: str) -> Field:
        try:
            return Field(name.strip())
        except ValueError:
            meant = Field(next(iter(get_close_matches(name.strip().lower(), list(Field), 1, 0.5)), Field.ORDER_ID))
            column = find(text, self.columns)
            raise ColumnError(
                f"--map {name}={text}: there is no field {name!r}. Fields are: {', '.join(Field)}.",
                f"For example {map_option(meant, column, self.columns) if column else self._option(meant)}",
            ) from None


def _are_numbered(fitting: Sequence[Column]) -> bool:
    """`Tracking Number`, `Tracking Number 2`, …: also those that happen to be blank in the sample."""
    return sum(column.is_numbered for column in fitting) >= len(fitting) - 1


def _never_meet(fitting: Sequence[Column]) -> bool:
    """Never filled in the same row: each holds the numbers of other parcels."""
    rows = zip(*(column.cells for column in fitting), strict=True)
    return all(len(shapes.filled(row)) <= 1 for row in rows)


def _agree(wanted: Field, fitting: Sequence[Column]) -> bool:
    """Whether the columns say the same in every row where more than one speaks."""
    rows = zip(*(column.cells for column in fitting), strict=True)
    return all(len({_essence(wanted, cell) for cell in shapes.filled(row)} - {""}) <= 1 for row in rows)


def _speaking(wanted: Field, column: Column) -> int:
    return sum(bool(_essence(wanted, cell)) for cell in shapes.filled(column.cells))


def _essence(wanted: Field, cell: Cell) -> str:
    """What a cell says to the field, so that `UPS` and `UPS Ground`, `#1001` and `1001` are one."""
    text = shapes.words(cell)
    if wanted is Field.CARRIER:
        found = carrier(text)
        return found.family if found.known else normalise(text)
    return text.casefold().lstrip("#")
