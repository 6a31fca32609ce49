"""A file held as a whole: nothing of it is sent, all of it is explained, one line releases it."""

from typing import Any

import pytest
from shop import OpenShop, Shop, dense, number, statuses

from batch.commands.answer import CommandResult
from batch.commands.decide import Answer, list_pending, take_decision
from batch.config import Gates
from batch.errors import NothingSent
from batch.pipeline import exit_status
from batch.results.accounting import Report
from batch.results.run_text import report

COUNT = 24


def rows(
    first: int = 100, count: int = COUNT, numbers: int | None = None
) -> list[tuple[object, ...]]:
    return [
        (first + n, "MUG", 1, number(first + n if numbers is None else numbers))
        for n in range(count)
    ]


async def decide(there: Shop, run_id: str, answer: str = "ship", **which: Any) -> CommandResult:
    async with there.desk() as desk:
        return await take_decision(desk, run_id, Answer(answer, "Ann", "she looked", **which))


def codes(done: Report) -> list[str]:
    return [reason.code for reason in done.held]


async def test_one_number_on_all_rows_is_held_before_the_first_post(shop: OpenShop) -> None:
    there = await shop(dense(COUNT))
    done = await there.run(*rows(numbers=7))
    assert (codes(done), exit_status(done), there.posts) == (["one_number"], 3, 0)
    assert statuses(done) == ["held"] * COUNT
    assert done.summary["held_by"] == ["one_number"]
    told = list(report(done))
    assert any(f"Tracking number {number(7)} stands on {COUNT} orders" in line for line in told)
    assert told[-1] == f'  shipbatch decide {done.run.run_id} --file --answer ship --why "…"'
    assert done.sheet is not None


async def test_a_persons_word_releases_it_and_is_kept(shop: OpenShop) -> None:
    there = await shop(dense(COUNT))
    held = await there.run(*rows(numbers=7))
    with there.ledger() as ledger:
        (place, *_) = list_pending(ledger, "shop", "").lines
    assert place == f"Run {held.run.run_id}, the whole file ({COUNT} rows)"
    assert (
        (await decide(there, held.run.run_id, file=True))
        .lines[0]
        .endswith("one of the queue goes on by itself.")
    )
    done = await there.run(*rows(numbers=7))
    assert (codes(done), exit_status(done), there.posts) == ([], 0, COUNT)
    with there.ledger() as ledger:
        assert not list_pending(ledger, "shop", "").status
        ask = f"file:one_number:{held.run.sha256}"
        word = ledger.decisions("shop", [ask])[ask]
    assert (word.answer, word.who, word.why) == ("ship", "Ann", "she looked")


async def test_an_answer_for_parcels_releases_no_file(shop: OpenShop) -> None:
    there = await shop(dense(COUNT))
    held = await there.run(*rows(numbers=7))
    with pytest.raises(NothingSent, match="Nothing that waits"):
        await decide(there, held.run.run_id, everything=True)
    with pytest.raises(NothingSent, match="cannot be answered with absent"):
        await decide(there, held.run.run_id, "absent", file=True)
    await decide(there, held.run.run_id, "skip", file=True)
    with there.ledger() as ledger:
        assert not list_pending(ledger, "shop", "").status
    assert exit_status(await there.run(*rows(numbers=7))) == 3


async def test_the_other_rows_of_a_held_file_keep_their_reasons(shop: OpenShop) -> None:
    there = await shop(dense(COUNT))
    done = await there.run(*rows(numbers=7), (100, "CUP", 1, number(8)))
    assert done.rows[COUNT + 2].finding.code == "unknown_sku"


async def test_another_stores_file_is_held_whether_its_orders_are_missing_or_newer(
    shop: OpenShop,
) -> None:
    there = await shop(dense(COUNT))
    done = await there.run(*rows(first=5000), *rows(count=3))
    assert codes(done) == ["most_orders_unknown"]
    assert set(statuses(done)) == {"held"}
    assert there.posts == 0


async def test_a_dry_run_says_that_a_run_would_be_held(shop: OpenShop) -> None:
    there = await shop(dense(COUNT))
    done = await there.run(*rows(), dry=True, gates=Gates(hold_above=10))
    assert statuses(done) == ["planned"] * COUNT
    assert exit_status(done) == 3
    assert "A run of it would be held; nothing of it has been sent." in list(report(done))


async def test_mails_are_asked_for_until_a_person_says_that_they_are_meant(shop: OpenShop) -> None:
    there = await shop(dense(COUNT))
    gates = Gates(mail_gate=10)
    held = await there.run(*rows(), gates=gates)
    assert (codes(held), there.posts) == (["many_mails"], 0)
    assert "would mail 24 customers" in held.held[0].error
    assert "control panel" in held.held[0].todo
    part = await there.run(*rows(), gates=gates, customers_will_be_mailed=True, limit=4)
    assert (there.posts, codes(part)) == (4, [])
    done = await there.run(*rows(), gates=gates)
    assert (there.posts, codes(done), exit_status(done)) == (COUNT, [], 0)


async def test_a_backfill_of_old_ship_dates_is_held(shop: OpenShop) -> None:
    there = await shop(dense(COUNT))
    header = ("Order ID", "SKU", "Quantity", "Tracking Number", "Ship Date")
    old = [(*row, "2024-03-01") for row in rows()]
    done = await there.run(*old, header=header)
    assert (codes(done), there.posts) == (["old_ship_dates"], 0)
    assert "24 of 24 rows were shipped more than 7 days ago" in done.held[0].error


async def test_what_is_usual_is_learnt_from_the_ledger(shop: OpenShop) -> None:
    """Seven files, run with nothing told but their rows; the eighth is a third of them."""
    there = await shop(dense(300))
    for night in range(7):
        assert codes(await there.run(*rows(100 + night * COUNT), name=f"night-{night}.csv")) == []
    posts = there.posts
    third = await there.run(*rows(100 + 7 * COUNT, 8), name="night-7.csv")
    assert (codes(third), there.posts) == (["fewer_rows"], posts)
    assert "usually 24 rows (24 to 24 in 7 earlier files)." in third.held[0].error
    again = await there.run(*rows(100 + 6 * COUNT), name="night-6.csv")
    assert (codes(again), exit_status(again)) == ([], 0)
