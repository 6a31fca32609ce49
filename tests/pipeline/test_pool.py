"""The workers against a real store over real sockets: once, paced, recorded, stopped in time."""

import asyncio
import json
from collections import defaultdict
from itertools import pairwise

import pytest
from shop import OpenShop, Watched, dense, line, number, order, row, said, statuses, store

from batch.config.environment import this_user
from batch.model import State
from batch.pipeline import exit_status
from batch.primitives.uptime import GAVE_UP
from batch.sandbox import Behaviour, Fault, Quota, Reply

SHIPMENTS = r"/shipments$"


def one_each(count: int) -> list[tuple[object, ...]]:
    """A parcel of one mug for each of so many orders."""
    return [(100 + n, "MUG", 1, number(n)) for n in range(count)]


def once_each(count: int) -> list[tuple[int, str, dict[int, int]]]:
    """What the store holds when each has shipped once."""
    return [(100 + n, number(n), {(100 + n) * 10: 1}) for n in range(count)]


class TestEachOnce:
    async def test_what_the_file_asks_is_what_the_store_holds(self, shop: OpenShop) -> None:
        """None missing, none extra, none different."""
        there = await shop(dense(40))
        report = await there.run(*one_each(40))
        assert statuses(report) == ["created"] * 40
        assert there.made() == once_each(40)
        assert (there.posts, report.summary["created"], exit_status(report)) == (40, 40, 0)

    async def test_every_outcome_is_shown(self, shop: OpenShop) -> None:
        """Shipment id and link of each are in its row; the screen is told of each."""
        there = await shop(dense(3))
        report = await there.run(*one_each(3))
        assert [result.shipment_ids for _, result in sorted(report.rows.items())] == [
            (1,),
            (2,),
            (3,),
        ]
        assert {record.state for record in there.screen.steps} == {State.CREATED}
        assert len(there.screen.steps) == 3

    async def test_the_provider_is_always_sent(self, shop: OpenShop) -> None:
        """Without one it is empty: left out, the store would make it `custom`."""
        there = await shop(dense(1))
        await there.run(*one_each(1))
        assert there.box.shipments()[0]["shipping_provider"] == ""

    async def test_the_answer_is_kept_without_addresses(self, shop: OpenShop) -> None:
        """The whole object of the store, less the people's names and streets."""
        there = await shop(
            store(
                order(
                    100, addresses=[{"id": 5, "first_name": "Wilhelmina", "street_1": "Elm St 7"}]
                )
            )
        )
        await there.run(*one_each(1))
        with there.ledger() as ledger:
            (record,) = ledger.find("100")
        assert record.made is not None
        assert record.made.answer["id"] == 1
        ledger_bytes = b"".join(path.read_bytes() for path in there.home.glob("ledger*"))
        assert b"Wilhelmina" not in ledger_bytes
        assert b"Elm St" not in ledger_bytes


