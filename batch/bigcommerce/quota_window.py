"""The store's quota as the headers of answers show it: fixed windows, seen with delays."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from batch.bigcommerce.parse import whole
from batch.bigcommerce.verdict import LONGEST_WAIT

LENGTH = 30.0  # seconds; the documented window, where an answer does not say it
TICK = 0.001  # seconds; the headers are no finer, and cut off what is
AHEAD = 0.1  # share of the last quota that may go before a fresh window has been heard of
# share of the quota that goes one request at a time, where other apps spend from it, too;
TAIL = 0.05
FEWEST = 4  # and no fewer than these


@dataclass(frozen=True, slots=True)
class QuotaHeaders:
    """The quota headers of one answer; times are the event loop's, in seconds."""

    quota: int | None
    left: int | None
    until: float | None
    """Seconds to the window's end; None where missing, or a mere repeat of the length."""
    length: float
    sent: float
    now: float

    @classmethod
    def by(cls, headers: Mapping[str, str], sent: float, now: float) -> "QuotaHeaders | None":
        """The quota in an answer's headers; None without one. Raises ValueError on nonsense."""
        texts = [
            headers.get(f"x-rate-limit-{name}", "").strip()
            for name in ("requests-quota", "requests-left", "time-reset-ms", "time-window-ms")
        ]
        if not texts[0] and not texts[1]:
            return None
        quota, left, reset, length = map(whole, texts)
        if (texts[0] and (quota is None or quota <= 0)) or (texts[1] and left is None):
            raise ValueError(f"{texts[1] or 'nothing'} left of {texts[0] or 'nothing'}")
        seconds = min(length / 1000, LONGEST_WAIT) if length and length > 0 else LENGTH
        until = reset / 1000 if reset is not None and reset >= 0 else None
        # half spent, and as if it had just begun
        if until == seconds and (left or 0) * 2 < (quota or 0):
            until = None
        return cls(quota, left, until, seconds, sent, now)

    @property
    def ends(self) -> tuple[float, float]:
        """The window ends between these moments: an answer tells it only to its own duration."""
        if self.until is None:
            return self.now, self.now + self.length + TICK
        until = min(self.until, LONGEST_WAIT)
        return self.sent + until, self.now + until + TICK


@dataclass(frozen=True, slots=True)
class QuotaWindow:
    """The state of the store's current window.

    `left` falls with every request that the store works on, so the smallest value seen is the
    latest and counts every answered request; only those in flight may still be missing from it.
    """

    quota: int
    left: int
    ends_after: float
    ends_before: float
    length: float
    low_at: float = 0.0
    """When the smallest `left` was heard."""
    mine: int = 0
    """Requests of ours that were worked on in it."""
    others_spending: bool = False
    """Whether other apps spent from the previous window, or nobody knows."""
    heard: bool = True
    """False: it should have begun by now, but no answer has shown it yet."""
    capped: bool = False
    """The store names an unusably late end: until then, it is asked now and then."""

    @classmethod
    def of(cls, told: QuotaHeaders, last: "QuotaWindow | None" = None) -> "QuotaWindow":
        """A window, from its first answer."""
        quota = told.quota or max(told.left or 1, last.quota if last else 1)
        left = quota - 1 if told.left is None else max(0, min(told.left, quota))
        capped = told.until is not None and told.until > LONGEST_WAIT
        company = last is None or (last.is_shared(0) if last.heard else last.others_spending)
        return cls(
            quota,
            left,
            *told.ends,
            told.length,
            told.now,
            mine=1,
            others_spending=company,
            capped=capped,
        )

    def learn(self, told: QuotaHeaders) -> "QuotaWindow":
        """The state after one more answer, whether of this window, an earlier one or the next."""
        if not self.heard or self._is_over(told):
            return QuotaWindow.of(told, self)
        after, before = told.ends
        # late, of an earlier one, or the store has changed its mind
        if before < self.ends_after - self._slack(told):
            return self if told.sent < self.low_at else QuotaWindow.of(told, self)
        quota = told.quota or self.quota
        left = self.left - 1 + quota - self.quota
        if told.left is not None:
            left = min(self.left, max(0, told.left))
        ends = (self.ends_after, self.ends_before) if told.until is None else (after, before)
        return replace(
            self,
            quota=quota,
            left=left,
            ends_after=max(self.ends_after, ends[0]),
            ends_before=min(self.ends_before, ends[1]),
            length=told.length,
            low_at=told.now if left < self.left else self.low_at,
            mine=self.mine + 1,
        )

    def assumed_headers(self, sent: float, now: float) -> QuotaHeaders:
        """A guess for an answer without quota headers: that the store goes on as before."""
        return QuotaHeaders(self.quota, None, None, self.length, sent, now)

    def next(self, in_flight: int) -> "QuotaWindow":
        """The next window, of which no answer has come yet."""
        company = self.is_shared(in_flight) if self.heard else self.others_spending
        return QuotaWindow(
            self.quota,
            self.quota,
            0.0,
            float("inf"),
            self.length,
            others_spending=company,
            heard=False,
            capped=self.capped,
        )

    def is_shared(self, in_flight: int) -> bool:
        """Whether more was spent than our own requests."""
        return self.quota - self.left > self.mine + in_flight

    def free_now(self, in_flight: int, reserve: float) -> int:
        """Requests that may go now."""
        if not self.heard:
            ahead = min(int(self.quota * AHEAD), self.quota - self.reserve_count(reserve))
            return (1 if self.capped else max(1, ahead)) - in_flight
        free = self.left - in_flight - self.reserve_count(reserve)
        shared = self.others_spending or self.is_shared(in_flight)  # others may be quicker
        if shared and free <= max(self.quota * TAIL, FEWEST):
            return min(free, 1) if in_flight == 0 else 0
        return free

    def reserve_count(self, reserve: float) -> int:
        """Requests of each window left to the store's other apps; never all of them."""
        return min(int(self.quota * reserve), self.quota - 1)

    def seconds_for(
        self, requests: int, now: float, in_flight: int, reserve: float
    ) -> float | None:
        """The least seconds for `more` requests within the quota; None where it cannot be told."""
        free = self.left - in_flight - self.reserve_count(reserve) if self.heard else 0
        if requests <= free:
            return 0.0
        if self.capped:
            return None
        windows = -(-(requests - max(free, 0)) // (self.quota - self.reserve_count(reserve)))
        return max(self.ends_before - now, 0.0) * self.heard + (windows - 1) * self.length

    def _is_over(self, told: QuotaHeaders) -> bool:
        """Whether an answer is of a later window: it ends later, or has more left than before."""
        if told.left is not None and told.left > self.left and told.sent >= self.low_at:
            return True
        if told.until is None:
            return told.now >= self.ends_before
        return told.ends[0] > self.ends_before + self._slack(told)

    def _slack(self, told: QuotaHeaders) -> float:
        """Seconds two views of one window may differ by: whole-second clocks, cut milliseconds."""
        return min(self.length, told.length) / 4
