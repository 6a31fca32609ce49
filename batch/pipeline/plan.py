"""A file's judgement, kept on disk on its way into the ledger."""

from collections.abc import Iterable, Iterator

from batch.model import Record, RowNote, Run, Shipment, State
from batch.planning import Correction, Judged
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

    def records(self, run: Run) -> Iterator[Record]:
        """Its shipments, as records of a run that enters none into the ledger."""
        return (Record(0, run.run_id, run.store, shipment, State.PLANNED) for shipment in self.shipments())
