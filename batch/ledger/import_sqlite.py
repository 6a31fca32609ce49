"""One machine's ledger moved into the database of many machines, in one transaction."""

# ruff: noqa: S608  only our own tables' and columns' names enter a statement; values are bound

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from batch.config import Database
from batch.errors import DatabaseAway, NothingSent
from batch.ledger import export_store
from batch.ledger.connection import Connection
from batch.ledger.postgres import schema
from batch.ledger.postgres.opening import open_database
from batch.ledger.rows import Row
from batch.ledger.sqlite.opening import open_readable
from batch.primitives.concurrency import batched

_TABLES = {
    "runs": "run_id, store, file, sha256, copy, started, finished, exit_status,"
    " summary, source, profile",
    "records": "record_id, run_id, position, store, order_id, order_address_id,"
    " label, number, ask, shipment, state, attempts, baseline,"
    " shipment_id, made, finding, deleted, created_at, changed_at, aside",
    "skus": "sku, record_id",
    "attempts": "record_id, n, at, state, what, evidence",
    "notes": "note_id, run_id, rows, finding, record_id, ask, facts",
    "names": "note_id, word, place",
    "decisions": "store, ask, answer, who, why, at",
    "headers": "header, columns, at",
    "answers": "store, source, question, answer, who, at",
}
_ORDER = {
    "records": "record_id",
    "attempts": "attempt_id",
    "notes": "note_id",
    "decisions": "decision_id",
}
_NUMBERED = {"records": "record_id", "notes": "note_id"}
"""Tables whose number is a foreign key elsewhere: shifted by what the database already has."""
_TODO = "Nothing was changed. Let all runners end, then run the same call again."


def transfer(source: Path, target: Database) -> Mapping[str, int]:
    """Copy a ledger's file and its kept exports into a database; table → rows copied.

    Raises NothingSent where the database already has any of its runs or shipments; nothing is
    copied then.
    """
    with closing(open_readable(source)) as old, closing(open_database(target)) as new:
        try:
            copied = _copy_tables(old, new)
        except new.IntegrityError as error:
            raise NothingSent(
                f"The database {target} holds some of {source} already ({_first_line(error)}).",
                "Nothing was changed. "
                "A ledger is put there once, before its stores are shipped from the database.",
            ) from error
        except new.Error as error:
            if getattr(error, "sqlstate", None) == "55P03":
                raise DatabaseAway(
                    f"Runners are at work with the database {target}.", _TODO
                ) from error
            raise new.ledger_error(error) from error
        for sha256, copy in old.execute("SELECT DISTINCT sha256, copy FROM runs"):
            if Path(copy).is_file():
                export_store.keep(target, sha256, Path(copy))
    return copied


def _copy_tables(old: Connection, new: Connection) -> dict[str, int]:
    new.execute("BEGIN")
    new.execute(f"SET LOCAL lock_timeout TO '{schema.GRACE}'")
    # Old records need not begin as planned; until the commit the table is ours alone.
    new.execute("ALTER TABLE records DISABLE TRIGGER begins_planned")
    shift = {key: _last(new, table, key) for table, key in _NUMBERED.items()}
    shift["aside"] = shift["record_id"]
    copied = {}
    for table, columns in _TABLES.items():
        marks = ", ".join("?" for _ in columns.split(","))
        conflict = " ON CONFLICT DO NOTHING" if table in {"headers", "answers"} else ""
        copied[table] = 0
        for some in batched(_rows(old, table, columns, shift), 1_000):
            new.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks}){conflict}", some)
            copied[table] += len(some)
    for table, key in _NUMBERED.items():
        if last := _last(new, table, key):
            new.execute(f"SELECT setval(pg_get_serial_sequence('{table}', '{key}'), ?)", (last,))
    new.execute("ALTER TABLE records ENABLE TRIGGER begins_planned")
    new.execute("COMMIT")
    return copied


def _rows(old: Connection, table: str, columns: str, shift: Mapping[str, int]) -> Iterator[Row]:
    names = [name.strip() for name in columns.split(",")]

    def of_the_database(name: str, value: Any) -> Any:
        if name == "deleted":
            return bool(value)
        return value + shift[name] if value and name in shift else value

    for row in old.execute(f"SELECT {columns} FROM {table} ORDER BY {_ORDER.get(table, '1')}"):
        yield tuple([of_the_database(*pair) for pair in zip(names, row, strict=True)])


def _last(new: Connection, table: str, key: str) -> int:
    """The highest number given so far."""
    sequence = f"pg_sequence_last_value(pg_get_serial_sequence('{table}', '{key}')::regclass)"
    found = new.execute(
        f"SELECT greatest(coalesce(max({key}), 0), coalesce({sequence}, 0)) FROM {table}"
    ).fetchone()
    last: int = found[0]
    return last


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
