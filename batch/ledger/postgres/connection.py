"""PostgreSQL as the ledger uses it: its connection, lost and found again, and its faults in words."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from batch.config import Database
from batch.config.ledger_place import passwords_of
from batch.errors import ConfigError, DatabaseAway, LedgerError
from batch.ledger.connection import LISTED, Values
from batch.ledger.soundness import Damage
from batch.primitives.backoff import Backoff

if TYPE_CHECKING:
    from psycopg import Connection as Link

T = TypeVar("T")
PATIENCE = 600.0  # seconds a database may be away before the ledger is given up
BACKOFF = Backoff((0.1, 0.2, 0.5, 1.0, 2.0, 5.0))  # between two tries
SCHEMA = "shipbatch"
_LINK = {
    "connect_timeout": "10",
    "client_encoding": "utf8",
    "application_name": "shipbatch",
    "keepalives_idle": "10",  # seconds; a network that swallows everything is noticed within half a minute
    "keepalives_interval": "5",
    "keepalives_count": "4",
    "tcp_user_timeout": "30000",  # milliseconds
    "target_session_attrs": "read-write",  # of several hosts the primary, also after a fail-over
}
_SESSION = (
    f"SET search_path TO {SCHEMA}",
    "SET lock_timeout TO '60s'",
    "SET plan_cache_mode TO force_custom_plan",  # a plan made for a small ledger does not stay when it has grown
    "SET idle_in_transaction_session_timeout TO '15s'",  # a paused process holds nobody up
)
_AWAY = ("08", "57P", "53", "40", "55P03", "25P03")
"""SQLSTATEs that pass: lost, shut down, full, in each other's way, paused for too long."""
_RESTORE = (
    "Nothing more is sent. Put back a dump of it (`pg_restore`); then `shipbatch audit` says where the store has more."
)
REASONS = {
    "42501": ("this user may not do that", "Let it make schemas in there, or own `shipbatch` and `procrastinate`."),
    "53100": ("its disk is full", "Make room on the server, then run the same call again; nothing is lost."),
    "XX001": ("it is damaged", "Nothing more is sent. Restore the server from a copy."),
    "XX002": ("it is damaged", "Nothing more is sent. Restore the server from a copy."),
}
"""What is wrong, and what to do, by SQLSTATE."""


def driver() -> Any:
    """psycopg; ConfigError where it is not installed."""
    try:
        import psycopg
    except ImportError:
        raise ConfigError(
            "SHIPBATCH_DATABASE is set, and psycopg is not installed.", "Run: pip install 'shipbatch[fleet]'."
        ) from None
    return psycopg


def is_away(error: Exception) -> bool:
    """Whether it passes by itself: a connection lost, a server down or full, a transaction in another's way."""
    psycopg = driver()
    state = getattr(error, "sqlstate", None)
    return isinstance(error, psycopg.OperationalError) if state is None else state.startswith(_AWAY)


def ledger_error(error: Exception, place: Database) -> LedgerError:
    """What PostgreSQL said, as a LedgerError with the place, the reason and what to do."""
    if isinstance(error, LedgerError):
        return error
    if isinstance(error, Damage):
        return LedgerError(f"The ledger in the database {place} is damaged ({error}).", _RESTORE)
    said, state = " ".join(str(error).split()), getattr(error, "sqlstate", None) or ""
    reason, todo = REASONS.get(state, ("it cannot be used", "Report this message."))
    made = LedgerError(f"The database {place}: {reason} ({said}).", todo)
    if is_away(error) and state not in REASONS:
        todo = "Nothing is lost. Run the same call again when it answers."
        if any(sign in said for sign in ("too many c", "connection slots")):
            todo = "Raise its max_connections, or give the workers fewer --stores."
        made = DatabaseAway(f"The database {place} does not answer ({said}).", todo)
        if any(sign in said for sign in ("authentication failed", "does not exist", "no pg_hba.conf", "not permitted")):
            made = LedgerError(f"The database {place} refuses us ({said}).", "Correct SHIPBATCH_DATABASE.")
    made.__cause__ = error
    return made


def open_link(place: Database) -> Link[Any]:
    """A link to the database; psycopg's error where there is none to be had."""
    psycopg = driver()
    from psycopg.types.numeric import Int8Dumper

    link: Link[Any] = psycopg.connect(autocommit=True, **_words(place))
    link.adapters.register_dumper(int, Int8Dumper)  # one type, so that a statement is prepared once
    for setting in _SESSION:
        link.execute(setting)
    return link


def answers(place: Database, *, within: float) -> bool:
    """Whether its server takes connections, be it to refuse ours."""
    psycopg = driver()
    words = psycopg.conninfo.make_conninfo(**_words(place) | {"connect_timeout": f"{within:.0f}"})
    return bool(psycopg.pq.PGconn.ping(words.encode()) == psycopg.pq.Ping.OK)


