"""The gate against any store that keeps to its own headers: never one over, never idle while there
is quota.
"""

import asyncio
import math
import random
from dataclasses import dataclass, field

from clock import VirtualLoop
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from batch.bigcommerce import Phase, Response
from batch.bigcommerce.rate_limit import RateLimit

WINDOWS = 5


@dataclass(frozen=True)
class Weather:
    """A store, the way to it, and who else uses it."""

    quota: int
    length: float
    phase: float
    """Share of a window that is over when the first request comes."""
    rolls: bool
    """Windows begin with the first request after the last one's end, not by the clock."""
    there: float
    back: float
    """Seconds, each at random up to this."""
    rounds: str
    """What the header makes of milliseconds."""
    others: float
    """Share of the quota that another app takes, at random moments."""
    reserve: float
    workers: int
    seed: int


WEATHERS = st.builds(
    Weather,
    quota=st.sampled_from([1, 2, 7, 25, 150, 450]),
    length=st.sampled_from([1.0, 5.0, 30.0]),
    phase=st.floats(0, 0.999),
    rolls=st.booleans(),
    there=st.floats(0.001, 0.2),
    back=st.floats(0.001, 0.2),
    rounds=st.sampled_from(["floor", "ceil"]),
    others=st.just(0.0),
    reserve=st.sampled_from([0.0, 0.1]),
    workers=st.sampled_from([1, 4, 16, 64]),
    seed=st.integers(0, 2**16),
)


@dataclass
class Store:
    """Counts in fixed windows, and tells of them in its headers."""

    weather: Weather
    ends: float = -math.inf
    spent: int = 0
    ours: list[int] = field(default_factory=list)
    """Requests of ours that it worked on, by window."""
    refused: list[int] = field(default_factory=list)
    """Requests of ours that were over, by window."""

    def turn(self) -> None:
        weather, now = self.weather, asyncio.get_running_loop().time()
        if now < self.ends:
            return
        if self.ends == -math.inf:
            self.ends = now + weather.length * (1 if weather.rolls else 1 - weather.phase)
        elif weather.rolls:
            self.ends = now + weather.length
        else:
            self.ends += weather.length * (1 + (now - self.ends) // weather.length)
        self.spent = 0
        self.ours.append(0)
        self.refused.append(0)

    def take(self) -> bool:
        self.turn()
        self.spent += self.spent < self.weather.quota
        return self.spent < self.weather.quota

    def answer(self) -> Response:
        self.turn()
        over = self.spent >= self.weather.quota
        self.spent += not over
        (self.refused if over else self.ours)[-1] += 1
        return Response(Phase.ANSWERED, 429 if over else 201, self.headers())

    def headers(self) -> dict[str, str]:
        milliseconds = (self.ends - asyncio.get_running_loop().time()) * 1000
        return {
            "x-rate-limit-requests-left": str(self.weather.quota - self.spent),
            "x-rate-limit-requests-quota": str(self.weather.quota),
            "x-rate-limit-time-reset-ms": str(
                (math.floor if self.weather.rounds == "floor" else math.ceil)(milliseconds)
            ),
            "x-rate-limit-time-window-ms": str(int(self.weather.length * 1000)),
        }


@dataclass
class Spent:
    """What came of a run through a weather."""

    store: Store
    gate: RateLimit
    seconds: float


async def spend(weather: Weather, requests: int) -> Spent:
    """Send so many requests through the gate; another app asks beside it."""
    loop, dice = asyncio.get_running_loop(), random.Random(weather.seed)
    store, gate = Store(weather), RateLimit(weather.reserve)
    left = iter(range(requests))

    async def worker() -> None:
        for _ in left:
            await gate.acquire()
            async with gate.concurrency:
                sent = loop.time()
                await asyncio.sleep(dice.uniform(0, weather.there))
                reply = store.answer()
                await asyncio.sleep(dice.uniform(0, weather.back))
            gate.report(sent, reply, "POST")

    async def other() -> None:
        while True:
            await asyncio.sleep(dice.expovariate(weather.quota * weather.others / weather.length))
            store.take()

    beside = asyncio.create_task(other()) if weather.others else None
    await asyncio.gather(*(worker() for _ in range(weather.workers)))
    if beside:
        beside.cancel()
    return Spent(store, gate, loop.time())


def through(weather: Weather, requests: int) -> Spent:
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(spend(weather, requests))
    finally:
        loop.close()


def least(weather: Weather, requests: int) -> float:
    """Seconds in which a client that knows everything, and is answered at once, is done."""
    each = weather.quota - min(int(weather.quota * weather.reserve), weather.quota - 1)
    windows = math.ceil(requests / each) - 1
    first = weather.length * (1 if weather.rolls else 1 - weather.phase)
    windows += first < 4 * (weather.there + weather.back)  # too short to learn of and to use
    return (first + (windows - 1) * weather.length) if windows else 0.0


@settings(max_examples=40, deadline=None, derandomize=True)
@given(WEATHERS)
def test_never_over_and_never_idle_while_there_is_quota(weather: Weather) -> None:
    """Whatever the windows' phase and length, and however the answers overtake one another.

    A window costs three ways there and back at most: to be sure that it has begun, to hear of it,
    and for the last answers that tell what is left.
    """
    requests = WINDOWS * weather.quota
    spent = through(weather, requests)
    assert sum(spent.store.refused) == 0
    trip = weather.there + weather.back
    # found by measuring, and never fewer than four
    sending = requests * trip / min(weather.workers, 4)
    windows = len(spent.store.ours)
    assert spent.seconds <= least(weather, requests) + windows * (3 * trip + 0.01) + sending


@settings(max_examples=40, deadline=None, derandomize=True)
@given(WEATHERS, st.floats(0.05, 0.5))
def test_beside_another_app_one_a_window_is_over_at_most(weather: Weather, others: float) -> None:
    """What the other takes, now and then and not in floods, is seen an answer too late, and no more
    than once.
    """
    weather = Weather(**{**vars(weather), "others": others, "reserve": 0.0})
    assume(weather.quota * others * (weather.there + weather.back) / weather.length < 1)
    spent = through(weather, WINDOWS * weather.quota)
    assert max(spent.store.refused) <= 1
