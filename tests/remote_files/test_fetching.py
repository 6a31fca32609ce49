"""Files by address: fetched whole or not at all, dates filled in, no credential in an address."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import paramiko
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from sftp import sftp_server
from shop import dense, number, table
from terminal import Terminal

from batch.errors import FileError
from batch.remote_files import fetch_file, fill_in_dates, is_far
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
    assert fill_in_dates(given, date(2026, 3, 1)) == made


def test_a_drive_is_no_address() -> None:
    """C:\\exports is a path."""
    assert [is_far(each) for each in ("C:\\x.csv", "C:/x.csv", "x.csv", "s3://b/x.csv")] == [
        False,
        False,
        False,
        True,
    ]


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
        fetch_file(url, tmp_path)
    assert "canary" not in str(refused.value)


def certified(folder: Path) -> ssl.SSLContext:
    """A server's context, for a certificate of localhost that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(
        now + timedelta(days=1)
    )
    builder = builder.add_extension(
        x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False
    )
    whole = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    (folder / "cert.pem").write_bytes(whole)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(secret)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


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
        trusted = certified(tmp_path)
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=trusted).start()
        shell = Terminal(tmp_path, await sandbox(dense(3)))
        plain, secure = (address[1] for address in runner.addresses)
        shell.environ |= {"AT": f"http://127.0.0.1:{plain}", "SAFE": f"https://localhost:{secure}"}
        yield shell
        await runner.cleanup()

    async def test_ships_like_any_file(self, shell: Terminal) -> None:
        """The copy is private, the sheet beside it; the same again sends nothing."""
        said = await shell(
            "run", "--json", f"{shell.environ['AT']}/out/export-{{date:YYYYMMDD}}.csv"
        )
        assert (said.status, said.json["created"]) == (0, 2)
        sheet = Path(said.json["results"])
        assert sheet.parent.parent == shell.home / "fetched"
        assert all(path.stat().st_mode & 0o077 == 0 for path in sheet.parent.iterdir())
        said = await shell(
            "run", "--json", f"{shell.environ['AT']}/out/export-{{date:YYYYMMDD}}.csv"
        )
        assert (said.json["created"], said.json["already_created"]) == (0, 2)

    async def test_ships_over_https_from_a_server_that_is_trusted_alone(
        self, shell: Terminal
    ) -> None:
        url = f"{shell.environ['SAFE']}/out/export-{{date:YYYYMMDD}}.csv"
        assert (await shell("run", url)).status == 2
        said = await shell("run", "--json", url, SSL_CERT_FILE=str(shell.folder / "cert.pem"))
        assert (said.status, said.json["created"]) == (0, 2)

    @pytest.mark.parametrize(
        ("name", "word"), [("gone.csv", "no such file"), ("half.csv", "cannot be fetched")]
    )
    async def test_what_cannot_be_had_is_said(self, shell: Terminal, name: str, word: str) -> None:
        """Exit 2; half a file never becomes one."""
        said = await shell("run", f"{shell.environ['AT']}/{name}")
        assert (said.status, "Traceback" in said.all) == (2, False)
        assert word in said.err
        assert list((shell.home / "fetched").iterdir()) == []
        assert shell.box is not None
        assert shell.box.shipments() == []


