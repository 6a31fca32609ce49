"""A file that is made whole beside its place, before it is put there."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def scratch(path: Path) -> Iterator[Path]:
    """A new file in the path's folder, readable by its owner alone; removed unless it was moved away."""
    handle, name = tempfile.mkstemp(prefix=".shipbatch-", suffix=".part", dir=path.parent)
    os.close(handle)
    made = Path(name)
    try:
        yield made
    finally:
        made.unlink(missing_ok=True)
