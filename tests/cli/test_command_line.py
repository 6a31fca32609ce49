"""The command as a person types it: what it prints, what it leaves behind, how it ends."""

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import typer
from sample_expectations import FILES, IDS, PICKS
from shop import dense, line, number, order, store, table
from terminal import Terminal
from test_end_to_end import CONTRACT, SAMPLES, STATUSES

from batch.cli.options import days_of
from batch.sandbox import Fault, Quota, Sandbox, load_orders

CANARY = "canary7f3a9c51d20b48e6"
"""The store's token: wherever it turns up, it does not belong."""
ROWS = [(100 + n, "MUG", 1, number(n)) for n in range(4)]
OpenSandbox = Callable[..., Awaitable[Sandbox]]


@pytest.fixture
async def typed(sandbox: OpenSandbox, tmp_path: Path) -> Callable[..., Awaitable[Terminal]]:
    """Opens a store and a terminal to it, `await typed(orders)`; a file of four rows lies there."""

    async def opened(orders: dict[str, Any] | None = None) -> Terminal:
        box = await sandbox(orders or dense(4), token=CANARY, quota=Quota(requests=100_000))
        terminal = Terminal(tmp_path, box)
        terminal.write("export.csv", table(*ROWS))
        return terminal

    return opened


OpenTerminal = Callable[..., Awaitable[Terminal]]


class TestARun:
    async def test_prints_what_became_of_the_rows(self, typed: OpenTerminal) -> None:
        """Counts, requests, and where the sheet is; exit 0."""
        shell = await typed()
        said = await shell("run", "export.csv")
        assert (said.status, shell.box and len(shell.box.shipments())) == (0, 4)
        assert "4 rows" in said.out
        assert "4 shipped" in said.out
        assert str(shell.folder / "export.results.xlsx") in said.out.replace("\n", "")

    async def test_says_what_was_recognised(self, typed: OpenTerminal) -> None:
        """At every run: which column is which field."""
        said = await (await typed())("run", "export.csv")
        assert "Tracking Number" in said.all
        assert "Order ID" in said.all

    async def test_as_json_prints_one_object_and_nothing_else(self, typed: OpenTerminal) -> None:
        """The contract's names, in its order; the statuses add up."""
        shell = await typed()
        said = await shell("run", "--json", "export.csv")
        assert said.json["no_tracking_link"] == said.json["created"]  # its file names no carrier
        assert tuple(key for key in said.json if key != "no_tracking_link") == CONTRACT
        assert sum(said.json[name] for name in STATUSES) == said.json["rows"] == 4
        assert (said.json["created"], said.json["requests"]) == (4, 5)
        assert said.json["file"].endswith("export.csv")
        assert said.json["results"] == str(shell.folder / "export.results.xlsx")
        assert said.err == ""

    async def test_again_sends_nothing(self, typed: OpenTerminal) -> None:
        """0 POSTs, 0 requests, exit 0."""
        shell = await typed()
        await shell("run", "export.csv")
        said = await shell("run", "--json", "export.csv")
        assert (said.status, said.json["already_created"], said.json["requests"]) == (0, 4, 0)

    async def test_dry_writes_a_plan_and_nothing_else(self, typed: OpenTerminal) -> None:
        """No POST, no run in the ledger."""
        shell = await typed()
        said = await shell("run", "--dry-run", "--json", "export.csv")
        assert (said.status, said.json["planned"], said.json["created"]) == (0, 4, 0)
        assert said.json["results"].endswith("export.plan.xlsx")
        assert shell.box is not None
        assert shell.box.shipments() == []
        assert "nothing has been run yet" in (await shell("history")).all.casefold()

    async def test_limit_stops_and_the_next_goes_on(self, typed: OpenTerminal) -> None:
        """Exit 1: some rows have not shipped; `resume` ships them."""
        shell = await typed()
        said = await shell("run", "--limit", "1", "--json", "export.csv")
        assert (said.status, said.json["created"], said.json["not_sent"]) == (1, 1, 3)
        said = await shell("resume", "--json")
        assert (said.status, said.json["created"], said.json["already_created"]) == (0, 3, 1)

    async def test_results_go_where_they_are_asked(self, typed: OpenTerminal) -> None:
        """--results PATH."""
        shell = await typed()
        await shell("run", "--results", "mine.xlsx", "export.csv")
        book = openpyxl.load_workbook(shell.folder / "mine.xlsx")
        assert book.sheetnames[0] == "Results"

    async def test_a_name_of_all_the_length_that_a_disk_takes(self, typed: OpenTerminal) -> None:
        """Its sheet's is cut."""
        shell = await typed()
        name = "é" * 125 + ".csv"
        shell.write(name, table(*ROWS))
        said = await shell("run", "--json", name)
        assert (said.status, said.json["results"]) == (
            0,
            str(shell.folder / f"{'é' * 90}.results.xlsx"),
        ), said.err

    async def test_map_says_which_column_it_is(self, typed: OpenTerminal) -> None:
        """A header that nobody could know."""
        shell = await typed()
        shell.write("odd.csv", table(*ROWS, header=("A1", "B2", "C3", "D4")))
        maps = ["order_id=A1", "sku=B2", "quantity=C3", "tracking_number=D4"]
        said = await shell(
            "run", "--json", *(word for each in maps for word in ("--map", each)), "odd.csv"
        )
        assert said.json["created"] == 4

    async def test_several_files_are_totalled_and_listed(self, typed: OpenTerminal) -> None:
        """Totals, and each; one that cannot be read does not keep the others from shipping."""
        shell = await typed()
        shell.write("first.csv", table(*ROWS[:2]))
        shell.write("second.csv", table(*ROWS[2:]))
        shell.write("empty.csv", "")
        said = await shell("run", "--json", "first.csv", "empty.csv", "second.csv")
        assert (said.json["rows"], said.json["created"]) == (4, 4)
        assert [each.get("created") for each in said.json["files"]] == [2, 2, None]
        assert said.status == 1
        assert "empty.csv" in said.err

    async def test_what_was_shipped_is_told_also_where_the_store_goes_away(
        self, typed: OpenTerminal
    ) -> None:
        """The token is revoked between two files: the first one's summary is printed, and the
        second is named.
        """
        shell = await typed()
        shell.write("first.csv", table(*ROWS[:2]))
        shell.write("second.csv", table(*ROWS[2:]))
        assert shell.box is not None
        shell.box.faults.add(Fault(401, performs=0, method="GET", nth=range(2, 99)))
        said = await shell("run", "--json", "first.csv", "second.csv")
        assert (said.status, said.json["created"]) == (1, 2)
        assert "second.csv" in said.err


