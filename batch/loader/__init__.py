"""A warehouse's file becomes parcels: read, recognised, every row judged; pandas lives in this room alone."""

from batch.loader.export import Load, load, nothing_remembered
from batch.loader.plan_sheets import read_plan

__all__ = ["Load", "load", "nothing_remembered", "read_plan"]
