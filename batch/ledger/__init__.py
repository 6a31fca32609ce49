"""What survives a crash: one contract (`base`), two stores for it (`stores`), one runner a store (`owned`)."""

from batch.config import LEDGER
from batch.ledger.ledger import StoredLedger
from batch.ledger.open import open_ledger, read_ledger
from batch.ledger.ownership import owned_ledger
from batch.ledger.queries import Queries
from batch.ledger.sqlite.opening import network_disk

__all__ = ["LEDGER", "Queries", "StoredLedger", "network_disk", "open_ledger", "owned_ledger", "read_ledger"]
