"""After a run: quiet where all went well, one digest, people told of what is new, a dead man's switch, logs."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from shop import dense, number, table
from terminal import Terminal

from batch.monitoring.alert_history import AlertHistory, reasons_to_notify
from batch.sandbox import Fault, Quota, Sandbox

CANARY = "canary7f3a9c51d20b48e6"
NAME = "Josephine Canary-Customer"
"""A customer's name, in every row of the export: it does not belong into a log or a mail."""
HEADER = ("Order ID", "SKU", "Quantity", "Tracking Number", "Ship To")
OpenSandbox = Callable[..., Awaitable[Sandbox]]


class Outside:
    """Whoever is told: a chat's webhook, a dead man's switch."""

    def __init__(self) -> None:
        self.told: list[dict[str, str]] = []
        self.pings = 0
        self.is_down = False

    async def hook(self, request: web.Request) -> web.Response:
        if self.is_down:
            return web.Response(status=500)
        self.told.append(await request.json())
        return web.Response()

    async def ping(self, request: web.Request) -> web.Response:
        self.pings += 1
        return web.Response(status=500 if self.is_down else 200)


@pytest.fixture
async def outside() -> Outside:
    return Outside()


@pytest.fixture
async def shell(sandbox: OpenSandbox, tmp_path: Path, outside: Outside) -> AsyncIterator[Terminal]:
    """A store of 40 orders, its export, and a terminal that knows whom to tell."""
    app = web.Application()
    app.add_routes([web.post("/hook", outside.hook), web.get("/ping", outside.ping)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    shell = Terminal(tmp_path, await sandbox(dense(40), token=CANARY, quota=Quota(requests=10_000)))
    shell.environ |= {
        "SHIPBATCH_NOTIFY": f"json://127.0.0.1:{port}/hook?-secret={CANARY}",
        "SHIPBATCH_PING": f"http://127.0.0.1:{port}/ping?{CANARY}",
    }
    yield shell
    await runner.cleanup()


def export(shell: Terminal, *more: tuple[object, ...], name: str = "export.csv") -> None:
    good = [(100 + n, "MUG", 1, number(n), NAME) for n in range(30)]
    shell.write(name, table(*good, *more, header=HEADER))


def log_of(shell: Terminal) -> list[str]:
    (path,) = (shell.home / "logs").iterdir()
    return path.read_text("utf-8").splitlines()


async def test_a_good_night_is_silent(shell: Terminal, outside: Outside) -> None:
    """--quiet: not a byte, so that cron mails nobody; the switch is told, people are not."""
    export(shell)
    said = await shell("run", "--quiet", "export.csv")
    assert (said.status, said.out, said.err) == (0, "", "")
    assert (outside.told, outside.pings) == ([], 1)


async def test_a_bad_night_is_one_digest(shell: Terminal, outside: Outside) -> None:
    """Counts, rows, what to do, where the sheet is: on standard output and to people, without a customer's name."""
    export(shell, (100, "HAT", 1, number(50), NAME))
    said = await shell("run", "--quiet", "export.csv")
    assert (said.status, said.err) == (1, "")
    assert said.out.count("\n") <= 8
    for word in ("31 rows", "30 created", "1 invalid: unknown_sku (row 32)", "export.results.xlsx"):
        assert word in said.out
    (told,) = outside.told
    assert "1 invalid: unknown_sku (row 32)" in told["message"]
    assert "new: invalid" in told["message"]
    assert "export.csv" in told["title"]
    assert NAME not in json.dumps(told) + said.all + "".join(log_of(shell))
    assert outside.pings == 1


async def test_nothing_of_a_file_is_taken_as_markup(shell: Terminal, outside: Outside) -> None:
    """Whatever form a service takes: a file's name is escaped in it, and its line breaks are shown."""
    for form, said in (("markdown", "\\[x\\]\\(http:e\\)"), ("html", "&lt;b&gt;*z*")):
        shell.environ["SHIPBATCH_NOTIFY"] = shell.environ["SHIPBATCH_NOTIFY"].partition("&")[0] + f"&format={form}"
        name = f"{form} [x](http:e) <b>*z*\x1b[31m\nforged.csv"
        shell.write(name, "nothing")
        await shell("run", name)
        told = outside.told[-1]
        assert said in told["message"]
        assert not [c for c in told["title"] + told["message"] if c < " " and c != "\n"]
        assert "forged" not in {line.strip()[:6] for line in (told["title"] + told["message"]).splitlines()}


async def test_people_are_told_once(shell: Terminal, outside: Outside) -> None:
    """Rows to fix are one kind, known the next night; another kind is new; too much of one is told each time."""
    export(shell, (100, "HAT", 1, number(50), NAME))
    await shell("run", "--quiet", "export.csv")
    export(shell, (101, "HAT", 1, number(51), NAME), name="second.csv")
    await shell("run", "--quiet", "second.csv")
    assert len(outside.told) == 1
    export(shell, (102, "MUG", 9, number(52), NAME), name="third.csv")
    await shell("run", "--quiet", "third.csv")
    assert len(outside.told) == 1
    shell.write("other.csv", table((102, "MUG", 2, number(2), NAME), header=HEADER))
    await shell("run", "--quiet", "other.csv")
    assert "new: held: changed" in outside.told[1]["message"]
    export(shell, *((103 + n, "HAT", 1, number(60 + n), NAME) for n in range(12)), name="fourth.csv")
    await shell("run", "--quiet", "fourth.csv")
    assert "12 of 42 rows (29%)" in outside.told[2]["message"]


async def test_what_could_not_be_told_is_told_again(shell: Terminal, outside: Outside) -> None:
    """The exit status is the run's own; the address is not shown."""
    export(shell, (100, "HAT", 1, number(50), NAME))
    outside.is_down = True
    said = await shell("run", "--quiet", "export.csv")
    assert said.status == 1
    assert "could not be delivered" in said.err
    assert "SHIPBATCH_PING answers 500" in said.err
    assert CANARY not in said.all
    outside.is_down = False
    await shell("run", "--quiet", "export.csv")
    assert len(outside.told) == 1


async def test_no_file_is_an_alarm(shell: Terminal, outside: Outside) -> None:
    """The nightly call whose file is not there: told, once a day; the dead man's switch is not."""
    for _ in range(2):
        said = await shell("run", "--quiet", "export.csv")
        assert said.status == 2
    assert len(outside.told) == 1
    assert "there is no such file" in outside.told[0]["message"]
    assert outside.pings == 0


async def test_a_store_that_is_down_is_told_once(shell: Terminal, outside: Outside) -> None:
    """However often a timer tries again."""
    export(shell)
    for _ in range(2):
        said = await shell("run", "--quiet", "export.csv", BIGCOMMERCE_ACCESS_TOKEN="wrong")
        assert said.status == 2
    assert len(outside.told) == 1


async def test_credentials_that_are_gone_are_told(shell: Terminal, outside: Outside) -> None:
    """A token file that somebody has made readable for all: nothing is sent, and nobody sits at a screen."""
    export(shell)
    token = shell.write("token", CANARY)
    token.chmod(0o644)
    shell.write("shipbatch.toml", 'token_file = "token"\n')
    said = await shell("run", "--quiet", "export.csv", BIGCOMMERCE_ACCESS_TOKEN="")
    assert said.status == 2
    (told,) = outside.told
    assert "others can read it" in told["message"]


async def test_rehearsals_tell_nobody(shell: Terminal, outside: Outside) -> None:
    """Neither do dry runs."""
    export(shell, (100, "HAT", 1, number(50), NAME))
    await shell("run", "--sandbox", "export.csv")
    await shell("run", "--dry-run", "export.csv")
    assert (outside.told, outside.pings) == ([], 0)


async def test_log_lines_are_json_where_they_are_asked_for(shell: Terminal) -> None:
    """--log-format json: every line of standard error is an object; the file in the home has the run's."""
    export(shell, (100, "HAT", 1, number(50), NAME))
    said = await shell("run", "--log-format", "json", "export.csv")
    lines = [json.loads(line) for line in said.err.splitlines()]
    assert said.out == ""
    assert {"stage", "run", "notified"} == {line["event"] for line in lines}
    (run,) = [json.loads(line) for line in log_of(shell) if '"run"' in line and '"event": "run"' in line]
    assert (run["exit"], run["created"], run["trouble"], run["level"]) == (
        1,
        30,
        {"invalid: unknown_sku": 1},
        "warning",
    )
    assert NAME not in said.all + "".join(log_of(shell))


async def test_a_columns_sample_values_stay_out_of_the_log(shell: Terminal) -> None:
    """The message to the person quotes the file; the log does not."""
    shell.write("export.csv", table((100, NAME, NAME), header=("Order ID", "Qty", "Quantity")))
    said = await shell("run", "export.csv")
    assert said.status == 2
    assert NAME not in "".join(log_of(shell))
    assert "refused" in log_of(shell)[0]


async def test_metrics_are_a_prometheus_text_file(shell: Terminal) -> None:
    """Totals grow over runs of different processes; parsed by Prometheus' own library."""
    parser = pytest.importorskip("prometheus_client.parser")
    export(shell, (100, "HAT", 1, number(50), NAME))
    shell.write("shipbatch.toml", 'metrics_file = "shipbatch.prom"\n')
    for _ in range(2):
        await shell("run", "export.csv")
    text = (shell.folder / "shipbatch.prom").read_text("utf-8")
    found = {
        (
            sample.name,
            next((sample.labels[of] for of in ("status", "state", "exit") if of in sample.labels), ""),
        ): sample.value
        for family in parser.text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["shipbatch_rows_total", "created"] == 30
    assert found["shipbatch_rows_total", "already_created"] == 30
    assert found["shipbatch_rows_total", "invalid"] == 2
    assert found["shipbatch_shipments", "created"] == 30
    assert found["shipbatch_shipments", "deleted"] == 0
    assert found["shipbatch_runs_total", "1"] == 2
    assert found["shipbatch_in_doubt", ""] == 0
    assert found["shipbatch_last_success_timestamp_seconds", ""] > 1e9
    assert found["shipbatch_quota_left", ""] > 0


def test_a_kind_that_was_not_met_for_long_is_new_again(tmp_path: Path) -> None:
    """And one that is met every night stays known."""
    memory, today = AlertHistory(tmp_path, "store"), date(2026, 11, 25)
    memory.record(["a", "b"], 30, today)
    memory.record(["a"], 30, today + timedelta(days=20))
    assert memory.recent_kinds(30, today + timedelta(days=40)) == {"a"}
    assert AlertHistory(tmp_path, "other").recent_kinds(30, today) == set()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": 3}'])
def test_a_damaged_memory_tells_once_more(tmp_path: Path, content: str) -> None:
    """It never stops a run."""
    memory, today = AlertHistory(tmp_path, "store"), date(2026, 11, 25)
    memory.record(["a"], 30, today)
    (path,) = (tmp_path / "alerts").iterdir()
    path.write_text(content, "utf-8")
    assert memory.recent_kinds(30, today) == set()
    memory.record(["b"], 30, today)
    assert "b" in memory.recent_kinds(30, today)


@pytest.mark.parametrize(
    ("troubled", "rows", "told"),
    [(0, 100, False), (5, 100, False), (6, 100, False), (10, 100, True), (10, 1000, False)],
)
def test_the_threshold_is_a_share_and_a_number(troubled: int, rows: int, told: bool) -> None:
    """Two bad rows of four are no alarm each time; ten of a hundred are."""
    assert bool(reasons_to_notify({"a": troubled}, rows, ["a"], threshold=0.05, least=10)) is told


async def test_a_stopped_run_is_told_with_its_reason(shell: Terminal, outside: Outside) -> None:
    """To the person who mends it."""
    assert shell.box is not None
    export(shell)
    shell.box.faults.add(Fault(401, performs=0, method="POST"))
    said = await shell("run", "--quiet", "export.csv")
    assert said.status in {1, 75}
    assert "Stopped before the end" in said.out
    assert "stopped" in outside.told[0]["message"]


class TestArrivals:
    async def test_a_file_that_has_not_come_is_an_alarm(self, shell: Terminal, outside: Outside) -> None:
        """By 00:00 it is late at any hour: told once a day, exit 2; once it has come, 0."""
        shell.write("shipbatch.toml", '[sources.acme]\nmatch = "exp*.csv"\nexpected_by = "00:00"\n')
        for _ in range(2):
            said = await shell("check", "--arrivals")
            assert said.status == 2
        assert "no file today by 00:00 (the last: none ever)" in said.out
        (told,) = outside.told
        assert "file acme: no file today by 00:00" in told["message"]
        export(shell)
        await shell("run", "export.csv")
        said = await shell("check", "--arrivals")
        assert (said.status, "export.csv" in said.out) == (0, True)
        assert len(outside.told) == 1

    async def test_nothing_is_promised_where_nothing_is_expected(self, shell: Terminal) -> None:
        """A check that cannot fail says so."""
        assert (await shell("check", "--arrivals")).status == 3
