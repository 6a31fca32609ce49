"""What a person asked for."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from batch.config import Source
from batch.pipeline.input_copies import Input
from batch.planning.saved_plan import SavedPlan
from batch.results.accounting import Report

Reading = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Job:
    """One file to run, and how."""

    export: Path
    source: Source = field(default_factory=Source)
    answers: Mapping[str, str] = field(default_factory=dict)
    """Question → answer, as they were given with it; before those of its source."""
    dry: bool = False
    limit: int | None = None
    """Stop after so many shipments; the rest stays planned."""
    results: Path | None = None
    plan: SavedPlan | None = None
    """Ship what a dry run has planned, and nothing else."""
    copy: Path | None = None
    """Work on this copy of the export, not on the export as it is now."""
    taken: Input | None = None
    """The copy that was taken of the export already, from the file as it was opened then."""
    name: Path | None = None
    """What the person calls the export, where it lies elsewhere for us."""
    goes_on: bool = False
    """Its caller continues it after a stop: later runs of the store leave that to the caller."""
    reading: Reading | None = None
    """Wraps and counts each try to read it; without one, a reader that died is retried once."""
    number: int | None = None
    """Its number in the queue of many machines."""
    place: Callable[[Report], Path | None] | None = None
    """Where the export will lie, by the run's report: the sheet goes beside it; None: no sheet."""

    @property
    def answered_source(self) -> Source:
        """The source, with the answers that were given with the file before its own."""
        return self.source.model_copy(update={"answers": {**self.source.answers, **self.answers}})

    @property
    def title(self) -> Path:
        """The export as the person knows it."""
        return self.name or self.export
