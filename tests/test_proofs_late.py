"""What the store does after we have given up on it, and what its lists do not show yet: nothing ships twice."""

import random
from collections import Counter
from dataclasses import replace

import pytest
from shop import OpenShop, Shop, dense, line, number, order, said, statuses, store

from batch.sandbox import Behaviour, Fault, Reply

MANY, FIRST = 150, 100
TIMEOUT, SETTLE = 30.0, 90.0  # seconds: the defaults
ALLOWING = Behaviour(refuses_overshipping=False)
ROWS = [(FIRST + k, "MUG", 1, number(k)) for k in range(MANY)]
NUMBERS = [number(k) for k in range(MANY)]


def shipped(shop: Shop) -> Counter[str]:
    """How many shipments the store has, by their numbers."""
    return Counter(label for _, label, _ in shop.made())


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("gives_up", [Reply.CLOSE, Reply.HANG, Reply.CUT_HEADERS, 502, 504])
async def test_a_shipment_made_late_within_the_settle_window_is_found(
    shop: OpenShop, gives_up: Reply | int, seed: int
) -> None:
    """150 orders, each made at its own moment after the client gave up, up to just under the window's end."""
    dice = random.Random(f"{gives_up} {seed}")
    here = await shop(dense(MANY), behaviour=ALLOWING)
    waits = TIMEOUT if gives_up is Reply.HANG else 0.0  # the client gives up by itself, after its deadline
    for k in range(MANY):
        late = waits + dice.choice((dice.uniform(0, SETTLE), SETTLE - dice.uniform(0.01, 1.0)))
        here.box.faults.add(Fault(gives_up, late=late, method="POST", order=FIRST + k))
    report = await here.run(*ROWS)
    await here.box.settle()
    assert shipped(here) == Counter(NUMBERS)
    assert statuses(report) == ["created"] * MANY
    assert here.posts == MANY


@pytest.mark.parametrize("behind", [1.0, 30.0, SETTLE - 1.0])
async def test_a_list_that_lags_behind_does_not_double(shop: OpenShop, behind: float) -> None:
    """Made, and not answered; the list shows it only seconds later."""
    here = await shop(dense(MANY), behaviour=replace(ALLOWING, lag=behind))
    here.fault(Fault(502, method="POST", nth=range(1, 60)), Fault(method="GET", path="/shipments", seen=behind))
    report = await here.run(*ROWS)
    assert shipped(here) == Counter(NUMBERS)
    assert statuses(report) == ["created"] * MANY


async def test_a_shipment_on_the_second_page_is_found(shop: OpenShop) -> None:
    """Five parcels of an order whose list shows one a page; the last answer is lost."""
    here = await shop(store(order(FIRST, line(1, quantity=5)), order(101)), behaviour=replace(ALLOWING, page_size=1))
    here.fault(Fault(Reply.CLOSE, method="POST", nth=5))
    report = await here.run(*((FIRST, "MUG", 1, number(k)) for k in range(5)))
    assert shipped(here) == Counter(NUMBERS[:5])
    assert statuses(report) == ["created"] * 5


LYING = [
    {"X-Rate-Limit-Requests-Left": "400", "X-Rate-Limit-Time-Reset-Ms": "0"},
    {"X-Rate-Limit-Requests-Left": "-7", "X-Rate-Limit-Time-Reset-Ms": "-1"},
    {"X-Rate-Limit-Requests-Left": "many", "X-Rate-Limit-Time-Reset-Ms": "soon"},
    {"X-Rate-Limit-Time-Reset-Ms": "99999999999999999999", "X-Retry-After": "99999999"},
]


@pytest.mark.parametrize("headers", LYING)
@pytest.mark.parametrize("bare", [True, False])
async def test_a_429_that_lies_costs_time_and_nothing_else(shop: OpenShop, headers: dict[str, str], bare: bool) -> None:
    """Whatever its headers say, it was refused before any work: everything ships once, in the same run."""
    here = await shop(dense(12), behaviour=ALLOWING)
    here.fault(Fault(429, performs=0, headers=headers, bare=bare, method="POST", nth=(2, 5, 6)))
    report = await here.run(*ROWS[:11])
    assert shipped(here) == Counter(NUMBERS[:11])
    assert statuses(report) == ["created"] * 11


