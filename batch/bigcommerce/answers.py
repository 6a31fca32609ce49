"""What an answer means, decided from the answer alone: done, again later, never, or unknown."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from batch.bigcommerce import parsing
from batch.model import StoreShipment

LONGEST_WAIT = 300.0  # seconds; a store that asks for more is asked again after this
NO_WORD_WAIT = 5.0  # seconds; a 429 that does not say how long (the platform is under load)
NOT_SENT_WAIT = 1.0  # seconds; the first wait after a request that never left

REFUSALS = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY})
"""Refused for what it says, whatever the body; with a v2 404 the only refusals there are."""

_NOTHING: Mapping[str, str] = {}


class Phase(StrEnum):
    """How far a request got; each line says what is certain."""

    NOT_SENT = "not sent"  # no byte left: DNS, refused, connect timeout, TLS, reset before a byte
    SENT = "sent"  # bytes may have left, and no answer was understood
    ANSWERED = "answered"  # status line and whole body read
    CUT = "cut"  # status line and headers read; the body truncated, oversized or too slow


class Kind(StrEnum):
    """What to do about a request."""

    DONE = "done"  # it is made
    AGAIN = "again"  # provably not made: the same request may go once more
    NEVER = "never"  # refused for what it says: nothing was made, nor will be
    UNKNOWN = "unknown"  # perhaps made: only reading back can tell


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one request; no secret is in it."""

    phase: Phase
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    problem: str = ""
    """The transport's fault, in our words."""
    certificate: bool = False
    """The server's certificate was not accepted."""

    @property
    def json(self) -> Any:
        """The body's value; ValueError where it is not JSON."""
        try:
            return json.loads(self.body)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judged answer."""

    kind: Kind
    code: str = ""
    """Short and stable: `rate_limited`."""
    wait: float = 0.0
    """Seconds before it may go again; with AGAIN."""
    stop: str = ""
    """Why the whole run stops; empty: it does not."""
    todo: str = ""
    """With `stop`: what a person does about it."""
    problems: tuple[str, ...] = ()
    """The store's own words."""
    shipment: StoreShipment | None = None
    """With DONE: what was made or changed, where the answer holds it."""


def judge(reply: Reply, *, expected: int = HTTPStatus.CREATED, order_id: int | None = None) -> Verdict:
    """Judge the answer to a write: 201 for a create (the default), 200 for a PUT, 204 for a DELETE.

    DONE only where the answer proves it; with `order_id`, also that it is that order's.
    For a DELETE a v2 404 is DONE with code `gone`.
    """
    problems = tuple(words(reply))
    verdict = _before_work(reply) or _answered(reply, expected, order_id)
    return replace(verdict, problems=problems)


