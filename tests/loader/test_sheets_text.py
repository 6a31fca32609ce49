"""Delimited text: encodings, delimiters, line ends, quotes."""

import gzip
import zipfile
from pathlib import Path

import pytest

from batch.errors import FileError
from batch.loader.files.read import read_tables
from batch.loader.files.tables import Table


def read(folder: Path, content: bytes | str, name: str = "export.csv") -> Table:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    (table,) = read_tables(path)
    return table


def rows(folder: Path, content: bytes | str) -> list[list[object]]:
    return [list(row) for row in read(folder, content).rows()]


ORDER = [["Order", "Größe"], ["1001", "4"]]
SMALL = "Order;Größe\r\n1001;4\r\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_encodings_a_spreadsheet_program_saves_in_are_recognised(
    tmp_path: Path, encoding: str
) -> None:
    assert rows(tmp_path, SMALL.encode(encoding)) == ORDER


def test_a_mark_is_no_part_of_a_quoted_first_header(tmp_path: Path) -> None:
    assert rows(tmp_path, '\ufeff"Order","SKU"\n1,2\n')[0] == ["Order", "SKU"]


def test_a_fallback_to_windows_western_is_told(tmp_path: Path) -> None:
    (note,) = [note for note in read(tmp_path, SMALL.encode("cp1252")).said if "cp1252" in note]
    assert "line 1" in note


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1250", "žluťoučký kůň"), ("cp1250", "Zażółć gęślą jaźń"), ("cp1250", "ul. Główna"),
        ("cp1250", "Győr őrség"), ("cp1251", "Москва"), ("cp1251", "Заказ отправлен"),
        ("cp866", "Заказ отправлен"),
        ("cp1252", "déjà expédié à Orléans"), ("cp1252", "São Paulo, informações"),
        ("cp1252", "Åse Ødegård – 5 €"), ("mac_roman", "déjà expédié à Orléans"),
        ("mac_roman", "Señor Málaga"), ("cp949", "서울특별시 강남구"), ("cp949", "배송 완료"),
        ("gb18030", "上海市浦东新区"), ("gb18030", "已发货 请查收"), ("big5", "台北市信義區"),
        ("cp1253", "Αθήνα παραγγελία"), ("cp1255", "הזמנה תל אביב"), ("cp1254", "Kadıköy ağaç"),
    ],
)  # fmt: skip
def test_an_old_code_page_is_told_by_its_letters(tmp_path: Path, encoding: str, text: str) -> None:
    table = read(tmp_path, f"Order;Note\n1001;{text}\n".encode(encoding))
    assert list(table.rows())[1] == ["1001", text]
    assert encoding in table.said[0]
    assert not table.is_doubtful


@pytest.mark.parametrize(
    ("encoding", "text"), [("koi8-r", "Заказ отправлен"), ("mac_roman", "Müller Köln")]
)
def test_what_may_be_another_code_page_is_in_doubt(
    tmp_path: Path, encoding: str, text: str
) -> None:
    table = read(tmp_path, f"Order;Note\n1001;{text}\n".encode(encoding))
    assert table.is_doubtful
    assert "Save it as CSV UTF-8" in table.warnings[0]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["Заказ отправлен", "注文番号", "Θεσσαλονίκη", "배송 완료"])
def test_utf_16_needs_no_mark_in_any_alphabet(tmp_path: Path, encoding: str, text: str) -> None:
    content = f"{text}\t{text}\n" * 3 + f"1001\t{text}\n"
    assert rows(tmp_path, content.encode(encoding))[-1] == ["1001", text]


def test_japanese_marketplace_files_are_read_as_such(tmp_path: Path) -> None:
    content = "注文番号,お届け先,送り状番号\r\n1001,東京都千代田区,123456789012\r\n".encode("cp932")
    table = read(tmp_path, content)
    assert next(table.rows()) == ["注文番号", "お届け先", "送り状番号"]
    assert "Japanese" in table.said[0]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "header", ["номер заказа\tАртикул\tКоличество", "αριθμός\tκωδικός", "注文番号\t一七二八\t数量"]
)
def test_every_alphabet_is_text_in_utf_16(tmp_path: Path, header: str, encoding: str) -> None:
    """Excel's "Unicode text": half the bytes of Cyrillic are control characters, were they bytes of
    text.
    """
    text = f"{header}\r\n" * 20
    marked = text if encoding == "utf-16" else f"\ufeff{text}"
    assert next(read(tmp_path, marked.encode(encoding)).rows()) == header.split("\t")


