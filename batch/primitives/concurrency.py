"""Concurrent work within bounds."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")


async def gather_bounded(
    do: Callable[[S], Awaitable[T]], each: Iterable[S], *, at_once: int
) -> list[T]:
    """What `do` gives for each, in order; the first error cancels all others and is raised."""
    turns = asyncio.Semaphore(at_once)

    async def one(subject: S) -> T:
        async with turns:
            return await do(subject)

    tasks = [asyncio.create_task(one(subject)) for subject in each]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def unbroken(writing: Awaitable[T]) -> T:
    """Work that must not be left half done: a cancellation waits for its end first."""
    doing = asyncio.ensure_future(writing)
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        await asyncio.wait([doing])
        raise


def batched(each: Iterable[S], size: int) -> Iterator[list[S]]:
    """Lists of `size` things, the last one shorter; as itertools.batched (3.12)."""
    left = iter(each)
    while some := list(islice(left, size)):
        yield some


class Reiterable(Iterable[T]):
    """Iterates over a new `make()` each time."""

    def __init__(self, make: Callable[[], Iterator[T]]) -> None:
        self._make = make

    def __iter__(self) -> Iterator[T]:
        return self._make()
