"""Corrections (DESIGN 4.6): written to the shipment that exists with `--update`, held without."""

from typing import Any

import pytest
from clock import VirtualLoop
from shop import HEADER, OpenShop, dense, line, number, order, row, said, statuses, store

from batch.model import State
from batch.pipeline import exit_status
from batch.sandbox import Fault, Reply

ONE = store(order(100, line(1000, quantity=1)))
PUT = "PUT /orders/{}/shipments/{}"


async def test_a_corrected_number_is_put(shop: OpenShop) -> None:
    """The same shipment with the new number; no second one, and the row says what it was."""
    there = await shop(ONE)
    await there.run((100, "MUG", 1, number(0)))
    report = await there.run((100, "MUG", 1, number(1)), name="corrected.csv", update=True)
    assert said(report) == {2: ("updated", "updated")}
    assert f"Was shipment 1 ({number(0)}" in row(report, 2).finding.error
    assert row(report, 2).shipment_ids == (1,)
    assert there.made() == [(100, number(1), {1000: 1})]
    assert (there.posts, there.box.counts[PUT], exit_status(report)) == (1, 1, 0)
    assert report.summary["updated"] == 1


async def test_it_is_held_without_the_option(shop: OpenShop) -> None:
    """And nothing is written."""
    there = await shop(ONE)
    await there.run((100, "MUG", 1, number(0)))
    report = await there.run((100, "MUG", 1, number(1)), name="corrected.csv")
    assert said(report) == {2: ("held", "correction")}
    assert (there.box.counts[PUT], exit_status(report)) == (0, 3)


async def test_a_corrected_carrier_is_put(shop: OpenShop) -> None:
    """The same number under another carrier; nothing of the old one is left."""
    there = await shop(ONE)
    header = (*HEADER, "Carrier")
    await there.run((100, "MUG", 1, "794644790132", "FedEx"), header=header)
    await there.run(
        (100, "MUG", 1, "794644790132", "DPD UK"), header=header, name="b.csv", update=True
    )
    (made,) = there.box.shipments()
    assert (made["shipping_provider"], made["tracking_carrier"]) == ("", "dpd-uk")
    assert there.posts == 1


async def test_it_is_kept_with_what_it_was(shop: OpenShop) -> None:
    """The ledger has the correction and the shipment's whole history; both numbers find it."""
    there = await shop(ONE)
    await there.run((100, "MUG", 1, number(0)))
    await there.run((100, "MUG", 1, number(1)), name="b.csv", update=True)
    with there.ledger() as ledger:
        (record,) = ledger.find(number(1))
        assert (record.state, record.made and record.made.tracking_number) == (
            State.CREATED,
            number(1),
        )
        attempt = ledger.attempts(record.record_id)[-1]
    assert attempt.what == "updated"
    assert attempt.evidence["from"]["tracking_number"] == number(0)


async def test_both_files_are_met_afterwards(shop: OpenShop) -> None:
    """The corrected one and the one before: nothing more is sent or written."""
    there = await shop(ONE)
    await there.run((100, "MUG", 1, number(0)))
    await there.run((100, "MUG", 1, number(1)), name="b.csv", update=True)
    assert statuses(await there.run((100, "MUG", 1, number(1)), name="b.csv", update=True)) == [
        "already created"
    ]
    assert statuses(await there.run((100, "MUG", 1, number(0)))) == ["already created"]
    assert (there.posts, there.box.counts[PUT]) == (1, 1)


async def test_a_shipment_of_another_tool_can_be_corrected(shop: OpenShop) -> None:
    """There is no record of it; the store is what counts."""
    theirs = {
        "id": 7,
        "tracking_number": "OTHER1",
        "items": [{"order_product_id": 1000, "quantity": 1}],
    }
    there = await shop(store(order(100, line(1000, quantity=1), shipments=[theirs])))
    assert statuses(await there.run((100, "MUG", 1, number(1)), update=True)) == ["updated"]
    assert there.made() == [(100, number(1), {1000: 1})]


async def test_a_dry_run_writes_nothing(shop: OpenShop) -> None:
    """What would be corrected is shown as held is shown."""
    there = await shop(ONE)
    await there.run((100, "MUG", 1, number(0)))
    await there.run((100, "MUG", 1, number(1)), name="b.csv", update=True, dry=True)
    assert there.box.counts[PUT] == 0


@pytest.mark.parametrize(
    "fault",
    [
        Fault(429, performs=0, method="PUT", nth=1),
        Fault(502, method="PUT", nth=1),
        Fault(Reply.RESET, method="PUT", nth=1),
    ],
    ids=["refused before work", "gateway", "reset"],
)
async def test_an_answer_that_is_lost_is_asked_for_again(shop: OpenShop, fault: Any) -> None:
    """The same values twice do no harm."""
    there = await shop(ONE)
    await there.run((100, "MUG", 1, number(0)))
    there.fault(fault)
    assert statuses(await there.run((100, "MUG", 1, number(1)), name="b.csv", update=True)) == [
        "updated"
    ]


