"""The rows added up: one result each, the worst of several, and counts that are the rows'."""

from hypothesis import given
from hypothesis import strategies as st
from ledger_samples import made, parcel

from batch.model import Finding, LinkSource, Record, RowNote, Shipment, State, Status
from batch.results.accounting import count_statuses, row_results

RUN = "20261123-120000-0001"
LATER = Finding(Status.NOT_SENT, "stopped", "why", "what")


def record(shipment: Shipment, state: State = State.CREATED, shipment_id: int = 7, link: str = "") -> Record:
    store = made(shipment_id, shipment, tracking_link=link) if state is State.CREATED else None
    return Record(shipment_id, RUN, "S", shipment, state, made=store)


def test_every_row_of_a_shipment_has_its_id_and_link() -> None:
    """And the line that it names, not the others'."""
    shipment = parcel(rows=(2, 3), row_lines=((2, 1000), (3, 1001)))
    rows = row_results(RUN, [], [record(shipment, link="https://t.example/1")], lambda _: LATER)
    for number, line in ((2, 1000), (3, 1001)):
        result = rows[number]
        assert (result.finding.status, result.shipment_ids) == (Status.CREATED, (7,))
        assert (result.tracking_links, result.link_source) == (("https://t.example/1",), LinkSource.CUSTOM)
        assert (result.order_id, result.order_address_id, result.order_product_ids) == (100, 7, (line,))


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
    both = row_results(RUN, [], [good, record(second, shipment_id=8, link="https://t.example/B")], lambda _: LATER)[2]
    assert both.shipment_ids == (7, 8)
    assert both.tracking_links == ("https://t.example/A", "https://t.example/B")


def test_a_note_answers_for_its_rows() -> None:
    """With the facts that it has."""
    facts = {"shipment_ids": [9], "tracking_links": ["https://t"], "link_source": "generated", "order_id": 100}
    rows = row_results(RUN, [RowNote((2, 3), Finding(Status.ALREADY_CREATED), facts=facts)], [], lambda _: LATER)
    assert [rows[n].shipment_ids for n in (2, 3)] == [(9,), (9,)]
    assert rows[2].link_source is LinkSource.GENERATED


@given(st.lists(st.tuples(st.integers(2, 20), st.sampled_from(Status)), max_size=40))
def test_the_counts_are_the_rows(said: list[tuple[int, Status]]) -> None:
    """Whatever is said, and however often of one row: each counts once, as its worst."""
    rows = row_results(RUN, [RowNote((row,), Finding(status)) for row, status in said], [], lambda _: LATER)
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
