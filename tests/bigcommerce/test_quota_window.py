"""What one answer tells of the quota, and what several come to: figure by figure, without a store
or a clock.
"""

from dataclasses import replace
from math import inf
from typing import Any

import pytest

from batch.bigcommerce.quota_window import TICK, QuotaHeaders, QuotaWindow
from batch.bigcommerce.verdict import LONGEST_WAIT

FIRST = QuotaHeaders(100, 99, 20.0, 30.0, 0.0, 1.0)
"""Sent at 0, answered at 1: the window ends 20 seconds after one of the two."""
WINDOW = QuotaWindow.of(FIRST)


def read(**headers: object) -> QuotaHeaders | None:
    names = {
        "quota": "requests-quota",
        "left": "requests-left",
        "reset": "time-reset-ms",
        "window": "time-window-ms",
    }
    return QuotaHeaders.by(
        {f"x-rate-limit-{names[name]}": str(text) for name, text in headers.items()}, 0.0, 1.0
    )


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"quota": 100, "left": 99, "reset": 20_000, "window": 30_000}, FIRST),
        ({"quota": 100, "left": 99}, replace(FIRST, until=None)),
        ({"left": 99, "reset": 20_000}, replace(FIRST, quota=None)),
        ({"quota": 100, "reset": 20_000}, replace(FIRST, left=None)),
        ({"reset": 20_000, "window": 30_000}, None),
        ({}, None),
        ({"quota": 100, "left": 99, "reset": 0}, replace(FIRST, until=0.0)),
        ({"quota": 100, "left": 99, "reset": -1}, replace(FIRST, until=None)),
        ({"quota": 100, "left": 99, "reset": 5, "window": 0}, replace(FIRST, until=0.005)),
        (
            {"quota": 100, "left": 99, "reset": 20_000, "window": 999_000},
            replace(FIRST, length=LONGEST_WAIT),
        ),
        ({"quota": 100, "left": 50, "reset": 30_000}, replace(FIRST, left=50, until=30.0)),
        ({"quota": 100, "left": 49, "reset": 30_000}, replace(FIRST, left=49, until=None)),
        ({"quota": 100, "left": 49, "reset": 29_999}, replace(FIRST, left=49, until=29.999)),
        ({"quota": 100, "reset": 30_000}, replace(FIRST, left=None, until=None)),
        ({"left": 0, "reset": 30_000}, replace(FIRST, quota=None, left=0, until=30.0)),
        ({"quota": 1, "left": 0, "reset": 5_000}, replace(FIRST, quota=1, left=0, until=5.0)),
    ],
    ids=str,
)
def test_what_an_answer_tells(headers: dict[str, object], expected: QuotaHeaders | None) -> None:
    assert read(**headers) == expected


@pytest.mark.parametrize(
    "headers", [{"quota": 0, "left": 1}, {"quota": "x"}, {"left": "x"}, {"quota": -5}], ids=str
)
def test_a_quota_that_makes_no_sense_is_refused(headers: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="left of"):
        read(**headers)


def test_a_window_ends_within_the_time_of_an_answer() -> None:
    """Or within its whole length, where the answer has no end; nobody waits for more than five
    minutes.
    """
    assert FIRST.ends == (20.0, 21.0 + TICK)
    assert replace(FIRST, until=None).ends == (1.0, 31.0 + TICK)
    assert replace(FIRST, until=900.0).ends == (LONGEST_WAIT, LONGEST_WAIT + 1.0 + TICK)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, {"quota": 100, "left": 99}),
        ({"left": None}, {"quota": 100, "left": 99}),
        ({"left": 200}, {"quota": 100, "left": 100}),
        ({"left": -3}, {"quota": 100, "left": 0}),
        ({"quota": None, "left": 60}, {"quota": 60, "left": 60}),
        ({"quota": None, "left": None}, {"quota": 1, "left": 0}),
        ({"until": LONGEST_WAIT}, {"capped": False}),
        ({"until": LONGEST_WAIT + 1}, {"capped": True}),
        ({"until": None}, {"capped": False}),
    ],
    ids=str,
)
def test_a_first_answer(told: dict[str, Any], expected: dict[str, Any]) -> None:
    """It is one request of ours, and nobody knows of others."""
    window = QuotaWindow.of(replace(FIRST, **told))
    assert {name: getattr(window, name) for name in expected} == expected
    assert (window.mine, window.others_spending, window.heard, window.low_at) == (
        1,
        True,
        True,
        1.0,
    )


