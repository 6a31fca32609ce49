"""What each data row asks for, typed: order, line, units, tracking number, carrier, or why not."""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field

import numpy as np

from batch.loader.cells import skus, values
from batch.loader.cells.damage import Wrong
from batch.loader.cells.money import cost
from batch.loader.cells.skus import Counted
from batch.loader.files.tables import Cell
from batch.loader.rows.carrier_columns import Shipper, shippers
from batch.loader.rows.frame import CategoricalColumn, Codes, Ints, Mask
from batch.loader.rows.inspection import Categorical, Inspection, distinct, invalid, skip_finding
from batch.loader.rows.item_columns import items_side_by_side
from batch.loader.rows.lost_zeros import find_lost_zeros
from batch.loader.rows.missing_numbers import missing_numbers
from batch.loader.rows.number_checks import check_numbers
from batch.loader.rows.order_columns import ids, orders
from batch.loader.rows.recipients import Recipients
from batch.loader.rows.skipped_rows import set_aside
from batch.loader.rows.taken_out import taken_out
from batch.loader.rows.tracking_columns import ask_for_evidence, tracking_columns
from batch.loader.rows.units import less_short, single_units, unit_factors, without_decimals
from batch.loader.rows.unknown_carriers import settle_unknown
from batch.loader.rows.voids import dead_numbers
from batch.loader.rows.whose import whose
from batch.model import Field, Finding
from batch.model.catalogue import Code
from batch.model.kits import is_several, parts_of
from batch.primitives.spelling import fold_case

UNREADABLE = "\ufffd"
"""What stands for bytes that no encoding explains."""
ALL = -1
"""As a quantity: all that remains."""


@dataclass(slots=True)
class Entries:
    """The data rows of a file, typed; every array has one element a row."""

    rows: Codes
    """Their numbers in the spreadsheet."""
    order: Ints
    """The order's id; below zero, `externals[-1 - order]`; 0 for none."""
    externals: list[str]
    address: Ints
    line: Ints
    sku: Categorical[str]
    several: dict[int, Counted]
    """Data row → what its cell asks for, where it has several SKUs, or units with its SKU."""
    quantity: Ints
    numbers: Categorical[str]
    """Several numbers of one cell or row with a line break between them."""
    link: Categorical[str]
    shipper: Categorical[Shipper]
    cost: Categorical[str]
    comments: Categorical[str]
    decision: Categorical[str]
    headings: Mask
    """Order rows above their item rows: in the parcel, without a line of their own."""
    counted: bool
    """Whether the file has quantities at all."""
    names_lines: bool
    """Whether the file has a column for what a row is of."""
    findings: dict[int, Finding]
    alone: Mask
    """Rows with a finding that belong to no parcel; the others' findings spoil theirs."""
    recipients: Recipients = field(default_factory=Recipients)
    ships_bare: bool = False
    """Whether a row without a line is an order by its source's word, also among rows with lines."""
    unnumbered: Mapping[int, str] = field(default_factory=dict)
    """Data row → how the file shows that its tracking number is missing."""
    notes: Mapping[int, list[str]] = field(default_factory=dict)
    """Data row → warnings."""
    said: tuple[str, ...] = ()
    """How the cells were read, where that is not plain."""

    @property
    def names_line(self) -> Mask:
        """Rows that say which line of the order they mean, if only by their units: the order's only
        line.
        """
        named: Mask = (self.sku.codes != 0) | (self.line != 0) | self.counts_only
        named[list(self.several)] = True
        return named

    def words(self, row: int) -> set[str]:
        """What is named in the row with this number: its order, its parcel, its units."""
        at = int(np.searchsorted(self.rows, row))
        if at == len(self.rows) or self.rows[at] != row:
            return set()
        order = int(self.order[at])
        named = {
            str(order) if order > 0 else self.externals[-1 - order] if order else "",
            self.sku[at],
            self.link[at],
        }
        return (
            named | {*self.numbers[at].split("\n")} | {sku for sku, _ in self.several.get(at, ())}
        ) - {""}

    @property
    def counts_only(self) -> Mask:
        """Rows that give units, in a file that never says of what: of their order's only line,
        where it has one.
        """
        given: Mask = (self.quantity != ALL) & ~self.headings
        return given & (not self.names_lines)


