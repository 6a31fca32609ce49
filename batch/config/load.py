"""Options, environment and file become one frozen `Settings`; every mistake has its place."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from batch.config.environment import (
    check_url,
    config_folder,
    default_home,
    expand_user,
    from_environment,
    variables,
)
from batch.config.ownership import mode_at
from batch.config.secrets import database_of
from batch.config.settings import API_URL, ELSEWHERE, NAMED_TABLES, Settings
from batch.config.toml_file import ConfigFile, read_file
from batch.config.validation import config_error
from batch.errors import ConfigError

NAME = "shipbatch.toml"


def config_file(environ: Mapping[str, str] = os.environ) -> Path | None:
    """SHIPBATCH_CONFIG, else shipbatch.toml here, else in the platform's folder; None without.

    Raises ConfigError where SHIPBATCH_CONFIG names no file.
    """
    if given := environ.get("SHIPBATCH_CONFIG"):
        path = expand_user(given, "SHIPBATCH_CONFIG")
        if not stat.S_ISREG(mode_at(path)):
            raise ConfigError(
                f"SHIPBATCH_CONFIG names {path}, and there is no such file.", "Correct or unset it."
            )
        return path
    return next(
        (path for path in (Path(NAME), config_folder() / NAME) if stat.S_ISREG(mode_at(path))), None
    )


def load_settings(
    options: Mapping[str, Any], *, store_name: str = "", environ: Mapping[str, str] = os.environ
) -> Settings:
    """Options over environment over file. Raises ConfigError with the place of each mistake."""
    path = config_file(environ)
    file = read_file(path) if path else None
    if file:
        _check(file)
    if store_name and (not file or store_name not in file.values.get("stores", {})):
        raise _no_such_store(file, store_name)
    return _build_settings(file, options, store_name, environ)


def every_store(
    options: Mapping[str, Any], environ: Mapping[str, str] = os.environ
) -> list[Settings]:
    """The settings of the environment's store and of each `[stores.NAME]`, without tokens."""
    path = config_file(environ)
    file = read_file(path) if path else None
    if file:
        _check(file)
    names = [
        "",
        *(name for name in (file.values.get("stores", {}) if file else ()) if name != "default"),
    ]
    return [_build_settings(file, options, name, environ) for name in names]


def _build_settings(
    file: ConfigFile | None, options: Mapping[str, Any], store_name: str, environ: Mapping[str, str]
) -> Settings:
    """One store's settings, from a file that was checked."""
    in_file = _store_values(file, store_name) if file else {}
    in_environment = from_environment(environ, store_name)
    fixed = {
        "home": default_home(environ),
        "database": database_of(environ),
        "store_name": store_name,
    }
    given = {name: value for name, value in options.items() if value is not None}
    try:
        settings = Settings.model_validate(
            _merge_places(in_file, in_environment, fixed, given),
            context={"folder": file.path.absolute().parent} if file else None,
        )
    except ValidationError as error:
        names = variables(store_name) | {name: f"--{name.replace('_', '-')}" for name in given}
        raise config_error(
            error, lambda loc: names.get(str(loc[0]), str(loc[0])), Settings
        ) from None
    settle, timeout = settings.settle, settings.timeout
    if settle < timeout:
        raise ConfigError(
            f"--settle ({settle:g} s) is shorter than --timeout ({timeout:g} s): "
            "late ones would be missed.",
            f"Give --settle at least {timeout:g}, or set `settle` in {NAME}.",
        )
    if file is None or "api_url" in in_environment or "api_url" not in in_file:
        return settings.model_copy(update={"api_url": check_url(settings.api_url)})
    return settings.model_copy(
        update={"api_url": _check_file_url(file, settings.api_url, store_name)}
    )


def _merge_places(
    in_file: Mapping[str, Any],
    in_environment: Mapping[str, Any],
    fixed: Mapping[str, Any],
    given: Mapping[str, Any],
) -> dict[str, Any]:
    """Every setting that is made anywhere; the later of these places counts."""
    merged = dict(in_file)  # what stands for good, and may be shared by many machines
    merged |= in_environment  # this machine, this shell: where the secrets are
    merged |= fixed  # made in no file: where things lie, and which store was asked for
    merged |= given  # this call alone, by options
    return merged


