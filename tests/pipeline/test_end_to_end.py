"""The sample exports against their store: every row as promised, every shipment as the file says,
twice.
"""

import csv
import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from clock import VirtualLoop
from sample_expectations import ADDED_UP, FILES, IDS, LAGER, PICKS, SHIPSTATION, SPECIAL
from shop import Quiet

from batch.config import Gates, Settings
from batch.model import NO_LINK, LinkSource, Status
from batch.model.sheet_format import OURS
from batch.pipeline import Job
from batch.pipeline.runner import RunResults, run_files
from batch.primitives.stop import StopEvent
from batch.results.accounting import Report
from batch.sandbox import Behaviour, Sandbox, load_orders

SAMPLES = Path(__file__).parents[2] / "sample_data"
CONTRACT = (
    "run",
    "file",
    "rows",
    "shipments",
    "created",
    "updated",
    "already_created",
    "skipped",
    "planned",
    "invalid",
    "rejected",
    "held",
    "waiting",
    "in_doubt",
    "not_sent",
    "requests",
    "requests_saved",
    "seconds",
    "results",
)
STATUSES = CONTRACT[4:15]
SIDES = {
    "as documented": Behaviour(),
    "the other side of each": Behaviour(
        refuses_overshipping=False,
        sideloads="stubs",
        empty_list="[]",
        page_size=50,
        min_id_inclusive=False,
    ),
    "cut": Behaviour(sideloads="cut", cut_at=2, page_size=100),
}
"""Stores that behave differently where nothing is documented."""


class World:
    """The sample store, and copies of the sample files in a folder of the test's own."""

    def __init__(self, box: Sandbox, folder: Path) -> None:
        self.box, self.home = box, folder / "home"
        self.folder = folder / "exports"
        self.folder.mkdir()
        for name in FILES:
            shutil.copy(SAMPLES / name, self.folder / name)

    async def run(self, *names: str, **job: Any) -> RunResults:
        box = self.box
        settings = Settings(
            api_url=box.url,
            store_hash=box.store_hash,
            token=box.token,
            home=self.home,
            identity="samples",
            gates=Gates.open(),  # the samples were shipped long ago, whatever day it is
        )
        jobs = [
            Job(self.folder / name, settings.source_for(name), **job) for name in names or FILES
        ]
        return await run_files(jobs, settings, Quiet(), StopEvent())


@pytest.fixture(params=SIDES)
async def world(
    request: pytest.FixtureRequest, sandbox: Any, tmp_path: Path, virtual_clock: VirtualLoop
) -> World:
    box = await sandbox(load_orders(SAMPLES / "store.json"), behaviour=SIDES[request.param])
    return World(box, tmp_path)


def reports(tour: RunResults) -> dict[str, Report]:
    assert not tour.refused
    return {Path(report.run.file).name: report for report in tour.reports}


async def test_every_row_ends_as_promised(world: World) -> None:
    """By the table of what each sample row is there for; the others are created; nothing else is in
    the store.
    """
    before = {shipment["id"] for shipment in world.box.shipments()}
    by_file = reports(await world.run())
    special = {(each.file, each.row): each for each in SPECIAL}
    for name, report in by_file.items():
        assert report.summary["rows"] == FILES[name].rows == len(report.rows)
        assert report.summary["shipments"] == FILES[name].shipments
        for number, result in report.rows.items():
            expected = special.get((name, number))
            found = (result.finding.status.value, result.finding.code)
            if expected is None:
                assert found == ("created", ""), (name, number, result.finding)
            else:
                assert found[0] == expected.status, (expected, result.finding)
                assert not expected.code or found[1] == expected.code, (expected, result.finding)
    made = [shipment for shipment in world.box.shipments() if shipment["id"] not in before]
    assert len(made) == sum(sample.shipments for sample in FILES.values()) == _posts(world)


async def test_the_statuses_add_up_to_the_rows(world: World) -> None:
    """Every row exactly once, in every file's summary, under the names of the contract."""
    for report in reports(await world.run()).values():
        assert tuple(key for key in report.summary if key != NO_LINK) == CONTRACT
        assert sum(report.summary[name] for name in STATUSES) == report.summary["rows"]
        counted = Counter(
            result.finding.status.value.replace(" ", "_") for result in report.rows.values()
        )
        assert {name: report.summary[name] for name in STATUSES} == {
            name: counted[name] for name in STATUSES
        }


async def test_a_second_run_sends_nothing(world: World) -> None:
    """0 POSTs; every created row is already created, with the same id and link; the others are as
    before.
    """
    first = reports(await world.run())
    posts = _posts(world)
    second = reports(await world.run())
    assert _posts(world) == posts
    for name, report in second.items():
        for number, result in report.rows.items():
            before = first[name].rows[number]
            if before.finding.status in {Status.CREATED, Status.ALREADY_CREATED}:
                assert result.finding.status is Status.ALREADY_CREATED
                assert result.shipment_ids == before.shipment_ids != ()
                assert result.tracking_links == before.tracking_links
                assert result.link_source is before.link_source
            else:
                assert result.finding.code == before.finding.code, (name, number)


async def test_shipments_are_what_the_file_says(world: World) -> None:
    """Field by field, for the file with BigCommerce's own ids, read here once more without any code
    of ours.
    """
    known = {shipment["id"] for shipment in world.box.shipments()}
    await world.run(IDS)
    bad = {each.row for each in SPECIAL if each.file == IDS}
    asked: dict[tuple[str, ...], Counter[int]] = {}
    words = (
        "order_id",
        "order_address_id",
        "tracking_number",
        "shipping_provider",
        "tracking_carrier",
        "tracking_link",
    )
    with (SAMPLES / IDS).open(newline="", encoding="utf-8-sig") as file:
        for number, cells in enumerate(csv.DictReader(file), start=2):
            if number not in bad:
                units = asked.setdefault(tuple(cells[name] for name in words), Counter())
                units[int(cells["order_product_id"])] += int(cells["quantity"])
    made = {
        tuple(str(one[name]) for name in words): Counter(
            {i["order_product_id"]: i["quantity"] for i in one["items"]}
        )
        for one in world.box.shipments()
        if one["id"] not in known
    }
    assert made == asked


