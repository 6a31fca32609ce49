"""One connection to a database of either kind, as the ledger's statements use it.

Both drivers follow the same standard (PEP 249), and both databases speak the SQL of this room:
`RETURNING`, `ON CONFLICT`, `coalesce`, savepoints. What they say differently stands here, and
nowhere else: how a list is one parameter, and where new ids come from.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, Protocol

from batch.errors import LedgerError

Values = Sequence[Any]
LISTED = "IN (SELECT value FROM json_each(?))"
"""A condition on a list of any length in one parameter, made by `Connection.list_parameter`."""
UNDO = "ROLLBACK TO unit"
"""Undoes a unit of work's writes; after a refusal PostgreSQL answers nothing else before it."""


class Cursor(Protocol):
    """The result of a statement."""

    @property
    def rowcount(self) -> int: ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """A connection; its exceptions are its attributes, as PEP 249 has them."""

    @property
    def Error(self) -> type[Exception]: ...  # noqa: N802

    @property
    def IntegrityError(self) -> type[Exception]: ...  # noqa: N802

    def execute(self, sql: str, values: Values = (), /) -> Cursor: ...

    def query(self, sql: str, values: Values = (), /) -> list[Any]:
        """All rows of one query; from any thread, also while another one closes the connection."""

    def executemany(self, sql: str, rows: Iterable[Values], /) -> Any: ...

    def list_parameter(self, values: Collection[object], /) -> object:
        """A list in the form that LISTED takes."""

    def new_ids(self, count: int, /) -> Iterable[int]:
        """New record ids, ascending, never given before and never given again."""

    def is_bug(self, error: Exception, /) -> bool:
        """Whether the statement is wrong, rather than the database in trouble."""

    def ledger_error(self, error: Exception, /) -> LedgerError:
        """What the database said, with its place, the reason and what to do."""

    def listen(self, say: Callable[[str], None]) -> None:
        """Set whom to tell that the database does not answer, and that it answers again."""

    def check(self) -> None:
        """Raises an error for `ledger_error` where the database is damaged."""

    def close(self) -> None: ...
