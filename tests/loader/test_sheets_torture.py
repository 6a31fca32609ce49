"""Hard files of other projects' test suites, where they lie beside this one."""

import re
import struct
from pathlib import Path

import pytest

from batch.errors import FileError
from batch.loader.files.read import read_tables

TORTURE = Path(__file__).parents[3] / "shared" / "torture"
FILES = sorted(path.name for path in TORTURE.glob("*__*"))
REFUSED = {
    "messytables__encrypted_no_password.xls": "password",
    "messytables__libreoffice.xlsx": "no data",
    "messytables__simple.unknown": "0 bytes",
    "python-calamine__empty_file.xlsb": "0 bytes",
    "python-calamine__empty_file.xlsx": "0 bytes",
    "python-calamine__password.xls": "password",
    "python-calamine__password.xlsb": "password",
    "python-calamine__password.xlsx": "password",
}
pytestmark = pytest.mark.skipif(not FILES, reason="the files are not here")


@pytest.mark.parametrize("name", FILES)
def test_a_hard_file_is_read_or_refused_for_what_it_is(name: str) -> None:
    if name in REFUSED:
        with pytest.raises(FileError, match=REFUSED[name]):
            read_tables(TORTURE / name)
    else:
        assert all(sum(1 for _ in table.rows()) for table in read_tables(TORTURE / name))


def cells(name: str) -> list[list[object]]:
    return [list(row) for row in read_tables(TORTURE / name)[0].rows()]


def test_long_digits_as_text_are_kept_digit_for_digit() -> None:
    for name in ("readxl__big-texty-numbers-xlsx.xlsx", "readxl__big-texty-numbers-xls.xls"):
        rows = cells(name)
        assert all(isinstance(row[1], str) for row in rows[1:])


def test_a_missing_first_column_does_not_shift_the_others() -> None:
    assert cells("readxl__missing-first-column.xlsx") == [["", 1.0], ["", 2.0], ["", 3.0]]


def test_a_mark_is_no_part_of_the_first_header() -> None:
    assert cells("messytables__utf8bom.csv") == [["kitten", "win"]]


def test_accents_are_intact_and_the_encoding_told() -> None:
    (table,) = read_tables(TORTURE / "messytables__spanish_chars.csv")
    assert "cp1252" in table.said[0]
    assert any("ó" in str(cell) for row in table.rows() for cell in row)


def test_error_cells_of_an_xls_arrive_as_their_text(tmp_path: Path) -> None:
    content = (TORTURE / "python-calamine__base.xls").read_bytes()
    # a NUMBER record: 4 + 14 bytes
    number = re.search(rb"\x03\x02\x0e\x00(.{6}).{8}", content, re.S)
    assert number
    row, column = struct.unpack("<HH", number[1][:4])
    # BOOLERR, and a filler
    error = b"\x05\x02\x08\x00" + number[1] + b"\x2a\x01" + b"\xef\xef\x02\x00\x00\x00"
    (tmp_path / "a.xls").write_bytes(content.replace(number[0], error, 1))
    (table,) = read_tables(tmp_path / "a.xls")
    assert list(table.rows())[row][column] == "#N/A"
