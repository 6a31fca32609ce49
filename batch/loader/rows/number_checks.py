"""The rows' tracking numbers, held against the carrier that the row names and against its order."""

from collections.abc import Sequence

import numpy as np

from batch.loader.cells.number_shapes import doubtful, refusal
from batch.loader.rows.carrier_columns import Shipper
from batch.loader.rows.frame import Ints
from batch.loader.rows.inspection import Categorical, Inspection, invalid
from batch.model import Field, Finding
from batch.model.catalogue import Code

TODO = "Put the number in as it stands on the label."


def check_numbers(
    seen: Inspection, numbers: Categorical[str], shipper: Categorical[Shipper], order: Ints
) -> None:
    """Refuse numbers that their row's carrier cannot have given, and the order's own."""
    families = [found.carrier.family if found.carrier else "" for found in shipper.values]
    for slug in dict.fromkeys(families):
        named = [code for code, family in enumerate(families) if family == slug]
        rows = np.isin(shipper.codes, named) & (numbers.codes != 0)
        used = np.zeros(len(numbers.values), dtype=np.bool_)
        used[numbers.codes[rows]] = True
        codes = np.flatnonzero(used).tolist()
        wrong = _wrong(slug, [numbers.values[code] for code in codes])
        bad = {codes[at]: why for at, why in wrong.items()}
        for row in np.flatnonzero(rows & np.isin(numbers.codes, list(bad))).tolist():
            seen.reject(row, _finding(seen, row, bad[int(numbers.codes[row])]), alone=True)
    _own_numbers(seen, numbers, order)


def _wrong(slug: str, texts: Sequence[str]) -> dict[int, str]:
    """Place among the texts → why it cannot be this carrier's; several of a cell are looked at
    one by one.
    """
    found: dict[int, str] = {}
    for at in doubtful(slug, texts):
        text = texts[at]
        for number in text.split("\n"):
            if why := refusal(slug, number):
                found[at] = f"{number}: {why}" if number != text else why
    return found


def _own_numbers(seen: Inspection, numbers: Categorical[str], order: Ints) -> None:
    short = [text.isdecimal() and len(text) < 12 for text in numbers.values]
    own = np.array(
        [
            int(text) if is_short else 0
            for text, is_short in zip(numbers.values, short, strict=True)
        ],
        dtype=np.int64,
    )[numbers.codes]
    seen.refuse_rows(
        (own > 0) & (own == order),
        lambda row: _finding(seen, row, "it is the order's own number"),
        alone=True,
    )


def _finding(seen: Inspection, row: int, why: str) -> Finding:
    filled = [one for one in seen.every(Field.TRACKING_NUMBER) if one.codes[row]]
    where = seen.quote_cell(row, filled[0]) if filled else f"Row {seen.frame.rows[row]}"
    return invalid(Code.BAD_TRACKING_NUMBER, f"{where}: {why}.", TODO)