class TestOverSsh:
    """As `sftp` would get it, from a real server: this user's key, a host that is known,
    ~/.ssh/config.
    """

    @pytest.fixture
    async def shell(self, sandbox: OpenSandbox, tmp_path: Path) -> AsyncIterator[Terminal]:
        """A terminal whose user has a key; a server with today's file, under a name in the user's
        ssh config.
        """
        host, user = (paramiko.ECDSAKey.generate() for _ in range(2))
        shell = Terminal(tmp_path, await sandbox(dense(3)))
        ssh = shell.folder / ".ssh"
        ssh.mkdir(mode=0o700)
        user.write_private_key_file(str(ssh / "warehouse"))
        served = tmp_path / "served" / "out"
        served.mkdir(parents=True)
        today = f"{datetime.now().astimezone():%Y-%m-%d}"
        (served / f"export {today}.csv").write_text(
            table((100, "MUG", 1, number(1)), (101, "MUG", 1, number(2)))
        )
        with sftp_server(served.parent, host, user) as port:
            (ssh / "known_hosts").write_text(
                f"[127.0.0.1]:{port} {host.get_name()} {host.get_base64()}\n"
            )
            config = (
                f"Host depot\n  HostName 127.0.0.1\n  Port {port}\n  User ann\n  IdentityFile"
                f" {ssh}/warehouse\n"
            )
            (ssh / "config").write_text(config)
            yield shell

    async def test_ships_like_any_file(self, shell: Terminal) -> None:
        said = await shell("run", "--json", "sftp://depot/out/export%20{date}.csv")
        assert said.err == ""
        assert (said.status, said.json["created"]) == (0, 2)
        assert (await shell("run", "--json", "sftp://depot/out/export%20{date}.csv")).json[
            "already_created"
        ] == 2

    @pytest.mark.parametrize(
        ("file", "text", "words"),
        [
            ("known_hosts", "", ["not in known_hosts", "Run `sftp depot` once"]),
            ("known_hosts", "other", ["has another key", "Do not accept it"]),
            ("warehouse", "other", ["does not let this user in", "public key"]),
            ("config", "", ["cannot be fetched"]),
        ],
    )
    async def test_what_does_not_open_is_said(
        self, shell: Terminal, file: str, text: str, words: list[str]
    ) -> None:
        """A host that is not known, or another one behind its name; a key that is not let in; no
        such host.
        """
        path, other = shell.folder / ".ssh" / file, paramiko.ECDSAKey.generate()
        if text and file == "known_hosts":
            path.write_text(
                f"{path.read_text().split()[0]} {other.get_name()} {other.get_base64()}\n"
            )
        elif text:
            path.unlink()
            other.write_private_key_file(str(path))
        else:
            path.write_text("")
        said = await shell("run", "sftp://depot/out/export.csv")
        assert said.status == 2
        assert all(word in said.err for word in words), said.err
        assert "Traceback" not in said.all
        assert list((shell.home / "fetched").iterdir()) == []

    async def test_a_file_that_is_still_written_is_not_taken(self, shell: Terminal) -> None:
        (shell.folder / "served" / "out" / "growing.csv").write_text(
            table((100, "MUG", 1, number(1)))
        )
        said = await shell("run", "sftp://depot/out/growing.csv")
        assert (said.status, "still being written" in said.err) == (2, True)
        assert list((shell.home / "fetched").iterdir()) == []

    async def test_less_than_its_length_or_more_than_the_cap_is_not_taken(
        self, shell: Terminal
    ) -> None:
        """The cap is a setting."""
        (shell.folder / "served" / "out" / "short.csv").write_text(
            table((100, "MUG", 1, number(1)))
        )
        said = await shell("run", "sftp://depot/out/short.csv")
        assert (said.status, "bytes have come, and it has" in said.err) == (2, True), said.err
        shell.write("shipbatch.toml", "fetch_largest = 20\n")
        said = await shell("run", "sftp://depot/out/export%20{date}.csv")
        assert (said.status, "at most 20 are fetched" in said.err) == (2, True), said.err
        assert list((shell.home / "fetched").iterdir()) == []

    async def test_what_says_where_it_goes_is_this_users_alone(self, shell: Terminal) -> None:
        """As ssh itself has it: who writes ~/.ssh/config says whose file comes."""
        (shell.folder / ".ssh" / "config").chmod(0o666)
        said = await shell("run", "sftp://depot/out/export%20{date}.csv")
        assert (said.status, ".ssh/config is not used: everybody can write it" in said.err) == (
            2,
            True,
        ), said.err

    async def test_a_file_that_is_not_there_is_said(self, shell: Terminal) -> None:
        said = await shell("run", "sftp://depot/out/gone.csv")
        assert (said.status, "there is no such file" in said.err) == (2, True)
