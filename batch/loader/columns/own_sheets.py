"""Sheets that shipbatch wrote, dropped back in: which columns are not the export's, and what a
template's mean.
"""

from collections.abc import Mapping, Sequence
from itertools import islice

from batch.loader.files.tables import Cell, Table, words
from batch.model import Field
from batch.model.sheet_format import (
    DECISION,
    OURS,
    OURS_TO_FIX,
    PREFIX,
    RESEND,
    RESULTS,
    TEMPLATE,
    Mark,
)

TEMPLATE_FIELDS: Mapping[Field, str] = {
    Field.ORDER_ID: "Order ID",
    Field.SKU: "SKU",
    Field.QUANTITY: "Quantity",
    Field.TRACKING_NUMBER: "Tracking Number",
    Field.CARRIER: "Carrier",
    Field.SHIPPING_METHOD: "Service",
    Field.COMMENTS: "Comments",
    Field.ORDER_ADDRESS_ID: "order_address_id",
    Field.ORDER_PRODUCT_ID: "order_product_id",
}
"""Which columns of a template are fields; the others are there to be read."""


def our_columns(header: Sequence[str], *, marked: bool) -> range:
    """Positions, from 0, of the columns we added, less the Decision after them; empty where the
    header is not ours.

    A workbook is known by its mark, and may be of a version that had fewer of them; text has none
    and must have all the names, in their order, at its end.
    """
    names = [name.removeprefix(PREFIX) for name in header]
    while names and not names[-1]:
        names.pop()
    if names[-1:] == [DECISION]:
        names.pop()
    for ours in (OURS, OURS_TO_FIX) if marked else (OURS,):
        if tuple(names[-len(ours) :]) == ours:
            return range(len(names) - len(ours), len(names))
    begins = [at for at, name in enumerate(names) if marked and name == OURS[0]]
    if begins and _are_in_order(names[begins[-1] :], OURS):
        return range(begins[-1], len(names))
    return range(0)


def _are_in_order(names: Sequence[str], among: Sequence[str]) -> bool:
    left = iter(among)
    return all(name in left for name in names)


def is_template(header: Sequence[str]) -> bool:
    """Whether all columns of a template are there: also in text, which has no mark, and in the
    results of one.
    """
    return set(TEMPLATE) <= set(header)


def template_columns(header: Sequence[str]) -> Mapping[Field, str]:
    """Field → column of a template; empty where the header is not one's."""
    return TEMPLATE_FIELDS if is_template(header) else {}


def prefer_own_sheet(tables: Sequence[Table], mark: Mark) -> list[Table]:
    """Of a workbook of ours the sheet `Results`, or `Fix and resend` where its rows have been
    corrected there.

    Of one without them every sheet.
    """
    named = {table.sheet: table for table in tables}
    results, fix = named.get(RESULTS), named.get(RESEND)
    if results and fix and _is_corrected(fix, results, mark.columns):
        return [fix]
    return [results] if results else list(tables)


def _is_corrected(fix: Table, results: Table, columns: int) -> bool:
    """Whether a row to fix is not among the results as it stands."""

    def own(row: Sequence[Cell]) -> str:
        return "\t".join(map(words, row[:columns])).rstrip()

    unseen = {own(row) for row in islice(fix.rows(), 1, None)} - {""}
    for row in results.rows():
        unseen.discard(own(row))
        if not unseen:
            return False
    return bool(unseen)
