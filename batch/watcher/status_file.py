"""What a watcher is doing, on a small file that `status` reads from another process.

Beside it lies a lock, which the operating system takes from the watcher when it dies: what a dead one has left says
nothing, from that moment on. The boards of other machines are believed while they are touched.
"""

import asyncio
import hashlib
import json
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from batch.ledger.locks import is_free, system_lock, try_acquire
from batch.primitives.atomic_file import private_folder

FRESH = 60.0  # seconds: a board that has not been touched for longer is a dead watcher's
OFTEN = 1.0  # seconds between two lines of progress


class StatusFile:
    """One watcher's board for one folder. It is touched while the watcher lives, and taken down when it ends.

    Where it cannot be written, nothing is shown; nobody's shipment waits for that.
    """

    def __init__(self, home: Path, folder: Path) -> None:
        self._path = _boards(home) / f"{_name(folder)}-{socket.gethostname()[:40]}-{os.getpid()}.json"
        self._said: dict[str, Any] = {
            "folder": str(folder),
            "process": os.getpid(),
            "host": socket.gethostname(),
            "since": _now(),
        }
        self._written = 0.0
        self._is_behind = False
        self._lock = system_lock(_lock_of(self._path))

    def show(self, **what: Any) -> None:
        """Show what is going on, in the place of what was shown before."""
        self._said = {name: self._said[name] for name in ("folder", "process", "host", "since")} | what
        self._write()

    def step(self, done: int) -> None:
        """So many shipments have their outcome; written down now and then."""
        self._said["done"] = done
        self._is_behind = True
        if asyncio.get_running_loop().time() - self._written >= OFTEN:
            self._write()

    def touch(self) -> None:
        """Show that the watcher is alive, and what it has not written down yet."""
        if self._is_behind:
            self._write()
            return
        try:
            os.utime(self._path)
        except OSError:
            self._write()

    def remove(self) -> None:
        """The watcher ends."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
        with suppress(OSError):
            self._lock.release()
            _lock_of(self._path).unlink(missing_ok=True)

    def _write(self) -> None:
        self._written, self._is_behind = asyncio.get_running_loop().time(), False
        whole = self._path.with_suffix(".new")
        with suppress(OSError):
            private_folder(self._path.parent)
            try_acquire(self._lock)  # where somebody is looking whether it is free: the next time
            whole.write_text(json.dumps(self._said | {"at": _now()}), "utf-8")
            whole.chmod(0o600)
            whole.replace(self._path)


def living_watchers(home: Path, folder: Path) -> Iterator[Mapping[str, Any]]:
    """What the living watchers of a folder show; what the dead have left is taken down."""
    for path in sorted(_boards(home).glob(f"{_name(folder)}-*.json")):
        with suppress(OSError, ValueError):
            said = json.loads(path.read_text("utf-8"))
            if time.time() - path.stat().st_mtime > FRESH or _has_died(said, _lock_of(path)):
                path.unlink(missing_ok=True)
                _lock_of(path).unlink(missing_ok=True)
            else:
                yield said


def _has_died(said: Mapping[str, Any], lock: Path) -> bool:
    """Whether a watcher of this machine has left its lock; one without a lock may be an earlier version's."""
    return said.get("host") == socket.gethostname() and is_free(lock)


def _lock_of(status_file: Path) -> Path:
    return status_file.with_suffix(".lock")


def _boards(home: Path) -> Path:
    return home / "watching"


def _name(folder: Path) -> str:
    return hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:16]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
