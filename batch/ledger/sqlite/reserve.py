"""Disk space kept for the outcomes of what is in flight, given back when the disk is full."""

import os
from contextlib import suppress
from pathlib import Path

SIZE = 1 << 20  # bytes: the outcomes of some hundred shipments, with all that their commit writes


class Reserve:
    """A file beside the ledger that only takes up space."""

    def __init__(self, ledger: Path) -> None:
        self._path = ledger.with_suffix(".reserve")

    def take(self) -> None:
        """Reserve the space where there is any; without it a full disk leaves doubts."""
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            return
        try:
            if os.fstat(handle).st_size < SIZE:
                _fill(handle)
        except OSError:
            self.release()
        finally:
            os.close(handle)

    def release(self) -> bool:
        """Free the space; returns whether there was any."""
        with suppress(OSError):
            self._path.unlink()
            return True
        return False


def _fill(handle: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, 0, SIZE)
    else:
        os.write(handle, bytes(SIZE))
    os.fsync(handle)
