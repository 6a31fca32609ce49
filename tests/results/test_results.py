"""The results sheet: every row accounted for, nothing damaged, nothing that a spreadsheet program
would run.
"""

import csv
import dataclasses
import json
import stat
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from batch.errors import ResultsError
from batch.model import (
    Finding,
    Item,
    LinkSource,
    Record,
    RowResult,
    Run,
    Shipment,
    State,
    Status,
    StoreShipment,
    Who,
)
from batch.model.statuses import STATUSES
from batch.results import Mark, SheetContent, read_mark, results_path, write
from batch.results.csv_file import write_csv
from batch.results.table import Limits
from batch.results.workbook import write_workbook

RUN = Run(
    run_id="20261123-140328-7f3a",
    store="https://api.bigcommerce.com/stores/abc123",
    file="night/acme.xlsx",
    sha256="5e" * 32,
    copy="",
    started=datetime(2026, 11, 23, 14, 3, 28, tzinfo=UTC),
)
COLUMNS = ("Order", "SKU", "Qty", "Tracking")
CREATED = Finding(Status.CREATED)
BAD = Finding(
    Status.INVALID,
    "unknown_sku",
    "Order 1002 has no SKU X.",
    "Correct the SKU in B3.",
    Who.WAREHOUSE,
)
OURS = 13


def row_result(row, finding=CREATED, **facts):
    return RowResult(row, finding, **facts)


def report(exported, findings, **changes):
    """A report of rows that start at row 2, one finding each."""
    numbered = list(enumerate(exported, start=2))
    results = {
        number: row_result(number, finding)
        for (number, _), finding in zip(numbered, findings, strict=True)
    }
    counts = Counter(finding.status for finding in findings)
    summary = {"rows": len(exported)} | {
        status.replace(" ", "_"): counts[status] for status in Status
    }
    made = SheetContent(RUN, COLUMNS, numbered, results, summary=summary)
    return dataclasses.replace(made, **changes)


ROWS = [("1001", "A", 2, "1Z999AA10123456784"), ("1002", "X", 1, "1Z999AA10123456784")]
TWO = [CREATED, BAD]


def sheet(path, name="Results"):
    return (
        CalamineWorkbook.from_path(str(path))
        .get_sheet_by_name(name)
        .to_python(skip_empty_area=False)
    )


def test_the_export_stands_first_and_unchanged(tmp_path):
    """The first sheet has the export's columns, rows and order, then ours."""
    header, *rows = sheet(write(report(ROWS, TWO), tmp_path / "r.xlsx"))
    assert header[:4] == list(COLUMNS)
    assert header[4:] == [
        "Outcome",
        "Status",
        "Shipment ID",
        "Tracking Link",
        "Link Source",
        "Error Code",
        "Error",
        "What To Do",
        "Who",
        "Order ID",
        "Order Address ID",
        "Order Product ID",
        "Run",
    ]
    assert [row[:4] for row in rows] == [list(row) for row in ROWS]
    assert rows[0][4:6] == ["Shipped", "created"]
    assert rows[1][4:6] == ["Fix this", "invalid"]
    assert rows[1][9:13] == [
        "unknown_sku",
        "Order 1002 has no SKU X.",
        "Correct the SKU in B3.",
        "warehouse",
    ]
    assert rows[1][16] == RUN.run_id


def test_sheets_in_their_order(tmp_path):
    """Results comes first: it is what opens."""
    path = write(report(ROWS, TWO), tmp_path / "r.xlsx")
    assert load_workbook(path).sheetnames == ["Results", "Summary", "Fix and resend", "Shipments"]


def test_a_row_s_facts_are_text(tmp_path):
    """Ids keep their digits, several are joined, one link can be clicked."""
    facts = {
        "shipment_ids": (991, 992),
        "tracking_links": ("https://track.aftership.com/ups/1Z",),
        "link_source": LinkSource.GENERATED,
        "order_id": 1001,
        "order_address_id": 7,
        "order_product_ids": (12, 13),
        "run_id": "20261122-010000-aaaa",
    }
    path = write(
        report(ROWS[:1], [CREATED], results={2: row_result(2, **facts)}), tmp_path / "r.xlsx"
    )
    cells = load_workbook(path)["Results"][2][4:]
    assert [cell.value for cell in cells] == [
        "Shipped",
        "created",
        "991, 992",
        "https://track.aftership.com/ups/1Z",
        "generated",
        None,
        None,
        None,
        None,
        "1001",
        "7",
        "12, 13",
        "20261122-010000-aaaa",
    ]
    assert cells[3].hyperlink.target == "https://track.aftership.com/ups/1Z"


