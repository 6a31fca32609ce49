"""The drop folder: what is dropped comes back in done, failed or held, with its results, and ships
once.
"""

import asyncio
import os
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from dock import Dock, opened_in_time, sheet, write
from shop import OpenShop, dense, number, order, store

from batch.commands.find import find_attempts
from batch.commands.read import answer_questions
from batch.config import Gates, OpenOrders, Settings, Source
from batch.loader.files import reader, reader_limits
from batch.monitoring import Digest
from batch.pipeline.decisions import DecisionRecorder, pending_decisions
from batch.sandbox import Fault, Reply
from batch.watcher import store_watcher
from batch.watcher.folder_layout import FolderLayout


@pytest.fixture
async def dock(shop: OpenShop, monkeypatch: pytest.MonkeyPatch) -> Dock:
    """A store of ten orders from 100 on, and a drop folder for it."""
    monkeypatch.setattr(
        store_watcher, "open_store", opened_in_time
    )  # only so that the clock knows of the ledger's thread
    return Dock(await shop(dense(10)))


def row(order_id: int, sku: str = "MUG", quantity: int = 1, parcel: int = 0) -> tuple[object, ...]:
    return order_id, sku, quantity, number(order_id * 10 + parcel)


def shipped(dock: Dock) -> Counter[str]:
    return Counter(label for _, label, _ in dock.shop.made())


async def test_a_file_comes_back_in_done_with_its_results_beside_it(dock: Dock) -> None:
    """What was dropped is unchanged, and the inbox is empty again."""
    async with dock.watched():
        text = dock.drop("acme.csv", row(100), row(101)).read_bytes()
        await dock.filed("done/acme.csv")
    assert (dock.inbox / "done" / "acme.csv").read_bytes() == text
    assert [
        each["Status"] for each in sheet(dock.inbox / "done" / "acme.results.xlsx", "Results")
    ] == ["created"] * 2
    assert dock.tree() == ["done/acme.csv", "done/acme.results.xlsx"]
    assert dock.said("acme.csv: 2 rows: 2 shipped → done") == 1
    assert "run file=acme.csv exit=0" in dock.log


async def test_a_file_with_questions_waits_in_held_and_goes_on_when_they_are_answered(
    dock: Dock,
) -> None:
    """Alone: the next file ships meanwhile; the letter beside it has each answer as a command."""
    async with dock.watched():
        (dock.inbox / "new.csv").write_text(
            f"Order ID,SKU,Quantity,UOM,Tracking Number\n100,MUG,1,CS,{number(1)}\n"
        )
        await dock.filed("held/new.csv")
        letter = (dock.inbox / "held" / "new.error.txt").read_text("utf-8-sig")
        assert "shipbatch decide" in letter
        assert "--answer unit:CS=1" in letter
        dock.drop("acme.csv", row(101))
        await dock.filed("done/acme.csv")
        held, settings = dock.inbox / "held" / "new.csv", dock.shop.settings()
        async with dock.shop.desk() as desk:
            await answer_questions(desk.ledger, settings, held, Source(), {"unit:CS": "2"}, "ann")
        await dock.filed("done/new.csv")
    assert not (dock.inbox / "held" / "new.error.txt").exists()
    assert (100, number(1), {1000: 2}) in dock.shop.made()


async def test_files_of_a_store_are_taken_in_their_order_also_over_several_folders(
    dock: Dock,
) -> None:
    """Ten files finished one after the other ship one after the other."""
    other = dock.inbox.parent / "other"
    other.mkdir()
    async with dock.watched(dock.inbox, other):
        for place in range(10):
            dock.drop(f"{9 - place}.csv", row(100 + place))
            if place % 2:
                (dock.inbox / f"{9 - place}.csv").rename(other / f"{9 - place}.csv")
            await asyncio.sleep(0.1)
        await dock.until(
            lambda: len([*dock.inbox.glob("done/*.csv"), *other.glob("done/*.csv")]) == 10
        )
    with dock.shop.ledger() as ledger:
        names = [Path(run.file).name for run in reversed(ledger.runs())]
    assert names == [f"{9 - place}.csv" for place in range(10)]


