"""The rules: each gives at most one reason to hold a file, with its figures."""

from collections.abc import Callable, Iterator, Sequence
from statistics import median

from batch.config import Gates
from batch.model import Finding
from batch.planning.gates import messages
from batch.planning.gates.baseline import middle_share, seasonal, usual
from batch.planning.gates.profile import Profile

FEW = 10
"""With fewer parcels there is no "most"."""
FEW_MAILS = 20
"""That many customers may be mailed late without asking: a forgotten parcel is no backfill."""
SAME_NIGHTS = 4
"""Nights of one weekday after which its usual is known."""
LEARNING = 0.6
"""Until then a file must be smaller by this factor, too."""

Rule = Callable[[Profile, Sequence[Profile], Gates], Finding | None]


def reasons(file: Profile, nights: Sequence[Profile], gates: Gates) -> Iterator[Finding]:
    """Why the file is held, mails aside; `nights`: the source's earlier files, oldest first."""
    known = nights if len(nights) >= gates.nights else ()
    for rule in _RULES:
        if found := rule(file, known, gates):
            yield found


def mail_holds(file: Profile, nights: Sequence[Profile], gates: Gates) -> Iterator[Finding]:
    """Why the customers' mails need thought first: no field of the API stops a shipment's mail."""
    old = gates.old_days and file.days is not None and file.days > gates.old_days
    if old and file.new >= FEW_MAILS:
        yield messages.old_ship_dates(file, gates.old_days)
    if found := _far_more(file, nights, gates):
        yield found


def _far_more(file: Profile, nights: Sequence[Profile], gates: Gates) -> Finding | None:
    if not file.new:
        return None
    if len(nights) < gates.nights:
        limit = max(gates.mail_gate, gates.more * max((night.new for night in nights), default=0))
        if not 0 < limit < file.new:
            return None
        return messages.many_mails(file, len(nights), round(limit))
    new, rows = usual(night.new for night in nights), usual(night.rows for night in nights)
    more_new = new is not None and new.far_above(file.new, gates.more)
    more_rows = rows is not None and rows.far_above(file.rows, gates.more)
    if not gates.more or file.new < FEW or not (more_new or more_rows):
        return None
    return messages.more_than_usual(file, nights)


def _absent(file: Profile, nights: Sequence[Profile], gates: Gates) -> Finding | None:
    before = middle_share([night.absent for night in nights], [night.parcels for night in nights])
    most = file.parcels >= FEW and file.absent >= gates.absent * file.parcels and file.absent
    most = most or file.unlisted  # so many that they were not even asked for one by one
    if not gates.absent or not most or file.absent < 2 * before * file.parcels:
        return None
    return messages.orders_unknown(file, before if nights else None)


def _other_recipients(file: Profile, _: Sequence[Profile], gates: Gates) -> Finding | None:
    """Another store's file, whose order numbers this one happens to have."""
    many = file.parcels >= FEW and file.strangers >= gates.recipients * file.parcels
    return messages.other_recipients(file) if gates.recipients and many else None


def _ahead(file: Profile, _: Sequence[Profile], gates: Gates) -> Finding | None:
    """Parcels that have not gone yet: their customers would hear of it today."""
    most = file.ahead and file.ahead >= gates.ahead * file.dated
    return messages.ship_dates_ahead(file) if gates.ahead and most else None


def _one_number(file: Profile, nights: Sequence[Profile], gates: Gates) -> Finding | None:
    before = max((night.number_orders for night in nights), default=0)
    most = file.number_orders >= FEW and file.number_orders * 2 > file.parcels
    many = gates.same_number and (most or file.number_orders >= gates.same_number)
    if not many or file.number_orders < 2 * before:
        return None
    return messages.one_number(file, before if nights else None)


def _fewer(file: Profile, nights: Sequence[Profile], gates: Gates) -> Finding | None:
    """Of rows and of new ones: a source that sends the whole month starts small on the 1st."""
    figures: tuple[Callable[[Profile], int], ...] = (
        lambda night: night.rows,
        lambda night: night.new,
    )
    if not nights or not all(_far_below(figure, file, nights, gates.fewer) for figure in figures):
        return None
    alike = _similar_nights(file, nights)
    return messages.fewer_rows(file, alike if len(alike) >= SAME_NIGHTS else nights)


def _far_below(
    figure: Callable[[Profile], int], file: Profile, nights: Sequence[Profile], share: float
) -> bool:
    """Compared with its weekday's nights once known; until then with all, by a smaller share."""
    alike = _similar_nights(file, nights)
    if len(alike) >= SAME_NIGHTS:
        same = seasonal((night.weekday, figure(night)) for night in nights).get(file.weekday)
        return same is not None and same.is_outlier_low(figure(file), share)
    every, same = usual(map(figure, nights)), usual(map(figure, alike))
    share *= LEARNING
    return (
        every is not None
        and every.is_outlier_low(figure(file), share)
        and (same is None or same.is_outlier_low(figure(file), share))
    )


def _similar_nights(file: Profile, nights: Sequence[Profile]) -> list[Profile]:
    return [night for night in nights if night.weekday == file.weekday]


def _wrong(file: Profile, nights: Sequence[Profile], gates: Gates) -> Finding | None:
    before = middle_share([night.wrong for night in nights], [night.rows for night in nights])
    if not gates.wrong or not nights or file.rows < FEW:
        return None
    if file.wrong < (gates.wrong + before / 2) * file.rows:
        return None
    return messages.most_rows_wrong(file, before)


def _quantities(file: Profile, nights: Sequence[Profile], gates: Gates) -> Finding | None:
    before = usual(night.units for night in nights)
    if not gates.quantities or before is None or file.rows < FEW:
        return None
    far_above = before.far_above(file.units, gates.quantities)
    return messages.quantities(file, before.middle) if far_above else None


def _one_carrier(file: Profile, nights: Sequence[Profile], gates: Gates) -> Finding | None:
    total = sum(file.carriers.values())
    if not gates.carrier or not nights or total < FEW:
        return None
    carrier, rows = max(file.carriers.items(), key=lambda pair: pair[1])
    shares = [
        night.carriers.get(carrier, 0) / (sum(night.carriers.values()) or 1) for night in nights
    ]
    ordinary = median(shares) > gates.carrier / 2 or max(shares) >= gates.carrier
    if rows < gates.carrier * total or ordinary:
        return None
    return messages.one_carrier(carrier, rows, total, median(shares))


def _shipped_before(file: Profile, nights: Sequence[Profile], gates: Gates) -> Finding | None:
    """An old file: nearly all shipped long ago; not of a source that re-sends all each night."""
    before = middle_share([night.known for night in nights], [night.parcels for night in nights])
    if not gates.shipped_before or not nights or file.parcels < FEW:
        return None
    if before > gates.shipped_before / 2:
        return None
    if file.known < gates.shipped_before * file.parcels or file.known_days < gates.old_days:
        return None
    return messages.shipped_before(file, before)


def _too_many(file: Profile, _: Sequence[Profile], gates: Gates) -> Finding | None:
    return messages.too_many(file, gates.hold_above) if 0 < gates.hold_above < file.new else None


_RULES: tuple[Rule, ...] = (
    _absent,
    _other_recipients,
    _ahead,
    _shipped_before,
    _one_number,
    _fewer,
    _quantities,
    _one_carrier,
    _wrong,
    _too_many,
)
"""The most telling first: a row shows the first one's sentence."""
