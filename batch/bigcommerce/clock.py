"""The clock of this machine, held against the store's: run ids, ship dates, what waits and what expires go by ours."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

FAR = timedelta(hours=1)


def clock_warning(headers: Mapping[str, str]) -> str:
    """A sentence where an answer's `Date` is far from the time here; empty where it is not, or has none."""
    try:
        theirs = parsedate_to_datetime(headers["date"]).astimezone(UTC)
        ours = datetime.now(UTC)
        apart = ours - theirs
    except (KeyError, ValueError, TypeError, OverflowError):
        return ""
    if abs(apart) < FAR:
        return ""
    hours = round(abs(apart) / timedelta(hours=1))
    span = f"{hours / 24:,.0f} days" if hours >= 48 else f"{hours} hour{'' if hours == 1 else 's'}"
    return (
        f"This machine's clock is {span} {'ahead' if apart > timedelta() else 'behind'}: it says {ours:%Y-%m-%d %H:%M}"
        f" UTC, the store {theirs:%Y-%m-%d %H:%M}. Set it: what waits, and what expires, goes by it."
    )
