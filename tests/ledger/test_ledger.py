"""The ledger's contract; every store of it passes the same tests."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from ledger_samples import NOON, OTHER_STORE, STORE, all_of, created, made, outcome, parcel, run_of
from ledger_samples import planned as planned_of

from batch.config import Place
from batch.ledger import Ledger, open_ledger
from batch.ledger.contract import AlreadyClaimed, Decision, IllegalMove, OrderBusy
from batch.model import (
    MADE_DIFFERS,
    MOVES,
    Finding,
    Item,
    Outcome,
    Record,
    RowNote,
    Shipment,
    State,
    Status,
)

FIRST, SECOND = "20261123-120000-0001", "20261124-120000-0002"
HELD = Finding(Status.HELD, "why", "what", "do")


@pytest.fixture
async def ledger(place: Place) -> AsyncIterator[Ledger]:
    """An empty ledger with one run begun."""
    opened = open_ledger(place, now=lambda: NOON)
    await opened.begin(run_of(FIRST))
    yield opened
    await opened.close()


async def planned(ledger: Ledger, *shipments: Shipment, run_id: str = FIRST) -> list[Record]:
    return await planned_of(ledger, run_id, shipments)


async def shipped(ledger: Ledger, shipment_id: int, shipment: Shipment) -> Record:
    (record,) = await planned(ledger, shipment)
    await ledger.intend(record.record_id, {})
    return await ledger.move(record, created(shipment_id, shipment), "response")


async def test_a_plan_reads_back_as_it_was_entered(ledger: Ledger) -> None:
    """Records come in the given order, from plan and from of_run alike."""
    shipments = [parcel(order, f"N{order}") for order in (300, 100, 200)]
    records = await planned(ledger, *shipments)
    assert [record.shipment for record in records] == shipments
    assert list(ledger.records_of_run(FIRST)) == records
    assert {(r.state, r.run_id, r.store, r.created_at) for r in records} == {
        (State.PLANNED, FIRST, STORE, NOON)
    }


async def test_of_run_pages_through_thousands_in_order(ledger: Ledger) -> None:
    """The iterator loses and doubles nothing at its pages' edges."""
    records = await planned(ledger, *(parcel(order, "") for order in range(1, 2_502)))
    assert [record.record_id for record in ledger.records_of_run(FIRST)] == [
        record.record_id for record in records
    ]


async def test_a_plan_of_a_run_not_begun_is_refused(ledger: Ledger) -> None:
    """No record without a run."""
    with pytest.raises(IllegalMove, match="not begun"):
        await planned(ledger, parcel(), run_id="nowhere")


async def test_a_plan_whose_notes_fail_leaves_nothing(ledger: Ledger) -> None:
    """A file is planned whole or not at all."""

    def broken() -> list[RowNote]:
        raise ValueError("row 7")

    with pytest.raises(ValueError, match="row 7"):
        await ledger.plan(FIRST, [parcel()], (note for note in broken()))
    assert list(ledger.records_of_run(FIRST)) == []


async def test_notes_read_back_as_they_were(ledger: Ledger) -> None:
    """Every part of a note survives; sequences in its facts are lists."""
    notes = [
        RowNote(
            (3, 4),
            HELD,
            9,
            "ask",
            {"shipment_id": 5, "order_product_ids": [1, 2], "tracking_link": "https://x"},
        ),
        RowNote((5,), Finding(Status.SKIPPED)),
    ]
    await ledger.plan(FIRST, [], iter(notes))
    assert list(ledger.notes(FIRST)) == notes


async def test_every_word_on_a_parcel_stays(ledger: Ledger) -> None:
    """Also one that was taken back, and one that has been carried out."""
    for answer in ("skip", "ship"):
        await ledger.decide(STORE, Decision("100/1Z999", answer, "Ann", "she looked", NOON))
    await shipped(ledger, 42, parcel())
    assert ledger.decisions(STORE, ["100/1Z999"]) == {}
    assert [word.answer for word in ledger.all_decisions(STORE, ["100/1Z999"])["100/1Z999"]] == [
        "skip",
        "ship",
    ]
    assert ledger.all_decisions(OTHER_STORE, ["100/1Z999"]) == {}


