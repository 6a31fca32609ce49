"""Cases of what a file means: run in this process against a sandbox, and held against their
`case.json`.

A case is a folder with exports as warehouses send them, the orders of their store, and what has to
come of them: shipments that must, may or must never be there, and words (`names`) of which one has
to be said wherever something is asked. Dates in the files, `{today-1}`, are set when the case is
run.
"""

import csv
import json
import re
import zipfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from batch.config import Settings
from batch.errors import ShipbatchError
from batch.pipeline import Job, exit_status
from batch.pipeline.progress import NullProgress
from batch.pipeline.runner import run_files
from batch.primitives.stop import StopEvent
from batch.results import run_text
from batch.sandbox import Quota, Sandbox

CASES = Path(__file__).parent / "cases"
OURS = (
    *(
        "Outcome",
        "What To Do",
        "Decision",
        "Status",
        "Shipment ID",
        "Tracking Link",
        "Link Source",
        "Units Shipped",
    ),
    *(
        "Error Code",
        "Error",
        "Who",
        "Row in your file",
        "Order ID",
        "Order Address ID",
        "Order Product ID",
        "Run",
    ),
)
STOPS = 2
_DATE = re.compile(r"\{today(?:([+-]\d+))?(?::([^}]+))?\}")
_EPOCHS = {"1900": date(1899, 12, 30), "1904": date(1904, 1, 1)}


@dataclass(frozen=True)
class CaseRun:
    """What one run said: its exit status, its words, and its results rows."""

    file: str
    exit: int
    output: str
    rows: list[tuple[list[str], dict[str, str]]] | None
    """The export's own cells and ours; None where there is no sheet."""
    least: int
    asked: int = 0
    """Questions."""

    def texts(self, order: int | None = None, but: Collection[str] = ()) -> Iterator[str]:
        """What the sheet says about an order's rows, or about all; not those with the outcomes
        `but`.
        """
        token = re.compile(rf"(?<!\d)(?<!\d[.,]){order}(?!\d|[.,]\d\d\d)")
        for cells, own in self.rows or ():
            plain = [re.sub(r"(?<=\d)[.,](?=\d{3})", "", cell) for cell in cells]
            meant = (
                order is None
                or own.get("Order ID") == str(order)
                or any(map(token.search, cells + plain))
            )
            if meant and own["Outcome"] not in but:
                yield " ".join(
                    own.get(name, "") for name in ("Error Code", "Error", "What To Do")
                ).strip()


async def run_case(folder: Path, where: Path, home: Path) -> tuple[list[str], bool, list[CaseRun]]:
    """Why it falls short, empty where it holds; whether something wrong shipped in silence; what
    the runs said.
    """
    today = date.today()
    case = json.loads(_dated((folder / "case.json").read_text("utf-8"), today))
    for run in case["runs"]:
        _lay_out(folder / run["file"], where / run["file"], today)
    orders = json.loads((folder / "store.json").read_text("utf-8"))
    async with Sandbox(orders, quota=Quota(requests=1_000_000)) as box:
        settings = Settings(api_url=box.url, store_hash=box.store_hash, token=box.token, home=home)
        runs = [await _run(run, settings, where) for run in case["runs"]]
        made = list(_shipments(box))
    return *verdict(case, made, runs), runs


async def _run(run: Mapping[str, Any], settings: Settings, where: Path) -> CaseRun:
    file, sheet = where / run["file"], where / (run["file"] + ".results.csv")
    said: list[str] = []
    error: ShipbatchError | None = None
    status = STOPS
    try:
        done = await run_files(
            [Job(file, results=sheet)], settings, NullProgress(said.append), StopEvent()
        )
        status = done.exit_status
        for report in done.reports:
            status = exit_status(report)
            said += run_text.report(report)
        error = done.refused[0][1] if done.refused else None
    except ShipbatchError as caught:
        error = caught
    said += [*error.lines, error.todo] if error else []
    output = re.sub(r"https?://\S+", "", "\n".join(said)).replace(str(where), "")
    output = re.sub(r"(?m)^(Look at it:.*| +[\d,]+ [a-z]+)$", "", output)
    asked = len(getattr(error, "questions", ()))
    return CaseRun(run["file"], status, output, _sheet_rows(sheet), run.get("rows", 0), asked)


def _sheet_rows(sheet: Path) -> list[tuple[list[str], dict[str, str]]] | None:
    if not sheet.exists():
        return None
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    named = {name: "Shipbatch " + name if "Shipbatch " + name in header else name for name in OURS}
    ours = {header.index(text): name for name, text in named.items() if text in header}
    return [
        (
            [cell for at, cell in enumerate(row) if at not in ours],
            {ours[at]: row[at] for at in ours if at < len(row)},
        )
        for row in rows
    ]


