"""What an XLSX shows a person and calamine does not tell: hidden and struck-out rows, merged cells.

A part's bytes are looked through for `MARKS` while they are inflated; only where one is found is
the part read for it. What else a sheet shows begins here: a mark, and a field of `Appearance`.
"""

import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from batch.loader.files.tables import Cell, column_number

HIDDEN, MERGED, STRUCK = "hidden", "merged", "struck"
SHEET_MARKS: Mapping[bytes, str] = {
    b' hidden="1"': HIDDEN,
    b' hidden="true"': HIDDEN,
    b"mergeCell ": MERGED,
}
MARKS: Mapping[str, Mapping[bytes, str]] = {
    "xl/worksheets/": SHEET_MARKS,
    "xl/styles.xml": {b"strike": STRUCK},
    "content.xml": {b'table:visibility="': HIDDEN},
}
"""Part → bytes → what a part that has them may show; of columns, too, or of a font of no cell."""
LONGEST_APPEARANCE = max(len(mark) for marks in MARKS.values() for mark in marks)
NOTHING = frozenset[str]()
UNTOLD = ("Rows that are hidden or struck out show only in .xlsx: here they are read like others.",)
"""What is said of an XLS or ODS that hides something, and of each XLSB."""

_XLS_HIDDEN = re.compile(rb"\x08\x02\x10\x00.{12}[\x20-\x3f\x60-\x7f\xa0-\xbf\xe0-\xff]", re.DOTALL)
"""ROW with fDyZero ([MS-XLS] 2.4.221)."""
_ROW = re.compile(rb"<(?:\w+:)?row(?=[\s>/])([^<>]*)>")
_NUMBER = re.compile(rb"""\sr=["'](\d{1,7})["']""")
_HIDDEN_ROW = re.compile(
    rb"""<(?:\w+:)?row(?=\s)(?=[^<>]*\shidden=["'](?:1|true)["'])(?>[^<>]*?\sr=["'](\d{1,7})["'])"""
)
_HIDDEN = re.compile(rb"""\shidden=["'](?:1|true)["']""")
_MERGED = re.compile(
    rb"""<(?:\w+:)?mergeCell\s[^<>]*?\bref=["']([A-Z]{1,3})(\d{1,7}):[A-Z]{1,3}(\d{1,7})["']"""
)

Merges = dict[int, list[tuple[int, int]]]
"""First row → (column, last row) of the cells that go on below it."""


@dataclass(slots=True)
class Appearance:
    """What one sheet shows; rows and columns are counted from 1."""

    hidden: list[int] = field(default_factory=list)
    """Rows that are hidden, by a person or a filter."""
    struck: list[tuple[int, int]] = field(default_factory=list)
    """(row, column) of cells that are struck through."""
    merges: Merges = field(default_factory=dict)


def marks_of(part: str) -> Mapping[bytes, str]:
    """The marks to look for in a part."""
    name = part.casefold()
    return next((marks for place, marks in MARKS.items() if place in name), {})


def appearance_of(xml: bytes, marks: frozenset[str], struck_styles: Collection[int]) -> Appearance:
    """What a sheet's part shows, of what its marks say may be there."""
    return Appearance(
        list(_hidden_rows(xml)) if HIDDEN in marks else [],
        list(_cells_of_styles(xml, struck_styles)),
        _merges(xml) if MERGED in marks else {},
    )


def struck_styles(archive: zipfile.ZipFile, part: str) -> frozenset[int]:
    """The cell styles, by their index, whose font is struck through."""
    root = ET.fromstring(archive.read(part))  # noqa: S314  its document type was refused before
    struck = {
        str(at) for at, font in enumerate(root.findall("{*}fonts/{*}font")) if _is_struck(font)
    }
    return frozenset(
        at
        for at, style in enumerate(root.findall("{*}cellXfs/{*}xf"))
        if style.get("fontId") in struck
    )


def filled(rows: Iterator[list[Cell]], merges: Merges) -> Iterator[list[Cell]]:
    """Rows with each cell that was merged downwards repeated in the rows it covers.

    Not to the right, where titles and groups of headers are merged; and no row that is else blank.
    """
    going: dict[int, tuple[int, Cell]] = {}
    for number, row in enumerate(rows, 1):
        if going and any(cell not in ("", None) for cell in row):
            going = {column: down for column, down in going.items() if down[0] >= number}
            for column, (_, cell) in going.items():
                row += [""] * (column - len(row))
                row[column - 1] = cell if row[column - 1] in ("", None) else row[column - 1]
        for column, last in merges.get(number, ()):
            if column <= len(row):
                going[column] = last, row[column - 1]
        yield row


def hides_rows(xls: bytes) -> bool:
    """Whether an XLS has a row that is hidden."""
    return _XLS_HIDDEN.search(xls) is not None


def _is_struck(font: "ET.Element[str]") -> bool:
    strike = font.find("{*}strike")
    return strike is not None and strike.get("val", "1") in {"1", "true"}


def _hidden_rows(xml: bytes) -> Iterator[int]:
    first = _ROW.search(xml)
    if first and _NUMBER.search(first[1]):
        yield from map(int, _HIDDEN_ROW.findall(xml))
        return
    number = 0  # some programs leave it to be counted
    for row in _ROW.finditer(xml):
        own = _NUMBER.search(row[1])
        number = int(own[1]) if own else number + 1
        if _HIDDEN.search(row[1]):
            yield number


def _cells_of_styles(xml: bytes, styles: Collection[int]) -> Iterator[tuple[int, int]]:
    there = [str(style) for style in styles if f' s="{style}"'.encode() in xml]
    if not there:
        return
    cell = re.compile(
        rb"""<(?:\w+:)?c(?=\s)(?=[^<>]*\ss=["'](?:%b)["'])"""
        rb"""(?>[^<>]*?\sr=["']([A-Z]{1,3})(\d{1,7})["'])[^<>/]*>""" % "|".join(there).encode()
    )
    for letters, row in cell.findall(xml):
        yield int(row), column_number(letters.decode())


def _merges(xml: bytes) -> Merges:
    found: Merges = {}
    for letters, first, last in _MERGED.findall(xml):
        if int(last) > int(first):
            found.setdefault(int(first), []).append((column_number(letters.decode()), int(last)))
    return found
