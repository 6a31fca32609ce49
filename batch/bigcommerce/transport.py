"""One request, sent at most once, and its result: aiohttp's errors become a `Response`."""

import asyncio
import select
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import aiohttp
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
from aiohttp.connector import Connection

from batch.bigcommerce.response import Phase, Response

# seconds to look up the host, connect and shake hands; nothing has left before
CONNECT_TIMEOUT = 15.0
LARGEST_ANSWER = 1_000_000  # bytes; a shipment has a few thousand
LARGEST_LIST = 64_000_000  # bytes; 250 orders with their lines have a few million


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it goes out."""

    method: str
    url: str
    params: Mapping[str, str | int]
    body: bytes | None = None
    largest: int = LARGEST_ANSWER
    """Most bytes of the answer's body; a longer one is CUT."""


class NeverLeft(Exception):
    """Kept back, or the connection was closed, before the first byte was written."""


class ConnectionLost(Exception):
    """No answer: bytes may have left. Not aiohttp's class, so that it never re-sends by itself."""


@dataclass(slots=True)
class _RequestDeadline:
    """The time limit of one request; it starts at the first byte."""

    deadline: asyncio.Timeout
    seconds: float
    may_leave: Callable[[], bool]
    at: float | None = None

    def start(self) -> None:
        self.at = asyncio.get_running_loop().time()
        self.deadline.reschedule(self.at + self.seconds)


class _Request(ClientRequest):
    """Starts the deadline at the first byte, and writes nothing into a closed connection."""

    sending: _RequestDeadline | None = None

    async def send(self, conn: Connection) -> ClientResponse:
        # two turns of the loop: one to read the close, one to act on it
        if _may_be_closed(conn.transport):
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        if conn.transport is None or conn.transport.is_closing():
            raise NeverLeft("the connection was closed before anything was sent")
        if self.sending:
            if not self.sending.may_leave():
                raise NeverLeft(
                    "the lease on the store has run out, and another runner may have it"
                )
            self.sending.start()
        return await super().send(conn)


def _may_be_closed(transport: asyncio.Transport | None) -> bool:
    """Whether a close may have arrived that the transport does not show yet; TLS lags behind."""
    if transport is None or transport.get_extra_info("sslcontext") is not None:
        return True
    try:
        return bool(select.select([transport.get_extra_info("socket")], [], [], 0)[0])
    except (OSError, TypeError, ValueError):
        # no socket any more, or one beyond what `select` counts to
        return True


class Transport:
    """A pool of connections to one host; use as an async context manager.

    Follows no redirect, keeps no cookie, reads no proxy from the environment, and never sends a
    request twice: aiohttp's own resend of GET, PUT and DELETE on a dropped connection is prevented.
    """

    def __init__(
        self,
        headers: Mapping[str, str],
        timeout: float,
        may_write: Callable[[], bool] = lambda: True,
    ) -> None:
        """A changing request is not sent where `may_write` says no right before its first byte."""
        self._headers = dict(headers)
        self._seconds = timeout
        self._may_write = may_write
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "Transport":
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            headers=self._headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            request_class=_Request,
            # The deadline proper starts with the first byte (_Request); this one is its safety net.
            timeout=aiohttp.ClientTimeout(
                total=CONNECT_TIMEOUT + self._seconds, connect=CONNECT_TIMEOUT
            ),
            trust_env=False,
        )
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._session:
            await self._session.close()

    async def exchange(self, call: Call) -> Response:
        """Send once and read the answer; network faults are in the reply, never raised."""
        begun: ClientResponse | None = None
        try:
            async with asyncio.timeout(None) as deadline:
                may_leave = _always if call.method == "GET" else self._may_write
                sending = _RequestDeadline(deadline, self._seconds, may_leave)
                begun = await self._begin(call, sending)
                return await _whole(begun, call.largest, sending.at)
        except _NOT_CONNECTED as error:
            return Response(
                Phase.NOT_SENT,
                problem=_plain(error),
                certificate=isinstance(error, aiohttp.ClientConnectorCertificateError),
            )
        except TimeoutError:
            problem = f"no whole answer within {self._seconds:g} s"
        except (aiohttp.ClientError, OSError, ValueError, ConnectionLost) as error:
            problem = _plain(error)
        finally:
            if begun is not None and not begun.content.at_eof():
                begun.close()
        if begun is None:
            return Response(Phase.SENT, problem=problem)
        return Response(Phase.CUT, begun.status, _lower(begun.headers), problem=problem)

    async def _begin(self, call: Call, sending: _RequestDeadline) -> ClientResponse:
        """The answer's status and headers."""
        assert self._session, "Transport is used outside its async with"

        async def once(request: ClientRequest, send: ClientHandlerType) -> ClientResponse:
            assert isinstance(request, _Request)
            request.sending = sending
            try:
                return await send(request)
            except _NOT_CONNECTED:
                raise
            except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
                raise ConnectionLost(_plain(error)) from error

        return await self._session.request(
            call.method,
            call.url,
            params=call.params,
            data=call.body,
            allow_redirects=False,
            middlewares=(once,),
        )


def _always() -> bool:
    return True


# Raised only before a connection is there, or written to: no byte of the request has left.
_NOT_CONNECTED = (
    NeverLeft,
    aiohttp.ClientConnectorError,
    aiohttp.ClientConnectorCertificateError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
)


async def _whole(begun: ClientResponse, largest: int, sent: float | None) -> Response:
    body = bytearray()
    async for chunk in begun.content.iter_any():
        body += chunk
        if len(body) > largest:
            raise ConnectionLost(f"the answer is longer than {largest:,} bytes")
    return Response(Phase.ANSWERED, begun.status, _lower(begun.headers), bytes(body), sent=sent)


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items() if name.lower() != "set-cookie"}


def _plain(error: BaseException) -> str:
    """The fault in our words; aiohttp's may hold the URL and request headers."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return f"the certificate of {error.host} is not trusted"
        case aiohttp.ClientConnectorSSLError():
            return f"no secure connection to {error.host}"
        case aiohttp.ClientConnectorDNSError():
            return f"{error.host} is not found (DNS)"
        case aiohttp.ClientConnectorError():
            return (
                f"no connection to {error.host}:{error.port} "
                f"({error.os_error.strerror or 'refused'})"
            )
        case aiohttp.ConnectionTimeoutError():
            return f"no connection within {CONNECT_TIMEOUT:g} s"
        case NeverLeft() | ConnectionLost():
            return str(error)
        case aiohttp.ClientPayloadError():
            return "the answer broke off"
        case aiohttp.ClientResponseError() | ValueError():
            return "the answer is not HTTP"
        case _:
            return "the connection broke before an answer came"
