"""One store in a process of its own, one export, one home: run, killed, run again, and judged by
the store's list.

The children are forked from a process that has imported everything, so that a start costs
milliseconds and a kill at a random moment falls into the run and not into Python's own beginning.
"""

import asyncio
import importlib
import json
import os
import random
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from batch import cli
from batch.config import LEDGER
from batch.ledger import read_ledger
from batch.primitives import failpoints
from batch.sandbox import Faults, Quota, Sandbox
from tests.proofs.cases import Case, Made

TIMEOUT, SETTLE = 0.4, 0.4  # seconds: the settle window is never shorter than the deadline
KILLED = -signal.SIGKILL
PLENTY = Quota(requests=1_000_000)
LONGEST = 120  # seconds that a start may take
STARTS = 20  # runs after which an export must have come to its end


def forked(work: Any, *arguments: Any) -> int:
    """Run a function in a forked child; its process id. It ends with the function, without our
    clean-up.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    if child := os.fork():
        return child
    status = 70
    try:
        random.seed()
        status = work(*arguments) or 0
    except SystemExit as exiting:
        status = exiting.code if isinstance(exiting.code, int) else 1
    except BaseException:  # noqa: BLE001  a child's end, whatever it is
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def ended(child: int) -> int:
    """Wait for a child; its exit status, negative where a signal ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@contextmanager
def served(case: Case, truth: Path) -> Iterator[str]:
    """The case's store in a child that lives as long as this block; yields its address."""
    told, tell = os.pipe()
    alive, life = os.pipe()
    child = forked(_serve, case, truth, tell, alive, life)
    for mine in (tell, alive):
        os.close(mine)
    try:
        with os.fdopen(told) as lines:
            yield lines.readline().strip()
    finally:
        os.close(life)
        os.kill(child, signal.SIGKILL)
        ended(child)


def _serve(case: Case, truth: Path, tell: int, alive: int, life: int) -> None:
    os.close(life)

    async def main() -> None:
        gone = asyncio.Event()
        asyncio.get_running_loop().add_reader(alive, gone.set)  # its parent has died
        faults = Faults(*case.faults)
        async with Sandbox(
            case.store, behaviour=case.behaviour, quota=PLENTY, faults=faults, event_log=truth
        ) as box:
            os.write(tell, f"{box.url}\n".encode())
            await gone.wait()

    asyncio.run(main())


@dataclass(frozen=True)
class Ended:
    """One start of the command, and what came of it."""

    status: int
    out: str
    err: str
    under_way: int
    """Shipments that it left as intents, or in doubt."""

    @property
    def killed(self) -> bool:
        return self.status == KILLED

    @property
    def crashed(self) -> bool:
        """Whether it died of a signal that nobody sent it, or hung for so long that its alarm ended
        it.
        """
        return self.status < 0 and not self.killed

    @property
    def summary(self) -> dict[str, Any]:
        """The JSON summary; empty where it did not come to one."""
        line = self.out.strip()
        told: dict[str, Any] = json.loads(line) if line.startswith("{") else {}
        return told


@dataclass
class World:
    """A home, an export and a store's address: the command is started in it, and killed."""

    folder: Path
    url: str
    options: Sequence[str] = ()
    starts: list[Ended] = field(default_factory=list)

    @property
    def export(self) -> Path:
        return self.folder / "export.csv"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def environ(self, crash_at: str = "") -> dict[str, str]:
        """What the command finds in its environment."""
        return {
            "BIGCOMMERCE_API_URL": self.url,
            "BIGCOMMERCE_STORE_HASH": "sandbox",
            "BIGCOMMERCE_ACCESS_TOKEN": "sandbox-token",
            "SHIPBATCH_HOME": str(self.home),
            "XDG_DATA_HOME": str(self.folder / "user"),
            "SHIPBATCH_CRASH_AT": crash_at,
        }

    def command(self) -> list[str]:
        """`run` of the export, with short windows."""
        return [
            "run",
            str(self.export),
            "--json",
            f"--timeout={TIMEOUT}",
            f"--settle={SETTLE}",
            "--answer=no_line=ship",
            "--answer=no_number=ship",
            *self.options,
        ]

    def start(
        self,
        *command: str,
        crash_at: str = "",
        kill_after: float | None = None,
        room: int | None = None,
    ) -> Ended:
        """Start a command (the export's run, if none is named), kill it after so many seconds; wait
        for its end.

        `room`: no file of it can grow beyond so many bytes, as on a disk that is full.
        """
        out, err = self.folder / "out", self.folder / "err"
        for stream in (out, err):
            stream.write_bytes(b"")  # here: it may be killed before it gets so far
        words = list(command) or self.command()
        child = forked(commanded, words, self.environ(crash_at), self.folder, (out, err), room)
        try:
            if kill_after is not None:
                time.sleep(kill_after)
                # one that has ended is still there, until it is waited for
                os.kill(child, signal.SIGKILL)
            status = ended(child)
        except BaseException:  # we are to end ourselves, and leave nothing behind
            os.kill(child, signal.SIGKILL)
            ended(child)
            raise
        self.starts.append(Ended(status, out.read_text(), err.read_text(), self.under_way()))
        return self.starts[-1]

    def under_way(self) -> int:
        """Shipments that may or may not be in the store, for all that the ledger knows."""
        with read_ledger(self.home / LEDGER) as ledger:
            return len(ledger.unsettled_records(f"{self.url}/stores/sandbox"))

    def finish(self) -> Ended:
        """Start the run again until nothing is left to do."""
        for _ in range(STARTS):
            last = self.start()
            told = last.summary
            if told and not (told["in_doubt"] or told["not_sent"]):
                break
        return last


