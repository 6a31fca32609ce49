"""What is said about a file that is held: why, the figures, and what to check first."""

from collections.abc import Iterable, Sequence
from statistics import median

from batch.model import Finding
from batch.model.catalogue import Code
from batch.planning.gates.profile import Profile

SWITCHES = (
    "control panel, Settings › Order notifications, untick every status; with B2B Edition "
    "there is a second switch: the B2B app, Settings › Emails, the buyers' templates"
)
"""Where a store's e-mails to customers are switched off; no request of the API can do it."""
MAILS_OFF = f"To ship without mails, switch them off first: {SWITCHES}."

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

MAILS = frozenset({Code.OLD_SHIP_DATES, Code.MANY_MAILS, Code.MORE_THAN_USUAL})
"""Codes that `--customers-will-be-mailed` answers."""


def release(run_id: str, store: str) -> str:
    """The command that lets a held file go on; `store`: its name in shipbatch.toml, if any."""
    of_store = f" --store {store}" if store else ""
    return f'shipbatch decide {run_id} --file --answer ship{of_store} --why "…"'


def orders_unknown(file: Profile, before: float | None) -> Finding:
    """Another store's file."""
    usually = "" if before is None else f"; usually it is {before:.0%}"
    lists = f" ({file.unlisted:,} by its lists alone: too many to ask for each)"
    lists = lists if file.unlisted else ""
    return Code.MOST_ORDERS_UNKNOWN.finding(
        error=f"Of {file.parcels:,} parcels, {file.absent:,} name an order that this store "
        f"does not have{lists}{usually}.",
    )


def other_recipients(file: Profile) -> Finding:
    """Another store's file, with order numbers of this one."""
    return Code.OTHER_RECIPIENTS.finding(
        error=f"Of {file.parcels:,} parcels, {file.strangers:,} go to somebody else than their"
        " order."
    )


def ship_dates_ahead(file: Profile) -> Finding:
    """A plan of shipments, or labels printed in advance."""
    return Code.SHIP_DATES_AHEAD.finding(
        error=f"{file.ahead:,} of {file.dated:,} ship dates are later than tomorrow: these parcels"
        " have not gone yet."
    )


def one_number(file: Profile, before: int | None) -> Finding:
    """A number copied down the column."""
    usually = "" if before is None else f"; before, it was at most {before or 'none'}"
    return Code.ONE_NUMBER.finding(
        error=f"Tracking number {file.number} stands on {file.number_orders:,} orders{usually}.",
    )


def fewer_rows(file: Profile, nights: Sequence[Profile]) -> Finding:
    """Half a file; `nights` are those it is compared with: of its weekday, or all."""
    same_day = all(night.weekday == file.weekday for night in nights)
    day = f"on a {DAYS[file.weekday]} " if same_day else ""
    return Code.FEWER_ROWS.finding(
        error=f"It has {file.rows:,} rows; {day}{_usual(night.rows for night in nights)}.",
    )


def more_than_usual(file: Profile, nights: Sequence[Profile]) -> Finding:
    """A backfill, or a holiday peak."""
    return Code.MORE_THAN_USUAL.finding(
        error=f"It has {file.rows:,} rows and would mail {file.new:,} customers; "
        f"{_usual((night.new for night in nights), 'shipments')}.",
        todo=MAILS_OFF,
    )


def many_mails(file: Profile, nights: int, limit: int) -> Finding:
    """The first large file of a source."""
    known = f"only {nights} earlier {'file is' if nights == 1 else 'files are'} known"
    known = known if nights else "it is the first"
    return Code.MANY_MAILS.finding(
        error=f"It would mail {file.new:,} customers; "
        f"of this source {known}, and up to {limit:,} go without asking.",
        todo=MAILS_OFF,
    )


def old_ship_dates(file: Profile, old_days: int) -> Finding:
    """A backfill."""
    return Code.OLD_SHIP_DATES.finding(
        error=f"It would mail {file.new:,} customers, and {file.old:,} of {file.rows:,} "
        f"rows were shipped more than {old_days} days ago (the median is {file.days} days).",
        todo=MAILS_OFF,
    )


def quantities(file: Profile, before: float) -> Finding:
    """A wrong quantity column, or a lost decimal point."""
    return Code.QUANTITIES.finding(
        error=f"A row ships {file.units:.1f} units, as a geometric mean; "
        f"usually it is {before:.1f}.",
    )


def one_carrier(carrier: str, rows: int, total: int, before: float) -> Finding:
    """A default value that has overwritten the column."""
    named = f"carrier {carrier}" if carrier else "no carrier"
    return Code.ONE_CARRIER.finding(
        error=f"{rows:,} of {total:,} rows have {named}; usually it is {before:.0%}.",
    )


def most_rows_wrong(file: Profile, before: float) -> Finding:
    """A shifted column."""
    return Code.MOST_ROWS_WRONG.finding(
        error=f"{file.wrong:,} of {file.rows:,} rows are wrong; usually it is {before:.0%}.",
    )


def shipped_before(file: Profile, before: float) -> Finding:
    """Last month's file."""
    return Code.SHIPPED_BEFORE.finding(
        error=f"Of {file.parcels:,} parcels, {file.known:,} were shipped before, "
        f"{file.known_days} days ago (the median); usually it is {before:.0%}.",
    )


def too_many(file: Profile, limit: int) -> Finding:
    """More than is ever allowed without asking."""
    return Code.HOLD_ABOVE.finding(
        error=f"It would make {file.new:,} shipments; hold_above is {limit:,}.",
    )


def _usual(figures: Iterable[int], noun: str = "rows") -> str:
    known = sorted(figures)
    return (
        f"usually {median(known):,.0f} {noun} "
        f"({known[0]:,} to {known[-1]:,} in {len(known)} earlier files)"
    )
