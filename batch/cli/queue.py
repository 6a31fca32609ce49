"""Commands of many machines: `worker`, and what `run`, `watch` and `status` do with a queue."""

import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from batch.cli import options
from batch.cli.streams import put, put_json
from batch.cli.terminal import check_results, print_error, run_with_progress, settings_of, source_of
from batch.errors import ConfigError, FileError, ShipbatchError

if TYPE_CHECKING:
    from batch.commands.answer import CommandResult
    from batch.config import Settings
    from batch.fleet import FinishedFiles, Queue, QueueItem
    from batch.pipeline.progress import Progress
    from batch.primitives.stop import StopEvent
    from batch.watcher import WatchedFolder

SIDE_BY_SIDE = 16


def worker(
    only: Annotated[
        list[str] | None,
        typer.Option("--store", help="Only this store of shipbatch.toml; may be repeated."),
    ] = None,
    side_by_side: Annotated[
        int, typer.Option("--stores", min=1, max=500, help="So many stores side by side.")
    ] = SIDE_BY_SIDE,
    quiet: options.Silent = False,
    log_format: options.LogLines = None,
) -> None:
    """Ship what is queued in the database, for each store whose token is here; on any machine."""
    given = {"log_format": log_format} if log_format else {}
    stores = _stores(given, only or [])
    database = database_of(stores[0])

    async def work(progress: "Progress", stop: "StopEvent") -> None:
        from batch.fleet import Queue, Worker
        from batch.monitoring import notify_after_run

        notify = partial(
            notify_after_run,
            echo=partial(print, file=sys.stderr, flush=True) if log_format else None,
        )
        async with Queue.wait_and_open(
            database, stop, progress.say, most=side_by_side + 4
        ) as queue:
            crew = Worker(queue, stores, progress, stop, side_by_side=side_by_side, notify=notify)
            await crew.work(
                lambda: progress.say(f"Working for {', '.join(each.store for each in stores)}")
            )

    needs_fleet()
    _, signalled = run_with_progress(
        work, quiet=quiet, plain=True, log=log_format or "", database=database
    )
    raise typer.Exit(signalled)


