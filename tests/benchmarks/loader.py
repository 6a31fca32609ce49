"""The loader against its limits: `python -m tests.benchmarks.loader [ROWS of the CSV, default
1,000,000]`.

Every piece of work runs in a process of its own, on files made here; seconds are of the work
without imports, megabytes the peak of the process, or of the reader process it starts. What counts
are the ratios of one run, the best of a few times each.
"""

import csv
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

HEADER = (
    "Order - Number",
    "Date - Shipped Date",
    "Ship To - Name",
    "Ship To - City",
    "Ship To - Postal Code",
    "Item - SKU",
    "Item - Name",
    "Item - Qty",
    "Shipment - Carrier",
    "Shipment - Service",
    "Shipment - Tracking Number",
    "Carrier - Fee",
)
CSV_ROWS = 1_000_000
XLSX_ROWS = 100_000
TIMES = 3
CARRIERS = (
    ("UPS", "UPS Ground"),
    ("USPS", "Priority Mail"),
    ("FedEx", "FedEx Home Delivery"),
    ("DPD", "Classic"),
)


class Measured(NamedTuple):
    """What one piece of work took, the best of a few times."""

    seconds: float
    megabytes: float


def main() -> None:
    """Make the files, run all, print the table of what is reached beside what is to be reached."""
    rows = int(sys.argv[1].replace(",", "").replace("_", "")) if len(sys.argv) > 1 else CSV_ROWS
    with tempfile.TemporaryDirectory() as folder:
        text, book = Path(folder) / "export.csv", Path(folder) / "export.xlsx"
        part, wide = Path(folder) / "part.csv", Path(folder) / "wide.csv"
        for work, path, size in (
            ("make_csv", text, rows),
            ("make_xlsx", book, XLSX_ROWS),
            ("make_csv", part, rows // 4),
            ("make_wide", wide, rows // 4),
        ):
            _python("--make", work, str(path), str(size))  # apart: a parent's peak is inherited
        print(f"XLSX {XLSX_ROWS:,} x {len(HEADER)} to judged rows")
        bare, slow, ours, made = _best(book, "calamine", "read_excel", "load", "parcels")
        _say("time, x bare python-calamine", ours.seconds / bare.seconds, "at most", 2)
        _say("   with Parcels made", made.seconds / bare.seconds)
        _say(
            "time, x faster than pandas.read_excel with openpyxl",
            slow.seconds / ours.seconds,
            "at least",
            5,
        )
        _say("memory, MB", made.megabytes, "at most", 250)
        print(f"CSV {rows:,} x {len(HEADER)} to judged, grouped columns")
        reader, frame, ours = _best(text, "reader", "read_csv", "load")
        _say("time, x csv.reader streamed", ours.seconds / reader.seconds, "at most", 3)
        _say("   pandas.read_csv, x csv.reader", frame.seconds / reader.seconds)
        _say(
            "memory, MB; to reach: below pandas.read_csv's",
            ours.megabytes,
            "below",
            frame.megabytes,
        )
        larger = wide.stat().st_size / part.stat().st_size
        print(f"CSV {rows // 4:,} rows: the same shipments in a file {larger:.1f} times as large")
        nothing, narrow = _best(part, "nothing", "load")
        (broad,) = _best(wide, "load")
        _say(
            "memory, x that of the smaller file", broad.megabytes / narrow.megabytes, "at most", 1.1
        )
        kept = (ours.megabytes - nothing.megabytes) / (narrow.megabytes - nothing.megabytes)
        _say("memory besides the program's own, four times the shipments, x", kept, "at most", 4.4)
        print(f"{rows:,} rows to groups, alone")
        simple, grouped = _best(text, "ngroup", "group")
        _say("time, x pandas' ngroup and buckets", grouped.seconds / simple.seconds, "at most", 2)


def _say(what: str, reached: float, how: str = "", reach: float | None = None) -> None:
    aim = "" if reach is None else f"{how:>10} {reach:,.4g}"
    print(f"  {what:54}{reached:9.2f}{aim}", flush=True)


def _best(path: Path, *works: str) -> list[Measured]:
    """The works in turn, a few times over; the least of each."""
    runs = [[_measured(work, path) for work in works] for _ in range(TIMES)]
    best = [Measured(*map(min, zip(*took, strict=True))) for took in zip(*runs, strict=True)]
    for work, (seconds, megabytes) in zip(works, best, strict=True):
        print(f"  {work:54}{seconds:9.2f} s {megabytes:6.0f} MB", flush=True)
    return best


def _measured(work: str, path: Path) -> Measured:
    return Measured(*json.loads(_python("--work", work, str(path))))


def _python(*arguments: str) -> str:
    command = [sys.executable, "-m", "tests.benchmarks.loader", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _export(rows: int) -> list[list[str | int | float]]:
    """Two orders of three lines in three, one parcel an order."""
    chance = random.Random(7)
    made, order, left = [], 1_000_000, 0
    for row in range(rows):
        if not left:
            order, left = order + 1, 1 if row % 3 else 2
            name, city, code = (
                f"Name {chance.random():.9f}",
                f"City {order % 5000}",
                f"{order % 99999:05}",
            )
            carrier, service = CARRIERS[order % len(CARRIERS)]
            number = f"T1{chance.randrange(10**16):016}"
            fee = f"{4 + order % 900 / 100:.2f}"
        left -= 1
        sku = f"SKU-{chance.randrange(5000):05}-{chance.choice('SML')}"
        made.append(
            [
                order,
                "2026-11-20",
                name,
                city,
                code,
                sku,
                f"Product {sku}",
                1 + row % 3,
                carrier,
                service,
                number,
                fee,
            ]
        )
    return made


def _make_csv(path: Path, rows: int) -> None:
    with path.open("w", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow(HEADER)
        lines.writerows(_export(rows))


def _make_wide(path: Path, rows: int) -> None:
    """The same rows with 36 more columns that no shipment needs; hardly two cells are alike."""
    with path.open("w", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow([*HEADER, *(f"Custom Field {n}" for n in range(36))])
        for at, row in enumerate(_export(rows)):
            lines.writerow([*row, *(f"note {n} of {at}" for n in range(36))])


def _make_xlsx(path: Path, rows: int) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("Shipments")
        sheet.write_row(0, 0, HEADER)
        for at, row in enumerate(_export(rows), 1):
            sheet.write_row(at, 0, row)


def _reader(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as stream:
        for _ in csv.reader(stream, strict=True):
            pass


def _read_csv(path: Path) -> None:
    import pandas as pd

    pd.read_csv(path, dtype=str, keep_default_na=False)


def _read_excel(path: Path) -> None:
    import pandas as pd

    pd.read_excel(path, engine="openpyxl", dtype=str)


def _calamine(path: Path) -> None:
    from python_calamine import CalamineWorkbook

    with CalamineWorkbook.from_path(path) as book:
        for _ in book.get_sheet_by_index(0).iter_rows():
            pass


def _load(path: Path) -> object:
    from batch.config import Source
    from batch.loader.load import load

    return load(path, Source())


def _parcels(path: Path) -> None:
    from batch.config import Source
    from batch.loader.load import load

    for _ in load(path, Source()).parcels():
        pass


def _group(path: Path) -> Callable[[], object]:
    from batch.loader.rows.grouping import group

    entries = _load(path)._entries
    return lambda: group(entries)


def _ngroup(path: Path) -> Callable[[], object]:
    import numpy as np
    import pandas as pd

    frame = pd.read_csv(path, dtype=str, keep_default_na=False)

    def work() -> None:
        groups = (
            frame.groupby(["Order - Number", "Shipment - Tracking Number"], sort=False)
            .ngroup()
            .to_numpy()
        )
        np.split(np.argsort(groups, kind="stable"), np.cumsum(np.bincount(groups))[:-1])

    return work


def _work(name: str, path: Path) -> None:
    import pandas as pd  # noqa: F401  imports are not what is measured

    import batch.loader  # noqa: F401

    works: dict[str, Callable[[Path], object]] = {
        "nothing": lambda path: None,
        "calamine": _calamine,
        "read_excel": _read_excel,
        "reader": _reader,
        "read_csv": _read_csv,
        "load": _load,
        "parcels": _parcels,
    }
    prepared = {"group": _group, "ngroup": _ngroup}
    work = prepared[name](path) if name in prepared else lambda: works[name](path)
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    peak = max(
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(json.dumps([seconds, peak / 1024]))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--work", name, path]:
            _work(name, Path(path))
        case ["--make", "make_csv", path, size]:
            _make_csv(Path(path), int(size))
        case ["--make", "make_wide", path, size]:
            _make_wide(Path(path), int(size))
        case ["--make", "make_xlsx", path, size]:
            _make_xlsx(Path(path), int(size))
        case _:
            main()
