"""What a dry run's workbook promised of each shipment, and whether it still holds. Pure."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from batch.model import RowNote, Shipment, Status, findings

SILENT = ("skus", "row_lines", "warnings")
"""Fields of a shipment that are not sent."""
COLUMNS = (
    "Order ID",
    "Order Address ID",
    "Tracking Number",
    "Carrier",
    "Items",
    "Rows",
    "Order Status",
    "Units Left",
    "Planned",
    "Seal",
)
"""Of the sheet `Plan`: the first are for readers, the last two are what counts."""


@dataclass(frozen=True, slots=True)
class OrderSnapshot:
    """An order, as far as a shipment of it depends on it."""

    status_id: int | None = None
    left: Mapping[int, int] = field(default_factory=dict)
    """Line id → units that can be shipped."""

    def __str__(self) -> str:
        lines = sorted(self.left.items())
        left = ", ".join(f"{units} of line {line}" for line, units in lines) or "nothing"
        return f"status {self.status_id}, left {left}"


@dataclass(frozen=True, slots=True)
class PlannedShipment:
    """A shipment, and the order it was promised for."""

    shipment: Mapping[str, Any]
    look: OrderSnapshot

    @property
    def key(self) -> tuple[str, int, str]:
        """Tells it from the other parcels of its file."""
        label = self.shipment["tracking_number"] or self.shipment["tracking_link"]
        return self.shipment["ask"], self.shipment["order_address_id"], label

    @property
    def text(self) -> str:
        """As JSON with a fixed order of keys."""
        order = {"status_id": self.look.status_id, "left": sorted(self.look.left.items())}
        return json.dumps(
            {"shipment": self.shipment, "order": order}, sort_keys=True, separators=(",", ":")
        )

    @property
    def cells(self) -> tuple[str, ...]:
        """As a row of the sheet `Plan`."""
        made = self.shipment
        shown = (
            str(made["order_id"]),
            str(made["order_address_id"]),
            made["tracking_number"] or made["tracking_link"],
            made["shipping_provider"] or made["tracking_carrier"],
            ", ".join(f"{item['quantity']} × {item['order_product_id']}" for item in made["items"]),
            ", ".join(map(str, made["rows"])),
            "" if self.look.status_id is None else str(self.look.status_id),
            ", ".join(f"{units} × {line}" for line, units in sorted(self.look.left.items())),
            self.text,
        )
        return (*shown, checksum(shown))


def planned_shipment(shipment: Shipment, look: OrderSnapshot) -> PlannedShipment:
    """The promise of a shipment, for an order in this state."""
    plain = {name: value for name, value in asdict(shipment).items() if name not in SILENT}
    plain["ask"] = plain.pop("request_key")  # as plans have always spelled it
    return PlannedShipment(json.loads(json.dumps(plain)), look)


def promise_from(text: str) -> PlannedShipment:
    """The promise from its `text`. Raises ValueError or KeyError where it is none."""
    body = json.loads(text)
    return PlannedShipment(
        body["shipment"],
        OrderSnapshot(body["order"]["status_id"], dict(map(tuple, body["order"]["left"]))),
    )


def checksum(cells: Sequence[str]) -> str:
    """A digest of cells, to notice a change in the sheet."""
    return hashlib.sha256("\x1f".join(cells).encode("utf-8", "surrogatepass")).hexdigest()[:16]


class SavedPlan:
    """A whole plan, compared with what the file gives now."""

    def __init__(self, promises: Iterable[PlannedShipment]) -> None:
        self._by_key = {one.key: one for one in promises}

    def __len__(self) -> int:
        return len(self._by_key)

    def still_valid(
        self,
        shipments: Iterable[Shipment],
        notes: Iterable[RowNote],
        look: Callable[[int], OrderSnapshot],
        released: Callable[[str], bool],
    ) -> Iterator[Shipment | RowNote]:
        """What ships of a judgement: exactly what was promised, of unchanged orders.

        `look` is how an order looks now; `released`: whether a person said to ship a parcel anyway.
        """
        others = list(notes)
        made = {
            note.request_key for note in others if note.finding.status is Status.ALREADY_CREATED
        }
        asked = {ask for ask, _, _ in self._by_key}
        ours = self._units_shipped_since(made)
        for shipment in shipments:
            now = planned_shipment(shipment, look(shipment.order_id))
            then = self._by_key.get(now.key)
            if then is None:
                yield RowNote(
                    shipment.rows,
                    findings.not_in_plan(shipment.order_id),
                    request_key=shipment.request_key,
                )
            elif released(shipment.request_key) or (
                then.shipment == now.shipment
                and now.look == _expected_snapshot(then.look, now.look, ours.get(shipment.order_id))
            ):
                yield shipment
            else:
                changed = findings.changed_since_plan(shipment.order_id, _differences(then, now))
                yield RowNote(
                    shipment.rows,
                    changed,
                    request_key=shipment.request_key,
                    facts={"order_id": shipment.order_id},
                )
        for note in others:
            gone = (
                note.request_key in asked
                and note.request_key not in made
                and note.finding.status is not Status.SKIPPED
            )
            order_id = (note.facts or {}).get("order_id")
            changed = (
                findings.changed_since_plan(order_id, note.finding.error) if gone else note.finding
            )
            yield RowNote(note.rows, changed, note.record_id, note.request_key, note.facts)

    def _units_shipped_since(self, made: set[str]) -> dict[int, dict[int, int]]:
        """Units of the plan itself that shipped since, by order and line: they are no change."""
        shipped: dict[int, dict[int, int]] = {}
        for one in self._by_key.values():
            if one.key[0] in made:
                lines = shipped.setdefault(one.shipment["order_id"], {})
                for item in one.shipment["items"]:
                    lines[item["order_product_id"]] = (
                        lines.get(item["order_product_id"], 0) + item["quantity"]
                    )
        return shipped


def _expected_snapshot(
    then: OrderSnapshot, now: OrderSnapshot, shipped: Mapping[int, int] | None
) -> OrderSnapshot:
    """The order as it would be if only the plan's own shipments had changed it."""
    if not shipped:
        return then
    return OrderSnapshot(
        now.status_id, {line: units - shipped.get(line, 0) for line, units in then.left.items()}
    )


def _differences(then: PlannedShipment, now: PlannedShipment) -> str:
    if then.shipment != now.shipment:
        names = [
            name.replace("_", " ")
            for name, value in now.shipment.items()
            if then.shipment.get(name) != value
        ]
        return f"another shipment would be made ({', '.join(names)})."
    return f"it had {then.look}; it has {now.look}."