def judge_read(reply: Reply) -> Verdict:
    """Judge the answer to a GET: a read is harmless, so all that is not certain is AGAIN.

    DONE is 200 with JSON, or 204; NEVER with code `not_found` is a v2 404.
    """
    problems = tuple(words(reply))
    verdict = _before_work(reply) or _read(reply)
    return replace(verdict, problems=problems)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds a 429 asks for: the longer of its two headers, at most LONGEST_WAIT; None where neither makes sense."""
    asked = [
        number / unit
        for name, unit in (("x-rate-limit-time-reset-ms", 1000), ("x-retry-after", 1), ("retry-after", 1))
        if (number := parsing.whole(headers.get(name, "").strip())) is not None and number >= 0
    ]
    return min(max(asked), LONGEST_WAIT) if asked else None


def words(reply: Reply) -> Iterator[str]:
    """What the store says is wrong, out of any of its shapes: array, object, XML, text, HTML, nothing."""
    if reply.problem:
        yield reply.problem
    if reply.status is None or reply.status < HTTPStatus.MULTIPLE_CHOICES:
        return
    try:
        found = reply.json
    except ValueError:
        yield from _prose(reply.body.decode("utf-8", "replace"))
        return
    for part in found if isinstance(found, list) else [found]:
        if isinstance(part, Mapping):
            yield from _sentence(part)
        elif part:
            yield _short(str(part))


def _before_work(reply: Reply) -> Verdict | None:
    """The verdict on what was provably not worked on, whatever was asked."""
    if reply.certificate:
        return Verdict(
            Kind.AGAIN,
            "certificate",
            stop="The store's certificate is not accepted: " + reply.problem,
            todo="Check this machine's clock and certificates, and any proxy in between; nothing was sent.",
        )
    if reply.phase is Phase.NOT_SENT:
        return Verdict(Kind.AGAIN, "not_sent", wait=NOT_SENT_WAIT)
    if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
        asked = retry_after(reply.headers)
        return Verdict(Kind.AGAIN, "rate_limited", wait=NO_WORD_WAIT if asked is None else asked)
    return _stop(reply)


def _stop(reply: Reply) -> Verdict | None:
    """The verdict on a store that refuses everything from us; None where it does not."""
    code, what, todo = "", "", ""
    match reply.status:
        case HTTPStatus.UNAUTHORIZED:
            code, what = "token_refused", "The store refuses the access token (401)."
            todo = "Check BIGCOMMERCE_STORE_HASH and BIGCOMMERCE_ACCESS_TOKEN, or run `shipbatch setup`."
        case HTTPStatus.FORBIDDEN:
            code, what = "scope_missing", "The store does not let this access token work with orders (403)."
            todo = "Make an API account with the scope Orders: modify (store_v2_orders) and use its token."
        case int(status) if 300 <= status < 400:
            code, what = "redirect", f"The store's address redirects elsewhere ({status}); this is not followed."
            todo = "Check BIGCOMMERCE_API_URL, and any proxy or sign-in page in between."
        case HTTPStatus.NOT_FOUND if reply.phase is Phase.ANSWERED and not _not_found(reply):
            code, what = "no_such_store", "This address is not a store's Orders API (404)."
            todo = "Check BIGCOMMERCE_STORE_HASH and BIGCOMMERCE_API_URL."
        case HTTPStatus.SERVICE_UNAVAILABLE if b"suspended" in reply.body.lower():
            code, what = "suspended", "The store is suspended (503)."
            todo = "The store's owner settles it with BigCommerce; then run `shipbatch resume`."
    return Verdict(Kind.AGAIN, code, stop=what, todo=todo) if code else None


def _answered(reply: Reply, expected: int, order_id: int | None) -> Verdict:
    """The verdict on what may have been worked on."""
    if reply.status is None:
        return Verdict(Kind.UNKNOWN, "no_answer")
    if reply.phase is Phase.CUT:
        return Verdict(Kind.UNKNOWN, "cut_answer")
    deleting = expected == HTTPStatus.NO_CONTENT
    if deleting and (reply.status in {HTTPStatus.OK, HTTPStatus.NO_CONTENT} or _not_found(reply)) and not _page(reply):
        return Verdict(Kind.DONE, "gone" if _not_found(reply) else "done")
    if reply.status == expected:
        return _made(reply, order_id)
    if _page(reply) and reply.status < HTTPStatus.MULTIPLE_CHOICES:
        return _captive(Kind.UNKNOWN)
    if reply.status in REFUSALS or _not_found(reply):
        return Verdict(Kind.NEVER, _refusal(reply))
    return Verdict(Kind.UNKNOWN, f"status_{reply.status}")


def _made(reply: Reply, order_id: int | None) -> Verdict:
    """DONE where the body proves it; the store's word alone (a status) is not enough."""
    try:
        found = reply.json
        made = parsing.shipment(found)
    except ValueError:
        return _captive(Kind.UNKNOWN) if _page(reply) and reply.status == HTTPStatus.OK else _no_proof()
    if "order_id" not in found:
        return Verdict(Kind.DONE, "done", shipment=replace(made, order_id=order_id or 0))
    if order_id is not None and made.order_id != order_id:
        return _no_proof()
    return Verdict(Kind.DONE, "done", shipment=made)


