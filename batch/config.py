"""Every setting, with its unit and default; options beat the environment, which beats the file."""

import os
import re
import tomllib
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from batch import model
from batch.errors import ConfigError

API_URL = "https://api.bigcommerce.com"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Frozen):
    """What a warehouse's exports need beyond what the loader finds out by itself."""

    name: str = ""
    match: str = ""
    """File names it applies to, as a glob: `acme-*.csv`."""
    sheet: str = ""
    """The sheet to read; empty: the loader chooses and says which."""
    map: dict[model.Field, str] = {}
    """Field → column: a header text, or a letter or 1-based number."""
    constants: dict[model.Field, str] = {}
    """Field → value for every row that has none of its own."""
    ignore_skus: frozenset[str] = frozenset()
    """Inserts, gift wrap: rows that are skipped."""
    several_parcels: Literal["", "first", "even"] = ""
    """Several numbers for one order and no lines: the first takes all, or dealt out evenly."""


class Folder(_Frozen):
    """A drop folder that `watch` takes care of."""

    name: str = ""
    path: Path
    """The folder that people know: they drop their files into it."""
    store: str = ""
    """A store of `[stores.NAME]`; empty: the one of the environment."""
    source: str = ""
    """A source of `[sources.NAME]`, whatever the files are called; empty: by their names."""
    still: float | None = Field(default=None, gt=0)
    """Seconds for which a file must not have changed; None: 2, on a network share 10."""


class Settings(_Frozen):
    """One run's settings."""

    api_url: str = API_URL
    store_hash: str = ""
    token: SecretStr = SecretStr("")
    identity: str = ""
    """What the store is called in the ledger, where its address does not last (the sandbox)."""
    home: Path = Path()
    """Ledger, copies of inputs, logs; mode 0700."""
    workers: int = Field(default=16, ge=1, le=256)
    """Shipments in flight at once, one an order."""
    timeout: float = Field(default=30.0, gt=0)
    """Deadline of a request, seconds, from its first byte to the answer's last."""
    settle: float = Field(default=90.0, gt=0)
    """Seconds after a doubt before its second look; never shorter than the deadline."""
    reserve: float = Field(default=0.10, ge=0, lt=1)
    """Share of the store's quota left to its other apps."""
    judgement: float = 900.0
    """Seconds a judgement holds before it is taken again."""
    keep_copies: int = 90
    """Days a copy of an input is kept."""
    wait: float = Field(default=60.0, ge=0)
    """Seconds to wait for another runner of the store."""
    hold_statuses: frozenset[int] = frozenset({0, 4, 5, 6, 13})
    """Orders in these do not ship: Incomplete, Refunded, Cancelled, Declined, Disputed."""
    update: bool = False
    """A corrected number or carrier is written to the existing shipment."""
    again: bool = False
    """A person's word: ship what was deleted, or an equal parcel without a number, once more."""
    verify: bool = False
    """Look at the store also for what the ledger holds as created."""
    never_resend: bool = False
    """What is in doubt is never sent again, however surely it is absent."""
    carriers: dict[str, str] = {}
    """Alias → `provider:CODE` or an AfterShip slug."""
    sources: tuple[Source, ...] = ()
    folders: tuple[Folder, ...] = ()

    @property
    def store(self) -> str:
        """API origin and store hash: what tells one store's records from another's."""
        return self.identity or f"{self.api_url}/stores/{self.store_hash}"

    def folder_at(self, path: Path) -> Folder:
        """What is said of the drop folder at a path; one with nothing set where nothing is."""
        given = path.absolute()
        return next((f for f in self.folders if f.path.absolute() == given), Folder(path=given))

    def source_for(self, name: str) -> Source:
        """The source whose `match` fits a file's name; else one with nothing set."""
        return next((s for s in self.sources if s.match and fnmatch(name.casefold(), s.match.casefold())), Source())


def default_home(environ: Mapping[str, str] = os.environ) -> Path:
    """SHIPBATCH_HOME, else the platform's user data folder."""
    if given := environ.get("SHIPBATCH_HOME"):
        return Path(given).expanduser().absolute()
    import platformdirs  # here: it is not needed where the variable is set

    return Path(platformdirs.user_data_dir("shipbatch", appauthor=False))


def config_file(environ: Mapping[str, str] = os.environ) -> Path | None:
    """SHIPBATCH_CONFIG, else shipbatch.toml here, else in the platform's config folder."""
    if given := environ.get("SHIPBATCH_CONFIG"):
        path = Path(given).expanduser()
        if not path.is_file():
            raise ConfigError(f"SHIPBATCH_CONFIG names {path}, and there is no such file.", "Correct or unset it.")
        return path
    import platformdirs

    here = Path("shipbatch.toml")
    there = Path(platformdirs.user_config_dir("shipbatch", appauthor=False)) / "shipbatch.toml"
    return next((path for path in (here, there) if path.is_file()), None)


