"""What a file looks like, in a few figures."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime, timedelta
from typing import Any, Self, cast

from batch.model import RunProfile

FILE = "file:"
"""How the ask of a whole file begins, where a file is held rather than a parcel."""
NOON = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Profile:
    """The figures by which the files of a source are compared; what is not known is zero."""

    rows: int = 0
    wrong: int = 0
    """Rows that must be corrected, as the file or the store says."""
    parcels: int = 0
    new: int = 0
    """Shipments to be made: each mails a customer."""
    known: int = 0
    """Parcels that were shipped before."""
    known_days: int = 0
    """How long ago: the median."""
    absent: int = 0
    """Parcels whose order the store does not have, or not yet."""
    unlisted: int = 0
    """Those of them that no page of the store's had, and that were not asked for by themselves."""
    units: float = 0
    """Units a row asks: the geometric mean, so that one large row does not move it."""
    carriers: Mapping[str, int] = field(default_factory=dict)
    """Carrier → parcels' rows; empty where a row names none."""
    number: str = ""
    """The tracking number on the most orders."""
    number_orders: int = 0
    days: int | None = None
    """Days since the rows were shipped, by their ship dates: the median; None where the file has none."""
    old: int = 0
    """Rows shipped longer ago than the mail gate allows."""
    weekday: int = 0
    """Of the night, which goes from noon to noon: 0 is Monday's."""

    @property
    def as_data(self) -> RunProfile:
        """As plain data, for the ledger."""
        return cast("RunProfile", asdict(self))

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """From what `kept` gave, also of an earlier version."""
        return cls(**{name.name: kept[name.name] for name in fields(cls) if name.name in kept})


def file_ask(sha256: str, code: str) -> str:
    """By what a person's word on a whole file is found: its content, and why it was held."""
    return f"{FILE}{code}:{sha256}"


def night_of(at: datetime) -> int:
    """The weekday whose night it is, so that a run at half past midnight is the evening's."""
    return (at.astimezone() - NOON).weekday()


def ages(shipped: Mapping[date, int], today: date, *, old: int) -> tuple[int | None, int]:
    """The median age of rows by ship date, in days, and how many of them are older than `old` days."""
    total = sum(shipped.values())
    seen = 0
    median = None
    for day in sorted(shipped, reverse=True):
        seen += shipped[day]
        if median is None and seen * 2 >= total:
            median = (today - day).days
    return median, sum(count for day, count in shipped.items() if (today - day).days > old)
