"""The rows added up: one result each, the worst of several, and counts that are the rows'."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_samples import made, parcel, run_of

from batch.model import (
    MADE_DIFFERS,
    NO_LINK,
    Finding,
    LinkSource,
    Record,
    RowNote,
    RowResult,
    Shipment,
    State,
    Status,
)
from batch.results.accounting import CarriedOver, Report, count_statuses, row_results

RUN = "20261123-120000-0001"
LATER = Finding(Status.NOT_SENT, "stopped", "why", "what")


def record(
    shipment: Shipment, state: State = State.CREATED, shipment_id: int = 7, link: str = ""
) -> Record:
    store = made(shipment_id, shipment, tracking_link=link) if state is State.CREATED else None
    return Record(shipment_id, RUN, "S", shipment, state, made=store)


def test_every_row_of_a_shipment_has_its_id_and_link() -> None:
    """And the line that it names, not the others'."""
    shipment = parcel(rows=(2, 3), row_lines=((2, 1000), (3, 1001)))
    rows = row_results(RUN, [], [record(shipment, link="https://t.example/1")], lambda _: LATER)
    for number, line in ((2, 1000), (3, 1001)):
        result = rows[number]
        assert (result.finding.status, result.shipment_ids) == (Status.CREATED, (7,))
        assert (result.tracking_links, result.link_source) == (
            ("https://t.example/1",),
            LinkSource.CUSTOM,
        )
        assert (result.order_id, result.order_address_id, result.order_product_ids) == (
            100,
            7,
            (line,),
        )


def test_a_state_is_a_status() -> None:
    """Planned is what the caller says of it; intent is in doubt, as after a crash."""
    expected = {
        State.CREATED: Status.CREATED,
        State.REJECTED: Status.REJECTED,
        State.INTENT: Status.IN_DOUBT,
        State.IN_DOUBT: Status.IN_DOUBT,
        State.NEEDS_PERSON: Status.IN_DOUBT,
        State.PLANNED: Status.NOT_SENT,
    }
    for state, status in expected.items():
        rows = row_results(RUN, [], [record(parcel(rows=(2,)), state)], lambda _: LATER)
        assert rows[2].finding.status is status


def test_a_row_of_several_parcels_takes_the_worst() -> None:
    """With every id and link that there is."""
    first, second = parcel(number="A", rows=(2,)), parcel(number="B", rows=(2,))
    good, bad = record(first, link="https://t.example/A"), record(second, State.REJECTED, 8)
    result = row_results(RUN, [], [good, bad], lambda _: LATER)[2]
    assert (result.finding.status, result.shipment_ids) == (Status.REJECTED, (7,))
    both = row_results(
        RUN, [], [good, record(second, shipment_id=8, link="https://t.example/B")], lambda _: LATER
    )[2]
    assert both.shipment_ids == (7, 8)
    assert both.tracking_links == ("https://t.example/A", "https://t.example/B")


def test_a_note_answers_for_its_rows() -> None:
    """With the facts that it has."""
    facts = {
        "shipment_ids": [9],
        "tracking_links": ["https://t"],
        "link_source": "generated",
        "order_id": 100,
    }
    rows = row_results(
        RUN, [RowNote((2, 3), Finding(Status.ALREADY_CREATED), facts=facts)], [], lambda _: LATER
    )
    assert [rows[n].shipment_ids for n in (2, 3)] == [(9,), (9,)]
    assert rows[2].link_source is LinkSource.GENERATED
    assert (rows[2].order_id, rows[2].tracking_links, rows[2].order_product_ids) == (
        100,
        ("https://t",),
        (),
    )


def test_a_notes_row_has_the_lines_that_it_names() -> None:
    """And where its rows name none, all of them; what is not said is empty."""
    facts = {
        "row_lines": [(2, 7), (2, 8)],
        "order_product_ids": [7, 8, 9],
        "order_address_id": 5,
        "warnings": ["w"],
    }
    rows = row_results(
        RUN, [RowNote((2, 3), Finding(Status.HELD), facts=facts)], [], lambda _: LATER
    )
    assert [rows[n].order_product_ids for n in (2, 3)] == [(7, 8), (7, 8, 9)]
    assert (rows[2].order_address_id, rows[2].warnings) == (5, ("w",))
    bare = row_results(RUN, [RowNote((2,), Finding(Status.HELD))], [], lambda _: LATER)[2]
    assert bare == RowResult(2, Finding(Status.HELD), run_id=RUN)


