"""What a command answers: lines for a person, data for a program, an exit status."""

from dataclasses import dataclass
from typing import Any

from batch.model.exit_status import ExitStatus


@dataclass(frozen=True, slots=True)
class CommandResult:
    """A command's answer: lines for a person, JSON data for a program, the exit status."""

    lines: tuple[str, ...]
    data: Any
    status: ExitStatus = ExitStatus.ALL_DONE
