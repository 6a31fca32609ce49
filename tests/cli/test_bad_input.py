"""Bad input: exit 2, one clear message that names what is wrong and what to do, and no request."""

import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from shop import HEADER, dense, number, table
from terminal import Said, Terminal

from batch.sandbox import Sandbox

ROWS = [(100 + n, "MUG", 1, number(n)) for n in range(3)]
OpenSandbox = Callable[..., Awaitable[Sandbox]]


@pytest.fixture
async def shell(sandbox: OpenSandbox, tmp_path: Path) -> Terminal:
    """A terminal to a store in which the export would ship."""
    return Terminal(tmp_path, await sandbox(dense(3)))


def refused(shell: Terminal, said: Said, *words: str) -> None:
    """It ended with 2, in a few words that name these, and the store was not asked for anything."""
    assert said.status == 2, said.all
    assert "Traceback" not in said.all
    complaint = [line for line in said.err.splitlines() if not line.startswith("Reading ")]
    assert 1 <= len(complaint) <= 4, said.err
    text = "\n".join(complaint)
    for word in words:
        assert word in text
    assert shell.box is not None
    assert shell.box.requests == []


class TestTheFile:
    async def test_none_of_that_name(self, shell: Terminal) -> None:
        """The name as it was given."""
        refused(shell, await shell("run", "nothing.csv"), "nothing.csv", "no such file")

    @pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a disk takes text alone")
    async def test_a_name_that_is_no_text(self, shell: Terminal) -> None:
        """As an old system's archive leaves it."""
        name = os.fsdecode(b"caf\xe9.csv")
        shell.write(name, table(*ROWS))
        refused(shell, await shell("run", name), "its name is no text", "Rename it")

    async def test_a_folder(self, shell: Terminal) -> None:
        """Not an export."""
        (shell.folder / "exports").mkdir()
        refused(shell, await shell("run", "exports"), "exports", "a folder")

    async def test_none_at_all(self, shell: Terminal) -> None:
        """Usage."""
        said = await shell("run")
        assert said.status == 2
        assert "files" in said.err.casefold()

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("photo.xlsx", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4),
            ("letter.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n"),
            ("broken.xlsx", b"PK\x03\x04" + b"\x00" * 200),
            ("empty.csv", b""),
            ("blank.csv", b"\n\n  \n"),
            ("header.csv", b"Order ID,SKU,Quantity,Tracking Number\n"),
        ],
        ids=["a photo", "a letter", "broken", "empty", "blank", "header only"],
    )
    async def test_that_is_no_export(self, shell: Terminal, name: str, content: bytes) -> None:
        """By its content, not by its name."""
        (shell.folder / name).write_bytes(content)
        refused(shell, await shell("run", name), name)

    async def test_without_a_column_for_the_order(self, shell: Terminal) -> None:
        """No option is offered for columns that cannot be it."""
        shell.write(
            "export.csv",
            table(*((row[1], row[3]) for row in ROWS), header=("SKU", "Tracking Number")),
        )
        refused(shell, await shell("run", "export.csv"), "export.csv", "names no order", "`SKU`")

    async def test_with_two_columns_for_the_quantity(self, shell: Terminal) -> None:
        """Both are shown with their values, and the --map that settles it; with that it ships."""
        rows = [(*row, 2) for row in ROWS]
        shell.write(
            "export.csv", table(*rows, header=(*HEADER[:2], "Qty", "Tracking Number", "Quantity"))
        )
        said = await shell("run", "export.csv")
        refused(shell, said, "export.csv", "Qty", "Quantity", "--map", "quantity=")
        assert (await shell("run", "export.csv", "--map", "quantity=Qty", "--json")).json[
            "created"
        ] == 3

    async def test_map_to_a_column_that_is_not_there(self, shell: Terminal) -> None:
        """With those there are."""
        shell.write("export.csv", table(*ROWS))
        refused(shell, await shell("run", "export.csv", "--map", "sku=Artikel"), "Artikel", "SKU")

    async def test_map_of_a_field_that_is_not_there(self, shell: Terminal) -> None:
        """With those there are."""
        shell.write("export.csv", table(*ROWS))
        refused(
            shell,
            await shell("run", "export.csv", "--map", "article=SKU"),
            "'article'",
            "order_product_id",
        )

    async def test_map_that_is_no_map(self, shell: Terminal) -> None:
        """FIELD=COLUMN."""
        shell.write("export.csv", table(*ROWS))
        refused(shell, await shell("run", "export.csv", "--map", "SKU"), "FIELD=COLUMN")

    async def test_a_sheet_that_is_not_there(self, shell: Terminal) -> None:
        """A CSV has none of that name."""
        shell.write("export.csv", table(*ROWS))
        said = await shell("run", "export.csv", "--sheet", "Dispatched")
        assert "Traceback" not in said.all
        assert said.status in {0, 2}


