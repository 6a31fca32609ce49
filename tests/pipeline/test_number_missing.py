"""A row without a tracking number among rows that have one: held, decided, told once."""

from datetime import UTC, datetime

from shop import HEADER, OpenShop, Shop, dense, number, said, statuses

from batch.ledger.contract import Decision
from batch.pipeline import exit_status
from batch.results.accounting import Report

SEVEN = [(100 + n, "MUG", 1, number(n)) for n in range(7)]
BARE = (107, "MUG", 1, "")
AGAIN = {"name": "next.csv", "header": (*HEADER[:3], "Tracking No"), "source": {"name": "acme"}}


async def sent(there: Shop, *rows: tuple[object, ...], **more: object) -> Report:
    return await there.run(*rows, **{"source": {"name": "acme"}, **more})


async def test_it_is_held_and_the_others_ship(shop: OpenShop) -> None:
    """With what to do; a person waits."""
    there = await shop(dense(8))
    report = await sent(there, *SEVEN, BARE)
    assert said(report)[9] == ("held", "number_missing")
    assert "7 of 8 rows have one" in report.rows[9].finding.error
    assert (there.posts, exit_status(report)) == (7, 3)


async def test_a_number_that_comes_later_ships(shop: OpenShop) -> None:
    """In the next file, as its own parcel."""
    there = await shop(dense(8))
    await sent(there, *SEVEN, BARE)
    assert statuses(await sent(there, *SEVEN, (107, "MUG", 1, number(7)), **AGAIN))[-1] == "created"
    assert there.posts == 8


async def test_in_the_next_nights_file_it_is_not_told_again(shop: OpenShop) -> None:
    """A file with the whole month: skipped, and the exit is 0."""
    there = await shop(dense(8))
    await sent(there, *SEVEN, BARE)
    report = await sent(there, *SEVEN, BARE, **AGAIN)
    assert said(report)[9] == ("skipped", "number_missing")
    assert (there.posts, exit_status(report)) == (7, 0)


async def test_a_persons_word_ships_it(shop: OpenShop) -> None:
    """Decided for its parcel, or answered for the source."""
    there = await shop(dense(9))
    report = await sent(there, *SEVEN, BARE)
    async with there.desk() as desk:
        held = [note for note in desk.ledger.notes(report.run.run_id) if 9 in note.rows]
        word = Decision(held[0].request_key, "ship", "ann", "a letter", datetime.now(UTC))
        await desk.ledger.decide(desk.settings.store, word)
    assert statuses(await sent(there, *SEVEN, BARE))[-1] == "created"
    other = (108, "MUG", 1, "")
    answered = await sent(there, *SEVEN, other, **AGAIN, answers={"no_number": "ship"})
    assert statuses(answered)[-1] == "created"
