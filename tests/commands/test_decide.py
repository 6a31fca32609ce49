"""What waits for a person, listed with its numbers; the person's word, taken with who and why, and
kept.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from shop import (
    HEADER,
    OpenShop,
    Shop,
    Watched,
    dense,
    line,
    number,
    order,
    row,
    said,
    statuses,
    store,
    table,
)
from terminal import Terminal

from batch.commands.answer import CommandResult
from batch.commands.decide import Answer, list_pending, take_decision
from batch.errors import NothingSent
from batch.model import State
from batch.pipeline.decisions import answer_of
from batch.results.accounting import Report
from batch.sandbox import Fault, Sandbox

OpenSandbox = Callable[..., Awaitable[Sandbox]]
MUG = (100, "MUG", 1, number(0))
SHIPMENTS = r"/shipments$"


async def waits(there: Shop, run_id: str = "") -> CommandResult:
    with there.ledger() as ledger:
        return list_pending(ledger, "shop", run_id)


async def decide(there: Shop, answer: str, **which: Any) -> CommandResult:
    async with there.desk() as desk:
        word = Answer(answer_of(answer), "Ann", "she looked", **({"everything": True} | which))
        return await take_decision(desk, "", word)


async def in_doubt(shop: OpenShop) -> Shop:
    """A shop with one parcel that waits for a person: near a shipment of somebody else."""
    there = await shop(dense(2))

    def ship(method: str, _path: str, order_id: int) -> None:
        if method == "POST" and there.posts == 1:
            theirs = {"order_address_id": 100, "items": [(1000, 1)], "tracking_number": number(9)}
            there.box.store.make(there.box.store.draft(order_id, theirs))

    there.box.faults = Watched(ship, Fault(504, performs=0, method="POST", nth=1))
    assert said(await there.run(MUG)) == {2: ("in doubt", "needs_person")}
    there.fault()
    return there


async def held(shop: OpenShop, **more: Any) -> Shop:
    """A shop with one parcel that is held: its order is cancelled."""
    there = await shop(store(order(100, status_id=5), order(101)))
    assert said(await there.run(MUG, **more)) == {2: ("held", "order_status")}
    return there


class TestListing:
    async def test_nothing_waits(self, shop: OpenShop) -> None:
        """Said in so many words, exit 0."""
        there = await shop(dense(1))
        await there.run(MUG)
        told = await waits(there)
        assert (told.lines, told.data, told.status) == (("Nothing waits for a person.",), [], 0)

    async def test_what_is_in_doubt_is_listed_with_its_evidence(self, shop: OpenShop) -> None:
        """Row, order, what was seen, and what may be answered; exit 3."""
        told = await waits(await in_doubt(shop))
        text = "\n".join(told.lines)
        assert "row 2, order 100" in text
        assert "shipment 1" in text
        assert "--order 100 --answer" in text
        assert [(each["order_id"], each["rows"]) for each in told.data] == [(100, (2,))]
        assert told.status == 3

    async def test_what_is_held_is_listed(self, shop: OpenShop) -> None:
        """With the same reason as in the sheet."""
        told = await waits(await held(shop))
        assert "Order 100 is Cancelled" in "\n".join(told.lines)
        assert told.data[0]["answers"] == ("ship", "skip", "exists:ID")

    async def test_of_one_run_alone(self, shop: OpenShop) -> None:
        """Where it is named."""
        there = await held(shop)
        other = await there.run((101, "MUG", 1, number(1)), name="b.csv")
        assert (await waits(there, other.run.run_id)).data == []

    async def test_a_newer_runs_word_stands(self, shop: OpenShop) -> None:
        """Held, run again and shipped: it waits no more."""
        there = await held(shop)
        there.box.store.orders[100].status_id = 11
        await there.run(MUG)
        assert (await waits(there)).data == []


class TestAnswers:
    @pytest.mark.parametrize(
        ("words", "answer"),
        [
            ("ship", "ship"),
            ("Ship it!", "ship"),
            ("SKIP", "skip"),
            ("exists:7", "exists:7"),
            ("exists as 7", "exists:7"),
            ("It exists as #7.", "exists:7"),
            ("absent", "absent"),
            ("it does not", "absent"),
        ],
    )
    def test_are_understood_as_people_write_them(self, words: str, answer: str) -> None:
        """Case, blanks and marks do not matter."""
        assert answer_of(words) == answer

    @pytest.mark.parametrize("words", ["", "maybe", "exists", "exists: seven", "ship 7"])
    def test_others_are_refused_with_those_there_are(self, words: str) -> None:
        """Nothing is guessed."""
        with pytest.raises(NothingSent, match="is not an answer") as refused:
            answer_of(words)
        assert "exists:ID" in refused.value.todo

    async def test_for_nothing_that_waits(self, shop: OpenShop) -> None:
        """A wrong order number decides nothing."""
        there = await in_doubt(shop)
        with pytest.raises(NothingSent, match="Nothing that waits"):
            await decide(there, "skip", order=101, everything=False)
        assert len((await waits(there)).data) == 1

    async def test_name_what_they_are_for(self, shop: OpenShop) -> None:
        """Without an order, a row or --all, an answer is for nothing."""
        there = await in_doubt(shop)
        with pytest.raises(NothingSent):
            await decide(there, "ship", everything=False)


class TestInDoubt:
    async def test_it_exists_as_a_number(self, shop: OpenShop) -> None:
        """Created with that id, by whom and why; the next run has nothing to do."""
        there = await in_doubt(shop)
        await decide(there, "exists:1")
        report = await there.run(MUG)
        assert (statuses(report), row(report, 2).shipment_ids, there.posts) == (
            ["already created"],
            (1,),
            1,
        )
        with there.ledger() as ledger:
            (record,) = ledger.find("100")
            attempt = ledger.attempts(record.record_id)[-1]
        assert record.state is State.CREATED
        assert (attempt.what, attempt.evidence) == ("person", {"who": "Ann", "why": "she looked"})

    async def test_the_store_is_asked_whether_it_exists(self, shop: OpenShop) -> None:
        """A number that the order does not have is not taken."""
        there = await in_doubt(shop)
        with pytest.raises(NothingSent, match="Order 100 has no shipment 77"):
            await decide(there, "exists:77")
        assert len((await waits(there)).data) == 1

    async def test_one_shipment_is_not_two_parcels(self, shop: OpenShop) -> None:
        """A number that another record has is not taken."""
        there = await shop(dense(1))
        await there.run(MUG)
        there.fault(Fault(504, performs=0, method="POST"), Fault(500, method="GET", path=SHIPMENTS))
        await there.run((100, "MUG", 1, number(1)), name="b.csv")
        there.fault()
        with pytest.raises(NothingSent, match="cannot be two parcels"):
            await decide(there, "exists:1")

    @pytest.mark.parametrize("answer", ["absent", "ship"])
    async def test_it_does_not_exist(self, shop: OpenShop, answer: str) -> None:
        """Planned again, and ships with the next run of the file, once."""
        there = await in_doubt(shop)
        await decide(there, answer)
        assert there.posts == 1
        assert statuses(await there.run(MUG)) == ["created"]
        assert sorted(name for _, name, _ in there.made()) == [number(0), number(9)]

    async def test_skip(self, shop: OpenShop) -> None:
        """Never sent, in this and every later run."""
        there = await in_doubt(shop)
        await decide(there, "skip")
        assert statuses(await there.run(MUG)) == ["skipped"]
        assert statuses(await there.run(MUG, name="later.csv")) == ["skipped"]
        assert there.posts == 1

    async def test_the_order_is_free_afterwards(self, shop: OpenShop) -> None:
        """Its other parcels ship."""
        there = await in_doubt(shop)
        other = (100, "MUG", 1, number(1))
        assert said(await there.run(other, name="b.csv")) == {2: ("not sent", "order_in_doubt")}
        await decide(there, "exists:1")
        assert statuses(await there.run(other, name="b.csv")) == ["created"]


class TestHeld:
    async def test_ship(self, shop: OpenShop) -> None:
        """With the next run of the file; the word is kept for later ones."""
        there = await held(shop)
        await decide(there, "ship")
        assert (await waits(there)).data == []
        assert statuses(await there.run(MUG)) == ["created"]
        assert statuses(await there.run(MUG)) == ["already created"]

    async def test_skip(self, shop: OpenShop) -> None:
        """For good."""
        there = await held(shop)
        await decide(there, "skip")
        assert statuses(await there.run(MUG)) == ["skipped"]
        assert (await waits(there)).data == []

    async def test_it_exists_as_a_number(self, shop: OpenShop) -> None:
        """Near to what another tool made: a person says that it is that one."""
        theirs = {
            "id": 7,
            "tracking_number": number(9),
            "items": [{"order_product_id": 1000, "quantity": 1}],
        }
        there = await shop(store(order(100, line(1000, quantity=1), shipments=[theirs])))
        assert said(await there.run(MUG)) == {2: ("held", "correction")}
        await decide(there, "exists:7")
        report = await there.run(MUG)
        assert (statuses(report), row(report, 2).shipment_ids) == (["already created"], (7,))

    async def test_a_number_that_came_late_is_written_where_a_person_says_it_belongs(
        self, shop: OpenShop
    ) -> None:
        """It exists as that shipment, and --update: a PUT, and no second parcel."""
        there = await shop(dense(1))
        await there.run((100, "MUG", 1, ""))
        assert said(await there.run(MUG, name="later.csv")) == {2: ("held", "number_added")}
        await decide(there, "exists:1")
        assert statuses(await there.run(MUG, name="later.csv", update=True)) == ["updated"]
        assert there.made() == [(100, number(0), {1000: 1})]
        assert statuses(await there.run(MUG, name="later.csv")) == ["already created"]

    async def test_a_number_that_is_not_there_does_not_ship_it(self, shop: OpenShop) -> None:
        """A person said that it exists; the store does not have it: it stays held."""
        there = await held(shop)
        there.box.store.orders[100].status_id = 11
        with pytest.raises(NothingSent, match="no shipment 77"):
            await decide(there, "exists:77")
        assert (await waits(there)).data != []
        assert there.posts == 0

    @pytest.mark.parametrize(
        ("answer", "follows"), [("exists:1", "already created"), ("skip", "skipped")]
    )
    async def test_what_cannot_ship_is_not_offered_ship(
        self, shop: OpenShop, answer: str, follows: str
    ) -> None:
        """A changed parcel's number is taken: it is that shipment, or nothing. Each answer offered
        settles it.
        """
        there = await shop(dense(1))
        await there.run(MUG)
        two = (100, "MUG", 2, number(0))
        assert said(await there.run(two, name="later.csv")) == {2: ("held", "changed")}
        assert (await waits(there)).data[0]["answers"] == ("exists:ID", "skip")
        with pytest.raises(NothingSent, match="cannot be answered with ship"):
            await decide(there, "ship")
        await decide(there, answer)
        assert statuses(await there.run(two, name="later.csv")) == [follows]
        assert there.posts == 1

    async def test_one_of_several_that_cannot_ship_keeps_no_other_from_it(
        self, shop: OpenShop
    ) -> None:
        """With --all: each is told by itself, exit 3."""
        there = await shop(store(order(100), order(101, status_id=5)))
        await there.run(MUG)
        rows = ((100, "MUG", 2, number(0)), (101, "MUG", 1, number(1)))
        assert statuses(await there.run(*rows, name="later.csv")) == ["held", "held"]
        told = await decide(there, "ship")
        assert (told.status, ["not taken" in line for line in told.lines]) == (3, [True, False])
        assert statuses(await there.run(*rows, name="later.csv")) == ["held", "created"]

    async def test_a_marketplaces_number_of_several_orders_is_skipped(self, shop: OpenShop) -> None:
        """Which order it is nobody knows here: it is skipped, or the file corrected."""
        there = await shop(store(order(100, external_id="AMZ-1"), order(101, external_id="AMZ-1")))
        rows = [("AMZ-1", "MUG", 1, number(0))]
        header = ("External Order ID", *HEADER[1:])
        assert said(await there.run(*rows, header=header)) == {2: ("held", "several_orders")}
        assert (await waits(there)).data[0]["answers"] == ("skip",)
        await decide(there, "skip")
        assert statuses(await there.run(*rows, header=header)) == ["skipped"]

    async def test_a_marketplaces_number_is_answered_for_its_order(self, shop: OpenShop) -> None:
        """The word is on what the file asks, which looking its number up has not changed."""
        there = await shop(store(order(100, external_id="AMZ-1", status_id=5)))
        rows = [("AMZ-1", "MUG", 1, number(0))]
        header = ("External Order ID", *HEADER[1:])
        assert said(await there.run(*rows, header=header)) == {2: ("held", "order_status")}
        await decide(there, "ship")
        assert statuses(await there.run(*rows, header=header)) == ["created"]

    async def test_a_number_is_its_addresss_parcel(self, shop: OpenShop) -> None:
        """Rows of two addresses: the one that the shipment goes to is it, the other still ships."""
        lines = (
            line(1000, quantity=1, order_address_id=1),
            line(1001, "CUP", quantity=1, order_address_id=2),
        )
        units = [{"order_product_id": 1000, "quantity": 1}]
        theirs = {"id": 7, "order_address_id": 1, "tracking_number": number(9), "items": units}
        there = await shop(store(order(100, *lines, shipments=[theirs])))
        rows = (MUG, (100, "CUP", 1, number(0)))
        assert statuses(await there.run(*rows)) == ["held", "created"]
        await decide(there, "exists:7")
        report = await there.run(*rows)
        assert (statuses(report), row(report, 2).shipment_ids) == (["already created"] * 2, (7,))

    async def test_the_newest_word_counts(self, shop: OpenShop) -> None:
        """Skipped by mistake: a Decision cell, or decide for the row, sets it right."""
        there = await held(shop)
        report = await there.run(MUG)
        await decide(there, "skip")
        assert statuses(await drop_with(there, report, {2: "ship"})) == ["created"]


async def drop_with(there: Shop, report: Report, answers: dict[int, str]) -> Report:
    """The run's sheet with these Decision cells filled in, dropped back in."""
    assert report.sheet is not None
    book = openpyxl.load_workbook(report.sheet)
    sheet = book["Results"]
    column = next(cell.column for cell in sheet[1] if cell.value == "Decision")
    for at, answer in answers.items():
        sheet.cell(at, column, answer)
    dropped = Path(there.folder) / "decided.xlsx"
    book.save(dropped)
    return await there.drop(dropped)


