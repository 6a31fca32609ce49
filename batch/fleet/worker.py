"""A worker: stores side by side, a file's turn at a time in each, for as long as it lives."""

import asyncio
import math
import os
import platform
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from batch import inputs, telling
from batch.config import Database, Settings
from batch.deciding import still_waits, was_answered_elsewhere
from batch.desk import Desk, Screen
from batch.errors import CannotRunNow, LedgerError, ShipbatchError, Stopped
from batch.fleet import sweeping
from batch.fleet.asking import settings_for
from batch.fleet.engine import HOUSEKEEPING, LOOK_AFTER, TURN, call, queue_of
from batch.fleet.queue import AWAY, Next, Queue
from batch.fleet.turn import BUG, Turn, TurnScreen
from batch.ledger import exports, read_ledger
from batch.ledger.postgres import connected
from batch.ledger.runners import bury
from batch.metrics import measure
from batch.notify import Digest, after, of_error
from batch.pipeline import Pipeline
from batch.runner import CANNOT_RUN_NOW, carried_over, opened
from batch.stopping import Stop
from batch.watcher.screens import Door
from batch.watcher.systemd import Systemd
from batch.watcher.troubles import pause_after

POLL = 0.4  # seconds between two looks for a turn, where a slot is free
BEAT = 5.0  # seconds between two signs of life, and two sweeps
LEASE_WAIT = 20.0  # seconds that a turn waits for a store whose last owner's lease has not run out
LATER = 5.0  # seconds until a store is tried again that somebody else is at
TRIES = 3  # turns in a row that the program may fail on a file
DEATHS = 10  # workers in a row that may die on a file
HELD_EVERY = 15.0  # seconds between two looks at what people have decided
DOUBTS_EVERY = 60.0  # seconds between two looks at what is in doubt, and may be settled by now
DAY = 86_400.0
LOOK_AROUND = "*/15 * * * *"  # when stores without a file are looked at: orders may have come that a file waited for

Tell = Callable[[Settings, Sequence[Digest], int], list[str]]
"""Tells the log, and people; returns what could not be told."""


