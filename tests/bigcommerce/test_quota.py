"""The gate: as fast as the store's quota allows, never a request over it. All time is virtual."""

import asyncio
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from clock import VirtualLoop

from batch.bigcommerce import Phase, Response
from batch.bigcommerce.rate_limit import RateLimit
from batch.bigcommerce.slowdown import SLOWEST
from batch.bigcommerce.verdict import LONGEST_WAIT, NO_WORD_WAIT

pytestmark = pytest.mark.usefixtures("virtual_clock")


def now() -> float:
    return asyncio.get_running_loop().time()


@dataclass
class Store:
    """A store that counts, in fixed windows, what is asked of it."""

    quota: int = 150
    window: float = 30.0
    latency: tuple[float, float] = (0.05, 0.2)
    """Seconds there, and back, each at random up to this."""
    others: float = 0.0
    """Requests a second of other apps."""
    tells: bool = True
    resets_wrong: bool = False
    """Reset-Ms repeats the window's size, as one page of the documentation has it."""
    spent: int = 0
    ends: float = 0.0
    seen: list[float] = field(default_factory=list)
    windows: list[int] = field(default_factory=list)
    """What each window that is over had spent in it."""
    refused: list[float] = field(default_factory=list)
    dice: random.Random = field(default_factory=lambda: random.Random(1))

    def answer(self) -> Response:
        if now() >= self.ends:
            self.windows.append(self.spent)
            self.ends, self.spent = now() + self.window, 0
        self.seen.append(now())
        taken = self.spent + int(self.others * (self.window - (self.ends - now())))
        if taken >= self.quota:
            self.refused.append(now())
            return Response(Phase.ANSWERED, 429, self.headers(0))
        self.spent += 1
        return Response(
            Phase.ANSWERED, 201, self.headers(self.quota - taken - 1) if self.tells else {}
        )

    def headers(self, left: int) -> Mapping[str, str]:
        reset = self.window if self.resets_wrong else self.ends - now()
        return {
            "x-rate-limit-requests-left": str(left),
            "x-rate-limit-requests-quota": str(self.quota),
            "x-rate-limit-time-reset-ms": str(int(reset * 1000)),
            "x-rate-limit-time-window-ms": str(int(self.window * 1000)),
        }

    async def asked(self, quota: RateLimit) -> None:
        await quota.acquire()
        async with quota.concurrency:
            sent = now()
            await asyncio.sleep(self.dice.uniform(0, self.latency[0]))
            reply = self.answer()
            await asyncio.sleep(self.dice.uniform(0, self.latency[1]))
        quota.report(sent, reply)


async def spend(store: Store, quota: RateLimit, requests: int, workers: int = 16) -> float:
    """Send so many requests with so many workers; the seconds it took."""
    began, left = now(), iter(range(requests))

    async def worker(shared: Iterator[int]) -> None:
        for _ in shared:
            await store.asked(quota)

    await asyncio.gather(*(worker(left) for _ in range(workers)))
    return now() - began


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("quota", "window"), [(150, 30.0), (450, 30.0), (25, 5.0), (7, 1.0), (1, 2.0)]
)
async def test_never_one_over_and_no_window_wasted(quota: int, window: float, seed: int) -> None:
    """With answers in any order, every window is used up to the reserve, and none is overdrawn."""
    store, gate = Store(quota, window, dice=random.Random(seed)), RateLimit(reserve=0)
    requests = quota * 6
    seconds = await spend(store, gate, requests)
    assert store.refused == []
    assert gate.requests == requests
    ideal = 5 * window  # six windows, the last one's end is not waited for
    assert seconds <= ideal + 6 * 2.0 + window * 0.2


@pytest.mark.parametrize(("reserve", "ours"), [(0.10, 135), (0.95, 8)])
async def test_the_reserve_is_left_to_others(reserve: float, ours: int) -> None:
    """Of 150 in a window, 15 stay; of the few that a large reserve leaves, none more go ahead of
    the first answer.
    """
    store, gate = Store(150, 30.0), RateLimit(reserve=reserve)
    await spend(store, gate, 8 * ours)
    assert store.refused == []
    assert set(store.windows[1:]) == {ours}


