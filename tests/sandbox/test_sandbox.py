"""The sandbox answers as the Orders V2 API documents."""

import math
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sandbox_client import STORE, Client, parcel, session

from batch.sandbox import Behaviour, Sandbox

AVAILABLE = (
    "The quantity specified is greater than the quantity of the product that is available to ship."
)
LOCKED = (
    "The field '{}' cannot be written to. Please remove it from your request before trying again."
)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Sandbox(STORE) as sandbox, session() as opened:
        yield Client(sandbox, opened)


class TestCreate:
    async def test_answers_the_bare_shipment_and_where_it_is(self, client: Client) -> None:
        """201, one object without an envelope, a Location that leads to it."""
        made = await client.post(
            "/orders/100/shipments", parcel(tracking_number="1Z9", shipping_provider="ups")
        )
        assert made.status == 201
        assert made.headers["Location"] == f"{client.base}/orders/100/shipments/{made.json['id']}"
        assert (made.json["order_id"], made.json["order_address_id"], made.json["customer_id"]) == (
            100,
            1000,
            1,
        )
        assert made.json["items"] == [{"order_product_id": 1, "product_id": 77, "quantity": 1}]
        assert made.json["shipping_address"]["city"] == "Boston"
        assert made.json["date_created"].endswith(" +0000")
        assert (await client.get(f"/orders/100/shipments/{made.json['id']}")).json == made.json

    async def test_what_is_not_given_has_the_documented_defaults(self, client: Client) -> None:
        """A provider left out becomes `custom` and gets no link."""
        made = (await client.post("/orders/100/shipments", parcel(tracking_number="1Z9"))).json
        assert (made["shipping_provider"], made["generated_tracking_link"]) == ("custom", "")
        assert (made["shipping_method"], made["merchant_shipping_cost"]) == ("None", "0.0000")
        assert (made["tracking_carrier"], made["tracking_link"], made["comments"]) == ("", "", "")

    @pytest.mark.parametrize(
        ("given", "link", "name"),
        [
            (
                {"shipping_provider": "usps"},
                "https://trkcnfrm1.smi.usps.com/PTSInternetWeb/InterLabelInquiry.do?",
                "USPS",
            ),
            (
                {"shipping_provider": "", "tracking_carrier": "dhl"},
                "https://track.aftership.com/dhl/EJ95",
                "Other",
            ),
            (
                {"shipping_provider": "carrier_12"},
                "https://track.aftership.com/carrier_12/EJ95",
                "Other",
            ),
            ({"shipping_provider": "usps", "tracking_link": "https://t.example/1"}, "", "USPS"),
            ({"shipping_provider": ""}, "", ""),
        ],
    )
    async def test_makes_a_link_in_three_ways(
        self, client: Client, given: dict, link: str, name: str
    ) -> None:
        """By provider, by carrier, or the given one, beside which none is generated."""
        made = (
            await client.post("/orders/100/shipments", parcel(tracking_number="EJ95", **given))
        ).json
        assert made["generated_tracking_link"].startswith(link)
        assert bool(made["generated_tracking_link"]) == bool(link)
        assert made["tracking_link"] == given.get("tracking_link", "")
        assert made["shipping_provider_display_name"] == name

    async def test_reads_numbers_in_strings_and_money_in_four_places(self, client: Client) -> None:
        """ "1000" is an id, 4.5 an amount."""
        made = await client.post(
            "/orders/100/shipments",
            parcel(quantity="2", address="1000", merchant_shipping_cost=4.5),
        )
        assert made.json["items"][0]["quantity"] == 2
        assert made.json["merchant_shipping_cost"] == "4.5000"

    async def test_keeps_every_character_as_sent(self, client: Client) -> None:
        """Blanks, case and alphabets come back untouched."""
        number, comments = " ab-1Z ", "Grüße <b>&amp; 東京\n"
        made = (
            await client.post(
                "/orders/100/shipments", parcel(tracking_number=number, comments=comments)
            )
        ).json
        assert (made["tracking_number"], made["comments"]) == (number, comments)

    async def test_refuses_more_than_is_left_item_by_item_and_makes_nothing(
        self, client: Client
    ) -> None:
        """The published body, one element for each bad item; the good item does not ship either."""
        items = [(1, 4), (2, 1), (3, 1)]
        body = parcel() | {
            "items": [{"order_product_id": line, "quantity": quantity} for line, quantity in items]
        }
        refused = await client.post("/orders/100/shipments", body)
        assert refused.status == 400
        assert refused.json == [
            {
                "status": 400,
                "message": "The field 'quantity' is invalid.",
                "details": {
                    "invalid_reason": AVAILABLE,
                    "available_quantity": left,
                    "order_product_id": line,
                },
            }
            for line, left in [(1, 3), (3, 0)]
        ]
        assert (await client.get("/orders/100/shipments/count")).json == {"count": 0}

    async def test_adds_up_a_line_named_twice(self, client: Client) -> None:
        """Two and two of three are one too many."""
        body = parcel() | {"items": [{"order_product_id": 1, "quantity": 2}] * 2}
        assert (await client.post("/orders/100/shipments", body)).status == 400

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            (parcel(id=7), LOCKED.format("id")),
            (parcel(billing_address={}), LOCKED.format("billing_address")),
            (parcel(generated_tracking_link=""), LOCKED.format("generated_tracking_link")),
            (
                {
                    "order_address_id": 1000,
                    "items": [{"order_product_id": 1, "product_id": 77, "quantity": 1}],
                },
                LOCKED.format("product_id"),
            ),
            (parcel(tracking_number="9" * 51), "The field 'tracking_number' is invalid."),
            (parcel(tracking_link="h" * 501), "The field 'tracking_link' is invalid."),
            (parcel(comments="c" * 65_536), "The field 'comments' is invalid."),
            (parcel(comments=None), "The field 'comments' does not allow null values."),
            (
                parcel(merchant_shipping_cost="dear"),
                "The field 'merchant_shipping_cost' is invalid.",
            ),
            (parcel(colour="red"), "The field 'colour' is invalid."),
            (parcel(quantity=0), "The field 'quantity' is invalid."),
            (parcel(quantity="1.5"), "The field 'quantity' is invalid."),
            (parcel(quantity=True), "The field 'quantity' is invalid."),
            (parcel(line=11), "The field 'order_product_id' is invalid."),
            (parcel(address=999), "The field 'order_address_id' is invalid."),
            (parcel(address="Boston"), "The field 'order_address_id' is invalid."),
            (parcel() | {"items": []}, "The field 'items' is invalid."),
            (
                {"items": parcel()["items"]},
                "The required field 'order_address_id' was not supplied.",
            ),
            ({"order_address_id": 1000}, "The required field 'items' was not supplied."),
            ([parcel()], "The request body is not a JSON object."),
        ],
    )
    async def test_refuses_what_is_wrong_by_its_field(
        self, client: Client, body: object, message: str
    ) -> None:
        """400, an array of one, and nothing made."""
        refused = await client.post("/orders/100/shipments", body)
        assert refused.status == 400
        assert [error["message"] for error in refused.json] == [message]
        assert [shipment["id"] for shipment in client.sandbox.shipments()] == [8]

    @pytest.mark.parametrize(
        "texts",
        [{"tracking_number": "9" * 50, "tracking_link": "h" * 500, "comments": "c" * 65_535}],
    )
    async def test_takes_texts_as_long_as_documented(self, client: Client, texts: dict) -> None:
        """The limits themselves are within."""
        made = await client.post("/orders/100/shipments", parcel(**texts))
        assert {name: made.json[name] for name in texts} == texts


