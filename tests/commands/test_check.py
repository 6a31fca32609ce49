"""`check` and `setup`: each thing proven by a real answer, each fault with what to do; nothing is
ever shipped.
"""

import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from shop import dense, number, table
from terminal import Said, Terminal

from batch.sandbox import Fault, Quota, Sandbox

CANARY = "canary7f3a9c51d20b48e6"
OpenSandbox = Callable[..., Awaitable[Sandbox]]


@pytest.fixture
async def shell(sandbox: OpenSandbox, tmp_path: Path) -> Terminal:
    """A store, and a terminal to it; an export lies there."""
    shell = Terminal(tmp_path, await sandbox(dense(3), token=CANARY, quota=Quota(requests=1000)))
    shell.write("export.csv", table((100, "MUG", 1, number(1)), (101, "MUG", 1, number(2))))
    return shell


def verdicts(said: Said) -> dict[str, str]:
    return {one["what"]: one["verdict"] for one in said.json["checks"]}


async def test_all_is_proven(shell: Terminal) -> None:
    """Exit 0; three requests and none that could change anything."""
    said = await shell("check", "--json")
    assert (said.status, set(verdicts(said).values())) == (0, {"ok"})
    things = [
        "home",
        "disk",
        "ledger",
        "credentials",
        "read orders",
        "modify orders",
        "quota",
        "clock",
    ]
    assert list(verdicts(said)) == things
    assert shell.box is not None
    assert (len(shell.box.requests), shell.box.shipments()) == (3, [])
    assert "of 1000 requests left" in (await shell("check")).out