@pytest.mark.parametrize("others", [1.0, 3.0, 4.9])
async def test_other_apps_spend_from_the_same_quota(others: float) -> None:
    """Left falls faster than we spend; the reserve takes up what is not seen in time."""
    store, gate = Store(150, 30.0, others=others), RateLimit(reserve=0.10)
    await spend(store, gate, 200)
    assert store.refused == []


async def test_before_the_first_answer_one_goes_at_a_time() -> None:
    """Nobody knows the quota yet: a second request waits for the first answer."""
    gate = RateLimit()
    await gate.acquire()
    second = asyncio.create_task(gate.acquire())
    await asyncio.sleep(60)
    assert not second.done()
    gate.report(0.0, Response(Phase.ANSWERED, 200, Store().headers(100)))
    await asyncio.wait_for(second, 1)
    assert gate.in_flight == 1


async def test_what_is_given_back_lets_the_next_one_go() -> None:
    """An admission that was not needed costs nothing."""
    gate = RateLimit()
    await gate.acquire()
    second = asyncio.create_task(gate.acquire())
    await asyncio.sleep(1)
    gate.release()
    await second
    assert (gate.in_flight, gate.requests) == (1, 0)


async def test_a_shrinking_quota_is_obeyed_at_its_first_answer() -> None:
    """From 450 to 20 at a window's turn: what goes before the first answer is a tenth of the old
    quota at most.
    """
    store, gate = Store(450, 30.0), RateLimit(reserve=0)
    await spend(store, gate, 450)
    store.quota = 20
    await spend(store, gate, 40, workers=64)
    assert len(store.refused) <= 45 - 20
    store.refused.clear()
    await spend(store, gate, 60, workers=64)
    assert store.refused == []


async def test_a_growing_quota_is_used() -> None:
    """From 20 to 450: the next windows take 450."""
    store, gate = Store(20, 30.0), RateLimit(reserve=0)
    await spend(store, gate, 40)
    store.quota = 450
    assert await spend(store, gate, 800) < 95


async def test_an_unlimited_store_is_asked_as_fast_as_it_answers() -> None:
    """An absurdly high quota is no limit: only the workers are."""
    store, gate = Store(2_147_483_647, 30.0, latency=(0.05, 0.05)), RateLimit()
    assert await spend(store, gate, 5000, workers=50) < 10
    assert store.refused == []


async def test_a_store_without_a_quota_is_asked_as_fast_as_it_answers() -> None:
    """No headers at all: the only limit is how many may be in flight."""
    store, gate = Store(10**9, tells=False, latency=(0.05, 0.05)), RateLimit()
    assert await spend(store, gate, 5000, workers=50) < 10


async def test_a_store_that_begins_to_tell_is_believed() -> None:
    """Headers that come later end the slow start."""
    store, gate = Store(450, tells=False), RateLimit()
    await spend(store, gate, 10)
    store.tells = True
    assert await spend(store, gate, 200) < 10


async def test_a_store_that_tells_no_more_is_taken_at_its_last_word() -> None:
    """A proxy swallows the headers from the second answer on: its windows go on as they were, none
    is overdrawn.
    """
    store, gate = Store(150), RateLimit(reserve=0)
    await spend(store, gate, 1)
    store.tells = False
    assert await spend(store, gate, 150 * 6 - 1, workers=64) < 7 * 30
    assert store.refused == []


async def test_a_quota_that_shrinks_where_left_is_not_told() -> None:
    """From 450 to 20: what went before counts against the 20."""
    gate, went = RateLimit(reserve=0), list[float]()
    for quota in (450, 450, *[20] * 30):
        went += await asked(
            gate, Response(Phase.ANSWERED, 200, {"x-rate-limit-requests-quota": str(quota)}), 1
        )
    assert sum(at < 30 for at in went) == 20


async def test_reset_that_repeats_the_window_is_survived() -> None:
    """Where the store reports the window's size as time left, nothing stalls for good and nothing
    is overdrawn.
    """
    store, gate = Store(25, 5.0, resets_wrong=True), RateLimit(reserve=0)
    assert await spend(store, gate, 200) < 8 * 12
    assert store.refused == []


