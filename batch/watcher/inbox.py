"""A store's drop folders together: which file is next, and how it is claimed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from batch.primitives import failpoints
from batch.watcher.arrivals import WholeFile
from batch.watcher.folder import DropFolder, HeldFile
from batch.watcher.folder_layout import is_same
from batch.watcher.retries import AGAIN, TRIES, Retries


@dataclass(frozen=True, slots=True)
class Claim:
    """A file that is this watcher's to run."""

    folder: DropFolder
    file: Path
    """Where it lies now, in `working`."""
    is_new: bool = False
    """Not so where it was left in `working`, or lay in `held`."""
    held: HeldFile | None = None
    """How it was held, where a person has decided of it."""


class Inbox:
    """What there is to run. Claims are made under the store's lock: what lies in `working` then was left there."""

    def __init__(self, folders: Sequence[DropFolder], say_once: Callable[[str], None]) -> None:
        self.folders = folders
        self.retries = Retries()
        self._say_once = say_once

    def scan(self, now: float) -> None:
        """See what has changed in the folders."""
        for folder in self.folders:
            folder.scan(now)
        self.retries.keep_only(self._files)

    @property
    def _files(self) -> list[Path]:
        """Files that may be run, now or later."""
        return [path for folder in self.folders for path in (*folder.working_files, *folder.last_scan.ready)]

    def has_due_file(self, now: float) -> bool:
        """Whether a file may be run now."""
        return any(self.retries.is_due(path, now) for path in self._files)

    @property
    def due_times(self) -> list[float]:
        """When files may be whole, and when failed ones are tried again; nothing in the folders changes then."""
        scans = [folder.last_scan.due for folder in self.folders]
        return [due for due in scans if due is not None] + self.retries.due_times

    def claim_next(self, now: float) -> Claim | None:
        """What was left in `working`, else the file that has been whole for longest; None where nothing is due."""
        self.scan(now)
        return self._claim_unfinished(now) or self._claim_whole(now)

    def _claim_unfinished(self, now: float) -> Claim | None:
        """The one that has failed least often; where even that has failed often, new files go first."""
        retries = self.retries
        left = [(folder, path) for folder in self.folders for path in folder.working_files if retries.is_due(path, now)]
        if not left:
            return None
        folder, path = min(left, key=lambda one: retries.tries(one[1]))
        if retries.tries(path) >= TRIES and any(each.last_scan.ready for each in self.folders):
            return None
        return Claim(folder, path)

    def _claim_whole(self, now: float) -> Claim | None:
        whole = [(each, folder) for folder in self.folders for each in folder.last_scan.whole]
        for each, folder in sorted(whole, key=lambda one: one[0]):
            claimed = self._claim(folder, each, now) if self.retries.is_due(each.path, now) else None
            if claimed:
                return Claim(folder, claimed, is_new=True)
        return None

    def _claim(self, folder: DropFolder, whole: WholeFile, now: float) -> Path | None:
        path = whole.path
        failpoints.failpoint("before-claim")
        try:
            claimed = folder.layout.claim(path)
        except PermissionError:  # Windows: somebody has it open
            self._say_once(f"{path.name} is open in another program, or may not be moved: it is taken when it can be.")
            self.retries.put_off(path, now + AGAIN)
            return None
        failpoints.failpoint("after-claim")
        if claimed and not is_same(claimed, whole.seen):  # put there after the scan: nobody has seen it whole
            self.retries.put_off(claimed, now + AGAIN)
            return None
        return claimed
