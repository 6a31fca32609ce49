"""When the rows of a file were shipped, as far as it says so: read with care, and left out where it
is unclear.
"""

import calendar
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

import numpy as np

from batch.loader.files.tables import Cell
from batch.loader.rows.inspection import Inspection
from batch.model import Field

READABLE = 0.9
"""Share of the filled cells that one way of writing dates must explain."""

_SHAPE = re.compile(
    r"\s*+(\d{1,4})(?:\s++[-/.年]?|[-/.年])\s*+(\d{1,2})(?:\s++[-/.月]?|[-/.月])\s*+(\d{1,4})"
    r"(?:日|[T ,].*+)?\s*+"
)
_COMPACT = re.compile(r"(20\d\d)(\d\d)(\d\d)(?:\d{4,6})?")
_WORDS = re.compile(
    r"\s*(?:(\d{1,2})[-. ]+([a-z]{3})[a-z]*|([a-z]{3})[a-z]*\.? +(\d{1,2}),?)"
    r"[-., ]+(\d{4}|\d\d)\b.*",
    re.I,
)
_MONTHS = {name.casefold(): month for month, name in enumerate(calendar.month_abbr)}
_EPOCH = date(1899, 12, 30)  # a spreadsheet's day 0


def ship_dates(seen: Inspection) -> Mapping[date, int]:
    """Date → rows. Of 3/4 the day comes first or second: as more cells can be read, else as the
    later dates.
    """
    column = seen.column(Field.SHIP_DATE)
    counts = np.bincount(np.maximum(column.codes, 0), minlength=len(column.cells))
    cells = [
        (cell, rows)
        for cell, rows in zip(column.cells, counts.tolist(), strict=True)
        if rows and cell != ""
    ]
    filled = sum(rows for _, rows in cells)
    best: Counter[date] = Counter()
    for day_first in (False, True):
        read: Counter[date] = Counter()
        for cell, rows in cells:
            if (day := _read(cell, day_first=day_first)) is not None:
                read[day] += rows
        if (read.total(), max(read, default=date.min)) > (
            best.total(),
            max(best, default=date.min),
        ):
            best = read
    return best if best.total() >= READABLE * filled else {}


def _read(cell: Cell, *, day_first: bool) -> date | None:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        # the years 2000 to 2099
        return _EPOCH + timedelta(days=int(cell)) if 36_526 <= cell < 73_051 else None
    text = str(cell)
    return next(
        (made for parts in _parts(text, day_first=day_first) if (made := _date(*parts))), None
    )


def _parts(text: str, *, day_first: bool) -> Iterator[tuple[int, int, int]]:
    """Year, month and day, as the text may mean them."""
    if found := _COMPACT.fullmatch(text.strip()):
        yield int(found[1]), int(found[2]), int(found[3])
    elif found := _SHAPE.fullmatch(text):
        first, second, third = int(found[1]), int(found[2]), int(found[3])
        if first > 31:
            yield first, second, third
        elif day_first or "." in text:
            yield third, second, first
        else:
            yield third, first, second
    elif (found := _WORDS.fullmatch(text)) and (
        month := _MONTHS.get((found[2] or found[3]).casefold())
    ):
        yield int(found[5]), month, int(found[1] or found[4])


def _date(year: int, month: int, day: int) -> date | None:
    try:
        made = date(year + 2000 if year < 100 else year, month, day)
    except ValueError:
        return None
    return made if 2000 <= made.year < 2100 else None
