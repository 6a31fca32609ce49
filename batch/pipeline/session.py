"""One open store, shared by its stages: client, ledger, settings, screen and stop."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from batch.bigcommerce import Client
from batch.config import Settings, default_home
from batch.ledger import Ledger, open_ledger, open_owned_ledger
from batch.pipeline.progress import Progress
from batch.primitives.stop import StopEvent


@dataclass(frozen=True, slots=True)
class StoreSession:
    """One open store, as all stages of its runs share it."""

    client: Client
    ledger: Ledger
    settings: Settings
    screen: Progress
    stop: StopEvent
    private: dict[str, str] = field(default_factory=dict)
    """What only people may see of held parcels, by request key: it is in no ledger."""


@asynccontextmanager
async def open_store(
    settings: Settings, screen: Progress, stop: StopEvent, *, lock: bool = True
) -> AsyncIterator[StoreSession]:
    """Open a store; `lock`: no other runner has it meanwhile; without, its ledger is read-only.

    Raises CannotRunNow where another runner still has it after `settings.wait` seconds, LedgerError
    where the ledger cannot be opened, and StopRequested.
    """
    async with AsyncExitStack() as stack:
        if lock:
            # A store with an address of its own is locked for every home of this user; a
            # rehearsal's is this home's.
            beyond = None if settings.identity else default_home({})
            owned = open_owned_ledger(
                settings.ledger,
                settings.store,
                settings.home,
                settings.wait,
                _report_to(screen),
                beyond,
            )
            ledger = await stop.interrupt(stack.enter_async_context(owned))
        else:
            ledger = await stack.enter_async_context(open_ledger(settings.ledger, read_only=True))
        client = await stack.enter_async_context(Client(settings, screen.say, ledger.ours))
        if ledger.advice:
            screen.say(ledger.advice)
        ledger.listen(screen.say)
        yield StoreSession(client, ledger, settings, screen, stop)


def _report_to(screen: Progress) -> Callable[[str], None]:
    return lambda who: screen.say(f"Waiting for {who} to end: one runner a store.")
