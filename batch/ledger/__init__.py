"""What survives a crash: one contract (`base`), a store for it (`sqlite`), one runner a store (`locks`)."""

from batch.ledger.sqlite import SqliteLedger, open_ledger

__all__ = ["SqliteLedger", "open_ledger"]
