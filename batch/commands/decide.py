"""What waits for a person, listed; a person's answer, given."""

from collections.abc import Iterator
from dataclasses import dataclass

from batch.commands.answer import CommandResult
from batch.errors import NothingSent
from batch.ledger.queries import LedgerReader
from batch.model.exit_status import ExitStatus
from batch.pipeline.decisions import DecisionRecorder, PendingDecision, pending_decisions
from batch.pipeline.session import StoreSession


@dataclass(frozen=True, slots=True)
class Answer:
    """A person's answer, and for what."""

    answer: str
    who: str
    why: str = ""
    order: int | None = None
    row: int | None = None
    everything: bool = False
    file: bool = False

    def applies_to(self, one: PendingDecision) -> bool:
        """Whether the answer is for this one; one for parcels is never one for a file, nor the reverse."""
        if self.file or one.is_file:
            return self.file and one.is_file
        if self.order is None and self.row is None:
            return self.everything
        return self.order in (None, one.order_id) and (self.row is None or self.row in one.rows)


def list_pending(ledger: LedgerReader, store: str | None, run_id: str) -> CommandResult:
    """All that waits in a store, or in each, with what may be answered."""
    stores = ledger.stores() if store is None else [store]
    every = [(each, one) for each in stores for one in pending_decisions(ledger, each, run_id)]
    lines: list[str] = []
    for n, (each, one) in enumerate(every):
        if store is None and (n == 0 or every[n - 1][0] != each):
            lines.append(f"{each}:")
        lines += _lines(one)
    lines = lines or ["Nothing waits for a person."]
    data = [
        {"store": each, "run": w.run_id, "rows": w.rows, "order_id": w.order_id, "what": w.what, "answers": w.answers}
        for each, w in every
    ]
    return CommandResult(tuple(lines), data, status=ExitStatus.WAITS_FOR_PERSON if every else ExitStatus.ALL_DONE)


async def take_decision(session: StoreSession, run_id: str, answer: Answer) -> CommandResult:
    """Take a person's word for all it is meant for; NothingSent where that is nothing."""
    ledger, store = session.ledger, session.settings.store
    chosen = [one for one in pending_decisions(ledger, store, run_id) if answer.applies_to(one)]
    if not chosen:
        raise NothingSent(
            "No held file waits there." if answer.file else "Nothing that waits has that order or row.",
            "`shipbatch decide` lists what waits."
            if answer.file
            else "`shipbatch decide` lists what waits; or give --all.",
        )
    if answer.answer.startswith("exists:") and len(chosen) > 1:
        raise NothingSent(
            f"{len(chosen)} parcels wait there, and one shipment is one parcel.", "Add --row to choose one."
        )
    decider = DecisionRecorder(session.client, ledger, store, who=answer.who, why=answer.why)
    taken = [(one, *await _take(decider, one, answer.answer, alone=len(chosen) == 1)) for one in chosen]
    lines = [f"{_place(one)}: {follows}." for one, follows, _ in taken]
    data = [{"rows": one.rows, "order_id": one.order_id, "follows": follows} for one, follows, _ in taken]
    status = ExitStatus.ALL_DONE if all(done for *_, done in taken) else ExitStatus.WAITS_FOR_PERSON
    return CommandResult(tuple(lines), data, status)


async def _take(decider: DecisionRecorder, one: PendingDecision, answer: str, *, alone: bool) -> tuple[str, bool]:
    """What follows from an answer, and whether it was taken; one refused of several keeps no other."""
    try:
        return await decider.take(one, answer), True
    except NothingSent as error:
        if alone:
            raise
        return f"not taken: {error} {error.todo}".rstrip("."), False


def _place(one: PendingDecision) -> str:
    if one.is_file:
        return f"Run {one.run_id}, the whole file ({len(one.rows):,} rows)"
    return f"Run {one.run_id}, row {', '.join(map(str, one.rows))}, order {one.order_id or '?'}"


def _lines(one: PendingDecision) -> Iterator[str]:
    yield _place(one)
    yield f"  {one.what}"
    if one.is_file:
        yield f"  shipbatch decide {one.run_id} --file --answer ANSWER    ({', '.join(one.answers)})"
        return
    target = f"--order {one.order_id}" if one.order_id else f"--row {one.rows[0]}"
    yield f"  shipbatch decide {one.run_id} {target} --answer ANSWER    ({', '.join(one.answers)})"
