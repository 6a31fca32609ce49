"""The ledger on a database: one writer thread, and readers that never wait for it."""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar

from batch.config import Place
from batch.errors import LedgerError
from batch.ledger import moves, plans
from batch.ledger.bulk_moves import Intend, Move
from batch.ledger.connection import Connection
from batch.ledger.contract import Decision, IllegalMove, RowNote
from batch.ledger.queries import LedgerReader
from batch.ledger.rows import json_text, run_row, time_text
from batch.ledger.writer import Work, Writer
from batch.model import Outcome, Record, Run, Shipment, StoreShipment

if TYPE_CHECKING:
    from batch.ledger.postgres.lease import Lease

T = TypeVar("T")
Now = Callable[[], datetime]


def utc_now() -> datetime:
    """The time by this machine's clock, in UTC."""
    return datetime.now(UTC)


class _PlanInput(Iterable[T]):
    """What a plan is made of; iterable again where it is Reiterable, else LedgerError."""

    def __init__(self, things: Iterable[T]) -> None:
        self._things, self._is_begun = things, False

    def __iter__(self) -> Iterator[T]:
        if self._is_begun and iter(self._things) is self._things:
            raise LedgerError(
                "The database was lost while a plan was entered.", "Run the same call again."
            )
        self._is_begun = True
        return iter(self._things)


