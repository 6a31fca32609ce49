"""A warehouse's file → tables of typed cells; what it is, its bytes say, not its suffix. Knows no shipping."""

from dataclasses import replace
from pathlib import Path

from batch.errors import FileError
from batch.loader.blobs import Blob, file_blob
from batch.loader.containers import PACKED, kind_of, unpack
from batch.loader.contents import Content
from batch.loader.markup import read_page
from batch.loader.tables import Table
from batch.loader.text import read_text
from batch.loader.workbooks import read_workbook


def read_tables(path: Path, *, sheet: str = "") -> list[Table]:
    """The visible tables of a file that are not empty, in order; of a hidden sheet only when it is named.

    FileError, and no other exception whatever the bytes: it names the file, the reason and what to do.
    """
    blob = file_blob(path)
    kind = kind_of(blob)
    if kind not in PACKED:
        return _tables(blob, kind, sheet)
    blob = unpack(blob, kind)
    note = f"Read from inside the archive: {blob.name}."
    return [replace(table, said=(note, *table.said)) for table in _tables(blob, kind_of(blob), sheet)]


def _tables(blob: Blob, kind: Content | str, sheet: str) -> list[Table]:
    match kind:
        case Content.TEXT:
            return [read_text(blob)]
        case Content.HTML:
            return read_page(blob)
        case Content.OLE:
            return read_workbook(blob, "xls", sheet)
        case Content.XLSX | Content.XLSB | Content.ODS:
            return read_workbook(blob, kind, sheet)
        case _:
            raise FileError(f"{blob.name} is {kind}, not an export that can be read.", "Export it as .xlsx or .csv.")
