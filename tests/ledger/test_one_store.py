"""A store is one store however it is written: its name, its lock, its records; an older ledger's
stores become one.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from ledger_samples import NOON, created, outcome, parcel, run_of
from shop import HEADER, OpenShop, dense, number, table

from batch.commands.decide import Answer, take_decision
from batch.config import LEDGER, Database, Place, Settings, one_store
from batch.config import load_settings as settings_of
from batch.errors import ConfigError, DatabaseAway
from batch.ledger import Ledger, locks, open_ledger, read_ledger
from batch.ledger.contract import Decision, OrderBusy
from batch.ledger.import_sqlite import transfer
from batch.model import Item, Record, State
from batch.pipeline import Job, Pipeline
from batch.pipeline.runner import run_files
from batch.pipeline.session import open_store
from batch.primitives.stop import StopEvent

ONE = "http://127.0.0.1:8080/stores/abc123"
OTHER = "http://LOCALHOST:08080/stores/abc123"
SPELLINGS = {
    "https://api.bigcommerce.com": [
        "HTTPS://API.BigCommerce.com",
        "https://api.bigcommerce.com:443",
        "https://api.bigcommerce.com:0443/",
        "https://api.bigcommerce.com.",
        "https://api.bigcommerce.com.:443//",
        "https://ａｐｉ.bigcommerce。com",
        " https://api.bigcommerce.com ",
    ],
    "http://127.0.0.1:8080": [
        "http://localhost:8080",
        "http://[::1]:8080",
        "http://[0:0:0:0:0:0:0:1]:08080",
        "http://[::ffff:127.0.0.1]:8080",
        "http://127.1:8080",
        "http://LOCALHOST.:8080/",
    ],
    "http://127.0.0.1": ["http://localhost:80", "http://127.0.0.1/", "http://[::1]:"],
    "https://xn--bcher-kva.example/a/b~": [
        "https://BÜCHER.example/a//b%7e/",
        "https://bücher.example/x/../a/./b~",
        "https://bücher.example/x/%2e%2E/a/%2e/b~",
    ],
}
REFUSED = (
    "https://ann@h.example",
    "https://:pw@h.example",
    "https://@h.example",
    "https://h.example\\.x.example",
)


@pytest.mark.parametrize(
    ("one", "written"), [(one, each) for one, some in SPELLINGS.items() for each in some]
)
def test_an_address_has_one_spelling(one: str, written: str, tmp_path: Path) -> None:
    """Whatever the case, port, dot, slash or script; so has the store, and its lock."""
    environ = {"BIGCOMMERCE_STORE_HASH": "aBc123", "SHIPBATCH_HOME": str(tmp_path)}
    first = settings_of({}, environ=environ | {"BIGCOMMERCE_API_URL": one})
    second = settings_of({}, environ=environ | {"BIGCOMMERCE_API_URL": written})
    assert (
        first.store
        == second.store
        == one_store(f"{written.strip()}/stores/ABC123")
        == f"{one}/stores/abc123"
    )
    assert locks.lock_path(tmp_path, first.store) == locks.lock_path(tmp_path, second.store)


def test_requests_go_to_the_name_that_was_given() -> None:
    """A store of this machine may answer at one of its names alone."""
    for url in ("http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost:8080"):
        assert settings_of({}, environ={"BIGCOMMERCE_API_URL": url}).api_url == url


@pytest.mark.parametrize(
    "url", [*REFUSED, "https://a b.example", "https://h.example:99999", "https://1.2.3.4.5"]
)
def test_what_is_no_plain_address_is_refused(url: str) -> None:
    """Without a word of what may be a password."""
    with pytest.raises(ConfigError, match="BIGCOMMERCE_API_URL") as caught:
        settings_of({}, environ={"BIGCOMMERCE_API_URL": url})
    assert "pw@" not in str(caught.value)


def test_a_rehearsals_store_keeps_its_name() -> None:
    assert one_store("sandbox:0a1B") == Settings(identity="sandbox:0a1B").store == "sandbox:0a1B"


# an older ledger


async def begun(ledger: Ledger, run_id: str, store: str, *parcels: Any) -> list[Record]:
    await ledger.begin(run_of(run_id, store))
    return list(ledger.planned_records(run_id, await ledger.plan(run_id, parcels, [])))


async def sent(
    ledger: Ledger, record: Record, state: State = State.INTENT, shipment_id: int = 0
) -> None:
    await ledger.intend(record.record_id, {"runner": ""})
    if state is State.CREATED:
        await ledger.move(record, created(shipment_id, record.shipment), "response")
    elif state is not State.INTENT:
        doubt = await ledger.move(record, outcome(State.IN_DOUBT), "response")
        if state is State.NEEDS_PERSON:
            await ledger.move(doubt, outcome(State.NEEDS_PERSON), "read back")


def statements(place: Place, sql: Iterable[str]) -> None:
    if isinstance(place, Database):
        with psycopg.connect(place.url, options="-c search_path=shipbatch") as there:
            for each in sql:
                there.execute(each)
    else:
        with closing(sqlite3.connect(place)) as here:
            here.executescript(";".join(sql))


def made_old(place: Place) -> None:
    """The ledger as the version before has left it."""
    flight = "CREATE UNIQUE INDEX single_flight ON records (store, order_id)"
    common = (
        "DROP TABLE answers",
        "DROP INDEX single_flight",
        f"{flight} WHERE state IN ('intent', 'in_doubt', 'needs_person')",
    )
    if isinstance(place, Database):
        trigger = ("DROP TRIGGER aside_holds ON records", "DROP FUNCTION aside_holds")
        mark = "UPDATE version SET version = 1"
    else:
        trigger, mark = ("DROP TRIGGER aside_holds",), "PRAGMA user_version = 1"
    statements(place, (*trigger, *common, "ALTER TABLE records DROP COLUMN aside", mark))


STATES = {State.INTENT, State.IN_DOUBT, State.NEEDS_PERSON}


@pytest.mark.parametrize("older", sorted(STATES))
@pytest.mark.parametrize("newer", sorted(STATES))
async def test_of_two_doubts_of_an_order_the_older_stays_and_the_other_waits(
    place: Place, older: State, newer: State
) -> None:
    """And until both are settled nothing else of the order is sent."""
    async with open_ledger(place) as ledger:
        (first, *_) = await begun(ledger, "run-1", ONE, parcel(100, "N1"))
        (second, third) = await begun(ledger, "run-2", OTHER, parcel(100, "N2"), parcel(100, "N3"))
        await sent(ledger, first, older)
        await sent(ledger, second, newer)
    made_old(place)
    async with open_ledger(place) as ledger:
        assert ledger.stores() == [ONE]
        one, other = ledger.unsettled_records(ONE)
        assert (one.record_id, one.state) == (first.record_id, older)
        assert (other.record_id, other.state) == (second.record_id, State.NEEDS_PERSON)
        assert len(ledger.attempts(second.record_id)) > 1 or newer is State.NEEDS_PERSON
        for doubt in (one, other):
            with pytest.raises(OrderBusy):
                await ledger.intend(third.record_id, {})
            if doubt.state is State.INTENT:
                doubt = await ledger.move(doubt, outcome(State.IN_DOUBT), "crash")
            await ledger.move(doubt, outcome(State.PLANNED), "person")
        await ledger.intend(third.record_id, {})
        with pytest.raises(OrderBusy):
            await ledger.intend(second.record_id, {})


async def test_nothing_of_two_stores_is_lost_where_they_met(place: Place) -> None:
    """One shipment claimed twice, one number made twice, made and in doubt, made and planned; words
    and runs.
    """
    async with open_ledger(place) as ledger:
        mine = await begun(ledger, "run-1", ONE, *(parcel(order, "N") for order in (1, 2, 3, 4)))
        theirs = await begun(
            ledger, "run-2", OTHER, *(parcel(order, "N") for order in (1, 2, 3, 4, 5))
        )
        for record, shipment_id in zip(mine, (11, 12, 13, 14), strict=True):
            await sent(ledger, record, State.CREATED, shipment_id)
        await sent(ledger, theirs[0], State.CREATED, 11)
        await sent(ledger, theirs[1], State.CREATED, 22)
        await sent(ledger, theirs[2], State.IN_DOUBT)
        await ledger.decide(OTHER, Decision("ask", "skip", "Ann", "asked", NOON))
    made_old(place)
    async with open_ledger(place) as ledger:
        of_mine, of_theirs = ([*ledger.records_of_run(run)] for run in ("run-1", "run-2"))
        assert of_mine == mine_made(mine, (11, 12, 13, 14), ledger)
        assert [(r.shipment.order_id, r.state) for r in of_theirs] == [
            (2, State.CREATED),
            (3, State.NEEDS_PERSON),
            (5, State.PLANNED),
        ]
        notes = {note.rows: note for note in ledger.notes("run-2")}
        assert (notes[1,].finding.status, (notes[1,].facts or {})["shipment_ids"]) == (
            "created",
            [11],
        )
        assert (notes[4,].finding.code, notes[4,].record_id) == ("taken_over", mine[3].record_id)
        assert ledger.claimed_shipments(ONE, 2) == {12, 22}
        assert [len(ledger.attempts(record.record_id)) for record in theirs] == [3, 3, 3, 0, 0]
        assert ledger.decisions(ONE, ["ask"])["ask"].answer == "skip"
        assert {run.run_id for run in ledger.runs(ONE)} == {"run-1", "run-2"}


def mine_made(records: Iterable[Record], ids: Iterable[int], ledger: Ledger) -> list[Record]:
    """The records as they were made, in the one store."""
    now = {record.record_id: record for record in ledger.records_of_run("run-1")}
    found = [now[record.record_id] for record in records]
    assert [(r.store, r.state, r.made and r.made.shipment_id) for r in found] == [
        (ONE, State.CREATED, n) for n in ids
    ]
    return found


async def test_three_stores_become_one(place: Place) -> None:
    async with open_ledger(place) as ledger:
        for run_id, store in (
            ("run-1", ONE),
            ("run-2", OTHER),
            ("run-3", "http://[::1]:8080/stores/ABC123"),
        ):
            same, alone = await begun(
                ledger, run_id, store, parcel(1, "N"), parcel(2, f"N{run_id}")
            )
            await sent(ledger, same, State.CREATED, 5)
            await sent(ledger, alone)
    made_old(place)
    async with open_ledger(place) as ledger:
        assert [record.state for record in ledger.unsettled_records(ONE)] == [
            State.INTENT,
            State.NEEDS_PERSON,
            State.NEEDS_PERSON,
        ]
        assert ledger.claimed_shipments(ONE, 1) == {5}


async def test_what_was_put_aside_goes_on_in_a_database(tmp_path: Path, database: str) -> None:
    place = Database(database)
    async with open_ledger(place) as there:
        await begun(there, "elsewhere", "https://x.example/stores/x", parcel(7, "N7"))
    async with open_ledger(tmp_path / LEDGER) as ledger:
        for run_id, store in (("run-1", ONE), ("run-2", OTHER)):
            (record,) = await begun(ledger, run_id, store, parcel(100, run_id))
            await sent(ledger, record)
    made_old(tmp_path / LEDGER)
    transfer(tmp_path / LEDGER, place)
    with read_ledger(place) as there:
        assert [record.state for record in there.unsettled_records(ONE)] == [
            State.INTENT,
            State.NEEDS_PERSON,
        ]


async def test_no_upgrade_under_a_runner_of_a_store_that_is_spelled_anew(tmp_path: Path) -> None:
    """It would go on by its own spelling, beside those who go by the new one."""
    path = tmp_path / LEDGER
    async with open_ledger(path) as ledger:
        await begun(ledger, "run-1", OTHER, parcel())
    made_old(path)
    async with locks.store_lock(tmp_path, OTHER):
        with pytest.raises(DatabaseAway, match="a runner is at work with it: `"):
            read_ledger(path)
        assert stores_in(path) == {OTHER}
    async with open_ledger(path) as ledger:
        assert ledger.stores() == [ONE]


def stores_in(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as here:
        return {store for (store,) in here.execute("SELECT store FROM runs")}


async def test_owners_become_one_whose_epoch_fences_off_all(database: str) -> None:
    """The lease that ends last is waited for."""
    place = Database(database)
    await open_ledger(place).close()
    made_old(place)
    later = "now() + interval '1 hour'"
    statements(
        place,
        (
            (
                f"INSERT INTO owners VALUES ('{OTHER}', 7, 'other', {later}),"
                f" ('{ONE}', 9, 'one', now())"
            ),
        ),
    )
    await open_ledger(place).close()
    with psycopg.connect(database) as there:
        rows = there.execute("SELECT store, epoch, runner FROM shipbatch.owners").fetchall()
    assert rows == [(ONE, 10, "other")]


@pytest.mark.parametrize("answer", ["skip", "absent"])
async def test_one_shipment_is_the_older_doubts_and_a_person_says_what_the_other_is(
    shop: OpenShop, answer: str
) -> None:
    """Both were sent the same parcel, and the store has one: nothing of it is shipped once more."""
    there = await shop(dense(1))
    names = [
        f"{there.box.url.replace('127.0.0.1', name)}/stores/sandbox"
        for name in ("LOCALHOST", "localhost.")
    ]
    asked = {
        "order_address_id": 100,
        "items": (Item(1000, 1),),
        "shipping_provider": "",
        "rows": (2,),
    }
    path, same = there.home / LEDGER, parcel(100, number(0), **asked)
    async with open_ledger(path) as ledger:
        for run_id, name in zip(("run-1", "run-2"), names, strict=True):
            (record,) = await begun(ledger, run_id, name, same)
            await sent(ledger, record)
    store_has = {"order_address_id": 100, "items": [(1000, 1)], "tracking_number": number(0)}
    there.box.store.make(there.box.store.draft(100, store_has))
    made_old(path)
    settings = there.settings(settle=30).model_copy(update={"identity": ""})
    async with open_store(settings, there.screen, StopEvent()) as desk:
        await Pipeline(desk).settle(desk.ledger.unsettled_records(settings.store))
        (mine,), (other,) = desk.ledger.records_of_run("run-1"), desk.ledger.records_of_run("run-2")
        assert (mine.state, other.state) == (State.CREATED, State.NEEDS_PERSON)
        told = await take_decision(desk, "run-2", Answer(answer, "ann", order=100))
        assert (told.status, desk.ledger.unsettled_records(settings.store)) == (0, [])
    export = there.folder / "export.csv"
    export.write_text(table((100, "MUG", 1, number(0)), header=HEADER), "utf-8")
    tour = await run_files([Job(export)], settings, there.screen, StopEvent())
    assert (tour.summary["already_created"] + tour.summary["skipped"], there.posts) == (1, 0)


async def test_a_file_run_under_two_names_of_its_store_ships_once(shop: OpenShop) -> None:
    there = await shop(dense(1))
    export = there.folder / "export.csv"
    export.write_text(table((100, "MUG", 1, number(100)), header=HEADER), "utf-8")
    found: list[Mapping[str, Any]] = []
    for url in (
        there.box.url,
        there.box.url.replace("127.0.0.1", "LOCALHOST"),
        f"{there.box.url}/",
    ):
        named = there.settings().model_copy(update={"identity": "", "api_url": url})
        tour = await run_files([Job(export)], named, there.screen, StopEvent())
        found.append(tour.summary)
    assert [one["already_created"] for one in found] == [0, 1, 1]
    assert (there.posts, stores_of(there.settings())) == (1, 1)


def stores_of(settings: Settings) -> int:
    """How many stores the ledger knows."""
    with read_ledger(settings.ledger) as ledger:
        return len(ledger.stores())