async def test_the_same_content_under_another_name_is_recognised_and_sends_nothing(
    dock: Dock,
) -> None:
    """It is said when it was processed, and as what; its sheet says so of every row."""
    async with dock.watched():
        dock.drop("acme.csv", row(100))
        await dock.filed("done/acme.csv")
        posts = dock.shop.posts
        dock.drop("acme (1).csv", row(100))
        await dock.filed("done/acme (1).csv")
        assert dock.shop.posts == posts == 1
    note = (dock.inbox / "done" / "acme (1).note.txt").read_text("utf-8-sig")
    assert "already processed on" in note
    assert "as acme.csv" in note
    assert "0 sent" in note
    assert (
        sheet(dock.inbox / "done" / "acme (1).results.xlsx", "Results")[0]["Status"]
        == "already created"
    )


async def test_the_same_name_again_replaces_nothing(dock: Dock) -> None:
    """Another content under a name that is in done already: both files and both sheets remain."""
    async with dock.watched():
        dock.drop("acme.csv", row(100))
        await dock.filed("done/acme.csv")
        dock.drop("acme.csv", row(101))
        await dock.until(lambda: len(dock.there("done")) == 4)
    assert shipped(dock).total() == 2
    files = [name for name in dock.there("done") if name.endswith(".csv")]
    sheets = [name for name in dock.there("done") if name.endswith(".results.xlsx")]
    assert len(files) == len(sheets) == 2
    for name in files:
        (result,) = sheet(dock.inbox / "done" / name.replace(".csv", ".results.xlsx"), "Results")
        assert str(result["Order ID"]) in (dock.inbox / "done" / name).read_text()


@pytest.mark.parametrize(
    ("place", "content", "words"),
    [
        ("failed/letter.pdf", b"%PDF-1.7\nDear warehouse", "What is wrong"),
        ("failed/holiday.csv", b"Name;From;To\nAnn;2026-12-21;2026-12-24\n", "What to do"),
        ("failed/half.xlsx", b"PK\x03\x04" + b"\0" * 500, "cut short"),
        ("held/twice.csv", b"Order ID,Qty,Quantity,SKU\n100,1,2,MUG\n", "shipbatch decide"),
    ],
)
async def test_an_unusable_file_comes_back_with_a_text_that_says_what_to_do(
    dock: Dock, place: str, content: bytes, words: str
) -> None:
    """A stranger's spreadsheet, half a workbook; columns that compete wait for an answer."""
    target = dock.inbox / place
    async with dock.watched():
        (dock.inbox / target.name).write_bytes(content)
        await dock.filed(place)
    assert target.read_bytes() == content
    letter = target.with_name(f"{target.stem}.error.txt").read_text("utf-8-sig")
    assert target.name in letter
    assert words in letter
    assert "nothing of it was sent" in letter
    assert str(dock.inbox / "working") not in letter
    assert dock.shop.posts == 0


async def test_rows_that_did_not_ship_bring_the_file_back_and_are_resent_from_its_sheet(
    dock: Dock,
) -> None:
    """`Fix and resend`, corrected in the workbook as it is and dropped back in, ships just its
    rows.
    """
    async with dock.watched():
        dock.drop("acme.csv", row(100), row(101, sku="MUGG"))
        await dock.filed("failed/acme.csv")
        results = dock.inbox / "failed" / "acme.results.xlsx"
        (wrong,) = sheet(results, "Fix and resend")
        assert "MUGG" in wrong["Error"]
        write(results, "Fix and resend", "SKU", 2, "MUG")
        asked = dock.shop.posts
        shutil.copy(results, dock.inbox)
        await dock.filed("done/acme-resent.xlsx")
        assert dock.shop.posts == asked + 1
    assert shipped(dock) == Counter([number(1000), number(1010)])
    (resent,) = sheet(dock.inbox / "done" / "acme-resent.results.xlsx", "Results")
    assert (resent["SKU"], resent["Status"]) == ("MUG", "created")


