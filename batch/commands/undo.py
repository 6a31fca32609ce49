"""Undo a run: delete the shipments it made that nobody has changed, put statuses back.

Mails cannot be taken back, and a status that is put back may send another: BigCommerce mails at
changes of status. Every step is recorded, so that a second call goes on where the first stopped.
"""

import asyncio
import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from batch.bigcommerce import Kind
from batch.commands.answer import CommandResult
from batch.commands.history import find_run
from batch.errors import LedgerError, NothingSent, StoreStopped, Unreadable
from batch.model import UNSETTLED, Record, Run, State, StoreShipment
from batch.model.exit_status import ExitStatus
from batch.model.matching import changes_between
from batch.pipeline.session import StoreSession
from batch.pipeline.shipping.corrections import retry_idempotent
from batch.planning.gates import SWITCHES
from batch.primitives import failpoints
from batch.primitives.atomic_file import private_folder
from batch.primitives.concurrency import gather_bounded
from batch.results.run_text import count_noun

SHIPPED_STATUSES = frozenset({2, 3})
"""Shipped, Partially Shipped: the only ones that shipping itself sets."""


class Fate(StrEnum):
    """What becomes of one shipment of the run."""

    DELETE = "to be deleted"
    DELETED = "deleted"
    GONE = "is no longer in the store"
    KEPT = "kept"
    FAILED = "could not be deleted"


@dataclass(slots=True)
class Step:
    """One shipment of the run, and its fate."""

    record: Record
    fate: Fate
    why: str = ""


@dataclass(slots=True)
class OrderUndone:
    """One order of the run: its shipments, and its status now and before the run."""

    order_id: int
    steps: list[Step]
    status_now: int
    status_before: int | None
    others: int = 0
    """Shipments it keeps."""
    keeps_status: bool = False
    """A person has said to leave its status alone."""
    status_put_back: bool = False
    said: list[str] = field(default_factory=list)

    @property
    def restores(self) -> bool:
        """Whether its status is to be put back: shipping set it, and nobody has moved it on."""
        undone = any(step.fate in (Fate.DELETE, Fate.DELETED, Fate.GONE) for step in self.steps)
        kept = any(step.fate in (Fate.KEPT, Fate.FAILED) for step in self.steps)
        return (
            undone
            and not kept
            and not self.others
            and not self.keeps_status
            and self.status_before not in (None, self.status_now)
            and self.status_now in SHIPPED_STATUSES
        )


async def undo_run(
    session: StoreSession,
    run_id: str,
    *,
    for_real: bool,
    keep_status: bool = False,
    order: int | None = None,
) -> CommandResult:
    """Show what undoing a run does; with `for_real`, do it. The orders are written to a list.

    With `keep_status` the orders keep the status that they have; with `order` only its shipments
    are taken back. NothingSent where the run has none of that order.
    """
    run = find_run(session.ledger, run_id, session.settings.store)
    undo = Undo(session, keep_status=keep_status)
    orders = await undo.plan(run, order)
    if order is not None and not orders:
        raise NothingSent(
            f"Run {run.run_id} has made no shipment of order {order} that is still in the store.",
            f"`shipbatch find {order}` shows which run has.",
        )
    if for_real:
        for line in _mails(orders, for_real=False):
            session.screen.say(line)
        await undo.carry_out(orders)
    path = session.settings.home / "undo" / f"{run.run_id}.csv"
    steps = {step.record.record_id for order in orders for step in order.steps}
    earlier = [
        r
        for r in session.ledger.records_of_run(run.run_id)
        if r.deleted and r.record_id not in steps
    ]
    try:
        await asyncio.to_thread(_write_list, orders, earlier, path)
        listed = f"The orders concerned are in {path}."
    except OSError as error:  # what was deleted is told of all the same
        why = error.strerror or error
        listed = (
            f"{path} could not be written: {why}. It lists the orders; the same call writes it."
        )
    doubts = [
        record
        for record in session.ledger.records_of_run(run.run_id)
        if record.state in UNSETTLED and order in (None, record.shipment.order_id)
    ]
    told = _result(
        run, orders, path, listed, for_real=for_real, stopped=session.stop.reason, only=order
    )
    return _with_doubts(told, run, doubts) if doubts else told


def _write_list(orders: Sequence[OrderUndone], earlier: Iterable[Record], path: Path) -> None:
    """The orders concerned, with those that earlier calls have seen to."""
    private_folder(path.parent)
    part = path.with_suffix(".part")
    with part.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(
            ("Order ID", "Shipment ID", "Rows", "What", "Why", "Status Now", "Status Before")
        )
        for order in orders:
            for step in order.steps:
                what = (*_csv_row(step.record), step.fate.value, step.why)
                table.writerow((*what, order.status_now, order.status_before))
        table.writerows(
            (*_csv_row(record), Fate.DELETED.value, "before", "", "") for record in earlier
        )
    part.chmod(0o600)
    part.replace(path)


