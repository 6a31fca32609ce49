"""Exports as warehouses', carriers' and marketplaces' programs lay them out, and the spellings of
headers met in them.

`export_layouts.txt` has each export with what it must become, `header_spellings.txt` the spellings
by field.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from batch.config import Source
from batch.loader.columns.headers import recognise
from batch.loader.load import Load, load
from batch.model import Parcel, Unanswered

HERE = Path(__file__).parent


def layouts() -> Iterator[tuple[str, list[str], list[str]]]:
    """Name, the export's lines, and what it becomes: a parcel or a row's code a line."""
    for block in (HERE / "export_layouts.txt").read_text("utf-8").split("\n\n"):
        if lines := block.strip().split("\n"):
            made = [line.removeprefix("-> ") for line in lines if line.startswith("-> ")]
            yield (
                lines[0].removeprefix("# "),
                [line for line in lines[1:] if not line.startswith("-> ")],
                made,
            )


def shown(parcel: Parcel) -> str:
    lines = (
        f"{line.sku or line.order_product_id}:{line.quantity or 'all'}" for line in parcel.lines
    )
    return " | ".join(
        (
            str(parcel.order_id or parcel.external_order_id),
            " + ".join(lines) or "all",
            " ".join(parcel.numbers) or "-",
            parcel.shipping_provider or parcel.tracking_carrier or "-",
        )
    )


def became(export: Load) -> list[str]:
    return [
        *map(shown, export.parcels()),
        *(f"row {row}: {found.code}" for row, found in export.findings.items()),
    ]


@pytest.mark.parametrize(
    ("lines", "made"), [pytest.param(*each, id=name) for name, *each in layouts()]
)
def test_a_programs_own_export_loads_with_nothing_to_map(
    tmp_path: Path, lines: list[str], made: list[str]
) -> None:
    """Or asks what only a person knows, and loads with the first answers."""
    path = tmp_path / "export.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    asks = [line.removeprefix("asks ") for line in made if line.startswith("asks ")]
    if asks:
        with pytest.raises(Unanswered) as caught:
            load(path, Source())
        assert [question.id for question in caught.value.questions] == asks
    assert became(load(path, Source(), assume=bool(asks))) == made[len(asks) :]


USPS = [f"94001112010808054830{n}" for n in (16, 23, 30, 47)]
VALUES = {
    "order_id": ["1001", "1002", "1003", "1004"],
    "external_order_id": [
        "112-1234567-1234567",
        "112-1234567-1234568",
        "112-1234567-1234569",
        "112-1234567-1234560",
    ],
    "order_product_id": ["701", "702", "703", "704"],
    "order_address_id": ["51", "52", "53", "54"],
    "sku": ["AB-0X", "AB-1X", "AB-2X", "AB-0X"],
    "quantity": ["1", "2", "3", "1"],
    "tracking_number": USPS,
    "tracking_link": [f"https://t.example/{number}" for number in USPS],
    "carrier": ["UPS", "USPS", "FedEx", "UPS"],
    "shipping_provider": ["ups", "usps", "fedex", "ups"],
    "tracking_carrier": ["ups", "usps", "fedex", "dpd-uk"],
    "shipping_method": ["Ground", "Express", "Standard", "Ground"],
    "merchant_shipping_cost": ["5.00", "6.03", "7.06", "8.09"],
    "comments": ["at the door", "fragile", "", "gift"],
    "ship_date": ["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04"],
}
BESIDE = {
    "order_id": "Order Number",
    "sku": "SKU",
    "quantity": "Qty Shipped",
    "tracking_number": "Tracking Number",
    "carrier": "Carrier",
    "shipping_method": "Service",
}
"""The columns a header stands among."""


def spellings() -> Iterator[tuple[str, str]]:
    for block in (HERE / "header_spellings.txt").read_text("utf-8").strip().split("\n\n"):
        name, *headers = block.split("\n")
        yield from ((name.strip("[]"), header) for header in headers)


def test_every_spelling_of_a_header_met_in_real_files_is_read() -> None:
    found = []
    for name, header in spellings():
        beside = {other: text for other, text in BESIDE.items() if other != name}
        if name == "external_order_id":
            del beside["order_id"]
        named = {name: header, **beside}
        rows = list(zip(*(VALUES[each] for each in named), strict=True))
        columns = recognise(list(named.values()), rows).columns
        found.append((name, header, columns.get(name)))  # type: ignore[call-overload]
    assert len(found) > 240
    assert not [each for each in found if each[2] != (0,)]


def test_the_tables_of_layouts_and_spellings_are_written_as_they_are_read() -> None:
    """No block without its outcome, no name that is no field."""
    assert all(lines and made for _, lines, made in layouts())
    assert {name for name, _ in spellings()} <= VALUES.keys()
    assert not re.search(
        r"^->(?! )", (HERE / "export_layouts.txt").read_text("utf-8"), re.MULTILINE
    )
