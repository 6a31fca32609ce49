"""A file's judgement, kept on disk on its way into the ledger; and what of it is left where less is to ship."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain

from batch.model import Record, RowNote, Run, Shipment, State, Status, findings
from batch.pipeline.baselines import Baselines
from batch.pipeline.gate import GateResult
from batch.planning import Correction, Judged
from batch.planning.saved_plan import SavedPlan
from batch.primitives.spill import SpillDict


class Plan:
    """What ships, what does not, what is to be corrected; memory does not grow with it."""

    def __init__(self) -> None:
        self._shipments: SpillDict[list[Shipment]] = SpillDict()  # by first row
        self._notes: SpillDict[RowNote] = SpillDict()
        self._corrections: SpillDict[Correction] = SpillDict()
        self._size = 0
        self.ships = 0
        """How many shipments it has."""
        self.corrects = 0
        """How many corrections it has."""

    def add(self, judged: Iterable[Judged]) -> None:
        """Take over what was judged."""
        for one in judged:
            self._size += 1
            match one:
                case Shipment():
                    self.ships += 1
                    first = min(one.rows, default=0)
                    self._shipments[first] = [*self._shipments.get(first, ()), one]
                case RowNote():
                    self._notes[self._size] = one
                case Correction():
                    self.corrects += 1
                    self._corrections[self._size] = one

    def shipments(self) -> Iterator[Shipment]:
        """What is to be made, in the file's order."""
        return (shipment for several in self._shipments.values() for shipment in several)

    def notes(self) -> Iterator[RowNote]:
        """What is said of rows that make no shipment."""
        return iter(self._notes.values())

    def corrections(self) -> Iterator[Correction]:
        """What is to be set in shipments that exist."""
        return iter(self._corrections.values())

    def corrections_as_notes(self) -> Iterator[RowNote]:
        """What is said of the corrections where none is made."""
        for one in self.corrections():
            yield RowNote(one.shipment.rows, one.finding, request_key=one.shipment.request_key)

    def records(self, run: Run) -> Iterator[Record]:
        """Its shipments, as records of a run that enters none into the ledger."""
        return (Record(0, run.run_id, run.store, shipment, State.PLANNED) for shipment in self.shipments())


def promised_plan(plan: Plan, promises: SavedPlan, baselines: Baselines, is_released: Callable[[str], bool]) -> Plan:
    """Of what could ship, that which a dry run has planned, where its order is as it was; nothing is corrected."""
    kept = Plan()
    notes = chain(plan.notes(), plan.corrections_as_notes())
    kept.add(promises.still_valid(plan.shipments(), notes, baselines.snapshot, is_released))
    return kept


def held_plan(plan: Plan, gated: GateResult) -> Plan:
    """The plan of a file that is held: nothing ships, and nothing is corrected."""
    held = Plan()
    held.add(gated.notes(chain(plan.shipments(), (c.shipment for c in plan.corrections())), plan.notes()))
    return held


def expired_plan(open_notes: Iterable[RowNote], days: int) -> Plan:
    """The plan of what has waited for its order for so many days: it is given up."""
    expired = Plan()
    waiting = (note for note in open_notes if note.finding.status is Status.WAITING)
    expired.add(replace(note, finding=findings.expired(note.finding, days)) for note in waiting)
    return expired
