"""Parcels against their order: who ships, who does not, and why. Pure: no clock, no I/O."""

from batch.planning.facts import Correction, ExistingShipment, Facts, Judged, Policy, facts_of

__all__ = ["Correction", "ExistingShipment", "Facts", "Judged", "Policy", "facts_of"]
