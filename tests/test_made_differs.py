"""A shipment that is not as it was asked for: what the answer says is checked, what the store holds is told."""

from collections.abc import Mapping
from typing import Any

import pytest
from shop import OpenShop, Shop, dense, line, number, order, row, said, statuses, store
from test_audit import audit, troubles
from test_decide import decide, waits
from test_undo import undo

from batch.commands.undo import undo_run
from batch.errors import NothingSent
from batch.model import Item, Shipment, StoreShipment
from batch.model.matching import differences
from batch.monitoring import of_report
from batch.pipeline import exit_status
from batch.sandbox import Behaviour, Fault

MUG = (100, "MUG", 1, number(0))
TWO_PLACES = store(order(100, line(1000, order_address_id=7), line(1001, "CUP", order_address_id=8)))
LIST = "GET /orders/{}/shipments"
MADE: list[Mapping[str, Any]] = [
    {"tracking_number": "OTHER"},
    {"tracking_number": ""},
    {"items": [{"order_product_id": 1000, "quantity": 2}]},
    {"items": [{"order_product_id": 1001, "quantity": 1}]},
    {"order_address_id": 8},
    {"tracking_number": "OTHER", "items": [{"order_product_id": 1001, "quantity": 2}], "order_address_id": 8},
]
LIES: list[Mapping[str, Any]] = [
    {"tracking_number": "OTHER"},
    {"tracking_number": None},
    {"items": []},
    {"items": [{"order_product_id": 1000, "quantity": 2}]},
    {"order_address_id": 8},
    {"order_id": 999},
    {"order_id": 999, "id": 77},
    {"id": 4},
    {"id": 5},
]
"""One thing of an answer that is not true; the order has had a shipment 5 before."""


async def made_otherwise(shop: OpenShop, **makes: Any) -> Shop:
    """A shop whose store has made one parcel otherwise than it was asked: under another number, if nothing is said."""
    there = await shop(TWO_PLACES)
    there.fault(Fault(method="POST", nth=1, makes=makes or {"tracking_number": "OTHER"}))
    report = await there.run(MUG)
    assert said(report) == {2: ("created", "made_differs")}
    there.fault()
    return there


