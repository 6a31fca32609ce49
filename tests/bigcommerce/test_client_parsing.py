"""The store's JSON in every shape it comes in, old and new, whole and cut."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.bigcommerce import parse
from batch.bigcommerce.parse import Malformed, whole
from batch.model import Item, Order, OrderLine, Recipient, StoreShipment

MUG = {
    "id": 7,
    "order_address_id": 99,
    "sku": "MUG",
    "name": "Mug",
    "type": "physical",
    "quantity": 2,
}
STUB = {
    "url": "https://api.bigcommerce.com/stores/x/v2/orders/129/products/12",
    "resource": "/orders/129/products/12",
}
WARNED = {
    "message": "Not all line items of this consignment are returned with this response, "
    "only 50 are included."
}


def order(consignments: Any, items_total: Any = 2) -> Any:
    return parse.order(
        {
            "id": 129,
            "status_id": 11,
            "items_total": items_total,
            "consignments": consignments,
            "unheard_of": {"a": []},
        }
    )


def shipping(*lines: Any, **fields: Any) -> dict[str, Any]:
    return {
        "pickups": [],
        "shipping": [{"id": 99, "line_items": list(lines)} | fields],
        "downloads": [],
        "email": {},
    }


@pytest.mark.parametrize(
    "consignments",
    [
        shipping(MUG),
        {"shipping": [{"id": 99, "line_items": {"0": MUG}}]},
        [{"id": 99, "line_items": [MUG]}],
        [shipping(MUG)],
        {"shipping": [{"id": 99, "line_items": MUG}]},
        {"shipping": {"id": 99, "line_items": [MUG]}},
    ],
    ids=[
        "object",
        "lines by their number",
        "legacy list",
        "list of objects",
        "one line without a list",
        "one consignment without a list",
    ],
)
def test_lines_are_found_in_every_structure(consignments: Any) -> None:
    """Today's object, the older list, and the slips of the documentation hold the same line."""
    found = order(consignments)
    assert [(line.order_product_id, line.order_address_id, line.left) for line in found.lines] == [
        (7, 99, 2)
    ]
    assert not found.cut


@pytest.mark.parametrize(
    ("consignments", "items_total"),
    [
        (None, 2),
        ({"url": "…/consignments", "resource": "/orders/129/consignments"}, 2),
        (shipping(STUB), 2),
        (shipping(MUG, STUB), 2),
        (shipping(MUG), 3),
        (shipping(MUG, items_total=3), 2),
        ({"shipping": [{"id": 99}]}, 0),
        ([], 0),
        (shipping(), 0),
        (shipping(MUG, __warning__=WARNED), 2),
        (shipping(MUG, {"__warning__": WARNED}), 2),
        (shipping(MUG, WARNED["message"]), 2),
        ({"shipping": [{"id": 99, "line_items": {"0": MUG, "__warning__": WARNED}}]}, 2),
        ({"shipping": [{"id": 99, "line_items": [MUG]}, {"__warning__": WARNED}]}, 2),
        ({"shipping": {"0": {"id": 99, "line_items": [MUG]}, "__warning__": WARNED}}, 2),
        (shipping(MUG) | {"__warning__": WARNED}, 2),
    ],
    ids=[
        "absent",
        "a link",
        "stubs",
        "a stub among lines",
        "fewer units",
        "fewer units at one address",
        "none",
        "empty",
        "an empty list",
        "a warning beside the lines",
        "a warning among the lines",
        "a warning's text among the lines",
        "a warning as a key of the lines",
        "a warning among the consignments",
        "a warning as a key of the consignments",
        "a warning beside the consignments",
    ],
)
def test_lines_cut_short_are_noticed(consignments: Any, items_total: int) -> None:
    """Links in place of lines, fewer units than the order counts, or a warning anywhere."""
    assert order(consignments, items_total).cut


def test_an_address_missing_on_the_line_is_its_consignments() -> None:
    """A shipping consignment's id is the address's id."""
    line = {name: value for name, value in MUG.items() if name != "order_address_id"}
    assert order(shipping(line)).lines[0].order_address_id == 99
    assert order(shipping(MUG | {"order_address_id": 42})).lines[0].order_address_id == 42


