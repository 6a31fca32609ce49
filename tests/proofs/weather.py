"""What a seed lets go wrong, request by request: each one's dice are its own, so that a story
replays.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from batch.sandbox import Fault, Faults, Reply

# Perhaps done, and no answer that proves it.
UNKNOWN: tuple[Reply | int, ...] = (
    *(
        Reply.EMPTY,
        Reply.CUT_HEADERS,
        Reply.CUT_BODY,
        Reply.MALFORMED,
        Reply.NO_ID,
        Reply.RESET,
        Reply.CLOSE,
    ),
    *(Reply.HANG, Reply.SLOW, Reply.GIANT, Reply.PORTAL),
    *(200, 202, 204, 408, 423, 499, 500, 501, 502, 503, 504, 507, 520),
)
# Nothing is done: later again, or the run stops.
NOT_DONE: tuple[Reply | int, ...] = (
    429,
    429,
    429,
    429,
    401,
    403,
    302,
    307,
    308,
    404,
    Reply.SUSPENDED,
)
REFUSED = (400, 409, 422)
BAD_READS: tuple[Reply | int, ...] = (
    *(
        Reply.EMPTY,
        Reply.CUT_HEADERS,
        Reply.CUT_BODY,
        Reply.MALFORMED,
        Reply.RESET,
        Reply.CLOSE,
        Reply.STALE,
    ),
    *(Reply.HANG, Reply.SLOW, 429, 429, 408, 500, 500, 502, 503, 504),
)
STOPPING_READS: tuple[Reply | int, ...] = (401, 403, 302, 404, Reply.PORTAL, Reply.SUSPENDED)
LYING_HEADERS: tuple[dict[str, str], ...] = (
    {"X-Rate-Limit-Time-Reset-Ms": "-7"},
    {"X-Rate-Limit-Time-Reset-Ms": "99999999999", "X-Rate-Limit-Requests-Left": "12"},
    {"X-Rate-Limit-Time-Reset-Ms": "soon", "X-Retry-After": ""},
    {"X-Rate-Limit-Requests-Left": "9"},
)


@dataclass(frozen=True)
class Climate:
    """How bad it may get."""

    seed: int
    writes: float = 0.0
    """Share of the POSTs that meet a fault."""
    reads: float = 0.0
    refusals: bool = False
    """Whether the store may refuse for good what it could do."""
    bound: float = 0.0
    """Seconds until the truth shows at the latest: a late commit and a lagging read together."""
    latency: float = 1.0
    """Seconds that an answer takes at most, where nothing is wrong."""


class Weather(Faults):
    """The faults of a seed. `arrived` is told each request before it is worked on, and may hit it
    itself.

    A fault hangs on the seed, the request's path and how often it has come: not on the order in
    which different paths are asked, nor on the clock.
    """

    def __init__(
        self,
        climate: Climate,
        arrived: Callable[[str, str, int], Fault | None],
        rules: Iterable[Fault] = (),
    ) -> None:
        super().__init__(*rules)
        self.climate = climate
        self.truthful: set[int] = set()
        """Orders whose list of shipments is never left out."""
        self._arrived = arrived
        self._count: Counter[str] = Counter()

    def strike(self, method: str, path: str, ids: tuple[int, ...]) -> Fault | None:
        call = f"{method} {path}"
        self._count[call] += 1
        dice = random.Random(f"{self.climate.seed} {call} {self._count[call]}")
        hit = self._arrived(method, path, ids[0] if ids else 0)
        ruled = super().strike(method, path, ids)
        if hit is not None:
            return replace(hit, performs=0) if ruled else hit
        fault = ruled or (self._write(dice) if method == "POST" else self._read(dice, path, ids))
        return replace(fault, delay=fault.delay or dice.uniform(0, self.climate.latency))

    def _write(self, dice: random.Random) -> Fault:
        climate = self.climate
        if dice.random() >= climate.writes:
            return Fault()
        kind = dice.random()
        if kind < 0.55:
            late = dice.uniform(0, climate.bound / 2) if dice.random() < 0.3 else 0.0
            return Fault(dice.choice(UNKNOWN), performs=dice.choice((0, 1, 1, 2)), late=late)
        if kind < 0.75:
            told = dice.choice(LYING_HEADERS) if dice.random() < 0.5 else {}
            return Fault(dice.choice(NOT_DONE), performs=0, headers=told, bare=dice.random() < 0.3)
        if kind < 0.85 and climate.refusals:
            return Fault(dice.choice(REFUSED), performs=0)
        return dice.choice(
            (Fault(performs=2), Fault(Reply.STALE), Fault(delay=dice.uniform(1, 100)))
        )

    def _read(self, dice: random.Random, path: str, ids: tuple[int, ...]) -> Fault:
        climate = self.climate
        if dice.random() >= climate.reads:
            return Fault()
        kind = dice.random()
        if kind < 0.5:
            return Fault(dice.choice(BAD_READS), pace=3.0, bare=dice.random() < 0.2)
        if kind < 0.8:
            return Fault(seen=dice.uniform(0, climate.bound / 2))
        if kind < 0.9 and path.endswith("/shipments") and ids[0] not in self.truthful:
            return Fault(body="[]")
        if kind < 0.93:
            return Fault(dice.choice(STOPPING_READS))
        return Fault(delay=dice.uniform(1, 40))
