"""A run taken back: shown first, only what nobody has changed since, statuses too, and on after a
stop.
"""

import csv
from pathlib import Path
from typing import Any

import pytest
from shop import OpenShop, Shop, Watched, dense, line, number, order, statuses, store

from batch.commands.answer import CommandResult
from batch.commands.undo import undo_run
from batch.errors import NothingSent
from batch.results.accounting import Report
from batch.sandbox import Fault, Reply

DELETE = "DELETE /orders/{}/shipments/{}"
DELETE_ALL = "DELETE /orders/{}/shipments"
ROWS = [(100 + n, "MUG", 1, number(n)) for n in range(3)]


async def undo(
    there: Shop, report: Report, *, for_real: bool = True, **more: bool
) -> CommandResult:
    async with there.desk() as desk:
        return await undo_run(desk, report.run.run_id, for_real=for_real, **more)


async def shipped(shop: OpenShop, **more: Any) -> tuple[Shop, Report]:
    there = await shop(store(*(order(100 + n, status_id=9) for n in range(3))), **more)
    return there, await there.run(*ROWS)


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


def order_statuses(there: Shop) -> list[int]:
    return [held.status_id for held in there.box.store.orders.values()]


async def test_a_dry_run_comes_first(shop: OpenShop) -> None:
    """What would be deleted is said, with the command that does it; nothing is."""
    there, report = await shipped(shop)
    told = await undo(there, report, for_real=False)
    assert (told.data["delete"], told.data["deleted"], told.status) == (3, 0, 0)
    assert f"shipbatch undo {report.run.run_id} --yes" in "\n".join(told.lines)
    assert len(there.made()) == 3
    assert there.box.counts[DELETE] == there.box.counts["PUT /orders/{}"] == 0


async def test_what_the_run_made_is_deleted_and_the_status_put_back(shop: OpenShop) -> None:
    """One by one; each order has the status that it had before."""
    there, report = await shipped(shop)
    assert order_statuses(there) == [3, 3, 3]
    told = await undo(there, report)
    assert (told.data["deleted"], told.status) == (3, 0)
    assert (there.made(), order_statuses(there)) == ([], [9, 9, 9])
    assert there.box.counts[DELETE_ALL] == 0


async def test_the_list_keeps_what_an_earlier_call_deleted(shop: OpenShop) -> None:
    """Called again it finds nothing to delete, and the orders concerned are still in the list."""
    there, report = await shipped(shop)
    for _ in range(2):
        told = await undo(there, report)
        assert [row["Order ID"] for row in rows_of(Path(told.data["orders"]))] == [
            "100",
            "101",
            "102",
        ]
    assert (told.data["deleted"], there.box.counts[DELETE]) == (0, 3)


async def test_a_list_that_cannot_be_written_hides_nothing(shop: OpenShop) -> None:
    """What was deleted is told of all the same, and the list's place with the reason."""
    there, report = await shipped(shop)
    (there.home / "undo").write_text("no folder")
    told = await undo(there, report)
    assert (told.data["deleted"], told.status) == (3, 0)
    assert any(
        "csv could not be written: " in line and "the same call writes it" in line
        for line in told.lines
    )


async def test_mails_cannot_be_taken_back(shop: OpenShop) -> None:
    """It says so, and writes the list of the orders concerned."""
    there, report = await shipped(shop)
    told = await undo(there, report)
    assert "mails" in "\n".join(told.lines)
    assert [
        (each["Order ID"], each["Shipment ID"], each["What"])
        for each in rows_of(Path(told.data["orders"]))
    ] == [
        ("100", "1", "deleted"),
        ("101", "2", "deleted"),
        ("102", "3", "deleted"),
    ]


async def test_a_status_that_goes_back_may_mail_and_is_counted_before(shop: OpenShop) -> None:
    """Before anything is deleted it is said how many customers that may mail, and where both
    switches are.
    """
    there, report = await shipped(shop)
    told = " ".join((await undo(there, report, for_real=False)).lines)
    assert "up to 3 customers" in told
    assert "Order notifications" in told
    assert "B2B app, Settings › Emails" in told
    said: list[str] = []
    there.box.faults = Watched(
        lambda method, *_: said.extend(there.screen.lines if method == "DELETE" else ())
    )
    done = await undo(there, report)
    assert "3 customers. Switch" in " ".join(said)
    assert done.data["statuses_put_back"] == 3
    assert "3 status changes made" in "\n".join(done.lines)
    assert "up to" not in "\n".join(done.lines)


