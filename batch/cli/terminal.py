"""What the commands share: settings, the terminal, signals, and how things are printed."""

import os
import stat
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer
from typer.core import TyperGroup

from batch.cli.streams import put, put_json
from batch.errors import (
    CannotRunNow,
    ConfigError,
    NothingSent,
    ResultsError,
    ShipbatchError,
    StopRequested,
    Unreadable,
    of_memory,
)
from batch.model.exit_status import ExitStatus
from batch.primitives.escapes import visible

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from batch.commands.answer import CommandResult
    from batch.config import Settings, Source
    from batch.ledger.queries import LedgerReader
    from batch.pipeline.progress import Progress
    from batch.primitives.stop import StopEvent

T = TypeVar("T")

# typer has it of click, or of its own copy of it
_WRONG_CALL: type[Exception] = typer.BadParameter.__mro__[1]


class _Commands(TyperGroup):
    """All commands; errors in a call are shown without obeying any of its text."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with _escape_quotations():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        with _escape_quotations():
            return super().invoke(ctx)


@contextmanager
def _escape_quotations() -> Iterator[None]:
    """A complaint about a call quotes it: a shell may have filled it in with the names of files."""
    try:
        yield
    except _WRONG_CALL as error:
        error.message = visible(error.message)  # type: ignore[attr-defined]
        raise


app = typer.Typer(
    name="shipbatch",
    cls=_Commands,
    help="Bulk fulfilment for BigCommerce: a warehouse export in, shipments out, each exactly"
    " once.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def settings_of(
    options: dict[str, Any] | None = None, store: str = "", *, sandbox: bool = False
) -> "Settings":
    """A command's settings; a rehearsal never reads real credentials."""
    from batch import config

    environ = dict(os.environ)
    if sandbox:
        environ = {
            name: value for name, value in environ.items() if not name.startswith("BIGCOMMERCE_")
        }
    made = config.load_settings(options or {}, store_name=store, environ=environ)
    return made.model_copy(update={"database": ""}) if sandbox else made


def live_settings(options: dict[str, Any] | None = None, store: str = "") -> "Settings":
    """A command's settings, with the credentials of a store."""
    from batch.config import require_credentials

    return require_credentials(settings_of(options, store), store)


def store_of(run_id: str, store: str) -> str:
    """The given store name, or where it and the environment name none, the run's own store."""
    from batch.config import every_store

    if store or not run_id or settings_of().store_hash:
        return store
    with ledger_of() as ledger:
        run = ledger.run(run_id)
    return next(
        (each.store_name for each in every_store({}) if run and each.store == run.store), ""
    )


def source_of(settings: "Settings", file: Path, columns: list[str], sheet: str) -> "Source":
    """The file's source, with what the options say of it."""
    from batch.model import Field

    source = settings.source_for(file.name)
    mapped = dict(source.map)
    known = f"Fields: {', '.join(field.value for field in Field)}."
    for pair in columns:
        name, equals, column = (part.strip() for part in pair.partition("="))
        if not equals or not column:
            raise ConfigError(f"--map {pair}: it is not FIELD=COLUMN.", known)
        if name not in set(Field):
            raise ConfigError(f"--map {pair}: {name!r} is not a field.", known)
        mapped[Field(name)] = column
    return source.model_copy(update={"map": mapped, "sheet": sheet or source.sheet})


def answers_of(given: list[str]) -> dict[str, str]:
    """Question → answer, as the options give them."""
    pairs = [pair.partition("=") for pair in given]
    if wrong := next(
        ("".join(pair) for pair in pairs if not pair[0].strip() or not pair[2].strip()), None
    ):
        raise ConfigError(
            f"--answer {wrong}: it is not ID=CHOICE.", "`shipbatch read FILE` prints the questions."
        )
    return {question.strip(): answer.strip() for question, _, answer in pairs}


def check_names(files: list[str]) -> None:
    """ConfigError where a name is not valid text: no ledger and no sheet could hold it."""
    for file in files:
        try:
            str(Path(file).absolute()).encode()
        except UnicodeEncodeError as error:
            raise ConfigError(
                f"{file}: its name is no text in UTF-8.", "Rename it, or its folder."
            ) from error


