"""One stop for all who wait: set once, with its reason."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Stop:
    """Why the run is to end before its work does; false until `set`, and then for good."""

    def __init__(self) -> None:
        self.why = ""
        self.todo = ""
        self._event = asyncio.Event()

    def __bool__(self) -> bool:
        return self._event.is_set()

    def set(self, why: str, todo: str = "") -> None:
        """Wake everyone who waits; the first reason stands, with what a person does about it."""
        if not self:
            self.why, self.todo = why, todo
        self._event.set()

    async def sleep(self, seconds: float) -> bool:
        """Sleep; False where the stop came first."""
        return await self.unless(asyncio.sleep(seconds))

    async def unless(self, waiting: Coroutine[Any, Any, None]) -> bool:
        """Wait for something; False, and it is cancelled, where the stop came first."""
        waits = asyncio.create_task(waiting)
        stops = asyncio.create_task(self._event.wait())
        try:
            await asyncio.wait({waits, stops}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stops.cancel()
            if not waits.done():
                waits.cancel()
        if not waits.done():
            return False
        waits.result()
        return True