async def test_one_429_stops_everyone_for_the_longer_wait() -> None:
    """All workers pause together, for the longer header's time; Left above 0 is not believed."""
    gate = RateLimit()
    headers = {
        "x-retry-after": "15",
        "x-rate-limit-time-reset-ms": "9000",
        "x-rate-limit-requests-left": "35",
    }
    await gate.acquire()
    gate.report(now(), Response(Phase.ANSWERED, 429, headers))
    await gate.acquire()
    assert now() == pytest.approx(15)
    assert gate.refusals == 1


async def test_after_a_429_one_request_tries_the_water() -> None:
    """The others wait for its answer."""
    gate = RateLimit()
    await gate.acquire()
    gate.report(now(), Response(Phase.ANSWERED, 201, Store().headers(100)))
    await gate.acquire()
    gate.report(now(), Response(Phase.ANSWERED, 429, {"x-retry-after": "2"}))
    await gate.acquire()
    second = asyncio.create_task(gate.acquire())
    await asyncio.sleep(60)
    assert not second.done()
    gate.report(now(), Response(Phase.ANSWERED, 201, Store().headers(100)))
    await second


async def test_refusals_in_a_row_are_waited_for_longer_and_longer() -> None:
    """Without a word from the store the pause grows to a minute."""
    gate, pauses = RateLimit(), []
    for _ in range(12):
        began = now()
        await gate.acquire()
        pauses.append(round(now() - began, 6))
        await asyncio.sleep(0.1)
        gate.report(now() - 0.1, Response(Phase.ANSWERED, 429))
    assert pauses[1:] == sorted(pauses[1:])
    assert pauses[1] == pytest.approx(NO_WORD_WAIT)
    assert pauses[-1] == pytest.approx(60)


async def test_refusals_of_one_burst_count_as_one() -> None:
    """Four answers to requests in flight are one pause, not four."""
    gate = RateLimit()
    await gate.acquire()
    gate.report(now(), Response(Phase.ANSWERED, 201, Store(10_000).headers(10_000)))
    for _ in range(4):
        await gate.acquire()
    sent = now()
    await asyncio.sleep(1)
    for _ in range(4):
        gate.report(sent, Response(Phase.ANSWERED, 429, {"x-retry-after": "3"}))
    assert gate.refusals == 4
    began = now()
    await gate.acquire()
    assert now() - began == pytest.approx(3)


async def test_an_absurd_wait_is_capped() -> None:
    """A day is not slept through: the store is asked again after a few minutes."""
    gate = RateLimit()
    await gate.acquire()
    gate.report(now(), Response(Phase.ANSWERED, 429, {"x-retry-after": "86400"}))
    await gate.acquire()
    assert now() == pytest.approx(LONGEST_WAIT)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-rate-limit-requests-left": "-1", "x-rate-limit-requests-quota": "-1"},
        {"x-rate-limit-requests-left": "many"},
        {"x-rate-limit-requests-left": "10", "x-rate-limit-requests-quota": "0"},
        {"x-rate-limit-requests-left": "5", "x-rate-limit-time-reset-ms": "-3000"},
        {"x-rate-limit-requests-left": "0", "x-rate-limit-time-reset-ms": "999999999999"},
        {"x-rate-limit-requests-left": "0", "x-rate-limit-time-window-ms": "0"},
        {"x-rate-limit-requests-left": "99999999999999999999999"},
    ],
)
async def test_headers_that_make_no_sense_do_not_stall_it(headers: dict[str, str]) -> None:
    """Whatever a proxy makes of the headers, requests go on within bounds."""
    gate = RateLimit()
    for _ in range(20):
        await gate.acquire()
        gate.report(now(), Response(Phase.ANSWERED, 200, headers))
    assert now() <= 20 * LONGEST_WAIT


