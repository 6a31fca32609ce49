"""A drop folder for weeks, in minutes: `python -m tests.proofs.soak --files 2000 --kill-every 60`.

Files are dropped as people and programs drop them: copied in piece by piece, renamed in, the same
content twice, the same name twice, a stranger's file now and then. Five in a hundred requests meet
a fault, two watchers share the folder, and one of them is killed every minute or so and started
again. In the end the store's own list is compared with what was dropped: nothing doubled, nothing
lost, every file in one of the rooms with its content. Then one watcher alone takes some more
without a kill; its memory and its open files are printed as it goes, and must stay flat.
"""

import argparse
import hashlib
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
import watchfiles  # noqa: F401  imported once, here, and not in every child
import xlsxwriter  # noqa: F401

from batch import watcher  # noqa: F401
from batch.sandbox import Behaviour
from batch.watcher.folder_layout import NOTICES, SHEETS
from tests.proofs.cases import BROKEN, COLUMNS, Case, sku_of
from tests.proofs.score import folder
from tests.proofs.world import SETTLE, TIMEOUT, commanded, ended, forked, made_in, served

STILL = 0.3  # seconds for which a file must not have changed
PATIENCE = 240.0  # seconds without a file being filed away: something hangs
GLANCE = 0.02  # seconds between two looks
AT_ONCE = 12  # files dropped and not filed away yet
LIFE = 86_400  # seconds that a watcher may live
EVERY = 50  # files between two measurements
ENOUGH = 300  # files in calm from which on growth of memory can be told from warming up
ROOMS = ("done", "failed", "held")
GATES = (
    "fewer",
    "more",
    "wrong",
    "absent",
    "shipped_before",
    "quantities",
    "carrier",
    "same_number",
)
SETTINGS = f"timeout = {TIMEOUT}\nsettle = {SETTLE}\n[gates]\n" + "\n".join(
    f"{gate} = 0" for gate in GATES
)


def main() -> int:
    """Soak, and print what came of it; 1 where anything was doubled, lost, or grew."""
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.soak", description=__doc__)
    parser.add_argument("--files", type=int, default=2000, help="so many while watchers are killed")
    parser.add_argument(
        "--calm", type=int, default=500, help="so many more without a kill, to measure growth"
    )
    parser.add_argument(
        "--kill-every", type=float, default=60, help="seconds between two kills, on the average"
    )
    parser.add_argument(
        "--faults", type=float, default=0.05, help="share of the requests that meet one"
    )
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    plan = Plan(given.seed, given.files + given.calm, given.faults)
    began = time.monotonic()
    with folder() as place, served(plan.case, place / "truth") as url:
        soak = Soak(place, url, random.Random(given.seed))
        try:
            soak.storm(plan.drops[: given.files], given.kill_every)
            sizes = soak.calm(plan.drops[given.files :])
        finally:
            soak.end()
        made = made_in(place / "truth")
        wrong = [*soak.misfiled(plan.drops), *grown(sizes)]
    doubled, lost = (made - plan.case.expected).total(), (plan.case.expected - made).total()
    for line in wrong:
        print(f"FAILED {line}", flush=True)
    print(
        f"{len(plan.drops)} files, {plan.case.expected.total()} shipments, {soak.kills} kills: "
        f"{doubled} doubled, {lost} lost, {len(wrong)} wrong, {time.monotonic() - began:.0f} s",
        flush=True,
    )
    return 1 if wrong or doubled or lost else 0


@dataclass(frozen=True)
class Drop:
    """A file that somebody drops."""

    name: str
    content: bytes
    way: str


