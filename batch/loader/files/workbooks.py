"""XLSX, XLSB, XLS and ODS as tables, by calamine; only in the reader process: it may crash."""

import posixpath
import re
import struct
import xml.etree.ElementTree as ET
import zipfile
from bisect import bisect_left
from collections.abc import Iterator
from functools import partial
from html import unescape
from itertools import chain, islice, repeat
from typing import BinaryIO, cast

import python_calamine as calamine

from batch.errors import FileError
from batch.loader.files.appearance import (
    HIDDEN,
    LONGEST_APPEARANCE,
    NOTHING,
    STRUCK,
    UNTOLD,
    Appearance,
    appearance_of,
    filled,
    hides_rows,
    marks_of,
    struck_styles,
)
from batch.loader.files.archives import open_zip, seekable
from batch.loader.files.blobs import Blob, explain_read_errors
from batch.loader.files.tables import Cell, Table, column_number

BATCH = 1000
"""Rows looked at together."""
GAP = 100_000
"""Empty rows between filled ones at most: more means a stray cell at the sheet's far end."""
PIECE = 2**20
"""Bytes inflated at once."""
MANIFEST = "META-INF/manifest.xml"
"""Where an ODS says of each part how it is encrypted."""

Row = list[Cell]
Errors = dict[int, dict[int, str]]
"""Row → column → an error cell's text, both counted from 1."""

_ERROR_MARKS = (b't="e"', b"t='e'", b'value-type="error"')
_UNCOUNTED_MARKS = (b"</f></c>", b"</f><v></v>", b"</f><v/>", b"</f><v />")
LONGEST_MARK = max(*map(len, (*_ERROR_MARKS, *_UNCOUNTED_MARKS)), LONGEST_APPEARANCE)
ERRORS = "errors"
"""What a part may have: error cells, or formulas that were never counted."""
_ERROR_CELL = re.compile(
    rb"""<(?:\w+:)?c(?=\s)(?=[^<>]*\st=["']e["'])"""
    rb"""(?>[^<>]*?\sr=["']([A-Z]{1,3})(\d{1,7})["'])[^<>]*>"""
    rb"""(?:<(?:\w+:)?f\b[^<>]*(?:/>|>[^<]*</(?:\w+:)?f>))?\s*<(?:\w+:)?v>(#[^<]{1,30})<"""
)

_NEVER_COUNTED = re.compile(
    rb"""<c(?=\s)(?![^<>]*\st=["']str["'])(?>[^<>]*?\sr=["']([A-Z]{1,3})(\d{1,7})["'])[^<>]*>"""
    rb"""<f\b[^<>]*>([^<]{1,8192})</f>(?:<v></v>|<v ?/>)?</c>"""
)
"""A formula that no spreadsheet program has worked out yet: it would read as a blank."""

_ODS = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_ODS_VALUE_TYPE = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"

_XLS_START = b"\x09\x08\x10\x00\x00\x06\x05\x00"  # BOF of a BIFF8 workbook
_XLS_SHEET, _XLS_END, _XLS_FILEPASS = 0x85, 0x0A, 0x2F
_XLS_SECTOR = 512  # bytes; streams of an OLE container begin at multiples of it
_XLS_LOOKED_AT = 64  # records after the stream's first in which FILEPASS stands, if anywhere
_ENCRYPTED_PARTS = ("EncryptedPackage".encode("utf-16-le"), "EncryptionInfo".encode("utf-16-le"))
_XLS_ERROR = re.compile(
    rb"\x05\x02\x08\x00(?P<bool_cell>.{4})..(?P<bool_code>.)\x01"
    rb"|\x06\x00..(?P<formula_cell>.{4})..\x02.(?P<formula_code>.)...\xff\xff",
    re.S,
)
_XLS_ERRORS = {
    0: "#NULL!",
    7: "#DIV/0!",
    15: "#VALUE!",
    23: "#REF!",
    29: "#NAME?",
    36: "#NUM!",
    42: "#N/A",
}


_SAVE_ANEW = "Open it in a spreadsheet program, save it anew as .xlsx, and try again."
_UNLOCK = "Open it, take the password off (File > Info > Protect Workbook), and save it again."


