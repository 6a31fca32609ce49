"""The program, imported once: each command is a fork of this process, with its own arguments.

`launched` is what starting an interpreter for each would be, without its second of imports. Linux
alone: elsewhere the systems' own libraries do not outlive a fork.
"""

import asyncio
import atexit
import gc
import json
import os
import random
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
KEPT = ("PATH", "SYSTEMROOT", "LANG", "LC_ALL", "PYTHONFAULTHANDLER")
"""All that the program gets of this process's environment."""
EARLY = ("PYTHON", "LC_", "LANG", "TZ", "SSL_", "SHIPBATCH_CRASH_AT")
"""Variables that an interpreter reads as it begins: a command with others is a new process."""
PROGRAM = (
    *(
        "cli",
        "watcher",
        "fleet",
        "sandbox",
        "pipeline.runner",
        "pipeline.sandbox_run",
        "ledger.postgres.opening",
    ),
    *(f"commands.{path.stem}" for path in sorted((ROOT / "batch" / "commands").glob("[!_]*.py"))),
)
LIBRARIES = ("openpyxl", "python_calamine", "rich.progress", "xlsxwriter", "apprise")
STREAMS = (("in", os.O_RDONLY), ("out", os.O_WRONLY), ("err", os.O_WRONLY))


def can_launch(environ: Mapping[str, str]) -> bool:
    """Whether a command with this environment can be a fork."""
    return sys.platform == "linux" and _early(environ) == _early(_environ())


async def launched(
    words: Sequence[str], folder: Path, environ: Mapping[str, str], typed: bytes
) -> tuple[int, str, str]:
    """Run a command to its end: its status, its output, its errors. Whoever gives up kills it."""
    with tempfile.TemporaryDirectory(prefix="said-") as place:
        streams = [Path(place) / name for name, _ in STREAMS]
        for stream in streams:
            stream.write_bytes(typed if stream.name == "in" else b"")
        asked = {
            "words": words,
            "folder": str(folder),
            "environ": dict(environ),
            "streams": [*map(str, streams)],
        }
        reader, writer = await asyncio.open_unix_connection(_server())
        try:
            writer.write(json.dumps(asked).encode() + b"\n")
            status = int(await reader.readline())
        finally:
            writer.close()
        await writer.wait_closed()
        return status, *(stream.read_bytes().decode() for stream in streams[1:])


def _early(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: word for name, word in environ.items() if name.startswith(EARLY)}


@cache
def _environ() -> dict[str, str]:
    own = {
        "PYTHONPATH": str(ROOT),
        "OPENBLAS_NUM_THREADS": "1",
    }  # as the command line has it, before numpy is there
    return {name: os.environ[name] for name in KEPT if name in os.environ} | own


@cache
def _server() -> str:
    """The address of this process's server, which ends with it, however that ends."""
    folder = tempfile.TemporaryDirectory(prefix="launcher-")
    command = [sys.executable, __file__, folder.name]
    server = subprocess.Popen(
        command, env=_environ(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )

    def end() -> None:
        server.communicate()
        folder.cleanup()

    atexit.register(end)
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    return f"{folder.name}/socket"


def _become_the_next() -> None:
    """Serve until standard input closes; this returns in a fork alone, which is the command."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{sys.argv[1]}/socket")
    listener.listen(64)
    gc.freeze()
    print("ready", flush=True)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
        connection, _ = listener.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listener.close()
            return _attend(connection)
        connection.close()
    os._exit(0)


def _attend(connection: socket.socket) -> None:
    """Fork the command, in which alone this returns; tell its status; kill it if nobody waits."""
    with connection.makefile() as lines:
        asked = json.loads(lines.readline())
    lives, life = os.pipe()
    if (command := os.fork()) == 0:
        connection.close()
        os.close(lives)  # the other end closes with the command
        return _take_on(asked)
    os.close(life)
    if lives not in select.select([connection, lives], [], [])[0]:
        os.kill(command, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(command, 0)[1])
    with connection:
        connection.sendall(b"%d\n" % status)
    os._exit(0)


def _take_on(asked: dict[str, Any]) -> None:
    """What a new interpreter would have of the call."""
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environ"])
    for number, (path, (_, how)) in enumerate(zip(asked["streams"], STREAMS, strict=True)):
        opened = os.open(path, how)
        os.dup2(opened, number)
        os.close(opened)
    sys.path[0], sys.argv[1:] = asked["folder"], asked["words"]
    random.seed()


if __name__ == "__main__":
    for module in (*(f"batch.{name}" for name in PROGRAM), *LIBRARIES):
        import_module(module)
    _become_the_next()
    runpy.run_module("batch", run_name="__main__", alter_sys=True)
