"""A program of its own: parses the workbook on standard input within limits, writes its rows to standard output.

Whatever is in the file, only this process can fall: calamine aborts where memory ends, and nobody can catch that.
Frames go out, each a type byte, a length of four bytes and a marshal (or, where there are dates, a pickle):
for each sheet its name, and its rows by the thousand; at the end the outcome.
Run by its path, with a limit of bytes, one of seconds, the kind and the sheet wanted; it imports calamine and the
standard library only.
"""

import gc
import marshal
import pickle
import posixpath
import re
import struct
import sys
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from html import unescape
from itertools import chain, islice, repeat
from typing import Any, BinaryIO

import python_calamine as calamine

BATCH = 1000
"""Rows in a frame."""
GAP = 100_000
"""Empty rows between filled ones at most: more means a stray cell at the sheet's far end."""
PIECE = 2**20
"""Bytes inflated at once."""

Row = list[Any]
Errors = dict[int, dict[int, str]]
"""Row → column → an error cell's text, both counted from 1."""

_ERROR_MARKS = (b't="e"', b"t='e'", b'value-type="error"')
_UNCOUNTED_MARKS = (b"</f></c>", b"</f><v></v>", b"</f><v/>", b"</f><v />")
LONGEST_MARK = max(map(len, (*_ERROR_MARKS, *_UNCOUNTED_MARKS)))
_ERROR_CELL = re.compile(
    rb"""<(?:\w+:)?c(?=\s)(?=[^>]*\st=["']e["'])[^>]*?\sr=["']([A-Z]{1,3})(\d{1,7})["'][^>]*>"""
    rb"""(?:<(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>))?\s*<(?:\w+:)?v>(#[^<]{1,30})<"""
)

_NEVER_COUNTED = re.compile(
    rb"""<c(?=\s)(?![^>]*\st=["']str["'])[^>]*?\sr=["']([A-Z]{1,3})(\d{1,7})["'][^>]*>"""
    rb"""<f\b[^>]*>([^<]{1,8192})</f>(?:<v></v>|<v ?/>)?</c>"""
)
"""A formula that no spreadsheet program has worked out yet: it would read as a blank."""

_ODS = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_ODS_VALUE_TYPE = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"

_XLS_START = b"\x09\x08\x10\x00\x00\x06\x05\x00"  # BOF of a BIFF8 workbook
_XLS_SHEET, _XLS_END = 0x85, 0x0A
_XLS_ERROR = re.compile(
    rb"\x05\x02\x08\x00(?P<bool_cell>.{4})..(?P<bool_code>.)\x01"
    rb"|\x06\x00..(?P<formula_cell>.{4})..\x02.(?P<formula_code>.)...\xff\xff",
    re.S,
)
_XLS_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}


class Refused(Exception):
    """Not a table: a word for why, and what there is to say of it."""


def main(arguments: list[str]) -> None:
    """Parse standard input; the last frame says how it went."""
    memory, seconds, kind, wanted = arguments
    _limit(int(memory), int(seconds))
    gc.disable()  # millions of cells, none of them in a cycle
    out = sys.stdout.buffer
    try:
        outcome: tuple[Any, ...] = ("read", _write_workbook(sys.stdin.buffer, kind, wanted, out))
    except Refused as refused:
        outcome = refused.args
    except MemoryError:
        raise  # the limit: the parent words it
    except BaseException as error:  # noqa: BLE001  a panic of calamine's is no Exception
        outcome = ("damaged", str(error) or type(error).__name__)
    _frame(out, b"E", marshal.dumps(outcome))
    out.flush()


def _limit(memory: int, seconds: int) -> None:
    try:
        import resource
    except ImportError:  # Windows: the parent's deadline must do
        return
    try:
        with open("/proc/self/statm", encoding="ascii") as sizes:  # noqa: PTH123  pathlib would be one import more
            memory += int(sizes.read().split()[0]) * resource.getpagesize()  # locales may be mapped: 200 MB, unused
    except OSError:  # not on Linux
        memory += 64 * 2**20
    limits = (resource.RLIMIT_AS, memory, memory), (resource.RLIMIT_CPU, seconds, seconds + 1)
    for kind, soft, hard in (*limits, (resource.RLIMIT_CORE, 0, 0)):
        try:
            resource.setrlimit(kind, (soft, hard))
        except (ValueError, OSError):  # macOS, whose processes map more than they use; or a tighter limit is set
            continue