def _no_proof() -> Verdict:
    return Verdict(Kind.UNKNOWN, "no_proof")


def _read(reply: Reply) -> Verdict:
    if reply.phase is not Phase.ANSWERED:
        return Verdict(Kind.AGAIN, "no_answer" if reply.status is None else "cut_answer")
    if reply.status == HTTPStatus.NO_CONTENT:
        return Verdict(Kind.DONE, "empty")
    if _not_found(reply):
        return Verdict(Kind.NEVER, "not_found")
    if reply.status == HTTPStatus.OK:
        if _page(reply):
            return _captive(Kind.AGAIN)
        try:
            reply.json  # noqa: B018  reading it is what checks it
        except ValueError:
            return Verdict(Kind.AGAIN, "not_json")
        return Verdict(Kind.DONE, "done")
    passing = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.LOCKED, 499}
    lasting = {HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.HTTP_VERSION_NOT_SUPPORTED}
    status = reply.status or 0
    again = status in passing or (status >= HTTPStatus.INTERNAL_SERVER_ERROR and status not in lasting)
    return Verdict(Kind.AGAIN if again else Kind.NEVER, f"status_{status}")


def _captive(kind: Kind) -> Verdict:
    return Verdict(
        kind,
        "not_the_store",
        stop="A web page answers in place of the store.",
        todo="Sign in to this network (a guest network's page, a proxy), check BIGCOMMERCE_API_URL, "
        "then run `shipbatch resume`.",
    )


def _page(reply: Reply) -> bool:
    """Whether the body is a web page: no answer of the API is one."""
    start = reply.body.lstrip()[:15].lower()
    return start.startswith((b"<!doctype html", b"<html")) or (
        bool(start) and reply.headers.get("content-type", "").lower().startswith("text/html")
    )


def _not_found(reply: Reply) -> bool:
    """Whether it is the API itself that says 404: `[{"status":404,...}]`, not a gateway."""
    if reply.status != HTTPStatus.NOT_FOUND or reply.phase is not Phase.ANSWERED:
        return False
    try:
        found = reply.json
    except ValueError:
        return False
    return (
        isinstance(found, list)
        and bool(found)
        and all(isinstance(part, Mapping) and parsing.whole(part.get("status")) == reply.status for part in found)
    )


def _refusal(reply: Reply) -> str:
    if reply.status == HTTPStatus.NOT_FOUND:
        return "order_not_found"
    return "more_than_available" if b'"available_quantity"' in reply.body else f"refused_{reply.status}"


def _sentence(part: Mapping[str, Any]) -> Iterator[str]:
    said = [str(part[name]) for name in ("message", "title", "detail") if part.get(name)]
    details = part.get("details")
    if isinstance(details, Mapping):
        said += [str(details[name]) for name in ("invalid_reason", "conflict_reason") if details.get(name)]
        facts = [f"{name} {details[name]}" for name in ("available_quantity", "order_product_id") if name in details]
        said += [f"({', '.join(facts)})"] if facts else []
    errors = part.get("errors")
    if isinstance(errors, Mapping):
        said += [f"{name}: {text}" for name, text in errors.items()]
    if said:
        yield _short(" ".join(said))


def _prose(text: str) -> Iterator[str]:
    """The words of an XML error, a web page's title, or plain text."""
    if messages := re.findall(r"<message>(.*?)</message>", text, re.DOTALL):
        yield from map(_short, messages)
    elif title := re.search(r"<title[^>]*>(.*?)</title>", text, re.DOTALL | re.IGNORECASE):
        yield f"a web page: {_short(title[1])}"
    elif plain := re.sub(r"<[^>]*>", " ", text).strip():
        yield _short(plain)


def _short(text: str, length: int = 300) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"
