"""The results workbook: Results, Summary, Fix and resend, Shipments."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from xlsxwriter import Workbook
from xlsxwriter.exceptions import XlsxFileError
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from batch.model import Record, RowResult, Status
from batch.model.sheet_format import (
    COLUMNS_TO_FIX,
    OURS,
    OWN_COLUMNS,
    PLAN,
    RESEND,
    RESULTS,
    Mark,
    OwnColumn,
    distinct,
)
from batch.model.statuses import TO_FIX
from batch.planning import saved_plan
from batch.primitives.escapes import visible
from batch.results.cells import Cell, as_text
from batch.results.paths import Sink
from batch.results.sheet import RowCountCheck, SheetContent
from batch.results.summary_sheet import write_overview
from batch.results.table import EXCEL, FILLS, Book, Column, Limits, Link, Styles, Table

DECISION_WIDTH = 12
CHOICE = {
    "validate": "list",
    "source": ["ship", "skip"],
    "input_title": "Your answer",
    "input_message": "ship: send it as it stands.\nskip: leave it out.\n"
    "Then drop this sheet back in.",
    "error_title": "ship or skip",
    "error_message": "Choose one of the list, or leave the cell empty.",
}
SHIPMENT_COLUMNS = (
    Column("Shipment ID", 13, ours=True),
    Column("Order ID", 11, ours=True),
    Column("Order Address ID", 18, ours=True),
    Column("Tracking Number", 26, ours=True),
    Column("Tracking Link", 46, ours=True),
    Column("Link Source", 13, ours=True),
    Column("Shipping Provider", 18, ours=True),
    Column("Tracking Carrier", 18, ours=True),
    Column("Shipping Method", 22, ours=True),
    Column("Units", 8, ours=True),
    Column("Items", 26, ours=True),
    Column("State", 14, ours=True),
    Column("Rows", 16, ours=True),
    Column("Attempts", 11, ours=True),
    Column("Error", 60, wrap=True, ours=True),
    Column("Run", 23, ours=True),
)
PLAN_COLUMNS = tuple(
    Column(name, width, ours=True)
    for name, width in zip(
        saved_plan.COLUMNS, (11, 18, 26, 14, 26, 16, 14, 26, 12, 18), strict=True
    )
)


def fits(report: SheetContent) -> bool:
    """Whether a sheet has columns enough for the export's and ours."""
    return len(report.columns) + len(report.own_columns) <= EXCEL.columns


def write_workbook(report: SheetContent, path: Path, limits: Limits = EXCEL) -> None:
    """Write all four sheets in one pass over the rows, in memory that does not grow with them."""
    with TemporaryDirectory(prefix="shipbatch-") as rows, Sink(path) as sink:
        try:
            with Workbook(
                sink, {"constant_memory": True, "tmpdir": rows, "use_zip64": True}
            ) as workbook:
                _fill(Book(workbook, Styles(workbook), limits), report)
        except XlsxFileError as error:
            raise (
                error.args[0] if isinstance(error.args[0], OSError) else OSError(str(error))
            ) from error


def _fill(book: Book, report: SheetContent) -> None:
    workbook = book.workbook
    workbook.set_properties(
        {"title": visible(f"Results of {Path(report.run.file).name}"), "author": "shipbatch"}
    )
    proof = RowCountCheck(report)
    results = Table(book, RESULTS, _result_columns(report), len(report.results))
    overview = workbook.add_worksheet("Summary")
    fix = Table(book, RESEND, _fix_columns(report), sum(report.counts[status] for status in TO_FIX))
    shipments = Table(book, "Shipments", SHIPMENT_COLUMNS)
    for cells, result in proof.rows():
        own = [
            _as_text(cell) if index in report.id_columns else cell
            for index, cell in enumerate(cells)
        ]
        results.append(_result_cells(report, own, result))
        if result.finding.status in TO_FIX:
            fix.append(
                [
                    *_pad(own, len(report.columns)),
                    *(column.value(result) for column in COLUMNS_TO_FIX),
                ]
            )
    for record in report.records:
        shipments.append(_shipment_cells(record))
    for name, text in _mark(book, report).properties.items():
        workbook.set_custom_property(name, text, "text")
    results.finish(lambda sheet, last: _dress(report, book.styles, sheet, last))
    fix.finish()
    shipments.finish()
    write_overview(workbook, overview, report, proof, cut=results.shortened)


