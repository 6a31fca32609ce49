"""A warehouse's nightly exports, decided by a seed: ordinary ones with their noise, and files that
went wrong.
"""

import csv
import io
import random
from datetime import date, timedelta
from typing import Any

HEADER = ("Order ID", "SKU", "Quantity", "Tracking Number", "Carrier", "Ship Date")
WEEK = (1.15, 1.0, 0.95, 1.0, 1.1, 0.55, 0.45)
CARRIERS = (("USPS", 0.5), ("UPS", 0.3), ("FedEx", 0.2))
SLOW = {11: 0.7, 26: 0.65, 47: 0.68, 70: 0.7}
"""Nights with fewer orders: a strike, a holiday, an inventory."""
PEAK = {
    74: 1.2,
    75: 1.3,
    76: 1.4,
    77: 1.6,
    78: 1.8,
    79: 2.0,
    80: 2.6,
    81: 3.4,
    82: 3.2,
    83: 2.6,
    84: 2.0,
    85: 1.5,
}
"""The week of Black Friday, which is night 81, in times of the weekday's usual."""
DISASTERS = (
    "another store's file",
    "last month's file",
    "quantities times ten",
    "one number on all rows",
    "half a file",
    "a shifted column",
    "one carrier for all",
    "last month's file, exported anew",
    "a year's backlog",
    "order numbers cut short",
)
CANCELLED = 2_999
"""Every so many order numbers, one was cancelled when its parcel had left."""
START = date(2026, 9, 7)
Row = tuple[str, str, str, str, str, str]


class Warehouse:
    """Ships what the store's customers have ordered, and exports it every night."""

    def __init__(self, seed: int, rows: int) -> None:
        self.seed, self.rows = seed, rows
        self.next_order = 100_001
        self.sound: set[str] = set()
        """Tracking numbers of sound rows: each must be in the store once, at the end."""
        self._files: dict[int, list[Row]] = {}
        self._ahead: list[dict[str, Any]] = []
        """Orders that are shipped before the store has them."""

    def orders_of(self, night: int) -> list[dict[str, Any]]:
        """What comes into the store before a night: its orders, and those that were late."""
        dice = random.Random(f"{self.seed} {night}")
        arrived, self._ahead = self._ahead, []
        orders, rows = [], []
        share = (
            WEEK[night % 7] * SLOW.get(night, 1.0) * PEAK.get(night, 1.0) * dice.uniform(0.88, 1.12)
        )
        while len(rows) < self.rows * share:
            order = self._order(dice)
            orders.append(order)
            rows += self._rows(order, night, dice)
        # the newest ones come a night late
        for order in orders[-dice.choice((0, 0, 0, 1, 2)) or len(orders) :]:
            self._ahead.append(order)
            orders.remove(order)
        self._files[night] = self._noise(rows, night, dice)
        return [*arrived, *orders]

    def late(self) -> list[dict[str, Any]]:
        """What is still to come."""
        return self._ahead

    def file_of(self, night: int) -> list[Row]:
        """A night's rows; after the last night the one before it again."""
        return self._files.get(night) or self._files[max(self._files)]

    def written(self, rows: list[Row]) -> str:
        """Rows as an export."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([HEADER, *rows])
        return text.getvalue()

    def _order(self, dice: random.Random) -> dict[str, Any]:
        order_id, self.next_order = self.next_order, self.next_order + dice.randint(1, 3)
        lines = [
            {
                "id": order_id * 10 + place,
                "sku": f"SKU-{order_id % 7}{place}",
                "quantity": dice.choice((1, 1, 1, 1, 2, 3)),
            }
            for place in range(dice.choice((1, 1, 1, 2, 3)))
        ]
        cancelled = order_id % CANCELLED == 0
        return {"id": order_id, "lines": lines, "status_id": 5 if cancelled else 11}

    def _rows(self, order: dict[str, Any], night: int, dice: random.Random) -> list[Row]:
        carrier = dice.choices([name for name, _ in CARRIERS], [share for _, share in CARRIERS])[0]
        number = f"TN{night:03}{order['id']:08}X"
        shipped = f"{START + timedelta(days=night):%Y-%m-%d}"
        if order["status_id"] == 11:
            self.sound.add(number)
        return [
            (str(order["id"]), x["sku"], str(x["quantity"]), number, carrier, shipped)
            for x in order["lines"]
        ]

    def _noise(self, rows: list[Row], night: int, dice: random.Random) -> list[Row]:
        """A few rows go wrong, and now and then the end of the last file comes again."""
        rows = list(rows)
        for _ in range(
            dice.choice((0, 0, 0, 0, 1, 1, 2)) if self.rows >= 100 else dice.random() < 0.2
        ):
            place = dice.randrange(len(rows))
            order, sku, units, number, carrier, shipped = rows[place]
            self.sound.discard(number)
            rows[place] = dice.choice(
                (
                    (order, "SKU-TYPO", units, number, carrier, shipped),
                    (order, sku, "one", number, carrier, shipped),
                    (order, sku, units, "9.40011E+21", carrier, shipped),
                    (f"9{order[1:]}"[:5], sku, units, number, carrier, shipped),
                )
            )
        if night and dice.random() < 0.1:
            last = self._files[night - 1]
            orders = {row[0] for row in last[-len(last) // 20 :]}
            rows += [row for row in last if row[0] in orders]
        return rows

    def disaster(self, kind: str, night: int) -> str:
        """A file that must not ship, in a night's place."""
        rows, before = self._files[night], self._files[night - 30]
        match kind:
            case "another store's file":
                made = [(str(int(row[0]) + 700_000), *row[1:]) for row in rows]
            case "last month's file":
                made = before
            case "quantities times ten":
                made = [
                    (*row[:2], row[2] + "0" if row[2].isdigit() else row[2], *row[3:])
                    for row in rows
                ]
            case "one number on all rows":
                made = [(*row[:3], rows[0][3], *row[4:]) for row in rows]
            case "half a file":
                made = rows[: len(rows) // 2]
            case "a shifted column":
                made = [(row[0], row[1], *row[3:], "") for row in rows]
            case "one carrier for all":
                made = [(*row[:4], "UPS", row[5]) for row in rows]
            case "last month's file, exported anew":
                made = sorted(before, reverse=True)
            case "a year's backlog":
                made = [row for each in range(night - 12, night + 1) for row in self._files[each]]
            case _:
                made = [(row[0][:-1], *row[1:]) for row in rows]
        return self.written(made)
