"""What a file is, told from its bytes; its name is not asked."""

import re
from enum import StrEnum

from batch.loader.files.encodings import utf16_without_mark

HEAD = 65_536
"""Bytes of a file's beginning that are enough to tell."""


class Content(StrEnum):
    """What can be read, or opened to look further."""

    TEXT = "text"
    HTML = "html"
    OLE = "ole"  # XLS, or a workbook under a password
    ZIP = "zip"  # one of the next four
    XLSX = "xlsx"
    XLSB = "xlsb"
    ODS = "ods"
    ARCHIVE = "archive"
    GZIP = "gzip"


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# XLS before it had a container
BIFF = re.compile(rb"\x09[\x00\x02\x04]\x04\x00|\x09\x08\x08\x00|\x09\x08\x10\x00")

_FOREIGN = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"BM", "a picture (BMP)"),
    (b"II*\x00", "a picture (TIFF)"),
    (b"MM\x00*", "a picture (TIFF)"),
    (b"RIFF", "a sound, film or picture (RIFF)"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"SQLite format 3\x00", "a SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"\x00\x01\x00\x00Standard", "an Access database"),
    (b"%!PS", "a PostScript document"),
    (b"-----BEGIN PGP", "encrypted with PGP"),
)
# could begin a header line of text
_BINARY_ONLY = (b"BM", b"MZ", b"RIFF", b"Rar!", b"BZh", b"PAR1", b"GIF8")
_HTML = re.compile(
    rb"(?:(?><!--.*?-->)|\s++)*+"
    rb"<(?:!doctype\s+html|html|head|body|table|meta|style|div|center|title)\b",
    re.I | re.S,
)
_XML = re.compile(rb"\s*<\?xml|\s*<[A-Za-z][\w:.-]*\s+xmlns")
_JSON = re.compile(rb'\s*(?:\{\s*"|\[\s*[\[{])')
_SYLK = re.compile(rb"ID;P[^\r\n]*\r?\n[BCFOP];")
_MHTML = re.compile(rb"(?:[\w-]+:[^\r\n]*\r?\n)*MIME-Version:", re.I)
_CONTROL = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x00"))


def content_of(head: bytes) -> Content | str:
    """What a file that begins so is: a Content, or the name of what is not read ("a PDF")."""
    return "a tar archive" if head[257:262] == b"ustar" else _content_of(head)


def _content_of(head: bytes) -> Content | str:
    if head.startswith(OLE) or BIFF.match(head):
        return Content.OLE
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK00PK\x03\x04")):
        return Content.ZIP
    if head.startswith(b"\x1f\x8b"):
        return Content.GZIP
    text = _as_ascii(head)
    for magic, name in _FOREIGN:
        if head.startswith(magic) and not (magic in _BINARY_ONLY and _looks_like_text(head)):
            return name
    if _HTML.match(text):
        return Content.HTML
    if _XML.match(text):
        return _xml(text)
    for pattern, name in (
        (_JSON, "JSON"),
        (_SYLK, "a SYLK file"),
        (_MHTML, "a web archive (MHTML)"),
    ):
        if pattern.match(text):
            return name
    return Content.TEXT if _looks_like_text(text) else "binary data of no kind known here"


def _xml(text: bytes) -> Content | str:
    if b"urn:schemas-microsoft-com:office:spreadsheet" in text:
        return "an XML Spreadsheet 2003"
    if b"office:spreadsheet" in text:
        return "a flat OpenDocument spreadsheet (.fods)"
    if re.search(rb"<html\b", text[:4096], re.I):
        return Content.HTML
    return "an XML document"


def _as_ascii(head: bytes) -> bytes:
    """The head without marks and NULs, so that UTF-8 and UTF-16 look the same to a pattern.

    What is marked as UTF-16 and is none shows as control characters.
    """
    for mark, name in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if head.startswith(mark):
            head = (
                head.removeprefix(mark).decode(name, "replace").replace("\ufffd", "\x01").encode()
            )
    if name := utf16_without_mark(head):
        head = head.decode(name, "replace").encode()
    return head.removeprefix(b"\xef\xbb\xbf").replace(b"\x00", b"")


def _looks_like_text(head: bytes) -> bool:
    """Text may hold a stray control character or NULs; binary data is full of them."""
    strange = len(head) - len(head.translate(None, _CONTROL))
    return strange * 50 <= len(head)