def test_a_report_says_nothing_by_itself() -> None:
    fresh = Report(run_of(), {}, {})
    said = {name: getattr(fresh, name) for name in fresh.__slots__ if name != "run"}
    assert not any(said.values())


@given(st.lists(st.tuples(st.integers(2, 20), st.sampled_from(Status)), max_size=40))
def test_the_counts_are_the_rows(said: list[tuple[int, Status]]) -> None:
    """Whatever is said, and however often of one row: each counts once, as its worst."""
    rows = row_results(
        RUN, [RowNote((row,), Finding(status)) for row, status in said], [], lambda _: LATER
    )
    counts = count_statuses(rows)
    assert sum(counts.values()) == len(rows) == len({row for row, _ in said})
    worst_first = list(Status)
    for row, result in rows.items():
        assert result.finding.status is min((s for r, s in said if r == row), key=worst_first.index)


def test_the_counts_have_the_contracts_names() -> None:
    """Also those that are nought."""
    assert list(count_statuses({})) == [
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
    ]


BAD = {Status.HELD: 3, Status.IN_DOUBT: 3, Status.INVALID: 1, Status.REJECTED: 1}
"""What a row that was carried over adds to the exit status, where it adds anything."""


def carried(*statuses: Status, code: str = "", tried: tuple[int, ...] = ()) -> CarriedOver:
    rows = {n: RowResult(n, Finding(status, code)) for n, status in enumerate(statuses, 2)}
    return CarriedOver(Report(run_of(), rows, {}), tried or tuple(rows))


@pytest.mark.parametrize("status", Status)
def test_what_was_carried_over_ends_as_its_rows_do(status: Status) -> None:
    """By the worst of them; a row that waits still, or was not tried again, says nothing."""
    ends = BAD.get(status, 0)
    assert carried(Status.CREATED, status).exit_status == ends
    assert carried(status, Status.INVALID).exit_status == max(ends, 1)
    assert carried(status, Status.HELD).exit_status == 3
    assert carried(Status.CREATED, status, tried=(2,)).exit_status == 0


def test_what_was_made_otherwise_than_asked_ends_as_what_is_held() -> None:
    assert carried(Status.CREATED, Status.CREATED, code=MADE_DIFFERS).exit_status == 3
    assert list(carried(Status.CREATED, code=MADE_DIFFERS).trouble.rows) == [2]
    assert (
        count_statuses(carried(Status.CREATED, Status.CREATED, code=MADE_DIFFERS).report.rows)[
            MADE_DIFFERS
        ]
        == 2
    )
    assert MADE_DIFFERS not in count_statuses(carried(Status.CREATED).report.rows)


def test_the_trouble_of_what_was_carried_over_is_what_somebody_has_to_look_at() -> None:
    """Of the rows that were tried."""
    one = carried(*Status, tried=tuple(range(2, 2 + len(Status))))
    assert {row.finding.status for row in one.trouble.rows.values()} == set(BAD)
    assert one.rows == dict.fromkeys(Status, 1)
    assert list(carried(Status.HELD, Status.HELD, tried=(3,)).trouble.rows) == [3]


@pytest.mark.parametrize(
    ("asked", "link", "why"),
    [
        ({"number": "1Z9"}, "https://t.example/1", ""),
        ({"number": ""}, "", "the file gives no tracking number"),
        (
            {"number": "1Z9", "shipping_provider": ""},
            "",
            "no carrier that is known goes with the number 1Z9",
        ),
        (
            {"number": "1Z9", "shipping_provider": "endicia"},
            "",
            "the store has made none of 1Z9 and endicia",
        ),
    ],
)
def test_a_shipped_row_without_a_link_says_so_and_is_counted(
    asked: dict[str, str], link: str, why: str
) -> None:
    """A shop's customers wait for links: such a row is no plain success."""
    rows = row_results(RUN, [], [record(parcel(rows=(2,), **asked), link=link)], lambda _: LATER)
    assert why in rows[2].no_link
    assert bool(rows[2].no_link) == bool(why)
    assert count_statuses(rows).get(NO_LINK, 0) == bool(why)


def test_a_row_that_does_not_ship_says_nothing_of_links() -> None:
    """And neither does one that was refused."""
    shipment = parcel(number="", rows=(2,))
    rows = row_results(RUN, [], [record(shipment, State.REJECTED)], lambda _: LATER)
    assert not rows[2].no_link
    assert NO_LINK not in count_statuses(rows)
