"""The command line: one short function a command; the only room that prints or exits."""

import sys
import traceback

from batch.cli import fleet, installing, looking, repairing, shipping, watching
from batch.cli.streams import outlive_listeners
from batch.cli.terminal import app, complain, status_of
from batch.errors import ShipbatchError
from batch.escapes import visible_lines

__all__ = ["app", "fleet", "installing", "looking", "main", "repairing", "shipping", "watching"]

FAULT = 70
"""Exit status of a fault of ours: no other means it."""


def main() -> None:
    """Run a command; what a person can act on is said in two lines, with its exit status."""
    outlive_listeners()
    try:
        app()
    except ShipbatchError as error:
        complain(error)
        sys.exit(status_of(error))
    except Exception:  # noqa: BLE001  a fault of ours: told as such, and without secrets
        from batch.config.secrets import hide

        print(visible_lines(hide(traceback.format_exc())), file=sys.stderr)
        print("shipbatch: this is a fault of shipbatch; please report the lines above.", file=sys.stderr)
        print("           Nothing is lost: run the same call again, it goes on where it stopped.", file=sys.stderr)
        sys.exit(FAULT)