async def test_statuses_can_be_left_alone(shop: OpenShop) -> None:
    """With --keep-status no order is written to, now or by a later call, and nothing is said of
    such mails.
    """
    there, report = await shipped(shop)
    shown = await undo(there, report, for_real=False, keep_status=True)
    assert "Order notifications" not in "\n".join(shown.lines)
    assert shown.lines[-1].endswith("--yes --keep-status")
    await undo(there, report, keep_status=True)
    await undo(there, report)
    assert (there.made(), order_statuses(there), there.box.counts["PUT /orders/{}"]) == (
        [],
        [3, 3, 3],
        0,
    )


async def test_what_has_changed_since_is_kept(shop: OpenShop) -> None:
    """Someone corrected a number: that shipment and its order's status stay, and it is said why."""
    there, report = await shipped(shop)
    one = next(iter(there.box.store.shipments()))
    there.box.store.change(one, {"tracking_number": "CORRECTED1"})
    told = await undo(there, report)
    assert (told.data["kept"], told.data["deleted"], told.status) == (1, 2, 1)
    assert "tracking_number was" in "\n".join(told.lines)
    assert there.made() == [(100, "CORRECTED1", {1000: 1})]
    assert order_statuses(there) == [3, 9, 9]


async def test_shipments_of_others_are_not_touched(shop: OpenShop) -> None:
    """Of another run, and of another tool."""
    theirs = {
        "id": 7,
        "tracking_number": "OTHER1",
        "items": [{"order_product_id": 1000, "quantity": 1}],
    }
    there = await shop(store(order(100, line(1000, quantity=5), shipments=[theirs])))
    await there.run((100, "MUG", 1, number(0)))
    second = await there.run((100, "MUG", 1, number(1)), name="b.csv")
    await undo(there, second)
    assert [name for _, name, _ in there.made()] == ["OTHER1", number(0)]


async def test_an_order_that_has_moved_on_keeps_its_status(shop: OpenShop) -> None:
    """Completed by a person since: the shipment goes, the status stays."""
    there, report = await shipped(shop)
    there.box.store.orders[100].status_id = 10
    await undo(there, report)
    assert order_statuses(there) == [10, 9, 9]


async def test_what_is_gone_already_is_no_trouble(shop: OpenShop) -> None:
    """Deleted in the control panel: its status is put back with the others'."""
    there, report = await shipped(shop)
    there.box.store.delete(next(iter(there.box.store.shipments())))
    told = await undo(there, report)
    assert (told.data["gone"], told.data["deleted"], told.status) == (1, 2, 0)
    assert order_statuses(there) == [9, 9, 9]


async def test_a_second_call_has_nothing_to_do(shop: OpenShop) -> None:
    """It is recorded: not even a request."""
    there, report = await shipped(shop)
    await undo(there, report)
    asked = len(there.box.requests)
    told = await undo(there, report)
    assert (told.data["delete"], told.data["deleted"], told.status) == (0, 0, 0)
    assert len(there.box.requests) == asked


async def test_a_stopped_undo_goes_on(shop: OpenShop) -> None:
    """Told to stop at the second delete: the same call ends it, and no delete is sent for what is
    gone.
    """
    there, report = await shipped(shop)

    def tell(method: str, _path: str, _order: int) -> None:
        if method == "DELETE" and there.box.counts[DELETE] == 2:
            there.stop.set("it was told to stop")

    there.box.faults = Watched(tell)
    async with there.desk(workers=1) as desk:
        told = await undo_run(desk, report.run.run_id, for_real=True)
    assert told.status == 1
    assert "The same call goes on" in "\n".join(told.lines)
    assert len(there.made()) == 1
    there.fault()
    assert (await undo(there, report)).status == 0
    assert (there.made(), order_statuses(there), there.box.counts[DELETE]) == ([], [9, 9, 9], 3)


