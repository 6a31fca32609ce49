"""What an answer means, decided from the answer alone: done, again later, never, or unknown."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from http import HTTPStatus

from batch.bigcommerce import parse
from batch.bigcommerce.error_text import error_messages
from batch.bigcommerce.response import Phase, Response
from batch.model import StoreShipment

LONGEST_WAIT = 300.0  # seconds; a store that asks for more is asked again after this
NO_WORD_WAIT = 5.0  # seconds; a 429 that does not say how long (the platform is under load)
NOT_SENT_WAIT = 1.0  # seconds; the first wait after a request that never left

REFUSALS = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY})
"""Refused for what it says, whatever the body; besides these only a v2 404 is a refusal."""


class Kind(StrEnum):
    """What to do about a request."""

    DONE = "done"  # it is made
    AGAIN = "again"  # provably not made: the same request may go once more
    NEVER = "never"  # refused for what it says: nothing was made, nor will be
    UNKNOWN = "unknown"  # perhaps made: only reading back can tell


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judged answer."""

    kind: Kind
    code: str = ""
    """Short and stable: `rate_limited`."""
    wait: float = 0.0
    """Seconds before it may go again; with AGAIN."""
    stop: str = ""
    """Why the whole run must stop; empty where it need not."""
    todo: str = ""
    """With `stop`: what a person can do about it."""
    problems: tuple[str, ...] = ()
    """The store's own words."""
    shipment: StoreShipment | None = None
    """With DONE: what was made or changed, where the answer has it. With UNKNOWN: what it names."""


def judge(
    reply: Response, *, expected: int = HTTPStatus.CREATED, order_id: int | None = None
) -> Verdict:
    """Judge the answer to a write: 201 for a create (the default), 200 for a PUT, 204 for a DELETE.

    DONE only where the answer proves it; with `order_id`, also that it is that order's.
    For a DELETE a v2 404 is DONE with code `gone`.
    """
    verdict = _before_work(reply) or _judge_response(reply, expected, order_id)
    problems = tuple(error_messages(reply))
    return replace(verdict, problems=problems) if problems else verdict


