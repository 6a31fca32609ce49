"""How fast, and with how few requests: `python -m tests.benchmarks.speed` prints the table."""
