"""What calamine does not tell of an XLSX: a number's format, and cells far from the table."""

import re
import xml.etree.ElementTree as ET
import zipfile

from batch.errors import FileError
from batch.loader.files.archives import open_zip
from batch.loader.files.blobs import Blob
from batch.loader.files.tables import column_letters

PIECE = 2**18
"""Bytes inflated at once."""
LONGEST = 4096
"""Bytes of a cell's opening tag at most."""

_FAR = re.compile(rb"""\sr=["']([A-Z]{3}\d+|[A-Z]+\d{6,7})["']""")
_PADDED = re.compile(rb"""formatCode=["']0[0 \-]*0""")
_STYLE = re.compile(rb"""\ss=["'](\d+)["']""")


def number_format(blob: Blob, sheet: str, row: int, column: int) -> str:
    """How a cell shows its number, as a spreadsheet program names it: `00000`; empty: unknown.

    Reads the sheet up to the cell: for one cell of a column, not for every one.
    """
    from batch.loader.files.workbooks import sheet_parts

    address = f"{column_letters(column)}{row}".encode()
    cell = re.compile(rb"""<(?:\w+:)?c\s(?=[^<>]*?\br=["']""" + address + rb"""["'])[^<>]*>""")
    try:
        with open_zip(blob) as archive:
            tag = _search_part(cell, archive, sheet_parts(archive)[sheet])
            style = _STYLE.search(tag[0]) if tag else None
            return _formats(archive)[int(style[1])] if style else ""
    except (FileError, ET.ParseError, LookupError):
        return ""


def pads_numbers(blob: Blob) -> bool:
    """Whether any number format of its own begins with zeros, as `00000` does."""
    with open_zip(blob) as archive:
        part = _styles(archive)
        return bool(part) and _search_part(_PADDED, archive, part) is not None


def far_cell(blob: Blob) -> str:
    """The first cell beyond column ZZ or row 99,999; empty if none is seen."""
    with open_zip(blob) as archive:
        sheets = (name for name in archive.namelist() if "worksheets/" in name.casefold())
        far = next(filter(None, (_search_part(_FAR, archive, name) for name in sheets)), None)
    return far[1].decode() if far else ""


def _search_part(
    pattern: re.Pattern[bytes], archive: zipfile.ZipFile, part: str
) -> re.Match[bytes] | None:
    """Where a part first has it; a piece in memory at a time."""
    window = b""
    with archive.open(part) as inflating:
        while piece := inflating.read(PIECE):
            window = window[-LONGEST:] + piece
            if found := pattern.search(window):
                return found
    return None


def _formats(archive: zipfile.ZipFile) -> list[str]:
    """The number format of each cell style, by its index."""
    from openpyxl.styles.numbers import BUILTIN_FORMATS  # here: only a worded error needs openpyxl

    if not (part := _styles(archive)):
        return []
    root = ET.fromstring(archive.read(part))  # noqa: S314  its document type was refused on reading
    own = {
        element.get("numFmtId"): element.get("formatCode", "")
        for element in root.findall("{*}numFmts/{*}numFmt")
    }
    numbers = [style.get("numFmtId", "0") for style in root.findall("{*}cellXfs/{*}xf")]
    return [
        own.get(number) or str(BUILTIN_FORMATS.get(int(number), "General")) for number in numbers
    ]


def _styles(archive: zipfile.ZipFile) -> str:
    return next(
        (name for name in archive.namelist() if name.casefold().endswith("xl/styles.xml")), ""
    )
