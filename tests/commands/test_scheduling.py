"""`service`: texts that the systems themselves can read, whatever a path holds; no secrets."""

import plistlib
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from terminal import Terminal

from batch.commands.service import SYSTEMS, Service, text_for

ODD = '/exports/100% "new" & $HOME/{date:YYYYMMDD} x.csv'
NIGHTLY = Service(
    ["/opt/ship batch/shipbatch", "run", "--quiet", ODD],
    "23:30",
    {"SHIPBATCH_HOME": "/srv/a b"},
    "/srv",
)
ALARM = Service(["/opt/shipbatch", "check", "--arrivals", "--quiet"], "23:35", task="arrivals")
STAYS = Service(["/opt/shipbatch", "watch", "/srv/drop"])


def test_launchd_reads_it() -> None:
    """As a property list, the words as they are."""
    found = plistlib.loads(text_for("launchd", NIGHTLY).encode())
    assert found["ProgramArguments"] == list(NIGHTLY.command)
    assert found["StartCalendarInterval"] == {"Hour": 23, "Minute": 30}
    assert found["EnvironmentVariables"] == {"SHIPBATCH_HOME": "/srv/a b"}
    assert plistlib.loads(text_for("launchd", STAYS).encode())["RunAtLoad"] is True


def test_task_scheduler_reads_it() -> None:
    """As XML of its namespace."""
    names = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}
    for service in (NIGHTLY, STAYS, ALARM):
        root = ET.fromstring(text_for("windows", service))
        assert root.findtext("t:Actions/t:Exec/t:Command", namespaces=names) == service.command[0]


def test_cron_hands_over_the_words() -> None:
    """cron takes a bare % for the end of a line; a shell takes the rest."""
    (line,) = [line for line in text_for("cron", NIGHTLY).splitlines() if not line.startswith("#")]
    when, call = line[:12], line[12:]
    assert when == "30 23 * * * "
    assert "%" not in call.replace(r"\%", "")
    call = (
        call.replace(r"\%", "%")
        .replace("'/opt/ship batch/shipbatch'", "printf '%s\\n'")
        .replace("cd /srv && ", "")
    )
    said = subprocess.run(["/bin/sh", "-c", call], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines() == list(NIGHTLY.command[1:])


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not here")
@pytest.mark.parametrize("service", [NIGHTLY, STAYS, ALARM])
def test_systemd_reads_it(tmp_path: Path, service: Service) -> None:
    """By its own check."""
    units = [
        part for part in text_for("systemd", service).split("# ~/.config/systemd/user/") if part
    ]
    for unit in units:
        name, _, text = unit.partition("\n")
        (tmp_path / name).write_text(text.replace(service.command[0], "/bin/true"))
    said = subprocess.run(
        ["systemd-analyze", "verify", *(str(path) for path in tmp_path.iterdir())],
        capture_output=True,
        text=True,
    )
    assert said.stderr == ""


def test_systemd_gets_its_own_signs_escaped() -> None:
    """% and $ mean something to it."""
    text = text_for("systemd", NIGHTLY)
    assert r'"/exports/100%% \"new\" & $$HOME/{date:YYYYMMDD} x.csv"' in text
    assert "OnCalendar=*-*-* 23:30:00" in text


@pytest.mark.parametrize("system", SYSTEMS)
async def test_the_command_prints_no_secret(tmp_path: Path, system: str) -> None:
    """Absolute paths, the variables that are none."""
    shell = Terminal(tmp_path)
    shell.environ |= {
        "BIGCOMMERCE_ACCESS_TOKEN": "canary7f3a9c51d20b48e6",
        "BIGCOMMERCE_STORE_HASH": "abc123",
    }
    said = await shell("service", system, "--run", "export-{date}.csv")
    assert said.status == 0
    assert "canary" not in said.all
    assert str(tmp_path / "export-{date}.csv") in said.out
    assert str(shell.home) in said.out


@pytest.mark.parametrize(
    "words",
    [["beos", "--run", "x"], [], ["--run", "x", "--watch", "y"], ["--run", "x", "--at", "9"]],
)
async def test_what_cannot_be_is_refused(tmp_path: Path, words: list[str]) -> None:
    """Exit 2, and what to say."""
    said = await Terminal(tmp_path)("service", *words)
    assert (said.status, said.out) == (2, "")
    assert "Traceback" not in said.err


async def test_the_alarm_for_a_file_that_has_not_come_is_printed_too(tmp_path: Path) -> None:
    """And what it calls says which file that is."""
    shell = Terminal(tmp_path)
    said = await shell("service", "cron", "--arrivals", "--at", "23:35")
    assert "35 23 * * * " in said.out
    assert "check --arrivals --quiet" in said.out
    shell.write(
        "shipbatch.toml",
        'store_hash = "abc123"\n[sources.acme]\nmatch = "x*"\nexpected_by = "00:00"\n',
    )
    said = await shell("check", "--arrivals", "--quiet")
    assert (said.status, "no file today by 00:00" in said.out) == (2, True)
