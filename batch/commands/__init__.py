"""Commands that are neither `run`, `watch` nor `worker`: one module each, its work and its answer."""
