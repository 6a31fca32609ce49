"""A file on its way through the line: as it is put in, as its turn begins, as it ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class QueueItem:
    """A file to be put in line: its content, or the address where a worker finds it."""

    name: str
    content: bytes | None = None
    address: str | None = None
    ask: Mapping[str, Any] = field(default_factory=dict)
    """What was asked of the run."""
    folder: str | None = None
    """The drop folder that waits for its end."""
    path: str | None = None


@dataclass(frozen=True, slots=True)
class QueuedFile:
    """A file in line, as its turn begins."""

    file_id: int
    put_as: str
    """Its own for ever: a database that was put back from a copy gives a number again."""
    store: str
    name: str
    address: str | None
    sha256: str | None
    ask: Mapping[str, Any]
    turns: int
    """This turn's number: nobody writes what another turn has taken over."""
    deaths: int
    tries: int
    run_id: str | None


@dataclass(frozen=True, slots=True)
class NextFile:
    """The file whose turn is next."""

    file_id: int
    wait: float
    """Seconds until it may have its turn."""
    ask: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FileEnd:
    """What became of a file."""

    state: str
    """done, failed or held."""
    exit_status: int
    messages: Sequence[str]
    """In sentences."""
    summary: Mapping[str, Any] = field(default_factory=dict)
    run_id: str | None = None
    sheet_name: str | None = None
    sheet: bytes | None = None
    left_open: int = 0
    """Rows that may fare on."""
    shipped: int | None = None
    """Rows that its runs have shipped."""
