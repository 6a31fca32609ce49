"""What a cell of an XLSX holds beside its value: number format, formula, the value as written."""

import re
import xml.etree.ElementTree as ET
import zipfile
from html import unescape
from typing import IO

from batch.errors import FileError
from batch.loader.blobs import Blob
from batch.loader.containers import opened_zip
from batch.loader.tables import Story, column_letters

PIECE = 2**18
"""Bytes inflated at once."""
LONGEST = 2**16
"""Bytes of one cell's element at most."""

_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]*)<")
_FORMULA = re.compile(rb"<(?:\w+:)?f\b[^>]*>([^<]*)<")
_STYLE = re.compile(rb"""\ss=["'](\d+)["']""")


class Stories:
    """Looks cells up in the file again; each look reads their sheet up to the cell."""

    def __init__(self, blob: Blob) -> None:
        self._blob = blob
        self._parts: dict[str, str] = {}
        self._formats: list[str] | None = None

    def story(self, sheet: str, row: int, column: int) -> Story | None:
        """None where the file has no such cell, or says it in a way not understood here."""
        try:
            with opened_zip(self._blob) as archive:
                formats = self._formats or self._learn(archive)
                if sheet not in self._parts:
                    return None
                with archive.open(self._parts[sheet]) as part:
                    element = _element(part, f"{column_letters(column)}{row}".encode())
        except (FileError, ET.ParseError, KeyError):
            return None
        return _story(element, formats) if element else None

    def _learn(self, archive: zipfile.ZipFile) -> list[str]:
        from batch.loader.workbook_process import sheet_parts  # here: it imports calamine

        self._parts, self._formats = sheet_parts(archive), number_formats(archive)
        return self._formats


def far_cell(blob: Blob) -> str:
    """The first cell of an XLSX beyond column ZZ or row 99,999; "" if none is seen."""
    pattern = re.compile(rb"""\sr=["']([A-Z]{3}\d+|[A-Z]+\d{6,7})["']""")
    with opened_zip(blob) as archive:
        for name in archive.namelist():
            if "worksheets/" not in name.casefold():
                continue
            window = b""
            with archive.open(name) as part:
                while piece := part.read(PIECE):
                    window = window[-32:] + piece
                    if found := pattern.search(window):
                        return found[1].decode()
    return ""


def number_formats(archive: zipfile.ZipFile) -> list[str]:
    """The number format of each cell style, by its index."""
    from openpyxl.styles.numbers import BUILTIN_FORMATS  # here: only a worded error needs openpyxl

    part = next((name for name in archive.namelist() if name.casefold().endswith("xl/styles.xml")), "")
    if not part:
        return []
    root = ET.fromstring(archive.read(part))  # noqa: S314  its document type was refused on reading
    own = {element.get("numFmtId"): element.get("formatCode", "") for element in root.iter() if _is(element, "numFmt")}
    cells = next((element for element in root.iter() if _is(element, "cellXfs")), ())
    numbers = [style.get("numFmtId", "0") for style in cells]
    return [own.get(number) or str(BUILTIN_FORMATS.get(int(number), "General")) for number in numbers]


def _is(element: "ET.Element[str]", name: str) -> bool:
    return element.tag.rpartition("}")[2] == name


def _element(part: IO[bytes], address: bytes) -> bytes:
    """The bytes from a cell's attributes to its end."""
    pattern = re.compile(rb"""<(?:\w+:)?c\s[^>]*?\br=["']""" + address + rb"""["']""")
    window = b""
    while piece := part.read(PIECE):
        window += piece
        if found := pattern.search(window):
            window = window[found.start() :]
            while not (end := re.search(rb"</(?:\w+:)?c>|^[^>]*/>", window)) and len(window) < LONGEST:
                if not (piece := part.read(PIECE)):
                    break
                window += piece
            return window[: end.end()] if end else b""
        window = window[-256:]
    return b""


def _story(element: bytes, formats: list[str]) -> Story:
    style = _STYLE.search(element.partition(b">")[0])
    index = int(style[1]) if style else 0
    return Story(
        number_format=formats[index] if index < len(formats) else "General",
        formula=_text(_FORMULA.search(element)),
        written=_text(_VALUE.search(element)),
    )


def _text(found: re.Match[bytes] | None) -> str:
    return unescape(found[1].decode("utf-8", "replace")) if found else ""