class TestAnswers:
    @pytest.mark.parametrize("makes", MADE, ids=str)
    async def test_what_the_store_has_made_otherwise_is_told(self, shop: OpenShop, makes: Mapping[str, Any]) -> None:
        """Read back at once, sent once; both sides are said, and somebody has to look."""
        there = await shop(TWO_PLACES)
        there.fault(Fault(method="POST", nth=1, makes=makes))
        report = await there.run(MUG)
        assert said(report) == {2: ("created", "made_differs")}
        assert row(report, 2).shipment_ids == (1,)
        assert "asked " in row(report, 2).finding.error
        assert ", made " in row(report, 2).finding.error
        assert (report.summary["created"], report.summary["made_differs"], exit_status(report)) == (1, 1, 3)
        assert (there.posts, there.box.counts[LIST]) == (1, 2)  # its page, and the end of its pages
        assert of_report(report, 3).kinds == {"created: made_differs": 1}

    async def test_both_sides_are_in_the_row(self, shop: OpenShop) -> None:
        """With the numbers, and a command that works when it is pasted."""
        there = await shop(TWO_PLACES)
        there.fault(Fault(method="POST", nth=1, makes=MADE[-1]))
        finding = row(await there.run(MUG), 2).finding
        assert finding.error == (
            "Order 100: the store has made shipment 1 otherwise than asked: address: asked 7, made 8; "
            f"items: asked 1 of line 1000, made 2 of line 1001; tracking number: asked {number(0)}, made OTHER."
        )
        assert finding.todo.endswith("shipbatch decide --order 100 --answer exists:1")

    @pytest.mark.parametrize("says", LIES, ids=str)
    async def test_an_answer_that_lies_is_read_back_at_once(self, shop: OpenShop, says: Mapping[str, Any]) -> None:
        """The store has what was asked: created under its own id, before anything else is sent, and no word of it."""
        item = {"order_product_id": 1000, "quantity": 1}
        before = {"id": 5, "order_address_id": 7, "items": [item], "tracking_number": "EARLIER"}
        there = await shop(store({**TWO_PLACES["orders"][0], "shipments": [before]}, order(101)))
        there.fault(Fault(method="POST", nth=1, says=says))
        report = await there.run(MUG, (101, "MUG", 1, number(1)), workers=1)
        assert said(report) == {2: ("created", ""), 3: ("created", "")}
        assert (row(report, 2).shipment_ids, exit_status(report)) == ((6,), 0)
        sent = [(method, path.split("?")[0].rpartition("/v2")[2]) for method, path, _ in there.box.requests[-4:]]
        shipments = "/orders/100/shipments"
        assert sent == [("POST", shipments), *[("GET", shipments)] * 2, ("POST", "/orders/101/shipments")]

    async def test_another_records_shipment_is_read_back_at_once(self, shop: OpenShop) -> None:
        """The answer is the one before, word by word; the right one is found without the settle window."""
        there = await shop(dense(1))
        there.fault(Fault(method="POST", nth=2, says={"id": 1}))
        report = await there.run(MUG, (100, "MUG", 1, number(1)))
        assert [row(report, n).shipment_ids for n in (2, 3)] == [(1,), (2,)]
        assert not [said for said in there.screen.lines if "in doubt" in said]

    @pytest.mark.parametrize(
        "lacks", [("items", "tracking_number", "order_address_id", "order_id", "tracking_link"), ("items",)]
    )
    async def test_what_an_answer_leaves_out_is_no_difference(self, shop: OpenShop, lacks: tuple[str, ...]) -> None:
        there = await shop(TWO_PLACES)
        there.fault(Fault(method="POST", nth=1, lacks=lacks))
        assert said(await there.run(MUG)) == {2: ("created", "")}
        assert there.box.counts[LIST] == 0

    async def test_how_a_store_writes_a_number_is_no_difference(self, shop: OpenShop) -> None:
        """Without its blanks and in capitals; nor is it another parcel the second time."""
        there = await shop(dense(1), behaviour=Behaviour(rewrites_numbers=True))
        rows = (100, "MUG", 1, "abc 12 34 d")
        assert said(await there.run(rows)) == {2: ("created", "")}
        assert there.made() == [(100, "ABC1234D", {1000: 1})]
        assert there.box.counts[LIST] == 0
        for more in ({}, {"verify": True}):
            assert said(await there.run(rows, **more)) == {2: ("already created", "")}

    async def test_what_could_not_be_read_back_is_in_doubt_and_settled_by_the_next_run(self, shop: OpenShop) -> None:
        """By the id that the answer had: the ledger has kept it."""
        there = await shop(TWO_PLACES)
        there.fault(
            Fault(method="POST", nth=1, makes={"tracking_number": "OTHER"}),
            Fault(500, method="GET", path="/shipments$"),
        )
        report = await there.run(MUG)
        assert (said(report), exit_status(report)) == ({2: ("in doubt", "answer_differs")}, 3)
        assert f"asked {number(0)}, answered OTHER" in row(report, 2).finding.error
        there.fault()
        assert said(await there.run(MUG)) == {2: ("already created", "made_differs")}
        assert there.posts == 1

    async def test_the_orders_next_parcel_goes_on(self, shop: OpenShop) -> None:
        there = await shop(dense(1))
        there.fault(Fault(method="POST", nth=1, makes={"tracking_number": "OTHER"}))
        report = await there.run(MUG, (100, "MUG", 1, number(1)))
        assert said(report) == {2: ("created", "made_differs"), 3: ("created", "")}


