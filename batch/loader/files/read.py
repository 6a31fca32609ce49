"""A warehouse's file → tables of typed cells; its bytes say what it is, not its suffix."""

from pathlib import Path

from batch.errors import FileError
from batch.loader.files.blobs import file_blob
from batch.loader.files.detect import HEAD, Content, content_of
from batch.loader.files.reader import read_apart
from batch.loader.files.tables import Table
from batch.loader.files.text import read_text


def read_tables(path: Path, *, sheet: str = "") -> list[Table]:
    """The visible tables of a file that are not empty, in order; a hidden sheet only by its name.

    Raises FileError, and nothing else whatever the bytes: it names the file, the reason and what
    to do. Plain text, whose reading takes linear time, is read here; the rest in another process.
    """
    blob = file_blob(path)
    kind = content_of(blob.head(HEAD))
    if kind is Content.TEXT:
        return [read_text(blob)]
    if isinstance(kind, Content):
        return read_apart(blob, sheet)
    raise FileError(
        f"{blob.name} is {kind}, not an export that can be read.", "Export it as .xlsx or .csv."
    )
