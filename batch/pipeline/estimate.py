"""What a run will cost, shown before its first shipment."""

from dataclasses import dataclass
from math import ceil

from batch.bigcommerce.rate_limit import RateLimit
from batch.config import Settings
from batch.results.run_text import count_noun

MINUTE, HOUR = 60, 3600


@dataclass(frozen=True, slots=True)
class Work:
    """What a run is about to do."""

    shipments: int
    corrections: int = 0
    reads: int = 0
    """Requests that reading all their orders once more takes."""
    fresh_for: float = 0.0
    """Seconds for which that is not needed."""

    def share_after(self, seconds: float | None) -> float:
        """The share that is done after some seconds, where all of it takes so many."""
        if self.fresh_for and seconds:
            return max(0.0, 1 - self.fresh_for / seconds)
        return 0.0 if self.fresh_for else 1.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """Requests that are still to be sent, and how long the store's quota makes them take."""

    requests: int
    seconds: float | None
    """None: nothing limits them but the store's own speed, or nothing is known of its quota yet."""
    words: str
    """Why it takes that long."""
    mails: int
    """Customers that the store mails, once a shipment; 0 in a sandbox."""

    @classmethod
    def of(cls, work: "Work", quota: RateLimit, settings: Settings) -> "Estimate":
        """The estimate for this work, with what is known of the quota now."""
        requests = work.shipments + work.corrections
        requests += ceil(work.reads * work.share_after(quota.seconds_for(requests)))
        seconds = quota.seconds_for(requests)
        if quota.words:
            kept = f", {settings.reserve:.0%} of it left to other apps" if settings.reserve else ""
            words = f"at the store's quota of {quota.words}{kept}"
        elif seconds is not None:
            words = "as carefully as the store is asked now: it tells no quota that makes sense"
        elif quota.requests:
            words = "as fast as the store answers: it tells no quota"
        else:
            words = "at the store's quota, which its first answer will tell"
        return cls(
            requests,
            seconds,
            words,
            0 if settings.identity.startswith("sandbox:") else work.shipments,
        )

    @property
    def line(self) -> str:
        """It in a sentence or two."""
        how_long = f"{_about(self.seconds)} " if self.seconds is not None else ""
        times = "once" if self.mails == 1 else f"{self.mails:,} times"
        mailed = f" The store mails {times}: the customer of each shipment." if self.mails else ""
        return f"{count_noun(self.requests, 'request')} to send, {how_long}{self.words}.{mailed}"

    @property
    def data(self) -> dict[str, float | int | None]:
        """It for a program."""
        return {
            "requests": self.requests,
            "seconds": self.seconds and round(self.seconds, 1),
            "mails": self.mails,
        }


def _about(seconds: float) -> str:
    if seconds < MINUTE:
        return "less than a minute"
    if seconds < 2 * HOUR:
        return f"about {seconds / MINUTE:.0f} min"
    return f"about {seconds / HOUR:.1f} h"
