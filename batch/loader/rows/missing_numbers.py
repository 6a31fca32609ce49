"""Rows without a tracking number among rows that have one: not shipped, or their label failed."""

from collections.abc import Mapping

import numpy as np

from batch.loader.rows.frame import Mask
from batch.loader.rows.inspection import Inspection, skip_finding
from batch.model import Field
from batch.model.catalogue import Code

MOST = 0.8
"""Share of a file's rows with a number, from which on one without is held."""


def missing_numbers(seen: Inspection, labelled: Mask, headings: Mask) -> Mapping[int, str]:
    """Data row → how the file shows that its number is missing; rows that have not shipped, by the
    file or by the source's `no_number`, are skipped.

    Not asked of files that a person made from the store's own ids, and of sources that shipped
    before anything was asked.
    """
    source = seen.source
    rows = seen.may_ship & ~headings
    bare = rows & ~labelled
    by_ids = seen.has(Field.ORDER_PRODUCT_ID) and seen.has(Field.QUANTITY)
    if seen.is_template or by_ids or source.no_number == "ship" or not bare.any():
        return {}
    if seen.answers.is_legacy:
        seen.answers.settled["no_number"] = "ship"
        return {}
    dated = seen.column(Field.SHIP_DATE).is_filled
    if not labelled.any() and (dated & rows).sum() >= MOST * rows.sum():
        _skip(seen, bare & ~dated, "it has no ship date")
    if (dated & labelled & rows).sum() >= MOST * max(1, (labelled & rows).sum()):
        _skip(seen, bare & ~dated, "it has no tracking number and no ship date")
    if (labelled & rows).sum() < MOST * rows.sum():
        return {}
    bare &= seen.may_ship
    if source.no_number not in ("", "hold"):
        _skip(seen, bare, "it has no tracking number")
        return {}
    most = f"{(labelled & rows).sum():,} of {rows.sum():,} rows have one"
    return dict.fromkeys(np.flatnonzero(bare).tolist(), most)


def _skip(seen: Inspection, rows: Mask, why: str) -> None:
    seen.refuse_rows(
        rows,
        lambda row: skip_finding(
            Code.NOT_SHIPPED, f"Row {seen.frame.rows[row]}: not shipped yet, {why}."
        ),
        alone=True,
    )
    if count := int(np.sum(rows)):
        noun = "row has" if count == 1 else "rows have"
        seen.said.append(f"{count:,} {noun} not shipped yet: {why}, as others have")
