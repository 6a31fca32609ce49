"""A table in a workbook: a frozen header, rows streamed to disk, more sheets when one is full."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from batch.model.statuses import RowOutcome
from batch.results.cells import WHOLE, Cell, as_text, printable, storable
from batch.results.fast_worksheet import Paper

LINK_LENGTH = 2_079  # characters; Excel's limit
SAMPLE = 200  # rows that a column's width is taken from
NARROWEST, WIDEST = 9, 36  # characters
LINE = 13  # points

FILLS = {  # outcome → (paper, ink): dark on light, so that it prints
    RowOutcome.SHIPPED: ("#D5F0DC", "#0B5A2B"),
    RowOutcome.WILL_SHIP: ("#D5F0DC", "#0B5A2B"),
    RowOutcome.FIX: ("#FBD9D7", "#9B1C16"),
    RowOutcome.ASK: ("#FFE9B8", "#7A4B00"),
    RowOutcome.RETRY: ("#D8E7F8", "#174A80"),
    RowOutcome.SKIPPED: ("#E9E9E9", "#595959"),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a sheet holds; the defaults are Excel's."""

    rows: int = 1_048_576
    columns: int = 16_384
    links: int = 65_530


EXCEL = Limits()


def height(text: str, width: float) -> int:
    """Lines that a text takes in a column so many characters wide, 30 at most."""
    room = int(width * 1.2)  # our font is smaller than the one that widths are told in
    return min(30, sum(max(1, -(-len(line) // room)) for line in text.split("\n")))


class Link(str):
    """Text that is written as a hyperlink, while the sheet has room for one."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Column:
    """A header and how what is under it looks."""

    header: str
    width: float = 0
    """Characters; 0: taken from the first rows."""
    wrap: bool = False
    ours: bool = False
    """Ours have dark headers, to tell what the export says from what we say."""


class Styles:
    """The workbook's formats, each made once."""

    def __init__(self, workbook: Workbook) -> None:
        top = {"valign": "top", "font_size": 10}
        edge = {
            "bottom": 1,
            "bottom_color": "#7F7F7F",
            "valign": "vcenter",
            "bold": True,
            "font_size": 10,
        }
        self.text: Format = workbook.add_format(top)
        self.wrapped: Format = workbook.add_format(top | {"text_wrap": True})
        self.number: Format = workbook.add_format(top | {"align": "right", "indent": 1})
        self.link: Format = workbook.add_format(top | {"font_color": "#0B57A4", "underline": 1})
        self.day: Format = workbook.add_format(top | {"num_format": "yyyy-mm-dd", "align": "left"})
        self.moment: Format = workbook.add_format(
            top | {"num_format": "yyyy-mm-dd hh:mm:ss", "align": "left"}
        )
        self.clock: Format = workbook.add_format(top | {"num_format": "hh:mm:ss", "align": "left"})
        self.span: Format = workbook.add_format(top | {"num_format": "[h]:mm:ss", "align": "left"})
        self.header: Format = workbook.add_format(edge | {"bg_color": "#E7E6E6"})
        self.own_header: Format = workbook.add_format(
            edge | {"bg_color": "#1F3A5F", "font_color": "#FFFFFF"}
        )
        self.answer: Format = workbook.add_format(
            {"bg_color": "#FFF7DF", "border": 1, "border_color": "#D9B44A"}
        )
        self.outcomes: dict[str, Format] = {
            name: workbook.add_format({"bg_color": paper, "font_color": ink, "bold": True})
            for name, (paper, ink) in FILLS.items()
        }


@dataclass(frozen=True, slots=True)
class Book:
    """A workbook being written, with its formats and limits."""

    workbook: Workbook
    styles: Styles
    limits: Limits = EXCEL


class Table:
    """Rows under one header; full sheets are continued on `NAME 2`, `NAME 3`."""

    def __init__(self, book: Book, name: str, columns: Sequence[Column], expected: int = 0) -> None:
        self._book, self._styles, self._name, self._columns = book, book.styles, name, columns
        self._ends: dict[Worksheet, int] = {}
        """Last row of each sheet."""
        self._widths = [len(column.header) + 3 for column in columns]
        self._wrapped = frozenset(index for index, column in enumerate(columns) if column.wrap)
        self._ahead = [
            self._sheet(number) for number in range(max(1, -(-expected // (book.limits.rows - 1))))
        ][::-1]
        self._row = 0
        self._turn()
        self.shortened = 0
        """Cells whose text did not fit."""

    def append(self, cells: Iterable[Cell]) -> None:
        """Write the next row; None and empty text leave their cell empty."""
        if self._row == self._book.limits.rows - 1:
            self._turn()
        self._row += 1
        lines = 1
        for column, cell in enumerate(cells):
            if type(cell) is str:
                if cell:
                    self._text(column, cell)
                    if column in self._wrapped:
                        lines = max(lines, height(cell, self._columns[column].width))
            elif cell is not None and cell != "":
                self._other(column, cell)
        if lines > 1:  # not every spreadsheet program fits a row to wrapped text by itself
            self._current.set_row(self._row, LINE * lines + 2)

    def finish(self, dress: Callable[[Worksheet, int], Any] = lambda sheet, last: None) -> None:
        """Set widths, filter and print layout of each sheet; `dress` gets it and its last row."""
        self._ends[self._current] = self._row
        for sheet, last in self._ends.items():
            for index, (column, fitting) in enumerate(
                zip(self._columns, self._widths, strict=True)
            ):
                sheet.set_column(index, index, column.width or min(max(fitting, NARROWEST), WIDEST))
            if self._columns:
                sheet.autofilter(0, 0, last, len(self._columns) - 1)
                sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{last + 1}"})
            dress(sheet, max(1, last))

    def _sheet(self, number: int) -> Worksheet:
        sheet = self._book.workbook.add_worksheet(
            self._name if number == 0 else f"{self._name} {number + 1}", Paper
        )
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L&F · &A&R&P / &N")
        sheet.set_row(0, 24)
        for index, column in enumerate(self._columns):
            style = self._styles.own_header if column.ours else self._styles.header
            sheet.write_string(0, index, storable(column.header), style)
        return sheet

    def _turn(self) -> None:
        """Go to the next sheet: one made ahead, to be beside its kind, or a new one."""
        if self._ends:
            self._ends[self._current] = self._row
        self._current: Worksheet = (
            self._ahead.pop() if self._ahead else self._sheet(len(self._ends))
        )
        self._ends[self._current] = self._row = 0
        self._links = 0

    def _text(self, column: int, text: str) -> None:
        clean = storable(text)
        if len(clean) < len(text):
            self.shortened += 1
        if self._row <= SAMPLE and column < len(self._widths):
            self._widths[column] = max(self._widths[column], len(clean) + 2)
        style = self._styles.wrapped if column in self._wrapped else self._styles.text
        self._current.write_string(self._row, column, clean, style)

    def _other(self, column: int, cell: Cell) -> None:
        sheet, row, styles = self._current, self._row, self._styles
        match cell:
            case Link():
                self._link(column, cell)
            case bool():
                sheet.write_boolean(row, column, cell, styles.text)
            case int() | float() if abs(cell) < WHOLE:
                sheet.write_number(row, column, cell, styles.number)
            case datetime() if cell.year >= 1900 and cell.tzinfo is None:
                sheet.write_datetime(row, column, cell, styles.moment)
            case date() if cell.year >= 1900 and not isinstance(cell, datetime):
                sheet.write_datetime(row, column, cell, styles.day)
            case time() if cell.tzinfo is None:
                sheet.write_datetime(row, column, cell, styles.clock)
            case timedelta() if cell >= timedelta():
                sheet.write_datetime(row, column, cell, styles.span)
            case _:  # more digits than a number keeps, infinite, before 1900, with a time zone
                self._text(column, as_text(cell))

    def _link(self, column: int, url: Link) -> None:
        if (
            self._links < self._book.limits.links
            and len(url) <= LINK_LENGTH
            and url.startswith(("https://", "http://"))
        ):
            self._links += 1
            self._current.write_url(self._row, column, printable(url), self._styles.link)
        else:
            self._text(column, str(url))
