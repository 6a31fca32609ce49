"""Files by address: fetched whole or not at all, dates filled in, no credential in an address."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, datetime
from pathlib import Path

import pytest
from aiohttp import web
from shop import dense, number, table
from terminal import Terminal

from batch.errors import FileError
from batch.fetching import dated, fetched, is_far
from batch.sandbox import Sandbox

OpenSandbox = Callable[..., Awaitable[Sandbox]]


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("/exports/{date}.csv", "/exports/2026-03-01.csv"),
        ("s3://bucket/{date:YYYY/MM/DD}/out.csv", "s3://bucket/2026/03/01/out.csv"),
        ("out-{yesterday:DD.MM.YY}.csv", "out-28.02.26.csv"),
        ("{today:YYYYMMDD}{date:MM}", "2026030103"),
        ("{other}.csv", "{other}.csv"),
        ("a 100% {date:}.csv", "a 100% 2026-03-01.csv"),
    ],
)
def test_dates_are_filled_in(given: str, made: str) -> None:
    """And what is no date stays."""
    assert dated(given, date(2026, 3, 1)) == made


def test_a_drive_is_no_address() -> None:
    """C:\\exports is a path."""
    assert [is_far(each) for each in ("C:\\x.csv", "C:/x.csv", "x.csv", "s3://b/x.csv")] == [False, False, False, True]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sftp://me:canary@host/x.csv", "has a password"),
        ("https://host/x.csv?sig=canary", "has a password"),
        ("http://example.com/x.csv", "plain http"),
        ("gopher://host/x.csv", "no address of a file"),
        ("s3://bucket/", "no address of a file"),
    ],
)
def test_addresses_that_will_not_do(tmp_path: Path, url: str, said: str) -> None:
    """Refused before anything is asked, and never shown with what is secret in them."""
    with pytest.raises(FileError, match=said) as refused:
        fetched(url, tmp_path)
    assert "canary" not in str(refused.value)


class TestFetched:
    @pytest.fixture
    async def shell(self, sandbox: OpenSandbox, tmp_path: Path) -> AsyncIterator[Terminal]:
        """A terminal; a server that has today's file, and breaks another one off."""
        rows = table((100, "MUG", 1, number(1)), (101, "MUG", 1, number(2)))

        async def whole(request: web.Request) -> web.Response:
            return web.Response(text=rows)

        async def half(request: web.Request) -> web.StreamResponse:
            answer = web.StreamResponse(headers={"Content-Length": "5000"})
            await answer.prepare(request)
            await answer.write(rows.encode())
            assert request.transport is not None
            request.transport.abort()
            return answer

        app = web.Application()
        today = f"{datetime.now().astimezone():%Y%m%d}"
        app.add_routes([web.get(f"/out/export-{today}.csv", whole), web.get("/half.csv", half)])
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        shell = Terminal(tmp_path, await sandbox(dense(3)))
        shell.environ["AT"] = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield shell
        await runner.cleanup()

    async def test_ships_like_any_file(self, shell: Terminal) -> None:
        """The copy is private, the sheet beside it; the same again sends nothing."""
        said = await shell("run", "--json", f"{shell.environ['AT']}/out/export-{{date:YYYYMMDD}}.csv")
        assert (said.status, said.json["created"]) == (0, 2)
        sheet = Path(said.json["results"])
        assert sheet.parent == shell.home / "fetched"
        assert all(path.stat().st_mode & 0o077 == 0 for path in sheet.parent.iterdir())
        said = await shell("run", "--json", f"{shell.environ['AT']}/out/export-{{date:YYYYMMDD}}.csv")
        assert (said.json["created"], said.json["already_created"]) == (0, 2)

    @pytest.mark.parametrize(("name", "word"), [("gone.csv", "no such file"), ("half.csv", "cannot be fetched")])
    async def test_what_cannot_be_had_is_said(self, shell: Terminal, name: str, word: str) -> None:
        """Exit 2; half a file never becomes one."""
        said = await shell("run", f"{shell.environ['AT']}/{name}")
        assert (said.status, "Traceback" in said.all) == (2, False)
        assert word in said.err
        assert not (shell.home / "fetched" / name).exists()
        assert shell.box is not None
        assert shell.box.shipments() == []