@pytest.mark.parametrize(
    ("fault", "what", "verdict", "status"),
    [
        (Fault(403, performs=0, method="POST"), "modify orders", "wrong", 2),
        (Fault(500, performs=0, method="POST"), "modify orders", "not proven", 3),
        (Fault(400, performs=0, method="POST"), "modify orders", "not proven", 3),
        (Fault(403, performs=0), "read orders", "wrong", 2),
        (Fault(401, performs=0), "read orders", "wrong", 2),
        (Fault(503, performs=0), "read orders", "unreached", 75),
        (
            Fault(200, performs=0, method="GET", nth=range(2, 3), body="{}"),
            "modify orders",
            "not proven",
            3,
        ),
        (
            Fault(200, performs=0, body="[]", headers={"Date": "Mon, 01 Jan 2024 00:00:00 GMT"}),
            "clock",
            "wrong",
            2,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
async def test_what_is_not_proven_is_not_called_so(
    shell: Terminal, fault: Fault, what: str, verdict: str, status: int
) -> None:
    """403 against 404 tells the scope; anything else tells nothing. Each has what to do."""
    assert shell.box is not None
    shell.box.faults.add(fault)
    said = await shell("check", "--json")
    assert (verdicts(said)[what], said.status) == (verdict, status)
    one = next(one for one in said.json["checks"] if one["what"] == what)
    assert one["todo"]
    assert shell.box.shipments() == []


async def test_a_store_that_is_down_is_unreached(shell: Terminal) -> None:
    """75: the same call later will do; asked once, not for minutes."""
    said = await shell("check", BIGCOMMERCE_API_URL="http://127.0.0.1:9")
    assert said.status == 75
    assert "no connection to 127.0.0.1:9" in said.out


async def test_without_credentials_the_machine_is_checked_all_the_same(shell: Terminal) -> None:
    """And the credentials are what is wrong."""
    said = await shell("check", "--json", BIGCOMMERCE_ACCESS_TOKEN="")
    assert (verdicts(said)["credentials"], verdicts(said)["home"], said.status) == (
        "wrong",
        "ok",
        2,
    )


@pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")
async def test_places_that_will_not_do(shell: Terminal) -> None:
    """A home for all to see, a damaged ledger, a folder that is not there."""
    shell.home.mkdir(mode=0o755)
    shell.home.chmod(0o755)
    (shell.home / "ledger.sqlite3").write_bytes(b"no database" * 500)
    shell.write("shipbatch.toml", '[folders.acme]\npath = "inbox"\n')
    said = await shell("check", "--json")
    found = verdicts(said)
    assert (found["home"], found["ledger"], found["folder acme"], said.status) == (
        "wrong",
        "wrong",
        "wrong",
        2,
    )
    assert f"chmod 700 '{shell.home}'" in said.out


async def test_it_is_quiet_where_all_is_proven(shell: Terminal) -> None:
    """So that cron mails nobody."""
    said = await shell("check", "--quiet")
    assert (said.status, said.all) == (0, "")
    said = await shell("check", "--quiet", BIGCOMMERCE_ACCESS_TOKEN="")
    assert (said.status, "wrong" in said.out) == (2, True)


class TestSetup:
    async def typed(self, shell: Terminal, *lines: str, words: tuple[str, ...] = ()) -> Said:
        """What a person types, to a `setup` whose environment has no credentials."""
        without = {
            "BIGCOMMERCE_STORE_HASH": "",
            "BIGCOMMERCE_ACCESS_TOKEN": "",
            "XDG_CONFIG_HOME": str(shell.folder),
        }
        shell.environ |= without
        return await shell("setup", *words, typed="\n".join([*lines, ""]))

    async def test_keeps_both_and_ships(self, shell: Terminal) -> None:
        """From nothing to the first live shipment, whose link is printed; the token is in one file,
        0600.
        """
        assert shell.box is not None
        said = await self.typed(
            shell, f"https://api.bigcommerce.com/stores/{shell.box.store_hash}/v3/", CANARY
        )
        assert (said.status, CANARY in said.all) == (0, False)
        assert "--limit 1" in said.out
        kept = [path for path, content in shell.left_behind() if CANARY.encode() in content]
        assert kept == [shell.home / "secrets" / "bigcommerce_access_token"]
        assert kept[0].stat().st_mode & 0o777 == 0o600
        first = await shell("run", "--limit", "1", "export.csv")
        assert len(shell.box.shipments()) == 1
        assert f"store-{shell.box.store_hash}.mybigcommerce.com/manage/orders/100" in first.out

    async def test_of_a_second_store(self, shell: Terminal) -> None:
        """A table of its own, a token of its own; what was in the file stays."""
        assert shell.box is not None
        shell.write("shipbatch.toml", "# ours\nworkers = 3\n")
        said = await self.typed(shell, shell.box.store_hash, CANARY, words=("--store", "eu-west"))
        assert said.status == 0
        text = (shell.folder / "shipbatch.toml").read_text("utf-8")
        assert text.startswith("# ours\nworkers = 3\n")
        assert f'[stores.eu-west]\nstore_hash = "{shell.box.store_hash}"' in text
        assert (await shell("check", "--store", "eu-west")).status == 0
        assert (await shell("check")).status == 2

    @pytest.mark.parametrize(
        "lines", [("abc/d", CANARY), ("", CANARY), ("abc123", ""), ("abc123", "to ken"), (CANARY,)]
    )
    async def test_refuses_what_cannot_be(self, shell: Terminal, lines: tuple[str, ...]) -> None:
        """And shows no token, also where it was pasted into the wrong question."""
        said = await self.typed(shell, *lines)
        assert (said.status, "Traceback" in said.all, CANARY in said.all) == (2, False, False)
        assert not (shell.home / "secrets").exists()

    async def test_does_not_replace_another_stores_hash(self, shell: Terminal) -> None:
        """The line that has it, and the line to write."""
        shell.write("shipbatch.toml", '\nstore_hash = "other1"\n')
        assert shell.box is not None
        said = await self.typed(shell, shell.box.store_hash, CANARY)
        assert said.status == 2
        assert "line 2" in said.err
        assert f'store_hash = "{shell.box.store_hash}"' in said.err

    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_keeps_nothing_that_the_store_refuses(self, shell: Terminal, method: str) -> None:
        """A token that is no good, or may not make shipments: said, and proven before it is written
        anywhere.
        """
        assert shell.box is not None
        shell.box.faults.add(Fault(401 if method == "GET" else 403, performs=0, method=method))
        said = await self.typed(shell, shell.box.store_hash, CANARY)
        assert (said.status, "Nothing was kept" in said.out) == (2, True)
        assert not [path for path, content in shell.left_behind() if CANARY.encode() in content]
        assert not (shell.folder / "shipbatch.toml").exists()

    async def test_keeps_what_cannot_be_proven_now(self, shell: Terminal) -> None:
        """The store does not answer: exit 75, and nothing need be typed again."""
        assert shell.box is not None
        shell.environ["BIGCOMMERCE_API_URL"] = "http://127.0.0.1:9"
        said = await self.typed(shell, shell.box.store_hash, CANARY)
        assert (said.status, "Ready" in said.out) == (75, False)
        shell.environ["BIGCOMMERCE_API_URL"] = shell.box.url
        assert (await shell("check")).status == 0


async def test_a_live_ledger_is_copied(shell: Terminal) -> None:
    """`history --backup`: whole, checked, private; replaces an earlier copy and no other file."""
    await shell("run", "export.csv")
    target = shell.folder / "copy.sqlite3"
    for _ in range(2):
        said = await shell("history", "--backup", target)
        assert (said.status, target.stat().st_mode & 0o777) == (0, 0o600)
    assert "1 run" in said.out
    moved = shell.folder / "elsewhere"
    moved.mkdir(mode=0o700)
    target.rename(moved / "ledger.sqlite3")
    again = await shell("run", "--json", "export.csv", SHIPBATCH_HOME=str(moved))
    assert (json.loads(again.out)["already_created"], json.loads(again.out)["requests"]) == (2, 0)
    said = await shell("history", "--backup", shell.folder / "export.csv")
    assert said.status == 2
    assert (shell.folder / "export.csv").read_text("utf-8").startswith("Order ID")
    assert not list(shell.folder.glob("*.new"))