@pytest.mark.parametrize("phase", [Phase.SENT, Phase.CUT, Phase.NOT_SENT])
async def test_answers_that_never_come_do_not_stall_it(
    phase: Phase, virtual_clock: VirtualLoop
) -> None:
    """Timeouts and gateway errors bring no headers: what was sent counts as spent, and the next
    window comes.
    """
    gate = RateLimit(reserve=0)
    await gate.acquire()
    gate.report(now(), Response(Phase.ANSWERED, 201, Store(10, ends=30).headers(9)))
    for _ in range(100):
        await gate.acquire()
        gate.report(now(), Response(phase, 502 if phase is Phase.CUT else None))
    assert gate.in_flight == 0
    assert (virtual_clock.time() < 1) == (phase is Phase.NOT_SENT)


async def test_who_gives_up_waiting_is_in_nobodys_way() -> None:
    """A cancelled admission leaves no request in flight, and the next in line goes on."""
    gate = RateLimit()
    await gate.acquire()
    waiting = [asyncio.create_task(gate.acquire()) for _ in range(3)]
    await asyncio.sleep(1)
    waiting[0].cancel()
    waiting[1].cancel()
    await asyncio.sleep(1)
    gate.report(0.0, Response(Phase.ANSWERED, 200, Store().headers(100)))
    await waiting[2]
    assert gate.in_flight == 1


async def asked(gate: RateLimit, reply: Response, times: int) -> list[float]:
    """Send one request after the other; when each went."""
    went = []
    for _ in range(times):
        await gate.acquire()
        went.append(now())
        gate.report(now(), reply)
    return went


async def test_a_window_of_hours_is_asked_now_and_then_and_said() -> None:
    """Used up for two hours: one request in five minutes, and one line that says why."""
    lines: list[str] = []
    gate = RateLimit(say=lines.append)
    headers = Store().headers(0) | {"x-rate-limit-time-reset-ms": "7200000"}
    went = await asked(gate, Response(Phase.ANSWERED, 200, headers), 5)
    assert [round(b - a) for a, b in pairwise(went)] == [LONGEST_WAIT] * 4
    (line,) = lines
    assert "its quota of 150 requests in 30 s is used up" in line
    assert "asked again in 5 min" in line


@pytest.mark.parametrize("quota", ["0", "-1", "many"])
async def test_a_quota_that_makes_no_sense_is_asked_slowly_and_said(quota: str) -> None:
    """Five times a second, for as long as it is told."""
    lines: list[str] = []
    gate = RateLimit(say=lines.append)
    headers = {"x-rate-limit-requests-left": "0", "x-rate-limit-requests-quota": quota}
    went = await asked(gate, Response(Phase.ANSWERED, 200, headers), 400)
    assert went[-1] - went[0] == pytest.approx(399 / SLOWEST, abs=1)
    (line,) = lines
    assert f"makes no sense (0 left of {quota})" in line


async def test_a_refusal_without_a_quota_slows_it_down_and_quiet_speeds_it_up() -> None:
    """Five a second at first; after half a minute without a refusal twice as many, and so on."""
    lines: list[str] = []
    gate = RateLimit(say=lines.append)
    await asked(gate, Response(Phase.ANSWERED, 200), 3)
    await asked(gate, Response(Phase.ANSWERED, 429), 1)
    began = (await asked(gate, Response(Phase.ANSWERED, 200), 2))[0]
    went = await asked(gate, Response(Phase.ANSWERED, 200), 800)
    slow = [at for at in went if at < began + 25]
    later = [at for at in went if began + 35 < at < began + 55]
    assert len(slow) == pytest.approx(25 * SLOWEST, abs=3)
    assert len(later) == pytest.approx(20 * 2 * SLOWEST, abs=5)
    assert len(lines) == 1


async def test_a_quota_that_changes_with_every_answer() -> None:
    """No hang, no busy loop: each is taken as it comes."""
    gate = RateLimit(reserve=0)
    for n in range(200):
        await gate.acquire()
        gate.report(
            now(),
            Response(
                Phase.ANSWERED, 200, Store(quota=(1, 450, 7)[n % 3], ends=now() + 10).headers(n % 5)
            ),
        )
    assert 0 < now() < 200 * 31