class Plan:
    """Files, the store they are for, and what it must hold in the end."""

    def __init__(self, seed: int, files: int, faults: float) -> None:
        self.case = Case(behaviour=Behaviour(refuses_overshipping=False))
        self.drops: list[Drop] = []
        self._dice = random.Random(seed)
        while len(self.drops) < files:
            self._add(f"export-{len(self.drops)}.csv")
        self.case.order(1)
        self.case.faults = [
            replace(broken, method="POST", path="/shipments$", probability=faults / len(BROKEN))
            for broken in BROKEN
        ]

    def _add(self, name: str) -> None:
        kind, way = self._dice.random(), self._dice.choice(("copied", "renamed", "at once"))
        if kind < 0.03:
            self.drops.append(Drop(name, f"Holiday plan {name}\n".encode(), way))
        elif kind < 0.08 and self.drops:
            self.drops.append(Drop(name, self._dice.choice(self.drops[-20:]).content, way))
        else:
            same = kind < 0.13 and self.drops
            self.drops.append(Drop(self.drops[-1].name if same else name, self._export(), way))

    def _export(self) -> bytes:
        """One to four parcels of new orders."""
        rows = [",".join(COLUMNS)]
        for _ in range(self._dice.randint(1, 4)):
            units = self._dice.randint(1, 3)
            order = self.case.order(units + 1)
            number = f"T1{order}" if self._dice.random() < 0.8 else ""
            rows.append(f"{order},,{sku_of(0)},{units},{number},{'UPS' if number else ''}")
            self.case.ships(order, {0: units}, number)
        return ("\n".join(rows) + "\n").encode()


