"""Files by address: date placeholders filled in, what lies elsewhere fetched into the home."""

import logging
import re
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import unquote, urlsplit

from batch.errors import FileError

FOLDER = "fetched"
PLACEHOLDER = re.compile(r"\{(date|today|yesterday)(?::([^{}]*))?\}")
PARTS = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d"}
PATIENCE = 30.0  # seconds for a server to be reached
EXTRAS = {
    "sftp": "sftp",
    "ssh": "sftp",
    "s3": "s3",
    "gs": "gs",
    "gcs": "gs",
    "abfs": "abfs",
    "abfss": "abfs",
    "az": "abfs",
    "https": "https",
    "http": "https",
}
"""Kinds of addresses, and the extra that each needs: `shipbatch[sftp]`."""


def dated(given: str, today: date) -> str:
    """A path or an address with its dates: `{date}` as 2026-11-25, `{date:YYYYMMDD}`, `{yesterday:DD.MM.YYYY}`."""

    def day(found: re.Match[str]) -> str:
        which = today - timedelta(days=1) if found[1] == "yesterday" else today
        pattern = found[2] or "YYYY-MM-DD"
        return re.sub("YYYY|YY|MM|DD", lambda part: which.strftime(PARTS[part[0]]), pattern)

    return PLACEHOLDER.sub(day, given)


def is_far(given: str) -> bool:
    """Whether it is an address and not a path; a drive's letter is none."""
    return bool(re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", given))


def fetched(url: str, home: Path) -> Path:
    """Fetch a file into the home, whole or not at all; FileError where it cannot be had.

    Credentials are those that the address's own programs keep (SSH keys, AWS profiles …): one in the address
    itself would stand in the process list.
    """
    scheme = urlsplit(url).scheme.casefold()
    name = unquote(PurePosixPath(urlsplit(url).path).name)
    where = _shown(url)
    if urlsplit(url).password or urlsplit(url).query:
        raise FileError(
            f"{where}: the address has a password or a key in it, for everyone to see in the process list.",
            "Leave it out: SSH keys, cloud profiles and their variables are used as they are set up.",
        )
    if scheme == "http" and urlsplit(url).hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise FileError(f"{where}: plain http can be read and changed on its way.", "Use https://.")
    if scheme not in EXTRAS or not name:
        kinds = ", ".join(f"{each}://" for each in ("sftp", "s3", "gs", "abfs", "https"))
        raise FileError(f"{where}: it is no address of a file.", f"It may be a path, or one of {kinds}.")
    folder = home / FOLDER
    target = folder / name
    try:
        for each in (home, folder):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = target.with_name(target.name + ".part")
        part.touch(mode=0o600)
        with _opened(url) as source, part.open("wb") as copy:
            shutil.copyfileobj(source, copy, 1 << 20)
        part.replace(target)
    except ImportError:
        raise FileError(
            f"{where}: {scheme}:// needs a library that is not installed.",
            f"Run: pip install 'shipbatch[{EXTRAS[scheme]}]'.",
        ) from None
    except FileNotFoundError:
        raise FileError(f"{where}: there is no such file.", "Check the name, and whether it has been sent.") from None
    except FileError:
        raise
    except Exception as error:  # noqa: BLE001  each protocol's library has exceptions of its own
        raise FileError(
            f"{where} cannot be fetched: {type(error).__name__}.", "Check the address, its credentials, the network."
        ) from None
    return target


def _opened(url: str) -> AbstractContextManager[IO[bytes]]:
    if EXTRAS[urlsplit(url).scheme.casefold()] == "sftp":
        return _over_ssh(url)
    import fsspec

    opened: AbstractContextManager[IO[bytes]] = fsspec.open(url, "rb")
    return opened


@contextmanager
def _over_ssh(url: str) -> Iterator[IO[bytes]]:
    """A file as `sftp` would get it: by ~/.ssh/config, the keys and the agent, from a host that is known.

    Not by fsspec, which takes any host's key: whoever stands between could say what ships.
    """
    import paramiko

    parts, where = urlsplit(url), _shown(url)
    logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)  # what it says is said below
    config, client = Path.home() / ".ssh" / "config", paramiko.SSHClient()
    told = paramiko.SSHConfig.from_path(str(config)) if config.is_file() else paramiko.SSHConfig()
    host = told.lookup(parts.hostname or "")
    client.load_system_host_keys()
    with suppress(OSError):
        client.load_system_host_keys("/etc/ssh/ssh_known_hosts")
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    try:
        client.connect(
            host.get("hostname", parts.hostname or ""),
            parts.port or int(host.get("port", 22)),
            unquote(parts.username) if parts.username else host.get("user"),
            key_filename=host.get("identityfile"),
            timeout=PATIENCE,
        )
        with client.open_sftp() as session, session.open(unquote(parts.path)) as file:
            before = file.stat()
            file.prefetch(before.st_size)
            yield file
            after = session.stat(unquote(parts.path))
            if (before.st_size, before.st_mtime) != (after.st_size, after.st_mtime):
                raise FileError(f"{where}: it is still being written.", "Run it again once it is whole.")
    except paramiko.BadHostKeyException:
        todo = "Do not accept it before whoever runs the server has said that its key is new."
        raise FileError(f"{where}: the server has another key than the one in known_hosts.", todo) from None
    except paramiko.SSHException as error:
        transport = client.get_transport()
        if "known_hosts" in str(error):
            todo = f"Run `sftp {parts.netloc}` once as this user, compare the key that it shows, and accept it."
            raise FileError(f"{where}: the server's key is not in known_hosts.", todo) from None
        if transport is None or transport.is_authenticated():
            raise
        todo = "Put this user's public key there, or name the key in ~/.ssh/config (IdentityFile)."
        raise FileError(f"{where}: the server does not let this user in.", todo) from None
    finally:
        client.close()


def _shown(url: str) -> str:
    """An address as it may be seen: without what stands before the @, and after the question mark."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"