class TestTheWayItEnds:
    async def test_3_where_a_person_is_needed(self, typed: OpenTerminal) -> None:
        """Held."""
        shell = await typed(store(order(100, status_id=5), order(101), order(102), order(103)))
        assert (await shell("run", "export.csv")).status == 3

    async def test_1_where_rows_did_not_ship(self, typed: OpenTerminal) -> None:
        """Invalid, or waiting."""
        shell = await typed(store(order(100, line(1000, "HAT")), order(101), order(102)))
        said = await shell("run", "--json", "export.csv")
        assert (said.status, said.json["invalid"], said.json["waiting"], said.json["created"]) == (
            1,
            1,
            1,
            2,
        )

    async def test_0_where_rows_were_meant_to_be_skipped(self, typed: OpenTerminal) -> None:
        """Quantity 0."""
        shell = await typed()
        shell.write("zero.csv", table(*ROWS, (100, "MUG", 0, number(9))))
        said = await shell("run", "--json", "zero.csv")
        assert (said.status, said.json["skipped"]) == (0, 1)

    async def test_74_where_the_sheet_could_not_be_written(self, typed: OpenTerminal) -> None:
        """Sent; `history RUN --results` writes it."""
        shell = await typed()
        said = await shell("run", "--json", "--results", "/proc/x.xlsx", "export.csv")
        assert (said.status, said.json["created"], said.json["results"]) == (74, 4, "")
        assert (await shell("history", said.json["run"], "--results")).status == 0
        assert (shell.folder / "export.results.xlsx").is_file()

    async def test_75_where_the_store_is_down(self, typed: OpenTerminal) -> None:
        """Nothing was sent: the same call later will do. Its tries follow at once here."""
        shell = await typed()
        shell.write("sitecustomize.py", "import random\nrandom.uniform = lambda low, high: low\n")
        shell.environ["PYTHONPATH"] = f"{shell.folder}:{shell.environ['PYTHONPATH']}"
        said = await shell("run", "export.csv", BIGCOMMERCE_API_URL="http://127.0.0.1:9")
        assert said.status == 75
        assert "Traceback" not in said.all

    async def test_2_where_the_token_is_refused(self, typed: OpenTerminal) -> None:
        """At the first request, before anything is sent."""
        shell = await typed()
        said = await shell("run", "export.csv", BIGCOMMERCE_ACCESS_TOKEN="wrong")
        assert (said.status, shell.box and shell.box.shipments()) == (2, [])
        assert "BIGCOMMERCE_ACCESS_TOKEN" in said.err or "token" in said.err


