"""What the environment says, and where things are when it says nothing."""

import getpass
import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from batch.config.origins import LOOPBACK, one_spelling
from batch.config.ownership import require_own
from batch.config.settings import API_URL
from batch.errors import ConfigError

TOKEN = "BIGCOMMERCE_ACCESS_TOKEN"  # noqa: S105  the variable's name


def default_home(environ: Mapping[str, str] = os.environ) -> Path:
    """SHIPBATCH_HOME, else the user data folder. Raises ConfigError where others can write it."""
    if given := environ.get("SHIPBATCH_HOME"):
        home = expand_user(given, "SHIPBATCH_HOME").absolute()
    else:
        import platformdirs  # here: it is not needed where the variable is set

        home = Path(platformdirs.user_data_dir("shipbatch", appauthor=False))
    require_own(home, "or set SHIPBATCH_HOME to a folder of yours")
    return home


def expand_user(given: str, where: str) -> Path:
    """A path as it was given somewhere, its `~` filled in; ConfigError where that is nobody's."""
    try:
        return Path(given).expanduser()
    except RuntimeError as error:
        raise ConfigError(
            f"{where} is {given!r}: there is no such user.", "Write the whole path."
        ) from error


def this_user() -> str:
    """Who runs this; a container's user need not have a name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else "nobody"


def config_folder() -> Path:
    """The platform's folder for configuration."""
    import platformdirs

    return Path(platformdirs.user_config_dir("shipbatch", appauthor=False))


def token_variable(store_name: str) -> str:
    """The variable with a store's token: BIGCOMMERCE_ACCESS_TOKEN_EU_WEST for `eu-west`."""
    return "_".join([TOKEN, *re.findall(r"[A-Z0-9]+", store_name.upper())])


def variables(store_name: str) -> dict[str, str]:
    """Setting → its variable, where it has one."""
    names = {"api_url": "BIGCOMMERCE_API_URL", "token": token_variable(store_name)}
    return names if store_name else names | {"store_hash": "BIGCOMMERCE_STORE_HASH"}


def from_environment(environ: Mapping[str, str], store_name: str) -> dict[str, str]:
    """Setting → its value in the environment."""
    found = {
        name: environ.get(variable, "").strip() for name, variable in variables(store_name).items()
    }
    return {name: value for name, value in found.items() if value}


def check_url(url: str, name: str = "BIGCOMMERCE_API_URL") -> str:
    """The API's address in one spelling. Raises ConfigError, with `name`, if unsafe for a token."""
    todo = f"Set it to {API_URL}, or leave it out."
    try:
        plain = one_spelling(url)
    except ValueError as error:
        shown = "" if "@" in url else f" ({url!r})"  # what stands before it may be a password
        raise ConfigError(
            f"{name} is not a plain http(s) address of a host{shown}: {error}.", todo
        ) from error
    parts = urlsplit(plain)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ConfigError(
            f"{name} is {url!r}: plain http would show the token to the network.",
            f"Use https://{parts.netloc}; http is for this machine only ({', '.join(LOOPBACK)}).",
        )
    return plain
