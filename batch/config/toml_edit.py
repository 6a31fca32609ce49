"""What `setup` writes into shipbatch.toml: a store's hash; the rest of the file stays as it is."""

import json
import os
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from batch.config.environment import config_folder
from batch.config.load import NAME, config_file
from batch.config.ownership import mode_at
from batch.config.toml_file import ConfigFile, read_file
from batch.errors import ConfigError
from batch.primitives.atomic_file import private_folder, sibling_temp_file


def keep_hash(
    store_hash: str, store_name: str = "", environ: Mapping[str, str] = os.environ
) -> Path:
    """Write a store's hash into shipbatch.toml, made if missing; returns the file's path.

    Raises ConfigError where the file has another hash for the store: it may be meant.
    """
    path = config_file(environ) or config_folder() / NAME
    file = read_file(path) if mode_at(path) else ConfigFile(path, "", {})
    key = ("stores", store_name, "store_hash") if store_name else ("store_hash",)
    line = f"store_hash = {json.dumps(store_hash)}"
    wanted = _with(file.values, key, store_hash)
    if wanted == file.values:
        return path
    if (had := _at(file.values, key)) is not None:
        raise ConfigError(
            f"{file.place(key)} is {had!r}, and you gave {store_hash!r}.",
            f"Change the line to: {line}",
        )
    text = _with_line(file, store_name, line)
    if _parse(text) != wanted:
        table = f"[stores.{store_name}]" if store_name else "the top of the file"
        raise ConfigError(
            f"{path}: there is no plain place for the store's hash.", f"Write into {table}: {line}"
        )
    _replace(path, text)
    return path


def _with_line(file: ConfigFile, store_name: str, line: str) -> str:
    if not store_name:
        return f"{line}\n{file.text}"  # before any table
    lines = file.text.splitlines()
    if store_name in file.values.get("stores", {}):
        at = file.line(("stores", store_name))
        return "\n".join([*lines[:at], line, *lines[at:], ""])
    bare = store_name.replace("-", "").replace("_", "").isalnum()
    header = store_name if bare else json.dumps(store_name)
    return "\n".join([*lines, *([""] if lines else []), f"[stores.{header}]", line, ""])


def _parse(text: str) -> Mapping[str, Any] | None:
    with suppress(tomllib.TOMLDecodeError):
        return tomllib.loads(text)
    return None


def _at(values: Mapping[str, Any], key: tuple[str, ...]) -> Any:
    found: Any = values
    for part in key:
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _with(values: Mapping[str, Any], key: tuple[str, ...], value: str) -> dict[str, Any]:
    first, *rest = key
    return {**values, first: _with(values.get(first, {}), tuple(rest), value) if rest else value}


def _replace(path: Path, text: str) -> None:
    """Replace the file whole or not at all; its permissions stay."""
    real = path.resolve()  # a link to the file stays one
    try:
        private_folder(real.parent)
        with sibling_temp_file(real) as new:
            new.write_text(text, "utf-8")
            if real.exists():
                new.chmod(real.stat().st_mode & 0o777)
            new.replace(real)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror or error}.",
            "Name another place in SHIPBATCH_CONFIG.",
        ) from error