class TestLookingBack:
    async def test_history_lists_runs_and_one_run(self, typed: OpenTerminal) -> None:
        """Newest first; a run by the start of its id, with its shipments."""
        shell = await typed()
        run = (await shell("run", "--json", "export.csv")).json["run"]
        assert run in (await shell("history")).out
        one = (await shell("history", run[:-2], "--json")).json
        assert (one["run"], len(one["shipments"]), one["exit_status"]) == (run, 4, 0)
        assert one["shipments"][0]["shipment_id"] == 1

    async def test_history_writes_the_sheet_again(self, typed: OpenTerminal) -> None:
        """From the ledger and the copy, also where the export has gone since."""
        shell = await typed()
        run = (await shell("run", "--json", "export.csv")).json["run"]
        (shell.folder / "export.csv").unlink()
        (shell.folder / "export.results.xlsx").unlink()
        assert (await shell("history", run, "--results")).status == 0
        sheet = openpyxl.load_workbook(shell.folder / "export.results.xlsx")["Results"]
        assert [row[5] for row in sheet.iter_rows(min_row=2, values_only=True)] == ["created"] * 4

    @pytest.mark.parametrize(
        "what", ["101", number(1), f" {number(1).lower()} ", "export.csv", "2", "MUG"]
    )
    async def test_find_knows_orders_numbers_shipments_skus_and_files(
        self, typed: OpenTerminal, what: str
    ) -> None:
        """Every attempt, when, from which row, its link."""
        shell = await typed()
        await shell("run", "export.csv")
        said = await shell("find", what, "--json")
        assert said.status == 0
        found = next(each for each in said.json["shipments"] if each["order_id"] == 101)
        assert (found["shipment_id"], found["rows"], found["tracking_number"]) == (
            2,
            [3],
            number(1),
        )
        assert [attempt["what"] for attempt in found["attempts"]] == ["intent", "response"]

    async def test_find_tells_who_which_file_and_how_it_is_now(self, typed: OpenTerminal) -> None:
        """As it was made, changed since, gone; and in vain is said, with why, within the time a
        person waits.
        """
        shell = await typed()
        await shell("run", "export.csv")
        said = await shell("find", "101")
        for words in ("row 3 of export.csv", "by ", "now  in the store, as it was made"):
            assert words in said.out
        assert shell.box is not None
        shell.box.store.orders[101].shipments.clear()
        assert "shipment 2 is no longer in the store" in (await shell("find", "101")).out
        (found,) = (await shell("find", "101", "--json", BIGCOMMERCE_ACCESS_TOKEN="")).json[
            "shipments"
        ]
        assert "was not asked: BIGCOMMERCE_ACCESS_TOKEN is not set" in found["live"]
        assert found["file"].endswith("export.csv")
        said = await shell("find", "101", BIGCOMMERCE_API_URL="http://127.0.0.1:9")
        assert said.status == 0
        asked = len(shell.box.requests)
        assert "now" not in (await shell("find", "101", "--offline")).out
        assert len(shell.box.requests) == asked

    async def test_find_tells_an_attempt_in_words(self, typed: OpenTerminal) -> None:
        """What a person asks at the phone: when it was sent, and what the store said."""
        shell = await typed()
        await shell("run", "export.csv")
        said = (await shell("find", "101", "--offline")).out
        for words in ("written down, about to be sent", "the store's answer: created (HTTP 201)"):
            assert words in said

    async def test_find_says_where_nothing_is_known(self, typed: OpenTerminal) -> None:
        """Exit 1."""
        shell = await typed()
        await shell("run", "export.csv")
        said = await shell("find", "999")
        assert (said.status, said.out) == (1, "Nothing is known of 999.\n")

    async def test_decide_audit_and_undo_are_commands(self, typed: OpenTerminal) -> None:
        """List, compare, show, take back."""
        shell = await typed(store(order(100, status_id=5), order(101), order(102), order(103)))
        run = (await shell("run", "--json", "export.csv")).json["run"]
        assert (await shell("decide")).status == 3
        said = await shell(
            "decide", run, "--order", "100", "--answer", "skip", "--why", "cancelled"
        )
        assert (said.status, (await shell("decide")).status) == (0, 0)
        assert (await shell("audit")).status == 0
        assert "to be deleted" in (await shell("undo", run)).out
        assert shell.box is not None
        assert len(shell.box.shipments()) == 3
        assert (await shell("undo", run, "--yes")).status == 0
        assert shell.box.shipments() == []


