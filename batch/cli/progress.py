"""What a person sees while a run goes on: a bar on a terminal, plain lines elsewhere."""

import sys
import time
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text

from batch.model import Record, State
from batch.monitoring.log import LogEvent
from batch.primitives.escapes import visible

EVERY = 500  # shipments between two plain lines


def plainly(line: str) -> Text:
    """A line that may quote a file: all of it is seen, and none of it is markup, a highlight or an emoji's name."""
    return Text(visible(line))


class LineProgress:
    """A run in plain lines, for a log."""

    def __init__(self, console: Console, *, quiet: bool = False, timed: bool = False) -> None:
        self._console, self._quiet, self._timed = console, quiet, timed
        self._stage, self._done, self._total, self._began = "", 0, 0, 0.0

    def say(self, line: str) -> None:
        """Print a line."""
        if not self._quiet:
            at = f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S} " if self._timed else ""
            self._console.print(plainly(f"{at}{line}"), soft_wrap=True)

    def begin(self, stage: str, total: int | None = None) -> None:
        """Name the stage."""
        self._stage, self._done, self._total, self._began = stage, 0, total or 0, time.monotonic()
        noun = "shipment" if total == 1 else "shipments"
        self.say(f"{stage}{f' {total} {noun}' if total else ''} …")

    def step(self, record: Record) -> None:
        """Count; a line now and then."""
        self._done += 1
        if self._done % EVERY == 0:
            seconds = time.monotonic() - self._began
            left = timedelta(seconds=round(seconds / self._done * (self._total - self._done)))
            self.say(f"{self._stage}: {self._done:,} of {self._total:,}, {self._done / seconds:.1f}/s, {left} left")

    def close(self) -> None:
        """Nothing to take down."""


class LogProgress:
    """A run as lines of the log: its stages. What is said to a person may quote the file, and is left out."""

    def __init__(self, form: str) -> None:
        self._form = form

    def say(self, line: str) -> None:
        """Nothing: see the class."""

    def begin(self, stage: str, total: int | None = None) -> None:
        """Log the stage."""
        facts = {"stage": stage} | ({"shipments": total} if total else {})
        print(LogEvent("stage", facts=facts).line(self._form, datetime.now(UTC)), file=sys.stderr, flush=True)

    def step(self, record: Record) -> None:
        """The ledger has every shipment's own story."""

    def close(self) -> None:
        """Nothing to take down."""


class RateColumn(ProgressColumn):
    """Rate and time left over the whole stage: a store's quota comes in bursts, and its pauses count."""

    def render(self, task: Task) -> Text:
        """As `14.2/s, 0:02:31 left`."""
        if not task.completed or not task.elapsed or task.total is None:
            return Text()
        rate = task.completed / task.elapsed
        left = timedelta(seconds=round((task.total - task.completed) / rate))
        return Text(f"{rate:.1f}/s, {left} left")


class BarProgress:
    """A run as a progress bar with counts, rate and time left."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._counts = dict.fromkeys(("created", "refused", "in doubt"), 0)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            RateColumn(),
            TextColumn("{task.fields[counts]}", markup=False),
            console=console,
            transient=True,
        )
        self._task: TaskID | None = None

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        self._console.print(plainly(line), soft_wrap=True)

    def begin(self, stage: str, total: int | None = None) -> None:
        """A new bar for the stage."""
        self._progress.start()
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(stage, total=total, counts="")

    def step(self, record: Record) -> None:
        """Advance the bar."""
        name = {State.CREATED: "created", State.REJECTED: "refused"}.get(record.state, "in doubt")
        self._counts[name] += 1
        if self._task is None:
            return
        counts = ", ".join(f"{count} {name}" for name, count in self._counts.items() if count)
        self._progress.update(self._task, advance=1, counts=counts)

    def close(self) -> None:
        """Take the bar down."""
        self._progress.stop()