def test_the_next_window_knows_who_spent_from_the_one_before() -> None:
    """More than ours; of a window that nothing was heard of, what was known before."""
    assert not QuotaWindow.of(FIRST, WINDOW).others_spending
    assert QuotaWindow.of(FIRST, replace(WINDOW, left=98)).others_spending
    assert QuotaWindow.of(replace(FIRST, quota=None, left=60), WINDOW).quota == 100
    for spent in (True, False):
        unheard = replace(WINDOW, heard=False, left=0, others_spending=spent)
        assert QuotaWindow.of(FIRST, unheard).others_spending is spent
        assert unheard.next(0).others_spending is spent
    assert WINDOW.next(0) == QuotaWindow(100, 100, 0.0, inf, 30.0, heard=False)
    assert replace(WINDOW, left=98).next(0).others_spending
    assert not replace(WINDOW, left=98).next(1).others_spending
    assert replace(WINDOW, capped=True).next(0).capped


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"left": 97}, {"left": 97, "low_at": 3.0, "mine": 2}),
        ({"left": 99}, {"left": 99, "low_at": 1.0, "mine": 2}),
        ({"left": 99, "quota": 120}, {"left": 99, "quota": 120}),
        ({"left": None}, {"left": 98, "low_at": 3.0}),
        ({"left": None, "quota": 120}, {"left": 118, "quota": 120}),
        ({"left": -2}, {"left": 0}),
        ({"until": None}, {"ends_after": 20.0, "ends_before": 21.0 + TICK}),
        ({"until": 18.5}, {"ends_after": 20.5, "ends_before": 21.0 + TICK}),
        ({"until": 17.0}, {"ends_after": 20.0, "ends_before": 20.0 + TICK}),
        ({"length": 25.0}, {"length": 25.0}),
    ],
    ids=str,
)
def test_an_answer_more_of_the_same_window(told: dict[str, Any], expected: dict[str, Any]) -> None:
    """The smallest left is the latest; the end is where all answers have it."""
    window = WINDOW.learn(
        replace(FIRST, **({"left": 98, "until": 18.0, "sent": 2.0, "now": 3.0} | told))
    )
    assert {name: getattr(window, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("told", "is_new"),
    [
        ({"left": 100, "sent": 1.0}, True),
        ({"left": 100, "sent": 0.9}, False),
        ({"left": 99, "sent": 1.0}, False),
        ({"until": None, "now": 21.0 + TICK}, True),
        ({"until": None, "now": 21.0}, False),
        ({"until": 21.0 + TICK + 7.5, "left": 50}, False),
        ({"until": 21.1 + 7.5, "left": 50}, True),
        ({"until": 21.1 + 7.5, "left": 50, "length": 40.0}, True),
        ({"until": 21.1 + 5.0, "left": 50, "length": 20.0}, True),
    ],
    ids=str,
)
def test_an_answer_of_the_next_window(told: dict[str, Any], is_new: bool) -> None:
    """One with more left, sent since; or one that ends later by more than a quarter of a window."""
    found = WINDOW.learn(replace(FIRST, **told))
    assert found.mine == (1 if is_new else 2)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"until": 10.0, "now": 2.0}, "as it was"),
        ({"until": 10.0, "now": 2.0, "sent": 1.0}, "new"),
        ({"until": 11.5 - TICK, "now": 1.0}, "added"),
    ],
    ids=str,
)
def test_an_answer_that_is_late(told: dict[str, Any], expected: str) -> None:
    """Of an earlier window, unless it was sent since: then the store has changed its mind."""
    found = WINDOW.learn(replace(FIRST, **told))
    assert {WINDOW: "as it was", QuotaWindow.of(replace(FIRST, **told), WINDOW): "new"}.get(
        found, "added"
    ) == expected


