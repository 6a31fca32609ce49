"""A warehouse's file → tables of typed cells; what it is, its bytes say, not its suffix. Knows no
shipping.
"""

from pathlib import Path

from batch.errors import FileError
from batch.loader.files.blobs import file_blob
from batch.loader.files.detect import HEAD, Content, content_of
from batch.loader.files.reader import read_apart
from batch.loader.files.tables import Table
from batch.loader.files.text import read_text


def read_tables(path: Path, *, sheet: str = "") -> list[Table]:
    """The visible tables of a file that are not empty, in order; of a hidden sheet only when it is
    named.

    FileError, and no other exception whatever the bytes: it names the file, the reason and what to
    do. Plain text, all of whose reading takes linear time, is read here; what must be parsed, in a
    process of its own.
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