async def test_what_is_held_is_told_by_its_run(ledger: Ledger) -> None:
    """Of one store or one run; and which of its parcels another run has said anything of."""
    held, met = (
        RowNote((3,), HELD, None, "one"),
        RowNote((4,), Finding(Status.ALREADY_CREATED), 9, "two"),
    )
    await ledger.plan(FIRST, [], [held, met])
    await ledger.begin(run_of(SECOND))
    await ledger.plan(SECOND, [], [RowNote((5,), Finding(Status.SKIPPED), None, "one")])
    await ledger.begin(run_of("other", OTHER_STORE))
    await ledger.plan("other", [], [held])
    assert ledger.held_notes(STORE) == {FIRST: [held]} == ledger.held_notes(STORE, FIRST)
    assert ledger.held_notes(STORE, SECOND) == {}
    assert ledger.notes_for(STORE, ["one", "three"]) == {FIRST: {"one"}, SECOND: {"one"}}
    assert list(ledger.notes_without_record(FIRST)) == [held]


async def test_a_note_is_found_by_what_its_rows_name(ledger: Ledger) -> None:
    """Newest first, each row by itself; one that is met as a record is found by that."""
    held = RowNote((3, 4), HELD, None, "ask", names=[("100", 3), ("1Z 9", 3), ("100", 4)])
    await ledger.plan(FIRST, [], [held, RowNote((5,), HELD, 9, names=[("100", 5)])])
    await ledger.begin(run_of(SECOND))
    await ledger.plan(SECOND, [], [RowNote((7,), HELD, names=[("100", 7)])])
    assert [(run_id, note.rows) for run_id, note in ledger.find_notes("#100", 9)] == [
        (SECOND, (7,)),
        (FIRST, (3,)),
        (FIRST, (4,)),
    ]
    assert ledger.find_notes("1z9", 9) == [(FIRST, replace(held, rows=(3,)))]
    assert len(ledger.find_notes("100", 2)) == 2
    assert ledger.find_notes("", 9) == []


async def test_the_newest_note_that_names_each_of_several_orders(ledger: Ledger) -> None:
    """Of a store; by its first row, under the name as it was asked for."""
    old = RowNote((3, 4), HELD, None, "ask", names=[("100", 3), ("100", 4), ("A-1", 3)])
    await ledger.plan(FIRST, [], [old])
    await ledger.begin(run_of(SECOND))
    new = RowNote((7, 8), HELD, None, "new", names=[("100", 8), ("100", 7)])
    await ledger.plan(SECOND, [], [new])
    found = ledger.notes_naming(STORE, ["100", "a-1", "9"])
    assert {name: (run_id, note.rows) for name, (run_id, note) in found.items()} == {
        "100": (SECOND, (7,)),
        "a-1": (FIRST, (3,)),
    }
    assert ledger.notes_naming(OTHER_STORE, ["100"]) == {}


async def test_the_runs_with_rows_of_an_order(ledger: Ledger) -> None:
    """Its shipments, rows without one, and rows that met one again."""
    (record,) = await planned(ledger, parcel(100, "1Z9"))
    await ledger.begin(run_of(SECOND))
    again = RowNote((5,), Finding(Status.ALREADY_CREATED), record.record_id)
    await ledger.plan(SECOND, [], [again, RowNote((6,), HELD, names=[("A-1", 6)])])
    assert ledger.runs_naming(STORE, "#100") == {FIRST, SECOND}
    assert ledger.runs_naming(STORE, "a-1") == {SECOND}
    assert ledger.runs_naming(STORE, "9" * 30) == set()
    assert ledger.runs_naming(OTHER_STORE, "100") == set()


@pytest.mark.parametrize("odd", ["M\0UG", "MUG\ud800", "mÜg"])
async def test_a_note_on_rows_with_odd_characters_is_kept(ledger: Ledger, odd: str) -> None:
    """A damaged cell is what the note is about, and no database takes it as it is."""
    note = RowNote(
        (3,),
        Finding(Status.INVALID, "damaged", f"it says {odd}", "do"),
        None,
        "ask",
        names=[(odd, 3)],
    )
    await ledger.plan(FIRST, [], [note])
    assert list(ledger.notes(FIRST)) == [note]
    assert [run_id for run_id, _ in ledger.find_notes(odd, 9)] == [FIRST]