class TestWhatIsKept:
    """Of each try, in the ledger: what was known before it, and what came of it."""

    async def test_of_an_intent_and_its_answer(self, shop: OpenShop) -> None:
        there = await shop(store(order(100, line(1000), line(1001, "CUP"))))
        await there.run((100, "MUG", 1, number(0)), (100, "CUP", 1, number(1)), never_resend=True)
        with there.ledger() as ledger:
            first, second = (
                [attempt.evidence for attempt in ledger.attempts(record.record_id)]
                for record in sorted(ledger.find("100"), key=lambda record: record.record_id)
            )
        known = {"status_id": 11, "never_resend": True, "who": this_user()}
        answer = {"phase": "answered", "status": 201, "problem": "", "said": []}
        assert first == [known | {"shipped": {"1000": 0, "1001": 0}, "baseline": 0}, answer]
        assert second[0]["baseline"] == 1
        assert second[0]["shipped"] == {"1000": 1, "1001": 0}

    async def test_of_an_answer_that_is_lost(self, shop: OpenShop) -> None:
        """And of the two looks that found nothing."""
        there = await shop(dense(1))
        there.fault(Fault(Reply.RESET, performs=0, method="POST", nth=1))
        await there.run(*one_each(1))
        with there.ledger() as ledger:
            (record,) = ledger.find("100")
            _, lost, look, *_ = ledger.attempts(record.record_id)
        assert (lost.what, look.what) == ("response", "read back")
        assert lost.evidence["phase"] == "sent"
        assert lost.evidence["status"] is None
        assert lost.evidence["problem"]
        assert look.evidence == {"absent": 2, "moved": False, "seen": []}

    async def test_of_an_answer_that_is_not_of_what_was_asked(self, shop: OpenShop) -> None:
        there = await shop(dense(1))
        there.fault(Fault(method="POST", nth=1, makes={"tracking_number": "OTHER"}))
        await there.run(*one_each(1))
        with there.ledger() as ledger:
            (record,) = ledger.find("100")
            _, answer, look = ledger.attempts(record.record_id)
        assert answer.evidence["named"] == 1
        assert answer.evidence["differing"] == [["tracking number", number(0), "OTHER"]]
        assert (look.what, look.evidence) == ("read back", {"found": 1, "twins": []})


class TestOrderOfThings:
    async def test_the_intent_is_durable_before_the_first_byte(self, shop: OpenShop) -> None:
        """Another connection sees it in the file when the request arrives, with what the order
        held.
        """
        there = await shop(store(*(order(100 + n, status_id=9) for n in range(5))))
        seen: list[tuple[int, list[State], int]] = []

        def look(method: str, _path: str, order_id: int) -> None:
            if method == "POST":
                with there.ledger() as ledger:
                    (record,) = ledger.of_orders("shop", [order_id])[order_id]
                    intent = ledger.attempts(record.record_id)[-1]
                    seen.append(
                        (order_id, [record.state, intent.state], intent.evidence["status_id"])
                    )

        there.box.faults = Watched(look)
        await there.run(*one_each(5))
        assert sorted(seen) == [(100 + n, [State.INTENT, State.INTENT], 9) for n in range(5)]

    async def test_the_whole_plan_is_durable_before_the_first_intent(self, shop: OpenShop) -> None:
        """When the first request arrives the ledger holds every shipment of the file."""
        there = await shop(dense(20))
        planned: list[int] = []

        def look(method: str, _path: str, _order_id: int) -> None:
            if method == "POST" and not planned:
                with there.ledger() as ledger:
                    planned.append(len(list(ledger.records_of_run(ledger.runs()[0].run_id))))

        there.box.faults = Watched(look)
        await there.run(*one_each(20))
        assert planned == [20]

    async def test_workers_are_bounded_and_an_order_has_one_in_flight(self, shop: OpenShop) -> None:
        """Every answer takes ten seconds: never more than four at once, never two of an order."""
        there = await shop(store(*(order(100 + n) for n in range(6))))
        arrived: list[tuple[float, int]] = []
        clock = asyncio.get_running_loop()

        def look(method: str, _path: str, order_id: int) -> None:
            if method == "POST":
                arrived.append((clock.time(), order_id))

        there.box.faults = Watched(look, Fault(delay=10.0, method="POST"))
        rows = [(100 + n, "MUG", 1, number(10 * n + k)) for n in range(6) for k in range(3)]
        assert statuses(await there.run(*rows, workers=4)) == ["created"] * 18
        by_order: dict[int, list[float]] = defaultdict(list)
        for at, order_id in arrived:
            by_order[order_id].append(at)
            assert sum(at <= other < at + 9.9 for other, _ in arrived) <= 4
        assert all(
            later - at >= 9.9 for times in by_order.values() for at, later in pairwise(times)
        )
        assert clock.time() < 18 / 4 * 10 * 1.5

    async def test_parcels_of_an_order_go_in_the_files_order(self, shop: OpenShop) -> None:
        """The second waits for the first."""
        there = await shop(dense(1))
        await there.run(*((100, "MUG", 1, number(n)) for n in range(3)))
        assert [name for _, name, _ in there.made()] == [number(0), number(1), number(2)]