def size_of(blob: Blob, kind: str) -> int:
    """Bytes of a workbook, inflated, as far as it says; FileError where a password protects it."""
    if kind == "xls":
        size, encrypted = blob.size, _is_encrypted(blob)
    else:
        with open_zip(blob) as archive:
            size = sum(part.file_size for part in archive.infolist())
            encrypted = MANIFEST in archive.namelist() and b":encryption-data" in archive.read(
                MANIFEST
            )
    if encrypted:
        raise FileError(f"{blob.name} is protected by a password.", _UNLOCK)
    return size


def read_workbook(blob: Blob, kind: str, sheet: str) -> Iterator[Table]:
    """Its visible sheets with content, in order, or the one named; FileError if there is none.

    The rows of a sheet can be read once, before the next sheet.
    """
    with seekable(blob) as stream:
        try:
            yield from _tables(blob, stream, kind, sheet)
        except (FileError, MemoryError):
            raise
        except BaseException as error:  # a panic of calamine's is no Exception
            if isinstance(error, GeneratorExit):
                raise
            why = str(error) or type(error).__name__
            raise FileError(
                f"{blob.name} is damaged or not complete, or of a kind not known here: {why}.",
                _SAVE_ANEW,
            ) from error


def _tables(blob: Blob, stream: BinaryIO, kind: str, wanted: str) -> Iterator[Table]:
    said: tuple[str, ...] = ()
    if kind == "xls":
        content = stream.read()
        errors, looks = _xls_errors(content), dict[str, Appearance]()
        said = UNTOLD if hides_rows(content) else ()
    else:
        errors, looks, said = _inspect(blob, stream, kind)
    stream.seek(0)
    workbook = calamine.load_workbook(stream)
    names, hidden, found = [], [], False
    for sheet in workbook.sheets_metadata:
        if sheet.typ != calamine.SheetTypeEnum.WorkSheet:
            continue
        if sheet.visible != calamine.SheetVisibleEnum.Visible:
            hidden.append(sheet.name)
        if not wanted and sheet.name in hidden:
            continue
        names.append(sheet.name)
        if wanted and not _same(sheet.name, wanted):
            continue
        look = looks.get(sheet.name, Appearance())
        rows = _rows(blob, workbook.get_sheet_by_name(sheet.name), errors.get(sheet.name, {}))
        rows = filled(rows, look.merges) if look.merges else rows
        if (first := next(rows, None)) is not None:
            found = True
            yield Table(
                blob.path,
                partial(chain, [first], rows),
                sheet.name,
                said,
                hidden=frozenset(look.hidden),
                struck=frozenset(look.struck),
            )
    if not found:
        raise _no_table_error(blob, wanted, names, hidden)


def _same(name: str, wanted: str) -> bool:
    return name.strip().casefold() == wanted.strip().casefold()


def _rows(blob: Blob, sheet: calamine.CalamineSheet, errors: Errors) -> Iterator[Row]:
    """Rows from the sheet's first, columns from its first; blank rows at the end are left out."""
    left: Row = [""] * (sheet.start[1] if sheet.start else 0)
    given = cast("Iterator[Row]", sheet.iter_rows())
    rows = (left + row for row in given) if left else given
    if errors:
        rows = _with_errors(rows, errors)
    blank = 0
    while batch := list(islice(rows, BATCH)):
        if all(row.count("") == len(row) for row in batch):
            blank += len(batch)
            continue
        if blank >= GAP:
            row = sheet.end[0] + 1 if sheet.end else blank
            raise FileError(
                f"{blob.name} holds something in row {row:,} of sheet {sheet.name!r}, after"
                f" {blank:,} empty rows.",
                "Delete the rows below the table (Ctrl+End shows where the sheet ends), and save it"
                " again.",
            )
        yield from repeat([], blank)
        blank = 0
        yield from batch


def _with_errors(rows: Iterator[Row], errors: Errors) -> Iterator[Row]:
    """Calamine gives an error cell as a blank; here it gets its text back."""
    last = max(errors)
    endless: Iterator[Row | None] = chain(rows, repeat(None))
    for number, found in enumerate(endless, 1):
        if found is None and number > last:
            return
        row = found or []
        for column, text in errors.get(number, {}).items():
            row += [""] * (column - len(row))
            row[column - 1] = text
        yield row


