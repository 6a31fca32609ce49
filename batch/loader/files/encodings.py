"""The encoding of a text: its mark, UTF-8, UTF-16, Japanese, else an old code page; with doubts."""

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace

from batch.errors import FileError
from batch.loader.files.blobs import Blob
from batch.loader.files.code_pages import NAMES, USUAL, code_page_of

PIECE = 2**20
"""Bytes read at once."""
LONGEST_LINE = 2 * PIECE
"""Characters of a line at most; of bytes it shows somewhat earlier."""
MENDING = "shipbatch-mending"
"""The codec error handler that reads a byte which is not UTF-8 as Windows Western."""

_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_WESTERN_LETTERS = 0xE0
"""Where accented small letters begin in cp1252; its capitals are single characters in cp932."""
NAMED = 5
"""Lines that a note names by their numbers."""
_NO_CP1252 = b"\x81\x8d\x8f\x90\x9d"


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a text is decoded, and what a person should know of it."""

    name: str
    errors: str = "strict"
    said: tuple[str, ...] = ()
    """How it was decoded, where that had to be found out."""
    warnings: tuple[str, ...] = ()
    """Which characters may be wrong."""
    is_doubtful: bool = False
    """Letters beyond ASCII may be others than were meant."""
    nuls: bool = False
    """The decoded text holds NULs, to be taken out."""


def encoding_of(blob: Blob) -> Encoding:
    """The encoding of a whole text; it is read once, and again only if it is not plain UTF-8."""
    head = blob.head(4096)
    name = (
        next((name for mark, name in _MARKS if head.startswith(mark)), "")
        or utf16_without_mark(head)
        or "utf-8"
    )
    sound, nuls = _decodes(blob, name)
    if not name.startswith("utf-8"):
        damaged = (
            ()
            if sound
            else (f"The text is {name.upper()} with damaged characters; they are shown as \ufffd.",)
        )
        return Encoding(name, "strict" if sound else "replace", warnings=damaged, nuls=nuls)
    if sound:
        return Encoding(name, nuls=nuls)
    return replace(_older(blob, name), nuls=nuls)


def too_long(blob: Blob) -> FileError:
    """What is said of a text without line ends."""
    said = f"{blob.name} has a line longer than {PIECE:,} bytes: it is no table."
    return FileError(said, "Export it as CSV or .xlsx.")


def _mend(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(MENDING, _mend)


def utf16_without_mark(head: bytes) -> str:
    """UTF-16 of any alphabet has a NUL in the same half of each digit, separator and line end."""
    even, odd, half = head[::2].count(0), head[1::2].count(0), len(head) // 2
    most, least = max(even, odd), min(even, odd)
    if half < 2 or most <= 0.05 * half or least >= 0.1 * most + 1:
        return ""
    pairs = [head[at : at + 2] for at in range(0, 2 * half, 2)]
    end, name = (b"\n\0", "utf-16-le") if odd > even else (b"\0\n", "utf-16-be")
    broken = sum(b"\n" in pair for pair in pairs)
    return name if most > 0.4 * half or pairs.count(end) > 0.5 * broken else ""


def _decodes(blob: Blob, encoding: str) -> tuple[bool, bool]:
    """Whether all of it decodes strictly, and whether the text holds NULs."""
    decoder = codecs.getincrementaldecoder(encoding)()
    sound, nuls, narrow = True, False, encoding.startswith("utf-8")
    for piece in _pieces(blob):
        nuls = nuls or (narrow and b"\0" in piece)
        if sound:
            try:
                text = decoder.decode(piece, final=not piece)
                nuls = nuls or (not narrow and "\0" in text)
            except UnicodeDecodeError:
                sound = False
    return sound, nuls


def _pieces(blob: Blob) -> Iterator[bytes]:
    """The bytes, piece by piece, and an empty piece at the end."""
    with blob.open() as stream:
        while piece := stream.read(PIECE):
            blob.in_time()
            if len(piece) == PIECE and b"\n" not in piece and b"\r" not in piece:
                raise too_long(blob)
            yield piece
    yield b""


def _older(blob: Blob, name: str) -> Encoding:
    """Not UTF-8 throughout: Japanese, mixed line by line, or Windows Western."""
    good, many, bad = 0, 0, list[int]()
    sample = bytearray()
    undefined = 0
    for number, line in _lines(blob):
        if _is_utf8(line):
            good += 1
            continue
        many += 1
        bad += [number] if many <= NAMED else []
        undefined = undefined or (number if line.translate(None, _NO_CP1252) != line else 0)
        if len(sample) < PIECE:
            sample += line
    if many >= good and _is_japanese(bytes(sample)) and _decodes(blob, "cp932")[0]:
        return Encoding(
            "cp932", said=("The text is not UTF-8; it was read as Japanese (Shift-JIS, cp932).",)
        )
    unclear = (
        (f"Line {undefined} has bytes no encoding explains; they are shown as \ufffd.",)
        if undefined
        else ()
    )
    if good:
        which = _lines_text(bad, many)
        note = (
            f"The text mixes encodings: {which} not UTF-8 as the rest, read as Windows Western"
            " (cp1252)."
        )
        return Encoding(name, MENDING, warnings=(note, *unclear))
    return _by_letters(bytes(sample), bad[0], unclear)


def _by_letters(sample: bytes, line: int, unclear: tuple[str, ...]) -> Encoding:
    """The code page that its letters tell; with doubts where they tell none."""
    found = code_page_of(sample)
    note = (
        f"The text is not UTF-8 (first seen in line {line}); it was read as"
        f" {NAMES[found.encoding]} ({found.encoding})."
    )
    unclear = unclear if found.encoding == USUAL else ()
    if found.is_sure:
        return Encoding(found.encoding, "replace", (note,), unclear)
    foreign = (
        "Its letters may be of another alphabet; comments that have such letters are left out."
        " Save it as CSV UTF-8."
    )
    return Encoding(
        found.encoding, "replace", warnings=(f"{note} {foreign}", *unclear), is_doubtful=True
    )


def _lines(blob: Blob) -> Iterator[tuple[int, bytes]]:
    """The lines that are not plain ASCII, with their numbers; a giant line comes in pieces."""
    number = 1
    with blob.open() as stream, io.TextIOWrapper(stream, "latin-1", newline="") as text:
        while line := text.readline(PIECE):
            if number % 10_000 == 0:
                blob.in_time()
            if not line.isascii():
                yield number, line.encode("latin-1")
            number += line.endswith(("\n", "\r"))


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _lines_text(lines: list[int], many: int) -> str:
    shown = ", ".join(map(str, lines))
    more = f" and {many - len(lines)} more" if many > len(lines) else ""
    return f"line {shown} is" if many == 1 else f"lines {shown}{more} are"


def _is_japanese(sample: bytes) -> bool:
    """Whether bytes that are not UTF-8 are Japanese: kana, or characters with two high bytes.

    Western text passes as cp932 too, but there a high byte mostly stands alone before an ASCII
    letter; and where two meet (`äö`), the first is a letter, with which only rare characters of
    Japanese begin.
    """
    text = sample.decode("cp932", "replace")
    wide = [
        character
        for character in text
        if character > "\u02ff" and not "\uff61" <= character <= "\uff9f"
    ]
    if not wide or wide.count("\ufffd") > len(wide) // 50:
        return False
    kana = sum("\u3041" <= character <= "\u30ff" for character in wide)
    coded = [character.encode("cp932", "replace") for character in wide]
    high = sum(code[0] < _WESTERN_LETTERS and min(code) >= 0x80 for code in coded)
    narrow = sum("\uff61" <= character <= "\uff9f" for character in text)
    return (
        kana + high >= 0.3 * len(wide)
        and (kana > 0 or high > 3)
        and narrow <= 2 * len(wide) + kana * 10
    )
