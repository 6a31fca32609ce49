"""How our own sheets are named and recognized: their columns, and our workbooks' mark."""

import errno
import io
import json
import lzma
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from xml.etree import ElementTree as ET

from batch.model.rows import RowResult
from batch.model.statuses import STATUSES
from batch.primitives.escapes import visible

RESULTS = "Results"
"""The sheet of a results workbook that has every row."""

RESEND = "Fix and resend"
"""The sheet of a results workbook that has the rows to correct."""

PLAN = "Plan"
"""The sheet of a dry run's workbook with its shipments, and what their orders looked like."""

DECISION = "Decision"
"""Follows our columns where a row is held: a person answers `ship` or `skip`."""

LONGEST_NAME = 180
"""Bytes of an export's name; disks allow 255, the rest is for what we append."""

TEMPLATE = (
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
"""The columns of a template with the store's shippable lines, for a warehouse to fill in."""

MARK = "shipbatch"
"""The custom property in which a workbook keeps its mark."""

PREFIX = "Shipbatch "
"""Put before a column of ours whose name the export has too."""


@dataclass(frozen=True, slots=True)
class OwnColumn:
    """A column of ours in the sheet `Results`."""

    name: str
    width: int
    """In characters."""
    value: Callable[[RowResult], str]
    """Its value for a row."""
    is_wrapped: bool = False


def explanation(result: RowResult) -> str:
    """A row's error and its warnings, one per line; a shipped row shows them too."""
    notes = (*result.warnings, result.no_link)
    lines = (result.finding.error, *(f"Note: {note}" for note in notes if note))
    return "\n".join(visible(line) for line in lines if line)


OWN_COLUMNS = (
    OwnColumn("Outcome", 14, lambda result: STATUSES[result.finding.status].outcome.value),
    OwnColumn("Status", 15, lambda result: result.finding.status.value),
    OwnColumn("Shipment ID", 13, lambda result: ", ".join(map(str, result.shipment_ids))),
    OwnColumn(
        "Tracking Link", 42, lambda result: "\n".join(result.tracking_links), is_wrapped=True
    ),
    OwnColumn("Link Source", 13, lambda result: result.link_source.value),
    OwnColumn("Error Code", 21, lambda result: result.finding.code),
    OwnColumn("Error", 56, explanation, is_wrapped=True),
    OwnColumn("What To Do", 40, lambda result: visible(result.finding.todo), is_wrapped=True),
    OwnColumn("Who", 17, lambda result: result.finding.who.value),
    OwnColumn("Order ID", 11, lambda result: str(result.order_id or "")),
    OwnColumn("Order Address ID", 18, lambda result: str(result.order_address_id or "")),
    OwnColumn("Order Product ID", 18, lambda result: ", ".join(map(str, result.order_product_ids))),
    OwnColumn("Run", 23, lambda result: result.run_id),
)
"""Our columns, after the export's own, in the sheet `Results`."""

OURS = tuple(column.name for column in OWN_COLUMNS)
COLUMNS_TO_FIX = tuple(column for column in OWN_COLUMNS if column.name in {"Error", "What To Do"})
"""Our columns, after the export's own, in the sheet `Fix and resend`."""

OURS_TO_FIX = tuple(column.name for column in COLUMNS_TO_FIX)

_APART = ("file", "store", "sheet")  # of a mark: texts that are too long to go with the rest
_MARK_PART = "docProps/custom.xml"
_MARK_SIZE = 65_536  # bytes; a mark takes about 1,000
_LONGEST_READ = 2**20  # bytes; of thousands of parts, of which a workbook of ours has a few dozen
_NO_ZIP = (
    OSError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    NotImplementedError,
)
_NO_MARK = (KeyError, ValueError, TypeError, RuntimeError, SyntaxError)


@dataclass(frozen=True, slots=True)
class Mark:
    """What a workbook of ours says of itself, as JSON: its run, content and plan, or `template`."""

    run: str = ""
    sha256: str = ""
    """Of the export, not of the sheet."""
    columns: int = 0
    """How many of the sheet's first columns are the export's own; the rest is ours."""
    file: str = ""
    """The export's path."""
    store: str = ""
    sheet: str = ""
    """The export's sheet that was read, if named."""
    planned: int = 0
    """How many shipments a plan has."""
    seal: str = ""
    """Digest of a plan's rows; empty without a plan."""
    version: int = 1
    template: bool = False

    @property
    def properties(self) -> dict[str, str]:
        """As custom properties of a workbook, each of at most 255 characters."""
        plan = () if self.seal else ("planned", "seal")
        brief = {
            name: value for name, value in asdict(self).items() if name not in (*_APART, *plan)
        }
        texts = {
            f"{MARK} {name}": text
            for name in _APART
            if 0 < len(text := _kept(getattr(self, name))) < 256
        }
        return {MARK: json.dumps(brief, separators=(",", ":"))} | texts


class _Archive(io.FileIO):
    """A ZIP in a plain file; a list of parts far too long for a workbook's is not read."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, opener=_open_plain)

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _LONGEST_READ:
            raise zipfile.BadZipFile("too many parts")
        return super().read(size) or b""


def _open_plain(path: str, flags: int) -> int:
    """Opens without waiting, where a pipe lies under a sheet's name; OSError unless it is plain."""
    handle = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no plain file")
    return handle


def read_mark(path: Path) -> Mark | None:
    """A workbook's mark of ours; None for every other file, readable or not."""
    try:
        with _Archive(path) as file, zipfile.ZipFile(file) as workbook:
            kind = workbook.getinfo(_MARK_PART).compress_type
            if kind not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                return None  # others inflate more than is asked for
            with workbook.open(_MARK_PART) as part:
                xml = part.read(_MARK_SIZE)
        if b"<!" in xml:  # no entities: a property has no use for them
            return None
        found = ET.fromstring(xml)  # noqa: S314  bounded
        properties = {each.get("name"): "".join(each.itertext()) for each in found}
        if MARK in properties:
            apart = {name: _as_it_was(properties.get(f"{MARK} {name}") or "") for name in _APART}
            told = json.loads(properties[MARK]) | apart
            mark = Mark(
                **{field.name: told[field.name] for field in fields(Mark) if field.name in told}
            )
            return mark if _is_possible(mark) else None
    except (*_NO_ZIP, *_NO_MARK):
        return None
    return None


def _is_possible(mark: Mark) -> bool:
    """Whether we could have written it, as whoever made the workbook may not; ValueError for half a
    character.
    """
    values = asdict(mark)
    texts = "".join(value for value in values.values() if isinstance(value, str))
    texts.encode()
    alike = all(type(values[name]) is type(usual) for name, usual in asdict(Mark()).items())
    return alike and "\0" not in texts and min(mark.columns, mark.planned) >= 0


def _kept(text: str) -> str:
    """As XML can hold it: JSON where a character is invisible, or where it looks like JSON."""
    return json.dumps(text) if visible(text) != text or text.startswith('"') else text


def _as_it_was(text: str) -> str:
    return str(json.loads(text)) if text.startswith('"') else text


def distinct(name: str, columns: Iterable[str]) -> str:
    """Our column's name, prefixed where the export has one of the same name."""
    taken = {column.strip().casefold() for column in columns}
    while name.casefold() in taken:
        name = PREFIX + name
    return name