def _mark(book: Book, report: SheetContent) -> Mark:
    """What the workbook says of itself; of a dry run, after its plan is written."""
    run, seals = report.run, hashlib.sha256()
    mark = Mark(run.run_id, run.sha256, len(report.columns))
    if not report.dry:
        return mark
    plan = Table(book, PLAN, PLAN_COLUMNS)
    planned = 0
    for promise in report.promises:
        cells = promise.cells
        plan.append(cells)
        seals.update(cells[-1].encode())
        planned += 1
    plan.finish()
    return replace(
        mark,
        file=str(Path(run.file).absolute()),
        store=run.store,
        sheet=run.profile.get("sheet", ""),
        planned=planned,
        seal=seals.hexdigest()[:16],
    )


def _result_columns(report: SheetContent) -> list[Column]:
    own = [
        _column_of(column, header)
        for column, header in zip(OWN_COLUMNS, report.own_columns, strict=False)
    ]
    answer = [Column(report.own_columns[-1], DECISION_WIDTH, ours=True)] if report.decides else []
    return [*(Column(name) for name in report.columns), *own, *answer]


def _fix_columns(report: SheetContent) -> list[Column]:
    own = [_column_of(column, distinct(column.name, report.columns)) for column in COLUMNS_TO_FIX]
    return [*(Column(name) for name in report.columns), *own]


def _column_of(column: OwnColumn, header: str) -> Column:
    return Column(header, column.width, column.is_wrapped, ours=True)


def _result_cells(report: SheetContent, cells: Sequence[Cell], result: RowResult) -> list[Cell]:
    """The row as exported, what we say of it, and last its cells beyond the headers."""
    width = len(report.columns)
    ours: list[Cell] = list(report.own_cells(result))
    if len(result.tracking_links) == 1:
        ours[OURS.index("Tracking Link")] = Link(result.tracking_links[0])
    if report.decides:
        ours.append(None)
    return [*_pad(cells, width), *ours, *cells[width:]]


def _shipment_cells(record: Record) -> list[Cell]:
    shipment, made = record.shipment, record.made
    return [
        str(made.shipment_id) if made else "",
        str(shipment.order_id),
        str(shipment.order_address_id),
        shipment.tracking_number,
        Link(made.link if made else shipment.tracking_link),
        made.link_source if made else "",
        shipment.shipping_provider,
        shipment.tracking_carrier,
        shipment.shipping_method,
        shipment.units,
        ", ".join(f"{item.quantity} × {item.order_product_id}" for item in shipment.items),
        "deleted" if record.deleted else record.state.replace("_", " "),
        ", ".join(map(str, shipment.rows)),
        record.attempts,
        visible(record.finding.error) if record.finding else "",
        record.run_id,
    ]


def _pad(cells: Sequence[Cell], width: int) -> list[Cell]:
    return [*cells[:width], *[None] * (width - len(cells))]


def _as_text(cell: Cell) -> Cell:
    """A number that is a name, as text: no digit is rounded, no leading zero lost."""
    return as_text(cell) if isinstance(cell, int | float) else cell


def _dress(report: SheetContent, styles: Styles, sheet: Worksheet, last: int) -> None:
    """Colour each row's outcome, and let a held row's answer be chosen from a list."""
    first = len(report.columns)
    # on paper side by side: the export, what became of it, what to do, the ids
    sheet.set_print_scale(60)
    sheet.set_v_pagebreaks([first + OURS.index(name) for name in ("Outcome", "Error", "Order ID")])
    sheet.repeat_columns(min(report.id_columns, default=0))
    for word in FILLS:
        rule = {
            "type": "cell",
            "criteria": "==",
            "value": f'"{word}"',
            "format": styles.outcomes[word],
        }
        sheet.conditional_format(1, first, last, first, rule)
    if report.decides:
        answer = first + len(OURS)
        status = f"${xl_col_to_name(first + 1)}2"
        held = {
            "type": "formula",
            "criteria": f'={status}="{Status.HELD}"',
            "format": styles.answer,
        }
        sheet.conditional_format(1, answer, last, answer, held)
        sheet.data_validation(1, answer, last, answer, CHOICE)
