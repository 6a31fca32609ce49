"""The fake clock keeps real sockets and threads, and lets minutes pass at once."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from clock import VirtualLoop


async def test_an_hour_passes_at_once(virtual_clock: VirtualLoop) -> None:
    """Two sleepers wake in the order of their timers, at exactly their times."""
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        woken.append((name, virtual_clock.time()))

    began = time.monotonic()
    await asyncio.gather(sleeper("long", 3600), sleeper("short", 60))
    assert woken == [("short", 60.0), ("long", 3600.0)]
    assert time.monotonic() - began < 30


async def test_what_a_socket_brings_comes_before_a_timeout(virtual_clock: VirtualLoop) -> None:
    """A conversation over a real socket takes no time, so that no timeout cuts it."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        async with asyncio.timeout(0.001):
            for number in range(200):
                writer.write(b"%d\n" % number)
                assert await reader.readline() == b"%d\n" % number
        writer.close()
        await writer.wait_closed()
    assert virtual_clock.time() == 0


async def test_time_stands_while_an_executor_works(virtual_clock: VirtualLoop) -> None:
    """A timeout does not strike while a thread of the loop's executor works."""
    gate = threading.Event()
    async with asyncio.timeout(1):
        threading.Timer(0.05, gate.set).start()
        assert await asyncio.to_thread(gate.wait, 10)
    assert virtual_clock.time() == 0


async def test_time_stands_while_the_executor_ends(virtual_clock: VirtualLoop) -> None:
    """A timeout does not strike while the loop's executor joins a thread that nobody awaits."""
    gate, pool = threading.Event(), ThreadPoolExecutor(1)
    virtual_clock.set_default_executor(pool)
    pool.submit(gate.wait, 10)
    async with asyncio.timeout(1):
        threading.Timer(0.05, gate.set).start()
        await virtual_clock.shutdown_default_executor()
    assert virtual_clock.time() == 0


async def test_time_stands_while_somebody_is_busy(virtual_clock: VirtualLoop) -> None:
    """A thread of one's own holds the time through a callable in `busy`."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    thread = threading.Thread(target=lambda: loop.call_soon_threadsafe(done.set))
    virtual_clock.busy.append(lambda: not done.is_set())
    async with asyncio.timeout(1):
        thread.start()
        await done.wait()
    thread.join()
    assert virtual_clock.time() == 0
