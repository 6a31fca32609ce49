"""What survives a crash: one contract (`base`), two stores for it (`stores`), one runner a store (`locks`)."""

from batch.config import LEDGER
from batch.ledger.locks import store_lock
from batch.ledger.opening import network_disk
from batch.ledger.queries import Queries
from batch.ledger.stored import StoredLedger
from batch.ledger.stores import open_ledger, read_ledger

__all__ = ["LEDGER", "Queries", "StoredLedger", "network_disk", "open_ledger", "read_ledger", "store_lock"]