async def test_a_shipment_that_left_its_plan_is_found_by_what_it_was(ledger: Ledger) -> None:
    """Its order, its number, its SKUs."""
    (record,) = await planned(ledger, parcel(100, "1Z9", rows=(8,), skus=((1000, "MUG"),)))
    await ledger.judge_again(record.record_id, None, RowNote((8,), HELD))
    assert {what: len(ledger.find_notes(what, 9)) for what in ("100", "1z9", "mug", "8")} == {
        "100": 1,
        "1z9": 1,
        "mug": 1,
        "8": 0,
    }


async def test_what_is_planned_anew_is_no_longer_found_by_its_note(ledger: Ledger) -> None:
    """It waited for its order, which has come."""
    waits = Finding(Status.WAITING, "order_not_there_yet", "it is not there", "nothing")
    await ledger.plan(
        FIRST, [], [RowNote((2,), waits, request_key="100/1Z999", names=[("100", 2)])]
    )
    await ledger.plan_again(FIRST, ["100/1Z999"], [parcel()], [])
    assert ledger.find_notes("100", 9) == []


async def test_a_parcel_goes_from_plan_to_created(ledger: Ledger) -> None:
    """Every move is in the record and in its history."""
    shipment = parcel()
    (record,) = await planned(ledger, shipment)
    await ledger.intend(record.record_id, {"phase": "claimed"}, baseline=41)
    moved = await ledger.move(record, created(42, shipment), "response")
    assert moved == replace(
        record, state=State.CREATED, attempts=1, baseline=41, made=made(42, shipment)
    )
    assert list(ledger.records_of_run(FIRST)) == [moved]
    history = [(a.state, a.what, a.evidence, a.at) for a in ledger.attempts(record.record_id)]
    assert history == [
        (State.INTENT, "intent", {"phase": "claimed"}, NOON),
        (State.CREATED, "response", {"http": 201}, NOON),
    ]


async def test_addresses_of_customers_are_never_kept(ledger: Ledger) -> None:
    """Neither in the answer nor in the evidence, however deep."""
    shipment = parcel()
    (record,) = await planned(ledger, shipment)
    person = {"billing_address": {"email": "a@b"}, "shipping_address": {"street_1": "S"}}
    await ledger.intend(record.record_id, {"seen": [{"id": 1, **person}]})
    await ledger.move(record, created(42, shipment, answer={"id": 42, **person}), "response")
    (kept,) = ledger.find("42")
    assert kept.made is not None
    assert kept.made.answer == {"id": 42}
    assert ledger.attempts(record.record_id)[0].evidence == {"seen": [{"id": 1}]}


@pytest.mark.parametrize("holding", [State.INTENT, State.IN_DOUBT, State.NEEDS_PERSON])
async def test_one_shipment_of_an_order_is_in_flight(ledger: Ledger, holding: State) -> None:
    """Single flight; the same order number in another store is another order."""
    first, second = await planned(ledger, parcel(100, "A"), parcel(100, "B"))
    await ledger.intend(first.record_id, {})
    for state in (State.IN_DOUBT, State.NEEDS_PERSON):
        if holding is not State.INTENT:
            await ledger.move(first, outcome(state), "response")
        if state is holding:
            break
    with pytest.raises(OrderBusy, match="Order 100"):
        await ledger.intend(second.record_id, {})
    await ledger.begin(run_of("other", OTHER_STORE))
    (elsewhere,) = await planned(ledger, parcel(100, "A"), run_id="other")
    await ledger.intend(elsewhere.record_id, {})
    assert [record.state for record in ledger.unsettled_records(STORE)] == [holding]


async def test_of_many_intents_for_one_order_one_gets_through(ledger: Ledger) -> None:
    """Those who share a commit are refused one by one, and leave no trace."""
    records = await planned(ledger, *(parcel(100, f"N{n}") for n in range(8)), parcel(200, "other"))
    answers = await all_of(*(ledger.intend(record.record_id, {}) for record in records))
    assert [type(answer) for answer in answers] == [type(None), *[OrderBusy] * 7, type(None)]
    assert [len(ledger.attempts(record.record_id)) for record in records] == [1, *[0] * 7, 1]


