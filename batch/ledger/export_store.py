"""The copies of exports: in the database of a shared ledger, in the home beside a file.

Each call is complete by itself, and waits for a database that does not answer.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from batch.config import Database, Place

LARGEST = 500_000_000  # bytes: PostgreSQL takes no value of a gigabyte, and less at once


def keep(place: Place, sha256: str, copy: Path) -> None:
    """Keep an export where every machine finds it; one that is kept already is kept longer."""
    if not isinstance(place, Database) or copy.stat().st_size > LARGEST:
        return
    kept = "UPDATE exports SET kept_at = clock_timestamp() WHERE sha256 = ?"
    new = "INSERT INTO exports (sha256, name, content) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    if not _done(place, lambda run: run(kept, (sha256,)).rowcount):
        _done(place, lambda run: run(new, (sha256, copy.name, copy.read_bytes())))


def fetch(place: Place, sha256: str) -> bytes | None:
    """An export's bytes; None where it was never kept, or has expired."""
    if not isinstance(place, Database):
        return None
    row = _done(
        place, lambda run: run("SELECT content FROM exports WHERE sha256 = ?", (sha256,)).fetchone()
    )
    return bytes(row[0]) if row else None


def expire(place: Place, days: int, own: Mapping[str, int]) -> None:
    """Delete the exports kept for more than so many days; of these digests, for their `own`."""
    for sha256, age in stored(place).items():
        if age > own.get(sha256, days):
            remove(place, sha256, own.get(sha256, days))


def stored(place: Place) -> Mapping[str, float]:
    """Digest → days since an export was kept; empty where the ledger is a file."""
    if not isinstance(place, Database):
        return {}
    sql = "SELECT sha256, extract(epoch FROM clock_timestamp() - kept_at)::float8 FROM exports"
    rows = _done(place, lambda run: run(sql).fetchall())
    return {sha256: seconds / 86_400 for sha256, seconds in rows}


def remove(place: Place, sha256: str, days: int = 0) -> None:
    """Delete an export, unless it was kept within so many days."""
    if isinstance(place, Database):
        old = "kept_at < clock_timestamp() - make_interval(days => ?::int)"
        sql = f"DELETE FROM exports WHERE sha256 = ? AND {old}"  # noqa: S608
        _done(place, lambda run: run(sql, (sha256, days)).rowcount)


def _done(place: Database, work: Callable[[Callable[..., Any]], Any]) -> Any:
    from batch.ledger.postgres.opening import open_database

    connection = open_database(place)
    try:
        return connection.again(lambda: work(connection.execute))
    finally:
        connection.close()