def read_entries(seen: Inspection, headings: Mask, aliases: Mapping[str, str]) -> Entries:
    """Judge every recognised column. A row keeps the first finding: what is skipped comes before
    what is wrong.
    """
    set_aside(seen)
    whose(seen)
    taken_out(seen)
    line = ids(seen, Field.ORDER_PRODUCT_ID)
    sku, several = _skus(seen, line != 0)
    quantity = _quantities(seen, several, (sku.codes != 0) | (line != 0), headings)
    order, externals = orders(seen)
    numbers, link = tracking_columns(seen)
    ask_for_evidence(seen, numbers, link)
    unnumbered = missing_numbers(seen, (numbers.codes != 0) | (link.codes != 0), headings)
    shipper = settle_unknown(seen, shippers(seen, aliases), numbers, link, aliases)
    check_numbers(seen, numbers, shipper, order)
    dead_numbers(seen, numbers, link, sku)
    return Entries(
        rows=seen.frame.rows,
        order=order,
        externals=externals,
        address=ids(seen, Field.ORDER_ADDRESS_ID, alone=True),
        line=line,
        sku=sku,
        several=several,
        quantity=quantity,
        numbers=numbers,
        link=link,
        shipper=shipper,
        cost=_costs(seen),
        comments=_comments(seen),
        decision=seen.text_column(Field.DECISION, values.words),
        headings=headings,
        counted=seen.has(Field.QUANTITY),
        names_lines=_names_lines(seen),
        findings=seen.findings,
        alone=seen.standalone,
        recipients=Recipients.of(seen.frame),
        unnumbered=unnumbered,
        ships_bare=seen.source.no_line == "ship",
        notes=seen.warnings,
        said=tuple(seen.said),
    )


def _skus(seen: Inspection, identified: Mask) -> tuple[Categorical[str], dict[int, Counted]]:
    """The rows' SKUs; and apart from them the rows of which one cell names several, or has the
    units with it.

    Where an order_product_id names the line, the SKU is there to be read: it is neither refused nor
    taken apart.
    """
    given, units = seen.column(Field.SKU), seen.column(Field.QUANTITY)
    column = given.without(identified)
    seen.refuse_cells(column, find_lost_zeros(column, seen.frame, seen.table))
    texts = seen.values(column, skus.sku, plain=skus.plain_skus)
    ours = skus.store_skus(texts, seen.source.skus)
    texts = [ours.get(text, text) for text in texts] if ours else texts
    plain = texts is given.cells
    doubtful = (
        []
        if plain
        else [
            code
            for code, text in enumerate(texts)
            if skus.may_be_several(text) and text not in ours.values()
        ]
    )
    ignored = frozenset(fold_case(sku) for sku in seen.source.ignore_skus)
    several = {row: _left_of(items, ignored) for row, items in items_side_by_side(seen).items()}
    several |= _exploded(column, units, texts, ours.values())
    for row in np.flatnonzero(np.isin(column.codes, doubtful)).tolist() if doubtful else ():
        if row in seen.findings or row in several:
            continue
        found = skus.units_of(texts[column.codes[row]], units.cells[units.codes[row]])
        if isinstance(found, Wrong):
            seen.reject(row, seen.describe_cell(row, units if units.codes[row] else column, found))
        elif found is not None:
            several[row] = _left_of(found, ignored)
    if ignored:
        out = np.array([fold_case(text) in ignored for text in texts], dtype=np.bool_)[given.codes]
        out[list(several)] = [not left for left in several.values()]
        nothing = "not shipped (ignore_skus)."
        seen.refuse_rows(
            out,
            lambda row: skip_finding(Code.IGNORED_SKU, f"{seen.quote_cell(row, given)}: {nothing}"),
            alone=True,
        )
    sku = Categorical(given.codes, texts) if plain else distinct(given.codes, texts)
    return sku, {row: left for row, left in several.items() if left}


def _exploded(
    column: CategoricalColumn,
    units: CategoricalColumn,
    texts: Sequence[str],
    ours: Collection[str],
) -> dict[int, Counted]:
    """Rows whose SKU stands for several of the store's, or several units of one."""
    several = {text: parts_of(text) for text in ours if is_several(text)}
    kits = {code: several[text] for code, text in enumerate(texts) if text in several}
    found: dict[int, Counted] = {}
    for row in np.flatnonzero(np.isin(column.codes, list(kits))).tolist() if kits else ():
        count = values.quantity(units.cell(row))
        times = count if isinstance(count, int) else 1
        found[row] = tuple((sku, each * times) for sku, each in kits[int(column.codes[row])])
    return found


def _left_of(items: Counted, ignored: Set[str]) -> Counted:
    return tuple(
        (sku, units) for sku, units in items if fold_case(sku) not in ignored and units != 0
    )


