"""Benchmarks: what is measured, and printed, each a module to run."""
