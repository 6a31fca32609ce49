"""What a run is about to cost, told before its first shipment."""

from dataclasses import dataclass

from batch.bigcommerce.quota import Quota
from batch.config import Settings
from batch.telling import counted

MINUTE, HOUR = 60, 3600


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
    def of(cls, requests: int, quota: Quota, settings: Settings) -> "Estimate":
        """The estimate for so many shipments, with what is known of the quota now."""
        seconds = quota.seconds_for(requests)
        if quota.words:
            kept = f", {settings.reserve:.0%} of it left to other apps" if settings.reserve else ""
            words = f"at the store's quota of {quota.words}{kept}"
        elif quota.requests:
            words = "as fast as the store answers: it tells no quota"
        else:
            words = "at the store's quota, which its first answer will tell"
        return cls(requests, seconds, words, 0 if settings.identity.startswith("sandbox:") else requests)

    @property
    def line(self) -> str:
        """It in a sentence or two."""
        how_long = f"{_about(self.seconds)} " if self.seconds is not None else ""
        times = "once" if self.mails == 1 else f"{self.mails:,} times"
        mailed = f" The store mails {times}: the customer of each shipment." if self.mails else ""
        return f"{counted(self.requests, 'request')} to send, {how_long}{self.words}.{mailed}"

    @property
    def data(self) -> dict[str, float | int | None]:
        """It for a program."""
        return {"requests": self.requests, "seconds": self.seconds and round(self.seconds, 1), "mails": self.mails}


def _about(seconds: float) -> str:
    if seconds < MINUTE:
        return "less than a minute"
    if seconds < 2 * HOUR:
        return f"about {seconds / MINUTE:.0f} min"
    return f"about {seconds / HOUR:.1f} h"
