"""What is measured, and what is to be reached."""

import asyncio
import resource
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import xlsxwriter

from batch.config import Settings
from batch.ledger import open_ledger
from tests.benchmarks import ledger as ledger_benchmark
from tests.benchmarks.speed import rivals
from tests.benchmarks.speed.runs import bare, by_id, by_sku, home, ids, recorded, ship
from tests.benchmarks.speed.store import ROOT, Came, Spec, serving

WINDOWS = 10
SHORT = 5  # times as short as in earnest: windows and what goes in them
WINDOW = 30.0 / SHORT  # seconds
PLANS = (150, 450)  # requests in 30 s
STARTS = {"python": ["-c", "pass"], "help": ["-m", "batch", "--help"]}
RIVALS_QUOTA, RIVALS_WINDOW = 150, 3.0
DISTANT = 0.1  # seconds
WORKERS = Settings().workers


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table."""

    measure: str
    ours: str
    goal: str = ""
    met: bool | None = None


Measure = Callable[[], Iterator[Figure]]


def seconds(came: Iterable[Came]) -> float:
    """From the first to the last."""
    at = [one.at for one in came]
    return max(at) - min(at)


def most(value: float, goal: float, digits: int = 2) -> tuple[str, str, bool]:
    """A figure that is to be small, beside its goal."""
    return f"{value:.{digits}f}", f"≤ {goal:g}", value <= goal


def least(value: float, goal: float, digits: int = 2) -> tuple[str, str, bool]:
    """A figure that is to be large, beside its goal."""
    return f"{value:,.{digits}f}", f"≥ {goal:,g}", value >= goal


def quota() -> Iterator[Figure]:
    """Ten windows of each plan, all of the quota taken."""
    for plan in PLANS:
        many = plan // SHORT
        spec = Spec(orders=WINDOWS * many, quota=many, window=WINDOW)
        with serving(spec) as place, home() as folder:
            asyncio.run(ship(place, by_id(ids(spec)), folder, reserve=0, trust_file=True))
        ratio = seconds(place.came) / ((WINDOWS - 1) * WINDOW)
        name = f"{plan} in 30 s, as {many} in {WINDOW:g} s, {WINDOWS} windows"
        yield Figure(
            f"{name}: time from first to last request ÷ the least possible", *most(ratio, 1.03, 3)
        )
        yield Figure(
            f"{name}: answers 429", *most(Counter(one.status for one in place.came)[429], 0, 0)
        )


def others() -> Iterator[Figure]:
    """A second client takes a third of the quota, at random moments."""
    spec = Spec(orders=600, quota=150, window=3.0, others=1 / 3)
    with serving(spec) as place, home() as folder:
        asyncio.run(ship(place, by_id(ids(spec)), folder, reserve=0, trust_file=True))
    refused = [one.at for one in place.ours if one.status == 429]
    worst = max(
        (sum(at <= other < at + spec.window for other in refused) for at in refused), default=0
    )
    name = "a second client takes a random third of 150 in 3 s"
    yield Figure(f"{name}: answers 429 a window, at most", *most(worst, 1, 0))


def requests() -> Iterator[Figure]:
    """Requests a shipment, by what the file has and how far apart its orders are."""
    for name, apart, count, goal in (
        ("dense orders", 1, 1000, 1.01),
        ("orders 10 apart", 10, 400, 1.05),
        ("orders 300 apart", 300, 20, 2.0),
    ):
        spec = Spec(orders=apart * count)
        with serving(spec) as place, home() as folder:
            wanted = list(ids(spec))[::apart]
            asyncio.run(ship(place, by_sku(wanted), folder))
            first = len(wanted)
            again = asyncio.run(ship(place, by_sku(wanted), folder)) if apart == 1 else None
        sent = len(place.came)
        yield Figure(f"requests ÷ shipments, {name}", *most(sent / first, goal, 3))
        if again:
            yield Figure(
                "requests, the same cumulative file a second night",
                *most(again.summary["requests"], 0, 0),
            )
    spec = Spec(orders=300)
    with serving(spec) as place, home() as folder:
        asyncio.run(ship(place, by_id(ids(spec)), folder, trust_file=True))
    yield Figure("requests ÷ shipments, `--trust-file`", *most(len(place.came) / 300, 1.0, 3))


def unlimited() -> Iterator[Figure]:
    """No quota: everything we do for a shipment, against the POST alone; five times in turn."""
    spec = Spec(orders=1500, quantity=50)
    with serving(spec) as place:
        for _ in range(5):
            asyncio.run(bare(place, ids(spec)))
            with home() as folder:
                asyncio.run(recorded(place, ids(spec), folder))
            with home() as folder:
                report = asyncio.run(
                    ship(place, by_id(ids(spec)), folder, trust_file=True, again=True)
                )
                assert report.summary["created"] == spec.orders, report.summary
    posts = [one.at for one in place.came if one.method == "POST"]
    rounds = [posts[n : n + spec.orders] for n in range(0, len(posts), spec.orders)]
    rates = [spec.orders / (max(each) - min(each)) for each in rounds]
    alone, floor, ours = rates[::3], rates[1::3], rates[2::3]
    name = "no quota, durable ledger, loopback, median of five: shipments a second"

    def against(some: list[float], others: list[float]) -> float:
        return statistics.median(one / other for one, other in zip(some, others, strict=True))

    yield Figure(f"{name} ÷ those of a bare aiohttp loop", *least(against(ours, alone), 0.7))
    yield Figure(
        "that bare loop with two durable records a shipment ÷ without",
        f"{against(floor, alone):.2f}",
    )
    yield Figure(f"{name} ÷ those of the bare loop with the records", f"{against(ours, floor):.2f}")
    yield Figure(
        f"the same where the store answers after {DISTANT * 1000:g} ms: ours ÷ a bare loop of"
        f" {WORKERS} at once",
        f"{_distant():.2f}",
    )


def _distant() -> float:
    """Where the store takes its time, as every real one does: ours against as many at once that
    record nothing.
    """
    spec = Spec(orders=3000, quantity=2, latency=DISTANT)
    with serving(spec) as place, home() as folder:
        asyncio.run(bare(place, ids(spec), workers=WORKERS))
        asyncio.run(ship(place, by_id(ids(spec)), folder, trust_file=True, again=True))
    posts = [one.at for one in place.came if one.method == "POST"]
    alone, ours = posts[: spec.orders], posts[spec.orders :]
    return (max(alone) - min(alone)) / (max(ours) - min(ours))


def rivalry() -> Iterator[Figure]:
    """The official client, in the same store with the same quota."""
    if not rivals.available():
        missing = (
            "the official client is not installed: `python -m pip install --target build/official"
            " bigcommerce`"
        )
        yield Figure("against the official `bigcommerce` client", missing)
        return
    count = 200
    spec = Spec(orders=count, quota=RIVALS_QUOTA, window=RIVALS_WINDOW, latency=0.02)
    with serving(spec) as place, home() as folder:
        asyncio.run(ship(place, by_sku(ids(spec)), folder))
    mine, took = len(place.came) / count, seconds(place.came) / count
    for threads, name in ((1, "in a loop"), (16, "in 16 threads")):
        with serving(spec) as place:
            rivals.run(place, threads, spec.first, count)
        theirs = len(place.came) / count
        refused = Counter(one.status for one in place.came)[429]
        yield Figure(f"official client {name}: requests ÷ ours", *least(theirs / mine, 3))
        longer = seconds(place.came) / count / took
        yield Figure(
            f"official client {name}: time ÷ ours ({refused} times 429)", *least(longer, 1)
        )


def ledger() -> Iterator[Figure]:
    """Intents and outcomes that are on disk when their write returns."""
    many = 10_000

    async def measure() -> float:
        with home() as folder:
            async with open_ledger(folder / "ledger.sqlite3") as book:
                records = await ledger_benchmark.planned(book, "a", range(1, many + 1))
                return await ledger_benchmark.rate(
                    asyncio.gather(
                        *(book.intend(record.record_id, {"phase": "claimed"}) for record in records)
                    ),
                    many,
                )

    rate = max(asyncio.run(measure()) for _ in range(3))
    yield Figure("ledger, durable records a second (best of three)", *least(rate, 10_000, 0))


def start() -> Iterator[Figure]:
    """From the command to its help, and to its first request."""
    took = {name: [_time(command) for _ in range(5)] for name, command in STARTS.items()}
    (bare, bare_cpu), (ours, cpu) = (map(min, zip(*each, strict=True)) for each in took.values())
    yield Figure("`python -c pass`, ms (best of five)", f"{bare:.0f}, of which CPU {bare_cpu:.0f}")
    yield Figure(f"`shipbatch --help`, ms (best of five; CPU {cpu:.0f})", *most(ours, 250, 0))
    spec, first = Spec(orders=1000), []
    for _ in range(3):
        with serving(spec) as place, home() as folder:
            export = _workbook(folder / "export.xlsx", by_sku(ids(spec)))
            environ = {
                "BIGCOMMERCE_API_URL": place.url,
                "BIGCOMMERCE_STORE_HASH": place.store_hash,
                "BIGCOMMERCE_ACCESS_TOKEN": place.token,
                "SHIPBATCH_HOME": str(folder / "home"),
            }
            began = time.monotonic()
            command = [
                sys.executable,
                "-m",
                "batch",
                "run",
                "--dry-run",
                "--customers-will-be-mailed",
                str(export),
            ]
            subprocess.run(command, check=True, capture_output=True, cwd=ROOT, env=environ)
        first.append(min(one.at for one in place.came) - began)
    yield Figure(
        "`shipbatch run` of a 1,000-row XLSX to its first request, s (best of three)",
        *most(min(first), 1.5),
    )


def _time(command: list[str]) -> tuple[float, float]:
    """Milliseconds that it takes, and those of them that it computes; the rest it waits."""
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *command], check=True, capture_output=True, cwd=ROOT)
    took, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    computed = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return took * 1000, computed * 1000


def _workbook(path: Path, rows: Iterable[Iterable[object]]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, list(row))
    return path


MEASURES: dict[str, Measure] = {
    "quota": quota,
    "others": others,
    "requests": requests,
    "unlimited": unlimited,
    "rivals": rivalry,
    "ledger": ledger,
    "start": start,
}
