"""A network between a client and PostgreSQL, cut in the middle of a COMMIT before or after the
server has it.
"""

import asyncio
import tempfile
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from psycopg.conninfo import conninfo_to_dict

COMMIT = b"COMMIT\x00"
SOCKET = ".s.PGSQL.5432"


class Cutter:
    """Hands on what is said, until it is told to cut the next COMMIT."""

    def __init__(self, url: str, folder: str) -> None:
        words = conninfo_to_dict(url)
        self._there, self._here = f"{words['host']}/{SOCKET}", f"{folder}/{SOCKET}"
        self.url = f"postgresql://{words['user']}@/{words['dbname']}?host={folder}"
        self.cut = ""
        """`before` or `after` the server has the next COMMIT."""
        self.cuts = 0

    async def serve(self, ready: threading.Event) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        async with await asyncio.start_unix_server(self._connected, self._here):
            ready.set()
            await self._ended.wait()

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)

    async def _connected(self, client: StreamReader, to_client: StreamWriter) -> None:
        server, to_server = await asyncio.open_unix_connection(self._there)
        asking = asyncio.create_task(self._ask(client, to_server))
        telling = asyncio.create_task(self._hand_on(server, to_client))
        try:
            await asyncio.wait({asking, telling}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in (to_client, to_server):
                end.close()
            await asyncio.gather(asking, telling, return_exceptions=True)

    async def _ask(self, client: StreamReader, server: StreamWriter) -> None:
        while said := await client.read(1 << 16):
            cut = self.cut if COMMIT in said else ""
            if cut != "before":
                server.write(said)
                await server.drain()
            if cut:
                self.cut, self.cuts = "", self.cuts + 1
                return

    async def _hand_on(self, server: StreamReader, client: StreamWriter) -> None:
        with suppress(ConnectionError):
            while said := await server.read(1 << 16):
                client.write(said)
                await client.drain()


@contextmanager
def cutter(url: str) -> Iterator[Cutter]:
    """The network, in a thread of its own: clients wait for it in theirs."""
    # short: the path of a socket has at most 107 bytes
    with tempfile.TemporaryDirectory(prefix="cut-") as folder:
        made, ready = Cutter(url, folder), threading.Event()
        thread = threading.Thread(target=lambda: asyncio.run(made.serve(ready)))
        thread.start()
        try:
            assert ready.wait(30)
            yield made
        finally:
            made.end()
            thread.join()
