"""A parcel goes to whom its order goes: another's number in the order column is found out."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shop import HEADER, OpenShop, Shop, number, order, row, said, statuses, store

from batch.ledger.contract import Decision
from batch.pipeline import exit_status
from batch.results.accounting import Report

TO = (*HEADER, "Ship To Name", "Ship To Postcode", "Ship To Country")
JANE = ("Jane Canary", "78751", "United States")
CARL = ("Carl Kanari", "10115", "Germany")


def of(order_id: int, first: str, last: str, code: str, country: str) -> dict[str, Any]:
    """An order of three mugs for somebody."""
    person = {"first_name": first, "last_name": last, "zip": code, "country_iso2": country}
    return order(order_id, addresses=[{"id": order_id * 2, **person}])


def of_jane(order_id: int) -> dict[str, Any]:
    return of(order_id, "Jane", "Canary", "78751", "US")


def parcel(order_id: int, *to: str) -> tuple[object, ...]:
    return (order_id, "MUG", 1, number(order_id), *to)


async def sent(there: Shop, *parcels: tuple[object, ...], **more: Any) -> Report:
    return await there.run(*parcels, header=TO, **more)


def kept(home: Path) -> bytes:
    """All that is in the home but the copies of exports."""
    return b"".join(
        path.read_bytes()
        for path in home.rglob("*")
        if path.is_file() and "copies" not in path.parts
    )


async def test_another_recipient_is_held_with_both_sides_named(shop: OpenShop) -> None:
    """In the sheet and on the screen; the ledger has the verdict and nobody's name."""
    there = await shop(store(of_jane(100), of_jane(101)))
    report = await sent(there, parcel(100, *JANE), parcel(101, *CARL))
    assert said(report) == {2: ("created", ""), 3: ("held", "recipient_differs")}
    error = row(report, 3).finding.error
    assert "101" in error
    assert "Carl Kanari, 10115, Germany" in error
    assert "Jane Canary, 78751, US" in error
    assert (exit_status(report), there.posts) == (3, 1)
    for name in (b"Canary", b"Kanari", b"78751", b"10115"):
        assert name not in kept(there.home)


async def test_a_persons_word_ships_it(shop: OpenShop) -> None:
    """Decided for its parcel, the next run of the file makes it; nothing else does."""
    there = await shop(store(of_jane(100)))
    await sent(there, parcel(100, *CARL))
    await sent(there, parcel(100, *CARL), again=True)
    assert there.posts == 0
    async with there.desk() as desk:
        note = next(desk.ledger.notes(desk.ledger.runs()[0].run_id))
        await desk.ledger.decide(
            desk.settings.store,
            Decision(note.request_key, "ship", "ann", "a gift", datetime.now(UTC)),
        )
    assert statuses(await sent(there, parcel(100, *CARL))) == ["created"]


async def test_it_can_be_switched_off(shop: OpenShop) -> None:
    """`check_recipient = false`; and a file may leave its columns out."""
    there = await shop(store(of_jane(100), of_jane(101)))
    report = await sent(there, parcel(100, *CARL), check_recipient=False)
    assert statuses(report) == ["created"]
    off = {"map": {"recipient_name": "-"}}
    assert statuses(await sent(there, parcel(101, "Carl", "10115", ""), source=off)) == ["created"]


async def test_one_that_fits_an_address_of_the_order_is_right(shop: OpenShop) -> None:
    """An order of two addresses has two recipients; a line tells which is meant."""
    one = of_jane(100)
    one["addresses"].append({"id": 7, "first_name": "Carl", "last_name": "Kanari", "zip": "10115"})
    one["lines"].append({"id": 8, "sku": "CUP", "quantity": 1, "order_address_id": 7})
    there = await shop(store(one))
    report = await sent(there, (100, "CUP", 1, number(1), *CARL), (100, "MUG", 1, number(2), *CARL))
    assert said(report) == {2: ("created", ""), 3: ("held", "recipient_differs")}


async def test_a_file_of_strangers_is_another_stores(shop: OpenShop) -> None:
    """Held whole; a person's word on the file counts for each of its parcels."""
    there = await shop(store(*(of_jane(100 + n) for n in range(12))))
    parcels = [parcel(100 + n, *(JANE if n % 3 else CARL)) for n in range(12)]
    report = await sent(there, *parcels)
    assert [reason.code for reason in report.held] == ["other_recipients"]
    assert there.posts == 0
    async with there.desk() as desk:
        (note,) = [
            n for n in desk.ledger.notes(report.run.run_id) if n.request_key.startswith("file:")
        ]
        word = Decision(note.request_key, "ship", "ann", "they moved", datetime.now(UTC))
        await desk.ledger.decide(desk.settings.store, word)
    assert statuses(await sent(there, *parcels)) == ["created"] * 12
