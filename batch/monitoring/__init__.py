"""Who is told of a night, and when: the log always; people for what is new or too much; the dead man's switch."""

from batch.monitoring.digest import Digest, of_arrival, of_error, of_report
from batch.monitoring.notify import after

__all__ = ["Digest", "after", "of_arrival", "of_error", "of_report"]
