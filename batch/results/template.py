"""The workbook a warehouse fills in: lines that can ship, with ids that a program cannot spoil."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.exceptions import XlsxFileError
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from batch.errors import ResultsError
from batch.model import Order, OrderLine
from batch.model.sheet_format import MARK, TEMPLATE, Mark
from batch.primitives.atomic_file import sibling_temp_file
from batch.results.cells import storable
from batch.results.paths import Sink, put
from batch.results.table import EXCEL, LINE, Styles, height

WIDTHS = {
    "Order ID": 10,
    "SKU": 20,
    "Product": 34,
    "Ordered": 8,
    "Left To Ship": 8,
    "Quantity": 9,
    "Tracking Number": 28,
    "Carrier": 16,
    "Service": 16,
    "Comments": 24,
    "order_address_id": 16,
    "order_product_id": 16,
}
TO_FILL_IN = ("Quantity", "Tracking Number", "Carrier", "Service", "Comments")
"""What a person writes; all other columns are locked."""
HIDDEN = ("order_address_id", "order_product_id")
NOTE = (
    "One row is one line of an order. Write the tracking number into each row whose goods are in"
    " the parcel, and a quantity only where not all that is left goes with it. Rows with neither"
    " are skipped."
)
NOTE_ROW, HEADER_ROW, FIRST = 0, 1, 2
ROW_HEIGHT = 18  # points: room to write by hand
QUANTITY, TRACKING, CARRIER, LEFT = (
    TEMPLATE.index(name) for name in ("Quantity", "Tracking Number", "Carrier", "Left To Ship")
)
SHOWN = len(TEMPLATE) - len(HIDDEN)

Shippable = tuple[Order, OrderLine]


def shippable(orders: Iterable[Order]) -> Iterator[Shippable]:
    """The orders' lines that have units left to ship."""
    return ((order, line) for order in orders for line in order.lines if line.left > 0)


def write_template(lines: Sequence[Shippable], path: Path, carriers: Sequence[str]) -> Path:
    """Write the workbook whole or not at all; ResultsError where it cannot be or has no room."""
    if len(lines) > EXCEL.rows - FIRST:
        raise ResultsError(
            f"{len(lines):,} lines can be shipped, and a sheet holds {EXCEL.rows - FIRST:,}.",
            "Ask for fewer orders.",
        )
    try:
        with sibling_temp_file(path) as made:
            _write(lines, made, carriers)
            return put(made, path, "template")
    except OSError as error:
        raise ResultsError(
            f"The template could not be written to {path}: {error.strerror or error}.",
            "Choose another place.",
        ) from error


def _write(lines: Sequence[Shippable], path: Path, carriers: Sequence[str]) -> None:
    options = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    with Sink(path) as sink:
        try:
            with Workbook(sink, options) as book:
                book.set_custom_property(
                    MARK, Mark(columns=len(TEMPLATE), template=True).properties[MARK], "text"
                )
                book.set_properties({"title": "Shipments to fill in", "author": "shipbatch"})
                sheet, choices = book.add_worksheet("Shipments"), book.add_worksheet("Carriers")
                _choices(choices, carriers)
                _heading(book, sheet)
                _rows(book, sheet, lines)
                _guard(sheet, last=FIRST + len(lines) - 1, carriers=len(carriers))
        except XlsxFileError as error:
            raise (
                error.args[0] if isinstance(error.args[0], OSError) else OSError(str(error))
            ) from error


def _choices(sheet: Worksheet, carriers: Sequence[str]) -> None:
    """The list behind the drop-down, on a sheet that nobody needs to see."""
    sheet.hide()
    for row, name in enumerate(carriers):
        sheet.write_string(row, 0, name)


