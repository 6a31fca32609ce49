"""Who is told of a night, and when: the log always; people for what is new or too much; the dead man's switch."""

from batch.monitoring.digest import Digest, of_arrival, of_error, of_report
from batch.monitoring.notify import Notifier, notify_after_run

__all__ = ["Digest", "Notifier", "notify_after_run", "of_arrival", "of_error", "of_report"]
