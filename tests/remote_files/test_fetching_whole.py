"""A fetched file is the one that was asked for: a place of its own, one version, whole, from
nowhere else.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from aiohttp import web

from batch.errors import FileError
from batch.remote_files import fetch_file

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Site:
    """A web server on this machine: `site.at["/x.csv"] = handler`; what it was asked for is in
    `asked`.
    """

    def __init__(self, home: Path) -> None:
        self.home, self.url = home, ""
        self.at: dict[str, Handler] = {}
        self.asked: list[web.BaseRequest] = []

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(request)
        handler = self.at.get(request.path, self.at.get("*"))
        return await handler(request) if handler else web.Response(status=404)

    async def fetch(self, path: str, largest: int = 1_000_000) -> Path:
        return await asyncio.to_thread(fetch_file, self.url + path, self.home, largest)

    async def refuse(self, path: str, largest: int = 1_000_000) -> str:
        """What is said of an address; nothing of it is left."""
        with pytest.raises(FileError) as refused:
            await self.fetch(path, largest)
        assert list((self.home / "fetched").iterdir()) == []
        assert refused.value.todo
        return str(refused.value)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    made = Site(tmp_path / "home")
    runner = web.ServerRunner(web.Server(made.answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


def text(body: str, **headers: str) -> Handler:
    async def answer(request: web.BaseRequest) -> web.Response:
        return web.Response(text=body, headers=headers)

    return answer


def to(location: str) -> Handler:
    async def answer(request: web.BaseRequest) -> web.Response:
        return web.Response(status=302, headers={"Location": location})

    return answer


def streamed(*pieces: str, chunked: bool = True, **headers: str) -> Handler:
    """Without a length; not even a chunk's where it is not chunked."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers=headers)
        if chunked:
            response.enable_chunked_encoding()
        else:
            response.headers["Connection"] = "close"
            request._version = (1, 0)  # type: ignore[attr-defined,assignment]
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece.encode())
        return response

    return answer


def raw(*headers: str) -> Handler:
    """An answer as it stands on the wire, and no more after it."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        head = "\r\n".join(("HTTP/1.1 200 OK", *headers, "", ""))
        request.transport.write(f"{head}half of".encode())
        request.transport.close()
        return web.Response()

    return answer


class TestAPlaceOfItsOwn:
    async def test_one_name_at_two_addresses_is_two_files_also_at_once(self, site: Site) -> None:
        """The first is half there while the second comes whole; each keeps its own content."""
        first_is_half_there, second_is_there = asyncio.Event(), asyncio.Event()

        async def slow(request: web.BaseRequest) -> web.StreamResponse:
            response = web.StreamResponse()
            response.enable_chunked_encoding()
            await response.prepare(request)
            if request.method == "GET":
                await response.write(b"north ")
                first_is_half_there.set()
                await second_is_there.wait()
                await response.write(b"all")
            return response

        site.at = {"/north/export.csv": slow, "/south/export.csv": text("south")}
        first = asyncio.create_task(site.fetch("/north/export.csv"))
        await first_is_half_there.wait()
        south = await site.fetch("/south/export.csv")
        second_is_there.set()
        north = await first
        assert (north.name, south.name) == ("export.csv", "export.csv")
        assert (north.read_text(), south.read_text()) == ("north all", "south")
        assert [each.name for each in north.parent.iterdir()] == ["export.csv"]

    async def test_a_later_version_leaves_the_earlier_one_as_it_was(self, site: Site) -> None:
        """Another run's copy may still be read."""
        site.at["/export.csv"] = text("one")
        one = await site.fetch("/export.csv")
        site.at["/export.csv"] = text("two")
        two = await site.fetch("/export.csv")
        assert (one.read_text(), two.read_text()) == ("one", "two")

    @pytest.mark.parametrize(
        "name",
        [
            # names that harm nothing but the test's own folder, were they obeyed
            "..%2F..%2Fledger.sqlite3",
            "..%5C..%5Cledger.sqlite3",
            "HOME%2Fledger.sqlite3",
            "C%3A%5Cx.csv",
            "x%00y.csv",
            "x%0Ay%1B%5B2J.csv",
            "%E2%80%AEvsc.exe",
            "a" * 3000 + ".csv",
            "ü" * 300 + ".csv",
            "x." + "y" * 400,
            "NUL.csv",
            "~root",
        ],
    )
    async def test_a_hostile_name_stays_in_its_folder(self, site: Site, name: str) -> None:
        """As one plain name; the ledger beside the folder is what it was."""
        site.at["*"] = text("rows")
        site.home.mkdir(mode=0o700)
        (site.home / "ledger.sqlite3").write_text("ledger")
        made = await site.fetch(f"/out/{name.replace('HOME', quote(str(site.home), safe=''))}")
        assert made.resolve().parent.parent == (site.home / "fetched").resolve()
        assert [each.read_text() for each in made.parent.iterdir()] == ["rows"]
        assert made.name.isprintable()
        assert len(made.name.encode()) <= 180
        assert not set(made.name) & set('/\\:*?"<>|')
        assert (site.home / "ledger.sqlite3").read_text() == "ledger"
        assert sorted(each.name for each in site.home.iterdir()) == ["fetched", "ledger.sqlite3"]

    @pytest.mark.parametrize("name", ["", "..", "%2E%2E", "%20", "."])
    async def test_a_name_that_is_none_is_refused(self, site: Site, name: str) -> None:
        site.at["*"] = text("rows")
        with pytest.raises(FileError, match="no address of a file"):
            await site.fetch(f"/out/{name}")
        assert site.asked == []


