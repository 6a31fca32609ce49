"""Sheets that shipbatch wrote, dropped back in: known by their mark, and which columns are not the export's."""

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from batch.loader.tables import Table

OURS = (
    "Outcome",
    "Status",
    "Shipment ID",
    "Tracking Link",
    "Link Source",
    "Error Code",
    "Error",
    "What To Do",
    "Who",
    "Order ID",
    "Order Address ID",
    "Order Product ID",
    "Run",
)
"""What follows the export's own columns in the sheet `Results` (DESIGN section 5)."""

OURS_TO_FIX = ("Error", "What To Do")
"""What follows them in `Fix and resend`."""

DECISION = "Decision"
PREFIX = "Shipbatch "
RESULTS = "Results"

_MARK_PART = "docProps/custom.xml"
_MARK_SIZE = 65_536  # bytes; a mark takes about 1,000


def is_marked(path: Path) -> bool:
    """Whether a workbook carries our custom property; False for every other file, readable or not."""
    try:
        with zipfile.ZipFile(path) as workbook, workbook.open(_MARK_PART) as part:
            xml = part.read(_MARK_SIZE)
        if b"<!" in xml:  # no entities: a property has no use for them
            return False
        found = [each for each in ET.fromstring(xml) if each.get("name") == "shipbatch"]  # noqa: S314  bounded, no DTD
        return any(isinstance(json.loads("".join(each.itertext())), dict) for each in found)
    except (OSError, KeyError, ValueError, NotImplementedError, RuntimeError, SyntaxError, zipfile.BadZipFile):
        return False


def our_columns(header: Sequence[str], *, marked: bool) -> range:
    """Positions, from 0, of the columns we added, less the Decision after them; empty where the header is not ours.

    A workbook is known by its mark; text has none and must have all the names, in their order, at its end.
    """
    names = [name.removeprefix(PREFIX) for name in header]
    while names and not names[-1]:
        names.pop()
    if names[-1:] == [DECISION]:
        names.pop()
    for ours in (OURS, OURS_TO_FIX) if marked else (OURS,):
        if tuple(names[-len(ours) :]) == ours:
            return range(len(names) - len(ours), len(names))
    return range(0)


def preferred(tables: Sequence[Table]) -> list[Table]:
    """Of a workbook of ours the sheet `Results`; of one without it every sheet."""
    return [table for table in tables if table.sheet == RESULTS] or list(tables)