async def test_all_three_ways_of_making_a_link_are_there(world: World) -> None:
    """By the provider, by the carrier, and the file's own; each row says which."""
    by_file = reports(await world.run())
    results = [result for report in by_file.values() for result in report.rows.values()]
    assert {result.link_source for result in results if result.shipment_ids} >= {
        LinkSource.GENERATED,
        LinkSource.CUSTOM,
    }
    assert all(result.tracking_links for result in results if result.link_source)


async def test_rows_that_name_one_line_are_added_up_and_say_so(world: World) -> None:
    """The sheet has a note on both."""
    by_file = reports(await world.run(SHIPSTATION))
    for name, number in ADDED_UP:
        assert any("1 + 2 = 3 units" in warning for warning in by_file[name].rows[number].warnings)


async def test_the_results_sheet_says_what_became_of_every_row(world: World) -> None:
    """The export's own columns, rows and order; then ours; read back as a person's program does."""
    for name, report in reports(await world.run()).items():
        assert report.sheet == world.folder / f"{Path(name).stem}.results.xlsx"
        book = openpyxl.load_workbook(report.sheet)
        assert book.sheetnames[0] == "Results"
        assert {"Summary", "Shipments"} <= set(book.sheetnames)
        header, *rows = book["Results"].iter_rows(values_only=True)
        start = header.index("Outcome")
        assert tuple(header[start : start + len(OURS)]) == OURS
        assert len(rows) == len(report.rows)
        for cells, (_, result) in zip(rows, sorted(report.rows.items()), strict=True):
            ours = dict(zip(OURS, cells[start:], strict=False))
            assert ours["Status"] == result.finding.status.value
            assert ours["Shipment ID"] or ", ".join(map(str, result.shipment_ids)) == ""
            assert (ours["Error Code"] or "") == result.finding.code
            assert (ours["What To Do"] or "") == result.finding.todo
            assert (ours["Who"] or "") == result.finding.who.value


async def test_fix_and_resend_is_importable_as_it_is(world: World) -> None:
    """Only the rows to be fixed, in the export's own columns: nothing of it ships without being
    fixed.
    """
    (report,) = reports(await world.run(LAGER)).values()
    book = openpyxl.load_workbook(report.sheet)
    for name in book.sheetnames:
        if name != "Fix and resend":
            del book[name]
    book.save(world.folder / "fixed.xlsx")
    posts = _posts(world)
    again = (await world.run("fixed.xlsx")).reports[0]
    assert _posts(world) == posts
    assert (
        again.summary["rows"]
        == again.summary["invalid"] + again.summary["held"]
        == report.summary["invalid"]
    )


async def test_rows_corrected_in_the_results_workbook_ship_and_no_others(world: World) -> None:
    """`Fix and resend`, corrected where it is: the workbook is run as it is; untouched, it is read
    as the results.
    """
    (report,) = reports(await world.run(LAGER)).values()
    assert report.sheet
    shutil.copy(report.sheet, world.folder / "again.xlsx")
    assert (await world.run("again.xlsx")).reports[0].summary["rows"] == report.summary["rows"]
    book = openpyxl.load_workbook(report.sheet)
    fix = book["Fix and resend"]
    header = [cell.value for cell in fix[1]]
    row = next(
        row for row in fix.iter_rows(min_row=2) if "left" in str(row[header.index("Error")].value)
    )
    row[header.index("Menge")].value = 1
    book.save(world.folder / "corrected.xlsx")
    posts = _posts(world)
    again = (await world.run("corrected.xlsx")).reports[0]
    assert again.summary["rows"] == report.summary["invalid"] + report.summary["rejected"]
    assert _posts(world) - posts == again.summary["created"] == 1


async def test_a_dry_run_says_what_the_run_then_does(world: World) -> None:
    """The plan and the run agree on every row, and the plan sends nothing."""
    planned = reports(await world.run(dry=True))
    assert (_posts(world), sorted(path.name for path in world.folder.glob("*.plan.xlsx"))) == (
        0,
        sorted(f"{Path(name).stem}.plan.xlsx" for name in FILES),
    )
    shipped = reports(await world.run())
    for name, report in shipped.items():
        for number, result in report.rows.items():
            before = planned[name].rows[number].finding
            after = (
                "planned"
                if result.finding.status is Status.CREATED
                else result.finding.status.value
            )
            assert before.status.value == after, (name, number)


async def test_requests_are_few(world: World) -> None:
    """At most one read an order beside the shipments, whatever the store is like; as documented,
    far fewer.
    """
    (report,) = reports(await world.run(PICKS)).values()
    reads = len(world.box.requests) - _posts(world)
    assert report.summary["requests"] == len(world.box.requests)
    if world.box.behaviour == Behaviour():
        # one page, and the shipments of the orders that others have shipped
        assert reads <= 1 + 3 * 2


def _posts(world: World) -> int:
    return world.box.counts["POST /orders/{}/shipments"]


def test_the_samples_store_is_the_sandboxs(tmp_path: Path) -> None:
    """`store.json` beside the samples is what a rehearsal of them runs against."""
    assert json.loads((SAMPLES / "store.json").read_text("utf-8"))["orders"]
