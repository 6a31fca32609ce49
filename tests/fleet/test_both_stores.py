"""One story of two machines, told twice: with a ledger in a file that both use, and in PostgreSQL
with homes apart.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from openpyxl import load_workbook
from shop import dense, number, table
from terminal import Said, Terminal
from yard import PLENTY

from batch.sandbox import Sandbox

OpenSandbox = Callable[..., Awaitable[Sandbox]]
NIGHT = [
    (100, "MUG", 1, number(0)),
    (101, "MUG", 1, number(1)),
    (102, "MUG", 500, number(2)),
    (103, "MUG", 1, ""),
]
# was the parcel without a number the first one?
AGAIN = [(103, "MUG", 1, ""), (104, "MUG", 1, number(4))]
VARIES = re.compile(
    r"\d{8}-\d{6}-[0-9a-f]{4}"  # a run's id
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?([+-]\d\d:\d\d|Z)?"
    r"|\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000"
    r"|\d+(\.\d)? s\b|\('Seconds', '\d+\.\d'"
    r"|shipbatch_(last_success_timestamp_seconds|quota_left|waited_seconds)\{.*"
)
"""What differs from run to run."""


class Story:
    """What two machines of one store do in turn, and all that they say and leave."""

    def __init__(self, box: Sandbox, folder: Path, database: str) -> None:
        self.box, self.folder = box, folder
        self.inbox = folder / "inbox"
        self.inbox.mkdir(parents=True)
        self.first, self.second = (Terminal(folder, box) for _ in range(2))
        self.first.write("shipbatch.toml", 'workers = 1\nmetrics_file = "shipbatch.prom"\n')
        if database:
            self.second.environ["SHIPBATCH_HOME"] = str(folder / "other")
            for machine in (self.first, self.second):
                machine.environ["SHIPBATCH_DATABASE"] = database
        self.told: list[tuple[object, ...]] = []

    async def tell(self) -> None:
        """A night in the drop folder, and the day after it."""
        first, second = self.first, self.second
        async with first.at_work("watch", "inbox", "--still", "0.1") as watcher:
            for name, rows, room in (("night.csv", NIGHT, "failed"), ("again.csv", AGAIN, "held")):
                first.write(name, table(*rows)).rename(self.inbox / name)
                await watcher.heard(f"→ {room} (run ")
        runs = (await second("history", "--json")).json
        again, night = (one["run"] for one in runs)
        await self.says(first, "decide")
        await self.says(
            second,
            "decide",
            again,
            "--order",
            "103",
            "--answer",
            "ship",
            "--why",
            "asked",
            "--who",
            "ann",
        )
        await self.says(second, "resume", again)
        await self.says(first, "history")
        await self.says(first, "history", again)
        await self.says(second, "find", number(4))
        await self.says(second, "audit")
        self.box.store.delete(next(iter(self.box.store.shipments())))
        await self.says(first, "audit", night)
        await self.says(first, "undo", night, "--yes")
        for sheet in self.folder.rglob("*.results.xlsx"):
            sheet.unlink()
        await self.says(second, "history", again, "--results")
        await self.says(second, "run", "inbox/failed/night.csv")
        self.told += [
            (self.plain(str(path)), *self.plain(text).splitlines()) for path, text in self.left()
        ]

    async def says(self, machine: Terminal, *words: str) -> None:
        said: Said = await machine(*words)
        self.told.append(
            (self.plain(" ".join(words)), said.status, *self.plain(said.all).splitlines())
        )

    def left(self) -> Iterator[tuple[Path, str]]:
        """The files outside the homes; of a sheet what stands in its cells."""
        for path in sorted(self.folder.rglob("*")):
            if path.is_dir() or {"home", "other", ".local"} & set(
                path.relative_to(self.folder).parts
            ):
                continue
            yield path, path.read_text("utf-8") if path.suffix != ".xlsx" else cells(path)

    def plain(self, text: str) -> str:
        text = text.replace(str(self.folder), "FOLDER").replace(
            f"{self.box.url}/stores/sandbox", "STORE"
        )
        return VARIES.sub("…", text)


def cells(path: Path) -> str:
    pages = load_workbook(path)
    return "\n".join(str(row) for page in pages for row in page.iter_rows(values_only=True))


async def test_a_ledger_in_postgresql_says_and_leaves_what_one_in_a_file_does(
    sandbox: OpenSandbox, database: str, tmp_path: Path
) -> None:
    """Every command's words and exit status, every sheet, the drop folder and the metrics."""
    one, other = [
        Story(await sandbox(dense(6), quota=PLENTY), tmp_path / name, place)
        for name, place in (("file", ""), ("postgresql", database))
    ]
    await asyncio.gather(one.tell(), other.tell())
    for in_file, in_database in zip(one.told, other.told, strict=True):
        assert in_database == in_file
