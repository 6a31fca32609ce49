"""The tables of an HTML page, as many systems write them under the name .xls."""

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from html import unescape

from batch.errors import FileError
from batch.loader.files.blobs import Blob, explain_read_errors
from batch.loader.files.encodings import encoding_of
from batch.loader.files.tables import Cell, Table
from batch.loader.files.text import open_lines

LARGEST = 64 * 2**20
"""Characters of a page at most; its tables are held in memory."""
SPAN = 200
"""Columns or rows a cell may span at most."""

_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<[!?][^>]*+>?|</(?![a-z])[^>]*+>?"
    r"|<(?P<name>/?[a-z][^\s/>]*+)"
    r"""(?P<attributes>(?:[^>=]|=\s*+"[^"]*+(?:"|\Z)|=\s*+'[^']*+(?:'|\Z)|=)*+)(?:>|\Z)"""
    r"|(?P<text>[^<]++|<)",
    re.IGNORECASE | re.DOTALL,
)
"""A page's parts, one after another; what is not closed goes on to the end; nothing is reread."""
_SPANS = re.compile(r"""\b(colspan|rowspan)\s*+=\s*+["']?(\d{1,9})""", re.IGNORECASE)
_RAW_ENDS = {name: re.compile(rf"</{name}\b", re.IGNORECASE) for name in ("script", "style")}
_LONG_REFERENCE = re.compile(r"&#\d{8,}+;?")
"""Of no character; and more digits than Python takes for a number."""

WIDEST = 4_000
"""Cells of a row about which more say no more: more columns than an export may have."""

Grid = list[list[Cell]]


def read_page(blob: Blob) -> list[Table]:
    """The tables of a page with at least two columns and two rows; FileError where it has none."""
    with explain_read_errors(blob.name):
        encoding = encoding_of(blob)
        with open_lines(blob, encoding) as lines:
            page = "".join(_within(lines, blob))
    grids = [grid for grid in _grids(page) if len(grid) > 1 and max(map(len, grid)) > 1]
    if not grids:
        raise FileError(
            f"{blob.name} is an HTML page with no table in it, perhaps a login or an error page.",
            "Open it in a browser to see what it says, and export again.",
        )
    return [
        Table(
            blob.path,
            partial(iter, grid),
            f"Table {number}",
            encoding.said,
            encoding.warnings,
            is_doubtful=encoding.is_doubtful,
        )
        for number, grid in enumerate(grids, 1)
    ]


def _within(lines: Iterator[str], blob: Blob) -> Iterator[str]:
    length = 0
    for line in lines:
        length += len(line)
        if length > LARGEST:
            said = f"{blob.name} is an HTML page of more than {LARGEST:,} characters."
            raise FileError(said, "Export it as CSV or .xlsx.")
        yield line


def _grids(page: str) -> list[Grid]:
    """Every table's cells; a table within a cell is a table of its own."""
    found: list[Grid] = []
    inside: list[_Grid] = []
    at = 0
    while token := _TOKEN.match(page, at):
        at, name = token.end(), (token["name"] or "").casefold()
        if name == "table":
            inside.append(_Grid())
            found.append(inside[-1].rows)
        elif name in _RAW_ENDS:
            end = _RAW_ENDS[name].search(page, at)
            at = end.start() if end else len(page)
        elif not inside:
            continue
        elif name.startswith("/"):
            inside[-1].end(name[1:])
            if name == "/table":
                inside.pop()
        elif name:
            inside[-1].start(name, token["attributes"])
        else:
            inside[-1].text.append(token["text"] or "")
    return found


class _Grid:
    """One table as it grows."""

    def __init__(self) -> None:
        self.rows: Grid = []
        self.text: list[str] = []
        self._spans = (1, 1)
        self._in_cell = False
        self._taken: dict[int, int] = defaultdict(int)
        """Column → up to which row a cell from above goes on in it."""

    def start(self, tag: str, attributes: str) -> None:
        if tag in {"td", "th", "tr"}:
            self.end(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            if not self.rows:
                self.rows.append([])
            spans = {name.casefold(): _span(count) for name, count in _SPANS.findall(attributes)}
            self.text, self._spans = [], (spans.get("colspan", 1), spans.get("rowspan", 1))
            self._in_cell = True
        elif tag in {"br", "p", "div"}:
            self.text.append(" ")

    def end(self, tag: str) -> None:
        if not self._in_cell or tag not in {"td", "th", "tr", "table"}:
            return
        self._in_cell = False
        row, number = self.rows[-1], len(self.rows)
        if len(row) > WIDEST:
            return
        while self._taken.get(len(row), 0) >= number:
            row.append("")
        columns, rows = self._spans
        if rows > 1:
            self._taken.update(
                dict.fromkeys(range(len(row), len(row) + columns), number + rows - 1)
            )
        text = unescape(_LONG_REFERENCE.sub("\ufffd", "".join(self.text)))
        row += [" ".join(text.split()), *[""] * (columns - 1)]


def _span(value: str) -> int:
    return min(int(value), SPAN) or 1
