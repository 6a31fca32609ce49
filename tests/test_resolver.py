"""What the store is asked before anything is sent: little, in pages, and only what its API documents."""

from math import ceil
from pathlib import Path
from typing import Any, ClassVar, get_args
from urllib.parse import parse_qsl, urlsplit

import pytest
from shop import OpenShop, Shop, dense, line, number, order, row, said, statuses, store

from batch.sandbox import Behaviour, Fault, Sideloads

DESCRIPTION = Path(__file__).parents[2] / "shared" / "reference" / "openapi_orders_v2.yaml"
ORIGIN = "https://api.bigcommerce.com"

DOCUMENTED = {
    "/orders": {"min_id", "limit", "sort", "include", "consignment_structure", "external_order_id", "page"},
    "/orders/{}": {"include", "consignment_structure"},
    "/orders/{}/products": {"page", "limit"},
    "/orders/{}/shipments": {"page", "limit"},
}
"""Paths that a run reads, and the parameters of the published description it may use."""


def rows_of(ids: range | list[int]) -> list[tuple[object, ...]]:
    return [(order_id, "MUG", 1, number(order_id)) for order_id in ids]


def asked(there: Shop, path: str) -> int:
    """Requests for a path so far: `/orders/{}/shipments`."""
    return there.box.counts[f"GET {path}"]


def reads(there: Shop) -> int:
    return sum(count for name, count in there.box.counts.items() if name.startswith("GET"))


class TestHowOften:
    @pytest.mark.parametrize("count", [1, 249, 250, 251, 600])
    async def test_dense_orders_cost_a_request_a_page(self, shop: OpenShop, count: int) -> None:
        """⌈orders ÷ 250⌉, and nothing else, for orders never shipped before."""
        there = await shop(dense(count))
        report = await there.run(*rows_of(range(100, 100 + count)), dry=True)
        assert statuses(report) == ["planned"] * count
        assert (reads(there), report.summary["requests"]) == (ceil(count / 250), ceil(count / 250))

    async def test_shipments_cost_one_request_each(self, shop: OpenShop) -> None:
        """A whole run: shipments + ⌈orders ÷ 250⌉."""
        there = await shop(dense(260))
        report = await there.run(*rows_of(range(100, 360)))
        assert report.summary["requests"] == 260 + 2
        assert len(there.box.requests) == 262

    @pytest.mark.parametrize("inclusive", [True, False])
    async def test_sparse_orders_never_cost_more_than_one_request_each(self, shop: OpenShop, inclusive: bool) -> None:
        """A row every thousand orders: no worse than a request an order, and one to learn what `min_id` means."""
        wanted = list(range(1000, 6000, 1000))
        orders = store(*(order(order_id) for order_id in range(1000, 6001, 2)))
        there = await shop(orders, behaviour=Behaviour(min_id_inclusive=inclusive))
        assert statuses(await there.run(*rows_of(wanted), dry=True)) == ["planned"] * 5
        assert reads(there) <= len(wanted) + (not inclusive)

    @pytest.mark.parametrize("side", [Behaviour(min_id_inclusive=False), Behaviour(page_size=7), Behaviour()])
    async def test_every_order_is_found_in_every_store(self, shop: OpenShop, side: Behaviour) -> None:
        """Whether or not `min_id` includes its order, and however short its pages are."""
        there = await shop(dense(40), behaviour=side)
        report = await there.run(*rows_of(range(100, 140)))
        assert statuses(report) == ["created"] * 40

    async def test_a_store_without_min_id_itself_costs_one_request_more(self, shop: OpenShop) -> None:
        """Learned once, not asked for every page."""
        there = await shop(dense(600), behaviour=Behaviour(min_id_inclusive=False))
        await there.run(*rows_of(range(100, 700)), dry=True)
        assert reads(there) <= ceil(600 / 250) + 2

    async def test_pages_of_one_cost_a_request_an_order(self, shop: OpenShop) -> None:
        """The worst that a store can do."""
        there = await shop(dense(20), behaviour=Behaviour(page_size=1))
        assert statuses(await there.run(*rows_of(range(100, 120)), dry=True)) == ["planned"] * 20
        assert reads(there) <= 20

    async def test_an_order_of_many_rows_is_asked_for_once(self, shop: OpenShop) -> None:
        """Several parcels of one order are judged together."""
        there = await shop(dense(1))
        await there.run(*((100, "MUG", 1, number(n)) for n in range(3)), dry=True)
        assert reads(there) == 1

    async def test_all_is_read_before_the_first_post(self, shop: OpenShop) -> None:
        """Whole file first."""
        there = await shop(dense(300))
        await there.run(*rows_of(range(100, 400)))
        methods = [method for method, _, _ in there.box.requests]
        assert methods == ["GET"] * 2 + ["POST"] * 300


