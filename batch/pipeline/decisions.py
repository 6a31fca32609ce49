"""What waits for a person: in doubt or held, with the evidence; and the person's word, taken."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from batch.bigcommerce import Client
from batch.config.environment import this_user
from batch.errors import NothingSent
from batch.ledger import Ledger
from batch.ledger.contract import AlreadyClaimed, Decision, shipment_id_of
from batch.ledger.queries import LedgerReader
from batch.model import MADE_DIFFERS, Outcome, Record, RowNote, Run, State, StoreShipment, findings
from batch.model.catalogue import Code
from batch.model.matching import match
from batch.planning.gates import FILE

ANSWERS = "exists:ID (it is in the store as shipment ID), absent (it is not), ship, skip"
EXISTS = re.compile(r"(?:it )?(?:exists|existing|is)(?: as)?[\s:=#]*([0-9]+)")
WORDS = {
    "ship": "ship",
    "ship it": "ship",
    "send": "ship",
    "yes": "ship",
    "skip": "skip",
    "skip it": "skip",
    "no": "skip",
    "absent": "absent",
    "does not": "absent",
    "it does not": "absent",
    "does not exist": "absent",
}
EXISTS_AS = "exists:ID"
DOUBTED = (EXISTS_AS, "absent", "skip")
HELD = ("ship", "skip", EXISTS_AS)
NOT_TO_SHIP: Mapping[str, tuple[str, ...]] = {
    # its number is taken: a second shipment of that number is never made
    Code.CHANGED: (EXISTS_AS, "skip"),
    Code.CORRECTION: (EXISTS_AS, "skip"),  # its units are shipped: none are left for another one
    Code.NOT_CORRECTED: (EXISTS_AS, "skip"),
    # what is in which parcel only the source's setting says
    Code.SEVERAL_PARCELS: (EXISTS_AS, "skip"),
    Code.SEVERAL_ADDRESSES: (EXISTS_AS, "skip"),
    Code.TOO_MANY_PARCELS: ("skip",),
    Code.SEVERAL_ORDERS: ("skip",),
    Code.VOIDED_AFTER_SHIPPING: ("skip",),  # it has shipped; `undo` takes it back
}
"""What is held for a reason that no `ship` can overrule, and what may be answered there."""


@dataclass(frozen=True, slots=True)
class PendingDecision:
    """One parcel, or one held file, that a person has to decide."""

    run_id: str
    rows: tuple[int, ...]
    order_id: int | None
    ask: str
    what: str
    """What is known, with the numbers."""
    record: Record | None = None
    """In doubt, or made otherwise than asked; without one it is held."""
    code: str = ""
    """Why it is held."""

    @property
    def is_file(self) -> bool:
        """Whether a whole file is held, not a parcel of it."""
        return self.ask.startswith(FILE)

    @property
    def answers(self) -> tuple[str, ...]:
        """What may be answered: each of them settles it."""
        if self.is_file:
            return ("ship", "skip")
        if self.record and self.record.made:
            return (f"exists:{self.record.made.shipment_id}",)
        return DOUBTED if self.record else NOT_TO_SHIP.get(self.code, HELD)


def answer_of(text: str) -> str:
    """A person's words as an answer: ship, skip, absent or exists:ID; NothingSent for others."""
    plain = " ".join(text.casefold().split()).rstrip(".!")
    if found := EXISTS.fullmatch(plain):
        return f"exists:{found[1]}"
    if plain in WORDS:
        return WORDS[plain]
    raise NothingSent(f"{text!r} is not an answer.", f"Answer with one of: {ANSWERS}.")


def pending_decisions(
    ledger: LedgerReader, store: str, run_id: str = ""
) -> Iterator[PendingDecision]:
    """All that waits for a person in a store, newest run first; of one run, where it is named."""
    for record in ledger.unsettled_records(store):
        if not run_id or record.run_id == run_id:
            finding = record.finding or findings.in_doubt(record.shipment.order_id)
            shipment = record.shipment
            yield PendingDecision(
                record.run_id,
                shipment.rows,
                shipment.order_id,
                shipment.request_key,
                finding.error,
                record,
            )
    yield from _made_otherwise(ledger, store, run_id)
    of_runs = ledger.held_notes(store, run_id)
    if not of_runs:
        return
    said = ledger.notes_for(
        store, {note.request_key for notes in of_runs.values() for note in notes} - {""}
    )
    seen: set[str] = set()
    newer: set[str] = set()
    for run in ledger.runs(store):
        if not run_id or run.run_id == run_id:
            held = [
                note
                for note in of_runs.get(run.run_id, ())
                if note.request_key and note.request_key not in seen
            ]
            known = ledger.records_by_key(store, [note.request_key for note in held])
            settled = {
                ask for ask, records in known.items() if any(r.run_id in newer for r in records)
            }
            settled |= ledger.decisions(store, [note.request_key for note in held]).keys()
            yield from (
                _pending_held(run.run_id, note) for note in held if note.request_key not in settled
            )
            seen |= said.get(run.run_id, set())  # a newer run's word on a parcel stands
        newer.add(run.run_id)


