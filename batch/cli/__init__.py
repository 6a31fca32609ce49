"""The command line: one short function per command; the only room that prints or exits.

========  ======================================================
module    what it knows
========  ======================================================
run       `run`, `resume`, `sandbox`
watch     `watch`, `status`
decide    `decide`, `source`, `forget`, `undo`
inspect   `history`, `find`, `open`, `audit`, `template`, `carriers`
admin     `setup`, `check`, `service`, `config`
queue     `worker`, and the queue of `run`, `watch` and `status`
options   options that commands share
terminal  settings, printing, errors
progress  the bar, plain lines, log lines
signals   Ctrl-C, SIGTERM, SIGHUP
streams   closed terminals, logs in Latin-1
========  ======================================================
"""

import os
import sys
import traceback

from batch.cli import admin, decide, inspect, queue, run, watch
from batch.cli.streams import tolerate_closed_streams
from batch.cli.terminal import app, print_error, status_of
from batch.errors import ShipbatchError, of_memory
from batch.model.exit_status import ExitStatus
from batch.primitives.escapes import visible_lines

__all__ = ["admin", "app", "decide", "inspect", "main", "queue", "run", "watch"]

COMMANDS = (
    run.run,
    watch.watch,
    inspect.find,
    inspect.open_,
    decide.decide,
    run.resume,
    inspect.read,
    decide.source,
    decide.forget,
    inspect.history,
    watch.status,
    inspect.audit,
    decide.undo,
    inspect.template,
    inspect.carriers,
    admin.setup,
    admin.check,
    admin.config,
    admin.service,
    queue.worker,
    run.sandbox,
)
"""As `--help` lists them within their panels: in the order of use."""
for _command in COMMANDS:
    app.command(_command.__name__.rstrip("_"))(_command)

# bytes of address space; with less, a library that is loaded ends the process by itself
LEAST = 128 * 2**20


def main() -> None:
    """Run a command; a ShipbatchError becomes two lines and its exit status."""
    tolerate_closed_streams()
    # numpy's, which nothing here uses: each takes memory
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        _look_at_memory()
        app()
    except ShipbatchError as error:
        print_error(error)
        sys.exit(status_of(error))
    except Exception as fault:  # noqa: BLE001  a fault of ours: told as such, and without secrets
        if lacking := of_memory(fault):
            print_error(lacking)
            sys.exit(
                status_of(lacking) if isinstance(fault, ImportError) else ExitStatus.NOT_ALL_SENT
            )
        from batch.config.secrets import hide

        print(visible_lines(hide(traceback.format_exc())), file=sys.stderr)
        print(
            "shipbatch: this is a fault of shipbatch; please report the lines above.",
            file=sys.stderr,
        )
        print(
            "           Nothing is lost: run the same call again, it goes on where it stopped.",
            file=sys.stderr,
        )
        sys.exit(ExitStatus.BUG)


def _look_at_memory() -> None:
    if sys.platform == "win32":
        return
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < LEAST:
        raise of_memory(MemoryError()) or MemoryError
