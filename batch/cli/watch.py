"""Commands of the drop folder: `watch`, `status`."""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batch.cli import options
from batch.cli.options import ADVANCED
from batch.cli.queue import fleet_status, store_settings, watch_for_queue
from batch.cli.terminal import (
    live_settings,
    print_result,
    require_folder,
    run_with_progress,
    settings_of,
)
from batch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from batch.config import Folder, Settings
    from batch.pipeline.progress import Progress
    from batch.primitives.stop import StopEvent
    from batch.watcher import WatchedFolder

_WHICH = "The drop folder; without one, all of shipbatch.toml."


def watch(
    folder: Annotated[Path | None, typer.Argument(help=_WHICH)] = None,
    store: options.StoreName = "",
    still: Annotated[
        float | None,
        typer.Option(
            min=0.1, help="Seconds a file must not have changed (2; on a network share 10)."
        ),
    ] = None,
    polling: Annotated[
        bool,
        typer.Option(
            "--polling",
            help="Look every two seconds, and trust no signal.",
            rich_help_panel=ADVANCED,
        ),
    ] = False,
    quiet: options.Silent = False,
    log_format: options.LogLines = None,
    queue: options.InQueue = False,
) -> None:
    """Ship what is dropped into a folder; it ends in `done`, `failed` or `held`, with results."""
    settings_for = store_settings if queue else live_settings
    posts = _watched_folders(
        folder, partial(settings_for, {"log_format": log_format}), store, still
    )
    if queue:
        raise typer.Exit(watch_for_queue(posts, polling=polling, quiet=quiet, log=log_format or ""))

    async def work(progress: "Progress", stop: "StopEvent") -> None:
        from batch.monitoring import notify_after_run
        from batch.watcher import watch_folders

        notify = partial(
            notify_after_run,
            echo=partial(print, file=sys.stderr, flush=True) if log_format else None,
        )
        await watch_folders(posts, progress, stop, polling=polling, notify=notify)

    _, signalled = run_with_progress(
        work, quiet=quiet, plain=True, log=log_format or "", database=posts[0].settings.database
    )
    raise typer.Exit(signalled)


def status(
    folder: Annotated[Path | None, typer.Argument(help=_WHICH)] = None,
    fleet: Annotated[
        bool, typer.Option("--fleet", help="Of the queue: workers, stores, rates, what is stuck.")
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """What a drop folder holds: waiting, running, done, held, failed; with --fleet, the queue."""
    from batch.commands.answer import CommandResult

    if fleet:
        print_result(fleet_status(), as_json=as_json)
        return
    from batch.watcher import folder_status

    settings = settings_of()
    results = [folder_status(each.path, settings) for each in _folders(folder, settings)]
    data = results[0].data if folder else [each.data for each in results]
    print_result(
        CommandResult(tuple(line for each in results for line in each.lines), data), as_json=as_json
    )


def _folders(folder: Path | None, settings: "Settings") -> "tuple[Folder, ...]":
    """The folder that is named, else all of them; ConfigError where there is none."""
    if folder is None:
        if not settings.folders:
            raise ConfigError(
                "No folder is named, and shipbatch.toml has none.",
                'Name it: `shipbatch watch FOLDER`; or add [folders.NAME] with path = "…" to'
                " shipbatch.toml.",
            )
        return settings.folders
    require_folder(folder.absolute(), str(folder))
    return (settings.folder_at(folder),)


def _watched_folders(
    folder: Path | None, settings_for: "Callable[[str], Settings]", store: str, still: float | None
) -> "list[WatchedFolder]":
    """Each folder with the settings of its store."""
    from batch.watcher import WatchedFolder

    settings = settings_of()
    posts = []
    for each in _folders(folder, settings):
        if each.source and each.source not in {source.name for source in settings.sources}:
            raise ConfigError(
                f"[folders.{each.name}]: there is no [sources.{each.source}] in shipbatch.toml.",
                "Add it, or correct the name.",
            )
        asked = each.model_copy(update={"still": still or each.still})
        posts.append(WatchedFolder(asked, settings_for(store or each.store)))
    paths = [post.folder.path.resolve() for post in posts]
    if twice := next((path for path in paths if paths.count(path) > 1), None):
        raise ConfigError(
            f"shipbatch.toml names the folder {twice} twice.", "One folder belongs to one store."
        )
    return posts