class TestAfterwards:
    async def test_the_same_file_again_tells_it_until_a_person_has_accepted_it(self, shop: OpenShop) -> None:
        """Already created, and still something to look at; accepted, it is as any other."""
        there = await made_otherwise(shop)
        for more in ({"verify": True}, {}):
            report = await there.run(MUG, **more)
            assert (said(report), exit_status(report)) == ({2: ("already created", "made_differs")}, 3)
        told = await waits(there, report.run.run_id)
        assert told.data[0]["answers"] == ("exists:1",)
        (line,) = (await decide(there, "exists:1")).lines
        assert line.startswith(f"Run {told.data[0]['run']}, row 2, order 100: stays as shipment 1 (OTHER; ")
        assert (await waits(there)).status == 0
        for more in ({"verify": True}, {}):
            report = await there.run(MUG, **more)
            assert (said(report), exit_status(report), there.posts) == ({2: ("already created", "")}, 0, 1)

    async def test_what_was_corrected_by_hand_is_accepted_as_it_is_now(self, shop: OpenShop) -> None:
        """Nothing is left for an audit, and it is undone as any other."""
        there = await made_otherwise(shop)
        (made,) = there.box.store.shipments()
        there.box.store.change(made, {"tracking_number": number(0)})
        run_id = (await waits(there)).data[0]["run"]
        await decide(there, "exists:1")
        assert troubles(await audit(there)) == []
        async with there.desk() as desk:
            assert (await undo_run(desk, run_id, for_real=True)).data["deleted"] == 1

    async def test_what_was_deleted_by_hand_ships_on_a_persons_word(self, shop: OpenShop) -> None:
        """It no longer counts as made."""
        there = await made_otherwise(shop)
        there.box.store.delete(next(iter(there.box.store.shipments())))
        (line,) = (await decide(there, "exists:1")).lines
        assert "no longer in the store" in line
        assert said(await there.run(MUG)) == {2: ("held", "deleted_before")}
        await decide(there, "ship")
        assert said(await there.run(MUG)) == {2: ("created", "")}

    @pytest.mark.parametrize("answer", ["ship", "skip", "absent", "exists:2"])
    async def test_other_answers_are_refused_with_the_one_there_is(self, shop: OpenShop, answer: str) -> None:
        there = await made_otherwise(shop)
        with pytest.raises(NothingSent) as refused:
            await decide(there, answer)
        assert "exists:1" in refused.value.todo
        assert (await waits(there)).status == 3

    async def test_update_corrects_the_number(self, shop: OpenShop) -> None:
        """The same file with --update: one PUT, and nothing is left to tell."""
        there = await made_otherwise(shop)
        assert said(await there.run(MUG, update=True)) == {2: ("updated", "updated")}
        assert there.made() == [(100, number(0), {1000: 1})]
        for more in ({}, {"update": True}, {"verify": True}):
            assert said(await there.run(MUG, **more)) == {2: ("already created", "")}
        assert troubles(await audit(there)) == []

    @pytest.mark.parametrize("makes", MADE[2:], ids=str)
    async def test_update_corrects_nothing_else(self, shop: OpenShop, makes: Mapping[str, Any]) -> None:
        """Items and address cannot be changed: it stays as it is, and is told."""
        there = await made_otherwise(shop, **makes)
        for more in ({}, {"verify": True}):
            assert said(await there.run(MUG, update=True, **more)) == {2: ("already created", "made_differs")}
        assert there.box.counts["PUT /orders/{}/shipments/{}"] == 0

    @pytest.mark.parametrize("makes", MADE[2:5], ids=str)
    async def test_a_parcel_without_a_number_is_known_in_another_file(
        self, shop: OpenShop, makes: Mapping[str, Any]
    ) -> None:
        """As what the store has made of it: asked about, and not shipped beside it."""
        there = await shop(TWO_PLACES)
        there.fault(Fault(method="POST", nth=1, makes=makes))
        bare = (100, "MUG", 1, "")
        assert said(await there.run(bare)) == {2: ("created", "made_differs")}
        there.fault()
        assert said(await there.run(bare)) == {2: ("already created", "made_differs")}
        report = await there.run(bare, (100, "CUP", 1, number(5)), name="other.csv")
        assert said(report)[2] == ("held", "equal_again")
        assert there.posts == 2

    async def test_audit_finds_it(self, shop: OpenShop) -> None:
        """With both sides, until it is set right in the store, or accepted."""
        there = await made_otherwise(shop)
        told = await audit(there)
        assert (troubles(told), told.status) == ([("made differs", 100)], 3)
        assert f"asked {number(0)}, made OTHER" in "\n".join(told.lines)
        (made,) = there.box.store.shipments()
        there.box.store.change(made, {"tracking_number": number(0)})
        assert troubles(await audit(there)) == []
        there.box.store.change(made, {"tracking_number": "OTHER"})
        await decide(there, "exists:1")
        assert troubles(await audit(there)) == []

    async def test_undo_says_it_and_deletes_it(self, shop: OpenShop) -> None:
        """It is the run's own; afterwards nothing of it waits."""
        there = await shop(TWO_PLACES)
        there.fault(Fault(method="POST", nth=1, makes=MADE[-1]))
        report = await there.run(MUG)
        told = await undo(there, report)
        assert (told.data["deleted"], told.status, there.made()) == (1, 0, [])
        assert "asked 7, made 8" in "\n".join(told.lines)
        assert (await waits(there)).status == 0

    @pytest.mark.parametrize(
        ("fault", "outcome"),
        [
            (Fault(method="PUT", says={"tracking_number": "OTHER"}), ("updated", "updated")),
            (Fault(method="PUT", says={"id": 77}), ("updated", "updated")),
            (Fault(method="PUT", makes={"tracking_number": "OTHER"}), ("held", "not_corrected")),
        ],
        ids=["another number said", "another shipment said", "another number written"],
    )
    async def test_a_corrections_answer_is_checked_too(
        self, shop: OpenShop, fault: Fault, outcome: tuple[str, str]
    ) -> None:
        """What it says that was not asked is read back."""
        there = await shop(store(order(100, line(1000, quantity=1))))
        await there.run(MUG)
        there.fault(fault)
        report = await there.run((100, "MUG", 1, number(1)), name="corrected.csv", update=True)
        assert said(report) == {2: outcome}
        assert statuses(report) == [outcome[0]]


