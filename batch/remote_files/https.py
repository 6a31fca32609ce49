"""A file over https: one answer, whole, of one version; redirects keep to the same rules."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urljoin

import aiohttp

from batch.errors import FileError
from batch.remote_files.addresses import check_sent_on
from batch.remote_files.copy import CHUNK, LONGEST, PATIENCE, Copy

SENT_ON = {301, 302, 303, 307, 308}
MOST_HOPS = 5
PACKED_OR_NOT = {"", "identity", "gzip", "x-gzip"}
"""What may be said of how the file is packed: the loader knows gzip by itself."""


def fetch(url: str, copy: Copy) -> None:
    """Copy what is there; FileError where it is not one whole file."""
    asyncio.run(_fetch(url, copy))


async def _fetch(url: str, copy: Copy) -> None:
    timeout = aiohttp.ClientTimeout(total=LONGEST, connect=PATIENCE, sock_read=PATIENCE)
    async with aiohttp.ClientSession(
        timeout=timeout,
        auto_decompress=False,  # the length that is told is that of what comes
        headers={"Accept-Encoding": "identity"},
        cookie_jar=aiohttp.DummyCookieJar(),
    ) as session:
        async with _request(session, "GET", url, copy.where) as answer:
            _check(answer, copy.where)
            if answer.content_length is not None:
                copy.expect(answer.content_length)
            async for piece in answer.content.iter_chunked(CHUNK):
                copy.write(piece)
        copy.end()
        with suppress(aiohttp.ClientError, TimeoutError):  # not every server knows HEAD
            async with _request(session, "HEAD", str(answer.url), copy.where) as after:
                if after.status == answer.status and _differ(answer, after, copy.length):
                    raise copy.changed_error()


@asynccontextmanager
async def _request(
    session: aiohttp.ClientSession, method: str, url: str, typed: str
) -> AsyncIterator[aiohttp.ClientResponse]:
    """The answer of the last server, after redirects."""
    for _ in range(MOST_HOPS + 1):
        async with session.request(method, url, allow_redirects=False) as answer:
            if answer.status not in SENT_ON:
                yield answer
                return
            url = urljoin(str(answer.url), answer.headers.get("Location", ""))
            check_sent_on(url, typed)
    raise FileError(
        f"{typed}: its server sends on and on.", "Ask whoever runs it where the file is."
    )


def _check(answer: aiohttp.ClientResponse, where: str) -> None:
    """FileError where the answer is not a file, or could not be told from half of one."""
    status, packed = answer.status, _all(answer, "Content-Encoding")
    if status in {404, 410}:
        raise FileNotFoundError
    if status in {401, 403}:
        raise FileError(
            f"{where}: the server does not let us in ({status}).", "Ask whoever runs it."
        )
    if status != 200:
        raise FileError(
            f"{where}: the server answers {status}.", "Run it again later, or ask whoever runs it."
        )
    if packed not in PACKED_OR_NOT:
        raise FileError(
            f"{where}: the server packs it ({packed}), though it was asked not to.",
            "Ask whoever runs it.",
        )
    # only of exactly this is the end known: with "chunked, identity" half of it looks whole, too
    if answer.content_length is None and _all(answer, "Transfer-Encoding") != "chunked":
        raise FileError(
            f"{where}: the server does not say how long it is, and half of it would look like"
            " the whole.",
            "Ask whoever runs it to send a Content-Length.",
        )


def _all(answer: aiohttp.ClientResponse, header: str) -> str:
    """A header that may come several times, as one."""
    return ", ".join(answer.headers.getall(header, [])).casefold().strip()


def _differ(answer: aiohttp.ClientResponse, after: aiohttp.ClientResponse, length: int) -> bool:
    """Whether the file has changed, as far as both answers tell; `length`: of what has come."""
    tags = {each.headers.get("ETag") for each in (answer, after)} - {None}
    if not tags and answer.headers.get("Last-Modified") != answer.headers.get("Date"):
        # where both are alike, the page is made when it is asked for
        tags = {each.headers.get("Last-Modified") for each in (answer, after)} - {None}
    is_alike = _all(answer, "Content-Encoding") == _all(after, "Content-Encoding")
    told = after.content_length if is_alike else None
    return len(tags) > 1 or told not in {None, 0, length}  # not every HEAD knows
