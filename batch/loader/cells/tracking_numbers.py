"""A cell → tracking number, several of them, or a link. Pure.

What stands around a number goes: its label, quotes, a count of boxes. Two numbers are two, whatever
joins them, and none is made by gluing what may be two.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from string import ascii_letters, digits
from typing import cast

from batch.loader.cells.barcodes import number_in_barcode
from batch.loader.cells.carriers import carrier
from batch.loader.cells.check_digits import readings
from batch.loader.cells.damage import (
    AS_TEXT,
    BLANK_WORDS,
    Wrong,
    date_like,
    error_value,
    find_lost_digits,
    plain_text,
    read_as_number,
    undress,
)
from batch.loader.files.tables import Cell
from batch.model import LONGEST, Field
from batch.model.catalogue import Code

NUMBER_LENGTH, LINK_LENGTH = LONGEST[Field.TRACKING_NUMBER], LONGEST[Field.TRACKING_LINK]

_ALNUM = (ascii_letters + digits).encode()
_AROUND = " \t'\"`´‘’‚“”„«»‹›*.,;:#_~<>"
_LABEL = re.compile(r"[^\W\d_](?:[^\W\d_]|[ ./]){1,30}[:#=][:#= ]*(?=\S{4})")
_COUNT = re.compile(r"[(\[]?\b\d{1,3} ?(?:of|von|de|di|van|sur|/) ?\d{1,3}\b[)\]]?$", re.IGNORECASE)
_REMARK = re.compile(r"[(\[][^()\[\]]{1,30}[)\]]$")
_WORD = re.compile(r"[^\W\d_]{2,20}\.?")
_APART = re.compile(
    r"[,;|+&\n\r]+|<br ?/?>| / |\s(?:and|und|et|y|e|en|og|och|oder|or)\s", re.IGNORECASE
)
_JOINED = re.compile(r"[/:_-]")
"""Between two numbers, or within one: it depends on what stands on its sides."""
_TWINS = re.compile(r"(?:1Z[0-9A-Z]{16}){2,}|(?:[A-Z]{2}\d{9}[A-Z]{2}){2,}")
_TWIN = re.compile(r"1Z[0-9A-Z]{16}|[A-Z]{2}\d{9}[A-Z]{2}")
_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z ./_-]*")
_NUMBER_PART = re.compile(r"(?=.*\d)[\w.-]+")
_THOUSANDS = re.compile(r"\d{1,3}(?:[,.]\d{3})+")
_LINK = re.compile(r"(?ai:https?)://[^\s/]\S*")
_BARE_LINK = re.compile(r"(?:www\.|(?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,12}/)\S+", re.IGNORECASE)
PRINTED = 4
"""Characters of a group of a printed number, at most: longer ones may be numbers of their own."""
ALONE = 10
"""Characters from which groups are numbers of their own."""


def tracking_number(cell: Cell) -> str | Wrong:
    """A tracking number or a link; several with line breaks between them; empty if blank."""
    if type(cell) is str and _is_plain(cell):
        return cell
    text = plain_text(cell)
    if isinstance(text, Wrong):
        return text
    if isinstance(cell, float) and cell != int(cell):
        return Wrong(Code.BAD_TRACKING_NUMBER, "a tracking number has no fraction", AS_TEXT)
    return _numbers(text)


def _is_plain(text: str) -> bool:
    """Whether it is a number beyond doubt, with nothing around it and no barcode."""
    return (
        text.isalnum()
        and text.isascii()
        and 10 <= len(text) <= 19
        and not text.isalpha()
        and text != text[0] * len(text)
        and not find_lost_digits(text)
    )


def plain_tracking(block: Sequence[Cell]) -> Sequence[str] | None:
    """The block, if all cells are proper tracking numbers: as `tracking_number`, but faster."""
    if set(map(type, block)) != {str}:
        return None
    texts = cast("Sequence[str]", block)
    lengths = set(map(len, texts))
    whole = "".join(texts)
    if (
        min(lengths) < 10
        or max(lengths) > 22
        or not whole.isascii()
        or whole.encode().translate(None, _ALNUM)
    ):
        return None
    odd = any(text.isalpha() or text == text[0] * len(text) for text in texts)
    if max(lengths) > 19:
        odd = odd or any(text.endswith("00000") or text.startswith("96") for text in texts)
    return None if odd else texts


def _numbers(text: str) -> str | Wrong:
    folded, inner = text.casefold(), text.strip(_AROUND + "()[]").casefold()
    kind = no_numbers().get(inner)
    if folded in BLANK_WORDS or kind == "blank" or (inner and inner in BLANK_WORDS):
        return ""
    if kind:
        return _no_number(text, "Put the number in, or leave the cell blank.")
    if folded.startswith(("http://", "https://")):
        return link(text)
    if _BARE_LINK.fullmatch(text):
        return link(f"https://{text}")
    if wrong := date_like(text) or read_as_number(text):
        return wrong
    if text[0] in "+-":  # a spreadsheet program may have reckoned with it
        return _no_number(text)
    if _THOUSANDS.fullmatch(text):
        return _several_or_one()
    parts = _parts(_without_label(number_in_barcode(text)))
    if isinstance(parts, Wrong):
        return parts
    if wrong := next(filter(None, map(_wrong, parts)), None):
        return wrong
    return "\n".join(dict.fromkeys(map(number_in_barcode, parts)))


def _wrong(number: str) -> Wrong | None:
    if not _NUMBER.fullmatch(number) or not any(char.isdecimal() for char in number):
        return _no_number(number)
    is_word = len(number) < ALONE and _is_carrier(number)
    if is_word or (len(number) > 3 and number == number[0] * len(number)):
        return _no_number(number)
    if len(number_in_barcode(number)) <= NUMBER_LENGTH:
        return None
    return Wrong(
        Code.TRACKING_NUMBER_TOO_LONG,
        f"it has {len(number)} characters, the store takes {NUMBER_LENGTH}",
        "Correct the tracking number.",
    )


def _no_number(text: str, todo: str = "Put the tracking number in, or clear the cell.") -> Wrong:
    """Words, a mail address, signs; letters that only look like those of a number."""
    foreign = next((char for char in text if char.isalpha() and not char.isascii()), "")
    numbered = any(map(str.isdecimal, text))
    why = f"its letter {foreign} is of another alphabet" if foreign and numbered else ""
    return Wrong(Code.BAD_TRACKING_NUMBER, why or "it is not a tracking number", todo)


def _several_or_one() -> Wrong:
    return Wrong(
        Code.BAD_TRACKING_NUMBER,
        "it cannot be told whether this is one number or several",
        "Put one tracking number in, or several with a ; between them.",
    )


def _without_label(text: str) -> str:
    """Without what people and scanners write around a number: `UPS: …`, `… (1of2)`, quotes."""
    text = text.strip(_AROUND)
    if found := _LABEL.match(text):
        text = text[found.end() :].strip(_AROUND)
    for behind in (_COUNT, _REMARK):
        inner = behind.sub("", text)
        text = inner.strip(_AROUND) if any(map(str.isdecimal, inner)) and len(inner) > 7 else text
    return text


def _parts(text: str) -> list[str] | Wrong:
    """One number, its printed blanks taken out, or the several it holds."""
    split = [part.strip(_AROUND) for part in _APART.split(text)]
    split = [piece for part in split if part for piece in _unjoined(part)]
    parts: list[str] = []
    for part in split:
        numbers = _by_blanks(part)
        if isinstance(numbers, Wrong):
            return numbers
        parts += numbers
    if not parts:
        return _no_number(text)
    if len(parts) > 1 and not all(map(_NUMBER_PART.fullmatch, parts)):
        return _several_or_one()
    return parts


def _unjoined(text: str) -> list[str]:
    """Numbers with a sign between them, or none: long ones, alike in length."""
    if _TWINS.fullmatch(text):
        return _TWIN.findall(text)
    pieces = [piece.strip() for piece in _JOINED.split(text)]
    least = ALONE if "-" in text or "_" in text else 8
    alike = len({len(piece) for piece in pieces}) == 1 and len(pieces[0]) >= least
    numbers = alike and all(map(_NUMBER_PART.fullmatch, pieces))
    return pieces if len(pieces) > 1 and numbers else [text]


def _by_blanks(text: str) -> list[str] | Wrong:
    """`1Z 999 AA1 …` is one number, printed in groups; long groups are numbers of their own."""
    groups = text.split()
    if len(groups) == 1:
        return groups
    if _is_label(groups[0]) and any(map(str.isdecimal, "".join(groups[1:]))):
        return _by_blanks(" ".join(groups[1:]))
    whole = "".join(groups)
    short = all(len(group) <= PRINTED for group in groups)
    if (short and len(groups) > 2) or (len(whole) >= ALONE and readings(whole)):
        return [whole]
    if all(len(group) >= ALONE and _NUMBER_PART.fullmatch(group) for group in groups):
        return groups
    return _several_or_one() if any(map(str.isdecimal, whole)) else _no_number(text)


def _is_label(word: str) -> bool:
    """Whether a word is none of the number's own: a carrier's name, or `Tracking` and the like."""
    return _WORD.fullmatch(word) is not None and (len(word.rstrip(".")) > 4 or _is_carrier(word))


def _is_carrier(word: str) -> bool:
    found = carrier(word)
    return bool(found.provider or found.slug)


@cache
def no_numbers() -> Mapping[str, str]:
    """Words in place of a number, folded → `blank`, or `waits` where one is still to come."""
    with files("batch.loader.cells").joinpath("no_numbers.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    return {
        word.casefold().strip("."): row["kind"] for row in rows for word in row["words"].split("|")
    }


def link(cell: Cell) -> str | Wrong:
    """A tracking link: http or https, at most 500 characters."""
    text = undress(cell) if isinstance(cell, str) else plain_text(cell)
    if isinstance(text, Wrong) or text.casefold() in BLANK_WORDS:
        return text if isinstance(text, Wrong) else ""
    if wrong := error_value(text):
        return wrong
    if not _LINK.fullmatch(text) or not text.isprintable():
        return Wrong(
            Code.BAD_TRACKING_LINK,
            "it is not a link: it begins with http:// or https://",
            "Correct the link.",
        )
    if len(text) > LINK_LENGTH:
        return Wrong(
            Code.TRACKING_LINK_TOO_LONG,
            f"it has {len(text)} characters, the store takes {LINK_LENGTH}",
            "Shorten it.",
        )
    return text