class TestTheStore:
    @pytest.fixture
    async def shell(self, sandbox: OpenSandbox, tmp_path: Path) -> Terminal:
        """With an export that would ship."""
        shell = Terminal(tmp_path, await sandbox(dense(3)))
        shell.write("export.csv", table(*ROWS))
        return shell

    async def test_without_both_names_both(self, shell: Terminal) -> None:
        none = {"BIGCOMMERCE_STORE_HASH": "", "BIGCOMMERCE_ACCESS_TOKEN": ""}
        refused(shell, await shell("run", "export.csv", **none), *none, "are not set")

    @pytest.mark.parametrize("variable", ["BIGCOMMERCE_STORE_HASH", "BIGCOMMERCE_ACCESS_TOKEN"])
    async def test_missing_credentials(self, shell: Terminal, variable: str) -> None:
        """The variable, and how to do without."""
        said = await shell("run", "export.csv", **{variable: ""})
        refused(shell, said, variable, "--sandbox")

    @pytest.mark.parametrize(
        ("variable", "value"),
        [
            ("BIGCOMMERCE_STORE_HASH", "../../v3"),
            ("BIGCOMMERCE_STORE_HASH", "abc:def"),
            ("BIGCOMMERCE_ACCESS_TOKEN", "tok en"),
        ],
    )
    async def test_credentials_that_cannot_be(
        self, shell: Terminal, variable: str, value: str
    ) -> None:
        """Named; a token's text is not shown."""
        said = await shell("run", "export.csv", **{variable: value})
        refused(shell, said, variable)
        assert "tok en" not in said.all

    @pytest.mark.parametrize(
        "url", ["http://api.example.com", "http://10.0.0.7:8080", "http://127.0.0.1.example.com"]
    )
    async def test_plain_http_to_another_machine(self, shell: Terminal, url: str) -> None:
        """The token would be seen by the network."""
        refused(
            shell,
            await shell("run", "export.csv", BIGCOMMERCE_API_URL=url),
            "BIGCOMMERCE_API_URL",
            "https",
        )

    @pytest.mark.parametrize(
        "url", ["ftp://api.example.com", "api.example.com", "https://user:pw@api.example.com"]
    )
    async def test_an_address_that_is_none(self, shell: Terminal, url: str) -> None:
        """And what it usually is."""
        said = await shell("run", "export.csv", BIGCOMMERCE_API_URL=url)
        refused(shell, said, "BIGCOMMERCE_API_URL")
        assert "user:pw" not in said.all

    async def test_a_name_that_no_file_has(self, shell: Terminal) -> None:
        """--store NAME, and the names there are."""
        shell.write("shipbatch.toml", '[stores.uk]\nstore_hash = "abc"\n')
        refused(
            shell,
            await shell("run", "export.csv", "--store", "us"),
            "--store us",
            "[stores.us]",
            "uk",
        )

    async def test_a_hash_that_the_store_does_not_know(self, shell: Terminal) -> None:
        """Nothing was sent but the question."""
        said = await shell("run", "export.csv", BIGCOMMERCE_STORE_HASH="unknown1")
        assert said.status == 2
        assert "Traceback" not in said.all
        assert "unknown1" in said.err or "BIGCOMMERCE_STORE_HASH" in said.err
        assert shell.box is not None
        assert shell.box.shipments() == []


class TestTheSettings:
    @pytest.mark.parametrize(
        ("text", "word"),
        [
            ("timeout = 'soon'", "timeout"),
            ("colour = 'red'", "colour"),
            ("timeout = ", "shipbatch.toml"),
            ("workers = 0", "workers"),
        ],
        ids=["no number", "unknown", "no TOML", "out of range"],
    )
    async def test_a_file_that_is_wrong(self, shell: Terminal, text: str, word: str) -> None:
        """The setting, or the file."""
        shell.write("export.csv", table(*ROWS))
        shell.write("shipbatch.toml", text)
        refused(shell, await shell("run", "export.csv"), word, "shipbatch.toml")

    async def test_a_file_that_is_named_and_not_there(self, shell: Terminal) -> None:
        """SHIPBATCH_CONFIG."""
        said = await shell("run", "export.csv", SHIPBATCH_CONFIG="elsewhere.toml")
        refused(shell, said, "SHIPBATCH_CONFIG", "elsewhere.toml")

    async def test_a_settle_window_shorter_than_the_deadline(self, shell: Terminal) -> None:
        """Late ones would be missed."""
        shell.write("export.csv", table(*ROWS))
        refused(
            shell,
            await shell("run", "export.csv", "--settle", "5", "--timeout", "10"),
            "--settle",
            "--timeout",
        )

    async def test_one_sheet_for_several_files(self, shell: Terminal) -> None:
        """Each has its own."""
        shell.write("export.csv", table(*ROWS))
        refused(
            shell,
            await shell("run", "export.csv", "export.csv", "--results", "x.xlsx"),
            "--results",
        )

    async def test_a_home_that_cannot_be_written(self, shell: Terminal) -> None:
        """The ledger comes before the first request."""
        shell.write("export.csv", table(*ROWS))
        shell.write("occupied", "a file, not a folder")
        refused(
            shell,
            await shell("run", "export.csv", SHIPBATCH_HOME=str(shell.folder / "occupied")),
            "occupied",
        )

    async def test_a_ledger_that_is_damaged(self, shell: Terminal) -> None:
        """Stop, say so, and send nothing."""
        shell.write("export.csv", table(*ROWS))
        shell.home.mkdir()
        (shell.home / "ledger.sqlite3").write_bytes(b"this is no database" * 100)
        refused(shell, await shell("run", "export.csv"), "ledger.sqlite3", "damaged")


@pytest.mark.parametrize(
    "words",
    ["find 100", "history", "decide", "audit", "undo nope", "resume", "history nope"],
    ids=lambda words: words,
)
async def test_commands_before_anything_was_run(shell: Terminal, words: str) -> None:
    """Said in so many words; no traceback."""
    said = await shell(*words.split())
    assert "Traceback" not in said.all
    assert said.status in {0, 2}
    assert said.all.strip()