def _write_workbook(stream: BinaryIO, kind: str, wanted: str, out: BinaryIO) -> list[str]:
    """Writes every visible sheet, or the one wanted; gives the names of all hidden ones."""
    errors = _xls_errors(stream.read()) if kind == "xls" else _inspect(stream, kind)
    stream.seek(0)
    workbook = calamine.load_workbook(stream)
    hidden = []
    for sheet in workbook.sheets_metadata:
        if sheet.typ != calamine.SheetTypeEnum.WorkSheet:
            continue
        if sheet.visible != calamine.SheetVisibleEnum.Visible:
            hidden.append(sheet.name)
        if not wanted and sheet.name in hidden:
            continue
        _frame(out, b"S", marshal.dumps(sheet.name))
        if not wanted or _same(sheet.name, wanted):
            _write_rows(workbook.get_sheet_by_name(sheet.name), errors.get(sheet.name, {}), out)
    return hidden


def _same(name: str, wanted: str) -> bool:
    return name.strip().casefold() == wanted.strip().casefold()


def _write_rows(sheet: calamine.CalamineSheet, errors: Errors, out: BinaryIO) -> None:
    """Rows from the sheet's first, columns from its first; blank rows at the end are left out."""
    left = [""] * (sheet.start[1] if sheet.start else 0)
    rows: Iterator[Row] = (left + row for row in sheet.iter_rows()) if left else sheet.iter_rows()
    if errors:
        rows = _with_errors(rows, errors)
    blank = 0
    while batch := list(islice(rows, BATCH)):
        if all(row.count("") == len(row) for row in batch):
            blank += len(batch)
            continue
        if blank >= GAP:
            raise Refused("far cell", sheet.name, sheet.end[0] + 1 if sheet.end else blank, blank)
        for start in range(0, blank, BATCH):
            _write_batch(out, [[]] * min(BATCH, blank - start))
        blank = 0
        _write_batch(out, batch)


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


def _write_batch(out: BinaryIO, batch: list[Row]) -> None:
    try:
        _frame(out, b"M", marshal.dumps(batch))
    except ValueError:  # dates; marshal is three times as fast where there are none
        _frame(out, b"P", pickle.dumps(batch, 5))


def _frame(out: BinaryIO, kind: bytes, content: bytes) -> None:
    out.write(kind + len(content).to_bytes(4, "big") + content)


def _inspect(stream: BinaryIO, kind: str) -> dict[str, Errors]:
    """Each part is as large as it says and declares no document type (no bomb, no entity); where errors are."""
    marked = set()
    with zipfile.ZipFile(stream) as archive:
        for part in archive.infolist():
            if part.filename.casefold().endswith((".xml", ".rels", ".bin")) and _inflates_to_errors(archive, part):
                marked.add(part.filename)
        if kind == "ods" and "content.xml" in marked:
            return _ods_errors(_parsed(archive, "content.xml"))
        sheets = sheet_parts(archive) if kind == "xlsx" and marked else {}
        return {name: _xlsx_errors(archive.read(part)) for name, part in sheets.items() if part in marked}


