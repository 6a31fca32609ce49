"""Commands for whoever sets shipbatch up: `setup`, `check`, `service`, `config`."""

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batch.cli import options
from batch.cli.terminal import print_error, print_result, settings_of
from batch.errors import ConfigError, ShipbatchError
from batch.model.exit_status import ExitStatus

if TYPE_CHECKING:
    from batch.commands.answer import CommandResult


def setup(
    store: Annotated[str, typer.Option(help="A name for the store, where there are several.")] = "",
    keyring: Annotated[bool, typer.Option("--keyring", help="Keep the token in this machine's keyring.")] = False,
) -> None:
    """Ask for a store's hash and token, prove them as `check` does, and keep them safely."""
    from batch.config.environment import token_variable
    from batch.config.secrets import keep_in_file, keep_in_keyring
    from batch.config.toml_edit import keep_hash

    print("In the store's control panel: Settings › API › Store-level API accounts › Create, scope Orders: modify.")
    store_hash = _hash_in(_prompt("API path, or store hash"))
    token = _prompt("Access token (it is not shown)", hidden=True)
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigError("That is no access token: it is empty, or has characters that none has.", "Copy it again.")
    result, refused = _prove_credentials(store_hash, token, store)
    print_result(result, as_json=False)
    if refused:
        print("Nothing was kept. Correct that, and run `shipbatch setup` again.")
        raise typer.Exit(result.status)
    path, variable = keep_hash(store_hash, store), token_variable(store)
    where = keep_in_keyring(variable, token) if keyring else f"{keep_in_file(variable, token)}, for you alone"
    print(f"The hash is in {path}; the token is in {where}.")
    if keyring and not settings_of(store=store).keyring:
        print(f"Write into {path}, so that it is looked for there: keyring = true")
    for name in {variable} | (set() if store else {"BIGCOMMERCE_STORE_HASH"}):
        if os.environ.get(name):
            print(f"{name} is set in this environment, and beats what was kept: unset it.")
    if result.status == ExitStatus.ALL_DONE:
        print("Ready to ship.")
        option = f" --store {store}" if store else ""
        print(f"Next: `shipbatch run{option} --dry-run FILE` judges an export and sends nothing;")
        print(f"then `shipbatch run{option} --limit 1 FILE` ships one parcel, and prints the link to look at.")
    raise typer.Exit(result.status)