@pytest.mark.parametrize("state", list(State))
async def test_a_planned_record_moves_to_intent_only(ledger: Ledger, state: State) -> None:
    """The others need an intent first."""
    shipment = parcel()
    (record,) = await planned(ledger, shipment)
    with pytest.raises(IllegalMove):
        await ledger.move(
            record, created(1, shipment) if state == "created" else outcome(state), "response"
        )
    assert ledger.attempts(record.record_id) == []


@pytest.mark.parametrize("final", [state for state in State if not MOVES[state]])
async def test_what_is_final_stays(ledger: Ledger, final: State) -> None:
    """No move leads out of created and rejected, not even to themselves."""
    shipment = parcel()
    (record,) = await planned(ledger, shipment)
    await ledger.intend(record.record_id, {})
    await ledger.move(
        record, created(1, shipment) if final == "created" else outcome(final), "response"
    )
    for state in State:
        with pytest.raises(IllegalMove):
            await ledger.move(
                record, created(2, shipment) if state == "created" else outcome(state), "late"
            )
    with pytest.raises(IllegalMove):
        await ledger.intend(record.record_id, {})
    assert len(ledger.attempts(record.record_id)) == 2


async def test_created_needs_a_shipment_and_nothing_else_has_one(ledger: Ledger) -> None:
    """A record without its shipment's id could be made again."""
    shipment = parcel()
    (record,) = await planned(ledger, shipment)
    await ledger.intend(record.record_id, {})
    with pytest.raises(IllegalMove):
        await ledger.move(record, Outcome(State.CREATED), "response")
    with pytest.raises(IllegalMove):
        await ledger.move(record, Outcome(State.IN_DOUBT, made(1, shipment)), "response")


async def test_a_shipment_of_the_store_is_one_record_s(ledger: Ledger) -> None:
    """Also after its record was deleted; another store's ids are other ids."""
    first = await shipped(ledger, 42, parcel(100))
    await ledger.append(first.record_id, "deleted", {})
    twin = parcel(100, "twin")
    (record,) = await planned(ledger, twin)
    await ledger.intend(record.record_id, {})
    with pytest.raises(AlreadyClaimed, match="42"):
        await ledger.move(record, created(42, twin), "response")
    assert ledger.claimed_shipments(STORE, 100) == {42}
    assert ledger.claimed_shipments(OTHER_STORE, 100) == frozenset()
    assert (await ledger.move(record, created(43, twin), "response")).made is not None
    assert ledger.claimed_shipments(STORE, 100) == {42, 43}


async def test_what_happens_later_is_appended(ledger: Ledger) -> None:
    """An update changes the number it is known by; a deletion is told once, and the state stays."""
    shipment = parcel(100, "OLD 1")
    record = await shipped(ledger, 42, shipment)
    await ledger.append(
        record.record_id, "updated", {"from": "OLD 1"}, made(42, shipment, tracking_number="NEW1")
    )
    (found,) = ledger.find("new 1")
    assert found.made == made(42, shipment, tracking_number="NEW1")
    assert found.shipment == shipment
    await ledger.append(record.record_id, "deleted", {"by": "Ann"})
    (found,) = ledger.find("42")
    assert (found.state, found.deleted) == (State.CREATED, True)
    assert ledger.records_by_key(STORE, [shipment.request_key]) == {}
    with pytest.raises(IllegalMove, match="deleted"):
        await ledger.append(record.record_id, "deleted", {})
    assert [attempt.what for attempt in ledger.attempts(record.record_id)][2:] == [
        "updated",
        "deleted",
    ]


async def test_only_what_was_created_can_be_updated(ledger: Ledger) -> None:
    """And only as the shipment that it is."""
    (record,) = await planned(ledger, parcel())
    with pytest.raises(IllegalMove):
        await ledger.append(record.record_id, "updated", {})
    other = await shipped(ledger, 42, parcel(200))
    with pytest.raises(IllegalMove, match="43"):
        await ledger.append(other.record_id, "updated", {}, made(43, parcel(200)))