def _stores(given: Mapping[str, Any], only: Sequence[str]) -> "list[Settings]":
    """The stores whose token is here, each once."""
    from batch.config import every_store, require_credentials
    from batch.config.secrets import token_of

    every = every_store(given)
    if unknown := set(only) - {each.store_name for each in every}:
        raise ConfigError(
            f"--store {min(unknown)}: shipbatch.toml has no such store.",
            "Add it, or correct the name.",
        )
    chosen = [each for each in every if not only or each.store_name in only]
    known: dict[str, Settings] = {}
    for each in chosen:
        if each.store_hash and (only or token_of(each, each.store_name)):
            known.setdefault(each.store, require_credentials(each, each.store_name))
    if not known:
        raise ConfigError(
            "No store's token is here, and a worker ships for those alone.",
            "Set BIGCOMMERCE_STORE_HASH and BIGCOMMERCE_ACCESS_TOKEN, or [stores.NAME] and its"
            " token, for each store.",
        )
    return list(known.values())


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What `run` was asked for: here, or for the queue."""

    files: Sequence[str]
    plan: Path | None
    chosen: Mapping[str, Any]
    store: str
    columns: Sequence[str]
    sheet: str
    limit: int | None
    results: Path | None
    answers: Mapping[str, str] = field(default_factory=dict)


def queue_files(
    request: RunRequest, *, queue: bool, follow: bool, here: bool, quiet: bool, as_json: bool
) -> None:
    """Put the files in line and print their numbers; with `follow`, wait, and end as `run` does.

    `here`: the options are those of a rehearsal or a dry run, which need no queue.
    """
    if not queue or here:
        what = (
            "A rehearsal and a dry run need no queue."
            if queue
            else "--follow waits for what --queue has put in."
        )
        raise ConfigError(what, "Leave --queue out." if queue else "Add --queue.")
    settings = store_settings({}, request.store)
    _check(request)
    database, entries = database_of(settings), _entries(request, settings)
    needs_fleet()

    async def work(
        progress: "Progress", stop: "StopEvent"
    ) -> "tuple[list[int], FinishedFiles | None]":
        from batch.config.environment import this_user
        from batch.fleet import Queue, deliver_sheets, follow_files
        from batch.fleet.queue import AWAY, MAYBE_QUEUED, database_away

        async with Queue.open(database) as line:
            try:
                numbers = await line.put(settings.store, entries, this_user())
            except AWAY as error:
                raise database_away(database, error, MAYBE_QUEUED) from error
            for number, entry in zip(numbers, entries, strict=True):
                progress.say(
                    f"{Path(entry.name).name}: file {number} of the queue, for {settings.store}"
                )
            if not follow:
                return numbers, None
            rows = await follow_files(line, numbers, progress, stop)
            return numbers, await deliver_sheets(line, rows, settings, request.results)

    (numbers, ends), signalled = run_with_progress(work, quiet=quiet or as_json, database=database)
    if ends is None:
        if as_json:
            queued = [
                {"file": entry.name, "number": n} for n, entry in zip(numbers, entries, strict=True)
            ]
            put_json({"store": settings.store, "queued": queued})
        raise typer.Exit(signalled)
    _print_ends(ends, quiet=quiet, as_json=as_json)
    if signalled:
        print_error(
            ShipbatchError(
                "Nobody waits for them any more; they stay in the queue, and are shipped."
            )
        )
    raise typer.Exit(signalled or ends.exit_status)


def store_settings(given: dict[str, Any], store: str) -> "Settings":
    """The settings of a store, whose token may be elsewhere; ConfigError where it is not known."""
    settings = settings_of(given, store)
    if not settings.store_hash:
        raise ConfigError(
            "The store is not known.", "Set BIGCOMMERCE_STORE_HASH, or name one with --store."
        )
    return settings


def watch_for_queue(
    posts: "Sequence[WatchedFolder]", *, polling: bool, quiet: bool, log: str
) -> int:
    """Put what is dropped in line, and file it away with what comes back; the exit status."""
    database = database_of(posts[0].settings)
    needs_fleet()

    async def work(progress: "Progress", stop: "StopEvent") -> None:
        from batch.config.environment import this_user
        from batch.fleet import Queue, watch_queued

        async with Queue.wait_and_open(database, stop, progress.say) as line:
            await watch_queued(posts, line, progress, stop, by=this_user(), polling=polling)

    _, signalled = run_with_progress(work, quiet=quiet, plain=True, log=log, database=database)
    return signalled


def _check(request: RunRequest) -> None:
    """ConfigError, before anything is queued, where it is not said what."""
    if (request.plan is None) == (not request.files):
        raise ConfigError("Name the files to queue, or a plan with --plan: one of the two.")
    if request.results is not None:
        check_results(request.results, [Path(file) for file in request.files])


def _print_ends(ends: "FinishedFiles", *, quiet: bool, as_json: bool) -> None:
    for problem in ends.problems:
        print_error(problem)
    if as_json:
        put_json(ends.summary)
        return
    for row in ends.rows:
        if quiet and not row["exit_status"]:
            continue
        put(*(row["told"] if row["summary"] else _line_without_run(row)))
        if sheet := ends.sheets.get(row["file_id"]):
            put(f"Results: {sheet}")


def _line_without_run(row: "Mapping[str, Any]") -> list[str]:
    """A file without a run: what is wrong, or its state."""
    return [f"{Path(row['name']).name}: {' '.join(row['told'] or [row['state']])}"]


def _entries(request: RunRequest, settings: "Settings") -> "list[QueueItem]":
    """The files' contents or addresses; FileError, with nothing queued, where one is unreadable."""
    needs_fleet()
    from batch.fleet import QueueItem, ask_of
    from batch.remote_files import fill_in_dates, is_far

    bare = settings.model_copy(update={"sources": ()})
    today = datetime.now().astimezone().date()
    entries = []
    for given in (
        [str(request.plan)]
        if request.plan
        else [fill_in_dates(each, today) for each in request.files]
    ):
        source = source_of(bare, Path(given), list(request.columns), request.sheet)
        ask = ask_of(
            request.chosen,
            source=source,
            answers=request.answers,
            limit=request.limit,
            plan=request.plan is not None,
        )
        if is_far(given):
            entries.append(QueueItem(given, address=given, ask=ask))
        else:
            entries.append(
                QueueItem(str(Path(given).absolute()), content=_content(Path(given)), ask=ask)
            )
    return entries


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = (
            "there is no such file"
            if isinstance(error, FileNotFoundError)
            else error.strerror or str(error)
        )
        raise FileError(
            f"{path}: {reason}. Nothing was queued.", "Check the name and the folder."
        ) from error


