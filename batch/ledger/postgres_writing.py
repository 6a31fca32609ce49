"""What the writer asks of PostgreSQL: a connection that is lost and found again, and no commit in doubt."""

from contextlib import suppress
from uuid import uuid4

from batch.errors import LedgerError
from batch.ledger.postgres import PostgresConnection, is_away


class PostgresSession:
    """The writer's side of a database.

    Each group counts the writer's commits up in its own row, so that after a connection was lost in the middle
    of a COMMIT the next one reads whether it took, and whether the server still has all that it had confirmed.
    """

    most = 60  # subtransactions that a PostgreSQL backend keeps in its own memory: 64

    def __init__(self, connection: PostgresConnection, advice: str) -> None:
        self.connection = connection
        self.advice = advice
        """What is unwise about the server; empty where nothing is."""
        self._name = uuid4().hex
        self._commits = 0
        self.connection.execute("INSERT INTO writers (writer) VALUES (?)", (self._name,))

    def begin(self) -> None:
        mark = f"UPDATE writers SET commits = {self._commits + 1}, seen = now() WHERE writer = '{self._name}'"  # noqa: S608
        self.connection.execute(f"BEGIN; {mark}")

    def commit(self) -> None:
        try:
            self.connection.execute("COMMIT")
        except self.connection.Error as error:
            if not self._took(error):
                raise
        self._commits += 1
        self.connection.patience.restore()

    def roll_back(self) -> None:
        self.connection.execute("ROLLBACK")

    def recovers(self, error: Exception) -> bool:
        if not is_away(error):
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

    def _took(self, error: Exception) -> bool:
        """Whether a COMMIT whose answer was lost is in the database."""
        self.connection.reconnect(error)
        # FOR UPDATE waits for a transaction of ours that the server has not ended yet.
        sql = "SELECT commits FROM writers WHERE writer = ? FOR UPDATE"
        row = self.connection.execute(sql, (self._name,)).fetchone()
        return bool(row and row[0] == self._commits + 1)
