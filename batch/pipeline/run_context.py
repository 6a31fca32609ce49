"""One run on its way: what it works on, what it has cost so far, and where its outcome is found."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from batch.bigcommerce import Client
from batch.loader.load import Load
from batch.model import Finding, Record, RowNote, Run, findings
from batch.pipeline.baselines import Baselines
from batch.pipeline.gate import GateResult
from batch.pipeline.job import Job
from batch.pipeline.plan import Plan
from batch.pipeline.session import StoreSession
from batch.planning.saved_plan import PlannedShipment, planned_shipment


class RunCost:
    """What a run takes of the store and of the clock, from the moment that this is made."""

    def __init__(self, client: Client) -> None:
        self._client, self._sent_before = client, client.requests
        self._began = asyncio.get_running_loop().time()

    @property
    def requests(self) -> int:
        """Requests sent."""
        return self._client.requests - self._sent_before

    @property
    def seconds(self) -> float:
        """Seconds passed."""
        return asyncio.get_running_loop().time() - self._began


@dataclass(frozen=True, slots=True)
class RunContext:
    """A run, the job that asked for it, and the export that it works on."""

    run: Run
    job: Job
    export: Load
    cost: RunCost
    gated: GateResult | None = None
    """What the gates say of the file; None where it went through them before."""


class RunOutcome(Protocol):
    """What a report is made of; each call reads it again."""

    def records(self) -> Iterator[Record]:
        """The run's shipments."""

    def notes(self) -> Iterator[RowNote]:
        """What is said of rows that make no shipment."""

    def not_sent(self, record: Record) -> Finding:
        """Why a record that is still planned was not sent."""

    def promises(self) -> Iterable[PlannedShipment]:
        """What a plan's workbook promises of each shipment; nothing where it was shipped."""


class LedgerOutcome:
    """A run as the ledger has it."""

    def __init__(self, session: StoreSession, run: Run, job: Job) -> None:
        self._ledger, self._run_id, self._stop, self._limit = session.ledger, run.run_id, session.stop, job.limit
        self._blocked = {r.shipment.order_id: r for r in self._ledger.unsettled_records(session.settings.store)}

    def records(self) -> Iterator[Record]:
        """See RunOutcome."""
        return self._ledger.records_of_run(self._run_id)

    def notes(self) -> Iterator[RowNote]:
        """See RunOutcome."""
        return self._ledger.notes(self._run_id)

    def not_sent(self, record: Record) -> Finding:
        """The stop, the limit, or the doubt that its order waits for."""
        return findings.not_sent(record, self._stop.reason, self._blocked.get(record.shipment.order_id), self._limit)

    def promises(self) -> Iterable[PlannedShipment]:
        """See RunOutcome."""
        return ()


class DryOutcome:
    """A dry run: its plan, which no ledger has."""

    def __init__(self, run: Run, plan: Plan, baselines: Baselines) -> None:
        self._run, self._plan, self._baselines = run, plan, baselines

    def records(self) -> Iterator[Record]:
        """See RunOutcome."""
        return self._plan.records(self._run)

    def notes(self) -> Iterator[RowNote]:
        """The plan's, and the corrections that would be made."""
        yield from self._plan.notes()
        yield from self._plan.corrections_as_notes()

    def not_sent(self, record: Record) -> Finding:
        """It is planned, for all the rest."""
        del record
        return findings.PLANNED

    def promises(self) -> Iterable[PlannedShipment]:
        """Each shipment, for its order as it looks now."""
        shipments = (record.shipment for record in self.records())
        return (planned_shipment(each, self._baselines.snapshot(each.order_id)) for each in shipments)