def _check_file_url(file: ConfigFile, url: str, store_name: str) -> str:
    """The API's address in a file; other than BigCommerce's, only in this user's own folder.

    On a mounted share every file looks like one's own, and whoever writes the address is sent the
    token. Raises ConfigError.
    """
    section = store_name or "default"
    is_own = "api_url" in file.values.get("stores", {}).get(section, {})
    place = file.place(("stores", section, "api_url") if is_own else ("api_url",))
    checked = check_url(url, place)
    if checked != API_URL and file.path.absolute().parent.resolve() != config_folder().resolve():
        raise ConfigError(
            f"{place}: the token would go to {checked}, which is not BigCommerce.",
            f"If it is meant, move the file to {config_folder() / NAME}, "
            f"or set BIGCOMMERCE_API_URL={checked}; else take the line out.",
        )
    return checked


def _check(file: ConfigFile) -> None:
    """Raises ConfigError with all mistakes of the file, in any store's settings."""
    stores = file.values.get("stores", {})
    if not isinstance(stores, Mapping) or not all(
        isinstance(section, Mapping) for section in stores.values()
    ):
        raise ConfigError(
            f"{file.place(('stores',))}: stores are tables with a name.",
            'Write [stores.eu], and store_hash = "…" in it.',
        )
    errors: list[ConfigError] = []
    for store_name, section in ({"": {}} | dict(stores)).items():
        try:
            _validate(file, section, store_name)
        except ConfigError as error:
            errors.append(error)
    if errors:  # one that all stores share is said once
        mistakes = dict.fromkeys(mistake for error in errors for mistake in error.mistakes)
        raise ConfigError.of_file(mistakes, errors[0].todo)


def _validate(file: ConfigFile, section: Mapping[str, Any], store_name: str) -> None:
    """Raises ConfigError with the file's mistakes for one store; unnamed, the general ones."""
    general = _general_table(file)
    above = ("stores", store_name) if store_name else ()
    refused = [(*above, name) for name in section if name in ELSEWHERE]
    refused += [(name,) for name in general if name in ELSEWHERE]
    if refused:
        raise ConfigError.of_file(
            (f"{file.place(key)}: it cannot be set here." for key in refused),
            "Take it out. "
            "The folder for ledger, copies and logs is set by the variable SHIPBATCH_HOME.",
        )

    def place(loc: tuple[int | str, ...]) -> str:
        first, *rest = loc
        # the model has a tuple, the file names
        if first in NAMED_TABLES and rest and isinstance(rest[0], int):
            tables = section if first in section else general
            rest[0] = [*tables[str(first)]][rest[0]]
        within = above if first in section else ()
        return file.place((*within, str(first), *(str(part) for part in rest if part != "[key]")))

    try:
        Settings.model_validate(_merge_tables(general, section))
    except ValidationError as error:
        raise config_error(error, place, Settings) from None


def _general_table(file: ConfigFile) -> Mapping[str, Any]:
    """The settings of every store: what is above `[stores.NAME]`."""
    return {name: value for name, value in file.values.items() if name != "stores"}


def _store_values(file: ConfigFile, store_name: str) -> dict[str, Any]:
    """The file's settings for a store; without a name, for `[stores.default]`."""
    section = file.values.get("stores", {}).get(store_name or "default", {})
    return _merge_tables(_general_table(file), section)


def _merge_tables(general: Mapping[str, Any], section: Mapping[str, Any]) -> dict[str, Any]:
    """A store's settings in the file: its own over the general ones, named tables as tuples.

    A setting is taken whole: a store's `[stores.eu.sources]` are all its sources.
    """
    merged = {**general, **section}
    for name in NAMED_TABLES.keys() & merged.keys():
        tables = merged[name]
        if isinstance(tables, Mapping) and all(
            isinstance(table, Mapping) for table in tables.values()
        ):
            merged[name] = tuple(
                {"name": table_name, **table} for table_name, table in tables.items()
            )
    return merged


def _no_such_store(file: ConfigFile | None, name: str) -> ConfigError:
    stores = file.values.get("stores", {}) if file else {}
    known = ", ".join(sorted(stores)) or "none"
    where = file.path if file else NAME
    return ConfigError(
        f"--store {name}: {where} has no [stores.{name}] (it has: {known}).",
        "Add it, or correct the name.",
    )