class TestRefusals:
    @pytest.mark.parametrize("status", [400, 404, 409, 422])
    async def test_are_the_rows_own(self, shop: OpenShop, status: int) -> None:
        """Rejected with the store's words; the others ship; it is not sent again."""
        there = await shop(dense(3))
        v2 = json.dumps([{"status": status, "message": "No such thing."}])
        there.fault(Fault(status, performs=0, method="POST", order=101, body=v2))
        report = await there.run(*one_each(3))
        assert statuses(report) == ["created", "rejected", "created"]
        finding = row(report, 3).finding
        assert finding.code == f"refused_{status}"
        assert "Order 101" in finding.error
        assert "No such thing." in finding.error
        assert (there.posts, exit_status(report)) == (3, 1)

    async def test_have_the_stores_words(self, shop: OpenShop) -> None:
        """Somebody ships the mugs between the look and the post: the store's refusal is shown."""
        there = await shop(dense(1))

        def ship_elsewhere(method: str, _path: str, order_id: int) -> None:
            if method == "POST" and not there.box.shipments():
                theirs = {"order_address_id": order_id, "items": [(1000, 3)]}
                there.box.store.make(there.box.store.draft(order_id, theirs))

        there.box.faults = Watched(ship_elsewhere)
        report = await there.run(*one_each(1))
        finding = row(report, 2).finding
        assert (finding.status.value, finding.code) == ("rejected", "refused_400")
        assert "available_quantity" in finding.error
        assert len(there.made()) == 1

    async def test_a_rejected_row_is_a_new_record_when_it_comes_again(self, shop: OpenShop) -> None:
        """Corrected in the store, the same file ships it."""
        there = await shop(dense(1))
        there.fault(Fault(400, performs=0, method="POST"))
        await there.run(*one_each(1))
        there.fault()
        assert statuses(await there.run(*one_each(1))) == ["created"]
        with there.ledger() as ledger:
            assert [record.state for record in ledger.find("100")] == [
                State.REJECTED,
                State.CREATED,
            ]


