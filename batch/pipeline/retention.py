"""How long what holds names and addresses is kept: copies of exports, sheets in the home."""

from contextlib import suppress
from pathlib import Path

from batch.config import Settings
from batch.errors import LedgerError
from batch.ledger import export_store, read_ledger
from batch.pipeline import input_copies


def expire_copies(settings: Settings) -> None:
    """Remove what is older than its source's `retention`, else than `keep_copies`."""
    own = _own_days(settings)
    input_copies.expire(settings.home, settings.keep_copies, own)
    export_store.expire(settings.ledger, settings.keep_copies, own)


def _own_days(settings: Settings) -> dict[str, int]:
    """Days, by digest and by name in the home, for files of sources with days of their own."""
    days = {source.name: source.retention for source in settings.sources if source.retention}
    place = settings.ledger
    if not days or (isinstance(place, Path) and not place.exists()):
        return {}
    # A file that was never run is its source's by its name.
    own = {
        path.name: kept
        for path in input_copies.kept(settings.home)
        for file in path.glob("*")
        if (kept := settings.source_for(file.name).retention)
    }
    with suppress(LedgerError), read_ledger(place) as ledger:
        for run in ledger.runs():
            if kept := days.get(run.source):
                names = {run.sha256, *input_copies.kept_names(run)}
                own |= {name: min(kept, own.get(name, kept)) for name in names}
    return own