async def test_a_decision_in_a_results_sheet_is_taken_and_lets_the_held_file_go(dock: Dock) -> None:
    """The sheet ships what was decided; the file that waited for it goes to done by itself."""
    async with dock.watched():
        dock.drop("acme.csv", (100, "MUG", 1, ""))
        await dock.filed("done/acme.csv")
        dock.drop("again.csv", (100, "MUG", 1, ""), row(102))
        await dock.filed("held/again.csv")
        results = dock.inbox / "held" / "again.results.xlsx"
        assert [each["Status"] for each in sheet(results, "Results")] == ["held", "created"]
        assert dock.status["held"][0]["rows"] == 1
        assert "again.results.xlsx" in dock.told
        write(results, "Results", "Decision", 2, "ship")
        shutil.copy(results, dock.inbox)
        await dock.filed("done/again.csv", "done/again-resent.xlsx")
        await dock.until(lambda: not dock.there("held"))
        await asyncio.sleep(60)
    assert dock.shop.posts == 3
    again = sheet(dock.inbox / "done" / "again-resent.results.xlsx", "Results")
    assert [each["Outcome"] for each in again] == ["Shipped", "Shipped"]


@pytest.mark.parametrize(("answer", "posts"), [("ship", 2), ("skip", 1)])
async def test_what_decide_is_told_lets_the_held_file_go(
    dock: Dock, answer: str, posts: int
) -> None:
    """One queue for people: the command line's word counts here too, also for a watcher that has
    just begun.
    """
    async with dock.watched():
        dock.drop("acme.csv", (100, "MUG", 1, ""))
        await dock.filed("done/acme.csv")
        dock.drop("again.csv", (100, "MUG", 1, ""), (101, "MUGG", 1, ""))
        await dock.filed("held/again.csv")
    async with dock.watched():
        await asyncio.sleep(60)
        assert dock.there("held") == ["again.csv", "again.results.xlsx"]
        async with opened_in_time(dock.shop.settings(), dock.screen, dock.stop) as desk:
            decider = DecisionRecorder(
                desk.client, desk.ledger, desk.settings.store, who="Ann", why="she looked"
            )
            (one,) = pending_decisions(desk.ledger, desk.settings.store)
            await decider.take(one, answer)
        await dock.filed("failed/again.csv")
    assert dock.there("held") == []
    assert dock.shop.posts == posts


async def test_what_the_store_has_made_otherwise_holds_its_file_until_it_is_accepted(
    dock: Dock,
) -> None:
    """Somebody has to look: the file waits in held, and goes on by itself."""
    dock.shop.fault(Fault(method="POST", nth=1, makes={"tracking_number": "OTHER"}))
    async with dock.watched():
        dock.drop("acme.csv", (100, "MUG", 1, "PARCEL1"), (101, "MUG", 1, "PARCEL2"))
        await dock.filed("held/acme.csv")
        assert dock.status["held"][0]["rows"] == 1
        async with opened_in_time(dock.shop.settings(), dock.screen, dock.stop) as desk:
            decider = DecisionRecorder(
                desk.client, desk.ledger, desk.settings.store, who="Ann", why="she looked"
            )
            (one,) = pending_decisions(desk.ledger, desk.settings.store)
            await decider.take(one, *one.answers)
        await dock.filed("done/acme.csv")
    assert dock.there("held") == []
    assert dock.shop.posts == 2


async def test_a_file_that_is_held_as_a_whole_ships_by_itself_once_it_is_released(
    dock: Dock,
) -> None:
    """More mails than a person has been asked for: nothing is sent, until `decide` says so."""
    gates = Gates(mail_gate=1)
    async with dock.watched(gates=gates):
        dock.drop("acme.csv", row(100), row(101))
        await dock.filed("held/acme.csv")
        assert dock.shop.posts == 0
        assert dock.status["held"][0]["rows"] == 2
        async with opened_in_time(dock.shop.settings(), dock.screen, dock.stop) as desk:
            decider = DecisionRecorder(
                desk.client, desk.ledger, desk.settings.store, who="Ann", why="they are told"
            )
            for one in list(pending_decisions(desk.ledger, desk.settings.store)):
                await decider.take(one, "ship")
        await dock.filed("done/acme.csv", "done/acme.results.xlsx")
    assert dock.there("held") == []
    assert shipped(dock) == Counter([number(1000), number(1010)])


async def test_what_waits_for_its_order_ships_by_itself_when_the_order_has_come(dock: Dock) -> None:
    """No file comes meanwhile; the sheet in done is brought up to date."""
    async with dock.watched():
        dock.drop("acme.csv", row(100), row(110))
        await dock.filed("done/acme.csv")
        results = dock.inbox / "done" / "acme.results.xlsx"
        assert [each["Status"] for each in sheet(results, "Results")] == ["created", "waiting"]
        await asyncio.sleep(1800)
        assert dock.shop.posts == 1
        dock.shop.box.store.arrive(store(order(110)))
        await dock.until(lambda: dock.shop.posts == 2)
        await dock.until(lambda: dock.said("its sheet is up to date"))
    assert [each["Outcome"] for each in sheet(results, "Results")] == ["Shipped", "Shipped"]
    assert dock.tree() == ["done/acme.csv", "done/acme.results.xlsx"]


