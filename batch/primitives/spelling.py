"""Which spellings of a text are one: case, outer blanks, width forms, HTML's; nothing else."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from html import unescape
from typing import TypeVar

T = TypeVar("T")

UNSEEN = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"
"""Invisible characters that copying leaves in a text."""

_BLANKS = "".join(char for char in map(chr, range(0x3001)) if char.isspace()) + UNSEEN
# a half-width kana and its mark are one letter
_VOICED = re.compile("[\uff66-\uff9d][\uff9e\uff9f]")


def _usual_forms() -> Mapping[int, str]:
    """Full-width and half-width sign → the usual sign; Unicode's `<wide>` and `<narrow>`."""
    told = {
        code: unicodedata.decomposition(chr(code)).split()
        for code in (0x3000, *range(0xFF01, 0xFFEF))
    }
    return {
        code: chr(int(way[1], 16))
        for code, way in told.items()
        if way and way[0] in {"<wide>", "<narrow>"}
    }


_USUAL = _usual_forms()


def narrow(text: str) -> str:
    """Full- and half-width letters, digits and signs in their usual form; all else (`²`) stays."""
    if text.isascii():
        return text
    return _VOICED.sub(lambda both: unicodedata.normalize("NFKC", both[0]), text).translate(_USUAL)


def fold_case(text: str) -> str:
    """Without case, letter by letter: `ß` is not `ss`, `ﬁ` not `fi`, the micro sign not `μ`."""
    return text.lower()


def trim(text: str) -> str:
    """Without blank or invisible characters at its ends."""
    return text.strip(_BLANKS)


def match_spelling(text: str, among: Iterable[T], spelled: Callable[[T], str]) -> list[T]:
    """The names spelled exactly so; else without case and blanks; else by width; else as a web
    page writes them (`R&amp;D`); else none.
    """
    every = list(among)
    for key in _WAYS:
        wanted = key(text)
        if found := [each for each in every if key(spelled(each)) == wanted]:
            return found
    return []


_WAYS: tuple[Callable[[str], str], ...] = (
    str,
    lambda text: fold_case(trim(text)),
    lambda text: fold_case(trim(narrow(text))),
    lambda text: fold_case(trim(narrow(unescape(text)))),
)
