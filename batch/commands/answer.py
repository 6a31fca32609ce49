"""What a command answers: lines for a person, data for a program, an exit status."""

from dataclasses import dataclass
from typing import Any

from batch.model.exit_status import ExitStatus


@dataclass(frozen=True, slots=True)
class CommandResult:
    """One answer, for a person and for a program."""

    lines: tuple[str, ...]
    data: Any
    status: ExitStatus = ExitStatus.ALL_DONE
