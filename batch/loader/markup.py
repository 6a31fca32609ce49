"""The tables of an HTML page, as many systems write them under the name .xls."""

from functools import partial
from html.parser import HTMLParser

from batch.errors import FileError
from batch.loader.blobs import Blob, reading
from batch.loader.encodings import encoding_of
from batch.loader.tables import Cell, Table
from batch.loader.text import opened

LARGEST = 64 * 2**20
"""Bytes of a page at most; its tables are held in memory."""
SPAN = 200
"""Columns or rows a cell may span at most."""

Grid = list[list[Cell]]


def read_page(blob: Blob) -> list[Table]:
    """The tables of a page that have two columns and two rows at least; FileError if there is none."""
    if blob.size > LARGEST:
        raise FileError(f"{blob.name} is an HTML page of {blob.size:,} bytes.", "Export it as CSV or .xlsx.")
    with reading(blob.name):
        encoding = encoding_of(blob)
        parser = _Tables()
        with opened(blob, encoding) as lines:
            for line in lines:
                parser.feed(line)
        parser.close()
    grids = [grid for grid in parser.grids if len(grid) > 1 and max(map(len, grid)) > 1]
    if not grids:
        raise FileError(
            f"{blob.name} is an HTML page with no table in it, perhaps a login or an error page.",
            "Open it in a browser to see what it says, and export again.",
        )
    return [
        Table(blob.path, partial(iter, grid), f"Table {number}", encoding.said, encoding.warnings)
        for number, grid in enumerate(grids, 1)
    ]


class _Tables(HTMLParser):
    """Collects every table's cells; a table within a cell is a table of its own."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.grids: list[Grid] = []
        self._open: list[_Grid] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._open.append(_Grid())
            self.grids.append(self._open[-1].rows)
        elif self._open:
            spans = dict(attrs)
            self._open[-1].start(tag, _span(spans.get("colspan")), _span(spans.get("rowspan")))

    def handle_endtag(self, tag: str) -> None:
        if self._open:
            self._open[-1].end(tag)
            if tag == "table":
                self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[-1].text += data


class _Grid:
    """One table as it grows."""

    def __init__(self) -> None:
        self.rows: Grid = []
        self.text = ""
        self._spans = (1, 1)
        self._in_cell = False
        self._taken: dict[tuple[int, int], bool] = {}

    def start(self, tag: str, columns: int, rows: int) -> None:
        if tag in {"td", "th", "tr"}:
            self.end(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            if not self.rows:
                self.rows.append([])
            self.text, self._spans, self._in_cell = "", (columns, rows), True
        elif tag in {"br", "p", "div"}:
            self.text += " "

    def end(self, tag: str) -> None:
        if not self._in_cell or tag not in {"td", "th", "tr", "table"}:
            return
        self._in_cell = False
        row, number = self.rows[-1], len(self.rows)
        while self._taken.pop((number, len(row)), False):
            row.append("")
        columns, rows = self._spans
        for below in range(1, rows):
            self._taken |= {(number + below, len(row) + right): True for right in range(columns)}
        row += [" ".join(self.text.split()), *[""] * (columns - 1)]


def _span(value: str | None) -> int:
    return min(int(value), SPAN) if value and value.isascii() and value.isdigit() and int(value[:9]) else 1
