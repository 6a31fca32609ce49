"""Labels taken back: a number that one row calls void ships nowhere in the file."""

import pytest

from batch.config import Source
from batch.loader.load import load
from batch.model.catalogue import Code

ONE, TWO = "1Z999AA10123456784", "1Z12345E0205271686"


@pytest.mark.parametrize(
    ("lines", "shipped"),
    [
        ([f"1001,,{ONE},N", f"1002,,{TWO},N", f"1001,,{ONE},Y"], [3]),
        ([f"1001,,{ONE},Y", f"1002,,{TWO},N", f"1001,,{ONE.lower()},N"], [3]),  # newest first
        ([f"1001,A,{ONE},N", f"1001,B,{ONE},N", f"1001,,{ONE},Y"], []),  # of the label as a whole
        ([f"1001,A,{ONE},N", f"1001,B,{ONE},Y"], [2]),  # one line is cancelled
        ([f"1001,A,{ONE},Y", f"1001,A,{TWO},N"], [3]),  # packed anew, with another label
    ],
)
def test_a_void_number_ships_in_no_row(tmp_path, lines, shipped):
    path = tmp_path / "export.csv"
    path.write_text("\n".join(["Order Number,SKU,Tracking Number,Void", *lines]))
    export = load(path, Source())
    assert [row for parcel in export.parcels() for row in parcel.rows] == shipped
    left_out = [finding for row, finding in export.findings.items() if row not in shipped]
    assert all(finding.code == Code.VOID and "void" in finding.error for finding in left_out)
    assert len(left_out) == len(lines) - len(shipped)


def test_a_void_link_is_one_too(tmp_path):
    path = tmp_path / "export.csv"
    link = "https://track.example/1"
    path.write_text(f"Order Number,Tracking Link,Void\n1001,{link},\n1001,{link},voided\n")
    assert list(load(path, Source()).parcels()) == []
