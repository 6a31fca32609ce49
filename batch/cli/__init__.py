"""The command line: one short function a command; the only room that prints or exits."""

import sys

from batch.cli import installing, looking, repairing, shipping, watching
from batch.cli.terminal import app, complain
from batch.errors import CannotRunNow, ResultsError, ShipbatchError, Unreadable

__all__ = ["app", "installing", "looking", "main", "repairing", "shipping", "watching"]


def main() -> None:
    """Run a command; what a person can act on is said in two lines, with its exit status."""
    try:
        app()
    except ShipbatchError as error:
        complain(error)
        sys.exit(status_of(error))


def status_of(error: ShipbatchError) -> int:
    """The exit status of a command that ended with an error."""
    match error:
        case CannotRunNow() | Unreadable():
            return 75
        case ResultsError():
            return 74
        case _:
            return 2
