"""What people write into the Decision cells of our sheets, recorded as `decide` does."""

from collections.abc import Awaitable, Iterator, Sequence
from functools import partial
from pathlib import Path

from batch.config import Settings, Source
from batch.errors import FileError, NothingSent
from batch.loader.load import Load
from batch.model import Parcel
from batch.model.sheet_format import RESULTS, Mark, read_mark
from batch.pipeline.decisions import (
    DecisionRecorder,
    PendingDecision,
    answer_of,
    current_user,
    pending_decisions,
)
from batch.pipeline.load import RecalledColumns, read
from batch.pipeline.session import StoreSession
from batch.primitives.stop import run_in_thread


def is_answered(sheet: Path, source: Source, settings: Settings, ledger: RecalledColumns) -> bool:
    """Whether anybody has written into the Decision cells of a results sheet."""
    try:
        return any(_answered_parcels(_read(sheet, source, settings, ledger)))
    except FileError:  # it is gone, or is none any more
        return False


async def take_decisions(desk: StoreSession, sheet: Path, source: Source) -> list[str]:
    """Record the answers in a results sheet; returns what was not taken. Raises FileError."""
    export = await desk.stop.interrupt(
        run_in_thread(partial(_read, sheet, source, desk.settings, desk.ledger))
    )
    return await take_answers(desk, export, read_mark(sheet), sheet.name)


async def take_answers(desk: StoreSession, export: Load, mark: Mark | None, name: str) -> list[str]:
    """Record the answers in an export that is our sheet; returns what was not taken, and why."""
    answered = list(_answered_parcels(export))
    if not answered:
        return []
    ledger, store = desk.ledger, desk.settings.store
    decider = DecisionRecorder(
        desk.client, ledger, store, who=current_user(), why=f"in the sheet {name}"
    )
    waits = list(pending_decisions(ledger, store))
    content = mark.sha256 if mark else ""
    if content and (files := [one for one in waits if one.is_file and one.ask.endswith(content)]):
        return await _apply_answer(desk, "The whole file", _for_the_file(decider, files, answered))
    asks = [parcel.request_key for parcel in answered]
    known, decided = ledger.records_by_key(store, asks), ledger.decisions(store, asks)
    skipped = {ask for ask, word in decided.items() if word.answer == "skip"}  # may be set right
    settled = (known.keys() | decided.keys()) - skipped
    held = {one.ask: one for one in waits}
    refused: list[str] = []
    for parcel in answered:
        fresh = PendingDecision("", parcel.rows, parcel.order_id, parcel.request_key, "")
        one = held.get(parcel.request_key, None if parcel.request_key in settled else fresh)
        refused += await _apply_answer(
            desk, f"Row {parcel.rows[0]}", _for_a_parcel(decider, one, parcel)
        )
    return refused


async def _apply_answer(desk: StoreSession, place: str, answer: Awaitable[str]) -> list[str]:
    """Say what follows from an answer; where it is not taken, that, and why."""
    try:
        desk.screen.say(f"{place}: {await answer}")
    except NothingSent as error:
        line = f"{place}: the decision was not taken: {error} {error.todo}"
        desk.screen.say(line)
        return [line]
    return []


async def _for_a_parcel(
    decider: DecisionRecorder, one: PendingDecision | None, parcel: Parcel
) -> str:
    if one is None:
        return "nothing waits for it any more, its Decision is passed over"
    return await decider.take(one, answer_of(parcel.decision))


async def _for_the_file(
    decider: DecisionRecorder, files: Sequence[PendingDecision], answered: Sequence[Parcel]
) -> str:
    """What follows for a file held as a whole; NothingSent unless all of its rows agree."""
    words = {answer_of(parcel.decision) for parcel in answered}
    missing = len(files[0].rows) - sum(len(parcel.rows) for parcel in answered)
    if missing > 0 or len(words) > 1:
        lacks = (
            f"{missing} of its rows have no answer"
            if missing > 0
            else "its rows have different answers"
        )
        raise NothingSent(
            f"The whole file is held, and {lacks}.",
            "Write `ship` into the Decision cell of every held row, or `skip`.",
        )
    (word,) = words
    return [await decider.take(one, word) for one in files][-1]


def _read(sheet: Path, source: Source, settings: Settings, ledger: RecalledColumns) -> Load:
    return read(sheet, source.model_copy(update={"sheet": RESULTS}), settings, ledger)


def _answered_parcels(export: Load) -> Iterator[Parcel]:
    return (parcel for parcel in export.decided_parcels() if parcel.decision.strip())