def _inspect(
    blob: Blob, stream: BinaryIO, kind: str
) -> tuple[dict[str, Errors], dict[str, Appearance], tuple[str, ...]]:
    """Check each part's size and document type (bombs, entities); returns where errors are, what a
    sheet shows beside its cells, and what is said of all of them.
    """
    marks: dict[str, frozenset[str]] = {}
    with zipfile.ZipFile(stream) as archive:
        for part in archive.infolist():
            if part.filename.casefold().endswith((".xml", ".rels", ".bin")):
                marks[part.filename] = _inflate(blob, archive, part)
        if kind != "xlsx":
            seen = marks.get("content.xml", NOTHING)
            errors = _ods_errors(_parse_part(archive, "content.xml")) if ERRORS in seen else {}
            return errors, {}, UNTOLD if kind == "xlsb" or HIDDEN in seen else ()
        return (*_xlsx_marks(archive, marks), ())


def _xlsx_marks(
    archive: zipfile.ZipFile, marks: dict[str, frozenset[str]]
) -> tuple[dict[str, Errors], dict[str, Appearance]]:
    """Of the sheets whose bytes have marks, where errors are and what else they show."""
    if not any(marks.values()):
        return {}, {}
    styles = next((name for name in marks if name.casefold().endswith("xl/styles.xml")), "")
    struck = struck_styles(archive, styles) if STRUCK in marks.get(styles, NOTHING) else ()
    errors, looks = {}, {}
    for name, part in sheet_parts(archive).items():
        seen = marks.get(part, NOTHING)
        if seen or struck:
            xml = archive.read(part)
            errors[name] = _xlsx_errors(xml) if ERRORS in seen else {}
            looks[name] = appearance_of(xml, seen, struck)
    return errors, looks


