"""Every endpoint against the sandbox, and how reads go on where the store fails."""

from typing import Any, get_args

import pytest
from clock import VirtualLoop

from batch.bigcommerce import Client, Kind, body, correction, judge
from batch.errors import StoreStopped, Unreadable
from batch.model import Item, Shipment
from batch.sandbox import Behaviour, Fault, Faults, Quota, Reply, Sideloads

ORDERS = {
    "orders": [
        {
            "id": 100,
            "external_id": "AMZ-1",
            "addresses": [{"id": 1, "first_name": "Jane"}, {"id": 2, "first_name": "Trish"}],
            "lines": [
                {"id": 7, "sku": "MUG", "name": "Mug", "quantity": 5, "order_address_id": 1},
                {
                    "id": 8,
                    "sku": "CAP",
                    "name": "Cap",
                    "quantity": 2,
                    "quantity_refunded": 1,
                    "order_address_id": 2,
                },
                {"id": 9, "sku": "SONG", "type": "digital", "quantity": 1},
                {"id": 10, "sku": "LAMP", "quantity": 1, "pickup": True},
            ],
        },
        {"id": 103, "lines": [{"id": 11, "sku": "MUG", "quantity": 1}]},
    ]
}
PARCEL = Shipment(
    100,
    1,
    (Item(7, 2),),
    tracking_number="1Z999",
    shipping_provider="ups",
    comments="Zwei Kästen ☕",
)


@pytest.fixture
def store(sandbox: Any, settings_for: Any) -> Any:
    """Opens a sandbox with the orders above and a client of it."""

    async def opened(**settings: Any) -> tuple[Any, Client]:
        box = await sandbox(ORDERS, **settings)
        return box, Client(settings_for(box, timeout=5))

    return opened


async def test_a_page_of_orders_knows_lines_addresses_and_units_left(store: Any) -> None:
    """One request gives all that a shipment needs; what does not ship is told apart."""
    box, client = await store()
    async with client:
        first, second = await client.orders(min_id=1)
        assert [order.order_id for order in await client.orders(min_id=101)] == [103]
    assert (first.order_id, first.external_id, first.cut, first.items_total) == (
        100,
        "AMZ-1",
        False,
        9,
    )
    assert [(line.order_product_id, line.order_address_id, line.left) for line in first.lines] == [
        (7, 1, 5),
        (8, 2, 1),
        (9, 0, 0),
        (10, 0, 0),
    ]
    assert [line.kind for line in first.lines] == ["physical", "physical", "digital", "physical"]
    assert second.lines[0].order_address_id > 0
    assert client.requests == len(box.requests) == 2


@pytest.mark.parametrize("filters", [True, False])
async def test_an_order_is_looked_up_by_its_own_number(store: Any, filters: bool) -> None:
    """Also where the filter is ignored, and all orders come."""
    _, client = await store(behaviour=Behaviour(filters_externals=filters))
    async with client:
        found = [order.order_id for order in await client.orders_by_external_id(" amz-1")]
        assert found == ([] if filters else [100])
        assert await client.orders_by_external_id("EBAY-7") == []


@pytest.mark.parametrize("empty_list", ["204", "[]"])
async def test_nothing_is_an_answer(store: Any, empty_list: Any) -> None:
    """Empty lists come as 204 or as []; what does not exist is None."""
    _, client = await store(behaviour=Behaviour(empty_list=empty_list))
    async with client:
        assert await client.orders(min_id=104) == []
        assert await client.orders_by_external_id("EBAY-7") == []
        assert await client.shipments(100) == []
        assert await client.shipment_count(100) == 0
        assert await client.order(999) is None
        assert await client.shipment(100, 999) is None


async def test_the_life_of_a_shipment(store: Any) -> None:
    """Made, read, changed, counted, deleted: each answer is judged by its own rule."""
    box, client = await store()
    async with client:
        made = judge(await client.create_shipment(100, body(PARCEL)), order_id=100).shipment
        assert made is not None
        assert (made.tracking_number, made.items, made.comments) == (
            "1Z999",
            (Item(7, 2),),
            PARCEL.comments,
        )
        assert await client.shipment(100, made.shipment_id) == made
        assert await client.shipments(100) == [made]
        assert await client.shipment_count(100) == 1
        order = await client.order(100)
        assert order is not None
        assert (order.items_shipped, order.is_shipped, order.lines[0].left) == (2, True, 3)

        corrected = Shipment(100, 1, (Item(7, 2),), tracking_number="JD01", tracking_carrier="dhl")
        changed = judge(
            await client.update_shipment(100, made.shipment_id, correction(corrected)),
            expected=200,
            order_id=100,
        )
        assert changed.kind is Kind.DONE
        assert changed.shipment is not None
        assert (changed.shipment.tracking_number, changed.shipment.shipping_provider) == (
            "JD01",
            "",
        )

        gone = await client.delete_shipment(100, made.shipment_id)
        assert (judge(gone, expected=204).kind, judge(gone, expected=204).code) == (
            Kind.DONE,
            "done",
        )
        again = await client.delete_shipment(100, made.shipment_id)
        assert (judge(again, expected=204).kind, judge(again, expected=204).code) == (
            Kind.DONE,
            "gone",
        )
    assert box.shipments() == []


async def test_an_orders_status_is_set(store: Any) -> None:
    """And read back."""
    _, client = await store()
    async with client:
        assert judge(await client.set_status(100, 11), expected=200).kind is Kind.DONE
        order = await client.order(100)
    assert order is not None
    assert order.status_id == 11


