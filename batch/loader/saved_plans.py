"""The plan in a dry run's workbook, read back: whole and unchanged, or not at all."""

import hashlib
import stat
from itertools import islice
from pathlib import Path

from batch.config.ownership import mode_at
from batch.errors import FileError
from batch.loader.files.read import read_tables
from batch.model.sheet_format import PLAN, Mark, read_mark
from batch.planning.saved_plan import COLUMNS, PlannedShipment, checksum, promise_from

_AGAIN = (
    "Make a new plan: shipbatch run --dry-run FILE. A plan is carried out as it is; leave rows out"
    " in the export."
)


def read_plan(path: Path) -> tuple[Mark, list[PlannedShipment]]:
    """What a plan says of itself, and its shipments; FileError where it is no plan of ours, or was
    changed since.
    """
    if not stat.S_ISREG(mode_at(path)):
        raise FileError(
            f"{path}: there is no such file.", "Give the NAME.plan.xlsx that a --dry-run wrote."
        )
    mark = read_mark(path)
    if mark is None or not mark.seal:
        raise FileError(
            f"{path} is not a plan of shipbatch.", "Give the NAME.plan.xlsx that a --dry-run wrote."
        )
    promises: list[PlannedShipment] = []
    seals = hashlib.sha256()
    tables = read_tables(path, sheet=PLAN) if mark.planned else []
    for table in tables:
        for number, row in enumerate(islice(table.rows(), 1, None), 2):
            cells = tuple(
                "" if cell is None else str(cell)
                for cell in [*row, *[""] * len(COLUMNS)][: len(COLUMNS)]
            )
            if not any(cells):
                continue
            promises.append(_promise(path, number, cells))
            seals.update(cells[-1].encode())
    if len(promises) != mark.planned or seals.hexdigest()[:16] != mark.seal:
        raise FileError(
            f"{path}, sheet {PLAN}: it has {len(promises):,} rows, and {mark.planned:,} were"
            " planned, in their order.",
            _AGAIN,
        )
    return mark, promises


def _promise(path: Path, number: int, cells: tuple[str, ...]) -> PlannedShipment:
    """One row: its seal and what is shown of it are what its text says."""
    try:
        promise = promise_from(cells[-2])
    except (ValueError, KeyError, TypeError):
        promise = None
    if promise is None or cells[-1] != checksum(cells[:-1]) or promise.cells != cells:
        raise FileError(
            f"{path}, sheet {PLAN}, row {number}: it was changed after the plan was made.", _AGAIN
        )
    return promise
