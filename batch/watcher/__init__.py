"""The drop folder: people put exports into it, and find them again with their results.

========  ==============================================================================
module    what it knows
========  ==============================================================================
places    the folder and the four in it; names, claims, nothing overwritten
arrivals  which dropped files are whole
bell      when to look
shelf     one folder as its watcher sees it
turn      one file: run, filed away
attempts  how often a file could not be read, also by a watcher that died on it
letters   what a person finds beside a file that came back
keeper    one store's folders: order, the lock, trouble
troubles  which files are tried again, and when
screens   where a file's run tells how it goes
watching  all stores at once; systemd's signs of life
board     what goes on, for `status` in another process
folder_status  what `status` says
========  ==============================================================================
"""

from batch.watcher.status import folder_status
from batch.watcher.watch import WatchedFolder, watch

__all__ = ["WatchedFolder", "folder_status", "watch"]
