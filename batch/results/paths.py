"""Where a results sheet goes, and how it gets there whole or not at all."""

import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, Self

from batch.errors import ResultsError
from batch.model import Run
from batch.model.sheet_format import LONGEST_NAME, read_mark
from batch.primitives import failpoints
from batch.primitives.atomic_file import private_folder

_ENDINGS = (".results", ".plan")


def results_path(export: Path, run: Run, *, dry: bool, home: Path) -> Path:
    """`NAME.results.xlsx` (dry: `NAME.plan.xlsx`) beside the export, else in `home/results`.

    A sheet that tells of other content, or a file that is not ours, is not replaced: the run's id
    is put in the name. ResultsError where neither folder will do.
    """
    folder = export.absolute().parent
    if not _writable(folder):
        folder = _home_folder(home)
    stem = export.stem
    for ending in _ENDINGS:  # a sheet of ours dropped back in
        stem = stem.removesuffix(ending)
    stem = stem.encode()[:LONGEST_NAME].decode("utf-8", "ignore")
    return free_path(folder / f"{stem}{'.plan' if dry else '.results'}.xlsx", run)


def free_path(path: Path, run: Run) -> Path:
    """The path; with the run's id where something other than a sheet of this content is there."""
    if not path.exists():
        return path
    mark = read_mark(path)
    return path if mark and mark.sha256 == run.sha256 else insert_word(path, run.run_id)


def _home_folder(home: Path) -> Path:
    folder = home / "results"
    try:
        private_folder(folder)
    except OSError as error:
        raise ResultsError(
            f"There is no folder for the results: {folder} cannot be made ({error.strerror}).",
            "Name a place with --results PATH.",
        ) from error
    return folder


def _writable(folder: Path) -> bool:
    """Whether a file can be made there; permissions do not tell (read-only and network shares)."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def insert_word(path: Path, word: str) -> Path:
    """The path with a word put before its suffix."""
    return path.with_name(f"{path.stem}-{word}{path.suffix}")


class Sink:
    """A binary file that takes what comes after its end in silence.

    A ZipFile left by an error writes once more when it is collected; without this a full disk
    prints a traceback.
    """

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("wb")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        file, self._file = self._file, io.BytesIO()
        file.close()


def put(made: Path, path: Path, run_id: str) -> Path:
    """Move a finished file into its place, durably; under another name where that is locked."""
    _sync(made)
    for target in _names(path, run_id):
        if _is_open_elsewhere(target):
            continue
        with suppress(PermissionError):
            failpoints.failpoint("before-sheet")
            made.replace(target)
            failpoints.failpoint("after-sheet")
            _sync(target.parent)
            return target
    raise PermissionError(f"{path} and its other names are open in another program")


def _names(path: Path, run_id: str) -> Iterator[Path]:
    yield path
    other = path if run_id in path.stem else insert_word(path, run_id)
    yield other
    yield from (insert_word(other, str(number)) for number in count(2) if number < 10)


def _is_open_elsewhere(path: Path) -> bool:
    """LibreOffice and Excel leave a file of these names beside what they have open."""
    return any(path.with_name(name).exists() for name in (f".~lock.{path.name}#", f"~${path.name}"))


def _sync(path: Path) -> None:
    """Make a file, or what a folder lists, durable; folders cannot be opened on Windows."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
