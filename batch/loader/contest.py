"""Which column wins which field: names by their strength, values as witnesses, a person's word before all."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from batch.errors import ColumnError
from batch.loader import shapes
from batch.loader.candidates import LEAVE_OUT, Column, find, listed, map_option, named
from batch.loader.carriers import carrier
from batch.loader.synonyms import Strength, normalise
from batch.loader.tables import Cell
from batch.model import Field

CARRIER_FIELDS = (Field.CARRIER, Field.SHIPPING_PROVIDER, Field.TRACKING_CARRIER)
ORDER_FIELDS = (Field.ORDER_ID, Field.EXTERNAL_ORDER_ID)
LINE_FIELDS = (Field.SKU, Field.ORDER_PRODUCT_ID)
CHOICES = 3
"""Columns that an error offers at most."""
LESSER = frozenset({Field.SHIPPING_METHOD, Field.MERCHANT_SHIPPING_COST, Field.COMMENTS, Field.SHIP_DATE})
"""Fields that decide nothing about what is shipped: of two columns the first is taken, with a warning."""


@dataclass(slots=True)
class Contest:
    """The columns while they are given to the fields, one step after the other."""

    columns: list[Column]
    is_ours: bool
    given: Collection[Field] = ()
    """Fields that have a constant."""
    taken: dict[Field, tuple[Column, ...]] = field(default_factory=dict)
    left_out: set[Field] = field(default_factory=set)
    refused: dict[Field, Column] = field(default_factory=dict)
    reasons: dict[Field, str] = field(default_factory=dict)
    guessed: set[Field] = field(default_factory=set)
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

    def accept(self, known: Mapping[Field, str]) -> None:
        """Take what is beyond doubt, where the person has said nothing else."""
        for wanted, text in known.items():
            column = find(text, self.free())
            if column and not self._is_settled(wanted):
                self._take(wanted, [column])

    def remember(self, remembered: Mapping[Field, str]) -> None:
        """Take what an earlier run settled, where it is there and still fits."""
        for wanted, text in remembered.items():
            column = find(text, self.free())
            if column and not self._is_settled(wanted) and not shapes.contradicts(wanted, column.cells):
                self._take(wanted, [column], "remembered")

    def match(self, strength: Strength) -> None:
        """Give every field still without a column those that name it so strongly."""
        for wanted in Field:
            if self._is_settled(wanted) or (wanted is Field.DECISION and not self.is_ours):
                continue
            if wanted is Field.CARRIER and strength < Strength.STRONG and self._has(CARRIER_FIELDS):
                continue
            candidates = [column for column in self.free() if column.says.get(wanted) == strength]
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

    def links_as_numbers(self) -> None:
        """A column named for tracking numbers that holds links is read all the same, where no other column does that.

        A link in a number column is taken for what it is.
        """
        number, link = Field.TRACKING_NUMBER, Field.TRACKING_LINK
        column = self.refused.get(number)
        if column not in self.free() or self._is_settled(number) or self._is_settled(link):
            return
        if column and shapes.confirms(link, column.cells):
            self._take(number, [column], "its values are links")

    def sku_by_values(self) -> None:
        """Where units want a line, a column of another name may be the SKU's: its values go by line."""
        orders = next((self.taken[name][0] for name in ORDER_FIELDS if name in self.taken), None)
        if not orders or Field.QUANTITY not in self.taken or self._has(LINE_FIELDS) or Field.SKU in self.left_out:
            return
        hinted = [column for column in self._like_skus() if column.says.get(Field.SKU) == Strength.HINT]
        found = [column for column in hinted if shapes.go_by_line(orders.cells, column.cells)]
        if len(found) == 1:
            self._take(Field.SKU, found, "its values go by line, as SKUs do")
            self.guessed.add(Field.SKU)
            option = map_option(Field.SKU, None, self.columns)
            self.warnings.append(
                f"{found[0].label} ({found[0].shown}) is read as sku by its values; no column says so plainly. "
                f"If it is something else: {option}"
            )

    def _like_skus(self) -> list[Column]:
        """Columns not taken whose values could be SKUs, those first that are called so; none of ids of lines."""
        free = (column for column in self.free() if Field.ORDER_PRODUCT_ID not in column.says)
        fitting = [column for column in free if shapes.confirms(Field.SKU, column.cells)]
        return sorted(fitting, key=lambda column: Field.SKU not in column.says)

    def foreign_orders(self) -> None:
        """An order column that holds another system's numbers alone is looked up as such."""
        orders, external = self.taken.get(Field.ORDER_ID), Field.EXTERNAL_ORDER_ID
        if not orders or external in self.left_out or not shapes.are_foreign_orders(orders[0].cells):
            return
        rivals = [column for column in self.free() if _may_be_the_stores(column)]
        if rivals and external not in self.taken and self.reasons[Field.ORDER_ID] not in {"--map", "remembered"}:
            raise self._compete(Field.ORDER_ID, [*orders, *rivals])
        del self.taken[Field.ORDER_ID]
        label, like = orders[0].label, orders[0].examples[0]
        if external in self.taken:
            self.warnings.append(f"{label} is not used: numbers like {like} are not the store's.")
            return
        self._take(external, [orders[0]], f"numbers like {like}")
        self.guessed.add(external)
        if not shapes.is_marketplace(orders[0].cells):
            option = map_option(external, None, self.columns)
            self.warnings.append(
                f"{label} holds another system's order numbers ({like}), none of which can be the store's: "
                f"each is looked up as external_order_id. To refuse them instead: {option}"
            )

    def check(self) -> None:
        """ColumnError for what would make the shipments wrong."""
        self._check_external()
        for wanted, column in self.refused.items():
            has_order = wanted in ORDER_FIELDS and self._has(ORDER_FIELDS)
            if column in self.free() and not self._is_settled(wanted) and not has_order:
                self._contradicted(wanted, column)
        if not self._has(ORDER_FIELDS):
            raise ColumnError(
                f"No column is recognised as the order's number. The file has: {listed(self.columns)}.",
                self._how_to_name_the_order(),
            )
        ordered = [column for column in self.free() if column.is_ordered]
        counts = [column for column in ordered if shapes.confirms(Field.QUANTITY, column.cells)]
        if counts and not self._is_settled(Field.QUANTITY):
            self._only_ordered(counts[0])
        self._check_units()
        self._check_lines()
        self._check_number()

    def said(self) -> tuple[str, ...]:
        """A line for every column that was taken, in the columns' order."""
        taken = sorted((column.index, column.label, name) for name, found in self.taken.items() for column in found)
        because = {name: f" ({why})" if why else "" for name, why in self.reasons.items()}
        left_out = (f"{name} is left out (--map)" for name in sorted(self.left_out))
        return (*(f"read {label} as {name}{because[name]}" for _, label, name in taken), *left_out)

    def free(self) -> list[Column]:
        """The columns that no field has taken."""
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
            cells = self._once_an_order(column) if wanted is Field.TRACKING_NUMBER else column.cells
            return shapes.confirms(wanted, cells)
        if shapes.contradicts(wanted, column.cells):
            self.refused[wanted] = column
            return False
        return True

    def _once_an_order(self, column: Column) -> Sequence[Cell]:
        """Its cells, those of one order's rows that say the same only once."""
        orders = next((self.taken[name][0] for name in ORDER_FIELDS if name in self.taken), None)
        return shapes.once_an_order(orders.cells, column.cells) if orders else column.cells

    def _settle(self, wanted: Field, fitting: list[Column], strength: Strength) -> tuple[list[Column], str]:
        """The column, or columns, of several that name one field, and why; ColumnError where they compete."""
        why = {Strength.WEAK: "by its values", Strength.PART: "by a part of its name and its values"}.get(strength, "")
        if why and wanted in {Field.ORDER_ID, Field.TRACKING_NUMBER, Field.QUANTITY}:
            self.warnings.append(f"{fitting[0].label} is read as {wanted} {why}; no column says so plainly.")
        if wanted is Field.STATUS or (wanted is Field.TRACKING_NUMBER and len(fitting) > 1 and _are_numbered(fitting)):
            return fitting, "one of several" if len(fitting) > 1 else ""
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

    def _check_external(self) -> None:
        """A column named for another shop's numbers may hold the store's own: an ERP calls them external."""
        external = self.taken.get(Field.EXTERNAL_ORDER_ID)
        if not external or self.reasons[Field.EXTERNAL_ORDER_ID] or not shapes.are_store_numbers(external[0].cells):
            return
        orders = self.taken.get(Field.ORDER_ID)
        if not orders:
            option = map_option(Field.ORDER_ID, external[0], self.columns)
            self.warnings.append(
                f"{external[0].label} is looked up as external_order_id; if it is the store's: {option}"
            )
        elif (
            not self.reasons[Field.ORDER_ID]
            and not orders[0].is_sure
            and not _agree(Field.ORDER_ID, [*orders, *external])
        ):
            raise self._compete(Field.ORDER_ID, [*orders, *external])

    def _how_to_name_the_order(self) -> str:
        if not self.columns:
            return "See whether the right file and sheet were given (--sheet NAME)."
        option = self._option(Field.ORDER_ID)
        if self.free():
            return f"Say which it is, for example {option}"
        return f"Export it with the order's number; if one of these is it all the same, for example {option}"

    def _contradicted(self, wanted: Field, column: Column) -> None:
        what = f"{column.label} should be {wanted}, but its values are something else ({column.shown})"
        if wanted in LESSER:
            self.warnings.append(f"{what}; it is not used.")
            return
        better = [other for other in self.free() if other is not column and shapes.confirms(wanted, other.cells)]
        itself = [column] if wanted in {Field.ORDER_ID, Field.TRACKING_NUMBER} else []
        choices = [*better[:CHOICES], *itself, *([] if wanted is Field.ORDER_ID else [None])]
        options = " or ".join(map_option(wanted, choice, self.columns) for choice in choices)
        raise ColumnError(f"{what}.", f"Say which it is: {options}")

    def _check_units(self) -> None:
        """Units of what: a column that may say it is asked about; where none may, each order's only line is meant."""
        counted = self.taken.get(Field.QUANTITY)
        if not counted or self._has(LINE_FIELDS) or Field.SKU in self.given or not counted[0].examples:
            return
        choices = [] if Field.SKU in self.left_out else self._like_skus()[:CHOICES]
        whole = f"to ship all that remains of each order: {map_option(Field.QUANTITY, None, self.columns)}"
        if not choices:
            self.warnings.append(
                f"{counted[0].label} gives units ({counted[0].shown}), but no column says of what: they ship where "
                f"the order has one line, else the row is refused. Add the SKU; or {whole}"
            )
            return
        cells = counted[0].cells
        if 2 * len(shapes.filled(cells)) < len(cells):
            return
        which = " or ".join(map_option(Field.SKU, column, self.columns) for column in choices)
        none = f"if none is, for orders of one line: {map_option(Field.SKU, None, self.columns)}"
        raise ColumnError(
            f"{counted[0].label} gives units ({counted[0].shown}), but no column is recognised as the SKU.",
            f"Say which column is the SKU: {which}; {none}; {whole}",
        )

    def _check_lines(self) -> None:
        """Rows of one parcel that only a column nobody knows tells apart: each is a line, and which is not known."""
        orders = next((self.taken[name][0] for name in ORDER_FIELDS if name in self.taken), None)
        if not orders or {*LINE_FIELDS, Field.QUANTITY} & {*self.taken, *self.left_out, *self.given}:
            return
        numbers = self.taken.get(Field.TRACKING_NUMBER)
        labels = numbers[0].cells if numbers else (None,) * len(orders.cells)
        unsaid = [column for column in self._like_skus() if Field.SKU in column.says or not column.is_known]
        found = [column for column in unsaid if shapes.tell_lines_apart(orders.cells, labels, column.cells)]
        if found:
            which = " or ".join(map_option(Field.SKU, column, self.columns) for column in found[:CHOICES])
            raise ColumnError(
                f"{orders.label} names orders several times, but no column is recognised as the SKU: "
                f"{found[0].label} ({found[0].shown}) may be it.",
                f"Say which column is the SKU: {which}; to ship all that remains of each order: "
                f"{map_option(Field.SKU, None, self.columns)}",
            )

    def _check_number(self) -> None:
        """A column nobody knows that is full of tracking numbers: without it every parcel would go without one."""
        labels = {Field.TRACKING_NUMBER, Field.TRACKING_LINK}
        if labels & {*self.taken, *self.left_out, *self.given}:
            return
        found = [column for column in self.free() if _may_be_tracking(column, self._once_an_order(column))]
        if found:
            which = " or ".join(map_option(Field.TRACKING_NUMBER, column, self.columns) for column in found[:CHOICES])
            raise ColumnError(
                f"No column is recognised as the tracking number, but {named(found[0])} looks like it "
                f"({found[0].shown}).",
                f"If it is: {which}; to ship without tracking numbers: "
                f"{map_option(Field.TRACKING_NUMBER, None, self.columns)}",
            )
        for column in self.free():
            if column.says.get(Field.TRACKING_NUMBER) == Strength.WEAK and column.examples:
                self.warnings.append(
                    f"{column.label} ({column.shown}) is not read as the tracking number, and no other column is; "
                    f"if it is: {map_option(Field.TRACKING_NUMBER, column, self.columns)}"
                )

    def _only_ordered(self, column: Column) -> None:
        if not self._has(LINE_FIELDS):
            self.warnings.append(f"{column.label} is not used: it may be units ordered, not units shipped.")
            return
        raise ColumnError(
            f"No column is recognised as the units shipped; {named(column)} ({column.shown}) may be units ordered.",
            f"If it is what was shipped: {map_option(Field.QUANTITY, column, self.columns)}; "
            f"to ship what remains of each line: {map_option(Field.QUANTITY, None, self.columns)}",
        )

    def _option(self, wanted: Field) -> str:
        """A `--map` for the column that looks most like the field."""
        free = self.free() or self.columns
        likely = [column for column in free if shapes.confirms(wanted, column.cells)]
        likely.sort(key=lambda column: column.is_known and wanted not in column.says)
        return map_option(wanted, next(iter(likely or free), None), self.columns)

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


def _may_be_tracking(column: Column, cells: Sequence[Cell]) -> bool:
    """Whether the values are tracking numbers, under a name nobody knows, or one for a number of any kind."""
    is_reference = column.says.get(Field.ORDER_ID) == Strength.WEAK or Field.TRACKING_NUMBER in column.says
    return (is_reference or not (column.is_known or column.is_ordered)) and shapes.look_like_tracking(cells)


def _may_be_the_stores(column: Column) -> bool:
    """Whether a column that is called a reference of some kind holds numbers as a store gives them out."""
    return column.says.get(Field.ORDER_ID, Strength.HINT) >= Strength.WEAK and shapes.are_store_numbers(column.cells)


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
