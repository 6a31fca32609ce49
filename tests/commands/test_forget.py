"""`forget`: a person is taken out of what is kept; what was shipped stays. And how long it is kept.

The canary is a customer whose name, street, mail and phone stand in an export.
"""

import os
import shutil
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from shop import OpenShop, Shop, dense, number, order, store, table
from terminal import Terminal

from batch.config import Source
from batch.pipeline.retention import expire_copies
from batch.sandbox import Sandbox

OpenSandbox = Callable[..., Awaitable[Sandbox]]
MAIL = "josephine.canary@example.org"
CANARY = ("Josephine Canary-Customer", "17 Canary Street", MAIL, "+44 7700 900177")
OTHER = ("Jane Plain", "1 Main Street", "jane@example.org", "555-123-4567")
HEADER = (
    *("Order ID", "SKU", "Quantity", "Tracking Number"),
    *("Ship To", "Street", "Email", "Phone"),
)


def export(*orders: int, canary: int = 100) -> str:
    """Rows of mugs; one of them is the canary's."""
    rows = [(n, "MUG", 1, number(n), *(CANARY if n == canary else OTHER)) for n in orders]
    return table(*rows, header=HEADER)


def traces(shell: Terminal) -> list[str]:
    """What of the home has any byte of the canary, also within workbooks."""
    return [
        str(path.relative_to(shell.home))
        for path, content in shell.left_behind()
        if path.is_relative_to(shell.home) and any(word.encode() in content for word in CANARY)
    ]


async def shell_of(sandbox: OpenSandbox, folder: Path, *orders: object) -> Terminal:
    box = await sandbox(store(*orders) if orders else dense(9))  # type: ignore[arg-type]
    return Terminal(folder, box)


def dropped(shell: Terminal, text: str, name: str = "export.csv") -> Path:
    """An export where a fetched one lies, whose sheet is in our keeping, too."""
    folder = shell.home / "fetched" / name.removesuffix(".csv")
    folder.mkdir(mode=0o700, parents=True)
    shell.home.chmod(0o700)
    (folder / name).write_text(text, "utf-8")
    return folder / name


@pytest.mark.parametrize("what", ["100", "#100", MAIL, MAIL.upper()])
async def test_a_customer_leaves_no_byte(sandbox: OpenSandbox, tmp_path: Path, what: str) -> None:
    """In copies, sheets and logs, after runs, a rehearsal and a file that asks; he has shipped."""
    shell = await shell_of(sandbox, tmp_path)
    shell.write("mine.csv", export(100, 101))
    file, other = dropped(shell, export(100, 102)), dropped(shell, export(103), "other.csv")
    for words in ("run", "run --log-format json", "run --dry-run", "run --sandbox", "read"):
        await shell(*words.split(), file)
        await shell(*words.split(), "mine.csv")
    await shell("run", other)
    assert len(traces(shell)) >= 4
    told = await shell("forget", what)
    assert (told.status, traces(shell)) == (0, [])
    assert other.is_file()
    assert {"  mine.csv", f"  {shell.folder / 'mine.results.xlsx'}"} <= {*told.out.splitlines()}
    found = await shell("find", "100", "--json")
    assert [each["state"] for each in found.json["shipments"]] == ["created"]
    assert (await shell("forget", what, "--json")).json["removed"] == []


async def test_a_held_row_is_decided_first(sandbox: OpenSandbox, tmp_path: Path) -> None:
    """Until then its copy is named, with the command that ends that."""
    shell = await shell_of(sandbox, tmp_path, order(100, status_id=5), order(101))
    shell.write("export.csv", export(100, 101))
    await shell("run", "export.csv")
    told = await shell("forget", "100")
    assert (told.status, len(traces(shell))) == (3, 1)
    assert "shipbatch decide 20" in told.out
    await shell("decide", "--order", "100", "--answer", "skip")
    assert (await shell("forget", "100")).status == 0
    assert traces(shell) == []


async def test_a_held_file_may_go_anyway(sandbox: OpenSandbox, tmp_path: Path) -> None:
    """On a person's word; its export has to be dropped again."""
    shell = await shell_of(sandbox, tmp_path, *dense(24)["orders"])
    rows = [(100 + n, "MUG", 1, number(7), *(OTHER if n else CANARY)) for n in range(24)]
    shell.write("export.csv", table(*rows, header=HEADER))
    assert (await shell("run", "export.csv")).status == 3
    assert (await shell("forget", MAIL)).status == 3
    assert (await shell("forget", MAIL, "--anyway")).status == 0
    assert traces(shell) == []