@pytest.mark.parametrize("numbered", [True, False])
async def test_a_429_after_the_work_is_looked_behind(shop: OpenShop, numbered: bool) -> None:
    """A gateway says 429 though the store has made it: it is found before it is sent again, and is that parcel."""
    here = await shop(dense(6), behaviour=ALLOWING)
    here.fault(Fault(429, performs=1, method="POST", nth=(2, 5)), Fault(429, performs=2, method="POST", nth=6))
    labels = NUMBERS[:6] if numbered else [""] * 6
    report = await here.run(*((FIRST + n, "MUG", 1, label) for n, label in enumerate(labels)))
    assert statuses(report) == ["created"] * 6
    assert here.posts == 6
    assert [code for _, code in said(report).values()].count("duplicate_on_server") == 1
    assert len({i for result in report.rows.values() for i in result.shipment_ids}) == 6


async def test_a_shipment_that_a_proxy_doubled_is_reported_and_not_deleted(shop: OpenShop) -> None:
    """Sent once, made twice, never answered: one is ours, the other is named, both stay."""
    here = await shop(dense(2), behaviour=ALLOWING)
    here.fault(Fault(Reply.CLOSE, performs=2, method="POST"))
    report = await here.run(ROWS[0])
    first, second = (one["id"] for one in here.box.shipments())
    assert here.posts == 1
    assert here.box.counts["DELETE /orders/{}/shipments/{}"] == 0
    assert said(report) == {2: ("created", "duplicate_on_server")}
    assert str(first) in report.rows[2].finding.error
    assert str(second) in report.rows[2].finding.error


async def test_a_shipment_made_after_the_window_is_what_never_resend_is_for(shop: OpenShop) -> None:
    """Beyond the window nothing can tell; with --never-resend it is left to a person, and is not doubled."""
    here = await shop(dense(2), behaviour=ALLOWING)
    here.fault(Fault(Reply.CLOSE, late=10 * SETTLE, method="POST"))
    report = await here.run(ROWS[0], never_resend=True)
    await here.box.settle()
    assert statuses(report) == ["in doubt"]
    assert shipped(here) == Counter(NUMBERS[:1])
    again = await here.run(ROWS[0], never_resend=True)
    assert shipped(here) == Counter(NUMBERS[:1])
    assert again.summary["created"] + again.summary["already_created"] + again.summary["in_doubt"] == 1


async def test_a_look_that_failed_is_not_a_look_that_found_nothing(shop: OpenShop) -> None:
    """One look at the list, the other answered with errors: not absent twice, so not sent again by this run."""
    here = await shop(dense(2), behaviour=ALLOWING)
    here.fault(Fault(504, performs=0, method="POST", nth=1), Fault(500, method="GET", path="/shipments", nth=range(7)))
    report = await here.run(ROWS[0])
    assert statuses(report) == ["in doubt"]
    assert here.posts == 1
    again = await here.run(ROWS[0])
    assert statuses(again) == ["created"]
    assert shipped(here) == Counter(NUMBERS[:1])


async def test_an_orders_parcels_may_come_into_doubt_one_after_the_other(shop: OpenShop) -> None:
    """What was read back of the first is no unexplained movement of units when the second is looked for."""
    here = await shop(dense(2), behaviour=ALLOWING)
    here.fault(Fault(Reply.CLOSE, method="POST", nth=1), Fault(504, performs=0, method="POST", nth=2))
    report = await here.run((FIRST, "MUG", 1, number(0)), (FIRST, "MUG", 1, number(1)))
    assert statuses(report) == ["created"] * 2
    assert shipped(here) == Counter(NUMBERS[:2])
