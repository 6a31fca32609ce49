"""A file that is made whole before it is put in its place; and private folders."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def sibling_temp_file(path: Path) -> Iterator[Path]:
    """A new file beside the path, mode 0600; removed unless it was moved away."""
    handle, name = tempfile.mkstemp(prefix=".shipbatch-", suffix=".part", dir=path.parent)
    os.close(handle)
    made = Path(name)
    try:
        yield made
    finally:
        made.unlink(missing_ok=True)


def private_folder(path: Path) -> None:
    """A folder for this user alone, with its parents; an existing one is left as it is."""
    for each in (*reversed(path.parents), path):
        each.mkdir(mode=0o700, exist_ok=True)
