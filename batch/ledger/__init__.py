"""What survives a crash: one ledger on two databases (`sqlite`, `postgres`), and one runner per
store (`ownership`).

=============  ==========================================================
module         what it knows
=============  ==========================================================
contract       what is durable when a method returns, and what is refused
ledger         the contract on a database
queries        all that is read
plans          a plan written: the INSERT of records and notes
moves          one record's moves
bulk_moves     the two moves of every shipment, many at once
rows           nouns as rows, and back
kept_words     states and statuses as SQL finds them
soundness      what is read, held against what was written
writer         the one thread that writes
open           a ledger by its place
ownership      a ledger without another runner of its store
locks          one runner per store
lock_holder    who holds a lock
migrations     from each version to the next
merge_stores   stores of older ledgers that are one
connection     a connection of either kind
backup         a copy while it is in use
import_sqlite  a file's ledger put into the database
export_store   exports that travel with a shared ledger
sqlite/        one file: its `schema.sql`, opening, full disks
postgres/      many machines: its `schema.sql`, leases, runners
=============  ==========================================================
"""

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
