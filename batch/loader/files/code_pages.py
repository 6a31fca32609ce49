"""Which old code page a text is in that is not UTF-8, told by the letters of languages.

A word speaks for a code page where its letters are those of one language, as `code_pages.csv` has
them, and its shape is one that words have.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise

SAMPLE = 32_768
"""Bytes that are looked at."""
USUAL = "cp1252"
"""What most are in: it is taken where another is not better."""
LEAST = 0.7
"""Score below which a reading is in doubt."""
LEAST_RANKED = 0.45
"""The same for other alphabets, of whose letters the frequent ones say more."""
LEAST_CHARACTERS = 0.25
"""The same for languages of characters, of which the table has the most frequent only."""
BETTER = 0.05
"""How much better a reading has to be than the next one that reads otherwise."""

NAMES: Mapping[str, str] = {
    "cp1252": "Windows Western",
    "mac_roman": "Mac Roman",
    "cp1250": "Windows Central European",
    "cp1254": "Windows Turkish",
    "cp1257": "Windows Baltic",
    "cp1251": "Windows Cyrillic",
    "cp866": "DOS Cyrillic",
    "cp1253": "Windows Greek",
    "cp1255": "Windows Hebrew",
    "cp949": "Korean",
    "gb18030": "Simplified Chinese",
    "big5": "Traditional Chinese",
}
_LATIN = frozenset({"cp1252", "mac_roman", "cp1250", "cp1254", "cp1257"})
_CHARACTERS = frozenset({"cp949", "gb18030", "big5"})
_SIGNS = frozenset("–—‘’‚“”„…€£§°®©™«»·•¿¡²³½¼¾±×´\u00a0ºª№µ¥¢¶†÷¨")
_OPENING = frozenset("–—‘’‚“”„…«»¿¡•€£§\u00a0")
"""Signs that may stand before a letter."""
_WORD = re.compile(r"[^\W\d_]+|[^\x00-\x7f]")


@dataclass(frozen=True, slots=True)
class Guess:
    """A code page, and whether it can be relied on."""

    encoding: str
    is_sure: bool


def code_page_of(sample: bytes) -> Guess:
    """The code page of lines that are not ASCII."""
    sample = sample[:SAMPLE].rpartition(b"\n")[0] or sample[:SAMPLE]
    texts = dict(_readings(sample))
    scores = {name: _score(text, name) for name, text in texts.items()}
    if not scores:
        return Guess(USUAL, is_sure=False)
    best = max(scores, key=lambda name: scores[name])  # of equal ones the table's first
    least = LEAST_CHARACTERS if best in _CHARACTERS else LEAST_RANKED
    least = LEAST if best in _LATIN else least
    if scores[best] < least:
        return Guess(USUAL, is_sure=False)
    others = [scores[name] for name, text in texts.items() if text != texts[best]]
    is_clear = best == USUAL or scores[best] >= max(others, default=0.0) + BETTER
    return Guess(best, is_sure=is_clear)


@cache
def _languages() -> Mapping[str, list[dict[str, float]]]:
    """Encoding → the letters of each of its languages, and how much each says, 0 to 1."""
    found: dict[str, list[dict[str, float]]] = defaultdict(list)
    with files("batch.loader.files").joinpath("code_pages.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            is_ranked = row["encoding"] not in _LATIN | _CHARACTERS
            fall = 1 / len(row["letters"]) if is_ranked else 0.0
            letters = {letter: 1 - fall * at for at, letter in enumerate(row["letters"])}
            found[row["encoding"]].append(letters)
    return found


def _readings(sample: bytes) -> Iterator[tuple[str, str]]:
    for encoding in _languages():
        try:
            yield encoding, sample.decode(encoding, _errors(encoding))
        except UnicodeDecodeError:
            continue


def _errors(encoding: str) -> str:
    """A byte that is no letter is nothing odd, but where characters have two."""
    return "strict" if encoding in _CHARACTERS else "replace"


def _score(text: str, encoding: str) -> float:
    """How like words of its languages the text's words and signs beyond ASCII are, 0 to 1."""
    found = [
        _word_score(word[0], encoding) if word[0].isalpha() else _sign_score(text, word.start())
        for word in _WORD.finditer(text)
        if not word[0].isascii()
    ]
    return sum(found) / len(found) if found else 0.0


def _word_score(word: str, encoding: str) -> float:
    own = [letter for letter in word if not letter.isascii()]
    if encoding not in _CHARACTERS:
        is_mixed = len(own) < len(word)
        if is_mixed and encoding not in _LATIN:
            return -1.0  # no word has letters of two alphabets
        if len(word) > 1 and not is_mixed and encoding in _LATIN:
            return 0.0 if len(word) > 2 else 0.5
        if any(a.islower() and b.isupper() for a, b in pairwise(word)):
            return 0.0
    own = own if encoding in _LATIN else [letter.lower() for letter in own]
    return max(
        sum(letters.get(letter, 0.0) for letter in own) / len(own)
        for letters in _languages()[encoding]
    )


def _sign_score(text: str, at: int) -> float:
    """A sign is one where it stands as signs do: few stand before a letter, none within a word or
    among other signs.
    """
    sign, before, after = text[at], text[at - 1 : at], text[at + 1 : at + 2]
    crowded = all(char.isalpha() or char > "\x7f" for char in (before, after) if char)
    misplaced = (crowded and before and after and sign not in "’–") or (
        after.isalpha() and sign not in _OPENING
    )
    return float(sign in _SIGNS and not misplaced)
