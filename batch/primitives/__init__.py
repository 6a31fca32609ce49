"""Parts without any shipping in them: stop, concurrency, spilled dicts, files, failpoints."""