def _csv_row(record: Record) -> tuple[object, ...]:
    """Order, shipment, rows."""
    made, rows = record.made, " ".join(map(str, record.shipment.rows))
    return record.shipment.order_id, made.shipment_id if made else "", rows


def _result(
    run: Run,
    orders: Sequence[OrderUndone],
    path: Path,
    listed: str,
    *,
    for_real: bool,
    stopped: str,
    only: int | None,
) -> CommandResult:
    steps = [step for order in orders for step in order.steps]
    counts = Counter(step.fate for step in steps)
    name = Path(run.file).name
    lines = [f"Run {run.run_id} of {name}: {len(steps)} shipments in {len(orders)} orders."]
    lines += [f"  {counts[fate]:>6} {fate.value}" for fate in Fate if counts[fate]]
    for order in orders:
        lines += [f"  Order {order.order_id}: {said}" for said in order.said]
        for step in order.steps:
            if step.why and step.record.made:
                lines.append(
                    f"  Order {order.order_id}, shipment {step.record.made.shipment_id}: {step.why}"
                )
    lines += _mails(orders, for_real=for_real)
    lines += ["The mails that were sent to the customers cannot be taken back.", listed]
    if stopped:
        lines.append(f"Stopped before the end: {stopped}. The same call goes on.")
    elif not for_real and counts[Fate.DELETE]:
        options = f" --order {only}" if only is not None else ""
        options += " --keep-status" if any(order.keeps_status for order in orders) else ""
        lines.append(f"Nothing was deleted. To do it: shipbatch undo {run.run_id} --yes{options}")
    left = counts[Fate.KEPT] or counts[Fate.FAILED] or (for_real and counts[Fate.DELETE])
    data = {fate.name.casefold(): counts[fate] for fate in Fate} | {
        "statuses_to_put_back": sum(order.restores for order in orders),
        "statuses_put_back": sum(order.status_put_back for order in orders),
        "run": run.run_id,
        "orders": str(path),
    }
    return CommandResult(
        tuple(lines), data, status=ExitStatus.NOT_ALL_SENT if left else ExitStatus.ALL_DONE
    )


def _mails(orders: Iterable[OrderUndone], *, for_real: bool) -> Iterator[str]:
    """What putting statuses back may send, or may have sent."""
    if done := sum(order.status_put_back for order in orders):
        yield f"{count_noun(done, 'status change')} made: each may have mailed its customer."
    if not for_real and (count := sum(order.restores for order in orders)):
        orders_text = count_noun(count, "order")
        yield (
            f"{orders_text} would get the earlier status back:"
            " each change may mail its customer, up to"
        )
        yield f"{count_noun(count, 'customer')}. Switch these mails off first: {SWITCHES}."
        yield "Or give --keep-status: the orders then keep the status that they have."


def _with_doubts(result: CommandResult, run: Run, doubts: Sequence[Record]) -> CommandResult:
    """What the run left in doubt may be in the store; it cannot be deleted until settled."""
    lines = [f"  {len(doubts):>6} in doubt: perhaps in the store, and not deleted:"]
    for record in doubts:
        rows = ", ".join(map(str, record.shipment.rows))
        shipment = record.shipment
        number = shipment.label or "no number"
        lines.append(f"  Order {shipment.order_id}, {number}, row {rows}: in doubt")
    lines.append(f"Settle them first, with shipbatch decide {run.run_id}, then undo the run again.")
    data = result.data | {"in_doubt": [record.shipment.order_id for record in doubts]}
    return CommandResult(
        (*result.lines, *lines), data, status=result.status or ExitStatus.WAITS_FOR_PERSON
    )