@pytest.mark.parametrize("reply", [429, 502, Reply.RESET, Reply.EMPTY])
async def test_an_answer_that_is_lost_is_no_trouble(shop: OpenShop, reply: Any) -> None:
    """To delete twice does no harm."""
    there, report = await shipped(shop)
    performs = int(reply != 429)
    there.fault(
        Fault(reply, performs=performs, method="DELETE", nth=1), Fault(502, method="PUT", nth=1)
    )
    assert (await undo(there, report)).status == 0
    assert (there.made(), order_statuses(there)) == ([], [9, 9, 9])


async def test_a_store_that_refuses_us_stops_it(shop: OpenShop) -> None:
    """401 at the first delete: the rest is left, and said to be."""
    there, report = await shipped(shop)
    there.fault(Fault(401, performs=0, method="DELETE"))
    async with there.desk(workers=1) as desk:
        told = await undo_run(desk, report.run.run_id, for_real=True)
    assert told.status == 1
    assert "Stopped before the end" in "\n".join(told.lines)
    assert len(there.made()) == 3


async def test_what_was_undone_takes_a_persons_word_to_ship_again(shop: OpenShop) -> None:
    """The same file is held; with --again it ships."""
    there, report = await shipped(shop)
    await undo(there, report)
    assert statuses(await there.run(*ROWS)) == ["held"] * 3
    assert statuses(await there.run(*ROWS, again=True)) == ["created"] * 3
    assert len(there.made()) == 3
    assert statuses(await there.run(*ROWS)) == ["already created"] * 3


async def test_a_run_that_is_not_there(shop: OpenShop) -> None:
    """The newest ones are named."""
    there, report = await shipped(shop)
    async with there.desk() as desk:
        with pytest.raises(NothingSent, match=f"no run nope; the newest are {report.run.run_id}"):
            await undo_run(desk, "nope", for_real=True)


async def test_rows_that_were_met_are_not_deleted(shop: OpenShop) -> None:
    """A run undoes what it created, not what it only found."""
    there = await shop(dense(1))
    await there.run((100, "MUG", 1, number(0)))
    second = await there.run((100, "MUG", 1, number(0)), name="b.csv")
    assert (await undo(there, second)).data["deleted"] == 0
    assert len(there.made()) == 1


async def test_what_the_run_left_in_doubt_is_named(shop: OpenShop) -> None:
    """It may be in the store, and cannot be deleted before that is known: exit 3, with the order
    and what to do.
    """
    there = await shop(dense(3))
    there.fault(Fault(504, method="POST", nth=2), Fault(500, method="GET", path=r"/shipments$"))
    report = await there.run(*ROWS)
    assert sorted(statuses(report)) == ["created", "created", "in doubt"]
    there.fault()
    for for_real in (False, True):
        told = await undo(there, report, for_real=for_real)
        assert told.status == 3
        (order_id,) = told.data["in_doubt"]
        assert any(f"Order {order_id}" in said and "in doubt" in said for said in told.lines)
        assert f"shipbatch decide {report.run.run_id}" in told.lines[-1]
    assert len(there.made()) == 1


async def test_a_list_that_is_behind_does_not_make_a_shipment_gone(shop: OpenShop) -> None:
    """It is asked for by its id, found, and deleted."""
    there, report = await shipped(shop)
    there.fault(Fault(method="GET", path=r"/shipments$", body="[]"))
    told = await undo(there, report)
    assert (told.data["deleted"], told.data["gone"], there.made()) == (3, 0, [])


async def test_an_undo_that_has_deleted_something_says_so_whatever_comes_then(
    shop: OpenShop,
) -> None:
    """The store answers no more after the first delete: what was done is told, with 1; never 75."""
    there, report = await shipped(shop)
    lost = Fault(500, performs=0, method="DELETE", nth=range(2, 99))
    there.fault(lost, Fault(500, method="GET", path=r"/shipments/\d+$"))
    async with there.desk(workers=1) as desk:
        told = await undo_run(desk, report.run.run_id, for_real=True)
    assert (told.data["deleted"], told.status, len(there.made())) == (1, 1, 2)
    assert "Stopped before the end" in "\n".join(told.lines)
