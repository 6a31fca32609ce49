"""Named points at which a test may kill the process, as a power cut would.

Nothing happens unless `SHIPBATCH_CRASH_AT=NAME:N` is set when the process starts: then it kills
itself with SIGKILL at the N-th passage of that point, 1-based. The names:

- `before-X`, `after-X`: around the ledger's commit of a unit, X being `begin`, `plan`, `intent`,
  `outcome`, `read-back`, `judge-again`, `event` (updated, deleted, waits anew),
  `decision`, `header`, `finish`. Units that share a commit pass one by one.
- `in-migration`: after each statement that upgrades an older ledger.
- `before-copy`, `after-copy`, `before-sheet`, `after-sheet`: around the moment at which the
  copy of an export, or its results sheet, gets its name.
- `intended`, `answered`, `recorded`: the pool, before the first byte, after the answer's last,
  after the outcome.
- `read back`, `decided`: the reconciler, before it records that a shipment was found, or was not.
- `correcting`, `corrected`: around the PUT of a correction.
- `deleting`, `deleted`, `status put back`: undo, around each DELETE, and after the PUT of an
  order's status.
"""

import os
import signal
from itertools import count

_NAME, _, _PASSAGE = os.environ.get("SHIPBATCH_CRASH_AT", "").rpartition(":")
_LAST = int(_PASSAGE) if _NAME and _PASSAGE.isdecimal() else 0
_passages = count(1)


def failpoint(name: str) -> None:
    """Pass a point; the process ends here if this is the one that was set."""
    if _NAME and name == _NAME and next(_passages) == _LAST:
        os.kill(os.getpid(), signal.SIGKILL)