class Undo:
    """Plans, then carries out; only `carry_out` writes."""

    def __init__(self, session: StoreSession, *, keep_status: bool = False) -> None:
        self._client, self._ledger = session.client, session.ledger
        self._settings, self._stop = session.settings, session.stop
        self._keep_status = keep_status

    async def plan(self, run: Run, order: int | None = None) -> list[OrderUndone]:
        """Plan what to do with each shipment of the run, or of one order of it; reads the store,
        writes nothing.
        """
        by_order: dict[int, list[Record]] = defaultdict(list)
        for record in self._ledger.records_of_run(run.run_id):
            if order not in (None, record.shipment.order_id):
                continue
            if record.state is State.CREATED and (
                not record.deleted or self._is_unfinished(record)
            ):
                by_order[record.shipment.order_id].append(record)

        async def look(order_id: int) -> OrderUndone:
            return await self._look(order_id, by_order[order_id])

        return await gather_bounded(look, by_order, at_once=self._settings.workers)

    async def carry_out(self, orders: Iterable[OrderUndone]) -> None:
        """Delete and put statuses back as planned; afterwards the steps say how each ended."""

        async def undo(order: OrderUndone) -> None:
            try:
                if not self._stop:
                    await self._undo(order)
            except (LedgerError, StoreStopped, Unreadable) as error:
                # what was deleted is told of all the same
                self._stop.set(str(error), error.todo)

        await gather_bounded(undo, orders, at_once=self._settings.workers)

    async def _look(self, order_id: int, records: Sequence[Record]) -> OrderUndone:
        seen = {made.shipment_id: made for made in await self._client.shipments(order_id)}
        order = await self._client.order(order_id)
        steps = []
        for record in records:
            assert record.made is not None
            now = seen.pop(record.made.shipment_id, None) or await self._find_unlisted(record.made)
            if now is None:
                steps.append(Step(record, Fate.GONE))
            elif difference := changes_between(record.made, now):
                steps.append(Step(record, Fate.KEPT, f"changed since: {difference}"))
            else:
                why = record.finding.error if record.differs and record.finding else ""
                steps.append(Step(record, Fate.DELETE, why))
        before = self._status_before(records)
        status = order.status_id if order else -1
        return OrderUndone(
            order_id, steps, status, before, len(seen), keeps_status=self._keep_status
        )

    async def _find_unlisted(self, made: StoreShipment) -> StoreShipment | None:
        """A shipment that the order's list leaves out, read by its id: the list may be behind."""
        now = await self._client.shipment(made.order_id, made.shipment_id)
        return None if now is None else replace(now, order_id=made.order_id)

    def _status_before(self, records: Sequence[Record]) -> int | None:
        """The order's status before the run's first intent on it."""
        intents = (
            a for r in records for a in self._ledger.attempts(r.record_id) if a.what == "intent"
        )
        first = min(intents, key=lambda attempt: attempt.at, default=None)
        return first.evidence.get("status_id") if first else None

    def _is_unfinished(self, record: Record) -> bool:
        """Deleted by an earlier call that did not get to the order's status."""
        said = [attempt.what for attempt in self._ledger.attempts(record.record_id)]
        return "deleted" in said and "status put back" not in said and "status left" not in said

    async def _undo(self, order: OrderUndone) -> None:
        for step in order.steps:
            if step.fate is Fate.DELETE and not self._stop:
                await self._delete(order, step)
            elif step.fate is Fate.GONE and not step.record.deleted:
                await self._ledger.append(step.record.record_id, "deleted", {"by": "someone else"})
        if self._stop or any(step.fate is Fate.DELETE for step in order.steps):
            return
        await self._put_status_back(order)

    async def _delete(self, order: OrderUndone, step: Step) -> None:
        made = step.record.made
        assert made is not None
        await self._ledger.append(
            step.record.record_id, "deleting", {"status_id": order.status_now}
        )
        failpoints.failpoint("deleting")
        verdict = await retry_idempotent(
            lambda: self._client.delete_shipment(order.order_id, made.shipment_id),
            self._stop,
            expected=204,
        )
        failpoints.failpoint("deleted")
        if verdict.kind is Kind.DONE or (not self._stop and await self._is_gone(made)):
            await self._ledger.append(step.record.record_id, "deleted", {"by": "undo"})
            step.fate = Fate.DELETED
        else:
            step.fate, step.why = Fate.FAILED, " ".join(verdict.problems) or verdict.code

    async def _is_gone(self, made: StoreShipment) -> bool:
        return await self._client.shipment(made.order_id, made.shipment_id) is None

    async def _put_status_back(self, order: OrderUndone) -> None:
        touched = [
            step.record.record_id for step in order.steps if step.fate in (Fate.DELETED, Fate.GONE)
        ]
        if not touched:
            return
        if not order.restores:
            what, evidence = "status left", {"status_id": order.status_now}
        else:
            before = order.status_before
            assert before is not None
            verdict = await retry_idempotent(
                lambda: self._client.set_status(order.order_id, before), self._stop, expected=200
            )
            failpoints.failpoint("status put back")
            if verdict.kind is not Kind.DONE:
                order.said.append(
                    f"status could not be put back to {before}: {' '.join(verdict.problems)}"
                )
                return
            order.status_now, order.status_put_back = before, True
            what, evidence = "status put back", {"status_id": before}
        for record_id in touched:
            await self._ledger.append(record_id, what, evidence)
