"""What an address may be, how it is shown, and how a file from it is called."""

import re
from datetime import date, timedelta
from pathlib import PurePosixPath
from urllib.parse import SplitResult, unquote, urlsplit

from batch.config.origins import LOOPBACK
from batch.errors import FileError
from batch.model.sheet_format import LONGEST_NAME

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
    "https": "",
    "http": "",
}
"""Kinds of addresses, and the extra that each needs: `shipbatch[sftp]`."""
WEB = ("https", "http")
_NO_NAME = re.compile(r'[/\\:*?"<>|]')
# on Windows, in every folder
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_LONGEST_ENDING = 20  # bytes; what is longer after the last dot is no ending


def fill_in_dates(given: str, today: date) -> str:
    """An address with its dates, such as `{date}` (2026-11-25) or `{yesterday:DD.MM.YYYY}`."""

    def day(found: re.Match[str]) -> str:
        which = today - timedelta(days=1) if found[1] == "yesterday" else today
        pattern = found[2] or "YYYY-MM-DD"
        return re.sub("YYYY|YY|MM|DD", lambda part: which.strftime(PARTS[part[0]]), pattern)

    return PLACEHOLDER.sub(day, given)


def is_far(given: str) -> bool:
    """Whether it is an address and not a path; a drive's letter is none."""
    return bool(re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", given))


def check_typed(url: str) -> None:
    """FileError where a file cannot be, or should not be, asked for by this address."""
    parts, where = split(url), redact_url(url)
    if parts.password or parts.query:
        raise FileError(
            f"{where}: the address has a password or a key in it, for everyone to see in the"
            " process list.",
            "Leave it out: SSH keys, cloud profiles and their variables are used as they are set"
            " up.",
        )
    _check_plain(parts, where)
    chained = parts.scheme not in WEB and "::" in url  # fsspec would take it for several addresses
    if parts.scheme not in EXTRAS or chained or not name_of(url):
        kinds = ", ".join(f"{each}://" for each in ("sftp", "s3", "gs", "abfs", "https"))
        raise FileError(
            f"{where}: it is no address of a file.", f"It may be a path, or one of {kinds}."
        )


def check_sent_on(url: str, typed: str) -> None:
    """FileError where a redirect leads to an address that would not be accepted if typed.

    It may have a key after its question mark: the server has put it there, and nobody else sees it.
    """
    parts = split(url)
    where = f"{redact_url(typed)} sends on to {redact_url(url)}"
    if parts.scheme not in WEB or not parts.hostname or "@" in parts.netloc:
        raise FileError(
            f"{where}: it is no https address.", "Ask whoever runs the server where the file is."
        )
    _check_plain(parts, where)


def split(url: str) -> SplitResult:
    """An address in its parts; FileError where it is none."""
    try:
        parts = urlsplit(url, allow_fragments=url.casefold().startswith("http"))
        parts.port  # noqa: B018  reading it is what checks it
    except ValueError as error:
        raise FileError(f"An address cannot be understood: {error}.", "Correct it.") from None
    return parts


def name_of(url: str) -> str:
    """The name of a file from an address: valid on every disk and not a path; empty: none."""
    name = _NO_NAME.sub("_", unquote(split(url).path.rpartition("/")[2]))
    name = "".join(char if char.isprintable() else "_" for char in name).rstrip(". ")
    name = f"_{name}" if _DEVICE.match(name) else name
    ending = PurePosixPath(name).suffix
    ending = ending if len(ending.encode()) < _LONGEST_ENDING else ""
    stem = name.removesuffix(ending)
    return stem.encode()[: LONGEST_NAME - len(ending.encode())].decode("utf-8", "ignore") + ending


def redact_url(url: str) -> str:
    """An address that may be shown: without what is before the @ and after the question mark."""
    parts = split(url)
    host = parts.netloc.rpartition("@")[2]
    text = f"{parts.scheme}://{host}{parts.path}"
    return "".join(char if char.isprintable() else "_" for char in text)


def _check_plain(parts: SplitResult, where: str) -> None:
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise FileError(f"{where}: plain http can be read and changed on its way.", "Use https://.")