class TestWhole:
    async def test_it_is_asked_for_once_and_not_in_ranges(self, site: Site) -> None:
        """Of a length that a client might split."""
        site.at["/x.csv"] = text("x" * 6_000_000, ETag='"one"')
        assert (await site.fetch("/x.csv", 6_000_000)).stat().st_size == 6_000_000
        assert [request.method for request in site.asked] == ["GET", "HEAD"]
        assert not any("Range" in request.headers for request in site.asked)

    @pytest.mark.parametrize(
        ("first", "then"),
        [
            (text("rows", ETag='"one"'), text("rows", ETag='"two"')),
            (text("rows"), text("rows and more")),
            (streamed("rows"), text("rows and more")),
            (
                text("rows", **{"Last-Modified": "Mon, 30 Nov 2026 01:00:00 GMT"}),
                text("swor", **{"Last-Modified": "Mon, 30 Nov 2026 02:00:00 GMT"}),
            ),
        ],
    )
    async def test_a_file_that_is_replaced_meanwhile_is_not_taken(
        self, site: Site, first: Handler, then: Handler
    ) -> None:
        """Another ETag, length or time of change, as soon as it has come."""

        async def changing(request: web.BaseRequest) -> web.StreamResponse:
            return await (first if request.method == "GET" else then)(request)

        site.at["/x.csv"] = changing
        assert "replaced while it was fetched" in await site.refuse("/x.csv")

    async def test_a_page_that_is_made_when_it_is_asked_for_is_taken(self, site: Site) -> None:
        """Its time of change is that of the answer: it tells nothing."""
        times = iter(("Mon, 30 Nov 2026 01:00:00 GMT", "Mon, 30 Nov 2026 01:00:02 GMT"))

        async def made_now(request: web.BaseRequest) -> web.Response:
            now = next(times)
            return web.Response(text="rows", headers={"Last-Modified": now, "Date": now})

        site.at["/x.csv"] = made_now
        assert (await site.fetch("/x.csv")).read_text() == "rows"

    async def test_a_server_that_knows_no_head_is_taken_at_its_word(self, site: Site) -> None:
        async def picky(request: web.BaseRequest) -> web.Response:
            return web.Response(
                text="rows", status=200 if request.method == "GET" else 405, headers={"ETag": '"1"'}
            )

        site.at["/x.csv"] = picky
        assert (await site.fetch("/x.csv")).read_text() == "rows"

    @pytest.mark.parametrize(
        ("handler", "said"),
        [
            (streamed("half of", chunked=False), "does not say how long it is"),
            (raw("Transfer-Encoding: chunked, identity"), "does not say how long it is"),
            (raw("Transfer-Encoding: xchunked"), "does not say how long it is"),
            (text("rows", **{"Content-Encoding": "br"}), "packs it (br)"),
            (
                raw("Content-Encoding: gzip", "Content-Encoding: br", "Content-Length: 7"),
                "packs it (gzip, br)",
            ),
        ],
    )
    async def test_what_could_be_half_a_file_is_not_taken(
        self, site: Site, handler: Handler, said: str
    ) -> None:
        site.at["/x.csv"] = handler
        assert said in await site.refuse("/x.csv")

    @pytest.mark.parametrize("status", [204, 206, 401, 404, 500])
    async def test_any_answer_but_200_is_refused(self, site: Site, status: int) -> None:
        async def answer(request: web.BaseRequest) -> web.Response:
            return web.Response(status=status, text=None if status == 204 else "rows")

        site.at["/x.csv"] = answer
        assert await site.refuse("/x.csv")

    @pytest.mark.parametrize("handler", [text("x" * 101), streamed("x" * 60, "x" * 60)])
    async def test_more_than_the_cap_is_not_taken(self, site: Site, handler: Handler) -> None:
        """Whether its length is told or not; what is just as large is taken."""
        site.at = {"/x.csv": handler, "/y.csv": text("x" * 100)}
        assert "at most 100" in await site.refuse("/x.csv", 100)
        assert (await site.fetch("/y.csv", 100)).stat().st_size == 100


class TestSentOn:
    async def test_what_it_is_sent_on_to_is_fetched_under_the_name_that_was_asked_for(
        self, site: Site
    ) -> None:
        """A key that the server puts behind a question mark is its own."""
        site.at = {"/x.csv": to("/moved/y?key=1"), "/moved/y": text("rows")}
        made = await site.fetch("/x.csv")
        assert (made.name, made.read_text()) == ("x.csv", "rows")

    @pytest.mark.parametrize(
        ("location", "said"),
        [
            ("http://example.com/x.csv", "plain http"),
            ("//example.com/x.csv", "plain http"),
            ("http://127.0.0.1.example.com/x.csv", "plain http"),
            ("file:///etc/passwd", "no https address"),
            ("s3://bucket/x.csv", "no https address"),
            ("https://ann:canary@example.com/x.csv", "no https address"),
            ("http://localhost@example.com/x.csv", "no https address"),
            ("https:///x.csv", "no https address"),
            ("/x.csv", "sends on and on"),
        ],
    )
    async def test_it_goes_nowhere_that_could_not_be_typed(
        self, site: Site, location: str, said: str
    ) -> None:
        """And says where it was to go, without what is secret there."""
        site.at["/x.csv"] = to(location)
        told = await site.refuse("/x.csv")
        assert said in told
        assert "canary" not in told