async def test_a_planned_leftover_is_taken_over(ledger: Ledger) -> None:
    """The later run gets the record with its history; the earlier run's rows say where it went."""
    (old,) = await planned(ledger, parcel(rows=(3, 4)))
    await ledger.intend(old.record_id, {})
    await ledger.move(old, outcome(State.PLANNED), "response")
    await ledger.begin(run_of(SECOND))
    again = parcel(rows=(9,))
    (new,) = await planned(ledger, again, run_id=SECOND)
    assert (new.record_id, new.run_id, new.shipment, new.attempts) == (
        old.record_id,
        SECOND,
        again,
        1,
    )
    assert list(ledger.records_of_run(SECOND)) == [new]
    assert list(ledger.records_of_run(FIRST)) == []
    (note,) = ledger.notes(FIRST)
    assert (note.rows, note.finding.status, note.record_id) == (
        (3, 4),
        Status.NOT_SENT,
        old.record_id,
    )
    assert SECOND in note.finding.todo
    assert len(ledger.attempts(old.record_id)) == 2


@pytest.mark.parametrize(
    ("left", "asked", "same"),
    [
        (parcel(100, "A"), parcel(100, "A", items=(Item(1, 9),), request_key="other"), True),
        (parcel(100, "", request_key="a"), parcel(100, "", request_key="a"), True),
        (parcel(100, "", request_key="a"), parcel(100, "", request_key="b"), False),
        (parcel(100, "A"), parcel(100, "B"), False),
        (parcel(100, "A"), parcel(100, "A", order_address_id=8), False),
        (parcel(100, "A", request_key="a"), parcel(200, "A", request_key="a"), False),
        (
            parcel(100, "", tracking_link="https://t/1"),
            parcel(100, "", tracking_link="https://t/1", request_key="b"),
            True,
        ),
    ],
)
async def test_what_is_the_same_parcel(
    ledger: Ledger, left: Shipment, asked: Shipment, *, same: bool
) -> None:
    """By number or link whatever its content; without one by what was asked."""
    (old,) = await planned(ledger, left)
    await ledger.begin(run_of(SECOND))
    (new,) = await planned(ledger, asked, run_id=SECOND)
    assert (new.record_id == old.record_id) is same
    assert len(list(ledger.records_of_run(FIRST))) == (0 if same else 1)


async def test_leftovers_of_another_store_are_not_touched(ledger: Ledger) -> None:
    """A rehearsal never takes over what is real."""
    await planned(ledger, parcel())
    await ledger.begin(run_of("other", OTHER_STORE))
    await ledger.plan("other", [parcel()], [])
    assert len(list(ledger.records_of_run(FIRST))) == len(list(ledger.records_of_run("other"))) == 1


async def test_a_numbered_parcel_under_way_cannot_be_planned_again(ledger: Ledger) -> None:
    """The whole plan is refused, by name; after a refusal or a deletion it can."""
    shipment = parcel(100, "A")
    (record,) = await planned(ledger, shipment)
    await ledger.intend(record.record_id, {})
    await ledger.begin(run_of(SECOND))
    with pytest.raises(
        IllegalMove, match="Order 100, parcel A: record 1 has it already and is intent"
    ):
        await ledger.plan(SECOND, [parcel(200, "B"), shipment], [])
    assert list(ledger.records_of_run(SECOND)) == []
    with pytest.raises(IllegalMove, match="Order 300, parcel C: it is planned twice"):
        await ledger.plan(SECOND, [parcel(300, "C"), parcel(300, "C")], [])
    await ledger.move(record, outcome(State.REJECTED), "response")
    (second,) = await planned(ledger, shipment, run_id=SECOND)
    assert second.record_id != record.record_id


async def test_judged_again_a_parcel_changes(ledger: Ledger) -> None:
    """Its place in the plan stays."""
    first, second = await planned(ledger, parcel(100, "A"), parcel(200, "B"))
    other = parcel(100, "A", items=(Item(1, 1),))
    await ledger.judge_again(first.record_id, other)
    assert [record.shipment for record in ledger.records_of_run(FIRST)] == [other, second.shipment]


