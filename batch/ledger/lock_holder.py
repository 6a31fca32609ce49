"""Who holds a lock, written beside it: words for whoever waits, never a proof."""

import json
import os
import socket
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path


def describe_holder(lock: Path) -> str:
    """Who holds a lock, in words, while it is held; else, or unwritten, `another process`."""
    try:
        holder = json.loads(_holder_path(lock).read_text("utf-8"))
        since = datetime.fromisoformat(holder["since"]).astimezone()
        return (
            f"`{holder['command']}` (process {holder['pid']} on {holder['host']}, "
            f"since {since:%Y-%m-%d %H:%M:%S})"
        )
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def write_holder(lock: Path) -> None:
    """Write that this process holds the lock, whole or not at all, mode 0600. Raises OSError."""
    holder = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": this_command(),
    }
    whole = _holder_path(lock).with_suffix(".new")
    whole.write_text(json.dumps(holder), "utf-8")
    whole.chmod(0o600)
    whole.replace(_holder_path(lock))


def remove_holder(lock: Path) -> None:
    """Delete the words before the lock is released: afterwards they would be the next runner's."""
    with suppress(OSError):
        _holder_path(lock).unlink(missing_ok=True)


def this_command() -> str:
    """The command line of this process."""
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]).strip() or "python"


def _holder_path(lock: Path) -> Path:
    return lock.with_suffix(".holder")
