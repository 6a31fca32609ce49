"""The command line: one short function a command; the only place that prints or exits."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from batch.errors import CannotRunNow, ConfigError, NothingSent, ShipbatchError, Unreadable

if TYPE_CHECKING:
    from batch.config import Settings, Source
    from batch.ledger import SqliteLedger
    from batch.pipeline import Screen
    from batch.runner import Tour
    from batch.stopping import Stop
    from batch.telling import Told

app = typer.Typer(
    name="shipbatch",
    help="Bulk fulfilment for BigCommerce: a warehouse export in, shipments out, each exactly once.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

ADVANCED = "Advanced"


def main() -> None:
    """Run a command; what a person can act on is said in two lines, with its exit status."""
    try:
        app(standalone_mode=True)
    except ShipbatchError as error:
        _complain(error)
        sys.exit(75 if isinstance(error, CannotRunNow | Unreadable) else 2)


@app.command()
def run(
    files: Annotated[list[Path], typer.Argument(help="Warehouse exports: CSV, XLSX, XLS, XLSB, ODS.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Judge every row, send nothing; writes NAME.plan.xlsx.")
    ] = False,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Ship to a store on this machine; no account needed.")
    ] = False,
    results: Annotated[Path | None, typer.Option(help="Where the results sheet goes.")] = None,
    store: Annotated[str, typer.Option(help="A store of shipbatch.toml.")] = "",
    column: Annotated[
        list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help="Which column a field is in.")
    ] = None,
    sheet: Annotated[str, typer.Option(help="The sheet to read.")] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after so many shipments; run again to go on.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
    update: Annotated[
        bool,
        typer.Option(
            "--update", help="Write corrected numbers and carriers to existing shipments.", rich_help_panel=ADVANCED
        ),
    ] = False,
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="Ship once more what was deleted, or equal without a number.", rich_help_panel=ADVANCED
        ),
    ] = False,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify", help="Look at the store also for what the ledger holds as created.", rich_help_panel=ADVANCED
        ),
    ] = False,
    reserve: Annotated[
        float | None, typer.Option(help="Share of the quota left to other apps.", rich_help_panel=ADVANCED)
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(help="Deadline of a request, seconds.", rich_help_panel=ADVANCED)
    ] = None,
    settle: Annotated[
        float | None, typer.Option(help="Seconds before the second look at a doubt.", rich_help_panel=ADVANCED)
    ] = None,
    never_resend: Annotated[
        bool, typer.Option("--never-resend", help="Strictly at most once.", rich_help_panel=ADVANCED)
    ] = False,
    wait: Annotated[
        float | None, typer.Option(help="Seconds to wait for another runner.", rich_help_panel=ADVANCED)
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Print nothing but the summary.", rich_help_panel=ADVANCED)
    ] = False,
) -> None:
    """Ship warehouse exports: load, resolve, post, reconcile, write the results."""
    from batch.config import require_credentials
    from batch.pipeline import Job

    options = {
        "timeout": timeout, "settle": settle, "reserve": reserve, "wait": wait,
        "update": update or None, "again": again or None, "verify": verify or None,
        "never_resend": never_resend or None,
    }  # fmt: skip
    made = _settings(options, store, sandbox=sandbox)
    if not sandbox:
        require_credentials(made)
    if results is not None and len(files) > 1:
        raise ConfigError("--results names one sheet, and there are several files.", "Leave it out: each gets its own.")
    jobs = [
        Job(file, _source(made, file, column or [], sheet), dry=dry_run, limit=limit, results=results) for file in files
    ]

    async def work(screen: "Screen", stop: "Stop") -> "Tour":
        from batch.rehearsal import orders_for, rehearse
        from batch.runner import run_files

        if not sandbox:
            return await run_files(jobs, made, screen, stop)
        orders = await asyncio.to_thread(orders_for, jobs, made)
        async with rehearse(orders, made) as rehearsal:
            return await run_files(jobs, rehearsal, screen, stop)

    tour, status = _watched(work, quiet=quiet or as_json)
    _print_tour(tour, as_json=as_json)
    raise typer.Exit(status or tour.exit_status)


@app.command()
def history(
    run_id: Annotated[str, typer.Argument(metavar="[RUN]", help="A run, or the start of its id.")] = "",
    results: Annotated[bool, typer.Option("--results", help="Write the run's results sheet again.")] = False,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Of the rehearsals.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what was run; write a run's results sheet again."""
    from batch import telling
    from batch.rewriting import rewrite

    with _ledger(sandbox=sandbox) as ledger:
        if results:
            told = rewrite(ledger, run_id, _settings({}, "", sandbox=sandbox))
        else:
            told = telling.one_run(ledger, run_id) if run_id else telling.runs(ledger)
    _print(told, as_json=as_json)


