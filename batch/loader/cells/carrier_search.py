"""Carriers that a word may mean: for whoever looks for a slug, and for a question's choices."""

from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import cache

from batch.loader.cells.carrier_codes import Code, display_names, key_of, table

LEAST_LIKENESS = 0.75
"""Of a name and a word, from 0 to 1; what is less alike is another name."""
SHORTEST = 2
"""Letters of a name that a longer word begins with, or of a word within a name, more than that."""
LEAST_SPELLED = 4
"""Letters of a word that may be misspelled, at least."""


def similar(word: str) -> tuple[Code, ...]:
    """The carriers whose names are the word, begin with it or it with theirs, contain it, or are
    spelled nearly so; the likeliest first, each once.
    """
    key = key_of(word)
    if not key:
        return ()
    ranked = sorted(
        (rank, len(name), code.name, code)
        for name, code in _named()
        if (rank := _rank(key, name)) is not None
    )
    return tuple(dict.fromkeys(code for *_, code in ranked))


def _rank(key: str, name: str) -> float | None:
    """How far a name is from the word; None where it is another."""
    if name == key:
        return 0
    if len(name) > SHORTEST and key.startswith(name):
        return 1
    if len(key) >= SHORTEST and name.startswith(key):
        return 2
    if len(key) > SHORTEST and key in name:
        return 3
    if len(key) < LEAST_SPELLED:
        return None
    likeness = SequenceMatcher(None, key, name, autojunk=False)
    if likeness.quick_ratio() < LEAST_LIKENESS or likeness.ratio() < LEAST_LIKENESS:
        return None
    return 5 - likeness.ratio()


@cache
def _named() -> tuple[tuple[str, Code], ...]:
    return tuple(_names())


def _names() -> Iterator[tuple[str, Code]]:
    """Every name of a carrier, as it is looked up, with its code."""
    for match in ("brand", "platform"):
        yield from ((name, code) for name, code in table()[match].items() if code != Code())
    for name, code in display_names().items():
        yield name, code
        yield key_of(code.slug), code