def test_a_shipped_row_shows_its_warning(tmp_path):
    """Warnings stand under Error, after the error if there is one."""
    results = {
        2: row_result(2, warnings=("Rows 2 and 3 were added up.", "Costs differ.")),
        3: row_result(3, BAD, warnings=("Costs differ.",)),
    }
    _, first, second = sheet(write(report(ROWS, TWO, results=results), tmp_path / "r.xlsx"))
    assert first[4] == "Shipped"
    assert first[10] == "Note: Rows 2 and 3 were added up.\nNote: Costs differ."
    assert second[10] == "Order 1002 has no SKU X.\nNote: Costs differ."


@pytest.mark.parametrize("status", Status)
def test_every_status_has_an_outcome(status):
    """A picker reads one of the contract's words, or `Will ship` in a plan."""
    words = {"Shipped", "Fix this", "Ask someone", "Will retry", "Skipped"}
    assert STATUSES[status].outcome in (words if status is not Status.PLANNED else {"Will ship"})


def test_an_export_keeps_a_column_of_our_name(tmp_path):
    """Ours gets the prefix, however the export writes the name."""
    given = report(
        ROWS[:1], [CREATED], columns=("order id", "Status", "Shipbatch Status", "Error ")
    )
    header = sheet(write(given, tmp_path / "r.xlsx"))[0]
    assert header[:4] == ["order id", "Status", "Shipbatch Status", "Error "]
    assert "Shipbatch Order ID" in header
    assert "Shipbatch Shipbatch Status" in header
    assert "Shipbatch Error" in header
    assert len(set(header)) == len(header)


def test_a_held_row_gets_a_decision_cell(tmp_path):
    """The answer is chosen from a list and is empty at first."""
    held = Finding(Status.HELD, "order_status", "Order 1002 is Cancelled.", "Answer ship or skip.")
    path = write(report(ROWS, [CREATED, held]), tmp_path / "r.xlsx")
    header, *rows = sheet(path)
    assert header[-1] == "Decision"
    assert [row[-1] for row in rows] == ["", ""]
    (choice,) = load_workbook(path)["Results"].data_validations.dataValidation
    assert (choice.formula1, str(choice.sqref)) == ('"ship,skip"', "R2:R3")


def test_no_decision_column_where_nothing_is_held(tmp_path):
    """Nobody is asked for nothing."""
    assert "Decision" not in sheet(write(report(ROWS, TWO), tmp_path / "r.xlsx"))[0]


def test_the_summary_tells_how_rows_are_counted_where_the_export_has_title_or_blank_rows(tmp_path):
    """Messages name the export's rows."""
    numbered = [(4, ROWS[0]), (6, ROWS[1])]
    results = {number: row_result(number, BAD) for number, _ in numbered}
    summary = {
        "rows": 2,
        **{status.replace(" ", "_"): 2 * (status is Status.INVALID) for status in Status},
    }
    shifted = report(ROWS[:2], [BAD, BAD], rows=numbered, results=results, summary=summary)
    said = [row[0] for row in sheet(write(shifted, tmp_path / "a.xlsx"), "Summary")]
    assert any(
        "acme.xlsx" in text and text.endswith("its row 4 is row 2 of Results.") for text in said
    )
    told = [row[0] for row in sheet(write(report(ROWS, TWO), tmp_path / "b.xlsx"), "Summary")]
    assert not any("Rows named in messages" in text for text in told)


def test_fix_and_resend_holds_what_must_be_fixed(tmp_path):
    """Invalid and rejected rows only, in the export's own columns, numeric names as text."""
    findings = [Finding(status) for status in Status]
    rows = [(1000 + n, 9400100000000.0, n, "") for n in range(len(findings))]
    path = write(report(rows, findings, id_columns=frozenset({0, 1})), tmp_path / "r.xlsx")
    header, *fix = sheet(path, "Fix and resend")
    assert header == [*COLUMNS, "Error", "What To Do"]
    wanted = [
        n
        for n, finding in enumerate(findings)
        if finding.status in {Status.INVALID, Status.REJECTED}
    ]
    assert [row[:3] for row in fix] == [[str(1000 + n), "9400100000000", n] for n in wanted]