class TestStatus:
    async def test_moves_to_partially_shipped_and_to_shipped(self, client: Client) -> None:
        """11, then 3, then 2 with the day; digital, gift and pickup lines are not waited for."""
        before = (await client.get("/orders/100")).json
        assert (before["status_id"], before["items_total"], before["items_shipped"]) == (11, 8, 0)
        await client.post("/orders/100/shipments", parcel(1, 3))
        half = (await client.get("/orders/100")).json
        assert (half["status_id"], half["status"], half["items_shipped"], half["date_shipped"]) == (
            3,
            "Partially Shipped",
            3,
            "",
        )
        await client.post("/orders/100/shipments", parcel(2, 2, 1001))
        full = (await client.get("/orders/100")).json
        assert (full["status_id"], full["items_shipped"]) == (2, 5)
        assert full["date_shipped"].endswith(" +0000")

    async def test_refunded_units_are_not_waited_for_nor_shipped(self, client: Client) -> None:
        """Of five, two refunded: three make the order shipped, four are too many."""
        assert (await client.post("/orders/101/shipments", parcel(11, 4, 101))).status == 400
        await client.post("/orders/101/shipments", parcel(11, 3, 101))
        assert (await client.get("/orders/101")).json["status_id"] == 2

    async def test_a_delete_gives_the_units_back_and_leaves_the_status(
        self, client: Client
    ) -> None:
        """204; the line can be shipped again."""
        made = (await client.post("/orders/101/shipments", parcel(11, 3, 101))).json
        assert (await client.delete(f"/orders/101/shipments/{made['id']}")).status == 204
        order = (await client.get("/orders/101")).json
        assert (order["status_id"], order["items_shipped"]) == (2, 0)
        assert (await client.get(f"/orders/101/shipments/{made['id']}")).status == 404
        assert (await client.post("/orders/101/shipments", parcel(11, 3, 101))).json["id"] > made[
            "id"
        ]

    async def test_deleting_all_leaves_an_empty_list(self, client: Client) -> None:
        """204 for the delete, 204 for the list, 0 for the count."""
        for line, address in [(1, 1000), (2, 1001)]:
            await client.post("/orders/100/shipments", parcel(line, 1, address))
        assert (await client.delete("/orders/100/shipments")).status == 204
        empty = await client.get("/orders/100/shipments")
        assert (empty.status, empty.raw) == (204, b"")
        assert (await client.get("/orders/100/shipments/count")).json == {"count": 0}

    async def test_a_person_sets_the_status(self, client: Client) -> None:
        """PUT takes status_id alone."""
        assert (await client.put("/orders/100", {"status_id": 9})).json[
            "status"
        ] == "Awaiting Shipment"
        for wrong in ({"status_id": 15}, {}, {"status_id": 9, "id": 1}):
            assert (await client.put("/orders/100", wrong)).status == 400
        assert (await client.get("/orders/100")).json["status_id"] == 9


