"""A sandbox's store: read from plain data, invented from a file, and outliving its process."""

import asyncio
import json
import sys
from pathlib import Path

import pytest
from sandbox_client import STORE, Client, parcel, session

from batch.sandbox import Sandbox, load_orders, store_for


async def test_what_was_made_outlives_a_killed_process(tmp_path: Path) -> None:
    """Created, changed, deleted, a status: all there in the next process, and ids go on."""
    orders, truth = tmp_path / "orders.json", tmp_path / "truth.jsonl"
    orders.write_text(json.dumps(STORE))
    faults = tmp_path / "faults.json"
    faults.write_text('[{"order": 105, "reply": 502}]')
    command = [sys.executable, "-m", "batch.sandbox", str(orders), "--event-log", str(truth), "--faults", str(faults)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    known = json.loads(await process.stdout.readline())
    far = Sandbox(STORE, store_hash=known["store_hash"], token=known["token"])
    far.url = known["url"]
    async with session() as opened:
        client = Client(far, opened)
        first, second = [(await client.post("/orders/100/shipments", parcel())).json for _ in range(2)]
        await client.put(f"/orders/100/shipments/{first['id']}", {"tracking_number": "NEW"})
        await client.delete(f"/orders/100/shipments/{second['id']}")
        await client.put("/orders/101", {"status_id": 9})
        assert (await client.get("/orders/105")).status == 502
        before = (await client.get("/orders/100/shipments")).json
    process.kill()
    await process.wait()
    again = Sandbox(load_orders(orders), event_log=truth)
    assert [shipment for shipment in again.shipments() if shipment["order_id"] == 100] == before
    assert before[0]["tracking_number"] == "NEW"
    async with again, session() as opened:
        client = Client(again, opened)
        assert (await client.get("/orders/101")).json["status_id"] == 9
        assert (await client.get("/orders/100")).json["items_shipped"] == 1
        assert (await client.post("/orders/100/shipments", parcel())).json["id"] > second["id"]


async def test_a_line_cut_short_by_a_kill_never_happened(tmp_path: Path) -> None:
    """The file is whole again, and goes on."""
    truth = tmp_path / "truth.jsonl"
    for count in (1, 2):
        async with Sandbox(STORE, event_log=truth) as sandbox, session() as opened:
            await Client(sandbox, opened).post("/orders/100/shipments", parcel())
        with truth.open("a") as file:
            file.write('{"did": "created", "id": 99')
        again = Sandbox(STORE, event_log=truth)
        assert [shipment["order_id"] for shipment in again.shipments()] == [100] * count + [105]


async def test_the_truth_of_another_store_is_refused(tmp_path: Path) -> None:
    """ValueError names the order that is not there."""
    truth = tmp_path / "truth.jsonl"
    async with Sandbox(STORE, event_log=truth) as sandbox, session() as opened:
        await Client(sandbox, opened).post("/orders/100/shipments", parcel())
    with pytest.raises(ValueError, match="order 100"):
        Sandbox({"orders": []}, event_log=truth)


@pytest.mark.parametrize("wrong", ['{"order": []}', '{"orders": [{"status_id": 11}]}', "[]", "{"])
def test_data_of_another_shape_is_refused(tmp_path: Path, wrong: str) -> None:
    """ValueError, with the file's name where it is the shape that is wrong."""
    path = tmp_path / "orders.json"
    path.write_text(wrong)
    with pytest.raises(ValueError, match=r"orders\.json|Expecting"):
        load_orders(path)


PARCELS = [
    {"order_id": 7, "lines": [{"sku": "MUG", "quantity": 2}, {"sku": "Hat", "quantity": None}]},
    {"order_id": 7, "lines": [{"sku": "mug", "quantity": 3}]},
    {"order_id": 8, "order_address_id": 81, "lines": [{"sku": "MUG", "quantity": 1}]},
    {"order_id": 8, "order_address_id": 82, "lines": [{"sku": "MUG", "quantity": 1}]},
    {"order_id": 9, "lines": [{"order_product_id": 5000, "quantity": 4}]},
    {"order_id": 10, "lines": []},
    {"order_id": None, "external_order_id": "AMZ-1", "lines": [{"sku": "PEN", "quantity": 1}]},
    {"order_id": None, "external_order_id": "", "lines": []},
]


def test_an_invented_store_has_what_the_file_asks_and_no_more() -> None:
    """Units of a line are added up; a SKU at two addresses is two lines; no lines asked makes one."""
    orders = {order["id"]: order for order in store_for(PARCELS)["orders"]}
    lines = {number: [(line["sku"], line["quantity"]) for line in order["lines"]] for number, order in orders.items()}
    assert lines == {
        7: [("MUG", 5), ("Hat", 1)],
        8: [("MUG", 1), ("MUG", 1)],
        9: [("SKU-5000", 4)],
        10: [("ITEM-10", 1)],
        11: [("PEN", 1)],
    }
    assert orders[9]["lines"][0]["id"] == 5000
    assert [address["id"] for address in orders[8]["addresses"]] == [81, 82]
    assert orders[11]["external_id"] == "AMZ-1"
    assert store_for(PARCELS) == store_for(PARCELS)


async def test_every_parcel_of_the_file_can_be_shipped_in_it() -> None:
    """Afterwards the orders are shipped, and not one unit more can be."""
    store = store_for(PARCELS)
    async with Sandbox(store) as sandbox, session() as opened:
        client = Client(sandbox, opened)
        for order in store["orders"]:
            for line in order["lines"]:
                body = parcel(line["id"], line["quantity"], line["order_address_id"])
                assert (await client.post(f"/orders/{order['id']}/shipments", body)).status == 201
            assert (await client.get(f"/orders/{order['id']}")).json["status_id"] == 2
            assert (await client.post(f"/orders/{order['id']}/shipments", body)).status == 400
