"""`shipbatch`, and `python -m batch`."""

import sys


def main() -> None:
    """The command line; Ctrl-C ends it without a word, also while it still loads."""
    try:
        from batch.cli import main as command_line

        command_line()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
