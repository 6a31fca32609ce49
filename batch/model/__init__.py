"""The nouns of the field, frozen: what a file asks, what a store holds, what became of it."""

from batch.model.fields import LONGEST, SPEAKING, Field
from batch.model.orders import Item, LinkSource, Order, OrderLine, StoreShipment
from batch.model.parcels import Line, Parcel, Shipment
from batch.model.reading import Choice, ColumnReading, ColumnState, Question, Reading, Unanswered
from batch.model.records import MADE_DIFFERS, MOVES, UNSETTLED, Outcome, Record, Run, RunProfile, RunSummary, State
from batch.model.rows import Finding, RowFacts, RowNote, RowResult, Who
from batch.model.statuses import Status

__all__ = [
    "LONGEST",
    "MADE_DIFFERS",
    "MOVES",
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