@pytest.mark.parametrize(("status_id", "room"), [(5, "held"), (None, "failed")])
async def test_what_waited_for_its_order_and_cannot_ship_comes_back_and_is_told_of(
    dock: Dock, status_id: int | None, room: str
) -> None:
    """The order comes cancelled, or never: the file leaves done, with its sheet, and people are
    told once.
    """
    told: list[Digest] = []
    async with dock.watched(notify=lambda settings, digests, status: told.extend(digests) or []):
        dock.drop("acme.csv", row(100), row(110))
        await dock.filed("done/acme.csv")
        await dock.until(lambda: [digest.status for digest in told] == [1])
        if status_id:
            dock.shop.box.store.arrive(store(order(110, status_id=status_id)))
        else:
            dock.shop.box.store.arrive(store(order(111)))
        await dock.filed(f"{room}/acme.csv", f"{room}/acme.results.xlsx")
        assert dock.there("done") == []
        await dock.until(lambda: len(told) == 2)
        assert [*told[1].kinds] == ["held: order_status" if status_id else "invalid: unknown_order"]
        if status_id:
            assert dock.status["held"][0]["rows"] == 1
            write(dock.inbox / "held" / "acme.results.xlsx", "Results", "Decision", 3, "ship")
            await dock.filed("done/acme.csv", "done/acme.results.xlsx")
            await dock.until(lambda: not dock.there("held"))
        await asyncio.sleep(2000)
    assert dock.shop.posts == (2 if status_id else 1)


async def test_a_sheet_that_another_command_wrote_into_working_is_no_file_of_a_person(
    dock: Dock,
) -> None:
    """`resume` writes beside the export as it knows it; the watcher takes it away with its file."""
    FolderLayout(dock.inbox).make()
    async with dock.watched():
        dock.drop("first.csv", row(100))
        await dock.filed("done/first.csv")
    shutil.copy(
        dock.inbox / "done" / "first.results.xlsx", dock.inbox / "working" / "acme.results.xlsx"
    )
    dock.drop("acme.csv", row(101)).rename(dock.inbox / "working" / "acme.csv")
    async with dock.watched():
        await dock.filed("done/acme.csv")
    assert dock.tree() == [
        f"done/{name}.{kind}" for name in ("acme", "first") for kind in ("csv", "results.xlsx")
    ]


async def test_what_stays_held_is_not_run_again_and_again(dock: Dock) -> None:
    """Two files wait for the same word; neither has a turn before it is said."""
    async with dock.watched():
        dock.drop("acme.csv", (100, "MUG", 1, ""))
        await dock.filed("done/acme.csv")
        for name in ("b.csv", "c.csv"):
            dock.drop(name, (100, "MUG", 1, ""), (101, "MUGG", name == "b.csv", ""))
            await dock.filed(f"held/{name}")
        await asyncio.sleep(600)
        with dock.shop.ledger() as ledger:
            assert len(ledger.runs()) == 3


async def test_a_store_that_stops_is_waited_for_and_told_of_once(dock: Dock) -> None:
    """A token that is no longer good: the file stays in working, nothing fails, it goes on by
    itself.
    """
    async with dock.watched():
        dock.shop.fault(Fault(401))
        dock.drop("acme.csv", row(100))
        await dock.until(lambda: dock.said("tries again by itself"))
        dock.drop("later.csv", row(101))
        await asyncio.sleep(1000)
        assert dock.said("tries again by itself") == 1
        assert dock.there("failed") == []
        assert "acme.csv" in dock.there("working")
        await dock.until(lambda: dock.status["watchers"][0]["state"] == "stopped")
        assert "goes on by itself" in dock.told
        dock.shop.box.faults.clear()
        await dock.filed("done/acme.csv", "done/later.csv")
    assert dock.said("Going on") == 1
    assert dock.log.count("StoreStopped") == 1
    assert shipped(dock) == Counter([number(1000), number(1010)])


