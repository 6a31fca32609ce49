"""What is said of a file that is held: what, the figures, and what to look at first."""

from collections.abc import Iterable, Sequence
from statistics import median

from batch.model import Finding, Status, Who
from batch.planning.gates.profile import Profile

SWITCHES = (
    "control panel, Settings › Order notifications, untick every status; with B2B Edition there is a second switch: "
    "the B2B app, Settings › Emails, the buyers' templates"
)
"""Where a store's mails to customers are switched off; no request of the API can."""
MAILS_OFF = f"To ship without mails, switch them off first: {SWITCHES}."

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

MAILS = frozenset({"old_ship_dates", "many_mails", "more_than_usual"})
"""Codes of what `--customers-will-be-mailed` answers."""


def release(run_id: str, store: str) -> str:
    """The command that lets a held file go on; `store` is its name in shipbatch.toml, where it has one."""
    of_store = f" --store {store}" if store else ""
    return f'shipbatch decide {run_id} --file --answer ship{of_store} --why "…"'


def _hold(code: str, error: str, todo: str, who: Who = Who.WAREHOUSE) -> Finding:
    return Finding(Status.HELD, code, error, todo, who)


def orders_unknown(file: Profile, before: float | None) -> Finding:
    """Another store's file."""
    usually = "" if before is None else f"; usually it is {before:.0%}"
    lists = f" ({file.unlisted:,} by its lists alone: too many to ask for each)" if file.unlisted else ""
    return _hold(
        "most_orders_unknown",
        f"Of {file.parcels:,} parcels, {file.absent:,} name an order that this store does not have{lists}{usually}.",
        "Is it another store's file? Then run it with --store NAME.",
    )


def one_number(file: Profile, before: int | None) -> Finding:
    """A number copied down the column."""
    usually = "" if before is None else f"; before, it was at most {before or 'none'}"
    return _hold(
        "one_number",
        f"Tracking number {file.number} stands on {file.number_orders:,} orders{usually}.",
        "Was a cell copied down the column? Then ask for the file again.",
    )


def fewer_rows(file: Profile, nights: Sequence[Profile]) -> Finding:
    """Half a file; `nights` are those it is compared with: of its weekday, or all."""
    day = f"on a {DAYS[file.weekday]} " if all(night.weekday == file.weekday for night in nights) else ""
    return _hold(
        "fewer_rows",
        f"It has {file.rows:,} rows; {day}{_usual(night.rows for night in nights)}.",
        "Is it the whole file? Ask the warehouse whether the export broke off.",
    )


def more_than_usual(file: Profile, nights: Sequence[Profile]) -> Finding:
    """A backfill, or a holiday peak."""
    return _hold(
        "more_than_usual",
        f"It has {file.rows:,} rows and would mail {file.new:,} customers; "
        f"{_usual((night.new for night in nights), 'shipments')}.",
        MAILS_OFF,
        Who.CUSTOMER_SERVICE,
    )


def many_mails(file: Profile, nights: int, limit: int) -> Finding:
    """A first large file of a source."""
    known = f"only {nights} earlier {'file is' if nights == 1 else 'files are'} known" if nights else "it is the first"
    return _hold(
        "many_mails",
        f"It would mail {file.new:,} customers; of this source {known}, and up to {limit:,} go without asking.",
        MAILS_OFF,
        Who.CUSTOMER_SERVICE,
    )


def old_ship_dates(file: Profile, old_days: int) -> Finding:
    """A backfill."""
    return _hold(
        "old_ship_dates",
        f"It would mail {file.new:,} customers, and {file.old:,} of {file.rows:,} rows were shipped more than "
        f"{old_days} days ago (the median is {file.days} days).",
        MAILS_OFF,
        Who.CUSTOMER_SERVICE,
    )


def quantities(file: Profile, before: float) -> Finding:
    """A quantity column that is another column, or has lost its decimal point."""
    return _hold(
        "quantities",
        f"A row ships {file.units:.1f} units, as a geometric mean; usually it is {before:.1f}.",
        "Look at the quantity column: are they packs, cents, or another column?",
    )


def one_carrier(carrier: str, rows: int, total: int, before: float) -> Finding:
    """A default that has overwritten the column."""
    named = f"carrier {carrier}" if carrier else "no carrier"
    return _hold(
        "one_carrier",
        f"{rows:,} of {total:,} rows have {named}; usually it is {before:.0%}.",
        "Look at the carrier column: has a default overwritten it?",
    )


def most_rows_wrong(file: Profile, before: float) -> Finding:
    """A shifted column."""
    return _hold(
        "most_rows_wrong",
        f"{file.wrong:,} of {file.rows:,} rows are wrong; usually it is {before:.0%}.",
        "Look at the first rows' errors: has a column moved?",
    )


def shipped_before(file: Profile, before: float) -> Finding:
    """Last month's file."""
    return _hold(
        "shipped_before",
        f"Of {file.parcels:,} parcels, {file.known:,} were shipped before, {file.known_days} days ago (the median); "
        f"usually it is {before:.0%}.",
        "Is it an old file? Then ask for tonight's: its parcels have not shipped.",
    )


def too_many(file: Profile, limit: int) -> Finding:
    """More than anybody has allowed."""
    return _hold(
        "hold_above",
        f"It would make {file.new:,} shipments; hold_above is {limit:,}.",
        "If that is a usual night, raise hold_above under [gates] in shipbatch.toml.",
        Who.IT,
    )


def _usual(figures: Iterable[int], noun: str = "rows") -> str:
    known = sorted(figures)
    return f"usually {median(known):,.0f} {noun} ({known[0]:,} to {known[-1]:,} in {len(known)} earlier files)"