def _quantities(
    seen: Inspection, several: Mapping[int, Counted], named: Mask, headings: Mask
) -> Ints:
    elsewhere = headings.copy()  # their units stand in another row, or with their SKUs
    elsewhere[list(several)] = True
    column = without_decimals(seen, seen.column(Field.QUANTITY).without(elsewhere))
    read = {code: values.quantity(cell) for code, cell in enumerate(column.cells) if code}
    none_asked = [code for code, units in read.items() if units == 0]
    _no_unit(seen, column, np.isin(column.codes, none_asked))
    went = column.is_filled & ~np.isin(
        column.codes, [code for code, units in read.items() if isinstance(units, Wrong)]
    )
    beside = _same_orders(seen, went & ~np.isin(column.codes, none_asked))
    back = [
        code
        for code, units in read.items()
        if isinstance(units, Wrong) and units.code == Code.NEGATIVE_QUANTITY
    ]
    _no_unit(seen, column, np.isin(column.codes, back) & beside)
    if seen.has(Field.QUANTITY) and not seen.is_template:
        blank = ~column.is_filled & ~elsewhere & named
        _no_unit(seen, column, blank & beside)
        seen.refuse_rows(blank & ~beside, lambda row: _no_quantity(seen.place(row, column)))
    column = single_units(seen, column)
    quantity = seen.numbers(column, _units)
    quantity[~column.is_filled] = ALL
    if seen.has(Field.QUANTITY) and _names_lines(seen):
        loose = column.is_filled & ~named & ~elsewhere
        seen.refuse_rows(loose, lambda row: _quantity_of_nothing(seen.quote_cell(row, column)))
    return less_short(seen, quantity * unit_factors(seen, quantity > 0), column)


def _no_unit(seen: Inspection, column: CategoricalColumn, rows: Mask) -> None:
    """A line of which nothing went: it is in no parcel, and does not spoil one."""

    def finding(row: int) -> Finding:
        said = (
            f"{seen.quote_cell(row, column)}: no"
            if column.codes[row]
            else f"{seen.place(row, column)} is blank: no"
        )
        return skip_finding(Code.QUANTITY_ZERO, f"{said} unit to ship.")

    seen.refuse_rows(rows, finding, alone=True)


def _same_orders(seen: Inspection, rows: Mask) -> Mask:
    """Rows of the orders that have a row in the mask."""
    found = np.zeros(len(rows), dtype=np.bool_)
    for name in (Field.ORDER_ID, Field.EXTERNAL_ORDER_ID):
        codes = seen.column(name).equality_codes
        found |= (codes != 0) & np.isin(codes, np.unique(codes[rows]))
    return found


def _names_lines(seen: Inspection) -> bool:
    return seen.has(Field.SKU) or seen.has(Field.ORDER_PRODUCT_ID)


def _units(cell: Cell) -> int | Wrong:
    units = values.quantity(cell)
    return ALL if units is None else units


def _no_quantity(place: str) -> Finding:
    return invalid(
        Code.NO_QUANTITY, f"{place}: the quantity is blank.", "Put the number of units in."
    )


def _quantity_of_nothing(quoted: str) -> Finding:
    return invalid(
        Code.QUANTITY_WITHOUT_LINE,
        f"{quoted}: units are given, but no SKU or order_product_id says of what.",
        "Add the SKU; or leave the quantity blank to ship all that remains of the order.",
    )


def _comments(seen: Inspection) -> Categorical[str]:
    """Comments as a customer may read them; one that could not be decoded is left out, and said."""
    column = seen.column(Field.COMMENTS)
    texts = seen.values(column, values.comments)
    wrong = {
        code: Wrong(
            Code.BAD_COMMENT,
            "the comment's letters could not be told for sure; it is left out",
            "Save the file as CSV UTF-8.",
        )
        for code, text in enumerate(texts)
        if UNREADABLE in text or (seen.table.is_doubtful and not text.isascii())
    }
    if wrong:
        seen.warn_cells(column, wrong)
    kept = ["" if code in wrong else text for code, text in enumerate(texts)]
    return distinct(column.codes, kept)


def _costs(seen: Inspection) -> Categorical[str]:
    """Costs as the API likes them; one that cannot be read is left out and said, never refused."""
    column = seen.column(Field.MERCHANT_SHIPPING_COST)
    values = ["", *map(cost, column.cells[1:])]
    wrong = {code: value for code, value in enumerate(values) if isinstance(value, Wrong)}
    if wrong:
        seen.warn_cells(column, wrong)
    return distinct(column.codes, [value if isinstance(value, str) else "" for value in values])