def test_cells_keep_their_kind(tmp_path):
    """Numbers stay numbers, dates dates, times times; what a sheet cannot hold becomes text."""
    zoned = datetime(2026, 11, 20, 8, tzinfo=UTC)
    cells = (
        2,
        -2.5,
        True,
        date(2026, 11, 20),
        datetime(2026, 11, 20, 16, 5),
        time(9, 30),
        timedelta(hours=30),
    )
    odd = (10**15, float("inf"), date(1850, 1, 1), zoned, timedelta(-1), None, "", "  padded ")
    columns = tuple(f"c{n}" for n in range(len(cells + odd)))
    path = write(report([cells + odd], [CREATED], columns=columns), tmp_path / "r.xlsx")
    read = sheet(path)[1][: len(columns)]
    assert read[: len(cells)] == [2, -2.5, True, *cells[3:]]
    assert read[len(cells) :] == [
        "1000000000000000",
        "inf",
        "1850-01-01",
        "2026-11-20 08:00:00+00:00",
        "-1 day, 0:00:00",
        "",
        "",
        "  padded ",
    ]


HOSTILE = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "{=1}",
    "http://x/",
    "=1",
    "<r><t>x</t></r>",
]


def test_text_never_becomes_a_formula(tmp_path):
    """A cell of the export is text in the workbook, whatever it looks like; so is an error that
    quotes it.
    """
    rows = [(text, text, 1, text) for text in HOSTILE]
    findings = [Finding(Status.INVALID, "bad", text, text) for text in HOSTILE]
    path = write(report(rows, findings), tmp_path / "r.xlsx")
    for name in ("Results", "Fix and resend"):
        cells = [cell for line in load_workbook(path)[name].iter_rows() for cell in line]
        assert {cell.data_type for cell in cells} <= {"s", "inlineStr", "n"}
        assert not any(cell.hyperlink for cell in cells)
    assert [row[0].rstrip(" ") for row in sheet(path)[1:]] == HOSTILE


def test_a_header_is_text_too(tmp_path):
    """Whatever the export's first row says."""
    columns = ("=1+1", "<r>x</r>", "\x01", "")
    assert sheet(write(report(ROWS, TWO, columns=columns), tmp_path / "r.xlsx"))[0][:4] == [
        "=1+1",
        "<r>x</r> ",
        "\ufffd",
        "",
    ]


def test_forbidden_characters_are_shown_as_such(tmp_path):
    """What XML cannot carry is replaced; the workbook opens."""
    row = ("a\x00b\x08c\x1bd", "\ud800", "_x0041_", "two\nlines\ttab")
    assert sheet(write(report([row], [CREATED]), tmp_path / "r.xlsx"))[1][:4] == [
        "a\ufffdb\ufffdc\ufffdd",
        "\ufffd",
        "_x0041_",
        "two\nlines\ttab",
    ]


def test_text_too_long_for_a_cell_is_cut_and_said(tmp_path):
    """32,767 UTF-16 units; the Summary counts the cells."""
    row = ("x" * 32_767, "x" * 40_000, "😀" * 20_000, "x")
    path = write(report([row], [CREATED]), tmp_path / "r.xlsx")
    read = sheet(path)[1]
    assert read[0] == "x" * 32_767
    assert read[1] == "x" * 32_766 + "…"
    assert read[2] == "😀" * 16_383 + "…"
    assert "2 cells were longer" in str(sheet(path, "Summary"))


def test_a_ragged_row_shifts_nothing(tmp_path):
    """Missing cells are empty; surplus ones stand at the far right."""
    path = write(
        report([("1001",), ("1002", "B", 1, "T", "left", "over")], [CREATED, CREATED]),
        tmp_path / "r.xlsx",
    )
    _, short, long = sheet(path)
    assert short[:5] == ["1001", "", "", "", "Shipped"]
    assert long[:5] == ["1002", "B", 1, "T", "Shipped"]
    assert long[4 + OURS :] == ["left", "over"]


