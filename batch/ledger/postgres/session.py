"""What the writer asks of PostgreSQL: reconnecting, and no commit in doubt."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from batch.errors import LedgerError
from batch.ledger.postgres.connection import PostgresConnection, is_away
from batch.ledger.postgres.schema import RUNNERS, check_version

if TYPE_CHECKING:
    from psycopg import Connection as Link


class WritingConnection(PostgresConnection):
    """A connection with durable commits, under which nobody upgrades the ledger."""

    def _set_up(self, link: "Link[Any]") -> None:
        if link.execute("SHOW synchronous_commit").fetchone() == ("off",):
            link.execute("SET synchronous_commit TO on")
        link.execute("SELECT pg_advisory_lock_shared(%s)", (RUNNERS,))
        found = link.execute("SELECT max(version) FROM version").fetchone()
        check_version(found[0] if found else 0, self.place)


class PostgresSession:
    """The writer's side of a database.

    Each group counts up a row of the writer's own, so that after a connection lost in the middle of
    a COMMIT the next one reads whether it was done, and whether the server still has all that it
    confirmed.
    """

    most = 500

    def __init__(self, connection: PostgresConnection, advice: str) -> None:
        self.connection = connection
        self.advice = advice
        """What is unsafe about the server, in words; empty where nothing is."""
        self._name = uuid4().hex
        self._commits = 0
        """Commits confirmed so far."""
        self.connection.execute("DELETE FROM writers WHERE seen < now() - interval '7 days'")
        self.connection.execute("INSERT INTO writers (writer) VALUES (?)", (self._name,))

    def begin(self, *, large: bool) -> None:
        count = f"UPDATE writers SET commits = {self._commits + 1}, seen = now()"  # noqa: S608
        ours = f"WHERE writer = '{self._name}' AND commits = {self._commits}"
        counted = self.connection.execute(f"BEGIN; {count} {ours}")
        counted.nextset()
        if counted.rowcount != 1:
            raise self._connection_error()

    def commit(self) -> None:
        try:
            self.connection.execute("COMMIT")
        except self.connection.Error as error:
            if not self._is_committed(error):
                raise
        self._commits += 1
        self.connection.patience.restore()

    def roll_back(self) -> None:
        self.connection.execute("ROLLBACK")

    def recovers(self, error: Exception) -> bool:
        # it was the primary until a moment ago
        is_standby = getattr(error, "sqlstate", None) == "25006"
        if not is_away(error) and not is_standby:
            return False
        with suppress(self.connection.Error):
            self.connection.reconnect(error)
            return True
        return False

    def refusal(self, _: str) -> LedgerError | None:
        return None

    def close(self) -> None:
        with suppress(self.connection.Error):
            self.connection.execute("DELETE FROM writers WHERE writer = ?", (self._name,))
        self.connection.close()

    def _is_committed(self, error: Exception) -> bool:
        """Whether a COMMIT whose answer was lost is in the database; asked until it is known."""
        # FOR UPDATE waits for a transaction of ours that the server has not ended yet.
        sql = "SELECT commits FROM writers WHERE writer = ? FOR UPDATE"
        while True:
            self.connection.reconnect(error)
            try:
                row = self.connection.execute(sql, (self._name,)).fetchone()
            except self.connection.Error as again:
                error = again
                continue
            if row is None or row[0] < self._commits:
                raise self._connection_error()
            return bool(row[0] > self._commits)

    def _connection_error(self) -> LedgerError:
        return LedgerError(
            f"The database {self.connection.place} no longer has what it had confirmed: "
            "it was put back from a copy, or a standby has taken over that had not received all.",
            "Nothing more is sent. "
            "Run `shipbatch audit`, then the same call again: it looks into the store first.",
        )