class TestATerminalOfOtherLetters:
    """cron and services write in ASCII or Latin-1; a file's name and our own arrows know more."""

    async def test_a_run_is_told_in_it(self, typed: OpenTerminal) -> None:
        shell = await typed()
        (shell.folder / "export.csv").rename(shell.folder / "Lager → 📦.csv")
        said = await shell("run", "--json", "Lager → 📦.csv", PYTHONIOENCODING="ascii")
        assert (said.status, said.json["created"]) == (0, 4)
        assert Path(said.json["file"]).name == "Lager → 📦.csv"
        said = await shell("run", "Lager → 📦.csv", PYTHONIOENCODING="latin-1")
        assert (said.status, "Lager \\u2192 \\ud83d\\udce6.csv: 4 rows" in said.out) == (0, True)

    async def test_what_is_to_be_fixed_is_told_in_it(self, typed: OpenTerminal) -> None:
        said = await (await typed())("check", BIGCOMMERCE_ACCESS_TOKEN="", PYTHONIOENCODING="ascii")
        assert (said.status, "Traceback" in said.all) == (2, False)


class TestHelp:
    async def test_five_commands_come_first(self, tmp_path: Path) -> None:
        """What a person needs most."""
        out = (await Terminal(tmp_path)("--help")).out
        places = [
            out.index(f" {name} ")
            for name in ("run", "find", "decide", "resume", "history", "audit", "undo")
        ]
        assert places == sorted(places)

    async def test_run_has_eight_options_on_its_first_panel(self, tmp_path: Path) -> None:
        """The rest stands under Advanced."""
        out = (await Terminal(tmp_path)("run", "--help")).out
        first, _, advanced = out.partition("Advanced")
        named = [name for name in FIRST_PANEL if f"{name} " in first]
        assert named == FIRST_PANEL
        assert all(
            name in advanced and f"{name} " not in first
            for name in ("--update", "--again", "--verify")
        )


FIRST_PANEL = [
    "--dry-run",
    "--sandbox",
    "--results",
    "--store",
    "--map",
    "--sheet",
    "--limit",
    "--json",
]