def settings(options: Mapping[str, Any], *, store_name: str = "", environ: Mapping[str, str] = os.environ) -> Settings:
    """Options over environment over file; ConfigError names the place of what is wrong."""
    path = config_file(environ)
    values = _read(path) if path else {}
    stores = values.pop("stores", {})
    values |= _store_section(stores, store_name, path)
    values["sources"] = tuple({"name": name, **section} for name, section in values.pop("sources", {}).items())
    values["folders"] = tuple(_folder(name, section, path) for name, section in values.pop("folders", {}).items())
    values |= _from_environment(environ, store_name)
    values |= {"home": default_home(environ)} | {k: v for k, v in options.items() if v is not None}
    try:
        made = Settings.model_validate(values)
    except ValidationError as error:
        raise ConfigError(_explain(error, path), "Correct it, or take it out to use the default.") from None
    if made.settle < made.timeout:
        raise ConfigError(
            f"--settle ({made.settle:g} s) is shorter than --timeout ({made.timeout:g} s): late ones would be missed.",
            f"Give --settle at least {made.timeout:g}.",
        )
    return made.model_copy(update={"api_url": _checked_url(made.api_url)})


def require_credentials(made: Settings, store_name: str = "") -> None:
    """ConfigError unless a hash and a token are there."""
    for value, variable in (
        (made.store_hash, "BIGCOMMERCE_STORE_HASH"),
        (made.token.get_secret_value(), token_variable(store_name)),
    ):
        if not value:
            raise ConfigError(
                f"{variable} is not set: the store is not known.",
                f"Set {variable}; to rehearse without an account, add --sandbox.",
            )
        if not value.isascii() or not value.isprintable() or any(c.isspace() for c in value):
            raise ConfigError(f"{variable} holds a blank or a character that no credential has.", "Copy it again.")
    if not made.store_hash.isalnum():
        raise ConfigError(
            f"BIGCOMMERCE_STORE_HASH is {made.store_hash!r}: a store hash is letters and digits only.",
            "It is the part after /stores/ in the API path, e.g. abc123xyz.",
        )


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.", "Correct the file.") from error


def _store_section(stores: Mapping[str, Any], name: str, path: Path | None) -> dict[str, Any]:
    if not name:
        return dict(stores.get("default", {}))
    if name not in stores:
        known = ", ".join(sorted(stores)) or "none"
        where = path or "shipbatch.toml"
        raise ConfigError(
            f"--store {name}: {where} has no [stores.{name}] (it has: {known}).", "Add it, or correct the name."
        )
    return dict(stores[name])


def _folder(name: str, section: Mapping[str, Any], path: Path | None) -> dict[str, Any]:
    """A section of a drop folder; its path is told from the place of the file that names it."""
    here = path.absolute().parent if path else Path()
    given = section.get("path")
    return {"name": name, **section} | ({"path": here / Path(given).expanduser()} if isinstance(given, str) else {})


def token_variable(store_name: str) -> str:
    """The variable that holds a store's token: of `eu-west`, BIGCOMMERCE_ACCESS_TOKEN_EU_WEST."""
    return "_".join(["BIGCOMMERCE_ACCESS_TOKEN", *re.findall(r"[A-Z0-9]+", store_name.upper())])


def _from_environment(environ: Mapping[str, str], store_name: str) -> dict[str, Any]:
    names = {"BIGCOMMERCE_API_URL": "api_url", token_variable(store_name): "token"}
    if not store_name:
        names["BIGCOMMERCE_STORE_HASH"] = "store_hash"
    return {field: environ[variable].strip() for variable, field in names.items() if environ.get(variable, "").strip()}


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url.rstrip("/"))
        host = parts.hostname or ""
        parts.port  # noqa: B018  reading it is what checks it
    except ValueError as error:
        raise ConfigError(f"BIGCOMMERCE_API_URL is {url!r}: {error}.", f"Set it to {API_URL}, or unset it.") from error
    if parts.scheme not in {"http", "https"} or not host or parts.username or parts.query or parts.fragment:
        raise ConfigError(
            "BIGCOMMERCE_API_URL is not a plain http(s) address of a host.", f"Set it to {API_URL}, or unset it."
        )
    if parts.scheme == "http" and host not in LOOPBACK:
        raise ConfigError(
            f"BIGCOMMERCE_API_URL is {url!r}: plain http would show the token to the network.",
            f"Use https://{parts.netloc}; http is for this machine only ({', '.join(LOOPBACK)}).",
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def _explain(error: ValidationError, path: Path | None) -> str:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    return f"Setting {name!r} is wrong: {first['msg']} (from {path or 'the options or the environment'})."
