"""Options that commands share, or that would bury a command's own lines: each in one place."""

import re
from pathlib import Path
from typing import Annotated

import typer

ADVANCED = "Advanced"
"""The second panel of `--help`."""


def days_of(text: str) -> float:
    """A span in days, from `2d`, `36h` or `2`. Raises BadParameter."""
    found = re.fullmatch(r"(\d{1,5}(?:\.\d{1,5})?)\s?([dh]?)", text.strip().casefold())
    if not found or not float(found[1]):
        raise typer.BadParameter(f"{text!r} is no age: give days or hours, as in 2d or 36h.")
    return float(found[1]) / (24 if found[2] == "h" else 1)


StoreName = Annotated[str, typer.Option(help="A store of shipbatch.toml.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
RunId = Annotated[str, typer.Argument(metavar="[RUN]", help="A run, or the start of its id.")]

Exports = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE…",
        help="Exports: CSV, XLSX, XLS, XLSB, ODS; paths or addresses (sftp://, s3://).",
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Judge every row, send nothing; writes NAME.plan.xlsx.")
]
Rehearsal = Annotated[
    bool, typer.Option("--sandbox", help="Ship to a store on this machine; no account needed.")
]
Results = Annotated[Path | None, typer.Option(help="Where the results sheet goes.")]
Columns = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="FIELD=COLUMN", help="Which column a field is in."),
]
Answers = Annotated[
    list[str] | None,
    typer.Option("--answer", metavar="ID=CHOICE", help="The answer to a question about the file."),
]
SheetName = Annotated[str, typer.Option(help="The sheet to read.")]
Limit = Annotated[
    int | None, typer.Option(min=1, help="Stop after so many shipments; run again to go on.")
]
SummaryAsJson = Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")]

Plan = Annotated[
    Path | None,
    typer.Option(
        help="In place of FILE: ship exactly what this NAME.plan.xlsx says.",
        rich_help_panel=ADVANCED,
    ),
]
Update = Annotated[
    bool,
    typer.Option(
        "--update", help="Write corrections to existing shipments.", rich_help_panel=ADVANCED
    ),
]
Again = Annotated[
    bool,
    typer.Option(
        "--again", help="Ship once more what was deleted, or is equal.", rich_help_panel=ADVANCED
    ),
]
Verify = Annotated[
    bool,
    typer.Option(
        "--verify",
        help="Look at the store for what the ledger holds, too.",
        rich_help_panel=ADVANCED,
    ),
]
TrustFile = Annotated[
    bool,
    typer.Option(
        "--trust-file",
        help="It has all ids, and none of it ever shipped: read nothing.",
        rich_help_panel=ADVANCED,
    ),
]
Reserve = Annotated[
    float | None,
    typer.Option(help="Share of the quota left to other apps (0.10).", rich_help_panel=ADVANCED),
]
Timeout = Annotated[
    float | None,
    typer.Option(help="Deadline of a request, seconds (30).", rich_help_panel=ADVANCED),
]
Settle = Annotated[
    float | None,
    typer.Option(help="Seconds before a doubt's second look (90).", rich_help_panel=ADVANCED),
]
NeverResend = Annotated[
    bool, typer.Option("--never-resend", help="Strictly at most once.", rich_help_panel=ADVANCED)
]
Until = Annotated[
    str | None,
    typer.Option(
        metavar="HH:MM", help="Stop at this time; run again to go on.", rich_help_panel=ADVANCED
    ),
]
Mailed = Annotated[
    bool,
    typer.Option(
        "--customers-will-be-mailed",
        help="The mails of a backfill are meant.",
        rich_help_panel=ADVANCED,
    ),
]
Wait = Annotated[
    float | None,
    typer.Option(help="Seconds to wait for another runner (60).", rich_help_panel=ADVANCED),
]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet",
        help="Print nothing where all went well, else a digest.",
        rich_help_panel=ADVANCED,
    ),
]
LogFormat = Annotated[
    str | None,
    typer.Option(help="Log lines in place of the summary: text or json.", rich_help_panel=ADVANCED),
]

InQueue = Annotated[
    bool,
    typer.Option(
        "--queue", help="Leave it to the workers of SHIPBATCH_DATABASE.", rich_help_panel=ADVANCED
    ),
]
Follow = Annotated[
    bool,
    typer.Option(
        "--follow",
        help="With --queue: wait for the ends, and write the sheets.",
        rich_help_panel=ADVANCED,
    ),
]
Silent = Annotated[bool, typer.Option("--quiet", help="Print nothing.", rich_help_panel=ADVANCED)]
LogLines = Annotated[
    str | None,
    typer.Option(help="Log lines in place of sentences: text or json.", rich_help_panel=ADVANCED),
]

DecidedRun = Annotated[str, typer.Argument(metavar="[RUN]", help="Only what waits of this run.")]
Decisions = Annotated[
    list[str] | None,
    typer.Option(
        "--answer", help="exists:ID, absent, ship or skip; for a held FILE's questions ID=CHOICE."
    ),
]
DecidedOrder = Annotated[int | None, typer.Option(help="Answer for this order.")]
DecidedRow = Annotated[int | None, typer.Option(help="Answer for the parcel with this row.")]
DecideAll = Annotated[bool, typer.Option("--all", help="Answer for all parcels that wait.")]
DecideFile = Annotated[bool, typer.Option("--file", help="Answer for a whole file that is held.")]
QueuedFile = Annotated[
    int | None,
    typer.Option(metavar="NUMBER", help="Take this file of the queue out of the line, with skip."),
]
