"""What the network does to one request: the phase it got to, and that it is never sent twice."""

import asyncio
import gzip
import json
import re
import shutil
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from clock import VirtualLoop
from rawserver import Behaviour, Line, RawServer, self_signed

from batch.bigcommerce import Client, Kind, Phase, Response, judge
from batch.config import Settings
from batch.errors import StoreStopped

BODY = {
    "order_address_id": 1,
    "shipping_provider": "",
    "items": [{"order_product_id": 7, "quantity": 1}],
}
MADE = json.dumps({"id": 9, "order_id": 100}).encode()
TOKEN = "canary-token-1"


def http(status: int, body: bytes = b"", *headers: str) -> bytes:
    lines = [
        f"HTTP/1.1 {status} Word",
        f"Content-Length: {len(body)}",
        "Content-Type: application/json",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@asynccontextmanager
async def client_of(url: str, **changes: Any) -> AsyncIterator[Client]:
    settings = Settings(
        api_url=url, store_hash="abc", token=TOKEN, **{"timeout": 30, "settle": 90} | changes
    )
    async with Client(settings) as client:
        yield client


async def posted(
    behaviour: Behaviour, server: RawServer | None = None
) -> tuple[Response, RawServer]:
    """What comes of one create against a server that behaves so."""
    async with (server or RawServer()).serve(behaviour) as raw, client_of(raw.url) as client:
        return await client.create_shipment(100, BODY), raw


async def reset_after_the_request(line: Line) -> None:
    await line.request()
    line.reset()


async def close_after_the_request(line: Line) -> None:
    await line.request()
    line.close()


async def hang(line: Line) -> None:
    await line.request()


async def reset_in_the_headers(line: Line) -> None:
    await line.request()
    await line.say(b"HTTP/1.1 201 Cre")
    line.reset()


async def close_in_the_body(line: Line) -> None:
    await line.request()
    await line.say(http(201, MADE)[:-4])
    line.close()


async def slow_loris(line: Line) -> None:
    await line.request()
    for byte in http(201, MADE):
        await line.say(bytes([byte]))
        await asyncio.sleep(1)


async def slow_body(line: Line) -> None:
    await line.request()
    await line.say(http(201, MADE)[: -len(MADE)])
    for byte in MADE:
        await line.say(bytes([byte]))
        await asyncio.sleep(5)


async def giant(line: Line) -> None:
    await line.request()
    await line.say(b"HTTP/1.1 201 Created\r\nContent-Length: 9000000000\r\n\r\n")
    for _ in range(40):
        await line.say(b" " * 65_536)


async def bomb(line: Line) -> None:
    await line.request()
    await line.say(http(201, gzip.compress(b" " * 20_000_000), "Content-Encoding: gzip"))


async def not_http(line: Line) -> None:
    await line.request()
    await line.say(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")


async def giant_header(line: Line) -> None:
    await line.request()
    await line.say(b"HTTP/1.1 201 Created\r\nX-Long: " + b"x" * 100_000 + b"\r\n\r\n")


# Catalogue number, what the server does, how far the request got, whole requests that arrived.
FAULTS = [
    (37, reset_after_the_request, Phase.SENT, 1),
    (37, close_after_the_request, Phase.SENT, 1),
    (39, hang, Phase.SENT, 1),
    (42, reset_in_the_headers, Phase.SENT, 1),
    (42, close_in_the_body, Phase.CUT, 1),
    (42, not_http, Phase.SENT, 1),
    (54, slow_loris, Phase.SENT, 1),
    (54, slow_body, Phase.CUT, 1),
    (55, giant, Phase.CUT, 1),
    (55, bomb, Phase.CUT, 1),
    (55, giant_header, Phase.SENT, 1),
]


@pytest.mark.parametrize(
    ("behaviour", "phase", "arrived"),
    [pytest.param(*row[1:], id=f"{row[0]} {row[1].__name__}") for row in FAULTS],
)
async def test_a_create_is_sent_once_and_knows_how_far_it_got(
    behaviour: Callable[[Line], Awaitable[None]],
    phase: Phase,
    arrived: int,
    virtual_clock: VirtualLoop,
) -> None:
    """Whatever the server does: one attempt, no exception, the true phase, within the deadline."""
    reply, raw = await posted(behaviour)
    assert (reply.phase, len(raw.requests)) == (phase, arrived)
    assert reply.problem
    assert TOKEN not in repr(reply)
    assert judge(reply).kind is (Kind.AGAIN if phase is Phase.NOT_SENT else Kind.UNKNOWN)
    assert virtual_clock.time() <= 31
    assert raw.connections == 1


@pytest.mark.parametrize("turns", range(16))
async def test_a_reset_before_the_first_byte(turns: int) -> None:
    """36: never left is said only where nothing has arrived, however late the reset comes."""
    received = b""

    async def reset_after(listener: socket.socket) -> None:
        nonlocal received
        for _ in range(turns):
            await asyncio.sleep(0)
        while True:
            with suppress(BlockingIOError):
                connection, _ = listener.accept()
                break
            await asyncio.sleep(0)
        connection.setblocking(False)
        with suppress(BlockingIOError):
            received = connection.recv(65_536)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        async with client_of(f"http://127.0.0.1:{listener.getsockname()[1]}") as client:
            reply, _ = await asyncio.gather(
                client.create_shipment(100, BODY), reset_after(listener)
            )
    if received:
        assert reply.phase is Phase.SENT
    if turns < 3:
        assert reply.phase is Phase.NOT_SENT


async def test_nobody_listens() -> None:
    """34: refused, so it never left."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with client_of(f"http://127.0.0.1:{taken.getsockname()[1]}") as client:
            reply = await client.create_shipment(100, BODY)
    assert reply.phase is Phase.NOT_SENT
    assert client.requests == 0, "what never left is no request"


async def test_the_host_is_not_found() -> None:
    """34: DNS, so it never left; the message names the host."""
    async with client_of("https://shipbatch.invalid") as client:
        reply = await client.create_shipment(100, BODY)
    assert reply.phase is Phase.NOT_SENT
    assert "shipbatch.invalid" in reply.problem


async def test_a_host_that_does_not_accept(virtual_clock: VirtualLoop) -> None:
    """35: connecting has its own bound, and within it nothing has left."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:  # fill the backlog, so that the next one is not answered
            one.setblocking(False)
            one.connect_ex(address)
        async with client_of(f"http://127.0.0.1:{address[1]}") as client:
            reply = await client.create_shipment(100, BODY)
        for one in waiting:
            one.close()
    assert reply.phase is Phase.NOT_SENT
    assert 14 <= virtual_clock.time() <= 16


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl to make a certificate")
async def test_a_certificate_nobody_vouches_for(tmp_path: Path) -> None:
    """35: the handshake fails, nothing leaves, and the run stops; it is never gone around."""
    async with RawServer().serve(hang, self_signed(tmp_path)) as raw, client_of(raw.url) as client:
        reply = await client.create_shipment(100, BODY)
        assert (reply.phase, reply.certificate) == (Phase.NOT_SENT, True)
        assert judge(reply).stop
        with pytest.raises(StoreStopped, match="certificate"):
            await client.order(100)
    assert raw.requests == []


async def test_a_server_that_does_not_speak_tls() -> None:
    """35: the handshake fails for another reason; nothing left, and it may go again."""

    async def plain(line: Line) -> None:
        await line.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        line.close()

    async with (
        RawServer().serve(plain) as raw,
        client_of(raw.url.replace("http:", "https:")) as client,
    ):
        reply = await client.create_shipment(100, BODY)
    assert (reply.phase, reply.certificate) == (Phase.NOT_SENT, False)


WRITES: list[Callable[[Client], Awaitable[Response]]] = [
    lambda client: client.create_shipment(100, BODY),
    lambda client: client.update_shipment(100, 9, {"tracking_number": "1"}),
    lambda client: client.delete_shipment(100, 9),
    lambda client: client.set_status(100, 11),
]


@pytest.mark.parametrize("write", WRITES, ids=["POST", "PUT", "DELETE", "PUT order"])
async def test_a_dropped_keep_alive_connection_is_no_reason_to_send_again(
    write: Callable[[Client], Awaitable[Response]],
) -> None:
    """38: the second request on a connection arrives and gets no answer: it is sent once, and
    unknown.
    """

    async def once(line: Line) -> None:
        await line.request()
        await line.say(http(200, b"[]"))
        await line.request()
        line.close()

    async with RawServer().serve(once) as raw, client_of(raw.url) as client:
        assert await client.orders(min_id=1) == []
        reply = await write(client)
    assert reply.phase is Phase.SENT
    assert len(raw.requests) == 2
    assert raw.connections == 1


@pytest.mark.parametrize("end", ["close", "reset"])
async def test_a_connection_found_closed_has_taken_nothing(end: str) -> None:
    """38: where the close came before our first byte, the request goes over a new connection or
    never left.
    """

    async def once(line: Line) -> None:
        await line.request()
        await line.say(http(200, b"[]"))
        getattr(line, end)()

    async with RawServer().serve(once) as raw, client_of(raw.url) as client:
        assert await client.orders(min_id=1) == []
        reply = await client.create_shipment(100, BODY)
    assert (reply.phase, len(raw.requests)) in [(Phase.ANSWERED, 2), (Phase.NOT_SENT, 1)]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    """52: the token goes to no other host; the run stops."""

    async def elsewhere(line: Line) -> None:
        raise AssertionError(await line.request())

    async with RawServer().serve(elsewhere) as other:

        async def redirect(line: Line) -> None:
            await line.request()
            await line.say(http(status, b"", f"Location: {other.url}/v2"))

        reply, raw = await posted(redirect)
    assert (reply.status, len(raw.requests), other.connections) == (status, 1, 0)
    assert judge(reply).stop


async def test_the_deadline_starts_with_the_first_byte(virtual_clock: VirtualLoop) -> None:
    """An answer after 29 s of 30 is an answer."""

    async def late(line: Line) -> None:
        await line.request()
        await asyncio.sleep(29)
        await line.say(http(201, MADE))

    reply, _ = await posted(late)
    assert judge(reply).kind is Kind.DONE
    assert virtual_clock.time() == 29


async def test_a_cancelled_request_gives_its_place_back() -> None:
    """Who stops waiting leaves no request in flight behind."""
    async with RawServer().serve(hang) as raw, client_of(raw.url) as client:
        task = asyncio.create_task(client.create_shipment(100, BODY))
        await raw.arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert client.quota.in_flight == 0


async def test_what_goes_over_the_wire() -> None:
    """Path without a trailing slash, the headers the API asks for, JSON, no cookie sent back."""

    async def made(line: Line) -> None:
        while await line.request():
            await line.say(http(201, MADE, "set-cookie: a=b"))

    async with RawServer().serve(made) as raw, client_of(raw.url) as client:
        reply = await client.create_shipment(100, BODY | {"comments": "☕"})
        await client.create_shipment(100, BODY)
    head, _, sent = raw.requests[0].partition(b"\r\n\r\n")
    headers = {
        name.lower(): value for name, value in re.findall(r"(?m)^([\w-]+): (.*)\r?$", head.decode())
    }
    assert head.startswith(b"POST /stores/abc/v2/orders/100/shipments HTTP/1.1\r\n")
    assert headers["accept"].strip() == headers["content-type"].strip() == "application/json"
    assert headers["x-auth-token"].strip() == TOKEN
    assert headers["user-agent"].startswith("shipbatch/")
    assert json.loads(sent) == BODY | {"comments": "☕"}
    assert b"cookie" not in raw.requests[1].lower()
    assert "set-cookie" not in reply.headers


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """59: HTTP_PROXY and HTTPS_PROXY do not see the token."""

    async def spy(line: Line) -> None:
        await line.request()
        line.close()

    async def made(line: Line) -> None:
        await line.request()
        await line.say(http(201, MADE))

    async with RawServer().serve(spy) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        reply, _ = await posted(made)
    assert judge(reply).kind is Kind.DONE
    assert proxy.connections == 0


async def test_a_write_is_kept_back_where_the_store_is_no_longer_ours() -> None:
    """Asked when the connection is there, right before the first byte; reads go on."""
    asked: list[bool] = []

    def may_write() -> bool:
        asked.append(True)
        return len(asked) > 1

    async def answer(line: Line) -> None:
        while await line.request():
            await line.say(http(201, MADE))

    async with RawServer().serve(answer) as raw:
        settings = Settings(api_url=raw.url, store_hash="abc", token=TOKEN)
        async with Client(settings, may_write=may_write) as client:
            kept_back = await client.create_shipment(100, BODY)
            assert (kept_back.phase, raw.requests) == (Phase.NOT_SENT, [])
            assert "lease" in kept_back.problem
            assert (await client.create_shipment(100, BODY)).status == 201
            await client.probe("/orders")
    assert len(asked) == 2
