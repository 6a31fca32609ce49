"""Where secrets come from: environment, systemd, a private file, keyring; never shipbatch.toml."""

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from batch.config.environment import default_home, token_variable
from batch.config.ledger_place import DATABASE, check_database, passwords_of
from batch.config.ownership import mode_at, require_own
from batch.config.settings import Settings
from batch.errors import ConfigError
from batch.primitives.atomic_file import private_folder, sibling_temp_file

KEYRING = "shipbatch"
"""The service's name in a keyring."""
HIDDEN = "[hidden]"
_ALONE = "It should hold the secret alone, on one line."
_LARGEST = 4096  # bytes; a token has 31 to 64
_read: set[str] = set()


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret, and where it was found, in words."""

    value: SecretStr
    where: str


def require_credentials(
    made: Settings, store_name: str = "", environ: Mapping[str, str] = os.environ
) -> Settings:
    """The settings with the store's token. Raises ConfigError without a valid hash and token."""
    variable = token_variable(store_name)
    hash_name = f"store_hash in [stores.{store_name}]" if store_name else "BIGCOMMERCE_STORE_HASH"
    if not made.store_hash:
        neither = not (made.token.get_secret_value() or token_of(made, store_name, environ))
        raise _credentials_error(hash_name, *([variable] if neither else []))
    if made.token.get_secret_value():
        _read.add(made.token.get_secret_value())
        token = made.token
    elif found := token_of(made, store_name, environ):
        token = found.value
    else:
        raise _credentials_error(variable)
    for name, value in ((hash_name, made.store_hash), (variable, token.get_secret_value())):
        if not value.isascii() or not value.isprintable() or any(c.isspace() for c in value):
            raise ConfigError(
                f"{name} holds a blank or a character that no credential has.", "Copy it again."
            )
    if not made.store_hash.isalnum():
        raise ConfigError(
            f"{hash_name} is {made.store_hash!r}: a store hash is letters and digits only.",
            "It is the part after /stores/ in the API path, e.g. abc123xyz.",
        )
    return made.model_copy(update={"token": token})


def token_of(
    made: Settings, store_name: str = "", environ: Mapping[str, str] = os.environ
) -> Secret | None:
    """A store's access token, and where it was found."""
    return find_secret(
        token_variable(store_name), environ, file=made.token_file, keyring=made.keyring
    )


def database_of(environ: Mapping[str, str] = os.environ) -> str:
    """The ledger database's address, if set. Raises ConfigError unless it is PostgreSQL's."""
    found = find_secret(DATABASE, environ)
    if found is None:
        return ""
    url = check_database(found.value.get_secret_value(), found.where)
    _read.update(passwords_of(url))
    return url


def find_secret(
    variable: str,
    environ: Mapping[str, str] = os.environ,
    *,
    file: Path | None = None,
    keyring: bool = False,
) -> Secret | None:
    """The first of: variable, systemd credential of that name, file, `setup`'s file, keyring.

    Raises ConfigError where others can read or write the file: such a secret must not be used.
    """
    for text, where in _places(variable, environ, file, keyring=keyring):
        if value := text.strip():
            _read.add(value)
            return Secret(SecretStr(value), where)
    return None


def secret_file(variable: str, environ: Mapping[str, str] = os.environ) -> Path:
    """Where `setup` keeps a secret: beside the ledger, readable by its owner only."""
    return default_home(environ) / "secrets" / variable.lower()


def hide(text: str) -> str:
    """A text without any secret that this process has read."""
    for secret in sorted(_read, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def keep_in_file(variable: str, value: str, environ: Mapping[str, str] = os.environ) -> Path:
    """Write a secret to its file, which is 0600 before it holds anything."""
    path = secret_file(variable, environ)
    try:
        private_folder(path.parent)
        with sibling_temp_file(path) as new:
            with new.open("w", encoding="utf-8") as file:
                file.write(value + "\n")
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror or error}.",
            "Set SHIPBATCH_HOME to a folder of yours.",
        ) from error
    return path


def keep_in_keyring(variable: str, value: str) -> str:
    """Keep a secret in the keyring; returns its place in words. Raises ConfigError without one."""
    ring = _load_keyring()
    try:
        ring.set_password(KEYRING, variable.lower(), value)
    except Exception as error:  # noqa: BLE001  each system's keyring has exceptions of its own
        raise _no_keyring(error) from None
    return _in_keyring(variable)


def _places(
    variable: str, environ: Mapping[str, str], file: Path | None, *, keyring: bool
) -> Iterator[tuple[str, str]]:
    yield environ.get(variable, ""), f"the variable {variable}"
    if folder := environ.get("CREDENTIALS_DIRECTORY"):
        path = Path(folder) / variable.lower()
        if stat.S_ISREG(mode_at(path)):  # who can read it is systemd's care
            yield _text(path), f"systemd's credential {path.name}"
    if file is not None:
        yield _private(file), f"the file {file}"
    kept = secret_file(variable, environ)
    if mode_at(kept):
        yield _private(kept), f"the file {kept}"
    if keyring:
        try:
            found = _load_keyring().get_password(KEYRING, variable.lower())
        except ConfigError:
            raise
        except Exception as error:  # noqa: BLE001  each system's keyring has exceptions of its own
            raise _no_keyring(error) from None
        yield found or "", _in_keyring(variable)


def _private(path: Path) -> str:
    """A file's text. Raises ConfigError unless it is this user's alone (not checked on Windows)."""
    try:
        found = path.stat()
    except OSError as error:
        raise ConfigError(
            f"The token's file {path} cannot be read: {error.strerror or error}.",
            "Correct `token_file`, or run `shipbatch setup`.",
        ) from None
    if os.name == "posix" and found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(
            f"{path} holds a secret, and others can read it "
            f"(mode {stat.S_IMODE(found.st_mode):04o}).",
            f"Run: chmod 600 '{path}'. If others could read it for long, make a new token.",
        )
    return _text(path)


def _text(path: Path) -> str:
    require_own(path, "or keep the secret elsewhere")
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST + 1).decode("utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigError(f"{path} cannot be read: {reason}.", _ALONE) from None
    if not text or len(text) > _LARGEST:
        raise ConfigError(f"{path} is empty, or too long for a secret.", _ALONE)
    return text


def _load_keyring() -> Any:
    try:
        import keyring
    except ImportError:
        raise ConfigError(
            "`keyring = true` needs a library that is not installed.",
            "Run: pip install 'shipbatch[keyring]'.",
        ) from None
    return keyring


def _no_keyring(error: Exception) -> ConfigError:
    return ConfigError(
        f"The keyring cannot be used ({type(error).__name__}).",
        "Unlock it, or keep the token in a file: `shipbatch setup` without --keyring.",
    )


def _in_keyring(variable: str) -> str:
    return f"the keyring ({KEYRING}, {variable.lower()})"


def _credentials_error(*names: str) -> ConfigError:
    what = " and ".join(names)
    by_name = "BIGCOMMERCE_STORE_HASH" in names
    named = ", or name a store of shipbatch.toml with --store" if by_name else ""
    return ConfigError(
        f"{what} {'are' if len(names) > 1 else 'is'} not set: the store is not known.",
        f"Run `shipbatch setup`, or set {what}{named}; "
        "to rehearse without an account, add --sandbox.",
    )