def test_what_does_not_ship_is_told_by_where_it_stands() -> None:
    """Pickups, downloads and gift certificates go to no address, also where the lines do not say
    so.
    """
    bare = {"quantity": 1, "sku": "X"}
    found = order(
        {
            "pickups": [
                {
                    "id": 5,
                    "pickup_method_id": 1,
                    "line_items": [bare | {"id": 1, "order_address_id": 99}],
                }
            ],
            "shipping": [],
            "downloads": [{"recipient_email": "a@b.example", "line_items": bare | {"id": 2}}],
            "email": {
                "gift_certificates": [
                    {"recipient_email": "a@b.example", "line_items": [bare | {"id": 3}]}
                ]
            },
        },
        items_total=3,
    )
    kinds = [(line.kind, line.pickup, line.order_address_id) for line in found.lines]
    assert kinds == [("physical", True, 0), ("digital", False, 0), ("giftcertificate", False, 0)]
    assert [line.left for line in found.lines] == [0, 0, 0]
    assert not found.cut


def test_a_pickup_line_of_products_is_one() -> None:
    """/products has no consignments: its own field tells."""
    assert parse.order_line(MUG | {"order_pickup_method_id": 3}).pickup
    assert not parse.order_line(MUG | {"order_pickup_method_id": 0}).pickup


def test_a_part_of_a_bundle_knows_its_parent() -> None:
    """0, null and nothing are no parent."""
    parents = [
        parse.order_line(MUG | {"parent_order_product_id": parent}).parent
        for parent in (6, 0, None)
    ]
    assert parents == [6, None, None]


def test_numbers_come_as_text_and_with_fractions() -> None:
    """`"2"`, `"2.0"`, 2.0 are 2 units."""
    line = MUG | {"id": "7", "quantity": "4.0", "quantity_shipped": 1.0, "quantity_refunded": "1"}
    found = order(shipping(line), items_total="4")
    assert [(line.order_product_id, line.left) for line in found.lines] == [(7, 2)]


@pytest.mark.parametrize(
    ("value", "number"),
    [(3, 3), (3.0, 3), ("3", 3), ("3.0", 3), ("3e0", 3), (0, 0), (-2, -2), (2**63 - 1, 2**63 - 1)]
    + [
        (value, None)
        for value in (3.5, "3.5", "", "x", None, True, [], {}, 2**63, 1e300, "1e999999999")
    ]
    + [(value, None) for value in (float("nan"), float("inf"), "nan", "Infinity")],
)
def test_a_whole_number_or_none(value: object, number: int | None) -> None:
    """What is not a whole number of at most 64 bits is None, and costs nothing to find out."""
    assert whole(value) == number


SHIPMENT = {
    "id": 5,
    "order_id": 129,
    "customer_id": 3,
    "order_address_id": "99",
    "date_created": "Wed, 13 Mar 2019 16:35:37 +0000",
    "tracking_number": "EJ958083578US",
    "merchant_shipping_cost": "0.0000",
    "shipping_method": "None",
    "comments": None,
    "shipping_provider": "usps",
    "tracking_carrier": "",
    "tracking_link": "",
    "billing_address": {"last_name": "Doe"},
    "shipping_address": {"last_name": "Doe"},
    "items": [
        {"order_product_id": 9, "product_id": 785, "quantity": 1},
        {"order_product_id": 7, "product_id": 0, "quantity": "2"},
        {"order_product_id": 9, "product_id": 785, "quantity": 1},
    ],
    "shipping_provider_display_name": "USPS",
    "generated_tracking_link": "https://tools.usps.example/EJ958083578US",
}


def test_a_shipment_as_the_store_holds_it() -> None:
    """Items are sorted and each line is there once; null is empty; people are left out."""
    made = parse.shipment(SHIPMENT)
    assert made.items == (Item(7, 2), Item(9, 2))
    assert (made.order_address_id, made.comments, made.link) == (
        99,
        "",
        "https://tools.usps.example/EJ958083578US",
    )
    assert "Doe" not in repr(made)
    assert made.answer["shipping_provider_display_name"] == "USPS"


@pytest.mark.parametrize(
    "found", [None, 1, "text", [], {}, {"id": 0}, {"id": -1}, {"id": None}, {"id": "x"}]
)
@pytest.mark.parametrize("parse", [parse.order, parse.order_line, parse.shipment])
def test_what_has_no_id_is_malformed(parse: Any, found: Any) -> None:
    """Without an id nothing can be done with it, and it is said so."""
    with pytest.raises(Malformed):
        parse(found)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "consignments",
                    "shipping",
                    "pickups",
                    "email",
                    "line_items",
                    "quantity",
                    "items",
                    "x",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_any_json_parses_or_is_malformed(value: Any) -> None:
    """Whatever the store answers: an object of ours, or Malformed, and no other exception."""
    for parsed in (parse.order, parse.order_line, parse.shipment):
        try:
            parsed(value)
        except Malformed:
            continue


