"""`python -m batch` is `shipbatch`."""

from batch.cli import main

main()
