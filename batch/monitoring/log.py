"""The log in SHIPBATCH_HOME, one line per event and one file per day; never a cell's content."""

import os
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from batch.config.secrets import hide
from batch.primitives.atomic_file import private_folder
from batch.primitives.escapes import json_line, visible

FOLDER = "logs"


@dataclass(frozen=True, slots=True)
class LogEvent:
    """An event for the log; its facts are safe to show to anybody who may read logs."""

    what: str
    """Short and stable: `run`, `refused`, `notified`."""
    trouble: bool = False
    facts: dict[str, Any] = field(default_factory=dict)

    def line(self, form: str, at: datetime) -> str:
        """The event as `text` or `json`, without any secret that this process has read."""
        level = "warning" if self.trouble else "info"
        if form == "json":
            told = {
                "at": at.isoformat(timespec="seconds"),
                "level": level,
                "event": self.what,
                **self.facts,
            }
            return hide(json_line(told))
        facts = " ".join(f"{name}={_plain(value)}" for name, value in self.facts.items())
        return hide(
            visible(f"{at.isoformat(timespec='seconds')} {level} {self.what} {facts}".rstrip())
        )


def write(home: Path, events: list[LogEvent], *, form: str = "text", days: int = 30) -> list[str]:
    """Append to today's file, remove older ones, return the lines; failing to write stops nothing.

    One file per day, never renamed: several processes append to it, and any tool may hold it open.
    """
    now = datetime.now(UTC)
    lines, folder = [event.line(form, now) for event in events], home / FOLDER
    with suppress(OSError):
        private_folder(folder)
        path = folder / f"shipbatch-{now:%Y-%m-%d}.log"
        if not path.exists():
            _expire(folder, now.date() - timedelta(days=days))
        with os.fdopen(
            os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a", encoding="utf-8"
        ) as file:
            file.write("".join(f"{line}\n" for line in lines))
    return lines


def _expire(folder: Path, oldest: date) -> None:
    for path in folder.glob("shipbatch-????-??-??.log"):
        if path.stem.removeprefix("shipbatch-") < oldest.isoformat():
            path.unlink(missing_ok=True)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        value = ", ".join(f"{count} {kind}" for kind, count in value.items()) or "none"
    text = value if isinstance(value, str) else json_line(value)
    return json_line(text) if not text or any(c in text for c in ' "=\n\r\t') else text
