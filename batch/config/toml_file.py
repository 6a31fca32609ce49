"""`shipbatch.toml`: its content, and the line of each of its keys."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batch.config.ownership import require_own
from batch.errors import ConfigError

Key = tuple[str, ...]
"""A key with the tables above it: `("sources", "acme", "match")`."""

SECRET = re.compile(r"access_?token|(token|secret|password)$", re.IGNORECASE)
"""Keys whose value must be a secret."""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A file that is TOML and holds no secret."""

    path: Path
    text: str
    values: Mapping[str, Any]

    def line(self, key: Key) -> int:
        """The 1-based line of a key, or of its innermost existing table; 0 where none exists.

        TOML's own parser finds it: the first line of the statement after which the key is known.
        """
        lines = self.text.splitlines()
        best, deepest, begins = 0, 0, 1
        for number in range(1, len(lines) + 1):
            try:
                known = tomllib.loads("\n".join(lines[:number]))
            except tomllib.TOMLDecodeError:
                continue  # within a value of several lines
            if (depth := _depth(known, key)) > deepest:
                best, deepest = begins, depth
            begins = number + 1
        return best

    def place(self, key: Key) -> str:
        """A key's place for a message: `shipbatch.toml, line 12: workers`."""
        line = self.line(key)
        place = f"{self.path}, line {line}" if line else f"{self.path}"
        return f"{place}: {'.'.join(key)}"


def read_file(path: Path) -> ConfigFile:
    """The file at a path. Raises ConfigError where others can write it, or it is bad TOML."""
    require_own(path, "or take it away, for what it says may be another's word")
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise ConfigError(
            f"{path}, line {line}: it is not UTF-8 text.", "Save the file as UTF-8."
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror or error}.",
            "Give this user read access to it.",
        ) from error
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _no_toml(path, text, error) from None
    file = ConfigFile(path, text, values)
    if secrets := [key for key in _keys(values) if SECRET.search(key[-1])]:
        raise ConfigError.of_file(
            (f"{file.place(key)}: a secret has no place in this file." for key in secrets),
            "Take it out, and run `shipbatch setup`, or set BIGCOMMERCE_ACCESS_TOKEN. "
            "If others could read the file, make a new token.",
        )
    return file


def _no_toml(path: Path, text: str, error: tomllib.TOMLDecodeError) -> ConfigError:
    said = str(error)
    at = re.search(r" \(at line (\d+), column (\d+)\)$", said)
    if at:
        where, what = f"{path}, line {at[1]}, column {at[2]}", said[: at.start()]
    else:
        where = f"{path}, line {text.count(chr(10)) + 1} (its end)"
        what = said.removesuffix(" (at end of document)")
    todo = "Correct the line; `shipbatch config --example` shows what it should look like."
    if "\\" in what or "hex" in what:
        todo = r"Write a Windows path in single quotes: 'C:\exports'."
    return ConfigError(f"{where}: it cannot be read: {what[:1].lower()}{what[1:]}.", todo)


def _keys(values: Mapping[str, Any], above: Key = ()) -> Iterator[Key]:
    for name, value in values.items():
        yield (*above, name)
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, Mapping):
                yield from _keys(part, (*above, name))


def _depth(values: Any, key: Sequence[str]) -> int:
    """How many parts of a key exist."""
    depth = 0
    for part in key:
        if not isinstance(values, Mapping) or part not in values:
            break
        values, depth = values[part], depth + 1
    return depth
