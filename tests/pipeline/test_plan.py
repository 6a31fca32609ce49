"""A plan is carried out as it was made, or not: order by order, and the sheet itself is looked at
first.
"""

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from shop import HEADER, OpenShop, Shop, dense, line, number, order, said, statuses, store, table

from batch.config import Source
from batch.errors import FileError, NothingSent
from batch.model.sheet_format import PLAN
from batch.pipeline import Job, Pipeline, exit_status
from batch.pipeline.runner import job_of_plan, run_files
from batch.primitives.stop import StopEvent
from batch.results.accounting import Report
from batch.sandbox import Fault

ROWS = [(100 + n, "MUG", 2, number(n)) for n in range(4)]


async def plan_of(there: Shop, *rows: Any) -> Path:
    done = await there.run(*(rows or ROWS), dry=True)
    assert done.sheet is not None
    return done.sheet


async def carry_out(there: Shop, plan: Path, **job: Any) -> Report:
    settings = there.settings(**job)
    tour = await run_files([job_of_plan(plan, settings)], settings, there.screen, StopEvent())
    return tour.reports[0]


def ship(there: Shop, order_id: int, units: int) -> None:
    """Another tool ships some of an order."""
    draft = {
        "order_address_id": order_id,
        "items": [(order_id * 10, units)],
        "tracking_number": "THEIRS",
    }
    there.box.store.make(there.box.store.draft(order_id, draft))


async def test_a_plan_is_carried_out_and_a_second_time_there_is_nothing_to_do(
    shop: OpenShop,
) -> None:
    there = await shop(dense(4))
    plan = await plan_of(there)
    assert there.posts == 0
    done = await carry_out(there, plan)
    assert (statuses(done), exit_status(done), there.posts) == (["created"] * 4, 0, 4)
    again = await carry_out(there, plan)
    assert (statuses(again), exit_status(again), there.posts) == (["already created"] * 4, 0, 4)


async def test_a_row_whose_order_has_changed_is_refused_with_what_it_was_and_is(
    shop: OpenShop,
) -> None:
    there = await shop(dense(4))
    plan = await plan_of(there)
    ship(there, 101, 1)
    there.box.store.set_status(there.box.store.order(102), 7)
    there.box.store.set_status(there.box.store.order(103), 5)
    done = await carry_out(there, plan)
    assert statuses(done) == ["created", "held", "held", "held"]
    assert {code for _, code in list(said(done).values())[1:]} == {"changed_since_plan"}
    error = done.rows[3].finding.error
    assert "Order 101 has changed since the plan was made" in error
    assert "left 3 of line 1010; it has status 3, left 2 of line 1010" in error
    assert "such orders do not ship" in done.rows[5].finding.error
    assert there.posts == 1


async def test_what_the_plan_does_not_have_is_not_shipped(shop: OpenShop) -> None:
    there = await shop(dense(3))
    plan = await plan_of(there)
    there.box.store.arrive(store(order(103)))
    done = await carry_out(there, plan)
    assert said(done)[5] == ("skipped", "not_in_plan")
    assert (there.posts, exit_status(done)) == (3, 0)


async def test_the_plans_own_shipments_are_no_change(shop: OpenShop) -> None:
    """Two parcels of one order, and a stop between them."""
    there = await shop(store(order(100, line(1000, quantity=4))))
    rows = [(100, "MUG", 2, number(1)), (100, "MUG", 2, number(2))]
    plan = await plan_of(there, *rows)
    there.fault(Fault(401, performs=0, method="POST", nth=range(2, 99)))
    first = await carry_out(there, plan)
    assert statuses(first) == ["created", "not sent"]
    there.fault()
    assert statuses(await carry_out(there, plan)) == ["already created", "created"]


async def test_the_export_may_have_changed_or_gone_its_copy_counts(shop: OpenShop) -> None:
    there = await shop(dense(6))
    plan = await plan_of(there)
    (there.folder / "export.csv").write_text(table((105, "MUG", 1, "OTHER")))
    assert statuses(await carry_out(there, plan)) == ["created"] * 4
    (there.folder / "export.csv").unlink()
    assert statuses(await carry_out(there, plan)) == ["already created"] * 4


@pytest.mark.parametrize(
    ("column", "value"), [(3, "EDITED"), (5, "9 × 1000"), (9, "{}"), (10, "0" * 16)]
)
async def test_a_changed_plan_is_refused_whole_and_the_row_is_named(
    shop: OpenShop, column: int, value: str
) -> None:
    there = await shop(dense(4))
    plan = await plan_of(there)
    book = openpyxl.load_workbook(plan)
    book[PLAN].cell(3, column).value = value
    book.save(plan)
    with pytest.raises(FileError, match="sheet Plan, row 3: it was changed"):
        job_of_plan(plan, there.settings())


async def test_a_plan_with_a_row_less_is_refused(shop: OpenShop) -> None:
    there = await shop(dense(4))
    plan = await plan_of(there)
    book = openpyxl.load_workbook(plan)
    book[PLAN].delete_rows(3)
    book.save(plan)
    with pytest.raises(FileError, match="it has 3 rows, and 4 were planned"):
        job_of_plan(plan, there.settings())


async def test_a_plan_that_was_only_looked_at_and_saved_still_counts(shop: OpenShop) -> None:
    there = await shop(dense(4))
    plan = await plan_of(there)
    openpyxl.load_workbook(plan).save(plan)
    assert job_of_plan(plan, there.settings()).plan is not None


async def test_a_plan_is_for_its_store(shop: OpenShop) -> None:
    there = await shop(dense(4))
    plan = await plan_of(there)
    with pytest.raises(NothingSent, match="is a plan for shop, and the settings are for other"):
        job_of_plan(plan, there.settings().model_copy(update={"identity": "other"}))


async def test_results_are_no_plan(shop: OpenShop) -> None:
    there = await shop(dense(4))
    done = await there.run(*ROWS)
    assert done.sheet is not None
    for path in (done.sheet, there.folder / "export.csv", there.folder / "missing.plan.xlsx"):
        with pytest.raises(FileError, match=r"is not a plan of shipbatch|there is no such file"):
            job_of_plan(path, there.settings())


async def test_an_empty_plan_ships_nothing(shop: OpenShop) -> None:
    there = await shop(dense(1))
    plan = await plan_of(there, (100, "CUP", 1, number(1)))
    assert statuses(await carry_out(there, plan)) == ["invalid"]
    assert isinstance(job_of_plan(plan, there.settings()), Job)


async def test_it_is_of_the_sheet_that_was_named(shop: OpenShop) -> None:
    there = await shop(dense(4))
    book = openpyxl.Workbook()
    for name, order_id in (("Last week", 100), ("Tonight", 101)):
        page = book.create_sheet(name)
        page.append(HEADER)
        page.append((order_id, "MUG", 1, number(order_id)))
    book.save(there.folder / "mon.xlsx")
    async with there.desk() as desk:
        dry = await Pipeline(desk).run(
            Job(there.folder / "mon.xlsx", Source(sheet="Tonight"), dry=True)
        )
    assert dry.sheet is not None
    assert statuses(await carry_out(there, dry.sheet)) == ["created"]
    assert [order_id for order_id, *_ in there.made()] == [101]