def test_what_is_not_heard_of_is_begun_by_any_answer() -> None:
    assert replace(WINDOW, heard=False).learn(FIRST).heard


def test_an_answer_without_a_word_is_of_a_store_that_goes_on() -> None:
    assert WINDOW.assumed_headers(2.0, 3.0) == QuotaHeaders(100, None, None, 30.0, 2.0, 3.0)


@pytest.mark.parametrize(
    ("window", "in_flight", "reserve", "free"),
    [
        ({}, 0, 0.0, 99),
        ({}, 9, 0.0, 90),
        ({}, 0, 0.1, 89),
        ({"left": 6, "mine": 94}, 0, 0.0, 6),
        ({"left": 5, "mine": 95}, 0, 0.0, 5),
        ({"left": 5, "mine": 94}, 0, 0.0, 1),
        ({"left": 6, "mine": 93}, 0, 0.0, 6),
        ({"left": 5, "mine": 95, "others_spending": True}, 0, 0.0, 1),
        ({"left": 5, "mine": 95, "others_spending": True}, 1, 0.0, 0),
        ({"left": 7, "mine": 93, "others_spending": True}, 1, 0.0, 6),
        ({"left": 0, "mine": 95, "others_spending": True}, 0, 0.0, 0),
        ({"quota": 20, "left": 4, "mine": 1}, 0, 0.0, 1),
        ({"quota": 20, "left": 5, "mine": 1}, 0, 0.0, 5),
        ({"heard": False}, 0, 0.0, 10),
        ({"heard": False}, 3, 0.0, 7),
        ({"heard": False}, 0, 0.95, 5),
        ({"heard": False, "quota": 5}, 0, 0.0, 1),
        ({"heard": False, "capped": True}, 0, 0.0, 1),
    ],
    ids=str,
)
def test_what_may_go_now(window: dict[str, Any], in_flight: int, reserve: float, free: int) -> None:
    """The last twentieth one at a time, where others spend too; before the first answer a tenth."""
    given = {"others_spending": False} | window
    assert replace(WINDOW, **given).free_now(in_flight, reserve) == free


@pytest.mark.parametrize(("reserve", "kept"), [(0.0, 0), (0.1, 10), (0.999, 99), (1.0, 99)])
def test_a_reserve_never_takes_all(reserve: float, kept: int) -> None:
    assert WINDOW.reserve_count(reserve) == kept


@pytest.mark.parametrize(
    ("window", "requests", "in_flight", "seconds"),
    [
        ({}, 99, 0, 0.0),
        ({}, 100, 0, 11.0 + TICK),
        ({}, 199, 0, 11.0 + TICK),
        ({}, 200, 0, 41.0 + TICK),
        ({}, 90, 10, 11.0 + TICK),
        ({"left": 0}, 100, 10, 11.0 + TICK),
        ({"heard": False}, 100, 0, 0.0),
        ({"heard": False}, 101, 0, 30.0),
        ({"capped": True}, 99, 0, 0.0),
        ({"capped": True}, 100, 0, None),
        ({"ends_before": 5.0}, 100, 0, 0.0),
    ],
    ids=str,
)
def test_how_long_so_many_take(
    window: dict[str, Any], requests: int, in_flight: int, seconds: float | None
) -> None:
    """What is left goes at once; the rest a window's quota at a time, from ten seconds after the
    start.
    """
    found = replace(WINDOW, **window).seconds_for(requests, 10.0, in_flight, 0.0)
    assert found == (seconds if seconds is None else pytest.approx(seconds))


def test_a_reserve_makes_it_longer() -> None:
    assert WINDOW.seconds_for(90, 10.0, 0, 0.1) == pytest.approx(11.0 + TICK)
    assert WINDOW.seconds_for(89, 10.0, 0, 0.1) == 0.0
    assert WINDOW.seconds_for(180, 10.0, 0, 0.1) == pytest.approx(41.0 + TICK)