def _inflates_to_errors(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Reads a part to its end, where its size and checksum are checked; whether it has errors or uncounted formulas."""
    with archive.open(part) as inflating:
        piece = inflating.read(PIECE)
        prolog = piece.replace(b"\0", b"")  # UTF-16, too
        # OpenOffice 1 and 2 wrote one into the manifest.
        if (b"<!DOCTYPE" in prolog or b"<!ENTITY" in prolog) and part.filename != "META-INF/manifest.xml":
            raise Refused("document type", part.filename)
        seen, tail = False, b""
        while piece:
            seen = seen or _marks_errors(tail + piece)
            tail = piece[-LONGEST_MARK:]
            piece = inflating.read(PIECE)
    return seen


def _marks_errors(content: bytes) -> bool:
    return any(mark in content for mark in _ERROR_MARKS) or (
        b"</f>" in content and any(mark in content for mark in _UNCOUNTED_MARKS)
    )


def _xlsx_errors(xml: bytes) -> Errors:
    errors: Errors = {}
    for letters, row, text in _ERROR_CELL.findall(xml):
        errors.setdefault(int(row), {})[_column_number(letters.decode())] = text.decode()
    for letters, row, formula in _NEVER_COUNTED.findall(xml):
        written = f"={unescape(formula.decode('utf-8', 'replace'))}"
        errors.setdefault(int(row), {})[_column_number(letters.decode())] = written
    return errors


def _ods_errors(root: "ET.Element[str]") -> dict[str, Errors]:
    """LibreOffice writes an error cell as an empty text with `calcext:value-type="error"` and what it shows."""
    found: dict[str, Errors] = {}
    for table in root.iter(f"{_ODS}table"):
        number = 1
        for row in table.iter(f"{_ODS}table-row"):
            column = 1
            for cell in row:
                if cell.get(_ODS_VALUE_TYPE) == "error":
                    text = "".join(cell.itertext()).strip() or "#ERROR"
                    found.setdefault(table.get(f"{_ODS}name", ""), {}).setdefault(number, {})[column] = text
                column += int(cell.get(f"{_ODS}number-columns-repeated", 1))
            number += int(row.get(f"{_ODS}number-rows-repeated", 1))
    return found


def _xls_errors(content: bytes) -> dict[str, Errors]:
    """Records BOOLERR and FORMULA with an error ([MS-XLS] 2.4.24, 2.4.127), each in the sheet whose stream it is in."""
    base = content.find(_XLS_START)
    starts = sorted(_xls_sheets(content, base)) if base >= 0 else []
    found: dict[str, Errors] = {}
    for record in _XLS_ERROR.finditer(content, max(base, 0)):
        row, column = struct.unpack("<HH", record["bool_cell"] or record["formula_cell"])
        text = _XLS_ERRORS.get((record["bool_code"] or record["formula_code"])[0])
        if text and (before := [name for start, name in starts if start < record.start()]):
            found.setdefault(before[-1], {}).setdefault(row + 1, {})[column + 1] = text
    return found


def _xls_sheets(content: bytes, base: int) -> Iterator[tuple[int, str]]:
    """Where each sheet begins, by the BOUNDSHEET records; of a stream in one piece, as programs write it."""
    offset, record = base, 0
    while record != _XLS_END and offset + 4 <= len(content):
        record, length = struct.unpack_from("<HH", content, offset)
        if record == _XLS_SHEET and length >= 8:
            start, wide = struct.unpack_from("<I", content, offset + 4)[0], content[offset + 11] & 1
            name = content[offset + 12 : offset + 4 + length]
            yield base + start, name.decode("utf-16-le" if wide else "latin-1", "replace")
        offset += 4 + length


def _column_number(letters: str) -> int:
    """F → 6, AB → 28."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """An XLSX's sheets and the parts that hold them; what cannot be told is left out."""
    book = next((name for name in archive.namelist() if name.casefold().endswith("xl/workbook.xml")), "")
    folder, _, file = book.rpartition("/")
    relations = f"{folder}/_rels/{file}.rels"
    if not book or relations not in archive.namelist():
        return {}
    targets = {
        element.get("Id"): posixpath.normpath(posixpath.join("/" + folder, element.get("Target", ""))).lstrip("/")
        for element in _parsed(archive, relations)
    }
    parts = {}
    for sheet in _parsed(archive, book).findall("{*}sheets/{*}sheet"):
        relation = next((value for key, value in sheet.attrib.items() if key.endswith("}id")), None)
        if targets.get(relation) in archive.namelist():
            parts[sheet.get("name", "")] = targets[relation]
    return parts


def _parsed(archive: zipfile.ZipFile, part: str) -> "ET.Element[str]":
    return ET.fromstring(archive.read(part))  # noqa: S314  its document type was refused before


if __name__ == "__main__":
    main(sys.argv[1:])
