"""XLSX, XLSB, XLS and ODS as tables: parsed once in a process of their own, kept on disk as rows."""

import marshal
import os
import pickle
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from batch.errors import FileError
from batch.loader.blobs import Blob
from batch.loader.containers import opened_zip, seekable
from batch.loader.ole import is_encrypted
from batch.loader.tables import Cell, Table
from batch.loader.xlsx import far_cell, number_format

PROGRAM = Path(__file__).with_name("workbook_process.py")
MANIFEST = "META-INF/manifest.xml"
"""Where an ODS says of each part how it is encrypted."""
MEMORY = 224 * 2**20
"""Bytes of address space for a small workbook, besides the parser's own."""
PER_BYTE = {"xlsx": 6, "ods": 6, "xlsb": 20, "xls": 20}
"""More of them for each byte of the workbook, inflated: what honest ones need, twice."""
SECONDS = 2
"""Of processor time for a small workbook."""
A_SECOND = 10 * 2**20
"""And a second more for so many bytes, inflated; honest ones take a fifth of it."""

_SAVE_ANEW = "Open it in a spreadsheet program, save it anew as .xlsx, and try again."
_REFUSALS = {
    "password": (
        "is protected by a password.",
        "Open it, take the password off (File > Info > Protect Workbook), and save it again.",
    ),
    "document type": (
        "declares a document type in {0}; no spreadsheet program writes that, and attacks do.",
        "It is no export. Do not open it, and tell IT where it came from.",
    ),
    "far cell": (
        "holds something in row {1:,} of sheet {0!r}, after {2:,} empty rows.",
        "Delete the rows below the table (Ctrl+End shows where the sheet ends), and save it again.",
    ),
    "far cells": (
        "holds a cell at {0}, far from its table; all cells up to there take more memory than allowed.",
        "Delete the rows and columns beside the table (Ctrl+End shows where the sheet ends), and save it again.",
    ),
    "damaged": ("is damaged or not complete, or of a kind not known here: {0}.", _SAVE_ANEW),
    "too large": (
        "cannot be read within {0:,} MB of memory and {1} s: its cells lie very far apart, or it is damaged.",
        "Copy the table alone into a new workbook (Ctrl+End shows where the sheet ends), and save that.",
    ),
}


class Span(NamedTuple):
    """Where some rows of a sheet lie in the spool."""

    pickled: bool
    offset: int
    length: int


class Spool:
    """The rows of a workbook's sheets, in a temporary file without a name; gone with its last reader."""

    def __init__(self) -> None:
        self.file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115  closed by finalisation, with the last table
        self._lock = threading.Lock()

    def __del__(self) -> None:
        self.file.close()

    def rows(self, spans: list[Span]) -> Iterator[list[Cell]]:
        """The rows of the spans, one of them in memory at a time."""
        for span in spans:
            content = self.read(span.offset, span.length)
            # Both were written by our own process, to a file nobody else can open.
            yield from pickle.loads(content) if span.pickled else marshal.loads(content)  # noqa: S301, S302

    def read(self, offset: int, length: int) -> bytes:
        """Bytes of the file, whichever thread asks."""
        with self._lock:
            self.file.seek(offset)
            return self.file.read(length)


def read_workbook(blob: Blob, kind: str, sheet: str) -> list[Table]:
    """Its visible sheets that are not empty, in order, or the one named, hidden or not; FileError if there is none."""
    if kind == "xls":
        size, encrypted = blob.size, is_encrypted(blob)
    else:
        with opened_zip(blob) as archive:
            size = sum(part.file_size for part in archive.infolist())
            encrypted = MANIFEST in archive.namelist() and b":encryption-data" in archive.read(MANIFEST)
    if encrypted:
        raise _refusal(blob, ("password",))
    spool = Spool()
    _parse(blob, kind, sheet, spool, (MEMORY + PER_BYTE[kind] * size, SECONDS + size // A_SECOND))
    sheets, outcome = _index(spool)
    if outcome[0] != "read":
        raise _refusal(blob, outcome)
    found = {name: spans for name, spans in sheets.items() if spans}
    if not found:
        raise _nothing(blob, sheet, list(sheets), outcome[1])
    tables = [Table(blob.path, partial(spool.rows, spans), name) for name, spans in found.items()]
    if kind != "xlsx":
        return tables
    return [replace(table, number_format=partial(number_format, blob, table.sheet)) for table in tables]


def _parse(blob: Blob, kind: str, sheet: str, spool: Spool, limits: tuple[int, int]) -> None:
    memory, seconds = limits
    # The parser of other people's files has no business with the store's token.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BIGCOMMERCE_")}
    command = [sys.executable, "-P", str(PROGRAM), str(memory), str(seconds), kind, sheet]
    try:
        with seekable(blob) as stream:
            subprocess.run(  # noqa: S603  our own program
                command,
                stdin=stream,
                stdout=spool.file,
                stderr=subprocess.DEVNULL,
                env=environment,
                timeout=10 + 5 * seconds,  # of wall time, for a busy machine
                check=True,
            )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        far = far_cell(blob) if kind == "xlsx" else ""
        outcome = ("far cells", far) if far else ("too large", memory >> 20, seconds)
        raise _refusal(blob, outcome) from None


def _index(spool: Spool) -> tuple[dict[str, list[Span]], tuple[Any, ...]]:
    """The spans of each sheet, and the outcome."""
    sheets: dict[str, list[Span]] = {}
    spans: list[Span] = []
    offset = 0
    while head := spool.read(offset, 5):
        kind, length = head[:1], int.from_bytes(head[1:], "big")
        offset += 5
        if kind == b"S":
            spans = sheets[marshal.loads(spool.read(offset, length))] = []  # noqa: S302
        elif kind == b"E":
            outcome: tuple[Any, ...] = marshal.loads(spool.read(offset, length))  # noqa: S302
            return sheets, outcome
        else:
            spans.append(Span(kind == b"P", offset, length))
        offset += length
    return {}, ("damaged", "its parser gave up")


def _refusal(blob: Blob, outcome: tuple[Any, ...]) -> FileError:
    reason, *details = outcome
    words, todo = _REFUSALS[reason]
    return FileError(f"{blob.name} {words.format(*details)}", todo)


def _nothing(blob: Blob, sheet: str, names: list[str], hidden: list[str]) -> FileError:
    known = ", ".join(map(repr, names)) or "none"
    if sheet and sheet not in names:
        return FileError(f"{blob.name} has no sheet {sheet!r}; it has: {known}.", "Correct --sheet.")
    if hidden and not sheet:
        shown = ", ".join(map(repr, hidden))
        return FileError(
            f"{blob.name} shows no sheet with data; hidden: {shown}.",
            f'If one of them is meant: --sheet "{hidden[0]}".',
        )
    which = f"sheet {sheet!r} is" if sheet else "its sheets are"
    return FileError(f"{blob.name} holds no data: {which} empty.", "Export it again.")