class TestUpdate:
    async def test_changes_what_is_given_and_makes_the_link_anew(self, client: Client) -> None:
        """A PUT leaves what it does not name."""
        made = (
            await client.post(
                "/orders/100/shipments", parcel(tracking_number="A", shipping_provider="ups")
            )
        ).json
        path = f"/orders/100/shipments/{made['id']}"
        changed = await client.put(path, {"tracking_number": "B", "shipping_provider": "usps"})
        assert changed.status == 200
        assert changed.json["generated_tracking_link"].endswith("=B")
        assert changed.json["items"] == made["items"]
        own = await client.put(path, {"tracking_link": "https://t.example/1"})
        assert (own.json["tracking_number"], own.json["generated_tracking_link"]) == ("B", "")

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ({"items": []}, LOCKED.format("items")),
            ({"order_id": 1}, LOCKED.format("order_id")),
            ({"order_address_id": 7}, "The field 'order_address_id' is invalid."),
        ],
    )
    async def test_refuses_items_and_read_only_fields(
        self, client: Client, body: dict, message: str
    ) -> None:
        """In the API's own words, and nothing changes."""
        refused = await client.put("/orders/105/shipments/8", body)
        assert (refused.status, refused.json[0]["message"]) == (400, message)


class TestLists:
    async def test_orders_by_range_and_page(self, client: Client) -> None:
        """Ids ascending; both ends of a range are in; past the end there is nothing."""

        async def ids(**query: object) -> list[int]:
            answer = await client.get("/orders", **query)
            return [order["id"] for order in answer.json or ()]

        assert await ids() == [100, 101, 105]
        assert await ids(min_id=101, max_id=105) == [101, 105]
        assert await ids(limit=2, page=2) == [105]
        assert await ids(sort="id:desc") == [105, 101, 100]
        assert await ids(status_id=3) == [105]
        assert await ids(external_order_id="AMZ-9") == [101]
        assert (await client.get("/orders", page=2)).status == 204
        assert await ids(min_date_created="Mon, 02 Nov 2026 08:00:00 +0000") == [100, 101, 105]
        assert await ids(max_date_created="2026-11-02T07:59:59.000+00:00") == []
        assert await ids(min_date_created="2026-11-02T08:00:01.000+00:00") == []

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ({"limit": 251}, 413),
            ({"limit": 0}, 400),
            ({"page": "x"}, 400),
            ({"sort": "age"}, 400),
            ({"include": "products"}, 400),
            ({"max_date_created": "yesterday"}, 400),
        ],
    )
    async def test_refuses_what_a_list_cannot_be(
        self, client: Client, query: dict, status: int
    ) -> None:
        """More than 250 is 413, the rest 400."""
        assert (await client.get("/orders", **query)).status == status

    async def test_counts_orders_by_status(self, client: Client) -> None:
        """The list's filters count too."""
        counted = (await client.get("/orders/count", min_id=101)).json
        assert counted["count"] == 2
        assert {
            status["id"]: status["count"] for status in counted["statuses"] if status["count"]
        } == {3: 1, 11: 1}

    async def test_sideloads_the_lines_of_each_consignment(self, client: Client) -> None:
        """Physical lines by address; digital, gift and pickup lines apart."""
        query = {"include": "consignments.line_items", "consignment_structure": "object"}
        found = (await client.get("/orders/100", **query)).json["consignments"]
        shipping = {
            place["id"]: [line["sku"] for line in place["line_items"]]
            for place in found["shipping"]
        }
        assert shipping == {1000: ["MUG"], 1001: ["HAT"]}
        assert [line["sku"] for line in found["downloads"][0]["line_items"]] == ["EBOOK"]
        assert [line["sku"] for line in found["email"]["gift_certificates"][0]["line_items"]] == [
            "GIFT"
        ]
        assert [line["sku"] for line in found["pickups"][0]["line_items"]] == ["LAMP"]
        assert (
            await client.get("/orders/100/consignments", include="consignments.line_items")
        ).json == found
        legacy = (await client.get("/orders/100", include="consignments.line_items")).json[
            "consignments"
        ]
        assert legacy == [found]

    async def test_without_include_there_are_links(self, client: Client) -> None:
        """Consignments as one link, or their lines as links."""
        assert (await client.get("/orders/100")).json["consignments"][
            "resource"
        ] == "/orders/100/consignments"
        query = {"include": "consignments", "consignment_structure": "object"}
        found = (await client.get("/orders", **query)).json[0]["consignments"]["shipping"]
        assert found[0]["line_items"][0]["resource"] == "/orders/100/products/1"

    async def test_lines_and_addresses(self, client: Client) -> None:
        """Units of each line, and of each address; given shipments count."""
        lines = (await client.get("/orders/100/products", limit=250)).json
        assert [(line["id"], line["order_address_id"]) for line in lines] == [
            (1, 1000),
            (2, 1001),
            (3, 0),
            (4, 0),
            (5, 0),
        ]
        assert (await client.get("/orders/105/products/21")).json["quantity_shipped"] == 4
        addresses = (await client.get("/orders/105/shipping_addresses")).json
        assert [
            (address["id"], address["items_total"], address["items_shipped"])
            for address in addresses
        ] == [(105, 9, 4)]
        assert (await client.get("/orders/100/shipping_addresses/1001")).json["items_total"] == 2

    async def test_statuses(self, client: Client) -> None:
        """Fifteen of them."""
        assert len((await client.get("/order_statuses")).json) == 15
        assert (await client.get("/order_statuses/2")).json["name"] == "Shipped"