def _words(place: Database) -> dict[str, Any]:
    psycopg = driver()
    try:
        return {**_LINK, **psycopg.conninfo.conninfo_to_dict(place.url)}
    except psycopg.ProgrammingError as error:
        said = str(error).strip().replace(place.url, str(place))
        for secret in passwords_of(place.url):
            said = said.replace(secret, "…")
        raise ConfigError(
            f"SHIPBATCH_DATABASE cannot be read ({said}).", "A password's %, /, @, : and # are written %25, %2F, %40 …"
        ) from None


def _nobody_listens(_: str) -> None:
    """Whoever reads a ledger is there to ask it, not to be told."""


class Patience:
    """How long trouble is waited out, from the first of it to the next success."""

    def __init__(self, place: Database) -> None:
        self._place = place
        self._until: float | None = None
        self._tries = 0
        self.say: Callable[[str], None] = _nobody_listens

    def restore(self) -> None:
        """All is well again."""
        if self._until is not None:
            self._until = None
            self.say(f"The database {self._place} answers again: going on.")

    def pause(self) -> bool:
        """Wait a little, longer each time; False once PATIENCE is spent."""
        now = time.monotonic()
        if self._until is None:
            self._until, self._tries = now + PATIENCE, 0
            most = f"{PATIENCE / 60:.0f} minutes at most"
            self.say(f"The database {self._place} does not answer: waiting for it, {most}.")
        if now > self._until:
            return False
        self._tries += 1
        time.sleep(BACKOFF.pause(self._tries))
        return True


class PostgresConnection:
    """See `connection.Connection`; a connection for one thread at a time."""

    def __init__(self, place: Database) -> None:
        self.place = place
        self.patience = Patience(place)
        psycopg = driver()
        self.Error: type[Exception] = psycopg.Error
        self.IntegrityError: type[Exception] = psycopg.IntegrityError
        self._bugs = (psycopg.ProgrammingError, psycopg.InterfaceError, psycopg.DataError)
        self.link = self._open()

    def _open(self) -> Link[Any]:
        try:
            return self._prepare()
        except self.Error as error:
            raise ledger_error(error, self.place) from error

    def _prepare(self) -> Link[Any]:
        link = open_link(self.place)
        try:
            self._set_up(link)
        except BaseException:
            link.close()
            raise
        return link

    def _set_up(self, link: Link[Any]) -> None:
        """What a kind of connection needs of each new link."""

    def execute(self, sql: str, values: Values = (), /) -> Any:
        return self.link.execute(translate(sql), values) if values else self.link.execute(sql, prepare=False)

    def query(self, sql: str, values: Values = (), /) -> list[Any]:
        return list(self.execute(sql, values).fetchall())

    def executemany(self, sql: str, rows: Iterable[Values], /) -> Any:
        with self.link.cursor() as cursor:
            cursor.executemany(translate(sql), rows)

    def list_parameter(self, values: Collection[object], /) -> list[object]:
        return list(values)

    def new_ids(self, count: int, /) -> Iterable[int]:
        sql = "SELECT nextval(pg_get_serial_sequence('records', 'record_id')) FROM generate_series(1, ?)"
        return [number for (number,) in self.execute(sql, (count,))]

    def is_bug(self, error: Exception, /) -> bool:
        return isinstance(error, self._bugs) and not is_away(error)

    def ledger_error(self, error: Exception, /) -> LedgerError:
        return ledger_error(error, self.place)

    def listen(self, say: Callable[[str], None]) -> None:
        self.patience.say = say

    def check(self) -> None:
        """A server keeps its own files sound; that it answers is what can be asked of it."""
        self.execute("SELECT 1")

    def again(self, work: Callable[[], T]) -> T:
        """Work that may be done twice, done as soon as the database is there."""
        while True:
            try:
                done = work()
            except self.Error as error:
                if not is_away(error):
                    raise
                self.reconnect(error)
            else:
                self.patience.restore()
                return done

    def reconnect(self, error: Exception) -> None:
        """Another link in place of a lost one, as soon as there is one; the last error when patience is spent."""
        self.close()
        while self.patience.pause():
            try:
                self.link = self._prepare()
            except self.Error as trouble:
                error = trouble
            else:
                return
        raise error

    def close(self) -> None:
        with suppress(self.Error):
            self.link.close()


class PostgresReader(PostgresConnection):
    """A connection that cannot write, and asks again when the server is back; for several threads."""

    def __init__(self, place: Database) -> None:
        self._one = Lock()
        super().__init__(place)

    def _set_up(self, link: Link[Any]) -> None:
        link.execute("SET default_transaction_read_only TO on")

    def execute(self, sql: str, values: Values = (), /) -> Any:
        ask = super().execute
        with self._one:
            return self.again(lambda: ask(sql, values))


@lru_cache(512)
def translate(sql: str) -> str:
    """A statement of this room in the words of psycopg."""
    sql = sql.replace(LISTED, "= ANY(?)").replace("json_each(?)", "json_array_elements(CAST(? AS json))")
    sql = re.sub(r"json_extract\(value, '\$\[(\d+)\]'\)", r"(value ->> \1)", sql)
    return sql.replace("%", "%%").replace("?", "%s")
