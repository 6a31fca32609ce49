"""Whether a parcel goes to whom its order goes: names, postcodes and countries compared. Pure.

People abbreviate, misspell and turn names round, so what is not plainly another counts as the same,
and one difference alone says nothing: a gift has another name, a parcel shop another postcode.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import takewhile

from batch.model import Recipient
from batch.primitives.countries import country_code

ENOUGH = 2
"""Of name, postcode and country so many have to differ."""
_COUNTRY_PREFIX = re.compile(r"[A-Z]{1,3}\s?-\s?(?=[\d\s-]+$)")
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i"})
_TITLES = "mr mrs ms miss dr prof sir herr frau mme mlle sr sra don co attn att z hd the and und et"
_FIRMS = (
    "inc ltd llc llp plc gmbh mbh ag kg ug bv nv sa sl sarl sas srl spa ab as oy aps pty company"
    " corp corporation limited"
)
_NOISE = frozenset(f"{_TITLES} {_FIRMS}".split())
_NOBODY = "test tester testing customer guest dummy sample example none unknown na null xxx x"
_PLACEHOLDERS = frozenset(_NOBODY.split())


def difference(file: Recipient, known: Recipient, payer: Recipient) -> tuple[str, ...]:
    """What clearly differs of name, postcode and country, if it is enough to be another recipient.

    `known` is who the order goes to, `payer` who paid: a file may have either. A store that has no
    address, or a placeholder, is no evidence.
    """
    if _is_placeholder(known):
        return ()
    found = _differences(file, known)
    if len(found) < ENOUGH:
        return ()
    same_as_payer = not _is_placeholder(payer) and len(_differences(file, payer)) < ENOUGH
    return () if same_as_payer else found


def _differences(one: Recipient, other: Recipient) -> tuple[str, ...]:
    differs = {
        "name": _other_names(one.name, other.name),
        "postcode": _other_postcode(one.postcode, other.postcode),
        "country": _other_country(one.country, other.country),
    }
    return tuple(what for what, found in differs.items() if found)


def _is_placeholder(recipient: Recipient) -> bool:
    return not recipient or (bool(recipient.name) and not _tokens(recipient.name) - _PLACEHOLDERS)


def _other_names(one: str, other: str) -> bool:
    """Whether no name of one is like a name of the other."""
    ours, theirs = _tokens(one) - _PLACEHOLDERS, _tokens(other) - _PLACEHOLDERS
    if not ours or not theirs or _is_latin(one) != _is_latin(other):
        return False
    whole, known = "".join(sorted(ours)), "".join(sorted(theirs))
    if whole in known or known in whole:
        return False
    return not any(_are_alike(a, b) for a in ours for b in theirs)


def _are_alike(one: str, other: str) -> bool:
    """Equal, the beginning of the other, an initial, or one slip of a longer name."""
    short, long = sorted((one, other), key=len)
    return long.startswith(short) or (len(short) > 3 and _is_slip(one, other))


def _other_postcode(one: str, other: str) -> bool:
    """Whether neither is the beginning of the other, as of `ZIP+4`, nor a slip of it."""
    short, long = sorted((_postcode(one), _postcode(other)), key=len)
    return bool(short) and not long.startswith(short) and not _is_slip(short, long)


def _postcode(text: str) -> str:
    """Letters and digits alone, without `D-`, and without zeros that a spreadsheet takes."""
    plain = _COUNTRY_PREFIX.sub("", unicodedata.normalize("NFKC", text).upper().strip())
    return re.sub(r"[\W_]", "", plain).lstrip("0")


def _other_country(one: str, other: str) -> bool:
    ours, theirs = country_code(one), country_code(other)
    return bool(ours and theirs) and ours != theirs


@lru_cache(maxsize=4_096)
def _tokens(name: str) -> frozenset[str]:
    """Its words, folded, without accents, titles and the words of firms."""
    plain = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    unmarked = "".join(char for char in plain if not unicodedata.combining(char))
    return frozenset(re.findall(r"[^\W\d_]+", unmarked)) - _NOISE


def _is_latin(name: str) -> bool:
    """Whether its letters are Latin; `山田` cannot be held against `Yamada`."""
    return all(unicodedata.name(char, "").startswith("LATIN") for char in name if char.isalpha())


def _is_slip(one: str, other: str) -> bool:
    """Whether one character is another, missing or too many, or two have changed places."""
    start = _shared(one, other)
    end = _shared(one[start:][::-1], other[start:][::-1])
    ours, theirs = one[start : len(one) - end], other[start : len(other) - end]
    longest = max(len(ours), len(theirs))
    return longest < 2 or (longest == 2 and ours == theirs[::-1])


def _shared(one: str, other: str) -> int:
    """Characters that both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