class TestTheDecisionCell:
    async def test_ships_a_held_row(self, shop: OpenShop) -> None:
        """As `decide` does, by whoever ran the file."""
        there = await shop(
            store(order(100, status_id=5), order(101, status_id=5), order(102, status_id=5))
        )
        report = await there.run(*((100 + n, "MUG", 1, number(n)) for n in range(3)))
        again = await drop_with(there, report, {2: "ship", 3: "Skip"})
        assert statuses(again) == ["created", "skipped", "held"]
        assert there.made() == [(100, number(0), {1000: 1})]

    async def test_settles_a_doubt(self, shop: OpenShop) -> None:
        """It exists as a number."""
        there = await in_doubt(shop)
        there.box.store.orders[101].status_id = 5
        report = await there.run(MUG, (101, "MUG", 1, number(1)))
        again = await drop_with(there, report, {2: "exists:1"})
        assert statuses(again) == ["already created", "held"]
        assert there.posts == 1

    async def test_that_nobody_understands_is_said(self, shop: OpenShop) -> None:
        """The row stays as it was."""
        there = await held(shop)
        report = await there.run(MUG)
        assert statuses(await drop_with(there, report, {2: "perhaps"})) == ["held"]
        assert any("'perhaps' is not an answer" in told for told in there.screen.lines)

    async def test_in_a_file_that_is_not_our_sheet_is_a_column_of_theirs(
        self, shop: OpenShop
    ) -> None:
        """A warehouse's own Decision column answers nothing."""
        there = await shop(store(order(100, status_id=5)))
        assert statuses(await there.run((*MUG, "ship"), header=(*HEADER, "Decision"))) == ["held"]