def test_japanese_without_kana_is_read_as_such(tmp_path: Path) -> None:
    table = read(tmp_path, "注文番号,数量,伝票番号\r\n1001,1,123456789012\r\n".encode("cp932"))
    assert next(table.rows()) == ["注文番号", "数量", "伝票番号"]


WESTERN = [
    "it’s “fine” – naïve café",
    "Größe ÄÖÜ straße",
    "ÉTÉ, À LA CARTE, ÇA",
    "50 € £ ¥",
    "Número äö-1 äö-2 äö-3 äö-4",
]


@pytest.mark.parametrize("text", WESTERN)
def test_western_text_is_not_taken_for_japanese(tmp_path: Path, text: str) -> None:
    assert rows(tmp_path, f"Order|Note\n1001|{text}\n".encode("cp1252"))[1][1] == text


def test_mixed_encodings_are_read_line_by_line_and_the_odd_lines_named(tmp_path: Path) -> None:
    table = read(
        tmp_path,
        "Order,City\n1,Köln\n".encode() + "2,Málaga\n".encode("cp1252") + "3,Orléans\n".encode(),
    )
    assert [row[1] for row in table.rows()] == ["City", "Köln", "Málaga", "Orléans"]
    assert "line 3 is not UTF-8" in table.warnings[0]


def test_bytes_no_encoding_explains_are_shown_and_named(tmp_path: Path) -> None:
    table = read(tmp_path, b"Order,City\n1,K\xf6ln\n2,\x81\x8d\n")
    assert list(table.rows())[2][1] == "\ufffd\ufffd"
    assert any("Line 3" in note for note in table.warnings)


@pytest.mark.parametrize("delimiter", list(",;\t|"))
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    lines = [["Order", "Cost", "Note"], ["1001", "12.50", "a b"], ["1002", "3.10", "c d"]]
    assert rows(tmp_path, "\n".join(map(delimiter.join, lines))) == lines


def test_decimal_commas_do_not_make_the_comma_a_delimiter(tmp_path: Path) -> None:
    assert rows(tmp_path, "Order;Cost;Weight\n1;12,50;1,5\n2;3,10;2,5\n")[1] == [
        "1",
        "12,50",
        "1,5",
    ]


def test_titles_above_the_table_do_not_hide_its_delimiter(tmp_path: Path) -> None:
    text = "Shipped today, by carrier, all warehouses\n\nOrder;SKU;Qty\n1;A;1\n2;B;2\n"
    assert rows(tmp_path, text)[2] == ["Order", "SKU", "Qty"]


def test_a_sep_line_sets_the_delimiter_and_is_no_row(tmp_path: Path) -> None:
    assert rows(tmp_path, "sep=^\r\nOrder^SKU\r\n1^A\r\n") == [["Order", "SKU"], ["1", "A"]]


