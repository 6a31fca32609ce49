"""Parcels against the order they name: who ships, who does not, and why. Pure: no clock, network or file."""

from batch.planning.facts import Correction, ExistingShipment, Facts, Judged, Policy, facts_of

__all__ = ["Correction", "ExistingShipment", "Facts", "Judged", "Policy", "facts_of"]