async def test_what_is_still_to_be_sent_is_sent_first(sandbox: OpenSandbox, tmp_path: Path) -> None:
    """A run that was cut short; an order that has not come yet."""
    shell = await shell_of(sandbox, tmp_path)
    shell.write("cut.csv", export(100, 101))
    await shell("run", "--limit", "1", "cut.csv")
    shell.write("early.csv", export(100_000, canary=100_000))
    await shell("run", "early.csv")
    told = await shell("forget", MAIL)
    assert told.status == 3
    assert "shipbatch resume" in told.out
    assert "wait for their orders" in told.out


async def test_a_file_that_only_asked_goes(sandbox: OpenSandbox, tmp_path: Path) -> None:
    """It was never run; its copy is needed by nobody."""
    shell = await shell_of(sandbox, tmp_path)
    header = ("Order ID", "SKU", "Quantity", "Number 1", "Number 2", *HEADER[4:])
    rows = [(n, "MUG", 1, number(n), number(n + 50), *CANARY) for n in (100, 101)]
    shell.write("export.csv", table(*rows, header=header))
    assert (await shell("run", "export.csv")).status == 2
    assert traces(shell)
    assert (await shell("forget", MAIL)).status == 0
    assert traces(shell) == []


async def test_other_customers_files_stay(sandbox: OpenSandbox, tmp_path: Path) -> None:
    """Also where the order's number stands in them as something else."""
    shell = await shell_of(sandbox, tmp_path)
    shell.write("mine.csv", export(100))
    shell.write("other.csv", table((101, "MUG", 1, number(1), "100"), header=HEADER[:5]))
    await shell("run", "mine.csv", "other.csv")
    told = await shell("forget", "100", "--json")
    (removed,) = told.json["removed"]
    assert Path(removed).name != ""
    assert [path.name for path in (shell.home / "copies").rglob("*.csv")] == ["other.csv"]


async def test_nothing_is_known_of_him(sandbox: OpenSandbox, tmp_path: Path) -> None:
    """Nothing is removed, and that is no error."""
    shell = await shell_of(sandbox, tmp_path)
    shell.write("mine.csv", export(100))
    await shell("run", "mine.csv")
    told = await shell("forget", "nobody@example.org")
    assert (told.status, told.out.splitlines()[0]) == (0, "nobody@example.org: 0 removed, 0 kept.")


@pytest.mark.parametrize(
    ("name", "days", "stays"),
    [("acme-1.csv", 8, False), ("acme-1.csv", 6, True), ("b.csv", 8, True), ("b.csv", 91, False)],
)
async def test_each_source_has_its_days(
    shop: OpenShop, name: str, days: int, *, stays: bool
) -> None:
    """Seven for this one, ninety for all others; of its copies, and of sheets in the home."""
    there = await shop(dense(1))
    acme = Source(name="acme", match="acme-*.csv", retention=7)
    source = {"source": acme.model_dump(exclude_defaults=True)} if name != "b.csv" else {}
    await there.run((100, "MUG", 1, number(0)), name=name, **source)
    _age(there, days)
    expire_copies(there.settings(sources=(acme,)))
    assert bool(list((there.home / "copies").rglob("*.csv"))) is stays


async def test_a_file_that_never_ran_has_its_sources_days(shop: OpenShop) -> None:
    """Known by its name."""
    there = await shop(dense(1))
    await there.run((100, "MUG", 1, number(0)))
    (copy,) = (there.home / "copies").iterdir()
    asked = copy.with_name("0" * 16)
    shutil.copytree(copy, asked)
    (asked / "export.csv").rename(asked / "acme-9.csv")
    _age(there, 8)
    acme = Source(name="acme", match="acme-*.csv", retention=7)
    expire_copies(there.settings(sources=(acme,)))
    assert [path.name for path in (there.home / "copies").rglob("*.csv")] == ["export.csv"]


def _age(there: Shop, days: int) -> None:
    then = time.time() - days * 86_400
    for path in (there.home / "copies").iterdir():
        os.utime(path, (then, then))


@pytest.mark.parametrize("what", ["", " ", "@", "a@", "Josephine"])
async def test_neither_an_order_nor_a_mail_address(
    sandbox: OpenSandbox, tmp_path: Path, what: str
) -> None:
    """Nothing is removed for a word that may stand anywhere."""
    shell = await shell_of(sandbox, tmp_path)
    shell.write("mine.csv", export(100))
    await shell("run", "mine.csv")
    told = await shell("forget", what)
    assert (told.status, len(traces(shell))) == (2, 1)
    assert "neither an order's number nor a mail address" in told.err


async def test_a_quantity_is_no_order(sandbox: OpenSandbox, tmp_path: Path) -> None:
    """An order that nobody has shipped; its number stands in another's row."""
    shell = await shell_of(sandbox, tmp_path)
    shell.write("mine.csv", export(100))
    await shell("run", "mine.csv")
    assert (await shell("forget", "1", "--json")).json["removed"] == []
