"""Commands that look: `history`, `find`, `open`, `audit`, `template`, `carriers`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batch.cli import options
from batch.cli.terminal import (
    answers_of,
    ledger_of,
    live_settings,
    print_result,
    run_with_progress,
    settings_of,
    source_of,
    store_of,
)
from batch.errors import ConfigError, ShipbatchError

if TYPE_CHECKING:
    from collections.abc import Collection

    from batch.commands.answer import CommandResult
    from batch.commands.find_live import LiveState
    from batch.config import Database
    from batch.pipeline.progress import Progress
    from batch.primitives.stop import StopEvent


def history(
    run_id: options.RunId = "",
    results: Annotated[
        bool, typer.Option("--results", help="Write the run's results sheet again.")
    ] = False,
    backup: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Copy the ledger there, also while it is used."),
    ] = None,
    into_database: Annotated[
        bool,
        typer.Option(
            "--into-database", help="Put this machine's ledger into SHIPBATCH_DATABASE, once."
        ),
    ] = False,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Of the rehearsals.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Show what was run; write a run's results sheet again."""
    if into_database:
        result = _put_into_database()
    elif backup is not None:
        result = _back_up(backup, sandbox=sandbox)
    elif results:
        result = _rewrite_results(run_id, sandbox=sandbox)
    else:
        result = _past_runs(run_id, sandbox=sandbox)
    print_result(result, as_json=as_json)


def _past_runs(run_id: str, *, sandbox: bool) -> "CommandResult":
    """One run with its shipments, or all runs."""
    from batch.commands.history import describe_run, list_runs

    with ledger_of(sandbox=sandbox) as ledger:
        return describe_run(ledger, run_id) if run_id else list_runs(ledger)


def _rewrite_results(run_id: str, *, sandbox: bool) -> "CommandResult":
    from batch.commands.recount import rewrite_results

    with ledger_of(sandbox=sandbox) as ledger:
        return rewrite_results(ledger, run_id, settings_of(sandbox=sandbox))


def _back_up(target: Path, *, sandbox: bool) -> "CommandResult":
    from batch.commands.history import back_up

    with ledger_of(sandbox=sandbox) as ledger:
        return back_up(ledger, target)


def _put_into_database() -> "CommandResult":
    from batch.commands.history import import_ledger

    return import_ledger(*_file_and_database())


def _file_and_database() -> "tuple[Path, Database]":
    """The ledger of this machine, and the database of all; ConfigError where either is missing."""
    from batch.config import LEDGER, Database

    settings = settings_of()
    if not settings.database:
        raise ConfigError(
            "SHIPBATCH_DATABASE is not set.", "Set it to postgresql://USER:PASSWORD@HOST/DATABASE."
        )
    if not (file := settings.home / LEDGER).is_file():
        raise ConfigError(
            f"There is no ledger in {settings.home}.", "Nothing has to be put into the database."
        )
    return file, Database(settings.database)


def find(
    what: Annotated[
        str, typer.Argument(help="An order, a shipment, a tracking number, a SKU or a file.")
    ],
    store: Annotated[str, typer.Option(help="The store to ask how it is now.")] = "",
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask no store: only what the ledger knows.")
    ] = False,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="In the rehearsals.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Every attempt of an order, tracking number, SKU or file: who, when, row, link and state."""
    from batch.commands.find import find_attempts

    def live(orders: "Collection[tuple[str, int]]") -> "LiveState":
        import asyncio

        from batch.commands.find_live import LiveState, read_live_state

        try:
            settings = live_settings(store=store)
        except ShipbatchError as error:
            return LiveState("", why=f"the store was not asked: {error}")
        return asyncio.run(read_live_state(settings, orders))

    with ledger_of(sandbox=sandbox) as ledger:
        result = find_attempts(ledger, what, None if sandbox or offline else live)
    print_result(result, as_json=as_json)
    raise typer.Exit(result.status)


