"""Whose the rows are: a column of stores or channels, and prefixes of order numbers."""

import re
from collections import Counter
from collections.abc import Mapping

import numpy as np

from batch.loader.cells.damage import BLANK_WORDS, display, undress
from batch.loader.cells.normalise import normalise
from batch.loader.cells.order_numbers import Pattern
from batch.loader.rows.frame import CategoricalColumn, Mask
from batch.loader.rows.inspection import Inspection
from batch.model import Field, Question
from batch.model.catalogue import Code
from batch.model.reading import answer_option, choice

MOST_STORES = 12
"""Different values of a column that may be stores; with more it is another thing."""
ALL = "all"
JOIN = "|"
"""Between several in one answer."""
PLAIN = "none"
"""How a number without a prefix is called in an answer."""

_PREFIX = re.compile(r"([^\W\d_]+(?:[-_][^\W\d_]+)*)[-_ #]*\d[\d.,]*(?:-\w{1,2})?")
_PAPERS = frozenset(
    {
        "re",
        "rg",
        "rech",
        "inv",
        "ls",
        "lf",
        "dn",
        "ab",
        "an",
        "ang",
        "gs",
        "gu",
        "st",
        "fa",
        "fv",
        "fac",
        "fact",
        "fc",
    }
    | {
        "bl",
        "av",
        "cm",
        "cn",
        "dev",
        "wz",
        "fs",
        "ddt",
        "alb",
        "nf",
        "bon",
        "pf",
        "rma",
        "ret",
        "retoure",
        "exch",
    }
    | {
        "warranty",
        "sample",
        "muster",
        "fba",
        "po",
        "pr",
        "quo",
        "est",
        "tkt",
        "case",
        "job",
        "rep",
        "repl",
    }
)
"""Prefixes of invoices, delivery notes, offers, credit notes, returns: to be asked about also where
they are alone.
"""
_OWN = frozenset(
    {
        "bc",
        "bigc",
        "bigcommerce",
        "order",
        "ord",
        "web",
        "no",
        "nr",
        "bestellung",
        "commande",
        "pedido",
    }
)
"""Prefixes that say no more than "order"."""


def whose(seen: Inspection) -> None:
    """Leave out, or ask about, rows of other stores: by a column of theirs, and by their orders'
    prefixes.
    """
    _by_store(seen)
    _by_prefix(seen)


def _by_store(seen: Inspection) -> None:
    for column in seen.frame.of.get(Field.SHOP, ()):
        texts = [undress(display(cell)) if cell is not None else "" for cell in column.cells]
        names = ["" if text.casefold() in BLANK_WORDS else text for text in texts]
        if len({normalise(name) for name in names} - {""}) > MOST_STORES:
            continue
        label = f"`{seen.header_of(column)}`"
        _leave_out(seen, column, names, "store", f"{label} names several stores")
        if any(question.id == "store" for question in seen.answers.questions):
            return


def _by_prefix(seen: Inspection) -> None:
    column = seen.column(Field.ORDER_ID)
    if len(column.cells) < 2:  # plain numbers alone
        return
    ours = Pattern(seen.source.order_number)
    names = [
        _prefix(display(cell))
        if isinstance(cell, str) and not ours.digits(undress(cell))
        else PLAIN
        for cell in column.cells
    ]
    names[0] = ""
    kinds = {name for name in names if name}
    if (column.codes < 0).any():
        kinds.add(PLAIN)
    strange = {kind for kind in kinds if normalise(kind) not in _OWN and kind != PLAIN}
    is_doubtful = seen.answers.is_weak_order or _PAPERS.intersection(map(normalise, strange))
    if not strange or (len(kinds) < 2 and not is_doubtful):
        return
    few = len(kinds) < 2
    what = (
        "its numbers have the prefix of a reference or another paper" if few else "several prefixes"
    )
    _leave_out(seen, column, names, "prefix", f"`{seen.header_of(column)}`: {what}", alone=few)


def _prefix(text: str) -> str:
    text = text.strip()
    if (found := _PREFIX.fullmatch(text)) is None:
        return PLAIN if text.lstrip("#").isdecimal() else ""
    return found[1].upper()


def _leave_out(
    seen: Inspection,
    column: CategoricalColumn,
    names: list[str],
    kind: str,
    what: str,
    *,
    alone: bool = False,
) -> None:
    """Go by the answers for each of the names; what no answer is about is asked, all of it
    together.
    """
    named = np.array(names, dtype=object)
    own = np.where(column.codes >= 0, named[np.maximum(column.codes, 0)], PLAIN)
    counts = Counter(own[seen.may_ship & (own != "")].tolist())
    if not counts:
        return
    words = _words(seen, kind, counts)
    unsaid = [name for name in counts if normalise(name) not in words]
    if len(counts) < 2 and not alone:
        words |= {normalise(name): "ship" for name in unsaid}
    elif unsaid:
        words |= _asked(seen, kind, what, counts, np.isin(own, unsaid) & seen.may_ship)
    for name in counts:
        if word := words.get(normalise(name)):
            seen.answers.settled[f"{kind}:{name}"] = word
            if word == "skip":
                _skip(seen, column, own == name, kind, name)


def _words(seen: Inspection, kind: str, counts: Mapping[str, int]) -> dict[str, str]:
    """Name → ship or skip, as it was answered before for each, or now for all."""
    begin = f"{kind}:"
    before = {
        normalise(key.removeprefix(begin)): word
        for key, word in seen.answers.given.items()
        if key.startswith(begin)
    }
    now = seen.answers.fresh.get(kind) or ("" if before else seen.answers.given.get(kind, ""))
    return before | _each(now, counts) if _names_one(now, counts) else before


def _names_one(answer: str, counts: Mapping[str, int]) -> bool:
    """Whether an answer names one of them at all: one that is mistyped answers nothing."""
    names = {normalise(name) for name in counts}
    return answer == ALL or any(normalise(part) in names for part in answer.split(JOIN) if answer)


def _each(answer: str, counts: Mapping[str, int]) -> dict[str, str]:
    ours = {normalise(part) for part in answer.split(JOIN)}
    return {
        normalise(name): "ship" if answer == ALL or normalise(name) in ours else "skip"
        for name in counts
    }


def _asked(
    seen: Inspection, kind: str, what: str, counts: Mapping[str, int], rows: Mask
) -> dict[str, str]:
    shown = ", ".join(
        f"{name} ({count:,} row{'s' if count > 1 else ''})" for name, count in counts.items()
    )
    ranked = sorted(counts, key=lambda name: (not _is_own(name), -counts[name]))
    only = [choice(kind, name, f"to ship those of {name} only") for name in ranked[:4]]
    every = choice(kind, ALL, "to ship all of them")
    both = answer_option(kind, JOIN.join(ranked[:2]))
    others = f"several: {both}" if len(ranked) > 2 else ""
    question = Question(
        kind, f"{what}: {shown}. Which are this store's?", (*only, every), others=others, always=ALL
    )
    answer = seen.ask(question, rows)
    seen.answers.settled.pop(
        kind, None
    )  # kept for each of them: a later file's new one is asked about
    return _each(answer, counts) if _names_one(answer, counts) else {}


def _is_own(name: str) -> bool:
    return normalise(name) in _OWN or "bigcommerce" in normalise(name)


def _skip(seen: Inspection, column: CategoricalColumn, rows: Mask, kind: str, name: str) -> None:
    option = answer_option(kind, name)
    seen.refuse_rows(
        rows,
        lambda row: Code.OTHER_STORE.finding(cell=seen.quote_cell(row, column), option=option),
        alone=True,
    )
