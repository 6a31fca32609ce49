"""What survives a crash: one ledger on two databases (`sqlite`, `postgres`), and one runner per
store (`ownership`).

=============  ===================================================
from batch.config import LEDGER
from batch.ledger.ledger import Ledger
from batch.ledger.open import open_ledger, read_ledger
from batch.ledger.ownership import open_owned_ledger
from batch.ledger.queries import LedgerReader
from batch.ledger.sqlite.opening import network_disk

__all__ = [
    "LEDGER",
    "Ledger",
    "LedgerReader",
    "network_disk",
    "open_ledger",
    "open_owned_ledger",
    "read_ledger",
]
