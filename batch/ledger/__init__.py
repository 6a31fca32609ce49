"""What survives a crash: one contract (`base`), a store for it (`sqlite`), one runner a store (`locks`)."""

from batch.ledger.locks import store_lock
from batch.ledger.opening import LEDGER, network_disk
from batch.ledger.queries import Queries, read_ledger
from batch.ledger.sqlite import SqliteLedger, open_ledger

__all__ = ["LEDGER", "Queries", "SqliteLedger", "network_disk", "open_ledger", "read_ledger", "store_lock"]
