"""Commands other than `run`, `watch` and `worker`: one module each, its work and its answer."""
