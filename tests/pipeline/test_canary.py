"""A canary for a token, and a customer in every row: looked for in every byte that any command
prints or leaves.
"""

import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from shop import dense, line, number, order, store, table
from terminal import ROOT, Said, Terminal

from batch.sandbox import Fault, Quota, Sandbox

CANARY = "canary7f3a9c51d20b48e6"
CUSTOMER = "Josephine Canary-Customer"
HEADER = ("Order ID", "SKU", "Quantity", "Tracking Number", "Ship To")
OpenSandbox = Callable[..., Awaitable[Sandbox]]

COMMANDS = (
    "config",
    "config --json",
    "check",
    "check --arrivals",
    "run --dry-run export.csv",
    "run --limit 1 export.csv",
    "run --quiet export.csv",
    "run --json second.csv",
    "run --log-format json second.csv",
    "run missing.csv",
    "run --token export.csv",
    "resume",
    "history",
    "history --backup copy.sqlite3",
    "find 101 --json",
    "decide",
    "audit",
    "template new.xlsx",
    "status .",
    "service systemd --run export.csv",
)


async def test_no_command_prints_or_writes_the_token(sandbox: OpenSandbox, tmp_path: Path) -> None:
    """Kept by `setup`, with faults and refusals that echo it: it is in its own file alone, and that
    is 0600.
    """
    box = await sandbox(
        store(
            order(100),
            order(101, status_id=5),
            order(102, line(1020, "HAT")),
            *dense(3, 103)["orders"],
        ),
        token=CANARY,
        quota=Quota(requests=100_000),
    )
    shell = Terminal(tmp_path, box)
    shell.environ |= {"BIGCOMMERCE_ACCESS_TOKEN": "", "XDG_CONFIG_HOME": str(tmp_path)}
    shell.write(
        "shipbatch.toml",
        'metrics_file = "m.prom"\n[sources.acme]\nmatch = "x*"\nexpected_by = "00:00"\n',
    )
    for n, name in enumerate(("export.csv", "second.csv")):
        rows = [(100 + each, "MUG", 1, number(10 * n + each), CUSTOMER) for each in range(6)]
        shell.write(name, table(*rows, header=HEADER))
    told = [await shell("setup", typed=f"{box.store_hash}\n{CANARY}\n")]
    box.faults.add(
        Fault(
            400,
            performs=0,
            method="POST",
            body=f'[{{"status":400,"message":"no {CANARY}"}}]',
            nth=range(2),
        )
    )
    told += [await shell(*words.split()) for words in COMMANDS]
    assert not [said.err for said in told if "Traceback" in said.all]
    _nowhere(shell, told)


def _nowhere(shell: Terminal, told: list[Said]) -> None:
    assert not [said for said in told if CANARY in said.all]
    own = shell.home / "secrets" / "bigcommerce_access_token"
    assert own.stat().st_mode & 0o777 == 0o600
    assert [path for path, content in shell.left_behind() if CANARY.encode() in content] == [own]
    logs = [path.read_text("utf-8") for path in (shell.home / "logs").iterdir()]
    assert logs
    assert not [text for text in logs if CUSTOMER in text]
    metrics = (shell.folder / "m.prom").read_text("utf-8")
    assert CUSTOMER not in metrics


@pytest.mark.parametrize("chained", [False, True])
def test_a_fault_of_ours_is_told_without_it(tmp_path: Path, chained: bool) -> None:
    """Exit 70, a traceback to report, and the secret hidden in it, also in the cause's words."""
    raising = (
        "raise ValueError(headers) from KeyError(headers)"
        if chained
        else "raise ValueError(headers)"
    )
    code = f"""
import batch.cli
from batch.config.secrets import find_secret
def app():
    headers = str(
        {{"X-Auth-Token": find_secret("BIGCOMMERCE_ACCESS_TOKEN").value.get_secret_value()}})
    {raising}
batch.cli.app = app
batch.cli.main()
"""
    environ = {
        "PYTHONPATH": str(ROOT),
        "BIGCOMMERCE_ACCESS_TOKEN": CANARY,
        "SHIPBATCH_HOME": str(tmp_path),
    }
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environ)
    assert said.returncode == 70
    assert CANARY not in said.stdout + said.stderr
    assert "X-Auth-Token': '[hidden]" in said.stderr
    assert "a fault of shipbatch" in said.stderr
