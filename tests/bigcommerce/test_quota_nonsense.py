"""The gate against answers that say anything: it waits no longer than it says, never spins, and
loses no place.
"""

import asyncio
from collections.abc import Mapping

from clock import VirtualLoop
from hypothesis import given, settings
from hypothesis import strategies as st

from batch.bigcommerce import Phase, Response
from batch.bigcommerce.rate_limit import LONG, RateLimit
from batch.bigcommerce.slowdown import SLOWEST
from batch.bigcommerce.verdict import LONGEST_WAIT

NUMBERS = st.one_of(
    st.sampled_from(
        [
            "0",
            "-1",
            "1",
            "35",
            "150",
            "30000",
            "7200000",
            "2147483647",
            "9" * 30,
            "1e3",
            "nan",
            "-0",
            "",
        ]
    ),
    st.sampled_from(["many", " 7 ", "1.5", "1,000", "٣", "0x10", "+5", "\x00"]),
    st.integers(-(10**6), 10**9).map(str),
)
NAMES = (
    "x-rate-limit-requests-quota",
    "x-rate-limit-requests-left",
    "x-rate-limit-time-reset-ms",
    "x-rate-limit-time-window-ms",
    "x-retry-after",
    "retry-after",
)
HEADERS = st.dictionaries(st.sampled_from(NAMES), NUMBERS)
ANSWERS = st.one_of(
    st.builds(
        Response, st.just(Phase.ANSWERED), st.sampled_from([200, 201, 409, 429, 500, 503]), HEADERS
    ),
    st.builds(Response, st.sampled_from([Phase.SENT, Phase.NOT_SENT])),
    st.builds(Response, st.just(Phase.CUT), st.sampled_from([201, 502]), HEADERS),
)


class Counting(VirtualLoop):
    """Counts its turns: a busy loop has many, and time stands still in it."""

    turns = 0

    def _run_once(self) -> None:
        self.turns += 1
        super()._run_once()  # type: ignore[misc]


async def answered(answers: list[Response], workers: int, latency: float, gate: RateLimit) -> None:
    left = iter(answers)

    async def worker() -> None:
        for answer in left:
            await gate.acquire()
            async with gate.concurrency:
                sent = asyncio.get_running_loop().time()
                await asyncio.sleep(latency)
            gate.report(sent, answer, "POST")

    await asyncio.gather(*(worker() for _ in range(workers)))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(ANSWERS, min_size=1, max_size=40),
    st.sampled_from([1, 3, 20]),
    st.sampled_from([0.0, 0.2]),
)
def test_it_goes_on_within_the_longest_wait(
    answers: list[Response], workers: int, latency: float
) -> None:
    """Each answer costs one such wait at most, and a few turns of the loop; what is long is said,
    once a reason.
    """
    loop, lines = Counting(), list[str]()
    gate = RateLimit(say=lines.append)
    try:
        loop.run_until_complete(answered(answers, workers, latency, gate))
        assert loop.time() <= len(answers) * (LONGEST_WAIT + latency + 1 / SLOWEST) + 1
        assert loop.turns < 100 + 200 * len(answers)
    finally:
        loop.close()
    assert (gate.in_flight, gate.concurrency.busy) == (0, 0)
    assert gate.requests == sum(answer.phase is not Phase.NOT_SENT for answer in answers)
    assert len(lines) == len(set(lines))
    assert lines or gate.waited <= LONG * len(answers)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(HEADERS, min_size=1, max_size=20))
def test_a_sound_window_after_nonsense_is_kept_to(nonsense: list[Mapping[str, str]]) -> None:
    """Whatever came before: what the store says last counts, once its window is over."""
    loop, gate = VirtualLoop(), RateLimit(reserve=0)

    async def went() -> list[float]:
        for headers in nonsense:
            await gate.acquire()
            gate.report(loop.time(), Response(Phase.ANSWERED, 200, headers))
        times, quota, length = list[float](), 5, 10.0
        for _ in range(40):
            await gate.acquire()
            times.append(loop.time())
            spent = sum(int(at // length) == int(loop.time() // length) for at in times)
            headers = {
                "x-rate-limit-requests-quota": str(quota),
                "x-rate-limit-requests-left": str(max(0, quota - spent)),
                "x-rate-limit-time-reset-ms": str(int((length - loop.time() % length) * 1000)),
                "x-rate-limit-time-window-ms": "10000",
            }
            gate.report(loop.time(), Response(Phase.ANSWERED, 200, headers))
            await asyncio.sleep(0.01)
        return times

    try:
        times = loop.run_until_complete(went())
    finally:
        loop.close()
    windows = [int(at // 10) for at in times[1:]]
    assert max(windows.count(window) for window in set(windows)) <= 5
