"""Broken, foreign and malicious files: each is refused by name, with what to do; nothing else is
ever raised.
"""

import gzip
import io
import os
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batch.errors import FileError
from batch.loader.files.read import read_tables

SHEET = "xl/worksheets/sheet1.xml"
MB = 2**20


def book(*far: tuple[int, int]) -> bytes:
    stream = io.BytesIO()
    made = xlsxwriter.Workbook(stream, {"in_memory": True})
    sheet = made.add_worksheet("Out")
    sheet.write_row(0, 0, ["Order", "Tracking"])
    sheet.write_row(1, 0, ["1001", "1Z999AA10123456784"])
    for row, column in far:
        sheet.write(row, column, "stray")
    made.close()
    return stream.getvalue()


def with_part(part: str, change: Callable[[bytes], bytes]) -> bytes:
    """The small workbook with one of its parts changed."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book())) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
    return stream.getvalue()


def at_end(text: bytes) -> Callable[[bytes], bytes]:
    return lambda xml: xml.replace(b"</sheetData>", text + b"</sheetData>")


def lying(content: bytes, size: int) -> bytes:
    """The workbook, its sheet's uncompressed size declared as less than it is."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        part = archive.getinfo(SHEET)
    central = content.rindex(b"PK\x01\x02", 0, content.rindex(SHEET.encode()))
    changed = bytearray(content)
    for offset in (part.header_offset + 22, central + 24):
        changed[offset : offset + 4] = struct.pack("<I", size)
    return bytes(changed)


def zipped(**parts: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


LOL = b'<!DOCTYPE l [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
XXE = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'

LOCKED = {  # as LibreOffice writes it, but for the keys
    "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
    "content.xml": bytes(range(256)),
    "META-INF/manifest.xml": b"<manifest:manifest"
    b' xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    b'<manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/>'
    b"</manifest:file-entry>"
    b"</manifest:manifest>",
}

REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "0 bytes": (lambda: b"", "0 bytes"),
    "one byte": (lambda: b"\n", "no data"),
    "a PDF": (lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "a PDF document"),
    "a picture": (lambda: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a picture"),
    "a program": (lambda: b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff" * 9, "a Windows program"),
    "a Word document": (
        lambda: zipped(**{"[Content_Types].xml": b"<a/>", "word/document.xml": b"<a/>"}),
        "a Word",
    ),
    "JSON": (lambda: b'[{"order": 1}]', "JSON"),
    "XML Spreadsheet 2003": (
        lambda: (
            b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>'
        ),
        "XML Spreadsheet 2003",
    ),
    "a login page": (
        lambda: b"<!DOCTYPE html><html><form>Password</form></html>",
        "no table in it",
    ),
    "noise": (lambda: bytes(range(256)) * 20, "binary data"),
    "one endless line": (lambda: b"a" * (3 * MB), "a line longer than"),
    "a cut workbook": (lambda: book()[:3000], "damaged or not complete"),
    "an entity from outside": (
        lambda: with_part(SHEET, lambda xml: xml.replace(b"<worksheet", XXE + b"<worksheet", 1)),
        "document type",
    ),
    "a billion laughs": (
        lambda: with_part(
            "xl/sharedStrings.xml", lambda xml: xml.replace(b"<sst", LOL + b"<sst", 1)
        ),
        "document type in xl/sharedStrings.xml",
    ),
    "a declared bomb": (lambda: with_part(SHEET, at_end(b" " * (80 * MB))), "zip bomb"),
    "a lying bomb": (
        lambda: lying(with_part(SHEET, at_end(b" " * (80 * MB))), 5000),
        "damaged or not complete",
    ),
    "a gzip bomb": (lambda: gzip.compress(b"a,b\n" * (20 * MB)), "zip bomb"),
    "a far cell": (lambda: book((1_048_575, 16_383)), "XFD1048576"),
    "a far row": (lambda: book((1_048_575, 0)), "row 1,048,576"),
    "a cell far enough": (lambda: book((60_000, 16_383)), "XFD60001"),
    "an ODS under a password": (lambda: zipped(**LOCKED), "is protected by a password"),
    "an archive in an archive": (
        lambda: zipped(**{"a.zip": zipped(**{"a.csv": b"a,b\n1,2\n"})}),
        "archive inside an archive",
    ),
    "a gzip in a gzip": (
        lambda: gzip.compress(gzip.compress(b"a,b\n1,2\n")),
        "archive inside an archive",
    ),
    "a zip of nothing": (lambda: zipped(), "no table"),
    "a zip of thousands": (
        lambda: zipped(**{f"{n}.csv": b"" for n in range(10_001)}),
        "10,001 parts",
    ),
    "a cut gzip": (
        lambda: gzip.compress(os.urandom(2000).hex().encode())[:-200],
        "damaged or not complete",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_export_is_refused_by_name(tmp_path: Path, name: str) -> None:
    make, words = REFUSED[name]
    path = tmp_path / "export.xlsx"
    path.write_bytes(make())
    with pytest.raises(FileError, match=words) as caught:
        read_tables(path)
    assert str(path) in str(caught.value)
    assert caught.value.todo


MEASURE = """
import pathlib, resource, sys
from batch.errors import FileError
from batch.loader.files.read import read_tables
try:
    read_tables(pathlib.Path(sys.argv[1]))
except FileError:
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""


def test_a_far_cell_is_refused_within_300_mb(tmp_path: Path) -> None:
    path = tmp_path / "far.xlsx"
    path.write_bytes(book((60_000, 16_383)))
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, path], cwd=root, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 300


def test_a_dimension_that_lies_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "export.xlsx"
    path.write_bytes(
        with_part(SHEET, lambda xml: xml.replace(b'ref="A1:B2"', b'ref="A1:XFD1048576"'))
    )
    (table,) = read_tables(path)
    assert len(list(table.rows())) == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a named pipe")
def test_what_is_no_file_is_refused_by_name(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name, words in (
        ("", "a folder"),
        ("fifo", "a pipe"),
        ("loop", "leads back to itself"),
        ("none", "no such file"),
    ):
        with pytest.raises(FileError, match=words):
            read_tables(tmp_path / name)
    with pytest.raises(FileError, match="a device"):
        read_tables(Path("/dev/zero"))
    with pytest.raises(FileError, match="null"):
        read_tables(Path("a\0b"))


TORTURE = Path(__file__).parents[3] / "shared" / "torture"
SEEDS = [
    book(),
    b'Order,SKU,Qty\r\n1001,A,1\r\n1002,"B",2\r\n',
    "Bestellung;Größe\n1;ä\n".encode("cp1252"),
    gzip.compress(b"a,b\n1,2\n"),
    zipped(**{"a.csv": b"a,b\n1,2\n"}),
    b"<table><tr><td>a<td>b<tr><td>1<td>2</table>",
    *(path.read_bytes() for path in sorted(TORTURE.glob("python-calamine__*"))),
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A real file with bytes changed, or cut short; or plain noise."""
    content = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 8)) if content else 0):
        content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    return (
        bytes(content[: draw(st.integers(0, len(content)))])
        if draw(st.booleans())
        else bytes(content)
    )


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    content=damaged() | st.binary(max_size=200),
    suffix=st.sampled_from([".csv", ".xlsx", ".xls", ".ods", ""]),
)
def test_any_bytes_give_tables_or_a_file_error(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"export{suffix}"
    path.write_bytes(content)
    try:
        tables = read_tables(path)
    except FileError:
        return  # its words are tested above
    assert tables
    assert all(isinstance(row, list) for table in tables for row in table.rows())