def _heading(book: Workbook, sheet: Worksheet) -> None:
    styles = Styles(book)
    note = book.add_format(
        {"text_wrap": True, "valign": "vcenter", "font_size": 10, "italic": True}
    )
    sheet.merge_range(NOTE_ROW, 0, NOTE_ROW, SHOWN - 1, NOTE, note)
    sheet.set_row(NOTE_ROW, 32)
    sheet.set_row(HEADER_ROW, 30)
    for style in (styles.header, styles.own_header):
        style.set_text_wrap()
    for column, header in enumerate(TEMPLATE):
        sheet.set_column(column, column, WIDTHS[header], None, {"hidden": header in HIDDEN})
        sheet.write_string(
            HEADER_ROW, column, header, styles.own_header if header in TO_FILL_IN else styles.header
        )
    sheet.freeze_panes(FIRST, 1)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(HEADER_ROW)
    sheet.set_footer("&L&F · &A&R&P / &N")


def _rows(book: Workbook, sheet: Worksheet, lines: Sequence[Shippable]) -> None:
    """A row a line of an order; where the next order begins, a line is drawn."""
    styles = {begins: _row_styles(book, begins=begins) for begins in (False, True)}
    before: Iterable[Order | None] = (None, *(order for order, _ in lines))
    for row, (last, (order, line)) in enumerate(zip(before, lines, strict=False), FIRST):
        style = styles[last is None or last.order_id != order.order_id]
        product = storable(line.name)
        values: dict[str, str | int] = {
            "Order ID": str(order.order_id),
            "SKU": storable(line.sku),
            "Product": product,
            "Ordered": line.quantity,
            "Left To Ship": line.left,
            "order_address_id": str(line.order_address_id),
            "order_product_id": str(line.order_product_id),
        }
        for column, header in enumerate(TEMPLATE):
            value = values.get(header, "")
            if isinstance(value, int):
                sheet.write_number(row, column, value, style[header])
            elif value:
                sheet.write_string(row, column, value, style[header])
            else:
                sheet.write_blank(row, column, None, style[header])
        sheet.set_row(row, max(ROW_HEIGHT, LINE * height(product, WIDTHS["Product"]) + 2))


def _row_styles(book: Workbook, *, begins: bool) -> Mapping[str, Format]:
    """The format of each column in a row; `begins`: it is the first of its order."""
    look = {
        "valign": "top",
        "font_size": 10,
        "top": 1 if begins else 4,
        "top_color": "#7F7F7F" if begins else "#D0D0D0",
    }
    text = look | {"num_format": "@"}
    number = look | {"num_format": "0", "align": "right", "indent": 1}
    own = {
        "locked": False,
        "bg_color": "#FFF7DF",
        "left": 1,
        "left_color": "#D9B44A",
        "right": 1,
        "right_color": "#D9B44A",
    }
    formats = {
        header: book.add_format(text | (own if header in TO_FILL_IN else {})) for header in TEMPLATE
    }
    return formats | {
        "Product": book.add_format(text | {"text_wrap": True}),
        "Ordered": book.add_format(number),
        "Left To Ship": book.add_format(number | {"bold": True}),
        "Quantity": book.add_format(number | own),
    }


def _guard(sheet: Worksheet, *, last: int, carriers: int) -> None:
    """Lock all but the cells to fill in; quantities at most what is left, carriers from a list."""
    sheet.protect(
        "",
        {
            "format_columns": True,
            "format_rows": True,
            "sort": True,
            "autofilter": True,
            "select_locked_cells": True,
        },
    )
    if last < FIRST:
        return
    sheet.autofilter(HEADER_ROW, 0, last, SHOWN - 1)
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{last + 1}"})
    sheet.data_validation(
        FIRST, QUANTITY, last, QUANTITY,
        {
            "validate": "integer", "criteria": "between", "minimum": 0,
            "maximum": f"={xl_rowcol_to_cell(FIRST, LEFT, col_abs=True)}",
            "error_title": "Quantity",
            "error_message": "A whole number, at most what is left to ship.",
        },
    )  # fmt: skip
    sheet.data_validation(
        FIRST, CARRIER, last, CARRIER,
        {
            "validate": "list", "source": f"=Carriers!$A$1:$A${max(carriers, 1)}",
            "error_type": "information", "error_title": "Carrier",
            "error_message": "Not in the list; it is looked up when the file comes back.",
        },
    )  # fmt: skip