@dataclass
class Soak:
    """A drop folder, and the watchers of it."""

    place: Path
    url: str
    dice: random.Random
    kills: int = 0
    watchers: list[int] = field(default_factory=list)
    dropped: int = 0
    _filed: int = 0
    _progress: float = 0.0

    def __post_init__(self) -> None:
        self.inbox.mkdir()
        (self.place / "shipbatch.toml").write_text(SETTINGS)
        for stream in ("out", "err"):
            (self.place / stream).touch()

    @property
    def inbox(self) -> Path:
        return self.place / "inbox"

    def storm(self, drops: Sequence[Drop], kill_every: float) -> None:
        """Two watchers, one of them killed now and then, and started again."""
        self.watchers = [self._started(), self._started()]
        next_kill = time.monotonic() + self.dice.expovariate(1 / kill_every)

        def weather() -> None:
            nonlocal next_kill
            if time.monotonic() < next_kill:
                return
            next_kill = time.monotonic() + self.dice.expovariate(1 / kill_every)
            victim = self.watchers.pop(0)
            os.kill(victim, signal.SIGKILL)
            assert ended(victim) == -signal.SIGKILL, (self.place / "err").read_text()[-2000:]
            self.kills += 1
            self.watchers.append(self._started())

        self._take(drops, weather)

    def calm(self, drops: Sequence[Drop]) -> list[tuple[int, int]]:
        """One watcher alone; KiB of memory and open files of it, every fifty files."""
        self.end()
        self.watchers = [self._started()]
        sizes: list[tuple[int, int]] = []
        before = self._filed

        def measure() -> None:
            if self._filed - before >= EVERY * (len(sizes) + 1):
                sizes.append(size_of(self.watchers[0]))
                print(
                    f"… {self._filed} files: {sizes[-1][0]:,} KiB, {sizes[-1][1]} open files",
                    flush=True,
                )

        self._take(drops, measure)
        sizes.append(size_of(self.watchers[0]))
        return sizes

    def end(self) -> None:
        """Tell the watchers to stop; each ends by itself, unless it had not begun to listen yet."""
        while self.watchers:
            each = self.watchers.pop()
            os.kill(each, signal.SIGTERM)
            status = ended(each)
            said = (self.place / "err").read_text()[-2000:]
            assert status in {128 + signal.SIGTERM, -signal.SIGTERM}, f"{status}: {said}"

    def _started(self) -> int:
        environ = {
            "BIGCOMMERCE_API_URL": self.url,
            "BIGCOMMERCE_STORE_HASH": "sandbox",
            "BIGCOMMERCE_ACCESS_TOKEN": "sandbox-token",
            "SHIPBATCH_HOME": str(self.place / "home"),
            "SHIPBATCH_CONFIG": str(self.place / "shipbatch.toml"),
            "SHIPBATCH_CRASH_AT": "",
        }
        words = ["watch", str(self.inbox), f"--still={STILL}"]
        return forked(
            commanded,
            words,
            environ,
            self.place,
            (self.place / "out", self.place / "err"),
            None,
            LIFE,
        )

    def _take(self, drops: Sequence[Drop], meanwhile: Callable[[], None]) -> None:
        """Drop the files, a few at a time, until all are filed away."""
        waiting, until = list(drops), self.dropped + len(drops)
        self._progress = time.monotonic()
        while self._filed < until:
            if (
                waiting
                and self.dropped - self._filed < AT_ONCE
                and not (self.inbox / waiting[0].name).exists()
            ):
                self._drop(waiting.pop(0))
            meanwhile()
            self._count()
            time.sleep(GLANCE)

    def _drop(self, drop: Drop) -> None:
        path = self.inbox / drop.name
        self.dropped += 1
        if drop.way == "at once":
            path.write_bytes(drop.content)
        elif drop.way == "renamed":
            part = path.with_name(f"{drop.name}.filepart")
            part.write_bytes(drop.content)
            part.rename(path)
        else:
            half = len(drop.content) // 2
            with path.open("wb", buffering=0) as writer:
                writer.write(drop.content[:half])
                time.sleep(GLANCE)
                writer.write(drop.content[half:])

    def _count(self) -> None:
        filed = sum(1 for _ in self._files("done", "failed"))
        if filed > self._filed:
            self._filed, self._progress = filed, time.monotonic()
        quiet = time.monotonic() - self._progress
        if quiet > PATIENCE:
            lies = [
                str(path.relative_to(self.inbox)) for path in self._files("", "working", "held")
            ]
            raise AssertionError(
                f"Nothing for {quiet:.0f} s: {lies}\n{(self.place / 'err').read_text()[-3000:]}"
            )

    def _files(self, *rooms: str) -> Iterator[Path]:
        for room in rooms:
            if (self.inbox / room).is_dir():
                files = (path for path in (self.inbox / room).iterdir() if path.is_file())
                yield from (
                    path for path in files if not path.name.endswith((*SHEETS, *NOTICES, ".part"))
                )

    def misfiled(self, drops: Sequence[Drop]) -> Iterator[str]:
        """What is not where it should be, or not as it was dropped."""
        there = Counter(digest(path.read_bytes()) for path in self._files(*ROOMS))
        asked = Counter(digest(drop.content) for drop in drops)
        if asked != there:
            yield f"{(asked - there).total()} files are gone, {(there - asked).total()} are new"
        if left := [
            path.name for path in (*self.inbox.glob("*.*"), *(self.inbox / "working").iterdir())
        ]:
            yield f"left behind: {left}"
        for path in self._files("done"):
            if not path.with_name(f"{path.stem}.results.xlsx").exists():
                yield f"{path.name} has no results beside it"
        for path in self._files("failed"):
            if not path.with_name(f"{path.stem}.error.txt").exists():
                yield f"{path.name} came back without a word"
        said = (self.place / "err").read_text()
        if "Traceback" in said or "a bug" in said:
            yield said[-2000:]


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def size_of(process: int) -> tuple[int, int]:
    """KiB of memory, and the fewest files open in a while: what is open for a moment only is no
    leak.
    """
    watched, opened = psutil.Process(process), []
    for _ in range(40):
        opened.append(watched.num_fds())
        time.sleep(GLANCE)
    return watched.memory_info().rss // 1024, min(opened)


def grown(sizes: Sequence[tuple[int, int]]) -> Iterator[str]:
    """What a watcher has more of in the end than when it had warmed up."""
    if sizes[-1][1] > sizes[0][1] + 3:
        yield f"open files: {sizes[0][1]}, then {sizes[-1][1]}"
    if len(sizes) * EVERY < ENOUGH:
        return
    early, late = sizes[len(sizes) // 2][0], sizes[-1][0]
    print(
        f"memory {early:,} KiB after half of the calm, {late:,} KiB at its end: {late / early:.3f}"
        " times",
        flush=True,
    )
    if late > early * 1.05:
        yield f"memory: {early:,} KiB, then {late:,} KiB"


if __name__ == "__main__":
    sys.exit(main())
