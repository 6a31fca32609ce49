"""Parcels against their order: who ships, who does not, and why. Pure: no clock, no I/O.

===============  ===============================================
module           what it knows
===============  ===============================================
plan_order       one order's parcels, in three passes
drafts           which line of the order each row means
kits             parts packed for one line of the order
already_shipped  first pass: what the order already has
holds            second pass: what stops a new parcel
recipients       whether a parcel goes to whom its order goes
allocation       third pass: units handed out
order_view       an order as drafts are compared with it
facts            what is known of an order, and what it comes to
saved_plan       what a dry run promised
trusted_file     an order as the file has it
gates/           a whole file against what is usual
===============  ===============================================
"""

from batch.planning.facts import Correction, ExistingShipment, Facts, Judged, Policy, facts_of

__all__ = ["Correction", "ExistingShipment", "Facts", "Judged", "Policy", "facts_of"]