def judge_read(reply: Response) -> Verdict:
    """Judge the answer to a GET; all that is not certain is AGAIN, since a read is harmless.

    DONE is 200 with JSON, or 204 (nothing there); NEVER with code `not_found` is a v2 404.
    """
    problems = tuple(error_messages(reply))
    verdict = _before_work(reply) or _read(reply)
    return replace(verdict, problems=problems)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds a 429 asks for: its longest header, at most LONGEST_WAIT; None without one."""
    asked = [
        number / unit
        for name, unit in (
            ("x-rate-limit-time-reset-ms", 1000),
            ("x-retry-after", 1),
            ("retry-after", 1),
        )
        if (number := parse.whole(headers.get(name, "").strip())) is not None and number >= 0
    ]
    return min(max(asked), LONGEST_WAIT) if asked else None


def _before_work(reply: Response) -> Verdict | None:
    """The verdict on what was provably not worked on, for any request."""
    if reply.certificate:
        return Verdict(
            Kind.AGAIN,
            "certificate",
            stop="The store's certificate is not accepted: " + reply.problem,
            todo="Check this machine's clock and certificates, and any proxy in between.",
        )
    if reply.phase is Phase.NOT_SENT:
        return Verdict(Kind.AGAIN, "not_sent", wait=NOT_SENT_WAIT)
    if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
        asked = retry_after(reply.headers)
        return Verdict(Kind.AGAIN, "rate_limited", wait=NO_WORD_WAIT if asked is None else asked)
    return _stop(reply)


def _stop(reply: Response) -> Verdict | None:
    """The verdict on a store that refuses all our requests; None where it does not."""
    code = what = todo = ""
    match reply.status:
        case HTTPStatus.UNAUTHORIZED:
            code, what = "token_refused", "The store refuses the access token (401)."
            todo = "Check BIGCOMMERCE_STORE_HASH and BIGCOMMERCE_ACCESS_TOKEN."
        case HTTPStatus.FORBIDDEN:
            code = "scope_missing"
            what = "The store does not let this access token work with orders (403)."
            todo = (
                "Make an API account with the scope Orders: modify (store_v2_orders) "
                "and use its token."
            )
        case int(status) if 300 <= status < 400:
            code = "redirect"
            what = f"The store's address redirects elsewhere ({status}); this is not followed."
            todo = "Check BIGCOMMERCE_API_URL, and any proxy or sign-in page in between."
        case HTTPStatus.NOT_FOUND if reply.phase is Phase.ANSWERED and not _not_found(reply):
            code, what = "no_such_store", "This address is not a store's Orders API (404)."
            todo = "Check BIGCOMMERCE_STORE_HASH and BIGCOMMERCE_API_URL."
        case HTTPStatus.SERVICE_UNAVAILABLE if b"suspended" in reply.body.lower():
            code, what = "suspended", "The store is suspended (503)."
            todo = (
                "The store's owner settles it with BigCommerce; then give the same command again."
            )
    return Verdict(Kind.AGAIN, code, stop=what, todo=todo) if code else None


def _judge_response(reply: Response, expected: int, order_id: int | None) -> Verdict:
    """The verdict on what may have been worked on."""
    if reply.status is None:
        return Verdict(Kind.UNKNOWN, "no_answer")
    if reply.phase is Phase.CUT:
        return Verdict(Kind.UNKNOWN, "cut_answer")
    deleting = expected == HTTPStatus.NO_CONTENT
    if (
        deleting
        and (reply.status in {HTTPStatus.OK, HTTPStatus.NO_CONTENT} or _not_found(reply))
        and not reply.is_page
    ):
        return Verdict(Kind.DONE, "gone" if _not_found(reply) else "done")
    if reply.status == expected:
        return _judge_created(reply, order_id)
    if reply.is_page and reply.status < HTTPStatus.MULTIPLE_CHOICES:
        return _not_the_store(Kind.UNKNOWN)
    if reply.status in REFUSALS or _not_found(reply):
        return Verdict(Kind.NEVER, _refusal(reply))
    return Verdict(Kind.UNKNOWN, f"status_{reply.status}")


def _judge_created(reply: Response, order_id: int | None) -> Verdict:
    """DONE where the body proves it; a status alone is not enough."""
    try:
        found = reply.json
        made = parse.shipment(found)
    except ValueError:
        is_login = reply.is_page and reply.status == HTTPStatus.OK
        return _not_the_store(Kind.UNKNOWN) if is_login else _no_proof()
    if "order_id" not in found:
        return Verdict(Kind.DONE, "done", shipment=replace(made, order_id=order_id or 0))
    if order_id is not None and made.order_id != order_id:
        return replace(_no_proof(), shipment=made)
    return Verdict(Kind.DONE, "done", shipment=made)


def _no_proof() -> Verdict:
    return Verdict(Kind.UNKNOWN, "no_proof")


def _read(reply: Response) -> Verdict:
    if reply.phase is not Phase.ANSWERED:
        return Verdict(Kind.AGAIN, "no_answer" if reply.status is None else "cut_answer")
    if reply.status == HTTPStatus.NO_CONTENT:
        return Verdict(Kind.DONE, "empty")
    if _not_found(reply):
        return Verdict(Kind.NEVER, "not_found")
    if reply.status == HTTPStatus.OK:
        if reply.is_page:
            return _not_the_store(Kind.AGAIN)
        try:
            reply.json  # noqa: B018  reading it is what checks it
        except ValueError:
            return Verdict(Kind.AGAIN, "not_json")
        return Verdict(Kind.DONE, "done")
    passing = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.LOCKED, 499}
    lasting = {HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.HTTP_VERSION_NOT_SUPPORTED}
    status = reply.status or 0
    is_fault = status >= HTTPStatus.INTERNAL_SERVER_ERROR and status not in lasting
    again = status in passing or is_fault
    return Verdict(Kind.AGAIN if again else Kind.NEVER, f"status_{status}")


def _not_the_store(kind: Kind) -> Verdict:
    return Verdict(
        kind,
        "not_the_store",
        stop="A web page answers in place of the store.",
        todo="Sign in to this network (a guest network's page, a proxy), "
        "check BIGCOMMERCE_API_URL, then give the same command again.",
    )


def _not_found(reply: Response) -> bool:
    """Whether the API itself says 404, `[{"status":404,...}]`, and not a gateway."""
    if reply.status != HTTPStatus.NOT_FOUND or reply.phase is not Phase.ANSWERED:
        return False
    try:
        found = reply.json
    except ValueError:
        return False
    return (
        isinstance(found, list)
        and bool(found)
        and all(
            isinstance(part, Mapping) and parse.whole(part.get("status")) == reply.status
            for part in found
        )
    )


def _refusal(reply: Response) -> str:
    if reply.status == HTTPStatus.NOT_FOUND:
        return "order_not_found"
    over = b'"available_quantity"' in reply.body
    return "more_than_available" if over else f"refused_{reply.status}"
