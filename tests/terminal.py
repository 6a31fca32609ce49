"""The real command, as a person types it: a process of its own, with an environment of its own."""

import asyncio
import json
import os
import signal
import sys
import zipfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launcher import KEPT, can_launch, launched

from batch.sandbox import Sandbox
from tests.proofs.warehouse import Running

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Said:
    """What came of a command."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def all(self) -> str:
        return self.out + self.err


class Terminal:
    """A folder, a home, and perhaps a store: `await terminal("run", "export.csv")`."""

    def __init__(self, folder: Path, box: Sandbox | None = None) -> None:
        self.folder, self.home, self.box = folder, folder / "home", box
        self.environ = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.environ |= {
            "SHIPBATCH_HOME": str(self.home),
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
        }
        self.environ |= {"NO_COLOR": "1", "COLUMNS": "200"}
        if box is not None:
            self.environ |= {
                "BIGCOMMERCE_API_URL": box.url,
                "BIGCOMMERCE_STORE_HASH": box.store_hash,
                "BIGCOMMERCE_ACCESS_TOKEN": box.token,
            }

    async def __call__(self, *words: str | Path, typed: str = "", **environ: str) -> Said:
        """Type a command, and what it asks for; variables of the environment may be set, or
        emptied.
        """
        if can_launch(self.environ | environ):
            told = await launched(
                [*map(str, words)], self.folder, self.environ | environ, typed.encode()
            )
            return Said(*told)
        process = await self.start(*words, **environ)
        out, err = await process.communicate(typed.encode())
        return Said(process.returncode or 0, out.decode(), err.decode())

    async def start(self, *words: str | Path, **environ: str) -> Process:
        """Start a command, and leave it at work."""
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "batch",
            *map(str, words),
            cwd=self.folder,
            env=self.environ | environ,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
        )

    @asynccontextmanager
    async def at_work(
        self, *words: str | Path, longest: float = 120.0, **environ: str
    ) -> AsyncIterator[Running]:
        """A command that works for as long as the block lasts, is told to stop then, and ends by
        itself.
        """
        running = Running(await self.start(*words, **environ))
        try:
            async with asyncio.timeout(longest):
                yield running
                running.tell(signal.SIGTERM)
                done = await running.end()
            assert (done.status, "Traceback" in done.err) == (128 + signal.SIGTERM, False), done.err
        except TimeoutError:
            raise AssertionError(
                f"{' '.join(map(str, words))} is at it still: {running.told}"
            ) from None
        finally:
            if running.process.returncode is None:
                running.process.kill()
                await running.process.wait()

    def write(self, name: str, text: str) -> Path:
        """Put a file into the folder."""
        path = self.folder / name
        path.write_text(text, "utf-8")
        return path

    def configure(self, text: str) -> Path:
        """Write the user's own shipbatch.toml."""
        folder = (
            self.folder
            / ("Library/Application Support" if sys.platform == "darwin" else ".config")
            / "shipbatch"
        )
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / "shipbatch.toml"
        path.write_text(text, "utf-8")
        return path

    def left_behind(self) -> Iterator[tuple[Path, bytes]]:
        """Every file in the folder and the home, those within workbooks too."""
        for path in self.folder.rglob("*"):
            if not path.is_file():
                continue
            yield path, path.read_bytes()
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as book:
                    yield from ((path, book.read(part)) for part in book.namelist())
