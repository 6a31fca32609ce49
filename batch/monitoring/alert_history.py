"""Which kinds of trouble people have been told of: a small file a store, so that nobody is told every night."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

from batch.model import Status
from batch.model.statuses import PASSING
from batch.primitives.atomic_file import private_folder


def new_kinds(kinds: Iterable[str]) -> set[str]:
    """What of these kinds of trouble may be new to people.

    What passes by itself is told of only where it is too much. Rows to fix are one kind, whatever is
    wrong with them: the warehouse has them in its sheet.
    """
    by_status = {kind: kind.partition(":")[0] for kind in kinds}
    return {
        Status.INVALID if status == Status.INVALID else kind
        for kind, status in by_status.items()
        if status not in PASSING
    }


def reasons_to_notify(
    kinds: Mapping[str, int], rows: int, seen: Iterable[str], *, threshold: float, least: int
) -> list[str]:
    """Why people are to be told of these kinds of trouble; empty: they know, and it is not more than usual."""
    new = sorted(new_kinds(kinds) - set(seen))
    told = [f"new: {', '.join(new)}"] if new else []
    worst = max(kinds.values(), default=0)
    troubled = min(rows, max(worst, sum(kinds.values())))
    if rows and troubled >= least and troubled > threshold * rows:
        told.append(f"{troubled} of {rows} rows ({troubled / rows:.0%}); the threshold is {threshold:.0%}")
    return told


class AlertHistory:
    """Kinds of trouble and the day each was last met."""

    def __init__(self, home: Path, store: str) -> None:
        self._path = home / "alerts" / f"{sha256(store.encode()).hexdigest()[:16]}.json"

    def recent_kinds(self, days: int, today: date) -> set[str]:
        """Kinds met within so many days."""
        oldest = (today - timedelta(days=days)).isoformat()
        return {kind for kind, day in self._read().items() if day >= oldest}

    def record(self, kinds: Iterable[str], days: int, today: date) -> None:
        """Remember them as met today; what is older than so many days is forgotten."""
        oldest = (today - timedelta(days=days)).isoformat()
        known = {kind: day for kind, day in self._read().items() if day >= oldest}
        known |= dict.fromkeys(new_kinds(kinds), today.isoformat())
        with suppress(OSError):  # then they are told once more
            private_folder(self._path.parent)
            new = self._path.with_suffix(".new")
            new.write_text(json.dumps(known, ensure_ascii=False, indent=1), "utf-8")
            new.chmod(0o600)
            new.replace(self._path)

    def _read(self) -> dict[str, str]:
        try:
            found = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return {kind: day for kind, day in found.items() if isinstance(day, str)} if isinstance(found, dict) else {}
