"""Where the ledger is: a file in the home, or a PostgreSQL database of many machines."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from batch.errors import ConfigError

LEDGER = "ledger.sqlite3"  # its file's name, in a home
DATABASE = "SHIPBATCH_DATABASE"
_KINDS = ("postgresql", "postgres")


@dataclass(frozen=True, slots=True)
class Database:
    """A PostgreSQL database by its address; as text it is shown without its password."""

    url: str = field(repr=False)

    def __str__(self) -> str:
        return redact_passwords(self.url)


Place = Path | Database


def redact_passwords(url: str) -> str:
    """A database's address without its passwords."""
    parts = urlsplit(url)
    user, at, hosts = parts.netloc.rpartition("@")
    plain = "&".join(word for word in parts.query.split("&") if "password" not in word.casefold())
    shown = f"{parts.scheme}://{user.partition(':')[0]}{at}{hosts}{parts.path}"
    return f"{shown}{'?' * bool(plain)}{plain}"


def passwords_of(url: str) -> set[str]:
    """The secrets in an address, as written and as decoded."""
    parts = urlsplit(url)
    found = {parts.netloc.rpartition("@")[0].partition(":")[2]}
    found |= {
        word.partition("=")[2] for word in parts.query.split("&") if "password" in word.casefold()
    }
    return (found | {unquote(word) for word in found}) - {""}


def check_database(url: str, where: str = DATABASE) -> str:
    """A database's address as the driver takes it. Raises ConfigError for another kind."""
    try:
        kind = urlsplit(url).scheme
    except ValueError:
        kind = ""
    if kind not in _KINDS:
        raise ConfigError(
            f"{where} is not the address of a PostgreSQL database.",
            "Write postgresql://USER:PASSWORD@HOST/DATABASE.",
        )
    return url
