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
import sys
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
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

_ERROR_MARKS = (b't="e"', b"t='e'")
_ERROR_CELL = re.compile(
    rb"""<(?:\w+:)?c(?=\s)(?=[^>]*\st=["']e["'])[^>]*?\sr=["']([A-Z]{1,3})(\d{1,7})["'][^>]*>"""
    rb"""(?:<(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>))?\s*<(?:\w+:)?v>(#[^<]{1,30})<"""
)


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
    except calamine.PasswordError:
        outcome = ("password",)
    except BaseException as error:  # noqa: BLE001  a panic of calamine's is no Exception
        outcome = ("damaged", str(error) or type(error).__name__)
    _frame(out, b"E", marshal.dumps(outcome))
    out.flush()


def _limit(memory: int, seconds: int) -> None:
    try:
        import resource
    except ImportError:  # Windows: the parent's deadline must do
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _write_workbook(stream: BinaryIO, kind: str, wanted: str, out: BinaryIO) -> list[str]:
    """Writes every visible sheet, or the one wanted; gives the names of all hidden ones."""
    errors = _inspect(stream, kind) if kind != "xls" else {}
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
        if kind != "xlsx" or not marked:
            return {}
        sheets = sheet_parts(archive)
        return {name: _errors(archive.read(part)) for name, part in sheets.items() if part in marked}


def _inflates_to_errors(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Reads a part to its end, where its size and checksum are checked; whether it marks cells as errors."""
    with archive.open(part) as inflating:
        piece = inflating.read(PIECE)
        prolog = piece.replace(b"\0", b"")  # UTF-16, too
        # OpenOffice 1 and 2 wrote one into the manifest.
        if (b"<!DOCTYPE" in prolog or b"<!ENTITY" in prolog) and part.filename != "META-INF/manifest.xml":
            raise Refused("document type", part.filename)
        seen, tail = False, b""
        while piece:
            seen = seen or any(mark in tail + piece for mark in _ERROR_MARKS)
            tail = piece[-5:]
            piece = inflating.read(PIECE)
    return seen


def _errors(xml: bytes) -> Errors:
    errors: Errors = {}
    for letters, row, text in _ERROR_CELL.findall(xml):
        errors.setdefault(int(row), {})[column_number(letters.decode())] = text.decode()
    return errors


def column_number(letters: str) -> int:
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
    for element in _parsed(archive, book).iter():
        relation = next((value for key, value in element.attrib.items() if key.endswith("}id")), None)
        if element.tag.endswith("}sheet") and targets.get(relation) in archive.namelist():
            parts[element.get("name", "")] = targets[relation]
    return parts


def _parsed(archive: zipfile.ZipFile, part: str) -> "ET.Element[str]":
    return ET.fromstring(archive.read(part))  # noqa: S314  its document type was refused before


if __name__ == "__main__":
    main(sys.argv[1:])
