"""From options, environment and file to one frozen `Settings`; every mistake with its place."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from batch.config.environment import check_url, config_folder, default_home, from_environment, variables
from batch.config.secrets import database_of
from batch.config.settings import API_URL, ELSEWHERE, NamedTable, Settings
from batch.config.toml_file import ConfigFile, read_file
from batch.config.validation import config_error
from batch.errors import ConfigError, ConfigMistakes

NAME = "shipbatch.toml"


def config_file(environ: Mapping[str, str] = os.environ) -> Path | None:
    """SHIPBATCH_CONFIG, else shipbatch.toml here, else in the platform's config folder."""
    if given := environ.get("SHIPBATCH_CONFIG"):
        path = Path(given).expanduser()
        if not path.is_file():
            raise ConfigError(f"SHIPBATCH_CONFIG names {path}, and there is no such file.", "Correct or unset it.")
        return path
    return next((path for path in (Path(NAME), config_folder() / NAME) if path.is_file()), None)


def load_settings(
    options: Mapping[str, Any], *, store_name: str = "", environ: Mapping[str, str] = os.environ
) -> Settings:
    """Options over environment over file; ConfigError names the place of each mistake."""
    path = config_file(environ)
    file = read_file(path) if path else None
    if file:
        _check(file)
    if store_name and (not file or store_name not in file.values.get("stores", {})):
        raise _no_such_store(file, store_name)
    return _build_settings(file, options, store_name, environ)


def every_store(options: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> list[Settings]:
    """The settings of the environment's store, and of each of `[stores.NAME]`; tokens are not looked for."""
    path = config_file(environ)
    file = read_file(path) if path else None
    if file:
        _check(file)
    names = ["", *(name for name in (file.values.get("stores", {}) if file else ()) if name != "default")]
    return [_build_settings(file, options, name, environ) for name in names]


def _build_settings(
    file: ConfigFile | None, options: Mapping[str, Any], store_name: str, environ: Mapping[str, str]
) -> Settings:
    """One store's settings, out of a file that has been checked."""
    values = _values(file, store_name) if file else {}
    told = from_environment(environ, store_name)
    here = {"home": default_home(environ), "database": database_of(environ), "store_name": store_name}
    given = {name: value for name, value in options.items() if value is not None}
    try:
        made = Settings.model_validate(
            values | told | here | given,
            context={"folder": file.path.absolute().parent} if file else None,
        )
    except ValidationError as error:
        names = variables(store_name) | {name: f"--{name.replace('_', '-')}" for name in given}
        raise config_error(error, lambda loc: names.get(str(loc[0]), str(loc[0])), Settings) from None
    if made.settle < made.timeout:
        raise ConfigError(
            f"--settle ({made.settle:g} s) is shorter than --timeout ({made.timeout:g} s): late ones would be missed.",
            f"Give --settle at least {made.timeout:g}, or set `settle` in {NAME}.",
        )
    if file is None or "api_url" in told or "api_url" not in values:
        return made.model_copy(update={"api_url": check_url(made.api_url)})
    return made.model_copy(update={"api_url": _check_file_url(file, made.api_url, store_name)})


def _check_file_url(file: ConfigFile, url: str, store_name: str) -> str:
    """The API's address out of a file. Another one than BigCommerce's has to stand where this user alone put it:

    on a mounted share every file looks like one's own, and whoever writes the address is sent the token.
    """
    section = store_name or "default"
    is_own = "api_url" in file.values.get("stores", {}).get(section, {})
    place = file.place(("stores", section, "api_url") if is_own else ("api_url",))
    checked = check_url(url, place)
    if checked != API_URL and file.path.absolute().parent.resolve() != config_folder().resolve():
        raise ConfigError(
            f"{place}: the token would go to {checked}, which is not BigCommerce.",
            f"If it is meant, move the file to {config_folder() / NAME}, or set BIGCOMMERCE_API_URL={checked}; "
            "else take the line out.",
        )
    return checked


def tables_by_name() -> dict[str, type[NamedTable]]:
    """The settings that are tables by name, `[sources.acme]`, and what each table holds."""
    kinds = {name: get_args(field.annotation)[:1] for name, field in Settings.model_fields.items()}
    return {name: kind[0] for name, kind in kinds.items() if kind and isinstance(kind[0], type) and _is_named(kind[0])}


def _is_named(kind: type) -> bool:
    return issubclass(kind, NamedTable)


def _values(file: ConfigFile, store_name: str) -> dict[str, Any]:
    """The file's settings for a store."""
    general = {name: value for name, value in file.values.items() if name != "stores"}
    return _by_name(general | dict(file.values.get("stores", {}).get(store_name or "default", {})))


def _check(file: ConfigFile) -> None:
    """ConfigError with all mistakes of the file, in whichever store's settings."""
    general = {name: value for name, value in file.values.items() if name != "stores"}
    stores = file.values.get("stores", {})
    if not isinstance(stores, Mapping) or not all(isinstance(section, Mapping) for section in stores.values()):
        raise ConfigError(
            f"{file.place(('stores',))}: stores are tables with a name.",
            'Write [stores.eu], and store_hash = "…" in it.',
        )
    mistakes: dict[str, str] = {}
    for name, section in ({"": {}} | dict(stores)).items():
        try:
            _validate(file, general, section, name)
        except ConfigError as error:
            mistakes |= dict.fromkeys(error.lines, error.todo)
    if mistakes:
        raise ConfigMistakes("\n".join(mistakes), next(iter(mistakes.values())))


def _validate(file: ConfigFile, general: Mapping[str, Any], section: Mapping[str, Any], store_name: str) -> None:
    """ConfigError with the mistakes of the file's settings as one store has them."""
    above = ("stores", store_name) if store_name else ()
    refused = [(*above, name) for name in section if name in ELSEWHERE]
    refused += [(name,) for name in general if name in ELSEWHERE]
    if refused:
        raise ConfigMistakes(
            "\n".join(f"{file.place(key)}: it cannot be set here." for key in refused),
            "Take it out. The folder for ledger, copies and logs is set by the variable SHIPBATCH_HOME.",
        )
    merged = {**general, **section}
    values = _by_name(merged)

    def place(loc: tuple[int | str, ...]) -> str:
        first, *rest = loc
        if first in tables_by_name() and rest and isinstance(rest[0], int):
            rest[0] = [*merged[str(first)]][rest[0]]
        within = above if first in section else ()
        return file.place((*within, str(first), *(str(part) for part in rest if part != "[key]")))

    try:
        Settings.model_validate(values)
    except ValidationError as error:
        raise config_error(error, place, Settings) from None


def _by_name(values: Mapping[str, Any]) -> dict[str, Any]:
    """Tables by name as the model has them: a tuple, each with its name in it."""
    found = dict(values)
    for name in tables_by_name().keys() & values.keys():
        tables = values[name]
        if isinstance(tables, Mapping) and all(isinstance(table, Mapping) for table in tables.values()):
            found[name] = tuple({"name": one, **table} for one, table in tables.items())
    return found


def _no_such_store(file: ConfigFile | None, name: str) -> ConfigError:
    stores = file.values.get("stores", {}) if file else {}
    known = ", ".join(sorted(stores)) or "none"
    where = file.path if file else NAME
    return ConfigError(
        f"--store {name}: {where} has no [stores.{name}] (it has: {known}).", "Add it, or correct the name."
    )
