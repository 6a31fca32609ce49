"""A program of its own that reads what is not plain text, and writes its tables to stdout.

Whatever is in the file, only this process can fall. Frames go out, each a type byte, a length of
eight bytes, and JSON or a batch of rows (frames.py): `L` the limits it set itself, `T` a table
begins, `M` rows or cells of it that are hidden or struck out, `R` rows, `E` how it ended. Run with
the file, its seconds, the job and its words; imports neither pandas nor anything that knows a
store.
"""

import gc
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from batch.errors import FileError
from batch.loader.files.archives import PACKED, kind_of, unpack
from batch.loader.files.blobs import Blob, file_blob
from batch.loader.files.detect import Content
from batch.loader.files.html_table import LARGEST, read_page
from batch.loader.files.reader_limits import NO_MEMORY
from batch.loader.files.row_stream import batches, encode_rows
from batch.loader.files.tables import Table
from batch.loader.files.text import read_text
from batch.loader.files.workbooks import read_workbook, size_of
from batch.loader.files.xlsx import far_cell, number_format, pads_numbers

MEMORY = 224 * 2**20
"""Bytes of address space for a small file, besides the program's own."""
PER_BYTE = {"xlsx": 6, "ods": 6, "xlsb": 20, "xls": 20, "html": 12}
"""More of them for each byte, inflated: what honest ones need, twice."""
WORKBOOK_SECONDS = 2
"""Of processor time for a small workbook."""
A_SECOND = 10 * 2**20
"""And a second more for so many bytes, inflated; honest ones take a fifth of it."""
ROWS, CELLS = 1000, 100_000
"""In a frame at most, but for a row that alone has more cells."""
MARKED = 10_000
"""Rows or cells in a frame of marks."""


def main(arguments: list[str]) -> None:
    """Do the job; the last frame says how it went."""
    path, seconds, job, *words = arguments
    gc.disable()  # millions of cells, none of them in a cycle
    _limit(MEMORY, int(seconds))
    try:
        blob, kind, notes = _open_content(Path(path))
        outcome = _JOBS[job](blob, kind, notes, int(seconds), *words)
    except MemoryError:
        sys.exit(NO_MEMORY)
    except FileError as error:
        outcome = {"refused": str(error), "todo": error.todo}
    _frame(b"E", outcome)
    sys.stdout.buffer.flush()


def _open_content(path: Path) -> tuple[Blob, Content | str, tuple[str, ...]]:
    """The file, or what is in the archive it is."""
    blob = file_blob(path)
    kind = kind_of(blob)
    if kind not in PACKED:
        return blob, kind, ()
    blob = unpack(blob, kind)
    return blob, kind_of(blob), (f"Read from inside the archive: {blob.name}.",)


def _write_tables(
    blob: Blob, kind: Content | str, notes: tuple[str, ...], seconds: int, sheet: str
) -> dict[str, Any]:
    for table in _tables(blob, kind, seconds, sheet):
        table = replace(table, said=(*notes, *table.said))
        _frame(b"T", [table.sheet, table.said, table.warnings, table.is_doubtful])
        _write_marks(table)
        for batch in batches(table.rows(), ROWS, CELLS):
            _write(b"R", encode_rows(batch))
    return {"pads_numbers": kind is Content.XLSX and pads_numbers(blob)}


def _write_marks(table: Table) -> None:
    """The rows and cells that a person took out, by so many."""
    for what, found in (("hidden", sorted(table.hidden)), ("struck", sorted(table.struck))):
        for start in range(0, len(found), MARKED):
            _frame(b"M", [what, found[start : start + MARKED]])


def _tables(blob: Blob, kind: Content | str, seconds: int, sheet: str) -> Iterator[Table]:
    match kind:
        case Content.TEXT:
            yield read_text(blob)
        case Content.HTML:
            size = min(LARGEST, blob.size) if blob.plain else LARGEST
            _limit(MEMORY + PER_BYTE["html"] * size, seconds)
            yield from read_page(blob)
        case Content.OLE | Content.XLSX | Content.XLSB | Content.ODS:
            name = "xls" if kind is Content.OLE else str(kind)
            _limit(MEMORY + PER_BYTE[name] * blob.size, seconds)
            size = size_of(blob, name)
            _limit(
                MEMORY + PER_BYTE[name] * size,
                min(seconds, _used() + WORKBOOK_SECONDS + size // A_SECOND),
            )
            yield from read_workbook(blob, name, sheet)
        case _:
            raise FileError(
                f"{blob.name} is {kind}, not an export that can be read.",
                "Export it as .xlsx or .csv.",
            )


def _number_format(
    blob: Blob, kind: object, notes: object, seconds: int, *cell: str
) -> dict[str, Any]:
    sheet, row, column = cell
    return {"format": number_format(blob, sheet, int(row), int(column))}


def _far_cell(blob: Blob, kind: object, notes: object, seconds: int) -> dict[str, Any]:
    return {"far": far_cell(blob) if kind is Content.XLSX else "", "name": blob.name}


_JOBS: dict[str, Callable[..., dict[str, Any]]] = {
    "tables": _write_tables,
    "format": _number_format,
    "far": _far_cell,
}


def _limit(memory: int, seconds: int) -> None:
    """Limit the address space beyond the program's own, and the processor time; said beforehand."""
    _frame(b"L", [memory >> 20, seconds])
    sys.stdout.buffer.flush()
    try:
        import resource
    except ImportError:  # Windows: the parent's deadline must do
        return
    most = memory + _OWN
    wanted = (resource.RLIMIT_AS, most), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)
    for kind, soft in wanted:
        # macOS, whose processes map more than they use; or a tighter one is set
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (soft, resource.getrlimit(kind)[1]))


def _own() -> int:
    """Bytes mapped by now: locales alone may be 200 MB, unused."""
    try:
        import resource

        # As short as it gets.
        with open("/proc/self/statm", encoding="ascii") as sizes:  # noqa: PTH123
            return int(sizes.read().split()[0]) * resource.getpagesize()
    except (ImportError, OSError):  # not on Linux
        return 64 * 2**20


def _used() -> int:
    """Seconds of processor time by now, in whole ones."""
    import time

    return int(time.process_time()) + 1


_OWN = _own()


def _frame(kind: bytes, told: object) -> None:
    _write(kind, json.dumps(told).encode())


def _write(kind: bytes, content: bytes) -> None:
    sys.stdout.buffer.write(kind + len(content).to_bytes(8, "big"))
    sys.stdout.buffer.write(content)


if __name__ == "__main__":
    main(sys.argv[1:])
