"""Notifications of a run: the log, people, and a dead man's switch.

=============  ==========================================================
module         what it knows
=============  ==========================================================
notify         after a run: the log, people, the dead man's switch
digest         what a run came to, in a few lines
alert_history  what people have been told of already
channels       the ways out: any apprise address (Teams, mail …), no code
log            one line per event, a file a day
metrics        a Prometheus text file
systemd        what systemd is told
=============  ==========================================================
"""

from batch.monitoring.digest import Digest, of_arrival, of_error, of_open_orders, of_report
from batch.monitoring.notify import Notifier, notify_after_run

__all__ = [
    "Digest",
    "Notifier",
    "notify_after_run",
    "of_arrival",
    "of_error",
    "of_open_orders",
    "of_report",
]
