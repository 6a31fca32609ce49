"""The command line: one short function per command; the only room that prints or exits."""

import os
import sys
import traceback

from batch.cli import admin, decide, inspect, queue, run, watch
from batch.cli.streams import tolerate_closed_streams
from batch.cli.terminal import app, print_error, status_of
from batch.errors import ShipbatchError, of_memory
from batch.primitives.escapes import visible_lines

__all__ = ["admin", "app", "decide", "inspect", "main", "queue", "run", "watch"]

COMMANDS = (
    run.run,
    watch.watch,
    inspect.find,
    decide.decide,
    run.resume,
    inspect.history,
    queue.worker,
    admin.setup,
    admin.check,
    admin.service,
    admin.config,
    inspect.audit,
    inspect.template,
    decide.undo,
    run.sandbox,
    watch.status,
)
"""In the order of `--help`: what a person needs most comes first."""
for _command in COMMANDS:
    app.command()(_command)

LEAST = 128 * 2**20  # bytes of address space; with less, a library that is loaded ends the process by itself
FAULT = 70
"""Exit status of a fault of ours: no other means it."""


def main() -> None:
    """Run a command; what a person can act on is said in two lines, with its exit status."""
    tolerate_closed_streams()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy's, which nothing here uses: each takes memory
    try:
        _look_at_memory()
        app()
    except ShipbatchError as error:
        print_error(error)
        sys.exit(status_of(error))
    except Exception as fault:  # noqa: BLE001  a fault of ours: told as such, and without secrets
        if lacking := of_memory(fault):
            print_error(lacking)
            sys.exit(status_of(lacking) if isinstance(fault, ImportError) else 1)
        from batch.config.secrets import hide

        print(visible_lines(hide(traceback.format_exc())), file=sys.stderr)
        print("shipbatch: this is a fault of shipbatch; please report the lines above.", file=sys.stderr)
        print("           Nothing is lost: run the same call again, it goes on where it stopped.", file=sys.stderr)
        sys.exit(FAULT)


def _look_at_memory() -> None:
    if sys.platform == "win32":
        return
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < LEAST:
        raise of_memory(MemoryError()) or MemoryError
