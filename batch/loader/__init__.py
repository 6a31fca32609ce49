"""A warehouse's file becomes parcels: read, recognised, every row judged; pandas lives in this room alone."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from batch.loader.export import Load, load, nothing_remembered
    from batch.loader.plan_sheets import read_plan

__all__ = ["Load", "load", "nothing_remembered", "read_plan"]


def __getattr__(name: str) -> Any:
    """Imported when asked for: the reader process, which is of this room too, starts without pandas."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from batch.loader import export, plan_sheets

    return getattr(plan_sheets if name == "read_plan" else export, name)