async def test_more_than_is_left_is_refused_in_the_stores_words(store: Any) -> None:
    """A refusal is a reply like any other; nothing is raised, nothing is made."""
    box, client = await store()
    async with client:
        verdict = judge(await client.create_shipment(100, body(Shipment(100, 1, (Item(7, 6),)))))
    assert (verdict.kind, verdict.code) == (Kind.NEVER, "more_than_available")
    assert "quantity" in verdict.problems[0]
    assert box.shipments() == []


@pytest.mark.parametrize("page_size", [1, 2, 250])
async def test_all_pages_are_read_however_small(store: Any, page_size: int) -> None:
    """A store whose pages are smaller than asked loses nothing."""
    _, client = await store(behaviour=Behaviour(page_size=page_size))
    async with client:
        for _ in range(3):
            await client.create_shipment(100, body(Shipment(100, 1, (Item(7, 1),))))
        shipments = await client.shipments(100)
        assert len({shipment.shipment_id for shipment in shipments}) == len(shipments) == 3
        assert len(await client.order_products(100)) == 4


@pytest.mark.parametrize("sideloads", get_args(Sideloads)[1:])
async def test_lines_cut_short_are_seen_and_products_has_them(store: Any, sideloads: Any) -> None:
    """An order says that its lines are not all; /products has those that consignments lack."""
    _, client = await store(behaviour=Behaviour(sideloads=sideloads, cut_at=0))
    async with client:
        order = await client.order(100)
        lines = await client.order_products(100)
    assert order is not None
    assert order.cut
    assert {line.order_product_id: (line.order_address_id, line.left) for line in lines} == {
        7: (1, 5),
        8: (2, 1),
        9: (0, 0),
        10: (0, 0),
    }


async def test_a_read_goes_on_until_it_succeeds(store: Any, virtual_clock: VirtualLoop) -> None:
    """Resets, server errors, cut bodies, nonsense and silence: a read is tried again, with growing
    pauses.
    """
    broken = (Reply.RESET, 500, Reply.CUT_BODY, Reply.MALFORMED, Reply.HANG)
    box, client = await store(
        faults=Faults(*(Fault(reply, nth=nth) for nth, reply in enumerate(broken, 1)))
    )
    async with client:
        order = await client.order(100)
    assert order is not None
    assert len(box.requests) == len(broken) + 1
    assert 5 <= virtual_clock.time() < 120, "five seconds of silence, and the pauses"


async def test_a_read_that_fails_for_good_says_so(store: Any, virtual_clock: VirtualLoop) -> None:
    """After a bounded number of tries: what was asked, what came, how often, what to do."""
    box, client = await store(faults=Faults(Fault(502, method="GET")))
    async with client:
        with pytest.raises(Unreadable, match=r"GET /orders/100 \(asked 6 times\): .*502") as caught:
            await client.order(100)
    assert "give the same command again" in caught.value.todo
    assert len(box.requests) == 6
    assert virtual_clock.time() < 300


async def test_a_read_that_is_only_refused_says_for_how_long(
    store: Any, virtual_clock: VirtualLoop
) -> None:
    """A 429 is no try."""
    _, client = await store(faults=Faults(Fault(429)))
    async with client:
        with pytest.raises(Unreadable, match=r"GET /orders/100 \(asked for 10 min\)"):
            await client.order(100)


async def test_a_429_delays_a_read_and_does_not_count_against_it(
    store: Any, virtual_clock: VirtualLoop
) -> None:
    """Ten refusals in a row, then the answer."""
    box, client = await store(faults=Faults(Fault(429, performs=0, nth=range(1, 11))))
    async with client:
        assert await client.order(100) is not None
    assert len(box.requests) == 11
    assert client.quota.refusals == 10


STOPPING = [
    (Fault(401), "token"),
    (Fault(403), "store_v2_orders"),
    (Fault(302, headers={"Location": "https://elsewhere.example/"}), "redirects"),
    (Fault(404, body="The route is not found, check the URL"), "BIGCOMMERCE_STORE_HASH"),
    (Fault(Reply.SUSPENDED), "suspended"),
    (Fault(Reply.PORTAL), "web page"),
]


@pytest.mark.parametrize(("fault", "word"), STOPPING)
async def test_a_store_that_refuses_everything_stops_the_run_at_once(
    store: Any, fault: Fault, word: str
) -> None:
    """One request, no second try, and words for a person; never the token."""
    box, client = await store(faults=Faults(fault))
    async with client:
        with pytest.raises(StoreStopped) as caught:
            await client.shipments(100)
    assert word in f"{caught.value} {caught.value.todo}"
    assert box.token not in f"{caught.value!r} {caught.value.todo}"
    assert len(box.requests) == 1


async def test_an_answer_of_another_kind_is_unreadable(store: Any) -> None:
    """JSON that is not what the API documents is named, not crashed on."""
    _, client = await store(faults=Faults(Fault(200, body='{"orders": 1}'), seed=1))
    async with client:
        with pytest.raises(Unreadable, match="a list was expected"):
            await client.orders(min_id=1)
        with pytest.raises(Unreadable, match="no id"):
            await client.order(100)


async def test_the_quota_is_spent_and_never_passed(store: Any, virtual_clock: VirtualLoop) -> None:
    """Reads wait for the next window by themselves; the store never has to refuse."""
    box, client = await store(quota=Quota(requests=20, window=30))
    async with client:
        for _ in range(50):
            await client.order(100)
    assert client.quota.refusals == 0
    assert len(box.requests) == 50
    assert 60 <= virtual_clock.time() <= 61


def test_the_token_is_in_no_representation(settings_for: Any) -> None:
    """Neither the client nor what it is made of prints the token."""

    class Box:
        url, store_hash, token = "http://127.0.0.1:9", "abc", "canary-token-1"

    client = Client(settings_for(Box))
    assert "canary" not in repr(client) + repr(client.quota) + repr(settings_for(Box))
