"""What goes wrong on request: which requests, what the store does, what the client sees."""

import random
import re
from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Reply(StrEnum):
    """What the client sees; an HTTP status may stand in its place."""

    OK = "ok"  # what the store answers
    EMPTY = "empty"  # its status, no body
    CUT_HEADERS = "cut headers"  # the connection ends within the headers
    CUT_BODY = "cut body"  # the connection ends within the body
    MALFORMED = "malformed"  # the body is not JSON, its length is right
    NO_ID = "no id"  # a JSON object without an id
    RESET = "reset"  # RST
    CLOSE = "close"  # FIN without a byte
    STALE = "stale"  # the answer, then FIN without a word: the next request meets a dead connection
    HANG = "hang"  # nothing, until the client gives up
    SLOW = "slow"  # the body a byte at a time, `pace` seconds apart
    GIANT = "giant"  # a body without end
    SUSPENDED = "suspended"  # 503, the store is suspended
    PORTAL = "portal"  # 200 and the HTML of a captive portal


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong; without a condition it hits every request.

    Statuses that refuse (400, 401, 429 and so on) come with the body that the API documents for
    them, 502, 503 and 504 with a gateway's HTML. `performs` says whether the store does the work.
    """

    reply: Reply | int = Reply.OK
    performs: int = 1
    """How often the store does the work: 0 never, 2 where a proxy doubles it."""
    late: float = 0.0
    """Seconds until it does the work; the reply does not wait for it."""
    delay: float = 0.0
    """Seconds until the reply begins."""
    pace: float = 1.0
    """Seconds between the bytes of a slow reply."""
    seen: float = 0.0
    """Seconds that a read is behind, like a lagging replica."""
    body: str | None = None
    """Text in place of the reply's body."""
    makes: Mapping[str, Any] = field(default_factory=dict)
    """Fields that replace the request's own before the store works on it."""
    says: Mapping[str, Any] = field(default_factory=dict)
    """Fields that replace those of a 200 or 201: an answer that is not true."""
    lacks: Collection[str] = ()
    """Fields taken out of such an answer."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers that are added to the reply, or replace its own."""
    bare: bool = False
    """True: the quota's headers are missing."""
    method: str = ""
    """GET, POST, PUT, DELETE; empty: all."""
    path: str = ""
    """A regular expression searched in the path below /v2: `/shipments$`."""
    order: int | None = None
    nth: int | Container[int] | None = None
    """Which of the matching requests, from 1: one, several (`range(2, 5)`), or all."""
    probability: float = 1.0


class Faults:
    """The faults of a store, in the order they are tried; the first that fits a request is used.

    The dice are seeded: the same requests in the same order get the same faults.
    """

    def __init__(self, *rules: Fault, seed: int = 0) -> None:
        self._rules: list[_Rule] = [_Rule(rule) for rule in rules]
        self._dice = random.Random(seed)  # noqa: S311  replayable on purpose

    @classmethod
    def of(cls, plain: Iterable[Mapping[str, Any]], seed: int = 0) -> "Faults":
        """Faults from plain data: the fields of Fault, `nth` a number or a list of numbers."""
        return cls(
            *(Fault(**{**given, "reply": _reply(given.get("reply", "ok"))}) for given in plain),
            seed=seed,
        )

    def add(self, rule: Fault) -> None:
        """Add a fault from now on."""
        self._rules.append(_Rule(rule))

    def clear(self) -> None:
        """Remove all faults."""
        self._rules.clear()

    def strike(self, method: str, path: str, ids: tuple[int, ...]) -> Fault | None:
        """The fault that hits this request, if any; every rule that fits counts it."""
        hits = [rule.fault for rule in self._rules if rule.hits(method, path, ids)]
        return next(
            (f for f in hits if f.probability >= 1 or self._dice.random() < f.probability), None
        )


class _Rule:
    """A fault, and how many requests have fitted it."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._path = re.compile(fault.path) if fault.path else None
        self._count = 0

    def hits(self, method: str, path: str, ids: tuple[int, ...]) -> bool:
        fault = self.fault
        if (
            (fault.method and fault.method != method)
            or (fault.order is not None and (not ids or ids[0] != fault.order))
            or (self._path and not self._path.search(path))
        ):
            return False
        self._count += 1
        nth = fault.nth
        return nth is None or (self._count == nth if isinstance(nth, int) else self._count in nth)


def _reply(given: Any) -> Reply | int:
    return given if isinstance(given, int) else Reply(given)