class TestNothingMade:
    async def test_a_refusal_before_work_is_tried_again(self, shop: OpenShop) -> None:
        """429 with units left, without headers, with absurd ones: each shipment is made once."""
        there = await shop(dense(20))
        there.fault(
            Fault(429, performs=0, method="POST", nth=range(1, 3)),
            Fault(429, performs=0, method="POST", nth=range(3, 5), bare=True),
            Fault(
                429,
                performs=0,
                method="POST",
                nth=range(5, 9),
                headers={"X-Rate-Limit-Time-Reset-Ms": "-7"},
            ),
        )
        assert statuses(await there.run(*one_each(20))) == ["created"] * 20
        assert there.made() == once_each(20)

    async def test_a_refusal_after_the_work_is_found_and_its_order_goes_on(
        self, shop: OpenShop
    ) -> None:
        """A gateway's 429 for what the store has made: it is not sent again, and the order's next
        parcels ship.
        """
        there = await shop(dense(1))
        there.fault(Fault(429, method="POST", nth=range(1, 3)))
        report = await there.run(*((100, "MUG", 1, number(n)) for n in range(3)))
        assert (statuses(report), there.posts) == (["created"] * 3, 3)
        assert [row(report, n).shipment_ids for n in (2, 3, 4)] == [(1,), (2,), (3,)]

    async def test_a_small_quota_is_kept(self, shop: OpenShop) -> None:
        """Ten requests a window, some taken by others: no 429 of our own making, and all ship."""
        there = await shop(dense(25), quota=Quota(requests=10, window=30.0))
        assert statuses(await there.run(*one_each(25))) == ["created"] * 25
        assert [status for _, _, status in there.box.requests if status == 429] == []

    async def test_a_storm_of_refusals_ends_the_run_in_the_end(self, shop: OpenShop) -> None:
        """429 for ever: the rows are not sent, and the next run ships them."""
        there = await shop(dense(3))
        there.fault(Fault(429, performs=0, method="POST"))
        report = await there.run(*one_each(3))
        assert statuses(report) == ["not sent"] * 3
        assert report.stopped.endswith("nothing through for 15 minutes: it answers 429")
        assert 14 * 60 < report.summary["seconds"] <= 15 * 60
        assert report.todo
        there.fault()
        assert statuses(await there.run(*one_each(3))) == ["created"] * 3

    async def test_each_is_tried_less_and_less_often(self, shop: OpenShop) -> None:
        """Though reads are answered meanwhile: half a minute apart in the end, not five seconds."""
        there = await shop(dense(3))
        there.fault(Fault(429, performs=0, method="POST", bare=True))
        await there.run(*one_each(3))
        assert there.posts < 3 * 60

    @pytest.mark.parametrize(
        "stops",
        [
            Fault(401, performs=0, method="POST", nth=range(4, 99)),
            Fault(403, performs=0, method="POST", nth=range(4, 99)),
            Fault(
                404, performs=0, method="POST", nth=range(4, 99), body="<html>no such store</html>"
            ),
            Fault(302, performs=0, method="POST", nth=range(4, 99)),
            Fault(307, performs=0, method="POST", nth=range(4, 99)),
            Fault(Reply.SUSPENDED, performs=0, method="POST", nth=range(4, 99)),
        ],
        ids=lambda fault: str(fault.reply),
    )
    async def test_a_store_that_refuses_us_stops_the_run(
        self, shop: OpenShop, stops: Fault
    ) -> None:
        """Three ship; what is in flight ends; the rest is not sent, and the next run ships it."""
        there = await shop(dense(30))
        there.fault(stops)
        report = await there.run(*one_each(30), workers=4)
        assert statuses(report).count("created") == 3
        assert statuses(report).count("not sent") == 27
        assert there.posts <= 3 + 4
        assert report.stopped
        assert {code for status, code in said(report).values() if status == "not sent"} == {
            "stopped"
        }
        assert "sandbox-token" not in report.stopped
        there.fault()
        assert set(statuses(await there.run(*one_each(30)))) == {"created", "already created"}
        assert sorted(there.made()) == once_each(30)

    async def test_a_web_page_in_the_stores_place_stops_the_run(self, shop: OpenShop) -> None:
        """A captive portal: that one is in doubt, the rest is not sent; the next run settles and
        ships.
        """
        there = await shop(dense(10))
        there.fault(Fault(Reply.PORTAL, performs=0, method="POST", nth=range(3, 99)))
        report = await there.run(*one_each(10), workers=1)
        assert statuses(report) == ["created"] * 2 + ["in doubt"] + ["not sent"] * 7
        assert exit_status(report) == 3
        there.fault()
        assert set(statuses(await there.run(*one_each(10)))) == {"created", "already created"}
        assert sorted(there.made()) == once_each(10)


LOST = [
    Fault(Reply.RESET, method="POST"),
    Fault(Reply.CLOSE, method="POST"),
    Fault(Reply.CUT_HEADERS, method="POST"),
    Fault(Reply.CUT_BODY, method="POST"),
    Fault(Reply.MALFORMED, method="POST"),
    Fault(Reply.EMPTY, method="POST"),
    Fault(Reply.NO_ID, method="POST"),
    Fault(Reply.HANG, method="POST"),
    Fault(Reply.SLOW, method="POST"),
    Fault(Reply.GIANT, method="POST"),
    Fault(200, method="POST"),
    Fault(204, method="POST"),
    Fault(408, method="POST"),
    Fault(499, method="POST"),
    Fault(500, method="POST"),
    Fault(502, method="POST"),
    Fault(503, method="POST"),
    Fault(504, method="POST"),
]
SIDES = [Behaviour(), Behaviour(refuses_overshipping=False, empty_list="[]", page_size=1)]


