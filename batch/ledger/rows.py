"""The model's objects as rows of the ledger, and back, unchanged."""

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, cast

from batch.ledger import soundness
from batch.ledger.contract import Decision, Event, KeptAnswer, RowNote
from batch.ledger.soundness import (
    every,
    fit,
    is_path,
    is_text,
    is_whole,
    maybe,
    moment,
    need,
    sound,
)
from batch.model import (
    Field,
    Finding,
    Item,
    Record,
    RowFacts,
    Run,
    RunProfile,
    RunSummary,
    Shipment,
    State,
    Status,
    StoreShipment,
    Who,
)

Row = tuple[Any, ...]

RECORD = (
    "record_id, run_id, store, order_id, order_address_id, ask, shipment, state, attempts,"
    " baseline, made, finding, deleted, created_at, changed_at"
)
"""Columns of `records`, in the order that `record_from` takes."""

_IN_COLUMNS = frozenset({"order_id", "order_address_id", "request_key", "items"})
# Built from the classes, so that a field they gain is kept without a word here.
_SHIPMENT = tuple((f.name, f.default) for f in fields(Shipment) if f.name not in _IN_COLUMNS)
_MADE = tuple(
    (f.name, f.default) for f in fields(StoreShipment) if f.name not in {"items", "answer"}
)
_SHIPMENT_FITS, _MADE_FITS = soundness.SHIPMENT, soundness.MADE
_FIELDS = frozenset(field.value for field in Field)
_ADDRESSES = frozenset({"billing_address", "shipping_address"})


