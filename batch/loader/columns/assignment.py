"""Which column wins which field: names by their strength, values as witnesses, a person's word
before all.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from batch.errors import ColumnError
from batch.loader.columns import value_shapes
from batch.loader.columns.agreement import agree, are_numbered, count_values, never_meet
from batch.loader.columns.columns import (
    LEAVE_OUT,
    Column,
    column_list,
    column_with_letter,
    find,
    map_option,
    map_text,
)
from batch.loader.columns.item_columns import item_columns
from batch.loader.columns.recipients import is_recipients_firm
from batch.loader.columns.synonyms import Strength
from batch.loader.files.tables import Cell, words
from batch.model import Choice, Field, Question, Unanswered
from batch.model.fields import OPTIONAL_FIELDS, SEVERAL

CARRIER_FIELDS = (Field.CARRIER, Field.SHIPPING_PROVIDER, Field.TRACKING_CARRIER)
ORDER_FIELDS = (Field.ORDER_ID, Field.EXTERNAL_ORDER_ID)
STORE_IDS = (Field.ORDER_PRODUCT_ID, Field.ORDER_ADDRESS_ID)
LINE_FIELDS = (Field.SKU, Field.ORDER_PRODUCT_ID)
MOST_ASKED = 8
"""Columns that a question names: each answer is followed to its end, which takes as long as all
columns.
"""


@dataclass(slots=True)
class Assignment:
    """The columns while they are given to the fields, one step after the other."""

    columns: list[Column]
    is_ours: bool
    given: Collection[Field] = ()
    """Fields that have a constant."""
    is_proven: bool = False
    """Whether no evidence of shipping is wanted: its source has shipped before, or it is a sheet of
    ours.
    """
    settled_by_person: set[Field] = field(default_factory=set)
    """Fields that a person has named a column for, now or before."""
    taken: dict[Field, tuple[Column, ...]] = field(default_factory=dict)
    left_out: set[Field] = field(default_factory=set)
    refused: dict[Field, Column] = field(default_factory=dict)
    reasons: dict[Field, str] = field(default_factory=dict)
    guessed: set[Field] = field(default_factory=set)
    kinds: list[Column] = field(default_factory=list)
    """Columns of unknown names that may say what kind of row it is."""
    warnings: list[str] = field(default_factory=list)

    def apply_user_mapping(self, mapping: Mapping[Field, str]) -> None:
        """Take what the person named, whatever it holds."""
        for wanted, text in mapping.items():
            self.settled_by_person.add(wanted)
            if text.strip() in LEAVE_OUT:
                self.left_out.add(wanted)
            elif column := find(text, self.columns):
                self.take(wanted, [column], "--map")
            else:
                raise ColumnError(
                    f"--map {wanted}={text}: there is no column {text!r}. The file has:"
                    f" {column_list(self.columns)}.",
                    f"Name one of them, for example {self.likeliest(wanted)}",
                )

    def apply_template(self, known: Mapping[Field, str]) -> None:
        """Take what is beyond doubt, where the person has said nothing else."""
        for wanted, text in known.items():
            column = find(text, self.free())
            if column and not self.is_settled(wanted):
                self.take(wanted, [column])

    def apply_remembered(self, remembered: Mapping[Field, str]) -> None:
        """Take what an earlier run settled, where it is there and still fits."""
        for wanted, text in remembered.items():
            column = find(text, self.free())
            if (
                column
                and not self.is_settled(wanted)
                and not value_shapes.contradicts(wanted, column.cells)
            ):
                self.take(wanted, [column], "remembered")
                self.settled_by_person.add(wanted)

    def match_headers(self, strength: Strength) -> None:
        """Give every field still without a column those that name it so strongly."""
        for wanted in Field:
            if self.is_settled(wanted) or (wanted is Field.DECISION and not self.is_ours):
                continue
            if wanted is Field.CARRIER and strength < Strength.STRONG and self.has(*CARRIER_FIELDS):
                continue
            candidates = [column for column in self.free() if column.says.get(wanted) == strength]
            fitting = [column for column in candidates if self._fits(wanted, column, strength)]
            if wanted is Field.CARRIER:
                fitting = [each for each in fitting if not is_recipients_firm(each, self.columns)]
            # an invoice's number only where nothing else can be the order's
            if wanted is Field.ORDER_ID:
                fitting = [column for column in fitting if not column.is_paper] or _own_first(
                    fitting
                )
            if fitting:
                self.take(wanted, *self._settle(wanted, fitting, strength))

    def items_side_by_side(self) -> None:
        """SKUs that stand side by side, each with its units, are the lines of a row."""
        pairs = item_columns(self.free())
        if not pairs or any(self.is_settled(name) for name in (*LINE_FIELDS, Field.QUANTITY)):
            return
        why = "one of several items side by side"
        self.take(Field.SKU, [sku for sku, _ in pairs], why)
        self.take(Field.QUANTITY, [units for _, units in pairs], why)

    def units_done(self) -> None:
        """What was picked, packed or sent is what ships, beside any column of units that may be
        those ordered.
        """
        if self.is_settled(Field.QUANTITY):
            return
        done = [
            column
            for column in self.free()
            if column.is_done and value_shapes.are_few(column.cells)
        ]
        flags = [column for column in done if self._may_be_flag(column)]
        if flags and len(flags) == len(done):
            others = [
                column
                for column in self.free()
                if column.says.get(Field.QUANTITY) == Strength.STRONG
            ]
            raise self.ambiguous(Field.QUANTITY, [*others[:1], *flags])
        if done := [column for column in done if column not in flags]:
            self.take(Field.QUANTITY, *self._settle(Field.QUANTITY, done, Strength.SURE))

    def _may_be_flag(self, column: Column) -> bool:
        """Whether 0 and 1 under a bare `Picked` may be no and yes, beside a quantity of more than
        one.
        """
        beside = [
            other for other in self.free() if other.says.get(Field.QUANTITY) == Strength.STRONG
        ]
        ones = {
            words(cell).removesuffix(".0") for cell in value_shapes.filled_cells(column.cells)
        } <= {"0", "1"}
        more = [
            a
            for other in beside
            for a, b in zip(other.cells, column.cells, strict=True)
            if words(a) not in {"", "0", "1", "1.0"} and words(b)
        ]
        return ones and len(more) > 1

    def comments_by_ids(self) -> None:
        """Beside the store's own ids `comments` is the store's own field, which customers read;
        elsewhere remarks are the warehouse's.
        """
        if self.is_settled(Field.COMMENTS) or not self.has(*STORE_IDS):
            return
        if column := find(Field.COMMENTS, self.free()):
            self.take(Field.COMMENTS, [column], "beside the store's own ids")

    def carrier_from_service(self) -> None:
        """Where no column is the carrier's, service words may name it: "USPS Priority Mail"."""
        service = self.first(Field.SHIPPING_METHOD)
        if not service or self.has(*CARRIER_FIELDS) or Field.CARRIER in self.left_out:
            return
        if value_shapes.confirms(Field.CARRIER, service.cells):
            del self.taken[Field.SHIPPING_METHOD]
            self.take(Field.CARRIER, [service], "its values name carriers")

    def links_as_numbers(self) -> None:
        """A column named for tracking numbers that holds links is read all the same, where no other
        column does that.

        A link in a number column is taken for what it is.
        """
        number, link = Field.TRACKING_NUMBER, Field.TRACKING_LINK
        column = self.refused.get(number)
        if column not in self.free() or self.is_settled(number) or self.is_settled(link):
            return
        if column and value_shapes.confirms(link, column.cells):
            self.take(number, [column], "its values are links")

    def sku_by_values(self) -> None:
        """Where units want a line, a column of another name may be the SKU's: its values go by
        line.
        """
        orders = self.first(*ORDER_FIELDS)
        if (
            not orders
            or Field.QUANTITY not in self.taken
            or self.has(*LINE_FIELDS)
            or Field.SKU in self.left_out
        ):
            return
        hinted = [
            column for column in self.like_skus() if column.says.get(Field.SKU) == Strength.HINT
        ]
        found = [column for column in hinted if value_shapes.go_by_line(orders.cells, column.cells)]
        if len(found) == 1:
            self.take(Field.SKU, found, "its values go by line, as SKUs do")
            self.guessed.add(Field.SKU)
            self.warnings.append(
                f"{found[0].label} ({found[0].example_text}) is read as sku by its values; no"
                f" column says so plainly. If it is something else: {self.options(Field.SKU, None)}"
            )

    def detect_external_orders(self) -> None:
        """An order column that holds another system's numbers alone is looked up as such."""
        orders, external = self.first(Field.ORDER_ID), Field.EXTERNAL_ORDER_ID
        if (
            not orders
            or external in self.left_out
            or not value_shapes.are_foreign_orders(orders.cells)
        ):
            return
        rivals = [column for column in self.free() if _may_be_the_stores(column)]
        if (
            rivals
            and external not in self.taken
            and self.reasons[Field.ORDER_ID] not in {"--map", "remembered"}
        ):
            raise self.ambiguous(Field.ORDER_ID, [orders, *rivals])
        del self.taken[Field.ORDER_ID]
        label, like = orders.label, orders.examples[0]
        if external in self.taken:
            theirs = self.taken[external]
            if value_shapes.are_store_numbers(theirs[0].cells):
                del self.taken[external]
                self.take(Field.ORDER_ID, theirs, f"numbers like {like} are another system's")
                return
            self.warnings.append(f"{label} is not used: numbers like {like} are not the store's.")
            return
        self.take(external, [orders], f"numbers like {like}")
        self.guessed.add(external)
        if not value_shapes.is_marketplace(orders.cells):
            self.warnings.append(
                f"{label} holds another system's order numbers ({like}), none of which can be the"
                " store's: each is looked up as external_order_id. To refuse them instead:"
                f" {self.options(external, None)}"
            )

    def messages(self) -> tuple[str, ...]:
        """A line for every column that was taken, in the columns' order."""
        taken = sorted(
            (column.index, column.label, name)
            for name, found in self.taken.items()
            for column in found
        )
        because = {name: f" ({why})" if why else "" for name, why in self.reasons.items()}
        left_out = (f"{name} is left out (--map)" for name in sorted(self.left_out))
        shown = (
            f"read {label} as {name}{because[name]}"
            for _, label, name in taken
            if name is not Field.KIND
        )
        return (*shown, *left_out)

    def free(self) -> list[Column]:
        """The columns that no field has taken."""
        used = {column.index for found in self.taken.values() for column in found}
        return [column for column in self.columns if column.index not in used]

    def first(self, *fields: Field) -> Column | None:
        """The first column that has been taken for one of the fields."""
        return next((self.taken[name][0] for name in fields if name in self.taken), None)

    def has(self, *fields: Field) -> bool:
        return self.first(*fields) is not None

    def is_settled(self, wanted: Field) -> bool:
        return wanted in self.taken or wanted in self.left_out

    def like_skus(self) -> list[Column]:
        """Columns not taken whose values could be SKUs, those first that are called so; none of ids
        of lines.
        """
        free = (column for column in self.free() if Field.ORDER_PRODUCT_ID not in column.says)
        fitting = [column for column in free if value_shapes.confirms(Field.SKU, column.cells)]
        return sorted(fitting, key=lambda column: Field.SKU not in column.says)

    def distinct_per_order(self, column: Column) -> Sequence[Cell]:
        """Its cells, those of one order's rows that say the same only once."""
        orders = self.first(*ORDER_FIELDS)
        return (
            value_shapes.distinct_per_order(orders.cells, column.cells) if orders else column.cells
        )

    def options(self, wanted: Field, *columns: Column | None) -> str:
        """The `--map` options to choose from; None leaves the field out."""
        return " or ".join(map_option(wanted, column, self.columns) for column in columns)

    def plausible_orders(self) -> list[Column]:
        """Columns that could be the order's number by name and values, the likeliest first."""
        likely = [
            column for column in self.free() if value_shapes.confirms(Field.ORDER_ID, column.cells)
        ]
        likely = [
            column
            for column in likely
            if Field.ORDER_ID in column.says or not (column.is_known or column.is_harmless)
        ]
        likely = [
            column
            for column in likely
            if Field.ORDER_ID in column.says or not value_shapes.are_long_numbers(column.cells)
        ]
        likely = [
            column for column in likely if value_shapes.vary(column.cells) or len(column.cells) < 2
        ]

        def rank(column: Column) -> tuple[bool, bool, bool]:
            own = value_shapes.are_store_numbers(column.cells)
            return (column.is_paper, Field.ORDER_ID not in column.says, not own)

        return sorted(likely, key=rank)

    def likeliest(self, wanted: Field) -> str:
        """A `--map` for the column that looks most like the field."""
        free = self.free() or self.columns
        likely = [column for column in free if value_shapes.confirms(wanted, column.cells)]
        likely.sort(key=lambda column: column.is_known and wanted not in column.says)
        return self.options(wanted, next(iter(likely or free), None))

    def choices(
        self, wanted: Field, columns: Sequence[Column | None], effects: Sequence[str] = ()
    ) -> tuple[Choice, ...]:
        """A choice for each column, None for "no column is it"; `effects` say what each would
        change.
        """
        texts = [*effects, *("" for _ in columns[len(effects) :])]
        return tuple(
            Choice(map_text(column, self.columns), text, map_option(wanted, column, self.columns))
            for column, text in zip(columns, texts, strict=True)
        )

    def question(
        self,
        wanted: Field,
        text: str,
        columns: Sequence[Column | None],
        effects: Sequence[str] = (),
        *,
        name: str = "",
    ) -> Unanswered:
        """The question which column a field is; its name is the field's, where none is given."""
        return Unanswered(
            [Question(name or str(wanted), text, self.choices(wanted, columns, effects))]
        )

    def ambiguous(self, wanted: Field, fitting: Sequence[Column]) -> Unanswered:
        """The question which of the columns it is."""
        if wanted is Field.ORDER_ID:
            fitting = sorted(
                fitting, key=lambda column: not value_shapes.are_store_numbers(column.cells)
            )
        asked = fitting[:MOST_ASKED]
        shown = " and ".join(f"{column.label} ({column.example_text})" for column in asked)
        shown += f" and {len(fitting) - len(asked):,} more" if len(fitting) > len(asked) else ""
        effects = [f"if it is {column_with_letter(column)}" for column in asked]
        return self.question(
            wanted, f"{len(fitting)} columns could be {wanted}: {shown}.", asked, effects
        )

    def take(self, wanted: Field, found: Sequence[Column], why: str = "") -> None:
        """Give a field its column, or columns."""
        self.taken[wanted] = tuple(found)
        self.reasons[wanted] = why

    def _fits(self, wanted: Field, column: Column, strength: Strength) -> bool:
        if strength < Strength.STRONG:
            cells = (
                self.distinct_per_order(column) if wanted is Field.TRACKING_NUMBER else column.cells
            )
            return value_shapes.confirms(wanted, cells)
        if value_shapes.contradicts(wanted, column.cells):
            self.refused[wanted] = column
            return False
        return True

    def _settle(
        self, wanted: Field, fitting: list[Column], strength: Strength
    ) -> tuple[list[Column], str]:
        """The column, or columns, of several that name one field, and why; ColumnError where they
        compete.
        """
        why = {
            Strength.WEAK: "by its values",
            Strength.PART: "by a part of its name and its values",
        }.get(strength, "")
        if why and wanted in {Field.ORDER_ID, Field.TRACKING_NUMBER, Field.QUANTITY}:
            self.warnings.append(
                f"{fitting[0].label} is read as {wanted} {why}; no column says so plainly."
            )
        if wanted in SEVERAL or (
            wanted is Field.TRACKING_NUMBER and len(fitting) > 1 and are_numbered(fitting)
        ):
            return fitting, "one of several" if len(fitting) > 1 else ""
        fitting = [column for column in fitting if column.examples] or fitting[:1]
        if wanted is Field.ORDER_ID:
            fitting = [
                column for column in fitting if not value_shapes.is_marketplace(column.cells)
            ] or fitting
        if len(fitting) == 1:
            return fitting, why
        if wanted is Field.TRACKING_NUMBER and never_meet(fitting):
            return fitting, "one of several"
        best = max(fitting, key=lambda column: count_values(wanted, column))
        others = ", ".join(column.label for column in fitting if column is not best)
        if agree(wanted, fitting):
            return [best], f"the same as {others}"
        if wanted in OPTIONAL_FIELDS:
            self.warnings.append(f"{best.label} is read as {wanted}; {others} could be it too.")
            return [best], why
        raise self.ambiguous(wanted, fitting)


def _own_first(papers: list[Column]) -> list[Column]:
    """Of the numbers of other papers those that could be the store's, where there are any."""
    return [column for column in papers if value_shapes.are_store_numbers(column.cells)] or papers


def _may_be_the_stores(column: Column) -> bool:
    """Whether a column that is called a reference of some kind holds numbers as a store gives them
    out.
    """
    return column.says.get(
        Field.ORDER_ID, Strength.HINT
    ) >= Strength.WEAK and value_shapes.are_store_numbers(column.cells)
