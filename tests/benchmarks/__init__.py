"""Benchmarks: each prints its own figures, as ratios within one run."""
