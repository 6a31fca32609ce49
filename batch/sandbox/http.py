"""How an answer reaches the client, whole or broken: bytes, and the socket where bytes are not enough."""

import asyncio
import json
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace

from aiohttp import web

from batch.sandbox.answers import STORE_SUSPENDED, Answer, gateway, v2
from batch.sandbox.faults import Fault, Reply

PORTAL = "<!DOCTYPE html><html><head><title>Guest Wi-Fi</title></head><body>Please sign in.</body></html>"
ELSEWHERE = "https://elsewhere.invalid/"
"""Where redirects lead: a host that does not exist."""
GIANT = 1 << 20
"""Bytes of one piece of a giant body."""
_REFUSALS = {
    400: v2(400, "The field 'tracking_number' is invalid."),
    401: gateway(401, "The supplied credentials are missing or invalid."),
    403: gateway(403, "You don't have a required scope to access the endpoint"),
    404: Answer(404, "The route is not found, check the URL"),
    409: v2(409, "The request conflicts with the current state of the resource."),
    422: gateway(422, "Missing Required Fields"),
    423: v2(423, "The resource is locked."),
    500: v2(500, "An unexpected error has occurred."),
    507: v2(507, "The plan's limit has been reached."),
}
_SILENT = frozenset({204, 408, 429, 499})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class RawResponse:
    """An answer in bytes, on its way to one request."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of(cls, answer: Answer, headers: Mapping[str, str]) -> "RawResponse":
        """The bytes of an answer: JSON, plain text or nothing, and its headers over the given ones."""
        if answer.body is None:
            return cls(answer.status, {**headers, **answer.headers}, b"")
        text = isinstance(answer.body, str)
        body = answer.body.encode() if text else json.dumps(answer.body).encode()
        kind = {"Content-Type": "text/plain; charset=utf-8" if text else "application/json"}
        return cls(answer.status, {**headers, **kind, **answer.headers}, body)

    def response(self) -> web.Response:
        return web.Response(status=self.status, headers=self.headers, body=self.body)

    def head(self) -> bytes:
        """The status line and headers, as a raw socket needs them."""
        lines = [f"HTTP/1.1 {self.status} Sandbox", f"Content-Length: {len(self.body)}"]
        return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in self.headers.items()), "", ""]).encode()


def apply_fault(raw: RawResponse, fault: Fault) -> RawResponse:
    """What a fault makes of an answer, as far as bytes can say it."""
    reply = fault.reply
    if isinstance(reply, int):
        raw = _with_status(raw, reply)
    elif reply is Reply.EMPTY:
        raw = replace(raw, body=b"")
    elif reply is Reply.MALFORMED:
        raw = replace(raw, body=b'{"id": 1, "order_id": ' + b"?" * 9)
    elif reply is Reply.NO_ID:
        raw = replace(raw, body=b'{"status": "ok"}')
    elif reply is Reply.SUSPENDED:
        raw = RawResponse.of(STORE_SUSPENDED, raw.headers)
    elif reply is Reply.PORTAL:
        raw = _page(200, PORTAL)
    if (fault.says or fault.lacks) and raw.status in {200, 201}:
        said = json.loads(raw.body) | fault.says
        raw = replace(raw, body=json.dumps({name: said[name] for name in said if name not in fault.lacks}).encode())
    body = raw.body if fault.body is None else fault.body.encode()
    return RawResponse(raw.status, {**raw.headers, **fault.headers}, body)


async def send(request: web.Request, raw: RawResponse, fault: Fault, closing: asyncio.Event) -> web.StreamResponse:
    """Answer as the fault wants it; the status of a broken answer is not to be believed."""
    transport = request.transport
    if transport is None:
        return raw.response()
    match fault.reply:
        case Reply.CUT_HEADERS:
            transport.write(raw.head()[:40])
            transport.close()
        case Reply.CUT_BODY:
            transport.write(raw.head() + raw.body[: len(raw.body) // 2])
            transport.close()
        case Reply.STALE:
            transport.write(raw.head() + raw.body)
            transport.close()
        case Reply.CLOSE:
            transport.close()
        case Reply.RESET:
            reset(transport)
        case Reply.HANG:
            await closing.wait()
            transport.close()
        case Reply.SLOW:
            return await _slowly(request, raw, fault.pace)
        case Reply.GIANT:
            return await _without_end(request, raw)
    return raw.response()


def reset(transport: asyncio.Transport) -> None:
    """End a connection with RST."""
    if (sock := transport.get_extra_info("socket")) is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _slowly(request: web.Request, raw: RawResponse, pace: float) -> web.StreamResponse:
    response = web.StreamResponse(status=raw.status, headers=raw.headers)
    response.content_length = len(raw.body)
    await response.prepare(request)
    for position in range(len(raw.body)):
        await asyncio.sleep(pace)
        await response.write(raw.body[position : position + 1])
    return response


async def _without_end(request: web.Request, raw: RawResponse) -> web.StreamResponse:
    response = web.StreamResponse(status=raw.status, headers=raw.headers)
    await response.prepare(request)
    piece = b" " * GIANT
    while True:  # the connection's end ends it
        await response.write(piece)


def _with_status(raw: RawResponse, status: int) -> RawResponse:
    if status in _SILENT:
        return RawResponse(status, raw.headers, b"")
    if status in _REDIRECTS:
        return RawResponse(status, {**raw.headers, "Location": ELSEWHERE}, b"")
    if status in _REFUSALS:
        return RawResponse.of(_REFUSALS[status], raw.headers)
    if status >= 400:
        return _page(status, f"<html><body><h1>{status}</h1><hr>gateway</body></html>", raw.headers)
    return replace(raw, status=status)


def _page(status: int, html: str, headers: Mapping[str, str] | None = None) -> RawResponse:
    return RawResponse(status, {**(headers or {}), "Content-Type": "text/html"}, html.encode())
