"""Files by address: date placeholders filled in, what lies elsewhere fetched into the home."""

import re
from datetime import date, timedelta
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from batch.errors import FileError

FOLDER = "fetched"
PLACEHOLDER = re.compile(r"\{(date|today|yesterday)(?::([^{}]*))?\}")
PARTS = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d"}
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
        import fsspec

        for each in (home, folder):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = target.with_name(target.name + ".part")
        part.touch(mode=0o600)
        with fsspec.open(url, "rb") as source, part.open("wb") as copy:
            while chunk := source.read(1 << 20):
                copy.write(chunk)
        part.replace(target)
    except ImportError:
        raise FileError(
            f"{where}: {scheme}:// needs a library that is not installed.",
            f"Run: pip install 'shipbatch[{EXTRAS[scheme]}]'.",
        ) from None
    except FileNotFoundError:
        raise FileError(f"{where}: there is no such file.", "Check the name, and whether it has been sent.") from None
    except Exception as error:  # noqa: BLE001  each protocol's library has exceptions of its own
        raise FileError(
            f"{where} cannot be fetched: {type(error).__name__}.", "Check the address, its credentials, the network."
        ) from None
    return target


def _shown(url: str) -> str:
    """An address as it may be seen: without what stands before the @, and after the question mark."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"