class TestGateway:
    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("/orders/9", 404),
            ("/orders/100/shipments/9", 404),
            ("/orders/100/products/11", 404),
            ("/orders/9/shipments", 404),
            ("/order_statuses/99", 404),
        ],
    )
    async def test_what_is_not_there_is_an_array(
        self, client: Client, path: str, status: int
    ) -> None:
        """404 in the documented form."""
        assert (await client.get(path)).json == [
            {"status": 404, "message": "The requested resource was not found."}
        ]

    async def test_an_unknown_route_is_plain_text(self, client: Client) -> None:
        """It comes from the gateway."""
        answer = await client.get("/orders/100/parcels")
        assert (answer.status, answer.json) == (404, None)
        assert b"route is not found" in answer.raw

    async def test_a_trailing_slash_is_401(self, client: Client) -> None:
        """As the real store does."""
        assert (await client.get("/orders/")).status == 401

    async def test_a_wrong_token_is_401_and_told_apart_from_a_missing_scope(
        self, client: Client
    ) -> None:
        """Gateway errors are objects."""
        assert (await client.ask("GET", "/orders", headers={"X-Auth-Token": "no"})).json[
            "status"
        ] == 401
        client.sandbox.behaviour = Behaviour(scope="read_only")
        assert (await client.get("/orders")).status == 200
        refused = await client.post("/orders/100/shipments", parcel())
        assert (refused.status, refused.json["title"]) == (
            403,
            "You don't have a required scope to access the endpoint",
        )

    async def test_methods_and_media_types(self, client: Client) -> None:
        """405, 406, 415."""
        assert (await client.delete("/orders/100")).status == 405
        assert (
            await client.ask("GET", "/orders", headers={"Accept": "application/xml"})
        ).status == 406
        assert (await client.ask("POST", "/orders/100/shipments", data=b"{}")).status == 415

    async def test_a_suspended_store_is_503(self, client: Client) -> None:
        """In the API's own words."""
        client.sandbox.behaviour = Behaviour(suspended=True)
        answer = await client.get("/orders")
        assert answer.status == 503
        assert answer.json[0]["message"].startswith("The store is suspended.")

    async def test_every_request_is_logged_and_counted(self, client: Client) -> None:
        """Method, path with query, status; the count is by endpoint."""
        await client.get("/orders", limit=2)
        await client.get("/orders/9")
        assert client.sandbox.requests == [
            ("GET", "/stores/sandbox/v2/orders?limit=2", 200),
            ("GET", "/stores/sandbox/v2/orders/9", 404),
        ]
        assert client.sandbox.counts == {"GET /orders": 1, "GET /orders/{}": 1}


