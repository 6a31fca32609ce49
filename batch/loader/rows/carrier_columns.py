"""The rows' carriers as the API takes them, from up to four columns; each combination is looked up
once.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from batch.loader.cells import values
from batch.loader.cells.carrier_codes import CUSTOM_PROVIDER, PROVIDERS, Carrier, Code, names
from batch.loader.cells.carriers import carrier, several_carriers, with_service
from batch.loader.rows.inspection import Categorical, Inspection
from batch.model import Field, Question
from batch.model.reading import answer_option, choice
from batch.primitives.spelling import fold_case

NOBODY = "none"
"""The answer that names no carrier."""
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Shipper(NamedTuple):
    """Who carries a parcel, and by which service."""

    method: str = ""
    carrier: Carrier | None = None
    """None where none is named."""


def shippers(seen: Inspection, aliases: Mapping[str, str]) -> Categorical[Shipper]:
    """Code 0 is a row that names neither carrier nor service."""
    fields = (Field.SHIPPING_PROVIDER, Field.TRACKING_CARRIER, Field.CARRIER, Field.SHIPPING_METHOD)
    texts = [
        seen.text_column(name, values.carrier_words if name is Field.CARRIER else values.words)
        for name in fields
    ]
    texts[2] = _one_of_several(seen, texts[2], aliases)
    combined = np.zeros(len(seen.frame), dtype=np.int64)
    for text in (text for text in texts if text.codes.any()):
        combined = pd.factorize(combined * len(text.values) + text.codes)[0].astype(np.int64)
    first = np.unique(combined, return_index=True)[1]
    found = [_shipper([text[row] for text in texts], aliases) for row in first.tolist()]
    known = {Shipper(): 0}
    codes = np.array([known.setdefault(shipper, len(known)) for shipper in found], dtype=np.int32)
    return Categorical(codes[combined], list(known))


def _one_of_several(
    seen: Inspection, named: Categorical[str], aliases: Mapping[str, str]
) -> Categorical[str]:
    """The carriers' words, each of one company: which of two is meant is asked."""
    texts = list(named.values)
    for code, text in enumerate(named.values):
        either = several_carriers(text, aliases)
        rows = (named.codes == code) & seen.may_ship
        if not either or not rows.any():
            continue
        name = f"carrier:{text}"
        choices = (
            [choice(name, one, f"if it is {one}") for one in either] if len(either) > 1 else []
        )
        none = choice(name, NOBODY, "to name no carrier")
        count = f"{rows.sum():,} row{'s' if rows.sum() > 1 else ''}"
        names = " and ".join(either)
        said = f"{count} name the carrier {text!r}: {names} cannot be told apart by that."
        others = f"or another: {answer_option(name, 'UPS')}"
        answer = seen.ask(Question(name, said, (*choices, none), others=others, always=text), rows)
        texts[code] = "" if answer == NOBODY else answer or text
    return Categorical(named.codes, texts)


def _shipper(texts: Sequence[str], aliases: Mapping[str, str]) -> Shipper:
    """The API's own codes pass as they are; words are looked up; a service may name its carrier."""
    provider, slug, words, method = texts
    given = fold_case(provider) if _is_provider(provider) else ""
    tracked = fold_case(slug) if fold_case(slug) in names() or _is_new_slug(slug) else ""
    words = words or ("" if given else provider) or ("" if tracked else slug)
    found = carrier(words, aliases) if words else None
    service = method or (found.method if found else "")
    if given or tracked:
        return Shipper(service, Code(given, tracked).carrier())
    if not words and method:
        of_method = carrier(method, aliases)
        found = of_method if of_method.provider or of_method.slug else None
    if found is None or not found.name:
        return Shipper(service)
    return Shipper(service, with_service(found, words, method))


def _is_provider(text: str) -> bool:
    return fold_case(text) in PROVIDERS or CUSTOM_PROVIDER.fullmatch(fold_case(text)) is not None


def _is_new_slug(text: str) -> bool:
    """Whether it looks like a slug that AfterShip has and this package's list has not."""
    found = carrier(text)
    return _SLUG.fullmatch(text) is not None and not (found.provider or found.slug)
