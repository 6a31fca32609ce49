"""A file in a few figures."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime, timedelta
from typing import Any, Self, cast

from batch.model import RunProfile

FILE = "file:"
"""The beginning of a whole file's ask, for a file that is held."""
NOON = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Profile:
    """The figures by which a source's files are compared; unknown ones are zero."""

    rows: int = 0
    wrong: int = 0
    """Rows to be corrected, by the file's or the store's word."""
    parcels: int = 0
    new: int = 0
    """Shipments to be made; each e-mails a customer."""
    known: int = 0
    """Parcels that shipped before."""
    known_days: int = 0
    """The median of how many days ago they shipped."""
    absent: int = 0
    """Parcels whose order the store does not have, or not yet."""
    unlisted: int = 0
    """Absent ones that no page of the store had, and that were not read by themselves."""
    strangers: int = 0
    """Parcels that go to somebody else than their order."""
    units: float = 0
    """Units per row: the geometric mean, so that one large row does not move it."""
    carriers: Mapping[str, int] = field(default_factory=dict)
    """Carrier → rows of parcels; empty where a row names none."""
    number: str = ""
    """The tracking number that is on the most orders."""
    number_orders: int = 0
    days: int | None = None
    """The median age of the rows by ship date, in days; None where the file has no dates."""
    old: int = 0
    """Rows shipped longer ago than the mail gate allows."""
    ahead: int = 0
    """Rows whose ship date is later than tomorrow."""
    dated: int = 0
    """Rows with a ship date."""
    weekday: int = 0
    """0 is Monday's night; a night lasts from noon to noon."""

    @property
    def as_data(self) -> RunProfile:
        """As plain data, for the ledger."""
        return cast("RunProfile", asdict(self))

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """From the data that `as_data` gave, also in an earlier version."""
        return cls(**{name.name: kept[name.name] for name in fields(cls) if name.name in kept})


def file_ask(sha256: str, code: str) -> str:
    """The key of a person's answer on a whole file: its content, and why it was held."""
    return f"{FILE}{code}:{sha256}"


def night_of(at: datetime) -> int:
    """The weekday of a night: half past midnight belongs to the evening before."""
    return (at.astimezone() - NOON).weekday()


def ages(shipped: Mapping[date, int], today: date, *, old: int) -> tuple[int | None, int]:
    """The median age of rows by ship date, in days, and how many are older than `old` days."""
    total = sum(shipped.values())
    seen = 0
    median = None
    for day in sorted(shipped, reverse=True):
        seen += shipped[day]
        if median is None and seen * 2 >= total:
            median = (today - day).days
    return median, sum(count for day, count in shipped.items() if (today - day).days > old)