@pytest.mark.parametrize("tried", [False, True])
async def test_judged_again_a_parcel_leaves_the_plan(ledger: Ledger, *, tried: bool) -> None:
    """Its rows get a note; what was tried keeps its history, and can be planned once more."""
    (record,) = await planned(ledger, parcel())
    if tried:
        await ledger.intend(record.record_id, {})
        await ledger.move(record, outcome(State.PLANNED), "response")
    note = RowNote((100,), HELD, None, "ask")
    await ledger.judge_again(record.record_id, None, note)
    assert list(ledger.records_of_run(FIRST)) == []
    assert list(ledger.notes(FIRST)) == [note]
    assert len(ledger.attempts(record.record_id)) == (2 if tried else 0)
    (again,) = await planned(ledger, parcel())
    assert (again.record_id == record.record_id) is tried
    assert list(ledger.notes(FIRST)) == [note]


async def test_only_what_is_planned_is_judged_again(ledger: Ledger) -> None:
    """And no row leaves a plan without a word."""
    (record,) = await planned(ledger, parcel())
    with pytest.raises(IllegalMove, match="note"):
        await ledger.judge_again(record.record_id, None)
    await ledger.intend(record.record_id, {})
    with pytest.raises(IllegalMove, match="is intent"):
        await ledger.judge_again(record.record_id, parcel())


async def test_a_record_s_id_is_never_given_twice(ledger: Ledger) -> None:
    """Also not after the newest record left its plan: notes and sheets may name it."""
    (record,) = await planned(ledger, parcel())
    await ledger.judge_again(record.record_id, None, RowNote((1,), HELD))
    (after,) = await planned(ledger, parcel(200))
    assert after.record_id > record.record_id


async def test_known_finds_parcels_by_what_they_asked(ledger: Ledger) -> None:
    """Rejected ones are left out, and so are those of other stores; any number can be asked for."""
    first = await shipped(ledger, 42, parcel(100, "A"))
    (second, refused) = await planned(ledger, parcel(200, "B"), parcel(300, "C"))
    await ledger.intend(refused.record_id, {})
    await ledger.move(refused, outcome(State.REJECTED), "response")
    asks = [*(f"nobody's {n}" for n in range(40_000)), "100/A", "200/B", "300/C"]
    assert ledger.records_by_key(STORE, asks) == {"100/A": [first], "200/B": [second]}
    assert ledger.records_by_key(OTHER_STORE, asks) == {}


async def test_of_orders_tells_all_of_an_order(ledger: Ledger) -> None:
    """Refused ones too, in the order they were planned."""
    records = await planned(ledger, parcel(100, "B"), parcel(200, "C"), parcel(100, "A"))
    found = ledger.of_orders(STORE, range(50_000))
    assert found == {100: [records[0], records[2]], 200: [records[1]]}


@pytest.mark.parametrize(
    "what", ["100", "#100", " 42 ", "1z 999 aa", "1Z999AA", "https://t.example/X?a=1"]
)
async def test_find_by_order_shipment_number_or_link(ledger: Ledger, what: str) -> None:
    """Case and blanks do not matter."""
    number = "" if "http" in what else "1Z 999AA"
    record = await shipped(ledger, 42, parcel(100, number, tracking_link="https://t.example/x?a=1"))
    await planned(ledger, parcel(200, "other"))
    assert ledger.find(what) == [record]


@pytest.mark.parametrize("what", ["", "  ", "9", "9" * 40, "'; DROP TABLE records", "½", "٣"])
async def test_find_nothing(ledger: Ledger, what: str) -> None:
    """Whatever is asked, the answer is a list."""
    await planned(ledger, parcel(100, ""))
    assert ledger.find(what) == []


async def test_runs_newest_first(ledger: Ledger) -> None:
    """All of them, or one store's."""
    later, other = (
        replace(run_of(SECOND), started=NOON + timedelta(days=1)),
        run_of("other", OTHER_STORE),
    )
    await ledger.begin(later)
    await ledger.begin(other)
    assert [run.run_id for run in ledger.runs()] == [SECOND, "other", FIRST]
    assert ledger.runs(STORE) == [later, run_of(FIRST)]


async def test_a_run_by_the_start_of_its_id(ledger: Ledger) -> None:
    """Where the start is unique; a whole id always is."""
    await ledger.begin(run_of(SECOND))
    await ledger.begin(run_of(f"{SECOND}-b"))
    assert ledger.run("20261123") == run_of(FIRST)
    assert ledger.run(SECOND) == run_of(SECOND)
    assert ledger.run("2026") is ledger.run("2026%") is ledger.run("x") is None


