"""Text is compared as it is: exactly, else without case and outer blanks, else by width forms; `²`
is no digit.
"""

import json
from typing import Any

import pytest
from shop import OpenShop, line, number, order, said, store

from batch.errors import NothingSent
from batch.loader.cells import order_numbers, skus, tracking_numbers, values
from batch.loader.cells.carriers import carrier
from batch.loader.cells.check_digits import readings
from batch.loader.cells.damage import Wrong
from batch.loader.cells.money import cost
from batch.loader.columns import value_shapes
from batch.loader.columns.headers import fingerprint
from batch.loader.columns.synonyms import meaning, numbered_meaning
from batch.loader.rows.carrier_columns import _is_provider
from batch.model import Line, Parcel
from batch.model.matching import plain
from batch.pipeline.decisions import answer_of
from batch.primitives.spelling import match_spelling, narrow


@pytest.mark.parametrize(
    ("written", "store", "meant"),
    [
        ("a1", ["A1", "a1"], ["a1"]),
        ("a1", ["A1", " A1"], ["A1", " A1"]),
        ("Ａ１", ["A1", "Ａ１"], ["Ａ１"]),
        ("ａ１－ｘ", ["A1-X"], ["A1-X"]),
        ("A1", ["Ａ１"], ["Ａ１"]),
        ("ｶﾞﾗｽ", ["ガラス"], ["ガラス"]),
        ("GLASS-²", ["GLASS-2"], []),
        ("HUSET™", ["HUSETTM", "huset™"], ["huset™"]),
        ("STRAßE", ["STRASSE"], []),
        ("ﬁg", ["FIG"], []),
        ("5µ", ["5μ"], []),
        ("①", ["1"], []),
    ],
)
def test_a_name_means_what_is_spelled_most_like_it(
    written: str, store: list[str], meant: list[str]
) -> None:
    """One tier decides: a looser one is not looked at where a stricter one has found any."""
    assert match_spelling(written, store, str) == meant


@pytest.mark.parametrize("text", ["²", "HUSET™", "½", "ﬁ", "№", "é", "e\u0301", "①", "x\u00a0y"])
def test_only_width_forms_have_another_form(text: str) -> None:
    assert narrow(text) == text


@pytest.mark.parametrize("written", ["10²", "1²", "²", "①", "1½"])
def test_a_superscript_is_no_digit_in_any_cell(written: str) -> None:
    """Orders, ids, units, tracking numbers: refused; costs: left out; other shops' numbers: looked
    up as they are.
    """
    rules = (
        order_numbers.order_number,
        values.identifier,
        values.quantity,
        tracking_numbers.tracking_number,
        cost,
    )
    assert all(isinstance(rule(written), Wrong) for rule in rules)
    assert (
        order_numbers.external_number(written)
        == skus.sku(written)
        == values.words(written)
        == written
    )
    assert not value_shapes.are_few([written])
    assert not value_shapes.are_store_numbers([written])
    with pytest.raises(NothingSent):
        answer_of(f"exists {written}")


def test_units_beside_a_sku_are_digits() -> None:
    """`A x２` is two of A, `A x²` is a SKU of that name."""
    assert skus.items("A x２ ｜ B") == (("A", 2), ("B", 1))
    assert skus.items("A x²") == (("A x²", None),)


def test_carrier_words_and_codes_are_compared_as_they_are() -> None:
    """A registered sign stands beside a name; a long s, a superscript and another script's digits
    make another one.
    """
    assert carrier("ＵＰＳ® Ground").provider == carrier("UPS™").provider == "ups"
    assert not any(carrier(name).provider for name in ("UPſ", "UPS²"))
    assert not _is_provider("carrier_²")
    assert not _is_provider("carrier_١")
    assert not _is_provider("uſps")
    assert readings("1Z999AA10123456784")
    assert not readings("1ſ999AA10123456784")
    assert isinstance(tracking_numbers.tracking_number("httpſ://track.example/1"), Wrong)
    assert plain("1zß") != plain("1ZSS")


def test_headers_are_compared_as_they_are() -> None:
    """Width forms and ordinals are known; a superscript makes no numbered column, and another
    header row.
    """
    assert meaning("ＳＫＵ") == meaning("SKU")
    assert meaning("Nº de pedido") == meaning("No de pedido")
    assert not numbered_meaning("Tracking Number²").fields
    assert numbered_meaning("Tracking Number 2").fields
    assert fingerprint(["SKU²"]) != fingerprint(["SKU2"])


def test_parcels_of_other_skus_are_other_parcels() -> None:
    """Also where nothing but the case, or a superscript, tells their lines apart."""

    def asks(*lines: tuple[str, int]) -> str:
        return Parcel(
            1, (2,), tuple(Line(sku, None, units) for sku, units in lines), numbers=("N",)
        ).request_key

    assert asks(("a", 1), ("A", 2)) != asks(("a", 2), ("A", 1))
    assert asks(("A²", 1)) != asks(("A2", 1))
    assert asks(("Ａ", 1)) == asks(("a", 1))


FILE: list[tuple[object, ...]] = [
    (100, "GLASS-²", 1, number(1)),
    (101, "HUSET™", 1, number(2)),
    (102, "TILE-1M²", 1, number(3)),
    (103, "A²", 1, number(4)),
    (103, "a2", 1, number(5)),
    (104, "MUG", "1²", number(6)),
    ("10²", "MUG", 1, number(7)),
    (105, "mug", 1, number(8)),
    (105, "MUG", 2, number(8)),
    (106, "ｍｕｇ", "２", number(9)),
    (107, "mug", 1, number(10)),
    (107, "Mug", 2, number(10)),
]
ORDERS = store(
    order(100, line(1000, "GLASS-2")),
    order(101, line(1010, "HUSET™")),
    order(102, line(1020, "TILE-1M²")),
    order(103, line(1030, "A2"), line(1031, "A²")),
    order(104),
    order(105, line(1050, "MUG"), line(1051, "mug")),
    order(106),
    order(107),
)


async def test_each_row_ships_the_line_that_it_names(shop: OpenShop) -> None:
    """Lines that differ by a sign or their case are two; one in two spellings is one, added up, and
    that is said.
    """
    shipped: dict[tuple[int, str], Any] = {
        (101, number(2)): {1010: 1},
        (102, number(3)): {1020: 1},
        (103, number(4)): {1031: 1},
        (103, number(5)): {1030: 1},
        (105, number(8)): {1050: 2, 1051: 1},
        (106, number(9)): {1060: 2},
        (107, number(10)): {1070: 3},
    }
    opened = await shop(ORDERS)
    report = await opened.run(*FILE)
    assert {(order_id, label): units for order_id, label, units in opened.made()} == shipped
    wrong = {row: code for row, (_, code) in said(report).items() if code}
    assert wrong == {2: "unknown_sku", 7: "bad_quantity", 8: "bad_order_number"}
    assert "in two ways" in json.dumps(report.rows[12].warnings)
    again = await opened.run(*FILE)
    assert (len(opened.made()), again.summary["already_created"]) == (len(shipped), 9)


async def test_another_sku_under_a_known_number_is_no_parcel_shipped_before(shop: OpenShop) -> None:
    """Though it differs in its case only: the order has both, and a person is asked."""
    opened = await shop(store(order(105, line(1050, "MUG"), line(1051, "mug"))))
    await opened.run((105, "mug", 1, number(1)))
    assert said(await opened.run((105, "MUG", 1, number(1)), name="second.csv"))[2] == (
        "held",
        "changed",
    )