def commanded(
    command: Sequence[str],
    environ: Mapping[str, str],
    folder: Path,
    streams: Sequence[Path],
    room: int | None = None,
    longest: int = LONGEST,
) -> None:
    """What a forked child does: the command, as if it had just been typed."""
    os.environ.update(environ)
    os.chdir(folder)
    for stream, path in enumerate(streams, 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_APPEND), stream)
    if room is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    for told in (signal.SIGTERM, signal.SIGINT):
        signal.signal(told, signal.SIG_DFL)
    signal.alarm(longest)  # one that hangs is ended by it, and found wrong
    importlib.reload(failpoints)  # as at the start of a process
    sys.argv = ["shipbatch", *command]
    cli.main()


# ── the judge ───────────────────────────────────────────────────────────────────────────────


@dataclass
class Judgement:
    """What the store's own list says of a plan."""

    doubled: Counter[Made] = field(default_factory=Counter)
    """Shipments beyond the plan."""
    lost: Counter[Made] = field(default_factory=Counter)
    """Planned shipments that were not made."""
    wrong: list[str] = field(default_factory=list)
    """Rows that are not accounted for, tracebacks, and what else must not be."""

    @property
    def good(self) -> bool:
        return not (self.doubled or self.lost or self.wrong)


def made_in(truth: Path) -> Counter[Made]:
    """The shipments that a store holds now, out of its truth's file."""
    standing: dict[int, Made] = {}
    for line in truth.read_bytes().splitlines() if truth.exists() else ():
        event = json.loads(line)
        match event["did"]:
            case "created":
                items = tuple(sorted((line_id, units) for line_id, units in event["items"]))
                number = event["texts"]["tracking_number"]
                standing[event["id"]] = (event["order_id"], event["address_id"], number, items)
            case "updated":
                order, address, number, items = standing[event["id"]]
                standing[event["id"]] = (
                    order,
                    address,
                    event["texts"].get("tracking_number", number),
                    items,
                )
            case "deleted":
                del standing[event["id"]]
    return Counter(standing.values())


def judged(case: Case, truth: Path, last: Ended) -> Judgement:
    """The store's list beside the plan, and the last run's account of its rows beside what they
    must come to.
    """
    made = made_in(truth)
    judgement = Judgement(made - case.expected, case.expected - made)
    if "Traceback" in last.err:
        judgement.wrong.append(last.err[-300:])
    told = last.summary
    if not told:
        judgement.wrong.append(f"no summary, exit status {last.status}: {last.err[-300:]}")
        return judgement
    counts = Counter(
        shipped=told["created"] + told["already_created"] + told["updated"],
        **{name: told[name] for name in STATUSES if told[name]},
    )
    if +counts != +case.counts or counts.total() != told["rows"] != len(case.rows):
        judgement.wrong.append(f"rows: {dict(+counts)}, expected {dict(case.counts)}")
    if not told["results"] or not Path(told["results"]).exists():
        judgement.wrong.append("no results sheet")
    return judgement


STATUSES = ("skipped", "planned", "invalid", "rejected", "held", "waiting", "in_doubt", "not_sent")
