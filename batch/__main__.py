"""`shipbatch`, and `python -m batch`."""

import sys


def main() -> None:
    """The command line; Ctrl-C ends it without a word, also while it still loads."""
    try:
        from batch.cli import main as command_line

        command_line()
    except KeyboardInterrupt:
        from batch.model.exit_status import ExitStatus

        sys.exit(ExitStatus.INTERRUPTED)


if __name__ == "__main__":
    main()