class TestWhatIsNotThere:
    async def test_newer_than_the_newest_waits(self, shop: OpenShop) -> None:
        """And says which is the newest; older ones that are not there are unknown."""
        there = await shop(store(order(100), order(105)))
        report = await there.run(*rows_of([99, 100, 103, 105, 106]))
        assert said(report) == {
            2: ("invalid", "unknown_order"),
            3: ("created", ""),
            4: ("invalid", "unknown_order"),
            5: ("created", ""),
            6: ("waiting", "order_not_there_yet"),
        }
        assert "newest is 105" in row(report, 6).finding.error

    async def test_a_store_without_orders(self, shop: OpenShop) -> None:
        """Everything waits; one request or two are enough to know."""
        there = await shop(store())
        assert statuses(await there.run(*rows_of([100, 101]))) == ["waiting"] * 2
        assert reads(there) <= 2

    async def test_what_waits_ships_when_it_has_arrived(self, shop: OpenShop) -> None:
        """The same file, later."""
        there = await shop(dense(2))
        late = there.box.store.orders.pop(101)
        there.box.store._ids.remove(101)
        assert statuses(await there.run(*rows_of([100, 101]))) == ["created", "waiting"]
        there.box.store.orders[101] = late
        there.box.store._ids.append(101)
        assert statuses(await there.run(*rows_of([100, 101]))) == ["already created", "created"]


async def test_a_deleted_order_that_is_still_listed_does_not_ship(shop: OpenShop) -> None:
    there = await shop(store(order(100, is_deleted=True), order(101)))
    report = await there.run((100, "MUG", 1, number(100)), (101, "MUG", 1, number(101)))
    assert said(report) == {2: ("invalid", "order_deleted"), 3: ("created", "")}
    assert [made[0] for made in there.made()] == [101]


class TestLinesCutShort:
    MANY: ClassVar = store(
        order(100, *(line(1000 + n, f"SKU-{n}", 1) for n in range(60))),
        order(101),
    )

    @pytest.mark.parametrize("sideloads", get_args(Sideloads))
    async def test_are_read_from_the_order_itself(self, shop: OpenShop, sideloads: Any) -> None:
        """Lines that the page holds back, however it says so, or has as links only, are found all the same."""
        there = await shop(self.MANY, behaviour=Behaviour(sideloads=sideloads))
        report = await there.run((100, "SKU-59", 1, number(0)), (101, "MUG", 1, number(1)))
        assert statuses(report) == ["created", "created"]
        assert [units for _, _, units in there.made()] == [{1059: 1}, {1010: 1}]

    async def test_only_of_the_orders_cut(self, shop: OpenShop) -> None:
        """And not of the others; in one request, where its lines come to all the units that the order counts."""
        there = await shop(self.MANY, behaviour=Behaviour(sideloads="cut"))
        await there.run((100, "SKU-59", 1, number(0)), (101, "MUG", 1, number(1)), dry=True)
        (products,) = [path for _, path, _ in there.box.requests if "/products" in path]
        assert "/orders/100/products" in products


