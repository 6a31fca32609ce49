"""What the stages of one store share: its client, its ledger, the settings, the screen, the stop."""

from dataclasses import dataclass
from typing import Protocol

from batch.bigcommerce import Client
from batch.config import Settings
from batch.ledger import Ledger
from batch.model import Record
from batch.primitives.stop import StopEvent


class Progress(Protocol):
    """Where a run tells how it goes."""

    def say(self, line: str) -> None:
        """Show a line to the person."""

    def begin(self, stage: str, total: int | None = None) -> None:
        """A stage begins: so many shipments, where they are known."""

    def step(self, record: Record) -> None:
        """A shipment has its outcome."""


@dataclass(frozen=True, slots=True)
class StoreSession:
    """One store, opened."""

    client: Client
    ledger: Ledger
    settings: Settings
    screen: Progress
    stop: StopEvent