def _inflate(blob: Blob, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> frozenset[str]:
    """Read a part to its end, which checks it; what its bytes say it may have."""
    with archive.open(part) as inflating:
        piece = inflating.read(PIECE)
        prolog = piece.replace(b"\0", b"")  # UTF-16, too
        # OpenOffice 1 and 2 wrote one into the manifest.
        if (b"<!DOCTYPE" in prolog or b"<!ENTITY" in prolog) and part.filename != MANIFEST:
            raise FileError(
                f"{blob.name} declares a document type in {part.filename}; no spreadsheet program"
                " writes that, and attacks do.",
                "It is no export. Do not open it, and tell IT where it came from.",
            )
        seen, tail, marks = set[str](), b"", marks_of(part.filename)
        while piece:
            content = tail + piece
            if ERRORS not in seen and _marks_errors(content):
                seen.add(ERRORS)
            seen.update(what for mark, what in marks.items() if mark in content)
            tail = piece[-LONGEST_MARK:]
            piece = inflating.read(PIECE)
    return frozenset(seen)


def _marks_errors(content: bytes) -> bool:
    return any(mark in content for mark in _ERROR_MARKS) or (
        b"</f>" in content and any(mark in content for mark in _UNCOUNTED_MARKS)
    )


def _xlsx_errors(xml: bytes) -> Errors:
    errors: Errors = {}
    for letters, row, text in _ERROR_CELL.findall(xml):
        errors.setdefault(int(row), {})[column_number(letters.decode())] = text.decode()
    for letters, row, formula in _NEVER_COUNTED.findall(xml):
        written = f"={unescape(formula.decode('utf-8', 'replace'))}"
        errors.setdefault(int(row), {})[column_number(letters.decode())] = written
    return errors


def _ods_errors(root: "ET.Element[str]") -> dict[str, Errors]:
    """Errors in LibreOffice's empty cells with `calcext:value-type="error"`, and what they show."""
    found: dict[str, Errors] = {}
    for table in root.iter(f"{_ODS}table"):
        number = 1
        for row in table.iter(f"{_ODS}table-row"):
            column = 1
            for cell in row:
                if cell.get(_ODS_VALUE_TYPE) == "error":
                    text = "".join(cell.itertext()).strip() or "#ERROR"
                    found.setdefault(table.get(f"{_ODS}name", ""), {}).setdefault(number, {})[
                        column
                    ] = text
                column += int(cell.get(f"{_ODS}number-columns-repeated", 1))
            number += int(row.get(f"{_ODS}number-rows-repeated", 1))
    return found


def _xls_errors(content: bytes) -> dict[str, Errors]:
    """BOOLERR and FORMULA errors ([MS-XLS] 2.4.24, 2.4.127), by the sheet they are in."""
    base = content.find(_XLS_START)
    starts = sorted(_xls_sheets(content, base)) if base >= 0 else []
    found: dict[str, Errors] = {}
    for record in _XLS_ERROR.finditer(content, max(base, 0)):
        row, column = struct.unpack("<HH", record["bool_cell"] or record["formula_cell"])
        text = _XLS_ERRORS.get((record["bool_code"] or record["formula_code"])[0])
        if text and (before := bisect_left(starts, (record.start(), ""))):
            found.setdefault(starts[before - 1][1], {}).setdefault(row + 1, {})[column + 1] = text
    return found


def _xls_sheets(content: bytes, base: int) -> Iterator[tuple[int, str]]:
    """Where each sheet begins, by its BOUNDSHEET record; in a contiguous stream, as is usual."""
    offset, record = base, 0
    while record != _XLS_END and offset + 4 <= len(content):
        record, length = struct.unpack_from("<HH", content, offset)
        if record == _XLS_SHEET and length >= 8:
            start, wide = struct.unpack_from("<I", content, offset + 4)[0], content[offset + 11] & 1
            name = content[offset + 12 : offset + 4 + length]
            yield base + start, name.decode("utf-16-le" if wide else "latin-1", "replace")
        offset += 4 + length


def sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """An XLSX's sheets and the parts that hold them; what cannot be told is left out."""
    book = next(
        (name for name in archive.namelist() if name.casefold().endswith("xl/workbook.xml")), ""
    )
    folder, _, file = book.rpartition("/")
    relations = f"{folder}/_rels/{file}.rels"
    if not book or relations not in archive.namelist():
        return {}
    targets = {
        element.get("Id"): posixpath.normpath(
            posixpath.join("/" + folder, element.get("Target", ""))
        ).lstrip("/")
        for element in _parse_part(archive, relations)
    }
    parts = {}
    for sheet in _parse_part(archive, book).findall("{*}sheets/{*}sheet"):
        relation = next((value for key, value in sheet.attrib.items() if key.endswith("}id")), None)
        if targets.get(relation) in archive.namelist():
            parts[sheet.get("name", "")] = targets[relation]
    return parts


def _parse_part(archive: zipfile.ZipFile, part: str) -> "ET.Element[str]":
    return ET.fromstring(archive.read(part))  # noqa: S314  its document type was refused before


def _no_table_error(blob: Blob, sheet: str, names: list[str], hidden: list[str]) -> FileError:
    known = ", ".join(map(repr, names)) or "none"
    if sheet and sheet not in names:
        return FileError(
            f"{blob.name} has no sheet {sheet!r}; it has: {known}.", "Correct --sheet."
        )
    if hidden and not sheet:
        shown = ", ".join(map(repr, hidden))
        return FileError(
            f"{blob.name} shows no sheet with data; hidden: {shown}.",
            f'If one of them is meant: --sheet "{hidden[0]}".',
        )
    which = f"sheet {sheet!r} is" if sheet else "its sheets are"
    return FileError(f"{blob.name} holds no data: {which} empty.", "Export it again.")


def _is_encrypted(blob: Blob) -> bool:
    """Whether an OLE container (XLS, or an encrypted XLSX) is under a password.

    An encrypted package is in it, or a FILEPASS record at the head of the workbook's stream
    ([MS-XLS] 2.4.117).
    """
    with explain_read_errors(blob.name), blob.open() as stream:
        content = stream.read()
    if any(name in content for name in _ENCRYPTED_PARTS):
        return True
    starts = range(0, len(content) - 4, _XLS_SECTOR)
    return any(
        _has_filepass(content, start)
        for start in starts
        if content[start] == 9 and content[start + 1] in (0, 8)
    )


def _has_filepass(content: bytes, offset: int) -> bool:
    for _ in range(_XLS_LOOKED_AT):
        if offset + 4 > len(content):
            return False
        record, length = struct.unpack_from("<HH", content, offset)
        if record in (_XLS_FILEPASS, _XLS_END):
            return bool(record == _XLS_FILEPASS)
        offset += 4 + length
    return False