ASKED = Shipment(100, 5, (Item(1000, 1), Item(1001, 2)), "1z 1")


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ({}, []),
        ({"tracking_number": " 1Z1 "}, []),
        ({"tracking_number": "1Z2"}, ["tracking number"]),
        ({"tracking_link": "https://t.example/2"}, []),
        ({"items": [(1001, 2), (1000, 1)]}, []),
        ({"items": [(1000, 1)]}, ["items"]),
        ({"items": [(0, 3)]}, []),
        ({"order_address_id": 6, "order_id": 101}, ["order", "address"]),
    ],
    ids=str,
)
def test_what_differs(answer: Mapping[str, Any], what: list[str]) -> None:
    """What the store does not say, or writes in another way, does not."""
    fields = {"order_id": 100, "order_address_id": 5, "items": (), "tracking_number": "1Z1", **answer}
    fields["items"] = tuple(Item(*pair) for pair in fields["items"])
    assert [one for one, *_ in differences(ASKED, StoreShipment(7, **fields, answer=answer))] == what


@pytest.mark.parametrize(
    ("link", "same"),
    [("HTTPS://t.example/a%20b", True), ("https://t.example/a b/", True), ("https://t.example/c", False)],
)
def test_a_link_is_compared_where_there_is_no_number(link: str, same: bool) -> None:
    asked = Shipment(100, 5, (Item(1000, 1),), tracking_link="https://t.example/a b")
    made = StoreShipment(7, 100, 5, (Item(1000, 1),), tracking_link=link, answer={"tracking_link": link})
    assert bool(differences(asked, made)) != same