@pytest.mark.parametrize("side", SIDES, ids=["refuses", "allows, pages of one"])
class TestLostAnswers:
    @pytest.mark.parametrize("lost", LOST, ids=lambda fault: str(fault.reply))
    @pytest.mark.parametrize("performs", [0, 1])
    async def test_settle_without_a_double(
        self, shop: OpenShop, lost: Fault, performs: int, side: Behaviour
    ) -> None:
        """Made or not: after the settle window each parcel is in the store exactly once."""
        there = await shop(dense(3), behaviour=side)
        there.fault(Fault(**_fields(lost), performs=performs, nth=2))
        report = await there.run(*one_each(3))
        assert statuses(report) == ["created"] * 3
        assert sorted(there.made()) == once_each(3)
        assert there.posts == 3 + (not performs)

    @pytest.mark.parametrize("late", [0.5, 20.0, 60.0, 110.0])
    async def test_a_late_commit_is_found(
        self, shop: OpenShop, late: float, side: Behaviour
    ) -> None:
        """Made after we gave up, anywhere within the settle window after the deadline: not sent
        again.
        """
        there = await shop(dense(1), behaviour=side)
        there.fault(Fault(Reply.HANG, method="POST", late=late, nth=1))
        report = await there.run(*one_each(1), timeout=30, settle=90)
        await there.box.settle()
        assert (statuses(report), there.posts) == (["created"], 1)
        assert there.made() == once_each(1)

    async def test_a_doubled_create_is_told(self, shop: OpenShop, side: Behaviour) -> None:
        """A proxy sent it twice: one is ours, both are named, nothing is deleted."""
        there = await shop(dense(1), behaviour=side)
        there.fault(Fault(502, method="POST", performs=2, nth=1))
        report = await there.run(*one_each(1))
        finding = row(report, 2).finding
        assert (finding.status.value, finding.code) == ("created", "duplicate_on_server")
        assert "held as 1" in finding.error or "holds it as 1" in finding.error
        assert len(there.made()) == 2
        assert there.box.counts["DELETE /orders/{}/shipments/{}"] == 0


def _fields(fault: Fault) -> dict[str, object]:
    return {"reply": fault.reply, "method": fault.method, "delay": fault.delay}


