"""The nouns of the field, frozen: what a file asks, what a store holds, what became of it.

============  ================================================
module        what it knows
============  ================================================
fields        the fields of an export
parcels       what an export asks for
orders        what the store has
recipients    who a parcel goes to
kits          SKUs that stand for others
rows          what is said of a row: a finding
reading       what was understood of a file, and its questions
records       what the ledger keeps, and the legal moves
matching      whether this shipment is that one
statuses      what a row may come to, and all words for it
exit_status   how a command ends
catalogue     error codes; their texts are in `catalogue.toml`
findings      findings made with an order's or parcel's words
sheet_format  the columns and the mark of our own sheets
============  ================================================
"""

from batch.model.fields import LONGEST, SPEAKING, Field
from batch.model.orders import Item, LinkSource, Order, OrderLine, StoreShipment
from batch.model.parcels import Line, Parcel, Shipment
from batch.model.reading import Choice, ColumnReading, ColumnState, Question, Reading, Unanswered
from batch.model.recipients import Recipient
from batch.model.records import (
    MADE_DIFFERS,
    MOVES,
    NO_LINK,
    UNSETTLED,
    Outcome,
    Record,
    Run,
    RunProfile,
    RunSummary,
    State,
)
from batch.model.rows import Finding, RowFacts, RowNote, RowResult, Who
from batch.model.statuses import Status

__all__ = [
    "LONGEST",
    "MADE_DIFFERS",
    "MOVES",
    "NO_LINK",
    "SPEAKING",
    "UNSETTLED",
    "Choice",
    "ColumnReading",
    "ColumnState",
    "Field",
    "Finding",
    "Item",
    "Line",
    "LinkSource",
    "Order",
    "OrderLine",
    "Outcome",
    "Parcel",
    "Question",
    "Reading",
    "Recipient",
    "Record",
    "RowFacts",
    "RowNote",
    "RowResult",
    "Run",
    "RunProfile",
    "RunSummary",
    "Shipment",
    "State",
    "Status",
    "StoreShipment",
    "Unanswered",
    "Who",
]
