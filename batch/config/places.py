"""Where the ledger is: a file in the home, or a PostgreSQL database that many machines share."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from batch.errors import ConfigError

LEDGER = "ledger.sqlite3"  # its file's name, in a home
DATABASE = "SHIPBATCH_DATABASE"
_KINDS = ("postgresql", "postgres")


@dataclass(frozen=True, slots=True)
class Database:
    """A PostgreSQL database by its address; as text it is shown without its password."""

    url: str = field(repr=False)

    def __str__(self) -> str:
        return shown(self.url)


Place = Path | Database


def shown(url: str) -> str:
    """A database's address as people may see it: without password and parameters."""
    parts = urlsplit(url)
    user, at, hosts = parts.netloc.rpartition("@")
    return urlunsplit((parts.scheme, user.partition(":")[0] + at + hosts, parts.path, "", ""))


def password_of(url: str) -> str:
    """What is not to be seen of an address; empty where it has none."""
    return urlsplit(url).netloc.rpartition("@")[0].partition(":")[2]


def checked_database(url: str, where: str = DATABASE) -> str:
    """A database's address as the driver takes it; ConfigError where it is another thing's."""
    try:
        kind = urlsplit(url).scheme
    except ValueError:
        kind = ""
    if kind not in _KINDS:
        raise ConfigError(
            f"{where} is not the address of a PostgreSQL database.", "Write postgresql://USER:PASSWORD@HOST/DATABASE."
        )
    return url
