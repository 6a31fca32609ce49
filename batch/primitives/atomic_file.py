"""A file that is made whole beside its place, before it is put there; and folders that are this
user's alone.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def sibling_temp_file(path: Path) -> Iterator[Path]:
    """A new file in the path's folder, readable by its owner alone; removed unless it was moved
    away.
    """
    handle, name = tempfile.mkstemp(prefix=".shipbatch-", suffix=".part", dir=path.parent)
    os.close(handle)
    made = Path(name)
    try:
        yield made
    finally:
        made.unlink(missing_ok=True)


def private_folder(path: Path) -> None:
    """A folder for this user alone, those on the way to it too; one that exists is left as it is."""
    for each in (*reversed(path.parents), path):
        each.mkdir(mode=0o700, exist_ok=True)