async def test_a_run_is_finished_and_finished_again(ledger: Ledger) -> None:
    """A resume's word replaces the earlier one."""
    for status, summary in ((3, {"rows": 1}), (0, {"rows": 2, "requests": 5})):
        await ledger.finish(FIRST, status, summary)
        assert ledger.run(FIRST) == replace(
            run_of(FIRST), finished=NOON, exit_status=status, summary=summary
        )
    with pytest.raises(IllegalMove):
        await ledger.finish("nowhere", 0, {})


async def test_a_run_is_begun_once(ledger: Ledger) -> None:
    """Two runs with one id would mix their rows."""
    with pytest.raises(IllegalMove):
        await ledger.begin(run_of(FIRST))


async def test_the_newest_word_of_a_person_counts(ledger: Ledger) -> None:
    """For its parcel and its store."""
    words = [
        Decision("ask", answer, "Ann", "asked the customer", NOON) for answer in ("skip", "ship")
    ]
    for word in words:
        await ledger.decide(STORE, word)
    await ledger.decide(OTHER_STORE, replace(words[0], answer="absent"))
    assert ledger.decisions(STORE, ["ask", "none"]) == {"ask": words[1]}


async def test_a_header_is_remembered(ledger: Ledger) -> None:
    """The newest columns count; an unknown header has none."""
    await ledger.remember("digest", {"order_id": "Order"})
    await ledger.remember("digest", {"order_id": "Order #", "sku": "品番"})
    assert ledger.recall("digest") == {"order_id": "Order #", "sku": "品番"}
    assert ledger.recall("other") == {}


async def test_an_unknown_record_is_an_illegal_move(ledger: Ledger) -> None:
    """Not a silent nothing."""
    (record,) = await planned(ledger, parcel())
    for write in (
        ledger.intend(9, {}),
        ledger.move(replace(record, record_id=9), outcome(State.IN_DOUBT), "response"),
        ledger.judge_again(9, parcel()),
        ledger.append(9, "deleted", {}),
    ):
        with pytest.raises(IllegalMove):
            await write


async def test_what_was_made_otherwise_is_known_until_it_is_accepted(ledger: Ledger) -> None:
    """Of the run that made it, and of one that met it; the history keeps what the person said."""
    shipment = parcel(100, "A")
    (record,) = await planned(ledger, shipment)
    await ledger.intend(record.record_id, {})
    differs = Finding(Status.CREATED, MADE_DIFFERS, "asked A, made B", "look")
    await ledger.move(record, replace(created(8, shipment), finding=differs), "read back")
    await ledger.begin(run_of(SECOND))
    await ledger.plan(SECOND, [], [RowNote((2,), differs, record.record_id)])
    for run_id in (FIRST, SECOND):
        assert [each.record_id for each in ledger.differing_records(run_id)] == [record.record_id]
    await ledger.append(record.record_id, "accepted", {"who": "Ann"})
    assert (ledger.differing_records(FIRST), ledger.differing_records(SECOND)) == ([], [])
    (last,) = [each for each in ledger.attempts(record.record_id) if each.what == "accepted"]
    assert (last.state, last.evidence) == (State.CREATED, {"who": "Ann"})


async def test_what_was_made_under_another_number_is_settled_by_its_correction(
    ledger: Ledger,
) -> None:
    """Whatever the number is then; other items stay to be told."""
    for order_id, items, left in ((100, None, 0), (101, (Item(5, 1),), 1)):
        shipment = parcel(order_id, "A")
        (record,) = await planned(ledger, shipment)
        await ledger.intend(record.record_id, {})
        differs = Finding(Status.CREATED, MADE_DIFFERS, "asked A, made B", "look")
        await ledger.move(
            record, replace(created(order_id, shipment), finding=differs), "read back"
        )
        answer = {"tracking_number": "C", "items": []}
        now = made(order_id, shipment, tracking_number="C", answer=answer)
        await ledger.append(record.record_id, "updated", {}, replace(now, items=items or now.items))
        assert len(ledger.differing_records(FIRST)) == left