class TestAMarketplacesNumber:
    STORE: ClassVar = store(
        order(100, external_id="AMZ-1"), order(101, external_id="AMZ-2"), order(102, external_id="AMZ-2")
    )
    HEADER = ("Amazon Order", "SKU", "Quantity", "Tracking Number")
    SOURCE: ClassVar[dict[str, Any]] = {"map": {"external_order_id": "Amazon Order"}}

    async def run(self, there: Shop, *ids: str, **more: Any) -> Any:
        rows = [(external, "MUG", 1, number(n)) for n, external in enumerate(ids)]
        return await there.run(*rows, header=self.HEADER, source=self.SOURCE, **more)

    async def test_is_looked_up_once_an_order(self, shop: OpenShop) -> None:
        """Two parcels of one order: one lookup, which brings the order, and no other read."""
        there = await shop(self.STORE)
        assert statuses(await self.run(there, "AMZ-1", "AMZ-1")) == ["created", "created"]
        assert [order_id for order_id, _, _ in there.made()] == [100, 100]
        assert [path for method, path, _ in there.box.requests if method == "GET" and "AMZ-1" not in path] == []
        assert reads(there) == 1

    async def test_of_an_order_whose_lines_are_cut_short_brings_it_whole(self, shop: OpenShop) -> None:
        """As a page of orders does."""
        many = order(100, *(line(1000 + n, f"SKU-{n}", 1) for n in range(60)), external_id="AMZ-1")
        there = await shop(store(many), behaviour=Behaviour(sideloads="cut"))
        report = await there.run(("AMZ-1", "SKU-59", 1, number(0)), header=self.HEADER, source=self.SOURCE)
        assert statuses(report) == ["created"]

    async def test_is_not_looked_up_for_what_the_ledger_holds(self, shop: OpenShop) -> None:
        """The same file a second night: known by what it asks, which the look-up has not changed."""
        there = await shop(self.STORE)
        await self.run(there, "AMZ-1")
        report = await self.run(there, "AMZ-1")
        assert (statuses(report), report.summary["requests"]) == (["already created"], 0)

    async def test_ships_though_its_judgement_has_aged(self, shop: OpenShop) -> None:
        """Judged again under the order that it was found to be, which is read again."""
        there = await shop(self.STORE)
        assert statuses(await self.run(there, "AMZ-1", judgement=0.0)) == ["created"]
        assert reads(there) == 3

    async def test_of_two_orders_is_held(self, shop: OpenShop) -> None:
        """Nobody knows which one is meant."""
        there = await shop(self.STORE)
        assert said(await self.run(there, "AMZ-2")) == {2: ("held", "several_orders")}

    async def test_of_none_is_unknown(self, shop: OpenShop) -> None:
        """It is told by its own number."""
        there = await shop(self.STORE)
        report = await self.run(there, "AMZ-3")
        assert said(report) == {2: ("invalid", "unknown_order")}
        assert "AMZ-3" in row(report, 2).finding.error


class TestShipmentsAreReadOnlyWhereNeeded:
    async def test_not_where_nothing_has_shipped(self, shop: OpenShop) -> None:
        """`items_shipped` 0 says it."""
        there = await shop(dense(10))
        await there.run(*rows_of(range(100, 110)))
        assert asked(there, "/orders/{}/shipments") == 0

    async def test_not_where_the_ledger_accounts_for_all(self, shop: OpenShop) -> None:
        """A second parcel of orders that we alone have shipped."""
        there = await shop(dense(10))
        await there.run(*rows_of(range(100, 110)))
        second = [(100 + n, "MUG", 1, number(1000 + n)) for n in range(10)]
        assert statuses(await there.run(*second, name="second.csv")) == ["created"] * 10
        assert asked(there, "/orders/{}/shipments") == 0

    async def test_where_another_tool_has_shipped(self, shop: OpenShop) -> None:
        """One order of three; its shipments alone are read."""
        theirs = {"id": 7, "tracking_number": number(101), "items": [{"order_product_id": 1010, "quantity": 1}]}
        there = await shop(store(order(100), order(101, shipments=[theirs]), order(102)))
        report = await there.run(*rows_of([100, 101, 102]))
        assert statuses(report) == ["created", "already created", "created"]
        assert row(report, 3).shipment_ids == (7,)
        assert {path.split("?")[0].split("/v2")[1] for _, path, _ in there.box.requests if "shipments?" in path} == {
            "/orders/101/shipments"
        }

    async def test_with_verify_the_store_is_looked_at(self, shop: OpenShop) -> None:
        """Also for what the ledger holds as created; what is gone there is held."""
        there = await shop(dense(2))
        await there.run(*rows_of([100, 101]))
        there.box.store.delete(next(iter(there.box.store.shipments())))
        assert statuses(await there.run(*rows_of([100, 101]))) == ["already created"] * 2
        report = await there.run(*rows_of([100, 101]), verify=True)
        assert said(report) == {2: ("held", "deleted_before"), 3: ("already created", "")}

    async def test_what_is_gone_may_ship_again_with_a_persons_word(self, shop: OpenShop) -> None:
        """Deleted in the control panel: --verify finds it, --again ships it, and it is met after that."""
        there = await shop(dense(1))
        await there.run(*rows_of([100]))
        there.box.store.delete(next(iter(there.box.store.shipments())))
        assert statuses(await there.run(*rows_of([100]), verify=True, again=True)) == ["created"]
        assert statuses(await there.run(*rows_of([100]))) == ["already created"]
        assert len(there.made()) == 1

    async def test_units_of_the_shipments_count_where_the_order_lags(self, shop: OpenShop) -> None:
        """A replica shows the order without what has just shipped: the list of shipments is believed."""
        there = await shop(dense(1), behaviour=Behaviour(lag=3600.0, refuses_overshipping=False))
        await there.run((100, "MUG", 2, number(0)))
        report = await there.run((100, "MUG", 2, number(1)), name="second.csv")
        assert said(report)[2][0] in {"held", "invalid"}
        assert len(there.made()) == 1