@app.command()
def find(
    what: Annotated[str, typer.Argument(help="An order, a shipment, a tracking number, a SKU or a file.")],
    sandbox: Annotated[bool, typer.Option("--sandbox", help="In the rehearsals.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Every attempt of an order, tracking number, SKU or file: when, from which row, its link."""
    from batch import telling

    with _ledger(sandbox=sandbox) as ledger:
        told = telling.find(ledger, what)
    _print(told, as_json=as_json)
    raise typer.Exit(0 if told.data else 1)


@app.command()
def sandbox(
    orders_from: Annotated[
        list[Path] | None, typer.Option("--orders-from", help="Exports to invent a store from; or a store.json.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on this machine; 0: any free one.")] = 8750,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget what this store has shipped before.")] = False,
) -> None:
    """Serve a BigCommerce store on this machine, for rehearsals of other programs and of this one."""
    from batch.pipeline import Job
    from batch.rehearsal import serve_store

    made = _settings({}, "", sandbox=True)
    jobs = [Job(file, made.source_for(file.name)) for file in orders_from or []]
    try:
        asyncio.run(serve_store(jobs, made, port=port, fresh=fresh, ready=_say_sandbox))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _say_sandbox(url: str, store_hash: str, token: str) -> None:
    print(f"A store on this machine answers at {url}. In another terminal:")
    print(f"  export BIGCOMMERCE_API_URL={url}")
    print(f"  export BIGCOMMERCE_STORE_HASH={store_hash}")
    print(f"  export BIGCOMMERCE_ACCESS_TOKEN={token}")
    print("Ctrl-C ends it.", flush=True)


# ── what the commands share ─────────────────────────────────────────────────────────────────


def _settings(options: dict[str, Any], store: str, *, sandbox: bool = False) -> "Settings":
    """Settings of a command; a rehearsal never reads real credentials."""
    from batch import config

    environ = dict(os.environ)
    if sandbox:
        environ = {name: value for name, value in environ.items() if not name.startswith("BIGCOMMERCE_")}
    return config.settings(options, store_name=store, environ=environ)


def _source(settings: "Settings", file: Path, columns: list[str], sheet: str) -> "Source":
    """The file's source, with what the options say of it."""
    from batch.model import Field

    source = settings.source_for(file.name)
    mapped = dict(source.map)
    for pair in columns:
        name, equals, column = pair.partition("=")
        known = ", ".join(field.value for field in Field)
        if not equals or not column.strip():
            raise ConfigError(f"--map {pair}: it is not FIELD=COLUMN.", f"Fields: {known}.")
        if name.strip() not in set(Field):
            raise ConfigError(f"--map {pair}: {name.strip()!r} is not a field.", f"Fields: {known}.")
        mapped[Field(name.strip())] = column.strip()
    return source.model_copy(update={"map": mapped, "sheet": sheet or source.sheet})


def _watched(work: "Callable[[Screen, Stop], Coroutine[Any, Any, Tour]]", *, quiet: bool) -> "tuple[Tour, int]":
    """Do the work under a screen and the signals; the second value is 130 or 143 where one came."""
    from rich.console import Console

    from batch.screen import Bar, Lines
    from batch.stopping import Stop

    console = Console(stderr=True)
    screen = Bar(console) if console.is_terminal and not quiet else Lines(console, quiet=quiet)
    caught: list[int] = []

    async def main() -> "Tour":
        stop = Stop()

        def caught_one(number: int) -> None:
            if caught:
                screen.close()
                print("Stopped now; what was in flight is in doubt, and the next run settles it.", file=sys.stderr)
                os._exit(128 + number)
            caught.append(number)
            screen.say("Stopping: what is in flight is finished. Press Ctrl-C again to stop now.")
            stop.set("the run was stopped")

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, caught_one, number)
        return await work(screen, stop)

    try:
        tour = asyncio.run(main())
    finally:
        screen.close()
    return tour, 128 + caught[0] if caught else 0


def _print_tour(tour: "Tour", *, as_json: bool) -> None:
    """The summary: JSON on standard output, or sentences."""
    for job, error in tour.refused:
        _complain(error, str(job.export))
    if as_json:
        print(json.dumps(tour.summary, ensure_ascii=False))
        return
    from batch import telling

    for report in tour.reports:
        print(*telling.report(report), sep="\n")


def _print(told: "Told", *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(told.data, ensure_ascii=False))
    else:
        print(*told.lines, sep="\n")


@contextmanager
def _ledger(*, sandbox: bool) -> "Iterator[SqliteLedger]":
    """The ledger, for reading: nothing is locked, nothing is written."""
    from batch.config import default_home
    from batch.ledger import open_ledger
    from batch.runner import LEDGER

    home = default_home() / "sandbox" if sandbox else default_home()
    if not (home / LEDGER).exists():
        raise NothingSent(f"There is no ledger in {home}: nothing has been run yet.", "Run an export first.")
    ledger = open_ledger(home / LEDGER, read_only=True)
    try:
        yield ledger
    finally:
        asyncio.run(ledger.close())


def _complain(error: ShipbatchError, where: str = "") -> None:
    """What is wrong, and what to do."""
    prefix = f"{where}: " if where and where not in str(error) else ""
    print(f"shipbatch: {prefix}{error}", file=sys.stderr)
    if error.todo:
        print(f"           {error.todo}", file=sys.stderr)
