"""The copy of an export that a run works on: what is judged is what was there at the start."""

import hashlib
import shutil
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from batch.errors import FileError
from batch.model import Run
from batch.primitives import failpoints
from batch.primitives.atomic_file import private_folder, sibling_temp_file

CHUNK = 1 << 20  # bytes
NAME = 16  # digits of an export's digest that its copy's folder has
ROOMS = ("fetched", "copies", "queued", "reading", "results")


@dataclass(frozen=True, slots=True)
class Input:
    """An export as it was when the run began."""

    given: Path
    """As the person named it."""
    copy: Path
    """In the home, under its content's digest; the name is kept."""
    sha256: str


def take_copy(given: Path, home: Path) -> Input:
    """Copy an export into the home and digest it; FileError where it is no plain, readable file."""
    try:
        if not stat.S_ISREG(given.stat().st_mode):
            what = "a folder" if given.is_dir() else "not a plain file"
            raise FileError(f"{given} is {what}.", "Name the export itself.")
        with given.open("rb") as content:
            return copied(content, given, home)
    except FileNotFoundError as error:
        raise FileError(
            f"{given}: there is no such file.", "Check the name and the folder."
        ) from error
    except OSError as error:
        raise FileError(
            f"{given} cannot be read: {error.strerror or error}.", "Check the file and its folder."
        ) from error


def copied(content: BufferedReader, given: Path, home: Path) -> Input:
    """Copy an export that is open, whatever its name leads to by now. Raises OSError."""
    sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    folder = _place(home, sha256)
    private_folder(folder)
    copy = folder / given.name
    if not copy.exists():
        content.seek(0)
        _copy(content, copy)
    if _digest(copy) != sha256:  # changed while it was read
        copy.unlink()
        raise FileError(f"{given} is still being written.", "Run it again when it is complete.")
    return Input(given, copy, sha256)


def find_copy(given: Path, sha256: str, home: Path, fetch: Callable[[str], bytes | None]) -> Path:
    """The copy of an export, or the unchanged export itself; FileError without either."""
    copy = again(_place(home, sha256) / given.name, sha256, home, fetch)
    if copy.exists():
        return copy
    if given.is_file() and _digest(given) == sha256:
        return given
    raise FileError(
        f"{given} is no longer what it was when the plan was made, and its copy is gone.",
        "Plan it anew.",
    )


def again(copy: Path, sha256: str, home: Path, fetch: Callable[[str], bytes | None]) -> Path:
    """A run's copy of its export: where it lies, else put into this home as others have kept it.

    Where nobody has it any more, the path at which it lay.
    """
    here = _place(home, sha256) / copy.name
    if found := next((path for path in (copy, here) if path.exists()), None):
        return found
    if (content := fetch(sha256)) is None:
        return copy
    private_folder(here.parent)
    with sibling_temp_file(here) as part:
        part.write_bytes(content)
        part.replace(here)
    return here


def kept(home: Path) -> Iterator[Path]:
    """What a home keeps of exports: copies, fetched files, sheets, what dead workers left."""
    return (each for room in ROOMS for each in (home / room).glob("*"))


def kept_names(run: Run) -> set[str]:
    """What in a home's rooms is a run's: its copy, its fetched file's folder, its sheet."""
    sheet = run.summary.get("results", "")
    return {run.sha256[:NAME], Path(run.file).parent.name, Path(sheet).name} - {""}


def expire(home: Path, days: int, own: Mapping[str, int]) -> None:
    """Remove what is kept for more than so many days; of these names, for their `own`."""
    for path in kept(home):
        # another process of this home has been faster, or may do it where we may not
        with suppress(OSError):
            if path.stat().st_mtime < time.time() - own.get(path.name, days) * 86_400:
                remove(path)


def remove(path: Path) -> None:
    """Remove something that is kept."""
    shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()


def _place(home: Path, sha256: str) -> Path:
    return home / "copies" / sha256[:NAME]


def _copy(content: BufferedReader, copy: Path) -> None:
    with sibling_temp_file(copy) as part:
        with part.open("wb") as whole:
            shutil.copyfileobj(content, whole, CHUNK)
        failpoints.failpoint("before-copy")
        part.replace(copy)
        failpoints.failpoint("after-copy")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