async def test_a_machine_of_many_stores_lists_what_waits_in_each_and_a_run_names_its_own(
    sandbox: OpenSandbox, tmp_path: Path
) -> None:
    """The printed command is enough, without --store."""
    shell, sections = Terminal(tmp_path), ""
    for name in ("eu", "us"):
        box = await sandbox(store(order(100, status_id=5)), store_hash=name)
        sections += f'[stores.{name}]\nstore_hash = "{name}"\napi_url = "{box.url}"\n'
        shell.environ[f"BIGCOMMERCE_ACCESS_TOKEN_{name.upper()}"] = box.token
    shell.configure(sections)
    for name in ("eu", "us"):
        shell.write("export.csv", table(MUG))
        assert (await shell("run", "export.csv", "--store", name)).status == 3
    said = await shell("decide")
    stores = [line.rstrip(":") for line in said.out.splitlines() if line.startswith("http")]
    assert (said.status, {one.rpartition("/")[2] for one in stores}) == (3, {"eu", "us"})
    waits = (await shell("decide", "--json")).json
    assert [one["store"] for one in waits] == stores
    first, second = (one["run"] for one in waits)
    answered = await shell("decide", first, "--order", "100", "--answer", "skip")
    assert answered.status == 0, answered.all
    assert [one["run"] for one in (await shell("decide", "--json")).json] == [second]
    for command in ("resume", "undo", "audit"):
        went = await shell(command, second)
        assert "not set" not in went.all, went.all
    unnamed = await shell("audit")
    assert "name a store of shipbatch.toml with --store" in unnamed.err
