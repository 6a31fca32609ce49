"""The drop folder: people put exports into it, and find them again with their results.

=============  ==========================================================================
module         what it knows
=============  ==========================================================================
folder_layout  the folder and the four in it; names, claims, nothing overwritten
arrivals       which dropped files are whole
change_events  when to look
folder         one folder as its watcher sees it
file_job       one file: run, filed away
attempts       how often a file could not be read, also by a watcher that died on it
notices        what a person finds beside a file that came back
store_watcher  one store's folders: order, the lock, trouble
retries        which files are tried again, and when
progress       where a file's run tells how it goes
watch          all stores at once; systemd's signs of life
status_file    what goes on, for `status` in another process
status         what `status` says
=============  ==========================================================================
"""

from batch.watcher.status import folder_status
from batch.watcher.watch import Post, watch_folders

__all__ = ["Post", "folder_status", "watch_folders"]