def _writable(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else str(value)


# One encoder, since json.dumps with options builds one per call. Strings stay ASCII, so that half a
# surrogate pair from a spreadsheet can be stored; `default` so that no evidence is lost.
_encode = json.JSONEncoder(separators=(",", ":"), default=_writable).encode


def time_text(at: datetime) -> str:
    """UTC, ISO 8601 with microseconds: sorts as text."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def json_text(value: object) -> str:
    """Compact JSON without any billing or shipping address, however deep."""
    text = _encode(value)
    has_address = any(f'"{name}"' in text for name in _ADDRESSES)
    return _encode(_without_addresses(value)) if has_address else text


def _without_addresses(value: object) -> object:
    if isinstance(value, str | int | float | None):  # most are; the test for a Mapping is slow
        return value
    if isinstance(value, Mapping):
        return {
            key: _without_addresses(inner) for key, inner in value.items() if key not in _ADDRESSES
        }
    return (
        [_without_addresses(inner) for inner in value] if isinstance(value, list | tuple) else value
    )


def search_form(text: str) -> str:
    """A number or link as it is searched: no blanks, one case, storable in every database."""
    plain = "".join(text.split()).casefold().replace("\0", "")
    return plain if plain.isascii() else plain.encode("utf-8", "replace").decode()


def shipment_text(shipment: Shipment) -> str:
    """What the columns order_id, order_address_id and ask do not say, empty fields left out."""
    body = {
        name: value for name, default in _SHIPMENT if (value := getattr(shipment, name)) != default
    }
    body["items"] = [(item.order_product_id, item.quantity) for item in shipment.items]
    return _encode(body)


def shipment_from(order_id: int, order_address_id: int, ask: str, text: str) -> Shipment:
    """The shipment that `shipment_text` wrote."""
    body = json.loads(text)
    items = _items(body)
    for name, value in body.items():
        need(_SHIPMENT_FITS.get(name, is_text)(value), name)
        if type(value) is list:
            body[name] = _tuples(value)
    return Shipment(order_id, order_address_id, items, request_key=ask, **body)


def store_shipment_text(made: StoreShipment) -> str:
    """The store's shipment; of its answer everything but the addresses."""
    body = {name: value for name, default in _MADE if (value := getattr(made, name)) != default}
    body["items"] = [(item.order_product_id, item.quantity) for item in made.items]
    body["answer"] = made.answer
    return json_text(body)


def store_shipment_from(text: str) -> StoreShipment:
    """The store's shipment that `store_shipment_text` wrote."""
    body = json.loads(text)
    items = _items(body)
    for name, value in body.items():
        need(_MADE_FITS.get(name, is_text)(value), name)
    return StoreShipment(items=items, **body)


def _items(body: dict[str, Any]) -> tuple[Item, ...]:
    items = tuple([Item(*pair) for pair in body.pop("items")])
    need(
        all(is_whole(item.order_product_id) and is_whole(item.quantity) for item in items), "items"
    )
    return items


@sound("records")
def rows_of(shipment: str) -> tuple[int, ...]:
    """The rows of a stored shipment."""
    rows = json.loads(shipment).get("rows", ())
    need(every(is_whole)(rows), "rows")
    return tuple(rows)


def _tuples(value: list[Any]) -> tuple[Any, ...]:
    return tuple([_tuples(inner) if type(inner) is list else inner for inner in value])


def finding_text(finding: Finding) -> str:
    """A finding, as a JSON list of its five texts."""
    return _encode([finding.status, finding.code, finding.error, finding.todo, finding.who])


def parse_finding(text: str) -> Finding:
    """The finding that `finding_text` wrote."""
    status, code, error, todo, who = json.loads(text)
    need(all(map(is_text, (code, error, todo))), "a finding")
    return Finding(Status(status), code, error, todo, Who(who))


@sound("records")
def record_from(row: Row) -> Record:
    """A row of the RECORD columns."""
    (record_id, run_id, store, order_id, order_address_id, ask, shipment, state, attempts) = row[:9]
    (baseline, made, finding, deleted, created_at, changed_at) = row[9:]
    need(
        all(map(is_whole, (record_id, order_id, order_address_id, attempts, baseline))), "a number"
    )
    need(
        is_text(store) and is_text(ask) and maybe(is_text)(run_id) and deleted in (0, 1), "a column"
    )
    return Record(
        record_id=record_id,
        run_id=run_id or "",
        store=store,
        shipment=shipment_from(order_id, order_address_id, ask, shipment),
        state=State(state),
        attempts=attempts,
        made=store_shipment_from(made) if made else None,
        finding=parse_finding(finding) if finding else None,
        baseline=baseline,
        deleted=bool(deleted),
        created_at=moment(created_at),
        changed_at=moment(changed_at),
    )


def run_row(run: Run) -> Row:
    """A run as a row of `runs`."""
    return (
        run.run_id,
        run.store,
        run.file,
        run.sha256,
        run.copy,
        time_text(run.started),
        time_text(run.finished) if run.finished else None,
        run.exit_status,
        json_text(run.summary),
        run.source,
        json_text(run.profile),
    )


@sound("runs")
def run_from(row: Row) -> Run:
    """The run of a row of `runs`."""
    run_id, store, file, sha256, copy, started, finished, exit_status, summary, source, profile = (
        row
    )
    need(all(map(is_path, (run_id, store, file, sha256, copy, source))), "a text")
    need(maybe(is_whole)(exit_status), "exit_status")
    return Run(
        run_id,
        store,
        file,
        sha256,
        copy,
        moment(started),
        moment(finished) if finished else None,
        exit_status,
        cast("RunSummary", fit(json.loads(summary), soundness.SUMMARY, "a summary")),
        source,
        cast("RunProfile", fit(json.loads(profile), soundness.PROFILE, "a profile")),
    )


def note_row(run_id: str, note: RowNote) -> Row:
    """A note as run_id, rows, finding, record_id, ask, facts."""
    facts = None if note.facts is None else json_text(note.facts)
    return (
        run_id,
        _encode(note.rows),
        finding_text(note.finding),
        note.record_id,
        note.request_key,
        facts,
    )


@sound("notes")
def note_from(row: Row) -> RowNote:
    """The note of rows, finding, record_id, ask, facts; sequences in facts come back as lists."""
    rows, finding, record_id, ask, facts = row
    numbers = json.loads(rows)
    need(every(is_whole)(numbers) and maybe(is_whole)(record_id) and is_text(ask), "a column")
    known = None
    if facts is not None:
        known = cast("RowFacts", fit(json.loads(facts), soundness.FACTS, "facts"))
    return RowNote(tuple(numbers), parse_finding(finding), record_id, ask, known)


@sound("attempts")
def attempt_from(row: Row) -> Event:
    """The attempt of record_id, at, state, what, evidence."""
    record_id, at, state, what, evidence = row
    need(is_whole(record_id) and is_text(what), "a column")
    return Event(
        record_id,
        moment(at),
        State(state),
        what,
        fit(json.loads(evidence), soundness.EVIDENCE, "evidence"),
    )


@sound("decisions")
def decision_from(row: Row) -> Decision:
    """The decision of ask, answer, who, why, at."""
    ask, answer, who, why, at = row
    need(all(map(is_text, (ask, answer, who, why))), "a column")
    return Decision(ask, answer, who, why, moment(at))


@sound("answers")
def answer_from(row: Row) -> tuple[str, str]:
    """The answer of question, answer."""
    question, answer = row
    need(is_text(question) and is_text(answer), "a column")
    return question, answer


@sound("answers")
def kept_answer_from(row: Row) -> KeptAnswer:
    """The answer of question, answer, who, at."""
    question, answer, who, at = row
    need(all(map(is_text, (question, answer, who))), "a column")
    return KeptAnswer(question, answer, who, moment(at))


@sound("headers")
def columns_from(text: str) -> Mapping[str, str]:
    """Field → column, as it was remembered."""
    columns: Mapping[str, str] = json.loads(text)
    need(
        type(columns) is dict
        and all(name in _FIELDS and is_text(column) for name, column in columns.items()),
        text,
    )
    return columns
