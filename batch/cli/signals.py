"""What Ctrl-C, SIGTERM and SIGHUP do to a command under way."""

import asyncio
import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import NoReturn

from batch.cli.progress import BarProgress, LineProgress, LogProgress
from batch.model.exit_status import ExitStatus
from batch.primitives.stop import BY_HAND, StopEvent

PATIENCE = 5.0  # seconds that the end of a command waits for a database that is away


class Signals:
    """The first one lets the work finish what is in flight; the second ends it where it is.

    So does the first where the database does not answer: what is in flight cannot be recorded then, and the event
    loop itself may be waiting for it, which is why they are heard beside the loop, too.
    """

    def __init__(self, progress: BarProgress | LineProgress | LogProgress, database: str) -> None:
        self._progress, self._database = progress, database
        self._caught = 0

    def stop(self, stop: StopEvent) -> None:
        """Set the stop at the first of them, in this event loop."""
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if hasattr(signal, name) and sys.platform != "win32":
                number = getattr(signal, name)
                asyncio.get_running_loop().add_signal_handler(number, self._set, stop, number)  # wakes the loop
                signal.signal(number, self._hear)

    @property
    def status(self) -> ExitStatus:
        """That of the signal that has come; where none has, ALL_DONE."""
        return ExitStatus(128 + self._caught) if self._caught else ExitStatus.ALL_DONE

    def _set(self, stop: StopEvent, number: int) -> None:
        stop.set(BY_HAND if number == signal.SIGINT else "it was told to stop")
        self._progress.say("Finishing what is in flight; press Ctrl-C again to stop now.")

    def _hear(self, number: int, _: FrameType | None) -> None:
        if self._caught:
            self._end("Stopped now")
        self._caught = number
        if self._database:
            threading.Thread(target=self._end_where_it_is_away, name="end of outage", daemon=True).start()

    def _end_where_it_is_away(self) -> None:
        from batch.config import Database
        from batch.ledger.postgres.connection import answers

        heard = time.monotonic()
        while time.monotonic() < heard + PATIENCE:
            if answers(Database(self._database), within=PATIENCE - 1):
                heard = time.monotonic()
            time.sleep(1)
        self._end("The database does not answer: stopped now")

    def _end(self, why: str) -> NoReturn:
        self._progress.close()
        print(f"{why}: what was in flight is in doubt, and the next run settles it.", file=sys.stderr, flush=True)
        os._exit(self.status)
