"""A standby of the tests' PostgreSQL: it follows, lags behind, and takes over."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from postgres import Postgres, _unprivileged, _wait


class Standby(Postgres):
    """A server that follows another one."""

    def __init__(self, folder: Path, primary: Postgres) -> None:
        self.folder, self._data, self._who = folder, folder / "data", _unprivileged()
        self._keeper, self._numbers = None, count(1)
        if self._who:
            shutil.chown(folder, self._who["user"], self._who["group"])
        self._programs = primary._programs
        where = f"host={primary.folder} user=postgres application_name=standby"
        self._call(
            "pg_basebackup", "-D", self._data, "-d", where, "-R", "--checkpoint=fast", "--no-sync"
        )

    def promote(self) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            assert connection.execute("SELECT pg_promote()").fetchone() == (True,)

    def follow_no_more(self) -> None:
        """What the primary confirms from now on does not come here."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET primary_conninfo TO ''")
            connection.execute("SELECT pg_reload_conf()")
            count = "SELECT count(*) FROM pg_stat_wal_receiver"
            _wait(
                lambda: connection.execute(count).fetchone() == (0,),
                "the standby still follows",
                self.log,
            )


@contextmanager
def followed(primary: Postgres) -> Iterator[Standby]:
    """A standby of the primary, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        standby = Standby(Path(folder), primary)
        standby.start()
        try:
            yield standby
        finally:
            standby.stop()


def of_both(url: str, primary: Postgres, standby: Standby) -> str:
    """The address of a database by both hosts: the one that takes writes is used."""
    return url.replace(str(primary.folder), f"{primary.folder},{standby.folder}")


def confirmed_by_both(primary: Postgres) -> None:
    """No commit is confirmed before the standby has it."""
    with psycopg.connect(primary.url(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names TO 'standby'")
        connection.execute("SELECT pg_reload_conf()")
        state = "SELECT sync_state FROM pg_stat_replication"
        _wait(
            lambda: connection.execute(state).fetchone() == ("sync",),
            "no synchronous standby",
            primary.log,
        )
        # for its next start, after the test
        connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
