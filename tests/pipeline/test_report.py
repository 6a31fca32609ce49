"""How a run ends: its exit status, and what it saved."""

from collections import Counter
from typing import Any

import pytest
from ledger_samples import run_of
from shop import OpenShop, dense, number, table

from batch.config import Gates
from batch.errors import ResultsError
from batch.model import MADE_DIFFERS, Finding, RowNote, State, Status
from batch.pipeline import Job, Pipeline
from batch.pipeline.report import exit_status, requests_saved
from batch.results.accounting import Report, count_statuses

NO_SHEET = ResultsError("no", "where")


def report(*more: str, known_waiting: int = 0, **fields: Any) -> Report:
    """A run with one row of each of these statuses, as the JSON summary spells them."""
    counts = count_statuses({}) | Counter(more)
    return Report(run_of(), {}, counts, known_waiting=known_waiting, **fields)


@pytest.mark.parametrize(
    ("statuses", "ends"),
    [
        ((), 0),
        (("created", "updated", "already_created", "skipped", "planned"), 0),
        (("invalid",), 1),
        (("rejected",), 1),
        (("not_sent",), 1),
        (("waiting",), 1),
        (("held",), 3),
        (("in_doubt",), 3),
        ((MADE_DIFFERS,), 3),
        (("invalid", "held"), 3),
    ],
)
def test_a_run_ends_as_its_worst_rows_do(statuses: tuple[str, ...], ends: int) -> None:
    assert exit_status(report(*statuses)) == ends
    assert exit_status(report(*statuses, sheet_error=NO_SHEET)) == 74


@pytest.mark.parametrize(
    ("statuses", "ends"),
    [
        ((), 75),
        (("not_sent", "invalid", "held"), 75),
        (("created",), 0),
        (("updated",), 0),
        (("rejected",), 1),
    ],
)
def test_a_run_that_was_stopped_before_it_sent_anything_is_to_be_made_again(
    statuses: tuple[str, ...], ends: int
) -> None:
    assert exit_status(report(*statuses, stopped="the store is away")) == ends
    assert exit_status(report("in_doubt", stopped="the store is away")) == 3
    assert exit_status(report(stopped="the store is away", sheet_error=NO_SHEET)) == 75


def test_a_held_file_is_held_whatever_its_rows() -> None:
    assert exit_status(report("invalid", held=(Finding(Status.HELD),))) == 3


@pytest.mark.parametrize(("known", "ends"), [(1, 1), (2, 0), (3, 0)])
def test_rows_that_waited_before_are_no_news(known: int, ends: int) -> None:
    assert exit_status(report("waiting", "waiting", known_waiting=known)) == ends


def test_the_requests_that_a_loop_would_have_sent_beyond_ours() -> None:
    """Three to look up each parcel, and one for what is sent: not for what is planned alone."""
    notes = [
        RowNote((n,), Finding(status))
        for n, status in enumerate((Status.ALREADY_CREATED, Status.UPDATED))
    ]
    states = Counter({State.CREATED: 3, State.PLANNED: 2})
    assert requests_saved(10, states, notes) == 3 * 7 + 1 + 3 - 10
    assert requests_saved(10, Counter({State.PLANNED: 5}), []) == 3 * 5 - 10
    assert requests_saved(99, states, notes) == 0


async def test_a_held_file_says_by_what_and_how_to_let_it_go(shop: OpenShop) -> None:
    there = await shop(dense(2))
    rows = [(100 + n, "MUG", 1, number(n)) for n in range(2)]
    done = await there.run(*rows, gates=Gates(hold_above=1))
    assert done.summary["held_by"] == [reason.code for reason in done.held] == ["hold_above"]
    assert done.release.startswith(f"shipbatch decide {done.run.run_id} --file")


async def test_where_there_is_no_place_for_a_sheet_there_is_none(shop: OpenShop) -> None:
    there = await shop(dense(1))
    export = there.folder / "export.csv"
    export.write_text(table((100, "MUG", 1, number(0))), "utf-8")
    async with there.desk() as desk:
        done = await Pipeline(desk).run(Job(export, place=lambda _: None))
    assert (done.sheet, done.sheet_error, done.summary["results"]) == (None, None, "")
    assert list(there.folder.iterdir()) == [export]


async def test_a_sheet_that_cannot_be_written_is_said_and_named_nowhere(shop: OpenShop) -> None:
    """What is sent is sent; the run ends with 74."""
    there = await shop(dense(1))
    (there.folder / "file").touch()
    async with there.desk() as desk:
        export = there.folder / "export.csv"
        export.write_text(table((100, "MUG", 1, number(0))), "utf-8")
        done = await Pipeline(desk).run(Job(export, results=there.folder / "file" / "results.xlsx"))
    assert done.sheet_error is not None
    assert (done.sheet, done.summary["results"], exit_status(done), there.posts) == (
        None,
        "",
        74,
        1,
    )