def still_waits(ledger: LedgerReader, store: str, run_id: str) -> bool:
    """Whether anything of a run still waits for a person, whatever its other parcels are."""
    if any(record.run_id == run_id for record in ledger.unsettled_records(store)):
        return True
    if any(_made_otherwise(ledger, store, run_id)):
        return True
    held = _held_keys(ledger, store, run_id)
    return (
        not held
        <= ledger.decisions(store, held).keys() | _runs_since(ledger, store, run_id, held).keys()
    )


def goes_on(ledger: LedgerReader, store: str, run_id: str) -> bool:
    """Whether anything is left of a run for which its file is to be run again."""
    held = _held_keys(ledger, store, run_id)
    if held - _runs_since(ledger, store, run_id, held).keys():
        return True
    return any(record.state is State.PLANNED for record in ledger.records_of_run(run_id))


def why_unfinished(ledger: LedgerReader, run: Run, days: int) -> str:
    """Why a run's copy may still be needed, and what ends that; empty: it is over.

    What waits for its order waits for `days`. A run of the same content takes the place of one
    that did not end.
    """
    store, run_id = run.store, run.run_id
    since = datetime.now(UTC) - timedelta(days=days)
    held = ledger.decisions(store, _held_keys(ledger, store, run_id)).values()
    newest = ledger.of_content(run.sha256, store)[:1]
    if still_waits(ledger, store, run_id):
        return f"something of it waits for a person: `shipbatch decide {run_id}`"
    if (
        (run.finished is None and run in newest)
        or any(word.answer == "ship" for word in held)
        or any(record.state is State.PLANNED for record in ledger.records_of_run(run_id))
    ):
        return f"some of it is still to be sent: `shipbatch resume {run_id}`"
    if run.started >= since and run_id in ledger.open_requests(store, since):
        return f"rows of it wait for their orders, for {days} days"
    return ""


def _made_otherwise(ledger: LedgerReader, store: str, run_id: str) -> Iterator[PendingDecision]:
    """What the store made otherwise than asked, where no person has accepted it; each once."""
    seen: set[int] = set()
    for run in ledger.runs(store):
        if (run_id and run.run_id != run_id) or (
            run.finished and not run.summary.get(MADE_DIFFERS)
        ):
            continue
        for record in ledger.differing_records(run.run_id):
            if record.record_id not in seen and record.finding:
                seen.add(record.record_id)
                of = record.shipment
                yield PendingDecision(
                    record.run_id,
                    of.rows,
                    of.order_id,
                    of.request_key,
                    record.finding.error,
                    record,
                    MADE_DIFFERS,
                )


def was_answered_elsewhere(ledger: LedgerReader, store: str, run_id: str) -> bool:
    """Whether another content's run made what a run held: a results sheet with a person's words."""
    run = ledger.run(run_id)
    later = _runs_since(ledger, store, run_id, _held_keys(ledger, store, run_id))
    return run is not None and any(
        each.sha256 != run.sha256 for runs in later.values() for each in runs
    )


def _held_keys(ledger: LedgerReader, store: str, run_id: str) -> set[str]:
    return {
        note.request_key
        for note in ledger.held_notes(store, run_id).get(run_id, ())
        if note.request_key
    }


def _runs_since(
    ledger: LedgerReader, store: str, run_id: str, asks: Iterable[str]
) -> Mapping[str, list[Run]]:
    """The runs that began after this one and have taken these parcels up, by parcel."""
    began = ledger.run(run_id)
    later: dict[str, list[Run]] = {}
    for ask, records in ledger.records_by_key(store, asks).items():
        runs = (ledger.run(record.run_id) for record in records if record.run_id)
        if since := [run for run in runs if run and began and run.started > began.started]:
            later[ask] = since
    return later


def _pending_held(run_id: str, note: RowNote) -> PendingDecision:
    order_id = (note.facts or {}).get("order_id")
    return PendingDecision(
        run_id, note.rows, order_id, note.request_key, note.finding.error, code=note.finding.code
    )


def current_user() -> str:
    """The user of this machine, who decides where nobody is named."""
    return this_user()