def fleet_status() -> "CommandResult":
    """Workers, stores, what is in line, what is stuck."""
    database = database_of(settings_of())

    async def look(queue: "Queue") -> "CommandResult":
        from batch.fleet import queue_status

        return await queue_status(queue, database)

    return _ask_queue(database, look)


def cancel_queued(
    number: int, answer: str, who: str, why: str, store: str, *, alone: bool
) -> "CommandResult":
    """Take a file out of the line; ConfigError where something else is asked of it."""
    if answer != "skip" or not alone:
        what = "can only be skipped" if answer != "skip" else "is answered for as a whole"
        raise ConfigError(
            f"A file in line {what}.", f'Give: decide --queued {number} --answer skip --why "…".'
        )
    settings = store_settings({}, store) if store else settings_of()

    async def skip(queue: "Queue") -> "CommandResult":
        from batch.fleet import cancel_file

        return await cancel_file(queue, number, who, why, settings.store if store else "")

    return _ask_queue(database_of(settings), skip)


async def forget_queued(
    database: str, forget: "Callable[[Mapping[str, int]], CommandResult]"
) -> "CommandResult":
    """Forget with the files in line left alone, and then the ends of those that were removed."""
    needs_fleet()
    from batch.fleet import Queue, maintenance

    async with Queue.open(database) as queue:
        result = forget(await maintenance.exports_in_line(queue))
        await maintenance.clear_ends(queue, result.data["runs"])
        return result


def _ask_queue(
    database: str, ask: "Callable[[Queue], Awaitable[CommandResult]]"
) -> "CommandResult":
    """What the queue answers; DatabaseAway where it does not."""
    import asyncio

    needs_fleet()
    from batch.fleet import Queue
    from batch.fleet.queue import AWAY, database_away

    async def asked() -> "CommandResult":
        async with Queue.open(database) as queue:
            return await ask(queue)

    try:
        return asyncio.run(asked())
    except AWAY as error:
        raise database_away(database, error) from error


def database_of(settings: "Settings") -> str:
    """The queue's database; ConfigError where none is set."""
    if not settings.database:
        raise ConfigError(
            "SHIPBATCH_DATABASE is not set, and the queue is in a PostgreSQL database.",
            "Set SHIPBATCH_DATABASE=postgresql://USER:PASSWORD@HOST/DATABASE, the same on every"
            " machine.",
        )
    return settings.database


def needs_fleet() -> None:
    """ConfigError where the libraries of the fleet are not installed."""
    try:
        import batch.fleet  # noqa: F401
    except ModuleNotFoundError as error:
        if str(error.name).startswith("batch"):
            raise
        raise ConfigError(
            f"A queue needs libraries that are not installed ({error.name}).",
            "Run: pip install 'shipbatch[fleet]'.",
        ) from None
