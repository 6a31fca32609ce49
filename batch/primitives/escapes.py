r"""Invisible characters of a text, shown as escapes: `\u001b`, `\n`, `\u202e`.

All text from a file, a store or a disk passes here before a person sees it, line by line: terminal,
letters, log, messages, our own words in a sheet.
"""

import json
import unicodedata
from collections.abc import Iterable
from itertools import chain

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_RANGES = ((0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
_EMPTY = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_EMPTY |= frozenset(
    map(chr, chain.from_iterable(range(first, last + 1) for first, last in _RANGES))
)
"""Letters and marks that show nothing: fillers, variation selectors."""


def visible(text: str) -> str:
    """The text in one line, every character visible; escaped as JSON is, so JSON stays JSON."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if _is_seen(char) else _escape(char) for char in text)


def visible_lines(text: str) -> str:
    """The same for a text whose line breaks are our own."""
    return "\n".join(map(visible, text.split("\n")))


def json_line(data: object) -> str:
    """JSON in one line, letters as they are, invisible ones escaped."""
    return visible(json.dumps(data, ensure_ascii=False, default=str))


def letter(lines: Iterable[str]) -> str:
    """The non-empty lines as a text."""
    return "".join(f"{visible(line)}\n" for line in lines if line)


def _is_seen(char: str) -> bool:
    return (char.isprintable() and char not in _EMPTY) or unicodedata.category(char) == "Zs"


def _escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return _SHORT.get(char) or "".join(
        f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)
    )