class TestReadsThatFail:
    async def test_are_tried_again(self, shop: OpenShop) -> None:
        """A page that comes at the third try."""
        there = await shop(dense(3))
        there.fault(Fault(502, performs=0, method="GET", nth=range(1, 3)))
        assert statuses(await there.run(*rows_of([100, 101, 102]))) == ["created"] * 3


class TestWithinTheDescription:
    @pytest.fixture
    async def log(self, shop: OpenShop) -> list[tuple[str, str, int]]:
        """Every kind of read and write that a run can do."""
        theirs = {"id": 7, "tracking_number": number(101), "items": [{"order_product_id": 1010, "quantity": 1}]}
        cut = order(102, *(line(2000 + n, f"SKU-{n}", 1) for n in range(60)))
        there = await shop(
            store(order(100, external_id="AMZ-1"), order(101, shipments=[theirs]), cut),
            behaviour=Behaviour(sideloads="cut", min_id_inclusive=False),
        )
        there.fault(Fault(504, method="POST", order=100, nth=1))
        rows = [(100, "MUG", 1, number(100)), (101, "MUG", 1, number(101)), (102, "SKU-59", 1, number(102))]
        await there.run(*rows, (999, "MUG", 1, number(999)))
        header = TestAMarketplacesNumber.HEADER
        await there.run(("AMZ-1", "MUG", 1, number(3)), header=header, source=TestAMarketplacesNumber.SOURCE)
        return there.box.requests

    async def test_only_documented_paths_and_parameters(self, log: list[tuple[str, str, int]]) -> None:
        """Nothing that a stricter store would refuse."""
        for method, path, _ in log:
            parts = urlsplit(path)
            pattern = "/" + "/".join(
                "{}" if part.isdecimal() else part for part in parts.path.split("/v2/")[1].split("/")
            )
            query = dict(parse_qsl(parts.query))
            if method == "GET":
                assert query.keys() <= DOCUMENTED[pattern], path
                assert int(query.get("limit", 50)) <= 250
                assert query.get("sort", "id") == "id"
                assert query.get("include", "consignments.line_items") == "consignments.line_items"
                assert query.get("consignment_structure", "object") == "object"
            else:
                assert (method, pattern, query) == ("POST", "/orders/{}/shipments", {})

    @pytest.mark.skipif(not DESCRIPTION.exists(), reason="the description of the API is not at hand")
    async def test_as_the_official_extract_has_them(self, log: list[tuple[str, str, int]]) -> None:
        """Every read that was sent validates against it."""
        yaml, openapi = pytest.importorskip("yaml"), pytest.importorskip("openapi_core")
        testing = pytest.importorskip("openapi_core.testing")
        api = openapi.OpenAPI.from_dict(_without_empty_content(yaml.safe_load(DESCRIPTION.read_text("utf-8"))))
        known = yaml.safe_load(DESCRIPTION.read_text("utf-8"))
        for method, path, _ in log:
            if method != "GET":
                continue
            parts = urlsplit(path)
            query = dict(parse_qsl(parts.query))
            headers = {"Accept": "application/json", "X-Auth-Token": "token"}
            api.validate_request(testing.MockRequest(ORIGIN, "get", parts.path, args=query, headers=headers))
            assert query.keys() <= _parameters(known, parts.path), path


def _without_empty_content(node: Any) -> Any:
    if isinstance(node, dict):
        return {name: _without_empty_content(value) for name, value in node.items() if (name, value) != ("content", {})}
    return [_without_empty_content(value) for value in node] if isinstance(node, list) else node


def _parameters(description: dict[str, Any], path: str) -> set[str]:
    """Query parameters that the description has for a GET of this path; openapi_core lets unknown ones pass."""
    wanted = path.split("/v2/")[1].split("/")
    for template, operations in description["paths"].items():
        parts = template.strip("/").split("/")
        if len(parts) == len(wanted) and all(p.startswith("{") or p == w for p, w in zip(parts, wanted, strict=True)):
            given = [*operations.get("parameters", []), *operations["get"].get("parameters", [])]
            return {each["name"] for each in (_resolved(description, g) for g in given) if each["in"] == "query"}
    raise AssertionError(f"{path} is not described")


def _resolved(description: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """What a `$ref` points to."""
    found: Any = description if "$ref" in node else node
    for name in node.get("$ref", "#").split("/")[1:]:
        found = found[name]
    return found  # type: ignore[no-any-return]