class Ledger(LedgerReader):
    """The records of all stores of a place, in either database; made by `open_ledger`.

    A write is synced to disk before its method returns. Every write raises LedgerError where it
    cannot be made or is not known to be (then nothing more may be sent), and where it was opened
    read-only; times are UTC.
    """

    def __init__(
        self,
        reader: Connection,
        place: Place,
        writer: Writer | None,
        advice: str,
        now: Now,
        lease: "Lease | None" = None,
    ) -> None:
        super().__init__(reader, place)
        self._writer = writer
        self._now = now
        self._lease = lease
        self.advice = advice
        """What is unsafe about the place, in words; empty where nothing is."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def runner(self) -> str:
        """Who has the lease; empty with a system lock, which proves that its holder ended."""
        return self._lease.runner if self._lease else ""

    def ours(self) -> bool:
        """Whether no other runner can have the store; asked right before a write's first byte."""
        return self._lease is None or self._lease.sure()

    def may_still_send(self, runner: str) -> str:
        """An earlier runner that may still be running, in words; empty where it provably ended."""
        if not runner:
            return ""
        from batch.ledger.postgres.runners import ACTIVE, Runner

        return "".join(str(Runner(*row)) for row in self._rows(ACTIVE, runner))

    def listen(self, say: Callable[[str], None]) -> None:
        """Report to `say`, in this event loop, that the database is lost and that it is back."""
        loop, here = asyncio.get_running_loop(), threading.get_ident()

        def say_here(line: str) -> None:
            if threading.get_ident() == here:  # the loop itself waits
                say(line)
            else:
                loop.call_soon_threadsafe(say, line)

        self._reader.listen(say_here)
        if self._writer:
            self._writer.connection.listen(say_here)

    @property
    def pending_writes(self) -> int:
        """Writes not yet answered."""
        return self._writer.pending if self._writer else 0

    def is_writing(self) -> bool:
        """Whether a write is not yet answered: a simulated clock must not jump then."""
        return self.pending_writes > 0

    async def begin(self, run: Run) -> None:
        """Write a run before anything of it is planned. Raises IllegalMove if its id is taken."""
        sql = "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        await self._write("begin", lambda ledger: ledger.execute(sql, run_row(run)))

    async def finish(self, run_id: str, exit_status: int, summary: Mapping[str, Any]) -> None:
        """Write a run's end and summary; may be repeated after a resume. Raises IllegalMove."""
        values = (self._at(), exit_status, json_text(summary), run_id)
        sql = "UPDATE runs SET finished = ?, exit_status = ?, summary = ? WHERE run_id = ?"

        def close_run(ledger: Connection) -> None:
            if not ledger.execute(sql, values).rowcount:
                raise IllegalMove(f"Run {run_id} was not begun.")

        await self._write("finish", close_run)

    async def plan(
        self, run_id: str, shipments: Iterable[Shipment], notes: Iterable[RowNote]
    ) -> range:
        """Write a file's whole plan in one transaction; returns the shipments' positions in it.

        They are read in small batches, so memory stays constant. A planned record of an earlier run
        with the same order, address and ask, or the same number, is taken over (it was never made),
        so that nothing is planned twice.
        """
        at, shipments, notes = self._at(), _PlanInput(shipments), _PlanInput(notes)
        return await self._write(
            "plan", lambda ledger: plans.enter(ledger, run_id, at, shipments, notes)
        )

    async def plan_again(
        self,
        run_id: str,
        asks: Iterable[str],
        shipments: Iterable[Shipment],
        notes: Iterable[RowNote],
    ) -> range:
        """In one transaction, replace what a run's plan left open of these parcels."""
        at, open_asks = self._at(), list(asks)
        shipments, notes = _PlanInput(shipments), _PlanInput(notes)
        return await self._write(
            "plan",
            lambda ledger: plans.enter_again(ledger, run_id, at, open_asks, shipments, notes),
        )

    async def intend(self, record_id: int, evidence: Mapping[str, Any], baseline: int = 0) -> None:
        """Planned → intent, on disk before this returns. Raises OrderBusy, IllegalMove."""
        await self._write("intent", Intend(record_id, self._at(), json_text(evidence), baseline))

    async def move(self, record: Record, outcome: Outcome, what: str) -> Record:
        """Any other legal move. Raises IllegalMove; AlreadyClaimed for another's shipment."""
        columns, evidence = moves.columns(record, outcome), json_text(outcome.evidence)
        point = "read-back" if what == "read back" else "outcome"
        return await self._write(point, Move(record, self._at(), outcome, what, evidence, columns))

    async def judge_again(self, record_id: int, shipment: Shipment | None, *notes: RowNote) -> None:
        """Replace a planned record's shipment; with None, drop it from the plan, add `notes`."""
        at = self._at()
        await self._write(
            "judge-again", lambda ledger: plans.judge_again(ledger, record_id, at, shipment, notes)
        )

    async def append(
        self,
        record_id: int,
        what: str,
        evidence: Mapping[str, Any],
        made: StoreShipment | None = None,
    ) -> None:
        """Note an event that changes no state: updated, accepted, deleted (once), `waits anew`.

        After `created`, `made` is the store's shipment as it is now. Once accepted, or updated
        where only its number differed, it no longer counts as made otherwise. In doubt, `waits
        anew` restarts the settle window.
        """
        at = self._at()
        await self._write(
            "event", lambda ledger: moves.append(ledger, record_id, at, what, evidence, made)
        )

    async def decide(self, store: str, decision: Decision) -> None:
        """Keep a person's answer; the newest for an ask counts."""
        sql = "INSERT INTO decisions (store, ask, answer, who, why, at) VALUES (?, ?, ?, ?, ?, ?)"
        said = (decision.ask, decision.answer, decision.who, decision.why)
        words = (store, *said, time_text(decision.at))
        await self._write("decision", lambda ledger: ledger.execute(sql, words))

    async def remember(self, header: str, columns: Mapping[str, str]) -> None:
        """Keep a header row's mapping, digest → field → column, for later files."""
        values = (header, json_text(columns), self._at())
        sql = (
            "INSERT INTO headers VALUES (?, ?, ?)"
            " ON CONFLICT (header) DO UPDATE SET columns = excluded.columns, at = excluded.at"
        )
        await self._write("header", lambda ledger: ledger.execute(sql, values))

    async def keep_answers(
        self, store: str, source: str, answers: Mapping[str, str], who: str
    ) -> None:
        """Keep what a source's files mean: question → answer; the newest for a question counts."""
        rows = [
            (store, source, question, answer, who, self._at())
            for question, answer in answers.items()
        ]
        sql = (
            "INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (store, source, question)"
            " DO UPDATE SET answer = excluded.answer, who = excluded.who, at = excluded.at"
        )

        def keep(ledger: Connection) -> None:
            for row in rows:
                ledger.execute(sql, row)

        if rows:
            await self._write("answer", keep)

    async def forget_answers(self, store: str, source: str, questions: Iterable[str]) -> None:
        """Forget what was answered: it is asked again."""
        listed = list(questions)
        sql = "DELETE FROM answers WHERE store = ? AND source = ? AND question = ?"

        def forget(ledger: Connection) -> None:
            for question in listed:
                ledger.execute(sql, (store, source, question))

        await self._write("answer", forget)

    async def close(self) -> None:
        """Write what is queued, then close."""
        self._reader.close()
        if self._writer:
            await self._writer.close()

    def _at(self) -> str:
        return time_text(self._now())

    async def _write(self, point: str, work: Work[T]) -> T:
        if self._writer is None:
            raise LedgerError(
                f"The ledger {self.place} was opened for reading only.",
                "Report this: a fault of ours.",
            )
        return await self._writer.write(point, work)