async def test_a_store_that_stops_in_the_middle_of_a_file_gets_the_rest_of_it_later(
    dock: Dock,
) -> None:
    """What was sent is not sent again."""
    async with dock.watched(workers=1):
        dock.shop.fault(Fault(403, method="POST", nth=range(3, 5)))
        dock.drop("acme.csv", *(row(100 + place) for place in range(6)))
        await dock.filed("done/acme.csv")
    assert shipped(dock) == Counter(number(1000 + 10 * place) for place in range(6))
    assert len(sheet(dock.inbox / "done" / "acme.results.xlsx", "Results")) == 6
    assert dock.tree() == ["done/acme.csv", "done/acme.results.xlsx"]


async def test_a_network_that_is_gone_is_waited_for(dock: Dock) -> None:
    """Every request is cut for half an hour."""
    async with dock.watched():
        dock.shop.fault(Fault(Reply.RESET, performs=0))
        dock.drop("acme.csv", row(100))
        await asyncio.sleep(1800)
        assert dock.there("failed") == []
        assert dock.there("working") == ["acme.csv"]
        dock.shop.box.faults.clear()
        await dock.filed("done/acme.csv")
    assert shipped(dock) == Counter([number(1000)])


async def test_a_folder_that_vanishes_is_waited_for_and_told_of_once(dock: Dock) -> None:
    """A share that is away for an hour, with all that lies in it."""
    away = dock.inbox.with_name("away")
    async with dock.watched():
        dock.drop("acme.csv", row(100))
        await dock.filed("done/acme.csv")
        dock.inbox.rename(away)
        await asyncio.sleep(3600)
        assert dock.said("cannot be used now") == 1
        away.rename(dock.inbox)
        dock.drop("later.csv", row(101))
        await dock.filed("done/later.csv")
    assert dock.said("can be used again") == 1
    assert shipped(dock) == Counter([number(1000), number(1010)])


async def test_a_folder_that_vanishes_in_the_middle_of_a_file_finds_it_done_later(
    dock: Dock,
) -> None:
    """It was shipped; when the share is back the file is filed away, and nothing is sent again."""
    away = dock.inbox.with_name("away")
    dock.shop.fault(Fault(delay=60, method="POST"))
    async with dock.watched(timeout=90, settle=90):
        dock.drop("acme.csv", row(100))
        await dock.until(lambda: dock.shop.posts)
        dock.inbox.rename(away)
        await asyncio.sleep(600)
        away.rename(dock.inbox)
        await dock.filed("done/acme.csv", "done/acme.results.xlsx")
    assert shipped(dock) == Counter([number(1000)])


async def test_a_file_that_grows_while_it_runs_is_run_again_whole(dock: Dock) -> None:
    """A copy that paused for longer than we wait: what came later ships too, and nothing twice."""
    dock.shop.fault(Fault(delay=20, method="POST"))
    async with dock.watched():
        dock.drop("acme.csv", row(100))
        await dock.until(lambda: dock.shop.posts)
        with (dock.inbox / "working" / "acme.csv").open("a") as writer:
            writer.write(",".join(map(str, row(101))) + "\n")
        await dock.filed("done/acme.csv")
    assert shipped(dock) == Counter([number(1000), number(1010)])


async def test_what_lay_in_working_comes_first(dock: Dock) -> None:
    """A watcher was killed between its claim and the end; another one begins."""
    FolderLayout(dock.inbox).make()
    dock.drop("old.csv", row(100)).rename(dock.inbox / "working" / "old.csv")
    dock.drop("new.csv", row(101))
    async with dock.watched():
        await dock.filed("done/old.csv", "done/new.csv")
    with dock.shop.ledger() as ledger:
        assert [Path(run.file).name for run in reversed(ledger.runs())] == ["old.csv", "new.csv"]
    assert dock.tree() == [
        "done/new.csv",
        "done/new.results.xlsx",
        "done/old.csv",
        "done/old.results.xlsx",
    ]


