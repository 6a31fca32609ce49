"""What a request must pass before an endpoint sees it: path, token, quota, scope, media types."""

from dataclasses import dataclass

from aiohttp import web

from batch.sandbox import answers
from batch.sandbox.answers import Refusal
from batch.sandbox.behaviour import Behaviour
from batch.sandbox.endpoints import ROUTES, Endpoint

_ACCEPTED = ("application/json", "application/*", "*/*")
_READS = frozenset({"GET"})
_BODIES = frozenset({"POST", "PUT"})


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request is going."""

    pattern: str
    """`/orders/{}/shipments`."""
    path: str
    """`/orders/1001/shipments`."""
    ids: tuple[int, ...]
    endpoint: Endpoint


def route(request: web.Request, prefix: str, token: str) -> Route:
    """The endpoint a request means; Refused where there is none, or the token is wrong."""
    path = request.path
    if path.endswith("/"):
        raise Refusal(answers.UNAUTHORIZED)  # seen of the real store, for a trailing slash
    if not path.startswith(prefix + "/"):
        raise Refusal(answers.NO_ROUTE)
    if request.headers.get("X-Auth-Token") != token:
        raise Refusal(answers.UNAUTHORIZED)
    path = path[len(prefix) :]
    segments = path.split("/")
    ids = tuple(int(segment) for segment in segments if segment.isascii() and segment.isdigit())
    pattern = "/".join("{}" if segment.isascii() and segment.isdigit() else segment for segment in segments)
    methods = ROUTES.get(pattern)
    if methods is None:
        raise Refusal(answers.NO_ROUTE)
    if request.method not in methods:
        raise Refusal(answers.METHOD_NOT_ALLOWED)
    return Route(pattern, path, ids, methods[request.method])


def permit(request: web.Request, behaviour: Behaviour) -> None:
    """Refused where the token's scope, the store's state or the media types do not allow the request."""
    if behaviour.suspended:
        raise Refusal(answers.STORE_SUSPENDED)
    if behaviour.scope == "read_only" and request.method not in _READS:
        raise Refusal(answers.FORBIDDEN)
    accept = request.headers.get("Accept", "*/*")
    if not any(kind in accept for kind in _ACCEPTED):
        raise Refusal(answers.NOT_ACCEPTABLE)
    if request.method in _BODIES and request.content_type != "application/json":
        raise Refusal(answers.UNSUPPORTED_TYPE)
