"""The drop folder: people put exports into it, and find them again with their results.

==============  ==============================================================================
module          what it knows
==============  ==============================================================================
folder_layout   the folder and the four in it; names, claims, nothing overwritten
arrivals        which dropped files are whole
change_events   when to look
folder          one folder as its watcher sees it
inbox           one store's folders together: the next file, claimed
file_job        one file: run, filed away
attempts        how often a file could not be read, also by a watcher that died on it
notices         what a person finds beside a file that came back
held_decisions  what people have decided of the files in `held`
upkeep          what no file brings: expired copies, what was left open
retries         which files are tried again, and when
trouble         what is in the way: said once, waited out
messages        what is said to the watcher's output, to the log and to people
timer           what is done every so many seconds
store_watcher   one store's folders, watched: the loop, the lock
watch           all stores at once; systemd's signs of life
progress        where one file's run reports its progress
status_file     what a watcher is doing, for `status` in another process
status          what `status` says
==============  ==============================================================================
"""

from batch.watcher.status import folder_status
from batch.watcher.watch import WatchedFolder, watch_folders

__all__ = ["WatchedFolder", "folder_status", "watch_folders"]
