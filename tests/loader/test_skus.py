"""SKUs as a warehouse writes them: its own names for the store's, and what a web page had to
escape.
"""

import pytest

from batch.config import Source
from batch.loader.load import load


def skus(tmp_path, cells, table=None):
    """What each row asks for, by SKU."""
    path = tmp_path / "export.csv"
    rows = [f'{1001 + at},"{cell}",1,T10000000{at}' for at, cell in enumerate(cells)]
    path.write_text("\n".join(["Order Number,SKU,Quantity,Tracking Number", *rows]), "utf-8")
    export = load(path, Source(skus=table or {}))
    assert not export.findings
    return [[line.sku for line in parcel.lines] for parcel in export.parcels()]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("R&amp;D-1", "R&D-1"),
        ("TEE &quot;M&quot;", 'TEE "M"'),
        ("CAF&#233;-2", "CAFé-2"),
        ("R&D-1", "R&D-1"),
        ("A&B", "A&B"),
    ],
)
def test_what_a_web_page_had_to_escape_is_undone(tmp_path, written, meant):
    assert skus(tmp_path, [written.replace('"', '""')]) == [[meant]]


def test_a_sources_table_names_the_stores_skus(tmp_path):
    table = {"WH-TEE-M": "TEE-M", "MUG, RED": "MUG-RED", "0123": "CUP", "a": "B", "A": "C"}
    cells = ["WH-TEE-M", " wh-tee-m", "ＷＨ-TEE-M", "MUG, RED", "0123", "a", "A", "HAT"]
    found = skus(tmp_path, cells, table)
    assert found == [
        [sku] for sku in ["TEE-M", "TEE-M", "TEE-M", "MUG-RED", "CUP", "B", "C", "HAT"]
    ]
