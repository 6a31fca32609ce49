"""What survives a crash: one contract (`base`), two stores for it (`stores`), one runner a store (`owned`)."""

from batch.config import LEDGER
from batch.ledger.opening import network_disk
from batch.ledger.owned import owned_ledger
from batch.ledger.queries import Queries
from batch.ledger.stored import StoredLedger
from batch.ledger.stores import open_ledger, read_ledger

__all__ = ["LEDGER", "Queries", "StoredLedger", "network_disk", "open_ledger", "owned_ledger", "read_ledger"]
