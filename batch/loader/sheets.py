"""A warehouse's file → tables of typed cells; what it is, its bytes say, not its suffix. Knows no shipping."""

from dataclasses import replace
from pathlib import Path

from batch.errors import FileError
from batch.loader.blobs import Blob, file_blob
from batch.loader.containers import archive_kind, unpack
from batch.loader.contents import HEAD, Content, content_of
from batch.loader.markup import read_page
from batch.loader.tables import Table
from batch.loader.text import read_text
from batch.loader.workbooks import read_workbook

WORKBOOKS = {"xlsx", "xlsb", "ods"}
_READ = "Export it as .xlsx or .csv."


def read_tables(path: Path, *, sheet: str = "") -> list[Table]:
    """The visible tables of a file that are not empty, in order; of a hidden sheet only when it is named.

    FileError, and no other exception whatever the bytes: it names the file, the reason and what to do.
    """
    blob = file_blob(path)
    content = content_of(blob.head(HEAD))
    if content is Content.GZIP or (content is Content.ZIP and archive_kind(blob) == "archive"):
        blob = unpack(blob, content)
        content = content_of(blob.head(HEAD))
        note = f"Read from inside the archive: {blob.name}."
        return [replace(table, said=(note, *table.said)) for table in _tables(blob, content, sheet)]
    return _tables(blob, content, sheet)


def _tables(blob: Blob, content: Content | str, sheet: str) -> list[Table]:
    match content:
        case Content.TEXT:
            return [read_text(blob)]
        case Content.HTML:
            return read_page(blob)
        case Content.OLE:
            return read_workbook(blob, "xls", sheet)
        case Content.ZIP:
            kind = archive_kind(blob)
            if kind in WORKBOOKS:
                return read_workbook(blob, kind, sheet)
            raise FileError(f"{blob.name} is {kind}, not an export.", _READ)
        case _:
            raise FileError(f"{blob.name} is {content}, not an export that can be read.", _READ)
