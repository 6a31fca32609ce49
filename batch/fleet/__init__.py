"""Many stores on many machines: files are put in line in a database, and workers take them.

=================  ==============================================================================
module             what it knows
=================  ==============================================================================
procrastinate_app  procrastinate: a job is a store's next turn
queue_items        a file as it is put in, as its turn begins, as it ends
queue              the files in line, and the end of each
run_options        what was asked of a file's run, on its way through the database
file_job           one file's turn: run or resumed, finished or left
late_results       what has happened to a finished file's rows since, put into its end
cancel             a file taken out of the line
maintenance        dead workers' stores, held files that were answered, what has expired
housekeeping       what a worker does beside its turns
worker             stores side by side, for as long as it lives
follow             waiting for queued files where they were put in; their sheets beside them
queued_folder      a drop folder whose files go to the queue
status             what `status --fleet` says
=================  ==============================================================================
"""

from batch.fleet.cancel import cancel_file
from batch.fleet.follow import FinishedFiles, deliver_sheets, follow_files
from batch.fleet.queue import Queue
from batch.fleet.queue_items import QueueItem
from batch.fleet.queued_folder import watch_queued
from batch.fleet.run_options import ask_of
from batch.fleet.status import queue_status
from batch.fleet.worker import Worker

__all__ = [
    "FinishedFiles",
    "Queue",
    "QueueItem",
    "Worker",
    "ask_of",
    "cancel_file",
    "deliver_sheets",
    "follow_files",
    "queue_status",
    "watch_queued",
]
