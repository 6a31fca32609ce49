"""Hard files of other projects' test suites, where they lie beside this one."""

from pathlib import Path

import pytest

from batch.errors import FileError
from batch.loader.sheets import read_tables

TORTURE = Path(__file__).parents[2] / "shared" / "torture"
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
    assert "cp1252" in table.notes[0]
    assert any("ó" in str(cell) for row in table.rows() for cell in row)