async def test_a_link_that_takes_a_files_place_is_not_followed(dock: Dock) -> None:
    """Somebody swaps it after it was looked at: it comes back, and what it leads to is not read."""
    secret = dock.inbox.parent / "secret.csv"
    secret.write_text("Order ID,SKU,Quantity\n100,MUG,1\n")
    FolderLayout(dock.inbox).make()
    (dock.inbox / "working" / "acme.csv").symlink_to(secret)
    async with dock.watched():
        await dock.until(lambda: dock.there("failed"))
    assert "is a link to another place" in (dock.inbox / "failed" / "acme.error.txt").read_text(
        "utf-8-sig"
    )
    assert dock.shop.posts == 0


async def test_a_bug_that_one_file_meets_does_not_keep_the_others(
    dock: Dock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried three times, then it comes back with a text; the next file ships."""
    read = store_watcher.ClaimedFileJob.run

    async def run(turn: store_watcher.ClaimedFileJob, desk: object) -> None:
        if turn.file.name == "odd.csv":
            raise KeyError("odd")
        await read(turn, desk)  # type: ignore[arg-type]

    monkeypatch.setattr(store_watcher.ClaimedFileJob, "run", run)
    async with dock.watched():
        dock.drop("odd.csv", row(100))
        await asyncio.sleep(5)
        dock.drop("fine.csv", row(101))
        await dock.filed("failed/odd.csv", "done/fine.csv")
    assert "bug in shipbatch" in (dock.inbox / "failed" / "odd.error.txt").read_text("utf-8-sig")
    assert shipped(dock) == Counter([number(1010)])


async def test_a_room_that_is_no_folder_keeps_nothing_from_shipping_once(dock: Dock) -> None:
    """Somebody has put a file called `done` there: it is told of, and when it is gone the file is
    filed away.
    """
    (dock.inbox / "done").write_text("mine")
    async with dock.watched():
        dock.drop("acme.csv", row(100))
        await asyncio.sleep(300)
        assert (dock.inbox / "done").read_text() == "mine"
        (dock.inbox / "done").unlink()
        await dock.filed("done/acme.csv")
    assert shipped(dock) == Counter([number(1000)])


async def test_two_watchers_of_one_folder_share_its_files(dock: Dock) -> None:
    """Each file is one watcher's; nothing is said twice, nothing sent twice."""
    async with dock.watched():
        first = dock.stop
        async with dock.watched():
            for place in range(8):
                dock.drop(f"{place}.csv", row(100 + place))
            await dock.until(
                lambda: len([n for n in dock.there("done") if n.endswith(".csv")]) == 8
            )
        first.set("enough")
    assert shipped(dock) == Counter(number(1000 + 10 * place) for place in range(8))
    assert len(dock.there("done")) == 16


async def test_status_tells_what_is_where(dock: Dock) -> None:
    """Waiting, running with its progress, done, held, failed, left alone; and nobody watching."""
    assert dock.status["watchers"] == []
    assert "Nobody watches it" in dock.told
    dock.drop("waits.csv", row(109))
    (dock.inbox / "x.csv").mkdir()
    assert (dock.status["waiting"], dock.status["left_alone"]) == (
        ["waits.csv"],
        {"x.csv": "a folder"},
    )
    dock.shop.fault(Fault(delay=25, method="POST", order=105))
    async with dock.watched():
        await dock.filed("done/waits.csv")
        dock.drop("acme.csv", row(100), row(101), row(105))
        await dock.until(lambda: any(one.get("done") == 2 for one in dock.status["watchers"]))
        assert "running  acme.csv: Shipping, 2 of 3" in dock.told
        await dock.filed("done/acme.csv")
        (dock.inbox / "bad.csv").write_text("hello")
        await dock.filed("failed/bad.csv")
        assert dock.status["done_today"] == {"files": 2, "created": 4, "updated": 0}
        assert dock.status["failed"] == [{"file": "bad.csv", "see": "bad.error.txt"}]
    assert dock.status["watchers"] == []


class TestAnAnswerInHeld:
    """A person opens the sheet where it lies, beside the held file, and answers there."""

    async def held(self, dock: Dock, *more: tuple[object, ...]) -> Path:
        """A file of which a row is held, for its order is cancelled; its sheet."""
        dock.shop.box.store.arrive(store(order(150, status_id=5), order(151, status_id=5)))
        dock.drop("again.csv", row(150), *more)
        await dock.filed("held/again.csv")
        return dock.inbox / "held" / "again.results.xlsx"

    @pytest.mark.parametrize(("answer", "posts"), [("ship", 1), ("skip", 0)])
    async def test_lets_the_file_go(self, dock: Dock, answer: str, posts: int) -> None:
        """It need not be dropped anywhere; who and in which sheet is kept."""
        async with dock.watched():
            results = await self.held(dock)
            write(results, "Results", "Decision", 2, answer)
            await dock.filed("done/again.csv", "done/again.results.xlsx")
        assert dock.there("held") == []
        assert dock.shop.posts == posts
        with dock.shop.ledger() as ledger:
            (word,) = find_attempts(ledger, "150").data["rows"][0]["decisions"]
        assert (word["answer"], word["why"]) == (answer, "in the sheet again.results.xlsx")

    async def test_counts_once_it_is_saved_and_closed(self, dock: Dock) -> None:
        """Not while a spreadsheet program has it open: its lock lies beside it."""
        async with dock.watched():
            results = await self.held(dock)
            lock = results.with_name(f".~lock.{results.name}#")
            lock.write_text("Ann")
            write(results, "Results", "Decision", 2, "ship")
            await asyncio.sleep(120)
            assert dock.shop.posts == 0
            lock.unlink()
            await dock.filed("done/again.csv")
        assert dock.shop.posts == 1

    async def test_counts_though_a_dead_programs_lock_lies_beside_it(self, dock: Dock) -> None:
        """A quarter of an hour after it was saved."""
        async with dock.watched():
            results = await self.held(dock)
            results.with_name(f"~${results.name}").write_text("Ann")
            write(results, "Results", "Decision", 2, "ship")
            await dock.filed("done/again.csv")
        assert dock.shop.posts == 1

    async def test_counts_also_where_it_was_given_while_nobody_watched(self, dock: Dock) -> None:
        async with dock.watched():
            results = await self.held(dock)
        write(results, "Results", "Decision", 2, "ship")
        async with dock.watched():
            await dock.filed("done/again.csv")
        assert dock.shop.posts == 1

    async def test_of_some_rows_leaves_the_others_held(self, dock: Dock) -> None:
        """What was decided ships, and the new sheet asks for the rest."""
        async with dock.watched():
            results = await self.held(dock, row(151))
            write(results, "Results", "Decision", 2, "ship")
            await dock.until(lambda: dock.shop.posts == 1)
            await dock.filed("held/again.csv")
            await dock.until(lambda: not dock.there("working"))
        assert [each["Status"] for each in sheet(results, "Results")] == ["created", "held"]
        assert dock.there("held") == ["again.csv", "again.results.xlsx"]

    async def test_that_is_none_is_told_of_beside_the_file(self, dock: Dock) -> None:
        """Nothing is done, and no word of the person is written over; put right, it counts."""
        async with dock.watched():
            results = await self.held(dock)
            write(results, "Results", "Decision", 2, "ask Bob")
            await dock.until(lambda: "again.note.txt" in dock.there("held"))
            note = (dock.inbox / "held" / "again.note.txt").read_text("utf-8-sig")
            assert "Row 2" in note
            assert "'ask Bob' is not an answer" in note
            await asyncio.sleep(120)
            assert sheet(results, "Results")[0]["Decision"] == "ask Bob"
            assert dock.there("held") == ["again.csv", "again.note.txt", "again.results.xlsx"]
            write(results, "Results", "Decision", 2, "ship")
            await dock.filed("done/again.csv")
        assert dock.there("held") == []

    async def test_that_is_none_is_told_of_also_where_its_sheet_was_dropped(
        self, dock: Dock
    ) -> None:
        async with dock.watched():
            results = await self.held(dock)
            write(results, "Results", "Decision", 2, "ask Bob")
            shutil.copy(results, dock.inbox)
            await dock.filed("held/again-resent.xlsx")
        note = (dock.inbox / "held" / "again-resent.note.txt").read_text("utf-8-sig")
        assert "'ask Bob' is not an answer" in note
        assert "Answer once more in again-resent.results.xlsx" in note

    @pytest.mark.parametrize("answer", ["ship", "skip"])
    async def test_on_every_row_releases_a_file_that_is_held_as_a_whole(
        self, dock: Dock, answer: str
    ) -> None:
        """One row's answer does not: the others are not meant by it."""
        async with dock.watched(gates=Gates(mail_gate=1)):
            dock.drop("acme.csv", row(100), row(101))
            await dock.filed("held/acme.csv")
            results = dock.inbox / "held" / "acme.results.xlsx"
            write(results, "Results", "Decision", 2, answer)
            await dock.until(lambda: "acme.note.txt" in dock.there("held"))
            assert "1 of its rows have no answer" in (
                dock.inbox / "held" / "acme.note.txt"
            ).read_text("utf-8-sig")
            assert dock.shop.posts == 0
            write(results, "Results", "Decision", 3, answer)
            if answer == "ship":
                await dock.filed("done/acme.csv")
            else:
                await dock.until(lambda: dock.said("left alone"))
        assert dock.shop.posts == (2 if answer == "ship" else 0)

    async def test_on_every_row_of_its_sheet_dropped_into_the_inbox_ships_the_file(
        self, dock: Dock
    ) -> None:
        """Once, by the sheet; the held file is filed away."""
        async with dock.watched(gates=Gates(mail_gate=1)):
            dock.drop("acme.csv", row(100), row(101))
            await dock.filed("held/acme.csv")
            results = dock.inbox / "held" / "acme.results.xlsx"
            write(results, "Results", "Decision", 2, "ship")
            write(results, "Results", "Decision", 3, "ship")
            results.rename(dock.inbox / results.name)
            await dock.until(lambda: dock.shop.posts == 2)
            await dock.until(lambda: not dock.there("held") and not dock.there("working"))
        assert dock.shop.posts == 2


class TestAReaderThatHangs:
    """The process that reads what is no plain text does so on a file."""

    @pytest.fixture
    def met(self, dock: Dock, monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], object]]:
        """A page of two rows lies there, and its readers are stopped as they start; what is done
        then too.
        """
        met: list[Callable[[], object]] = []
        start = subprocess.Popen

        def stopped(*arguments: Any, **options: Any) -> "subprocess.Popen[bytes]":
            process = start(*arguments, **options)
            os.kill(process.pid, signal.SIGSTOP)
            for act in met:
                act()
            return process

        monkeypatch.setattr(reader.subprocess, "Popen", stopped)
        (dock.inbox / "page.xls").write_text(
            "<table><tr><td>Order<td>SKU<tr><td>100<td>MUG</table>"
        )
        return met

    async def test_twice_brings_the_file_back_and_keeps_no_other_from_shipping(
        self, dock: Dock, met: list[Callable[[], object]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """After the first time the next file has its turn; after the second a letter lies beside
        it.
        """
        monkeypatch.setattr(reader_limits, "SECONDS", 1)
        met.append(lambda: (dock.inbox / "acme.csv").exists() or dock.drop("acme.csv", row(101)))
        async with dock.watched():
            await dock.filed("failed/page.xls", "done/acme.csv")
        assert [line[:8] for line in dock.screen.lines if "→" in line] == ["acme.csv", "page.xls"]
        assert "could not be read 2 times" in (dock.inbox / "failed" / "page.error.txt").read_text(
            "utf-8-sig"
        )
        assert dock.shop.posts == 1

    async def test_does_not_hold_up_a_stop(
        self, dock: Dock, met: list[Callable[[], object]]
    ) -> None:
        """Told to stop, the watcher ends, though the reader does not; the file stays for the next
        start.
        """
        loop = asyncio.get_running_loop()
        met.append(lambda: loop.call_soon_threadsafe(dock.stop.set, "it was told to stop"))
        async with dock.watched():
            await dock.stop.wait()
        assert len(reader._READERS) == 1
        assert dock.there("working") == ["page.xls"]
        assert not list((dock.shop.home / "reading").iterdir())
        reader.end_readers()


@pytest.mark.parametrize("at", ["00:00", ""])
async def test_a_night_tells_of_orders_that_should_have_shipped(dock: Dock, at: str) -> None:
    """Once a day where it is switched on, before the first file, too."""
    told: list[Digest] = []

    def notify(_: Settings, digests: Sequence[Digest], __: int) -> list[str]:
        told.extend(digests)
        return []

    async with dock.watched(notify=notify, open_orders=OpenOrders(at=at)):
        await asyncio.sleep(60)
        dock.drop("acme.csv", row(100))
        await dock.filed("done/acme.csv")
        await asyncio.sleep(60)
    night = [digest for digest in told if digest.what == "open"]
    assert [list(digest.kinds.values()) for digest in night] == ([[10]] if at else [])