class Worker:
    """Takes files out of the queue, for the stores that it has the tokens of."""

    def __init__(
        self,
        queue: Queue,
        stores: Sequence[Settings],
        screen: Screen,
        stop: Stop,
        *,
        side_by_side: int,
        tell: Tell = after,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.name = f"{platform.node()}:{os.getpid()}:{secrets.token_hex(3)}"
        self._queue, self._screen, self._stop, self._tell = queue, screen, stop, tell
        self._stores = {each.store: each.model_copy(update={"wait": LEASE_WAIT}) for each in stores}
        self._side_by_side = side_by_side
        self._systemd = Systemd(environ)
        self._turns: dict[str, Turn] = {}
        self._is_away = False
        self._register()

    async def work(self, ready: Callable[[], None] = lambda: None) -> None:
        """Take turns until told to stop; then what is in flight is finished, and the files go on elsewhere."""
        asyncio.get_running_loop().set_exception_handler(_passed_over)
        await self._enter()
        keeping = [asyncio.create_task(each) for each in (self._keep_alive(), self._keep_turns(), self._watchdog())]
        for each in keeping:
            each.add_done_callback(self._end_with)
        try:
            async with asyncio.TaskGroup() as slots:
                for _ in range(self._side_by_side):
                    slots.create_task(self._slot())
                ready()
                self._systemd.tell(READY="1", STATUS=f"{len(self._stores)} stores, {self._side_by_side} side by side")
                await self._stop.wait()
                self._systemd.tell(STOPPING="1", STATUS="Finishing what is in flight")
                for turn in self._turns.values():
                    turn.end()
        finally:
            for each in keeping:
                each.cancel()
            await asyncio.gather(*keeping, return_exceptions=True)
            with suppress(*AWAY):
                await self._queue.do("DELETE FROM shipbatch.workers WHERE worker = %s", self.name)

    def _end_with(self, task: asyncio.Task[None]) -> None:
        """A worker that cannot show that it lives, or take over from the dead, is better started anew."""
        if not task.cancelled() and (error := task.exception()):
            self._stop.set(f"{type(error).__name__}: {error}", "This is a bug in shipbatch: please report it.")

    # ── slots ───────────────────────────────────────────────────────────────────────────────

    def _register(self) -> None:
        app = self._queue.app
        app.task(name=TURN)(self._serve)
        around = app.task(name=LOOK_AFTER, queue=HOUSEKEEPING, queueing_lock=LOOK_AFTER)(self._look_around)
        app.periodic(cron=LOOK_AROUND)(around)

    async def _slot(self) -> None:
        """One turn at a time. Where the database goes away, procrastinate's worker ends; then there is a new one."""
        queues = [HOUSEKEEPING, *map(queue_of, self._stores)]
        tries = 0
        while not self._stop:
            working = self._queue.app.run_worker_async(
                queues=queues,
                name=self.name,
                concurrency=1,
                fetch_job_polling_interval=POLL,
                listen_notify=False,  # a connection for each slot, to save a third of a second
                install_signal_handlers=False,
                delete_jobs="always",
                update_heartbeat_interval=BEAT,
                stalled_worker_timeout=sweeping.SILENT,
            )
            try:
                await self._stop.unless(working)
                tries = 0
            except AWAY as error:
                tries += 1
                self._say_away(error)
            await self._stop.sleep(min(LATER, 0.25 * 2**tries))

    async def _serve(self, store: str) -> None:
        """A store's turn: what procrastinate calls."""
        settings = self._stores[store]
        try:
            following = await self._queue.next(store)
            if following and following.wait:
                await call(self._queue.app, store, after=following.wait)
            elif following:
                await self._open(settings, following)
            else:
                await self._look_after(settings)
        except Stopped:
            await call(self._queue.app, store)
        except CannotRunNow:
            await call(self._queue.app, store, after=LATER)
        except AWAY as error:
            self._say_away(error)
        except (ShipbatchError, OSError) as error:
            self._screen.say(f"{store}: {error} {getattr(error, 'todo', '')}".rstrip())
            if await self._queue.next(store):
                await call(self._queue.app, store, after=pause_after(1))

    async def _open(self, settings: Settings, following: Next) -> None:
        """The file's turn under the store's lease; then the store's next turn is asked for."""
        store, digests = settings.store, list[Digest]()
        pause = 0.0
        with self._stop.part() as part:
            asked = settings_for(settings, following.ask)
            async with opened(asked, Door(lambda line: self._screen.say(f"{store}: {line}")), part) as desk:
                current = await self._queue.next(store)
                if current and current.file_id == following.file_id:
                    digests, pause = await self._take(desk)
        if await self._queue.next(store):
            await call(self._queue.app, store, after=pause)
        status = max((digest.status for digest in digests), default=0)
        for problem in await asyncio.to_thread(self._tell, settings, digests, status) if digests else ():
            self._screen.say(problem)

    async def _take(self, desk: Desk) -> tuple[list[Digest], float]:
        """Ship the store's oldest file; what it came to, and seconds until the store's next turn."""
        store = desk.settings.store
        file = await self._queue.take(store, self.name)
        if file is None:
            return [], 0.0
        screen = TurnScreen(lambda line: self._screen.say(f"{store}: {Path(file.name).name}: {line}"))
        turn = Turn(self._queue, file, Desk(desk.client, desk.ledger, desk.settings, screen, desk.stop), screen)
        self._turns[store] = turn
        try:
            if file.deaths >= DEATHS:
                await turn.send_back(_deadly(file.deaths), BUG)
            else:
                await turn.take()
        except AWAY:
            raise
        except Exception as error:  # noqa: BLE001  a bug that one file meets must not keep the others waiting
            return await self._hindered(turn, error)
        finally:
            del self._turns[store]
        for problem in filter(None, [await asyncio.to_thread(measure, desk.settings, turn.reports)]):
            self._screen.say(problem)
        return turn.digests, 0.0

    async def _hindered(self, turn: Turn, error: Exception) -> tuple[list[Digest], float]:
        """What is in the way is waited out; a bug that stays one ends the file."""
        if turn.is_over or self._stop:
            await self._queue.leave(turn.file)
            return [], 0.0
        tries = turn.file.tries + 1
        if not isinstance(error, ShipbatchError | OSError) and tries >= TRIES:
            await turn.send_back(_bug(error, tries), BUG)
            return turn.digests, 0.0
        pause = pause_after(tries)
        said = error if isinstance(error, ShipbatchError) else ShipbatchError(f"{type(error).__name__}: {error}")
        trouble = f"{said} {said.todo}".strip()
        await self._queue.put_off(turn.file, trouble, pause)
        turn.screen.say(f"{trouble} Nothing is lost: it is tried again in {pause:.0f} s.")
        return [of_error(said, turn.file.name, CANNOT_RUN_NOW)] if tries == TRIES else [], pause

    async def _look_after(self, settings: Settings) -> None:
        """A store without a file: what earlier files left for a passing reason, where they did."""
        with read_ledger(settings.ledger) as ledger:
            since = datetime.now(UTC) - timedelta(days=2 * settings.carry_over)
            if not (ledger.left_open(settings.store, since) or ledger.unsettled(settings.store)):
                return
        with self._stop.part() as part:
            async with opened(settings, Door(lambda line: self._screen.say(f"{settings.store}: {line}")), part) as desk:
                for one in await carried_over(Pipeline(desk), desk):
                    for line in telling.carried(one):
                        self._screen.say(f"{settings.store}: {line}")

    # ── beside the turns ────────────────────────────────────────────────────────────────────

    async def _enter(self) -> None:
        await self._queue.do(
            "INSERT INTO shipbatch.workers (worker, host, pid, version, stores, slots) VALUES (%s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (worker) DO UPDATE SET seen = clock_timestamp(), ending = %s",
            self.name,
            platform.node(),
            os.getpid(),
            version("shipbatch"),
            list(self._stores),
            self._side_by_side,
            bool(self._stop),
        )

    async def _keep_alive(self) -> None:
        """Signs of life, and the dead ones' stores; after the database was away, others have time for theirs first."""
        clock = asyncio.get_running_loop().time
        look_at_held = look_at_doubts = expire = -math.inf
        while True:
            await asyncio.sleep(BEAT)
            try:
                await self._enter()
                if self._is_away:
                    self._is_away = False
                    self._screen.say("The database is there again.")
                    await asyncio.sleep(sweeping.SILENT)
                await sweeping.sweep(self._queue)
                if clock() >= look_at_held:
                    look_at_held = clock() + HELD_EVERY
                    await self._release_decided()
                if clock() >= look_at_doubts:
                    look_at_doubts = clock() + DOUBTS_EVERY
                    await asyncio.to_thread(self._bury)
                    for store in await sweeping.in_doubt(self._queue, list(self._stores)):
                        await call(self._queue.app, store)
                if clock() >= expire:
                    expire = clock() + DAY
                    await self._expire()
            except AWAY as error:
                self._say_away(error)
            except LedgerError as error:
                self._screen.say(f"{error} {error.todo}")

    async def _keep_turns(self) -> None:
        """A turn that has shipped for long ends where another store waits for a free slot."""
        waited = 0
        while True:
            await asyncio.sleep(sweeping.LOOK)
            busy = len(self._turns) >= self._side_by_side
            try:
                waited = waited + 1 if busy and await sweeping.somebody_waits(self._queue, list(self._stores)) else 0
            except AWAY:
                waited = 0
            if waited >= sweeping.LOOKS and (turn := self._longest()):
                turn.end()
                waited = 0

    def _longest(self) -> Turn | None:
        """The turn that has shipped for longest, where that is long enough."""
        now = asyncio.get_running_loop().time()
        shipping = [turn for turn in self._turns.values() if turn.screen.shipping_since and not turn.is_over]
        longest = min(shipping, key=lambda turn: turn.screen.shipping_since or now, default=None)
        if longest is None or now - (longest.screen.shipping_since or now) < longest.desk.settings.turn:
            return None
        return longest

    def _bury(self) -> None:
        """Tell of the runners of this machine that were killed: what is in doubt for them elsewhere can be settled."""
        place = next(iter(self._stores.values())).ledger
        if isinstance(place, Database):
            with connected(place) as connection:
                bury(connection)

    async def _release_decided(self) -> None:
        """Held files on which every word has been said are in line again."""
        for number, store, run_id in await sweeping.held(self._queue, list(self._stores)):
            if state := await asyncio.to_thread(self._after_held, store, run_id):
                await sweeping.release(self._queue, number, state)

    def _after_held(self, store: str, run_id: str) -> str:
        """Where a held file goes on: in line, or nowhere, for what it held another run has shipped; empty: it waits."""
        with read_ledger(self._stores[store].ledger) as ledger:
            if still_waits(ledger, store, run_id):
                return ""
            return "done" if was_answered_elsewhere(ledger, store, run_id) else "waiting"

    async def _look_around(self, timestamp: int) -> None:
        """Every store that ever had a file has a turn now and then."""
        for (store,) in await self._queue.all("SELECT DISTINCT store FROM shipbatch.files"):
            await call(self._queue.app, store)

    async def _expire(self) -> None:
        for settings in list(self._stores.values())[:1]:
            await sweeping.expire(self._queue, settings.keep_copies)
            await asyncio.to_thread(inputs.expire, settings.home, settings.keep_copies)
            await asyncio.to_thread(exports.expire, settings.ledger, settings.keep_copies)

    async def _watchdog(self) -> None:
        while self._systemd.alive_every:
            self._systemd.tell(WATCHDOG="1")
            await asyncio.sleep(self._systemd.alive_every)

    def _say_away(self, error: BaseException) -> None:
        if not self._is_away:
            said = str(error.__cause__ or error).strip().splitlines()
            self._screen.say(
                f"The database does not answer ({said[0] if said else type(error).__name__}): waiting for it."
            )
        self._is_away = True


def _passed_over(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A job that could not be acknowledged, for its database was away or its store had been given to another."""
    if not isinstance(context.get("exception"), AWAY):
        loop.default_exception_handler(context)


def _bug(error: Exception, tries: int) -> ShipbatchError:
    return ShipbatchError(
        f"shipbatch failed on it {tries} times: {type(error).__name__}: {error}.",
        "This is a bug in shipbatch: please report it. What was sent is recorded; queued again, only the rest is sent.",
    )


def _deadly(deaths: int) -> ShipbatchError:
    return ShipbatchError(
        f"{deaths} workers in a row have died on it.",
        "Look why (memory?), then queue it again: what was sent is recorded, only the rest is sent.",
    )
