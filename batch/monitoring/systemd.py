"""What systemd is told, where it listens: ready, alive, what goes on, stopping (sd_notify(3))."""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress

from batch.primitives.escapes import visible


class Systemd:
    """The service manager's socket; without NOTIFY_SOCKET it says nothing."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        microseconds = environ.get("WATCHDOG_USEC", "")
        mine = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.alive_every = int(microseconds) / 2e6 if self._address and mine and microseconds.isdecimal() else None
        """Seconds between two signs of life; None where nobody waits for them."""

    def notify(self, **state: str) -> None:
        """Send a state, `READY="1"`, `STATUS="…"`; a manager that is not there is no error."""
        if not self._address or not hasattr(socket, "AF_UNIX"):
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        lines = "\n".join(f"{name}={visible(' '.join(value.split()))}" for name, value in state.items())
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.sendto(lines.encode(), address)
