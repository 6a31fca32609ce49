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
overview   what `status --fleet` says
=========  ================================================================================
"""

from batch.fleet.asking import ask_of
from batch.fleet.entries import Entry
from batch.fleet.folder import watch_queued
from batch.fleet.following import Ends, delivered, followed
from batch.fleet.overview import overview
from batch.fleet.queue import Queue
from batch.fleet.skipping import skipped
from batch.fleet.worker import Worker

__all__ = ["Ends", "Entry", "Queue", "Worker", "ask_of", "delivered", "followed", "overview", "skipped", "watch_queued"]