class TestTheSandbox:
    async def test_ships_the_samples_without_an_account(self, tmp_path: Path) -> None:
        """All files of the samples, in one call; a second call sends nothing."""
        for name in [*FILES, "store.json"]:
            shutil.copy(SAMPLES / name, tmp_path / name)
        shell = Terminal(tmp_path)
        first = (await shell("run", "--sandbox", "--json", *FILES)).json
        assert (first["rows"], first["shipments"]) == (
            sum(sample.rows for sample in FILES.values()),
            sum(sample.shipments for sample in FILES.values()),
        )
        second = (await shell("run", "--sandbox", "--json", *FILES)).json
        assert (second["created"], second["shipments"]) == (0, 0)
        assert second["already_created"] == first["created"] + first["already_created"]

    async def test_keeps_away_from_the_real_ledger_and_credentials(
        self, typed: OpenTerminal
    ) -> None:
        """A rehearsal of a file does not make it shipped, and asks the real store nothing."""
        shell = await typed()
        said = await shell("run", "--sandbox", "--json", "export.csv")
        assert (said.json["created"], said.status) == (4, 0)
        assert shell.box is not None
        assert shell.box.requests == []
        assert (await shell("run", "--json", "export.csv")).json["created"] == 4

    async def test_rehearsals_are_found_as_such(self, tmp_path: Path) -> None:
        """`--sandbox` looks into their own ledger."""
        for name in (PICKS, "store.json"):
            shutil.copy(SAMPLES / name, tmp_path / name)
        shell = Terminal(tmp_path)
        run = (await shell("run", "--sandbox", "--json", PICKS)).json["run"]
        assert run in (await shell("history", "--sandbox")).out
        assert (await shell("find", "10208", "--sandbox")).status == 0


class TestTheTokenIsNowhere:
    async def test_whatever_happens(self, typed: OpenTerminal) -> None:
        """Runs, refusals, lost answers, looks back, in sentences and JSON: no output, file or sheet
        has it.
        """
        shell = await typed()
        assert shell.box is not None
        told = [await shell("run", "--limit", "1", "export.csv")]
        shell.box.faults.add(Fault(401, performs=0, method="POST"))
        told.append(await shell("run", "export.csv"))
        shell.box.faults.clear()
        shell.box.faults.add(
            Fault(302, performs=0, headers={"Location": f"https://x.invalid/?token={CANARY}"})
        )
        told.append(await shell("run", "export.csv"))
        shell.box.faults.clear()
        shell.box.faults.add(
            Fault(
                400, performs=0, method="POST", body=f'[{{"status":400,"message":"no {CANARY}"}}]'
            )
        )
        told.append(await shell("run", "--json", "export.csv"))
        shell.box.faults.clear()
        told += [
            await shell(*words.split())
            for words in ("history", "find 100", "find 100 --json", "decide", "audit")
        ]
        told.append(await shell("run", "export.csv", BIGCOMMERCE_API_URL="http://api.example"))
        told.append(await shell("run", "nothing.csv"))
        assert not [said for said in told if "Traceback" in said.all]
        assert not [said for said in told if CANARY in said.all]
        assert not [path for path, content in shell.left_behind() if CANARY.encode() in content]

    async def test_what_is_left_is_its_owners_alone(self, typed: OpenTerminal) -> None:
        """Files 0600, folders 0700, in the home."""
        shell = await typed()
        await shell("run", "export.csv")
        assert (shell.home.stat().st_mode & 0o777) == 0o700
        for path in shell.home.rglob("*"):
            assert path.stat().st_mode & 0o077 == 0, path


async def test_ids_file_ships_by_subprocess_as_in_process(
    sandbox: OpenSandbox, tmp_path: Path
) -> None:
    """The store that a process of its own ships to has the same shipments as the tests' store."""
    box = await sandbox(load_orders(SAMPLES / "store.json"), token=CANARY)
    shutil.copy(SAMPLES / IDS, tmp_path / IDS)
    before = len(box.shipments())
    said = await Terminal(tmp_path, box)("run", "--json", IDS)
    assert len(box.shipments()) - before == FILES[IDS].shipments == said.json["shipments"]


@pytest.mark.parametrize(
    ("text", "days"), [("2d", 2), ("2", 2), ("36h", 1.5), ("1.5 d", 1.5), ("12H", 0.5)]
)
def test_an_age_is_in_days_or_hours(text: str, days: float) -> None:
    """As people write it."""
    assert days_of(text) == days


@pytest.mark.parametrize("text", ["", "soon", "-2d", "0", "inf", "2w", "2dd"])
def test_what_is_no_age_is_said(text: str) -> None:
    """And how one is written."""
    with pytest.raises(typer.BadParameter, match="2d or 36h"):
        days_of(text)