class DecisionRecorder:
    """Records a person's word, with who and why; what is to ship goes with the file's next run."""

    def __init__(self, client: Client, ledger: Ledger, store: str, *, who: str, why: str) -> None:
        self._client, self._ledger, self._store = client, ledger, store
        self._who, self._why = who, why

    async def take(self, one: PendingDecision, answer: str) -> str:
        """Take an answer; returns what follows from it. NothingSent where the store disagrees."""
        if one.record is None:
            return await self._decide_held(one, answer)
        if one.record.made:
            return await self._accepted(one, one.record, answer)
        if answer.startswith("exists:"):
            return await self._exists(one.record, int(answer.removeprefix("exists:")))
        return await self._absent(one.record, answer)

    async def _decide_held(self, one: PendingDecision, answer: str) -> str:
        if EXISTS.sub(EXISTS_AS, answer) not in one.answers:
            raise _no_answer(one, answer)
        if one.is_file:
            return await self._file(one, answer)
        if answer.startswith("exists:") and one.order_id is not None:
            await self._find_shipment(one.order_id, int(answer.removeprefix("exists:")))
        await self._keep(one.ask, answer)
        follows = {"ship": "ships with `shipbatch resume`", "skip": "is skipped from now on"}
        return follows.get(answer, "counts as that shipment from now on")

    async def _file(self, one: PendingDecision, answer: str) -> str:
        """Release a file as it is, or leave it alone; its rows have no other answer."""
        await self._keep(one.ask, answer)
        if answer == "ship":
            return "released: run the same file again; one of the queue goes on by itself"
        return "left alone; run again, it is held again"

    async def _accepted(self, one: PendingDecision, record: Record, answer: str) -> str:
        """Accept a shipment that was made otherwise than asked, as it is now in the store."""
        if answer not in one.answers or record.made is None:
            raise _no_answer(one, answer)
        now = await self._client.shipment(record.shipment.order_id, record.made.shipment_id)
        if now is None:
            await self._ledger.append(record.record_id, "deleted", {"by": "someone else"})
            return (
                f"shipment {record.made.shipment_id} is no longer in the store;"
                " decide `ship` to ship it once more"
            )
        now = replace(now, order_id=record.shipment.order_id)
        await self._keep(record.shipment.request_key, answer)
        await self._ledger.append(record.record_id, "accepted", self._evidence(), now)
        return f"stays as {findings.describe_shipment(now)}"

    async def _exists(self, record: Record, shipment_id: int) -> str:
        made = await self._find_shipment(record.shipment.order_id, shipment_id)
        try:
            await self._ledger.move(
                record, Outcome(State.CREATED, made=made, evidence=self._evidence()), "person"
            )
        except AlreadyClaimed as error:
            raise NothingSent(
                f"{error} One shipment cannot be two parcels.", "Answer with another number."
            ) from error
        return f"created, as {findings.describe_shipment(made)}"

    async def _find_shipment(self, order_id: int, shipment_id: int) -> StoreShipment:
        """The shipment that a person says it exists as; NothingSent where the order has none."""
        made = await self._client.shipment(order_id, shipment_id)
        if made is None:
            raise NothingSent(
                f"Order {order_id} has no shipment {shipment_id} in the store.",
                "Look at the order, and answer again.",
            )
        return replace(made, order_id=order_id)

    async def _absent(self, record: Record, answer: str) -> str:
        await self._contradict(record)
        outcome = Outcome(State.PLANNED, evidence=self._evidence() | {"answer": answer})
        if record.state is State.INTENT:  # left by a crash: first what it is, then the word on it
            doubt = Outcome(State.IN_DOUBT, finding=findings.in_doubt(record.shipment.order_id))
            await self._ledger.move(record, doubt, "crash")
        # The word before the move: a kill between them must not leave planned what a person said to
        # skip.
        await self._keep(record.shipment.request_key, "skip" if answer == "skip" else "ship")
        await self._ledger.move(record, outcome, "person")
        if answer == "skip":
            note = RowNote(
                record.shipment.rows,
                findings.decided_skip(),
                request_key=record.shipment.request_key,
            )
            await self._ledger.judge_again(record.record_id, None, note)
            return "skipped from now on"
        return "planned again; ships with `shipbatch resume`"

    async def _contradict(self, record: Record) -> None:
        """NothingSent where the store has, in plain sight, what a person says is not there."""
        shipment = record.shipment
        claimed = self._ledger.claimed_shipments(self._store, shipment.order_id)
        seen = await self._client.shipments(shipment.order_id)
        answer = shipment_id_of(self._ledger.attempts(record.record_id))
        found = match(shipment, seen, claimed, record.baseline, answer).mine
        if found is not None:
            shown = findings.describe_shipment(found)
            raise NothingSent(
                f"Order {shipment.order_id}: the store has it as {shown}.",
                f"Answer exists:{found.shipment_id}.",
            )

    async def _keep(self, ask: str, answer: str) -> None:
        await self._ledger.decide(
            self._store, Decision(ask, answer, self._who, self._why, datetime.now(UTC))
        )

    def _evidence(self) -> dict[str, str]:
        return {"who": self._who, "why": self._why}


def _no_answer(one: PendingDecision, answer: str) -> NothingSent:
    return NothingSent(
        f"It cannot be answered with {answer}: {one.what or 'it is not in doubt.'}",
        f"Answer with one of: {', '.join(one.answers)}.",
    )