def read(
    file: Annotated[Path, typer.Argument(help="An export.")],
    column: options.Columns = None,
    answer: options.Answers = None,
    sheet: options.SheetName = "",
    store: options.StoreName = "",
    as_json: options.AsJson = False,
) -> None:
    """The account of a file's columns, and what would be asked of it; sends nothing."""
    from batch.commands.read import read_file
    from batch.config import Database
    from batch.pipeline import NothingKnown

    settings = settings_of(store=store)
    source, said = source_of(settings, file, column or [], sheet), answers_of(answer or [])
    if isinstance(settings.ledger, Database) or settings.ledger.exists():
        with ledger_of() as ledger:
            result = read_file(file, source, said, settings, ledger)
    else:
        result = read_file(file, source, said, settings, NothingKnown())
    print_result(result, as_json=as_json)
    raise typer.Exit(result.status)


def audit(
    run_id: Annotated[
        str, typer.Argument(metavar="[RUN]", help="Only what this run shipped.")
    ] = "",
    days: Annotated[
        int, typer.Option(min=1, help="Only what was shipped in the last so many days.")
    ] = 30,
    store: options.StoreName = "",
    as_json: options.AsJson = False,
) -> None:
    """Compare the store with the ledger: gone, changed, doubled, without tracking, over-shipped."""
    settings = live_settings(store=store_of(run_id, store))

    async def work(progress: "Progress", stop: "StopEvent") -> "CommandResult":
        from batch.commands.audit import audit_store
        from batch.pipeline.session import open_store

        async with open_store(settings, progress, stop, lock=False) as store_open:
            return await audit_store(store_open, run_id, days)

    result, signalled = run_with_progress(
        work, quiet=as_json, reads=True, database=settings.database
    )
    print_result(result, as_json=as_json)
    raise typer.Exit(signalled or result.status)


def carriers(
    word: Annotated[str, typer.Argument(help="A carrier's name, or a part of it.")],
    as_json: options.AsJson = False,
) -> None:
    """Find what a carrier is called in `[carriers]`, `--answer` and tracking_carrier."""
    from batch.commands.carriers import find_carriers

    result = find_carriers(word)
    print_result(result, as_json=as_json)
    raise typer.Exit(result.status)


def open_(
    older: Annotated[
        float | None,
        typer.Option(parser=options.days_of, metavar="AGE", help="Older than 2d, or 36h (2d)."),
    ] = None,
    newer: Annotated[
        float | None,
        typer.Option(parser=options.days_of, metavar="AGE", help="And no older than (any)."),
    ] = None,
    store: options.StoreName = "",
    as_json: options.AsJson = False,
) -> None:
    """Orders that should have shipped: what no export had, and what waits here, oldest first."""
    settings = live_settings(store=store)
    given = {"older": older, "newer": newer}
    asked = settings.open_orders.model_copy(
        update={name: days for name, days in given.items() if days is not None}
    )

    async def work(progress: "Progress", stop: "StopEvent") -> "CommandResult":
        from batch.commands.open_orders import list_open_orders
        from batch.pipeline.session import open_store

        async with open_store(settings, progress, stop, lock=False) as session:
            return await list_open_orders(session, asked)

    result, signalled = run_with_progress(
        work, quiet=as_json, reads=True, database=settings.database
    )
    print_result(result, as_json=as_json)
    raise typer.Exit(signalled or result.status)


def template(
    path: Annotated[Path, typer.Argument(help="Where the workbook goes.")] = Path("shipments.xlsx"),
    status: Annotated[
        list[int] | None, typer.Option(help="Order statuses by number (11, 9 and 3).")
    ] = None,
    since: Annotated[
        int, typer.Option("--from", metavar="ORDER", help="Only orders from this number on.")
    ] = 1,
    store: options.StoreName = "",
    as_json: options.AsJson = False,
) -> None:
    """Write a workbook of all that can ship, to be filled in and shipped with `run`."""
    settings = live_settings(store=store)

    async def work(progress: "Progress", stop: "StopEvent") -> "CommandResult":
        from batch.commands.template import SHIPPING_STATUSES, write_template_file
        from batch.pipeline.session import open_store

        async with open_store(settings, progress, stop, lock=False) as session:
            return await write_template_file(
                session, path, statuses=tuple(status or SHIPPING_STATUSES), min_id=since
            )

    result, signalled = run_with_progress(
        work, quiet=as_json, reads=True, database=settings.database
    )
    print_result(result, as_json=as_json)
    raise typer.Exit(signalled)
