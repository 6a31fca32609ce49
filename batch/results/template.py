"""The workbook a warehouse fills in: the store's lines that can ship, ids included, safe from a spreadsheet program."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from batch.errors import ResultsError
from batch.model import Order, OrderLine
from batch.results.cells import as_text
from batch.results.places import MARK, put, scratch
from batch.results.table import EXCEL, Styles

HEADERS = (
    "Order ID",
    "SKU",
    "Product",
    "Ordered",
    "Left To Ship",
    "Quantity",
    "Tracking Number",
    "Carrier",
    "Service",
    "Comments",
    "order_address_id",
    "order_product_id",
)
WIDTHS = (11, 18, 36, 9, 12, 10, 30, 18, 20, 36, 16, 16)
FILLED_IN = range(5, 10)  # what a person writes: Quantity to Comments; all other columns are locked
HIDDEN = range(10, 12)
QUANTITY, TRACKING, CARRIER = 5, 6, 7
NOTE = (
    "Write the tracking number beside what is in the parcel. Quantity may stay empty: then all that is left ships. "
    "Rows without tracking number and quantity are skipped."
)

Shippable = tuple[Order, OrderLine]


def shippable(orders: Iterable[Order]) -> Iterator[Shippable]:
    """The lines of which units can still be shipped."""
    return ((order, line) for order in orders for line in order.lines if line.left > 0)


def write_template(lines: Sequence[Shippable], path: Path, carriers: Sequence[str]) -> Path:
    """Write the workbook whole or not at all; ResultsError where it cannot be written or has no room."""
    if len(lines) > EXCEL.rows - 2:
        raise ResultsError(
            f"{len(lines):,} lines can be shipped, and a sheet holds {EXCEL.rows - 2:,}.", "Ask for fewer orders."
        )
    try:
        with scratch(path) as made:
            _write(lines, made, carriers)
            return put(made, path, "template")
    except OSError as error:
        raise ResultsError(
            f"The template could not be written to {path}: {error.strerror or error}.", "Choose another place."
        ) from error


def _write(lines: Sequence[Shippable], path: Path, carriers: Sequence[str]) -> None:
    with Workbook(
        str(path), {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    ) as book:
        mark = {"version": 1, "run": "", "sha256": "", "columns": len(HEADERS), "template": True}
        book.set_custom_property(MARK, json.dumps(mark, separators=(",", ":")))
        sheet, choices = book.add_worksheet("Shipments"), book.add_worksheet("Carriers")
        _choices(choices, carriers)
        _heading(book, sheet)
        _rows(book, sheet, lines)
        _guard(sheet, last=len(lines) + 1, carriers=len(carriers))


def _choices(sheet: Worksheet, carriers: Sequence[str]) -> None:
    """The list behind the drop-down, on a sheet that nobody needs to see."""
    sheet.hide()
    for row, name in enumerate(carriers):
        sheet.write_string(row, 0, name)


def _heading(book: Workbook, sheet: Worksheet) -> None:
    styles = Styles(book)
    sheet.merge_range(0, 0, 0, max(FILLED_IN), NOTE, book.add_format({"text_wrap": True, "valign": "vcenter"}))
    sheet.set_row(0, 30)
    for column, header in enumerate(HEADERS):
        sheet.write_string(1, column, header, styles.own_header if column in FILLED_IN else styles.header)
    sheet.freeze_panes(2, 0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(1)


def _rows(book: Workbook, sheet: Worksheet, lines: Sequence[Shippable]) -> None:
    known = book.add_format({"num_format": "@", "valign": "top", "font_size": 10})
    text = book.add_format(
        {"num_format": "@", "locked": False, "bg_color": "#FFF7DF", "border": 1, "border_color": "#D9B44A"}
    )
    units = book.add_format(
        {"num_format": "0", "locked": False, "bg_color": "#FFF7DF", "border": 1, "border_color": "#D9B44A"}
    )
    for column, width in enumerate(WIDTHS):
        sheet.set_column(column, column, width, None, {"hidden": column in HIDDEN})
    for row, (order, line) in enumerate(lines, 2):
        sheet.write_string(row, 0, str(order.order_id), known)
        sheet.write_string(row, 1, as_text(line.sku), known)
        sheet.write_string(row, 2, as_text(line.name), known)
        sheet.write_number(row, 3, line.quantity)
        sheet.write_number(row, 4, line.left)
        for column in FILLED_IN:
            sheet.write_blank(row, column, None, units if column == QUANTITY else text)
        sheet.write_string(row, 10, str(line.order_address_id), known)
        sheet.write_string(row, 11, str(line.order_product_id), known)


def _guard(sheet: Worksheet, *, last: int, carriers: int) -> None:
    """Locked but for what is filled in; quantities whole and at most what is left; carriers from a list, or typed."""
    sheet.protect("", {"format_columns": True, "sort": True, "autofilter": True, "select_locked_cells": True})
    if last < 2:
        return
    sheet.autofilter(1, 0, last, max(FILLED_IN))
    sheet.data_validation(
        2, QUANTITY, last, QUANTITY,
        {
            "validate": "integer", "criteria": "between", "minimum": 0, "maximum": "=$E3",
            "error_title": "Quantity", "error_message": "A whole number, at most what is left to ship.",
        },
    )  # fmt: skip
    sheet.data_validation(
        2, CARRIER, last, CARRIER,
        {
            "validate": "list", "source": f"=Carriers!$A$1:$A${max(carriers, 1)}", "error_type": "information",
            "error_title": "Carrier", "error_message": "Not in the list; it is looked up when the file comes back.",
        },
    )  # fmt: skip