async def test_what_the_store_refuses_is_held_with_its_words(shop: OpenShop) -> None:
    """It stays as it was."""
    there = await shop(ONE)
    await there.run((100, "MUG", 1, number(0)))
    there.fault(Fault(400, performs=0, method="PUT"))
    report = await there.run((100, "MUG", 1, number(1)), name="b.csv", update=True)
    assert said(report) == {2: ("held", "not_corrected")}
    assert there.made() == [(100, number(0), {1000: 1})]


async def test_a_store_that_refuses_us_stops_the_corrections(shop: OpenShop) -> None:
    """401 at the first PUT: no other is tried, and nothing new is posted."""
    orders = store(*(order(100 + n, line(1000 + n, quantity=1)) for n in range(5)), order(200))
    there = await shop(orders)
    await there.run(*((100 + n, "MUG", 1, number(n)) for n in range(5)))
    there.fault(Fault(401, performs=0, method="PUT"))
    rows = [(100 + n, "MUG", 1, number(10 + n)) for n in range(5)]
    report = await there.run(*rows, (200, "MUG", 1, number(20)), name="b.csv", update=True)
    assert there.box.counts[PUT] == 1
    assert there.posts == 5
    assert report.stopped
    held = dict.fromkeys(range(3, 7), ("held", "correction"))
    assert said(report) == {2: ("held", "not_corrected"), **held, 7: ("not sent", "stopped")}
    assert [row(report, n).shipment_ids for n in range(2, 7)] == [(n,) for n in range(1, 6)]


async def test_a_void_row_ships_nothing(shop: OpenShop) -> None:
    """A void column is respected."""
    there = await shop(dense(2))
    rows = [(100, "MUG", 1, number(0), "no"), (101, "MUG", 1, number(1), "yes")]
    assert statuses(await there.run(*rows, header=(*HEADER, "Voided"))) == ["created", "skipped"]


async def test_a_corrected_number_stays_the_parcels_own(shop: OpenShop) -> None:
    """Gone from the store later, it is asked about under its new number, and keeps no other row
    from shipping.
    """
    there = await shop(dense(2))
    await there.run((100, "MUG", 3, number(0)))
    await there.run((100, "MUG", 3, number(1)), name="corrected.csv", update=True)
    there.box.store.delete(there.box.store.shipment((100, 1)))
    again = [(100, "MUG", 3, number(1)), (101, "MUG", 1, number(2))]
    assert said(await there.run(*again, name="again.csv", settle=1)) == {
        2: ("held", "deleted_before"),
        3: ("created", ""),
    }
    meant = await there.run(*again, name="again.csv", settle=1, again=True)
    assert statuses(meant) == ["created", "already created"]
    assert there.made() == [(100, number(1), {1000: 3}), (101, number(2), {1010: 1})]


async def test_a_number_that_was_planned_before_is_corrected_to(shop: OpenShop) -> None:
    """An earlier run has planned the parcel under its right number, and never sent it."""
    there = await shop(dense(2))
    there.fault(Fault(401, performs=0, method="POST"))
    await there.run((100, "MUG", 3, number(1)))
    there.fault()
    await there.run((100, "MUG", 3, number(0)), name="wrong.csv")
    right = [(100, "MUG", 3, number(1)), (101, "MUG", 1, number(2))]
    assert statuses(await there.run(*right, name="right.csv", update=True)) == [
        "updated",
        "created",
    ]
    assert statuses(await there.run(*right, name="right.csv")) == ["already created"] * 2
    assert there.made() == [(100, number(1), {1000: 3}), (101, number(2), {1010: 1})]


@pytest.mark.parametrize(("failing", "expected"), [(3, "updated"), (4, "held")])
async def test_a_correction_is_tried_four_times(
    shop: OpenShop, virtual_clock: VirtualLoop, failing: int, expected: str
) -> None:
    """It does no harm twice, and waits twice as long each time; what stays unanswered is held."""
    there = await shop(ONE)
    await there.run((100, "MUG", 1, number(0)))
    there.fault(Fault(502, performs=0, method="PUT", nth=range(1, failing + 1)))
    began = virtual_clock.time()
    report = await there.run((100, "MUG", 1, number(1)), name="b.csv", update=True)
    assert (statuses(report), there.box.counts[PUT]) == ([expected], 4)
    assert 2 + 4 + 8 <= virtual_clock.time() - began < 30
