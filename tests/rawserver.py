"""A server that does to a connection what it is told, byte by byte, and counts what came."""

import asyncio
import contextlib
import re
import socket
import ssl
import struct
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

Behaviour = Callable[["Line"], Awaitable[None]]


class Line:
    """One connection of a client."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: "RawServer"
    ) -> None:
        self._reader, self._writer, self._server = reader, writer, server

    async def request(self) -> bytes:
        """The next request, headers and body; b"" where the client has gone."""
        try:
            head = await self._reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            body = await self._reader.readexactly(int(length[1])) if length else b""
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
        self._server.requests.append(head + body)
        self._server.arrived.set()
        return head + body

    async def say(self, data: bytes) -> None:
        self._writer.write(data)
        with contextlib.suppress(ConnectionError):
            await self._writer.drain()

    def close(self) -> None:
        """End with FIN."""
        self._writer.close()

    def reset(self) -> None:
        """End with RST."""
        kernel = self._writer.get_extra_info("socket")
        kernel.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


class RawServer:
    """Serves one behaviour on loopback; `requests` has every whole request that arrived."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.arrived = asyncio.Event()
        self.connections = 0
        self.url = ""

    @contextlib.asynccontextmanager
    async def serve(
        self, behaviour: Behaviour, tls: ssl.SSLContext | None = None
    ) -> AsyncIterator["RawServer"]:
        lines: list[asyncio.StreamWriter] = []

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            lines.append(writer)
            await behaviour(Line(reader, writer, self))

        server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
        port = server.sockets[0].getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        try:
            yield self
        finally:
            server.close()
            for line in lines:
                line.transport.abort()
            await asyncio.sleep(0)


def self_signed(folder: Path) -> ssl.SSLContext:
    """A server's TLS with a certificate that nobody has reason to trust."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj"
        " /CN=127.0.0.1"
    )
    subprocess.run(
        [
            *command.split(),
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-keyout",
            str(key),
            "-out",
            str(certificate),
        ],
        check=True,
        capture_output=True,
        timeout=30,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