def check_results(results: Path, files: list[Path]) -> None:
    """ConfigError where the sheet cannot go there or would replace an export."""
    if len(files) > 1:
        raise ConfigError(
            "--results names one sheet, and there are several files.",
            "Leave it out: each has its own.",
        )
    from batch.config.ownership import mode_at

    if stat.S_ISDIR(mode_at(results)) or results.suffix.casefold() not in {".xlsx", ".csv"}:
        raise ConfigError(
            f"--results {results}: it is no name of a sheet.",
            "Give a name that ends in .xlsx or .csv.",
        )
    require_folder(results.absolute().parent, f"--results {results}")
    try:
        resolved = results.resolve(strict=results.is_symlink())
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop, before Python 3.13
        wrong = "it is a link that leads nowhere, or back to itself"
        raise ConfigError(
            f"--results {results}: {wrong}.", "Give a name that is no link."
        ) from error
    if resolved in {Path(os.path.realpath(file)) for file in files}:
        raise ConfigError(
            f"--results {results} is the export itself.",
            "Give another name: the export stays as it is.",
        )


def require_folder(folder: Path, asked: str) -> None:
    """ConfigError, which names what was asked for, where a folder is not there or is none."""
    from batch.config.ownership import mode_at

    if stat.S_ISDIR(mode_at(folder)):
        return
    if os.path.lexists(folder):  # no command makes a folder there
        wrong, todo = "is no folder, or a link that leads nowhere", "Name a folder."
        raise ConfigError(f"{asked}: {folder} {wrong}.", todo)
    raise ConfigError(f"{asked}: there is no folder {folder}.", "Make it, or correct the name.")


def ledger_of(*, sandbox: bool = False) -> "LedgerReader":
    """The ledger for reading: nothing is locked, nothing is written."""
    from batch.config import LEDGER, Database, default_home
    from batch.config.ownership import mode_at
    from batch.config.secrets import database_of
    from batch.ledger import read_ledger

    if not sandbox and (url := database_of()):
        return read_ledger(Database(url))
    home = default_home() / "sandbox" if sandbox else default_home()
    if not mode_at(home / LEDGER):
        rehearsed = not sandbox and mode_at(home / "sandbox" / LEDGER)
        todo = (
            "Only rehearsals have been run: add --sandbox to see them."
            if rehearsed
            else "Run an export first."
        )
        raise NothingSent(f"There is no ledger in {home}: nothing has been run yet.", todo)
    return read_ledger(home / LEDGER)


def _say_lost_error(loop: "AbstractEventLoop", context: dict[str, Any]) -> None:
    """What nobody awaits is shown, but for a lack of memory: that has its own sentence."""
    error = context.get("exception")
    if error is None or not of_memory(error):
        loop.default_exception_handler(context)


def run_with_progress(
    work: "Callable[[Progress, StopEvent], Coroutine[Any, Any, T]]",
    *,
    quiet: bool = False,
    reads: bool = False,
    plain: bool = False,
    log: str = "",
    database: str = "",
) -> tuple[T, int]:
    """Do the work under a progress and the signals; also returns 130 or 143 where one stopped it.

    The first signal lets the work finish what is in flight, or breaks it off where it only `reads`.
    `plain`: lines with their time, also on a terminal. `log`: lines of the log, text or json,
    instead. `database`: the work's ledger; nothing waits for its end if it is away, see `Signals`.
    """
    import asyncio

    from rich.console import Console

    from batch.cli.progress import BarProgress, LineProgress, LogProgress
    from batch.cli.signals import Signals
    from batch.primitives.stop import StopEvent

    console = Console(stderr=True)
    is_bar = console.is_terminal and not quiet and not plain
    lines = LogProgress(log) if log else LineProgress(console, quiet=quiet, timed=plain)
    progress = BarProgress(console) if is_bar and not log else lines
    signals = Signals(progress, database)

    async def main() -> T:
        asyncio.get_running_loop().set_exception_handler(_say_lost_error)
        stop = StopEvent()
        signals.stop(stop)
        return await (stop.interrupt(work(progress, stop)) if reads else work(progress, stop))

    try:
        return asyncio.run(main()), signals.status
    except StopRequested as error:
        print_error(error)
        raise typer.Exit(signals.status or ExitStatus.CANNOT_RUN_NOW) from error
    finally:
        progress.close()


def print_result(result: "CommandResult", *, as_json: bool) -> None:
    """An answer on standard output: sentences, or JSON."""
    if as_json:
        put_json(result.data)
    else:
        put(*result.lines)


def print_error(error: ShipbatchError, where: str = "") -> None:
    """What is wrong, and what to do, on standard error."""
    prefix = f"{where}: " if where and where not in str(error) else ""
    first, *others = error.lines
    put(
        f"shipbatch: {prefix}{first}",
        *(f"           {line}" for line in (*others, error.todo) if line),
        error=True,
    )


def status_of(error: ShipbatchError) -> ExitStatus:
    """The exit status of a command that ended with an error."""
    match error:
        case CannotRunNow() | Unreadable():
            return ExitStatus.CANNOT_RUN_NOW
        case ResultsError():
            return ExitStatus.NO_SHEET
        case _:
            return ExitStatus.NOTHING_SENT
