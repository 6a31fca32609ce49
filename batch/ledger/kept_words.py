"""SQL conditions on the states and statuses that are stored, made from the model's words."""

from batch.model import UNSETTLED, State, Status

UNSETTLED_STATES = ", ".join(f"'{state}'" for state in State if state in UNSETTLED)
IS_UNSETTLED = f"state IN ({UNSETTLED_STATES})"
"""In the words of the index, so that it is used."""


def has_status(*statuses: Status, column: str = "finding") -> str:
    """Whether a note's finding has one of these statuses (`finding_text` writes it first)."""
    begins = [f'["{status}"' for status in sorted(statuses, key=lambda status: status.severity)]
    return f"({' OR '.join(f'substr({column}, 1, {len(begin)}) = {begin!r}' for begin in begins)})"