def _shipments(box: Sandbox) -> Iterator[dict[str, Any]]:
    for made in box.shipments():
        lines = box.store.orders[made["order_id"]].lines
        items: Counter[str] = Counter()
        for item in made["items"]:
            items[lines[item["order_product_id"]].sku] += item["quantity"]
        provider = made.get("shipping_provider") or ""
        yield {
            "order": made["order_id"],
            "number": made.get("tracking_number") or "",
            "items": dict(items),
            "carrier": made.get("tracking_carrier") or ("" if provider == "custom" else provider),
            "link": made.get("tracking_link") or "",
            "comments": made.get("comments") or "",
        }


def _dated(text: str, today: date) -> str:
    def day(found: re.Match[str]) -> str:
        at, shape = today + timedelta(int(found[1] or 0)), found[2] or "%Y-%m-%d"
        return str((at - _EPOCHS[shape]).days) if shape in _EPOCHS else at.strftime(shape)

    return _DATE.sub(day, text)


def _lay_out(source: Path, target: Path, today: date) -> None:
    def set_dates(data: bytes) -> bytes:
        return _dated(data.decode("latin-1"), today).encode("latin-1")

    target.write_bytes(set_dates(source.read_bytes()))
    if zipfile.is_zipfile(source):
        with (
            zipfile.ZipFile(source) as old,
            zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new,
        ):
            for name in old.namelist():
                new.writestr(name, set_dates(old.read(name)))


def fits(want: Mapping[str, Any], shipment: Mapping[str, Any]) -> bool:
    """Whether a shipment is as an entry of must, may or never has it."""
    for key, value in want.items():
        if key.endswith("_like") and not re.search(value, shipment[key[:-5]]):
            return False
        one_of = isinstance(value, list) and shipment.get(key) in value
        if key in shipment and shipment[key] != value and not one_of:
            return False
    return True


def verdict(
    case: Mapping[str, Any], made: list[dict[str, Any]], runs: list[CaseRun]
) -> tuple[list[str], bool]:
    """What falls short, and whether something wrong was shipped in silence."""
    must, names = case.get("must", []), case.get("names", [])
    orders = {want["order"] for want in must}

    def named(text: str, number: str = "") -> bool:
        return not names or any(
            re.search(n.replace("{number}", re.escape(number or "\0")), text) for n in names
        )

    def is_silent(shipment: Mapping[str, Any]) -> bool:
        said = (" ".join([run.output, *run.texts(shipment["order"], {"Skipped"})]) for run in runs)
        return not names or not any(named(text, shipment["number"]) for text in said)

    right = must + case.get("may", [])
    wrong = [s for s in made if any(fits(n, s) for n in case.get("never", ()))]
    wrong += [
        s
        for s in made
        if s not in wrong and s["order"] in orders and not any(fits(m, s) for m in right)
    ]
    for want in must:
        wrong += [s for s in made if fits(want, s)][must.count(want) :]
    silent = list(filter(is_silent, wrong))
    why = [
        f"shipped {s}{' in silence' if s in silent else ''}"
        for s in (silent if case.get("or_says") else wrong)
    ]
    for want in must:
        if any(fits(want, s) for s in made) or any(s["order"] == want["order"] for s in wrong):
            continue
        if not (want.get("or_asks", case.get("or_asks")) and _asks(want, runs, named)):
            why.append(f"order {want['order']} did not ship as it should")
    return why + list(_not_said(case, runs, named)), bool(silent)


def _asks(want: Mapping[str, Any], runs: list[CaseRun], named: Any) -> bool:
    for run in (run for run in runs if want.get("file", run.file) == run.file):
        rows = (text for text in run.texts(want["order"], {"Shipped"}) if text)
        if (run.exit == STOPS and named(run.output)) or any(
            named(text + run.output) for text in rows
        ):
            return True
    return False


def _not_said(case: Mapping[str, Any], runs: list[CaseRun], named: Any) -> Iterator[str]:
    asks = any(run.exit == STOPS or list(run.texts(but={"Shipped"})) for run in runs)
    if asks and not named(" ".join(text for run in runs for text in (run.output, *run.texts()))):
        yield "what it asks does not name what it is about"
    for told in case.get("told", ()):
        of_file = [run for run in runs if told.get("file", run.file) == run.file]
        if not any(
            re.search(told["like"], text) for run in of_file for text in run.texts(told["order"])
        ):
            yield f"the sheet does not tell of order {told['order']}"
    for run in runs:
        if run.exit not in case.get("exit", (0, 1, 2, 3)):
            yield f"{run.file}: exit {run.exit}"
        whole = run.exit == STOPS if run.rows is None else len(run.rows) >= run.least
        if case.get("not_lost", True) and not whole:
            yield f"{run.file}: rows are lost"