def test_only_web_links_can_be_clicked(tmp_path):
    """A link from a file is not trusted with more than http."""
    links = [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "internal:Summary!A1",
        "https://x.test/" + "y" * 2_100,
    ]
    results = {n: row_result(n, tracking_links=(link,)) for n, link in enumerate(links, start=2)}
    path = write(
        report([("1", "", 1, "")] * 4, [CREATED] * 4, results=results), tmp_path / "r.xlsx"
    )
    cells = [row[7] for row in load_workbook(path)["Results"].iter_rows(min_row=2)]
    assert [cell.value for cell in cells] == links
    assert not any(cell.hyperlink for cell in cells)


def test_shipments_sheet(tmp_path):
    """One line a record of the ledger, ids and numbers as text."""
    made = StoreShipment(991, 1001, 7, (Item(12, 2),), generated_tracking_link="https://t.test/1")
    shipment = Shipment(1001, 7, (Item(12, 2), Item(13, 1)), "0012345678901234567890", rows=(2, 3))
    records = [
        Record(1, RUN.run_id, RUN.store, shipment, State.CREATED, attempts=1, made=made),
        Record(
            2,
            RUN.run_id,
            RUN.store,
            shipment,
            State.IN_DOUBT,
            attempts=2,
            finding=Finding(Status.IN_DOUBT, "", "?"),
        ),
    ]
    header, first, second = sheet(
        write(report([], [], records=records), tmp_path / "r.xlsx"), "Shipments"
    )
    told = dict(zip(header, first, strict=True))
    assert told["Shipment ID"] == "991"
    assert told["Tracking Number"] == "0012345678901234567890"
    assert told["Tracking Link"] == "https://t.test/1"
    assert (told["Units"], told["Items"], told["Rows"]) == (3, "2 × 12, 1 × 13", "2, 3")
    assert (second[0], second[header.index("State")], second[header.index("Error")]) == (
        "",
        "in doubt",
        "?",
    )


def test_the_summary_proves_the_rows(tmp_path):
    """Rows in = rows out, with every status, what was recognised and what to note."""
    given = report(
        ROWS, TWO, said=["Read “Order” as order_id."], warnings=["Carrier “Zippy” is not known."]
    )
    summary = dataclasses.replace(
        given, summary={**given.summary, "requests": 3, "seconds": 0.25, "shipments": 1}
    )
    text = "\n".join(
        str(cell) for row in sheet(write(summary, tmp_path / "r.xlsx"), "Summary") for cell in row
    )
    assert "2 rows in = 2 rows out: 1 created + 1 invalid" in text
    for told in (
        "acme.xlsx",
        RUN.store,
        RUN.run_id,
        "Requests",
        "Read “Order” as order_id.",
        "“Zippy”",
    ):
        assert told in text


def test_a_plan_says_that_nothing_was_sent(tmp_path):
    """Nobody takes a dry run's sheet for a run's."""
    path = write(report(ROWS[:1], [Finding(Status.PLANNED)], dry=True), tmp_path / "r.plan.xlsx")
    assert "nothing was sent" in sheet(path, "Summary")[0][0]
    assert sheet(path)[1][4:6] == ["Will ship", "planned"]


@pytest.mark.parametrize("name", ["r.xlsx", "r.csv"])
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"results": {2: row_result(2)}}, "row 3 has no result"),
        ({"results": {n: row_result(n) for n in (2, 3, 4)}}, "2 rows in the file, 3 results"),
        ({"rows": [(2, ROWS[0]), (2, ROWS[0])]}, "the summary says 1 invalid, the rows say 0"),
        ({"summary": {"rows": 3}}, "the summary says 3 rows, the rows say 2"),
        ({"summary": {"already_created": 1}}, "the summary says 1 already created, the rows say 0"),
    ],
)
def test_a_report_that_does_not_add_up_is_refused(tmp_path, name, changes, why):
    """It is a bug and says so; no sheet is left behind."""
    with pytest.raises(ResultsError, match=f"do not add up: {why}") as refused:
        write(report(ROWS, TWO, **changes), tmp_path / name)
    assert RUN.run_id in refused.value.todo
    assert list(tmp_path.iterdir()) == []