def test_every_field_of_an_order_is_read() -> None:
    """By its own name."""
    found = {"id": 129, "status_id": 11, "status": "Awaiting", "items_total": 2, "items_shipped": 1}
    line = parse.order_line(MUG)
    assert parse.order(found | {"external_order_id": "X", "consignments": shipping(MUG)}) == Order(
        129,
        11,
        "Awaiting",
        2,
        1,
        (line,),
        external_id="X",
        deleted=False,
        cut=False,
        recipients={0: Recipient(), 99: Recipient()},
    )
    assert parse.order(found | {"external_id": "Y"}).external_id == "Y"
    assert parse.order(found | {"external_id": "Y", "external_order_id": "X"}).external_id == "X"
    for deleted, is_deleted in (
        ("1", True),
        (True, True),
        ("true", True),
        ("0", False),
        (False, False),
        (None, False),
    ):
        assert parse.order(found | {"is_deleted": deleted}).deleted is is_deleted


def test_every_field_of_a_line_is_read() -> None:
    """Its own words go before its consignment's."""
    found = MUG | {
        "quantity_shipped": 1,
        "quantity_refunded": 2,
        "parent_order_product_id": 3,
        "quantity": 5,
    }
    expected = OrderLine(7, 99, "MUG", "Mug", "physical", 5, 1, 2, pickup=False, parent=3)
    assert parse.order_line(found, address_id=1, kind="digital") == expected
    for method, pickup in ((0, False), (1, True)):
        picked = parse.order_line(MUG | {"order_pickup_method_id": method})
        assert (picked.pickup, picked.order_address_id) == (pickup, 0 if pickup else 99)
    bare = parse.order_line({"id": 7}, address_id=1, kind="digital")
    assert (bare.order_address_id, bare.kind, bare.quantity, bare.parent) == (1, "digital", 0, None)
    assert parse.order_line({"id": 7}).kind == "physical"


def test_every_field_of_a_shipment_is_read() -> None:
    """The answer is kept without people's names; units of one line are added up."""
    words = (
        "tracking_number",
        "tracking_link",
        "generated_tracking_link",
        "shipping_provider",
        "tracking_carrier",
    )
    said = {name: name.upper() for name in (*words, "shipping_method", "comments", "date_created")}
    items = [
        {"order_product_id": line, "quantity": units} for line, units in ((2, 1), (1, 2), (2, 3))
    ]
    found = {"id": 9, "order_id": 100, "order_address_id": 5, "items": items, **said}
    private = {"billing_address": {"first_name": "W"}, "shipping_address": {"first_name": "W"}}
    expected = StoreShipment(9, 100, 5, (Item(1, 2), Item(2, 4)), **said, answer=found)
    assert parse.shipment(found | private) == expected


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        ("digital", {"downloads": [{"line_items": [{"id": 1}]}]}),
        ("physical", {"pickups": [{"line_items": [{"id": 1}]}]}),
        ("physical", {"shipping": [{"line_items": [{"id": 1}]}]}),
        ("giftcertificate", {"email": {"gift_certificates": [{"line_items": [{"id": 1}]}]}}),
    ],
)
def test_a_list_of_objects_may_have_one_kind_alone(kind: str, part: dict[str, Any]) -> None:
    (line,) = order([part], 0).lines
    assert line.kind == kind
    assert line.pickup is ("pickups" in part)


def test_a_legacy_consignment_with_a_pickup_method_is_a_pickup() -> None:
    (line,) = order(
        [{"pickup_method_id": 1, "id": 99, "line_items": [{"id": 1, "quantity": 2}]}]
    ).lines
    assert (line.pickup, line.order_address_id) == (True, 0)


@pytest.mark.parametrize(
    "wrong", [{}, {"id": 0}, {"id": -1}, {"id": "x"}, {"id": True}, None, [], "order"]
)
def test_what_has_no_id_is_nothing(wrong: Any) -> None:
    for read in (parse.order, parse.order_line, parse.shipment):
        with pytest.raises(Malformed, match=r"has no id|JSON object was expected"):
            read(wrong)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (2**63 - 1, 2**63 - 1),
        (1 - 2**63, 1 - 2**63),
        (2**63, None),
        (-(2**63), None),
        (str(2**63 - 1), 2**63 - 1),
        (str(2**63), None),
        ("1" * 18, int("1" * 18)),
        (2.0**53, 2**53),
        (2.5, None),
        ("-3", -3),
        ("²", None),
        (float("inf"), None),
    ],
)
def test_a_whole_number_has_64_bits(value: object, number: int | None) -> None:
    assert whole(value) == number