class TestOddAnswers:
    async def test_the_id_of_another_record_proves_nothing(self, shop: OpenShop) -> None:
        """A mixed-up answer names the first parcel's shipment: it is read back, and the right one
        found.
        """
        there = await shop(dense(1))
        mixed_up = json.dumps({"id": 1, "order_id": 100, "items": []})
        there.fault(Fault(method="POST", nth=2, body=mixed_up))
        report = await there.run((100, "MUG", 1, number(0)), (100, "MUG", 1, number(1)))
        assert [row(report, n).shipment_ids for n in (2, 3)] == [(1,), (2,)]

    async def test_the_id_of_another_orders_shipment_proves_nothing(self, shop: OpenShop) -> None:
        """The ledger has it as another record's: it is read back, and why is kept."""
        there = await shop(dense(2))
        mixed_up = json.dumps({"id": 1, "order_id": 101})
        there.fault(Fault(method="POST", order=101, body=mixed_up))
        report = await there.run(*one_each(2), workers=1)
        assert [row(report, n).shipment_ids for n in (2, 3)] == [(1,), (2,)]
        with there.ledger() as ledger:
            (record,) = ledger.find("101")
            _, answer, look = ledger.attempts(record.record_id)
        assert answer.state is State.IN_DOUBT
        assert answer.evidence["problem"]
        assert GAVE_UP in answer.evidence
        assert (look.what, look.state) == ("read back", State.CREATED)

    async def test_the_answer_of_another_order_proves_nothing(self, shop: OpenShop) -> None:
        """A cache answers with a shipment of somebody else's order: read back, and the right one
        found.
        """
        there = await shop(dense(1))
        there.fault(
            Fault(method="POST", nth=1, body=json.dumps({"id": 77, "order_id": 999, "items": []}))
        )
        report = await there.run(*one_each(1))
        assert (statuses(report), row(report, 2).shipment_ids) == (["created"], (1,))

    async def test_an_order_behind_a_doubt_waits(self, shop: OpenShop) -> None:
        """What is not settled holds the order's other parcels back, and they say for which row."""
        there = await shop(dense(2))
        there.fault(
            Fault(504, method="POST", order=100, nth=1), Fault(500, method="GET", path=SHIPMENTS)
        )
        report = await there.run(
            (100, "MUG", 1, number(0)), (100, "MUG", 1, number(1)), (101, "MUG", 1, number(2))
        )
        assert said(report) == {
            2: ("in doubt", "in_doubt"),
            3: ("not sent", "order_in_doubt"),
            4: ("created", ""),
        }
        assert "row 2" in row(report, 3).finding.error
        there.fault()
        again = await there.run(
            (100, "MUG", 1, number(0)), (100, "MUG", 1, number(1)), (101, "MUG", 1, number(2))
        )
        assert set(statuses(again)) == {"created", "already created"}
        assert len(there.made()) == 3

    async def test_a_token_that_is_revoked_while_a_doubt_settles(self, shop: OpenShop) -> None:
        """The sheet is written all the same: it is in doubt, and the next run settles it."""
        there = await shop(dense(1))
        there.fault(
            Fault(504, method="POST", nth=1),
            Fault(401, performs=0, method="GET", path=SHIPMENTS, nth=range(1, 9)),
        )
        report = await there.run(*one_each(1))
        assert statuses(report) == ["in doubt"]
        assert report.stopped
        assert report.sheet is not None
        there.fault()
        assert statuses(await there.run(*one_each(1))) == ["already created"]
        assert there.made() == once_each(1)


class TestStops:
    async def test_limit_stops_after_so_many_and_the_next_run_goes_on(self, shop: OpenShop) -> None:
        """The rest says why, and ships when the file comes again."""
        there = await shop(dense(5))
        first = await there.run(*one_each(5), limit=2)
        assert statuses(first) == ["created"] * 2 + ["not sent"] * 3
        assert said(first)[4] == ("not sent", "limit")
        assert exit_status(first) == 1
        assert statuses(await there.run(*one_each(5), limit=2))[2:4] == ["created", "created"]
        assert statuses(await there.run(*one_each(5))) == ["already created"] * 4 + ["created"]
        assert there.posts == 5

    async def test_a_stop_lets_what_is_in_flight_end(self, shop: OpenShop) -> None:
        """Told to stop at the third request: three are made and recorded, no fourth is sent."""
        there = await shop(dense(10))

        def tell(method: str, _path: str, _order_id: int) -> None:
            if method == "POST" and there.posts == 3:
                there.stop.set("it was told to stop")

        there.box.faults = Watched(tell)
        report = await there.run(*one_each(10), workers=1)
        assert statuses(report) == ["created"] * 3 + ["not sent"] * 7
        assert there.made() == once_each(3)

    async def test_a_full_disk_stops_before_the_next_first_byte(self, shop: OpenShop) -> None:
        """What cannot be recorded is not sent; with room again the same file ends what it began."""
        there = await shop(dense(30))
        resource = pytest.importorskip("resource", reason="needs a limit on files' sizes")
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

        def fill(method: str, _path: str, _order_id: int) -> None:
            if method == "POST" and there.posts == 5:
                size = max(path.stat().st_size for path in there.home.glob("ledger.sqlite3*"))
                resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))

        there.box.faults = Watched(fill)
        try:
            report = await there.run(*one_each(30), workers=2)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert there.posts < 12
        assert "disk" in report.stopped
        assert "not sent" in statuses(report)
        there.fault()
        assert set(statuses(await there.run(*one_each(30)))) == {"created", "already created"}
        assert sorted(there.made()) == once_each(30)

    @pytest.mark.parametrize(
        "refusal", [Fault(401, performs=0), Fault(500, performs=0)], ids=["refused", "down"]
    )
    async def test_a_second_judgement_that_cannot_be_had_stops_the_run(
        self, shop: OpenShop, refusal: Fault
    ) -> None:
        """An aged judgement is taken again before its claims; where the store no longer answers,
        nothing is sent.
        """
        there = await shop(dense(3))
        there.fault(
            Fault(refusal.reply, performs=0, method="GET", nth=range(2, 99), path="/orders$")
        )
        report = await there.run(*one_each(3), judgement=0)
        assert statuses(report) == ["not sent"] * 3
        assert report.stopped
        assert there.posts == 0


