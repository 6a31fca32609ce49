"""Names of carriers that nobody knows: taken from the numbers beside them, or asked about once."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from batch.loader.cells.carrier_codes import Carrier
from batch.loader.cells.carrier_numbers import guess, likely_carriers
from batch.loader.cells.carrier_search import similar
from batch.loader.cells.carriers import carrier
from batch.loader.rows.carrier_columns import NOBODY, Shipper
from batch.loader.rows.frame import Mask
from batch.loader.rows.inspection import Categorical, Inspection
from batch.model import Question
from batch.model.reading import answer_option, choice
from batch.primitives.spelling import fold_case

CHOICES = 3
"""Carriers that a question offers at most."""
LOOKED_AT = 1_000
"""Numbers beside a name that are looked at to see whether they tell the carrier."""
LONGEST = 60
"""Letters of a name that may be a carrier's, at most."""


def settle_unknown(
    seen: Inspection,
    found: Categorical[Shipper],
    numbers: Categorical[str],
    links: Categorical[str],
    aliases: Mapping[str, str],
) -> Categorical[Shipper]:
    """The rows' carriers, those of unknown name settled; of rows with a number and no link of their
    own, for which alone it matters.
    """
    names: dict[str, list[int]] = {}
    for code, each in enumerate(found.values):
        if each.carrier and not each.carrier.known:
            names.setdefault(fold_case(each.carrier.name), []).append(code)
    wants_link = (numbers.codes != 0) & (links.codes == 0)
    values = list(found.values)
    for codes in names.values():
        rows = np.isin(found.codes, codes) & wants_link & seen.may_ship
        named = found.values[codes[0]].carrier
        assert named
        settled = _settled(seen, named, rows, numbers, aliases)
        for code in codes:
            values[code] = values[code]._replace(carrier=settled)
    return Categorical(found.codes, values)


def _settled(
    seen: Inspection,
    named: Carrier,
    rows: Mask,
    numbers: Categorical[str],
    aliases: Mapping[str, str],
) -> Carrier | None:
    """Whom the name means: the numbers' own carrier where they tell it, else as it is answered."""
    looked_at = list(_first_numbers(numbers, rows))
    if all(map(guess, looked_at)):
        return replace(named, by_number=True)
    if len(named.name) > LONGEST or not any(map(str.isalpha, named.name)):
        return named
    answer = _ask(seen, named.name, rows, looked_at)
    if answer == NOBODY:
        return None
    return carrier(answer, aliases) if answer else replace(named, by_number=True)


def _ask(seen: Inspection, name: str, rows: Mask, looked_at: list[str]) -> str:
    key = f"carrier:{name}"
    likely = dict.fromkeys((*likely_carriers(looked_at), *similar(name)))
    choices = [
        choice(key, code.provider or code.slug, f"if it is {code.name}")
        for code in list(likely)[:CHOICES]
    ]
    none = choice(key, NOBODY, "to name no carrier, and make no tracking link")
    untold = next(number for number in looked_at if guess(number) is None)
    count = f"{rows.sum():,} row{'s name' if rows.sum() > 1 else ' names'}"
    text = (
        f"{count} the carrier {name!r}, which is not known, and numbers like {untold} do not tell"
        " whose they are."
    )
    others = f"another, `shipbatch carriers` finds its slug: {answer_option(key, 'SLUG')}"
    return seen.ask(Question(key, text, (*choices, none), others=others, always=name), rows)


def _first_numbers(numbers: Categorical[str], rows: Mask) -> Iterator[str]:
    for row in np.flatnonzero(rows)[:LOOKED_AT].tolist():
        yield numbers[row].partition("\n")[0]


def unknown_carriers(shipper: Categorical[Shipper]) -> tuple[str, ...]:
    """One line for each name that nobody knows and no number tells: how many rows have it, and what
    to write where.
    """
    counts = np.bincount(shipper.codes, minlength=len(shipper.values))
    rows: dict[str, int] = {}
    for found, count in zip(shipper.values, counts.tolist(), strict=True):
        if found.carrier and not found.carrier.known and not found.carrier.by_number:
            rows[found.carrier.name] = rows.get(found.carrier.name, 0) + count
    return tuple(
        f"Carrier {name!r} is not known ({count:,} row{'s' * (count > 1)}): its numbers make no"
        " tracking link. "
        f'Add to shipbatch.toml under [carriers]: "{name}" = "SLUG" (or "provider:CODE");'
        " `shipbatch carriers WORD` finds it"
        for name, count in rows.items()
    )
