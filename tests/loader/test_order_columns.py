"""Order numbers as a column tells together: thousands, parts of an order, a source's pattern."""

import pytest

from batch.config import Source
from batch.loader.cells.order_numbers import Pattern
from batch.loader.load import load
from batch.model import Unanswered


def loaded(tmp_path, cells, *, pattern="", answers=None):
    """Order → the rows that name it; and the errors of the other rows."""
    lines = ["Order Number;Tracking Number;Carrier"]
    lines += [f"{cell};PARCEL66052722{at:02};GLS" for at, cell in enumerate(cells)]
    path = tmp_path / "export.csv"
    path.write_text("\n".join(lines), "utf-8")
    source = Source(order_number=pattern, answers=answers or {})
    export = load(path, source)
    parcels = {row: parcel.order_id for parcel in export.parcels() for row in parcel.rows}
    return [parcels.get(row, 0) for row in range(2, len(cells) + 2)], export


@pytest.mark.parametrize(
    ("cells", "orders"),
    [
        (["11.998", "12.000", "12.001"], [11998, 12000, 12001]),
        (["998", "999", "1.000", "1.001"], [998, 999, 1000, 1001]),
        (["1'041", "1'042"], [1041, 1042]),
        (["1 041", "1 042"], [1041, 1042]),
        (["1,041", "1,042"], [1041, 1042]),
        (["1.204.001", "1.204.002"], [1204001, 1204002]),
        (["999.000", "1000.000", "1001.000"], [999, 1000, 1001]),
        (["1001.0", "1002.0"], [1001, 1002]),
        (["1001-1", "1001-2", "1002-1"], [1001, 1001, 1002]),
        (["BC-1001-1", "BC-1002-1"], [1001, 1002]),
        (["1001", "1002-A", "1002-B"], [1001, 1002, 1002]),
    ],
)
def test_a_columns_numbers_tell_each_other(tmp_path, cells, orders):
    found, _ = loaded(tmp_path, cells)
    assert found == orders


@pytest.mark.parametrize(
    ("cells", "odd"),
    [
        (["1001", "1002", "12.000"], "12.000"),  # the others have no marks
        (["1001", "1024-25"], "1024-25"),
        (["1001", "1005-R"], "1005-R"),
        (["1001-03", "1002-03"], "1001-03"),  # a year, or a range
        (["1001", "1002-1"], "1002-1"),
        (["1001", "'1005-R"], "1005-R"),
    ],
)
def test_what_follows_a_number_is_not_left_out(tmp_path, cells, odd):
    found, export = loaded(tmp_path, cells)
    assert found[-1] == 0
    assert any(odd in finding.error for finding in export.findings.values())


def test_only_whole_thousands_are_asked_about_once(tmp_path):
    with pytest.raises(Unanswered, match=r"12\.000: it may mean 12000 or 12\."):
        loaded(tmp_path, ["12.000", "13.000"])
    name = "thousands:Order Number"
    assert loaded(tmp_path, ["12.000"], answers={name: "thousands"})[0] == [12000]
    assert loaded(tmp_path, ["12.000"], answers={name: "fraction"})[0] == [12]


def test_a_sources_pattern_settles_what_its_numbers_are(tmp_path):
    cells = ["1005-R", "1006-R", "1007"]
    assert loaded(tmp_path, cells, pattern="{id}-R")[0] == [1005, 1006, 1007]
    assert loaded(tmp_path, ["WH/OUT/1001", "WH/OUT/1002"], pattern="WH/OUT/{id}")[0] == [
        1001,
        1002,
    ]


@pytest.mark.parametrize(
    ("pattern", "text", "digits"),
    [
        ("BC-{id}", "bc-1001", "1001"),
        ("BC-{id}", "BC-1001-2", ""),
        ("BC-{id}-*", "BC-1001-26", "1001"),
        ("{id}-*", "1001", ""),
        ("{id}*", "1001/A", "1001"),
        ("BC-{id}", "WOO-7", ""),
        ("", "1001", ""),
    ],
)
def test_a_pattern_takes_what_is_written_so(pattern, text, digits):
    assert Pattern(pattern).digits(text) == digits