class TestAgedJudgement:
    async def test_is_taken_again_and_holds(self, shop: OpenShop) -> None:
        """Nothing has changed: everything ships, once."""
        there = await shop(dense(10))
        assert statuses(await there.run(*one_each(10), judgement=0)) == ["created"] * 10
        assert there.made() == once_each(10)

    async def test_sees_what_has_changed(self, shop: OpenShop) -> None:
        """Cancelled between the judgement and the claim: it does not ship any more."""
        there = await shop(dense(2))

        def cancel(method: str, path: str, _order_id: int) -> None:
            if method == "GET" and there.box.counts["GET /orders"] == 2:
                there.box.store.orders[101].status_id = 5

        there.box.faults = Watched(cancel)
        report = await there.run(*one_each(2), judgement=0)
        assert said(report) == {2: ("created", ""), 3: ("held", "order_status")}

    async def test_says_something_of_every_row(self, shop: OpenShop) -> None:
        """Two mugs of three shipped elsewhere meanwhile: one row of the parcel is short, and its
        others say so.
        """
        there = await shop(store(order(100, line(1000), line(1001, "CUP"))))

        def ship_elsewhere(method: str, _path: str, _order_id: int) -> None:
            if (
                method == "GET"
                and there.box.counts["GET /orders"] == 2
                and not there.box.shipments()
            ):
                theirs = {
                    "order_address_id": 100,
                    "items": [(1000, 2)],
                    "tracking_number": "THEIRS",
                }
                there.box.store.make(there.box.store.draft(100, theirs))

        there.box.faults = Watched(ship_elsewhere)
        report = await there.run(
            (100, "MUG", 2, number(1)), (100, "CUP", 1, number(1)), judgement=0
        )
        assert said(report) == {
            2: ("invalid", "not_enough_left"),
            3: ("invalid", "parcel_incomplete"),
        }
        assert there.posts == 0

    async def test_has_the_newer_baseline(self, shop: OpenShop) -> None:
        """An equal shipment made by another tool between the two looks is never claimed as ours."""
        there = await shop(dense(1))

        def ship_elsewhere(method: str, _path: str, _order_id: int) -> None:
            if (
                method == "GET"
                and there.box.counts["GET /orders"] == 2
                and not there.box.shipments()
            ):
                theirs = {"order_address_id": 100, "items": [(1000, 1)], "shipping_provider": ""}
                there.box.store.make(there.box.store.draft(100, theirs))

        there.box.faults = Watched(ship_elsewhere, Fault(504, performs=0, method="POST", nth=1))
        report = await there.run((100, "MUG", 2, ""), judgement=0)
        assert statuses(report) == ["created"]
        assert [units for _, _, units in there.made()] == [{1000: 1}, {1000: 2}]
