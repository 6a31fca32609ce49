"""How fast, and with how few requests: `python -m tests.bench_speed` prints the whole table."""