def test_more_rows_than_a_sheet_holds_go_on_on_the_next(tmp_path):
    """`Results 2` stands beside `Results`, each with the header; further shipments follow at the
    end.
    """
    rows = [(str(n), "", n, "") for n in range(8)]
    record = Record(1, RUN.run_id, RUN.store, Shipment(1001, 7, (Item(12, 2),)), State.PLANNED)
    path = tmp_path / "r.xlsx"
    write_workbook(report(rows, [BAD] * 8, records=[record] * 4), path, Limits(rows=4))
    names = ["Results", "Results 2", "Results 3"]
    fix = ["Fix and resend", "Fix and resend 2", "Fix and resend 3"]
    assert load_workbook(path).sheetnames == [*names, "Summary", *fix, "Shipments", "Shipments 2"]
    for group in (names, fix):
        assert [row[0] for name in group for row in sheet(path, name)[1:]] == [
            str(n) for n in range(8)
        ]
        assert {sheet(path, name)[0][0] for name in group} == {"Order"}
    assert len(sheet(path, "Shipments 2")) == 2


def test_links_beyond_a_sheet_s_limit_are_text(tmp_path):
    """Excel repairs, and so loses, a sheet of more than 65,530 hyperlinks."""
    results = {n: row_result(n, tracking_links=(f"https://t.test/{n}",)) for n in (2, 3, 4)}
    path = tmp_path / "r.xlsx"
    write_workbook(
        report([("1", "", 1, "")] * 3, [CREATED] * 3, results=results), path, Limits(links=2)
    )
    cells = [row[7] for row in load_workbook(path)["Results"].iter_rows(min_row=2)]
    assert [cell.value for cell in cells] == [f"https://t.test/{n}" for n in (2, 3, 4)]
    assert [bool(cell.hyperlink) for cell in cells] == [True, True, False]


def test_rows_are_read_once_and_as_they_come(tmp_path):
    """A generator will do: a million rows need not be in memory."""
    path = write(report(ROWS, TWO, rows=iter(enumerate(ROWS, start=2))), tmp_path / "r.xlsx")
    assert len(sheet(path)) == 3


def test_csv_is_safe_to_open(tmp_path):
    """What a spreadsheet program would run gets a quote in front; plain numbers do not."""
    texts = [*HOSTILE[:5], "\r=1", "＝1", "-5", "+4,50", "1001", "a=b"]
    rows = [(text, -5, 2.5, date(2026, 11, 20)) for text in texts]
    path = write(report(rows, [CREATED] * len(rows)), tmp_path / "r.csv")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        header, *read = csv.reader(stream)
    assert header[:5] == [*COLUMNS, "Outcome"]
    assert [row[0] for row in read] == [f"'{text}" for text in texts[:7]] + texts[7:]
    assert read[0][1:6] == ["-5", "2.5", "2026-11-20", "Shipped", "created"]


def test_a_report_too_wide_for_a_workbook_is_a_csv(tmp_path):
    """16,384 columns are a sheet's limit."""
    columns = tuple(f"c{n}" for n in range(16_380))
    path = write(report([("1",)], [CREATED], columns=columns), tmp_path / "r.xlsx")
    assert path == tmp_path / "r.csv"
    assert path.read_text("utf-8-sig").startswith("c0,c1,")