class TestPersonality:
    async def place(self, client: Client, sideloads: Any, cut_at: int = 1) -> dict[str, Any]:
        """Where the mug and the cup of an order go, as the list of orders has it."""
        lines = [{"id": 901, "sku": "MUG", "quantity": 3}, {"id": 902, "sku": "CUP"}]
        client.sandbox.store.arrive({"orders": [{"id": 90, "lines": lines}]})
        client.sandbox.behaviour = Behaviour(sideloads=sideloads, cut_at=cut_at)
        query = {"include": "consignments.line_items", "consignment_structure": "object"}
        found: dict[str, Any] = (await client.get("/orders", **query)).json[0]["consignments"][
            "shipping"
        ][0]
        return found

    async def test_over_shipping_may_be_allowed(self, client: Client) -> None:
        """More units than ordered are shipped; a digital line is not."""
        client.sandbox.behaviour = Behaviour(refuses_overshipping=False)
        assert (await client.post("/orders/100/shipments", parcel(1, 30))).status == 201
        assert (await client.get("/orders/100/products/1")).json["quantity_shipped"] == 30
        assert (await client.post("/orders/100/shipments", parcel(3, 1))).status == 400

    async def test_refunds_may_be_forgotten(self, client: Client) -> None:
        """All five can be shipped."""
        client.sandbox.behaviour = Behaviour(counts_refunded=False)
        assert (await client.post("/orders/101/shipments", parcel(11, 5, 101))).status == 201

    async def test_a_line_may_have_to_go_to_its_own_address(self, client: Client) -> None:
        """Both answers are possible."""
        client.sandbox.behaviour = Behaviour(checks_line_address=True)
        assert (await client.post("/orders/100/shipments", parcel(1, 1, 1001))).status == 400
        client.sandbox.behaviour = Behaviour()
        assert (await client.post("/orders/100/shipments", parcel(1, 1, 1001))).status == 201

    @pytest.mark.parametrize(
        ("sideloads", "skus"),
        [("whole", ["MUG", "CUP"]), ("cut", ["MUG"]), ("stubs", [None, None]), ("none", [])],
    )
    async def test_sideloaded_lines_may_be_cut_or_links_or_none(
        self, client: Client, sideloads: Any, skus: list[str | None]
    ) -> None:
        """What is missing is seen in items_total."""
        place = await self.place(client, sideloads)
        assert place["items_total"] == 4
        assert [line.get("sku") for line in place["line_items"]] == skus

    @pytest.mark.parametrize("sideloads", ["warned beside", "warned within", "warned object"])
    async def test_a_cut_may_be_told_in_one_of_three_places(
        self, client: Client, sideloads: Any
    ) -> None:
        """Beside the lines, as the last of them, or as a key of what is an object then."""
        place = await self.place(client, sideloads)
        lines = place["line_items"]
        told = {"warned beside": place, "warned object": lines}.get(sideloads) or lines[-1]
        assert "only 1 are included" in told["__warning__"]["message"]
        assert (lines["0"] if isinstance(lines, dict) else lines[0])["sku"] == "MUG"
        assert "__warning__" not in str(await self.place(client, sideloads, cut_at=2))

    async def test_an_empty_list_may_be_an_array(self, client: Client) -> None:
        """`[]` in place of 204."""
        client.sandbox.behaviour = Behaviour(empty_list="[]")
        assert (await client.get("/orders/100/shipments")).json == []

    async def test_a_page_may_be_shorter_than_its_limit(self, client: Client) -> None:
        """One entry a page, whatever is asked."""
        client.sandbox.behaviour = Behaviour(page_size=1)
        pages = [(await client.get("/orders", limit=250, page=page)).json for page in (1, 2, 3)]
        assert [order["id"] for page in pages for order in page] == [100, 101, 105]

    async def test_min_id_may_be_exclusive(self, client: Client) -> None:
        """The range then begins after it."""
        client.sandbox.behaviour = Behaviour(min_id_inclusive=False)
        assert [order["id"] for order in (await client.get("/orders", min_id=100)).json] == [
            101,
            105,
        ]

    async def test_orders_may_lag_behind_their_shipments(self, client: Client) -> None:
        """The list of shipments has it at once, the units move later."""
        client.sandbox.behaviour = Behaviour(lag=math.inf)
        await client.post("/orders/100/shipments", parcel())
        assert (await client.get("/orders/100/shipments/count")).json == {"count": 1}
        assert (await client.get("/orders/100/products/1")).json["quantity_shipped"] == 0
