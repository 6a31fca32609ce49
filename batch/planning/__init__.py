"""Parcels against the order they name: who ships, who does not, and why. Pure: no clock, network or file.

An order is judged alone, its parcels in file order: lines are found, what the store already holds is
recognised, then units are handed out, parcels with quantities first and "all that remains" last.
"""

from batch.planning.allocation import judge
from batch.planning.facts import Correction, ExistingShipment, Facts, Judged, Policy, facts_of

__all__ = ["Correction", "ExistingShipment", "Facts", "Judged", "Policy", "facts_of", "judge"]