def test_blanks_between_a_delimiter_and_a_quote_are_skipped(tmp_path: Path) -> None:
    assert rows(tmp_path, 'Order, "Name", "City"\n1, "Doe, Jane", "Bonn"\n')[1] == [
        "1",
        "Doe, Jane",
        "Bonn",
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_counts_and_blank_lines_are_rows(tmp_path: Path, end: str) -> None:
    found = rows(tmp_path, end.join(["Order,SKU", "", "1,A", ""]))
    assert found == [["Order", "SKU"], [], ["1", "A"]]


def test_a_cell_may_hold_line_ends(tmp_path: Path) -> None:
    text = 'Order,Address,SKU\r\n1,"12 Main St\r\nApt 4\nBack door",A\r\n2,x,B\r\n'
    assert rows(tmp_path, text)[1:] == [["1", "12 Main St\nApt 4\nBack door", "A"], ["2", "x", "B"]]


def test_ragged_rows_and_trailing_delimiters_are_passed_on_as_they_are(tmp_path: Path) -> None:
    assert rows(tmp_path, "a,b,c\n1,2,3,,\n4\n5,6,7\n8,9,0\n")[1:3] == [
        ["1", "2", "3", "", ""],
        ["4"],
    ]


def test_text_stays_text(tmp_path: Path) -> None:
    assert rows(tmp_path, "a,b\n0012,9.40011E+21\n") == [["a", "b"], ["0012", "9.40011E+21"]]


def test_nuls_are_taken_out_and_told(tmp_path: Path) -> None:
    table = read(tmp_path, b"Order,SKU\n1,\0A\0\n\x1a")
    assert list(table.rows())[1] == ["1", "A"]
    assert any("NUL" in note for note in table.warnings)


def test_a_quote_never_closed_costs_its_own_row_only(tmp_path: Path) -> None:
    text = 'a,b,c\n1,"x,3\n' + "4,5,6\n" * 50_000
    found = rows(tmp_path, text)
    assert (len(found), found[1], found[-1]) == (50_002, ["1", '"x', "3"], ["4", "5", "6"])


def test_two_stray_quotes_do_not_swallow_the_rows_between(tmp_path: Path) -> None:
    text = 'a,b,c\n1,"x,3\n' + "4,5,6\n" * 20 + '7,8",9\n10,11,12\n'
    found = rows(tmp_path, text)
    assert (len(found), found[5], found[-1]) == (24, ["4", "5", "6"], ["10", "11", "12"])


@pytest.mark.parametrize(
    ("cell", "read_as"),
    [
        ('"5" tube"', '5 tube"'),
        (r'"5\" tube"', '5" tube'),
        ('5" tube', '5" tube'),
        ('"5"" tube"', '5" tube'),
    ],
)
def test_quotes_within_a_cell_keep_the_row_together(
    tmp_path: Path, cell: str, read_as: str
) -> None:
    assert rows(tmp_path, f"a,b,c\n1,{cell},3\n4,5,6\n7,8,9\n")[1:3] == [
        ["1", read_as, "3"],
        ["4", "5", "6"],
    ]


def test_a_last_line_cut_short_is_told(tmp_path: Path) -> None:
    assert any("cut short (2 of 3" in note for note in read(tmp_path, "a,b,c\n1,2,3\n4,5").warnings)
    assert not read(tmp_path, "a,b,c\n1,2,3\n4,5,6").warnings


def test_rows_can_be_read_again_and_side_by_side(tmp_path: Path) -> None:
    table = read(tmp_path, "a,b\n1,2\n")
    assert list(zip(table.rows(), table.rows(), strict=True)) == [
        (["a", "b"],) * 2,
        (["1", "2"],) * 2,
    ]


def test_an_address_says_row_and_column_as_a_spreadsheet_program_does(tmp_path: Path) -> None:
    assert read(tmp_path, "a,b\n1,2\n").address(214, 28) == "row 214, column 28 (AB)"


def test_a_file_gone_before_its_rows_are_read_is_a_file_error(tmp_path: Path) -> None:
    table = read(tmp_path, "a,b\n1,2\n")
    table.path.unlink()
    with pytest.raises(FileError, match="no such file"):
        list(table.rows())


def test_gzip_and_a_zip_with_one_table_are_read(tmp_path: Path) -> None:
    assert rows(tmp_path, gzip.compress(b"a,b\n1,2\n")) == [["a", "b"], ["1", "2"]]
    with zipfile.ZipFile(tmp_path / "one.zip", "w") as archive:
        archive.writestr("out/orders.csv", "a,b\n1,2\n")
        archive.writestr("__MACOSX/out/._orders.csv", "x")
        archive.writestr("out/logo.png", b"\x89PNG\r\n\x1a\n")
    (table,) = read_tables(tmp_path / "one.zip")
    assert list(table.rows()) == [["a", "b"], ["1", "2"]]
    assert "orders.csv" in table.said[0]


def test_a_zip_with_two_tables_is_refused_and_both_are_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("monday.csv", "a,b\n1,2\n")
        archive.writestr("tuesday.csv", "a,b\n1,2\n")
    with pytest.raises(FileError, match=r"monday\.csv, tuesday\.csv"):
        read_tables(tmp_path / "two.zip")


def test_an_html_table_under_the_name_xls_is_read(tmp_path: Path) -> None:
    page = (
        "<html><body><p>Report</p><table><tr><th>Order<th>SKU<th>Qty</tr>"
        "<tr><td rowspan=2>1001<td>A&amp;B<td>1</tr><tr><td>C<br>D<td>2</tr></table></body></html>"
    )
    table = read(tmp_path, page, "export.xls")
    assert table.address(2, 1) == "'Table 1'!A2"
    assert list(table.rows()) == [["Order", "SKU", "Qty"], ["1001", "A&B", "1"], ["", "C D", "2"]]