def check(
    store: options.StoreName = "",
    arrivals: Annotated[
        bool, typer.Option("--arrivals", help="Only whether today's files came; tells people where one did not.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing where all is proven.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Prove credentials, scopes, quota, clock, ledger and folders, and say what to fix; ships nothing."""
    result = _check_arrivals(store) if arrivals else _run_checks(store)
    if result.status or not quiet:
        print_result(result, as_json=as_json)
    raise typer.Exit(result.status)


def service(
    system: Annotated[str, typer.Argument(help="systemd, cron, launchd or windows; left out: this machine's.")] = "",
    run: Annotated[str, typer.Option(metavar="FILE", help="For the nightly upload of this file.")] = "",
    watch: Annotated[str, typer.Option(metavar="FOLDER", help="For a drop folder.")] = "",
    arrivals: Annotated[
        bool, typer.Option("--arrivals", help="For the alarm where a file that is expected has not come.")
    ] = False,
    at: Annotated[str, typer.Option(metavar="HH:MM", help="When the upload, or the alarm, is due.")] = "23:30",
    store: options.StoreName = "",
) -> None:
    """Print ready texts for systemd, cron, launchd or Task Scheduler; installs nothing."""
    from batch.commands.service import SYSTEMS, Service, text_for

    system = system or {"darwin": "launchd", "win32": "windows"}.get(sys.platform, "systemd")
    if system not in SYSTEMS:
        raise ConfigError(f"{system!r} is none of {', '.join(SYSTEMS)}.", "Name one of them.")
    calls = {
        "run": ["run", "--quiet", _absolute(run)] if run else [],
        "watch": ["watch", _absolute(watch)] if watch else [],
        "arrivals": ["check", "--arrivals", "--quiet"] if arrivals else [],
    }
    asked = [task for task, words in calls.items() if words]
    if len(asked) != 1:
        todo = "One of --run '/exports/{date}.csv' for every night, --watch FOLDER, --arrivals."
        raise ConfigError("Say what is to run.", todo)
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", at):
        raise ConfigError(f"--at {at}: it is no time.", "Give it as 23:30.")
    (task,) = asked
    words = calls[task] + (["--store", store] if store else [])
    kept = ("SHIPBATCH_HOME", "SHIPBATCH_CONFIG", "BIGCOMMERCE_API_URL", "BIGCOMMERCE_STORE_HASH")
    environ = {name: os.environ[name] for name in kept if os.environ.get(name)}
    folder = str(Path.cwd()) if Path("shipbatch.toml").is_file() else ""
    when = "" if watch else at
    print(text_for(system, Service([*_program(), *words], when, environ, folder, task)), end="")


def _program() -> list[str]:
    """Where we are, by path: a service has no PATH of yours."""
    installed = Path(sys.executable).with_name("shipbatch")
    return [str(installed)] if installed.exists() else [sys.executable, "-m", "batch"]


def _absolute(given: str) -> str:
    from batch.remote_files import is_far

    return given if is_far(given) else str(Path(given).expanduser().absolute())


def config(
    example: Annotated[bool, typer.Option("--example", help="Print a shipbatch.toml with every setting.")] = False,
    store: options.StoreName = "",
    as_json: options.AsJson = False,
) -> None:
    """Show the settings that differ from their defaults, and check shipbatch.toml."""
    if example:
        from batch.config.example import example as text

        print(text(), end="")
        return
    print_result(_show_settings(store), as_json=as_json)


def _show_settings(store: str) -> "CommandResult":
    """The settings as a command would have them, without secrets."""
    from batch.commands.answer import CommandResult
    from batch.config import config_file

    made = settings_of(store=store)
    path = config_file()
    data = made.model_dump(mode="json", exclude={"token", "identity"}) | {"config_file": str(path) if path else None}
    changed = made.model_dump(mode="json", exclude={"token", "identity"}, exclude_defaults=True)
    where = f"Read {path}: no mistakes." if path else "No shipbatch.toml: `shipbatch config --example` prints one."
    lines = [where, f"store: {made.store}" if made.store_hash else "store: none yet; run `shipbatch setup`"]
    lines += [f"{name} = {value}" for name, value in changed.items()] + ["Everything else has its default."]
    return CommandResult(tuple(lines), data)


def _run_checks(store: str) -> "CommandResult":
    import asyncio

    from batch.commands.check import check_result, run_checks

    return check_result(asyncio.run(run_checks(settings_of(store=store), store)))


def _prove_credentials(store_hash: str, token: str, store: str) -> "tuple[CommandResult, bool]":
    """What `check` says of a hash and a token that are not kept yet; and whether the store refuses them."""
    import asyncio

    from pydantic import SecretStr

    from batch.commands.check import check_result, refuses, run_checks

    try:
        settings = settings_of(store=store)
    except ConfigError:  # a store that shipbatch.toml does not know yet; what else is wrong there is said here
        settings = settings_of()
    given = settings.model_copy(update={"store_hash": store_hash, "token": SecretStr(token)})
    checks = asyncio.run(run_checks(given, store))
    return check_result(checks), refuses(checks)


def _check_arrivals(store: str) -> "CommandResult":
    """Whether the files that are expected have come; people are notified where one has not."""
    from datetime import datetime

    from batch.commands.check import CheckStatus, arrivals, check_result
    from batch.monitoring import notify_after_run, of_arrival

    settings = settings_of(store=store)
    checks = arrivals(settings, datetime.now().astimezone())
    late = [of_arrival(one.what, one.said, one.todo) for one in checks if one.verdict is CheckStatus.WRONG]
    for problem in notify_after_run(settings, late, 2) if late else []:
        print_error(ShipbatchError(problem))
    return check_result(checks)


def _prompt(what: str, *, hidden: bool = False) -> str:
    """A person's answer; a line of standard input where there is no terminal."""
    if sys.stdin.isatty():
        try:
            return str(typer.prompt(what, hide_input=hidden)).strip()
        except typer.Abort:  # Ctrl-C, or the end of input
            print()
            raise typer.Exit(ExitStatus.INTERRUPTED) from None
    return sys.stdin.readline().strip()


def _hash_in(given: str) -> str:
    """The store's hash in what was pasted: itself, or the API path that has it."""
    found = re.search(r"/stores/([^/]+)", given)
    store_hash = found[1] if found else given
    if not store_hash.isascii() or not store_hash.isalnum() or len(store_hash) > 20:  # a token is not shown
        raise ConfigError(
            "There is no store hash in that: it is letters and digits only, about ten of them.",
            "Copy the API path, e.g. https://api.bigcommerce.com/stores/abc123xyz/v3/.",
        )
    return store_hash