def test_a_sheet_is_its_owner_s_alone(tmp_path):
    """Mode 0600, and nothing else is left in the folder."""
    for name in ("r.xlsx", "r.csv"):
        assert stat.S_IMODE(write(report(ROWS, TWO), tmp_path / name).stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.csv", "r.xlsx"]


def test_the_mark_says_whose_sheet_it_is(tmp_path):
    """A custom property tells run, content, and which columns are the export's."""
    path = write(report(ROWS, TWO), tmp_path / "r.xlsx")
    assert read_mark(path) == Mark(run=RUN.run_id, sha256=RUN.sha256, columns=4, version=1)
    told = json.loads(load_workbook(path).custom_doc_props["shipbatch"].value)
    assert told == {
        "version": 1,
        "run": RUN.run_id,
        "sha256": RUN.sha256,
        "columns": 4,
        "template": False,
    }


def test_other_files_have_no_mark(tmp_path):
    """Whatever lies there: not ours, and no error."""
    text, damaged = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    text.write_text("no workbook")
    damaged.write_bytes(write(report(ROWS, TWO), tmp_path / "r.xlsx").read_bytes()[:-40])
    assert [read_mark(path) for path in (text, damaged, tmp_path / "none.xlsx", tmp_path)] == [
        None
    ] * 4


def test_a_sheet_held_open_is_left_alone(tmp_path):
    """A spreadsheet program's lock file beside it: the run's id is put in the name."""
    path = tmp_path / "r.xlsx"
    path.write_text("open in LibreOffice")
    (tmp_path / ".~lock.r.xlsx#").touch()
    (tmp_path / f"~$r-{RUN.run_id}.xlsx").touch()
    assert write(report(ROWS, TWO), path).name == f"r-{RUN.run_id}-2.xlsx"
    assert path.read_text() == "open in LibreOffice"


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    """ResultsError says where and why, and how to get the sheet later."""
    with pytest.raises(
        ResultsError, match=r"missing/r\.xlsx: No such file or directory"
    ) as refused:
        write(report(ROWS, TWO), tmp_path / "missing" / "r.xlsx")
    assert f"shipbatch history {RUN.run_id} --results" in refused.value.todo


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told(tmp_path):
    """The error is the disk's, in words."""
    for write_as in (write_csv, write_workbook):
        with pytest.raises(OSError, match="No space left"):
            write_as(report(ROWS * 500, TWO * 500), Path("/dev/full"))


def test_the_default_name_stands_beside_the_export(tmp_path):
    """NAME.results.xlsx, and NAME.plan.xlsx for a dry run."""
    export, home = tmp_path / "acme.night.csv", tmp_path / "home"
    assert results_path(export, RUN, dry=False, home=home) == tmp_path / "acme.night.results.xlsx"
    assert results_path(export, RUN, dry=True, home=home) == tmp_path / "acme.night.plan.xlsx"


def test_only_the_same_content_replaces_a_sheet(tmp_path):
    """Another file's sheet, or a file that is not ours, stays; the run's id is put in the name."""
    export = tmp_path / "acme.xlsx"
    path = write(report(ROWS, TWO), results_path(export, RUN, dry=False, home=tmp_path))
    later = dataclasses.replace(RUN, run_id="20261124-140000-0001")
    other = dataclasses.replace(later, sha256="6f" * 32)
    assert results_path(export, later, dry=False, home=tmp_path) == path
    renamed = tmp_path / "acme.results-20261124-140000-0001.xlsx"
    assert results_path(export, other, dry=False, home=tmp_path) == renamed
    path.write_text("somebody's own")
    assert results_path(export, later, dry=False, home=tmp_path) == renamed


def test_a_sheet_dropped_back_in_is_not_overwritten(tmp_path):
    """Its results get the run's id; those of a plan get the plain name."""
    export = tmp_path / "acme.xlsx"
    path = write(report(ROWS, TWO), results_path(export, RUN, dry=False, home=tmp_path))
    again = dataclasses.replace(RUN, run_id="20261124-140000-0001", sha256="6f" * 32)
    assert (
        results_path(path, again, dry=False, home=tmp_path).name
        == "acme.results-20261124-140000-0001.xlsx"
    )
    assert (
        results_path(tmp_path / "new.plan.xlsx", again, dry=False, home=tmp_path).name
        == "new.results.xlsx"
    )


@pytest.mark.skipif(not Path("/proc").exists(), reason="needs a folder that nobody can write to")
def test_a_folder_that_cannot_be_written_is_left_for_home(tmp_path):
    """The sheet goes to SHIPBATCH_HOME/results."""
    home = tmp_path / "home"
    assert (
        results_path(Path("/proc/acme.csv"), RUN, dry=False, home=home)
        == home / "results" / "acme.results.xlsx"
    )
    assert stat.S_IMODE((home / "results").stat().st_mode) == 0o700


@pytest.mark.skipif(not Path("/proc").exists(), reason="needs a folder that nobody can write to")
def test_no_folder_at_all_is_told(tmp_path):
    """Neither beside the export nor at home: ResultsError names the option that helps."""
    (tmp_path / "home").write_text("a file")
    with pytest.raises(ResultsError, match="home/results cannot be made") as refused:
        results_path(Path("/proc/acme.csv"), RUN, dry=False, home=tmp_path / "home")
    assert "--results" in refused.value.todo
