"""Many stores on many machines: files are put in line in a database, and workers take them.

=========  ================================================================================
module     what it knows
=========  ================================================================================
engine     procrastinate: a job is a store's next turn
entries    a file as it is put in, as its turn begins, as it ends
queue      the files in line, and what became of each
asking     what was asked of a file's run, on its way through the database
turn       one file's turn: run, gone on with, finished or left
recounting what has become of a finished file's rows since, told in its end
skipping   a file taken out of the line
sweeping   dead workers' stores, held files that were answered, what has expired
rounds     what a worker does beside its turns
worker     stores side by side, for as long as it lives
following  waiting for queued files where they were put in; their sheets beside them
folder     a drop folder whose files go to the queue
queue_status  what `status --fleet` says
=========  ================================================================================
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
