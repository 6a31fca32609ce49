"""What a store's watcher does without files: copies expire, what was left open is retried."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

from batch.commands.open_orders import open_orders_digest
from batch.config import Settings
from batch.errors import LedgerError
from batch.ledger import read_ledger
from batch.monitoring import Digest, of_report
from batch.pipeline import Pipeline
from batch.pipeline.carry_over import carry_over_leftovers
from batch.pipeline.progress import Progress
from batch.pipeline.retention import expire_copies
from batch.pipeline.session import StoreSession
from batch.primitives.stop import StopEvent
from batch.results import run_text
from batch.watcher.folder import DropFolder
from batch.watcher.timer import Timer

CARRY_EVERY = 900.0  # seconds between two tries of what waits for its order
DAY = 86_400.0  # seconds


class Upkeep:
    """One store's; `look` finds what is due, `carry_over` needs the store's session."""

    def __init__(self, settings: Settings) -> None:
        self.has_leftovers = False
        """Whether earlier files left rows that may ship now."""
        self._settings = settings
        self._asked_on: date | None = None
        self._expiry, self._leftovers = Timer(DAY), Timer(CARRY_EVERY)

    async def look(self, now: float) -> None:
        """Remove copies that have expired, and see whether earlier files left anything open."""
        if self._expiry.is_due(now):
            self._expiry.restart(now)
            await self._expire()
        if self._leftovers.is_due(now):
            self._leftovers.restart(now)
            self._find_leftovers()

    async def open_orders(self, screen: Progress, stop: StopEvent) -> list[Digest]:
        """Once a day, from the time in `open_orders.at` on: the orders that should have shipped."""
        now, at = datetime.now().astimezone(), self._settings.open_orders.at
        if not at or f"{now:%H:%M}" < at or self._asked_on == now.date():
            return []
        self._asked_on = now.date()
        return [await open_orders_digest(self._settings, screen, stop)]

    async def _expire(self) -> None:
        with suppress(LedgerError):
            await asyncio.to_thread(expire_copies, self._settings)

    def _find_leftovers(self) -> None:
        settings = self._settings
        since = datetime.now(UTC) - timedelta(days=2 * settings.carry_over)
        with suppress(LedgerError), read_ledger(settings.ledger) as ledger:
            self.has_leftovers = bool(
                settings.carry_over and ledger.open_requests(settings.store, since)
            )

    async def carry_over(
        self, session: StoreSession, folders: Sequence[DropFolder], say: Callable[[str], None]
    ) -> list[Digest]:
        """Retry what earlier files left for a passing reason; their sheets are updated.

        Returns what needs somebody now; the file of each comes back into `held` or `failed`.
        """
        if not self.has_leftovers:
            return []
        self.has_leftovers = False
        carried = [one async for one in carry_over_leftovers(Pipeline(session), session)]
        for one in carried:
            for line in run_text.carried_over_text(one):
                say(line)
        bad = [one for one in carried if one.exit_status]
        for one in bad:
            for folder in folders:
                await folder.bring_back(one, session.ledger)
        return [of_report(one.trouble, one.exit_status) for one in bad]
