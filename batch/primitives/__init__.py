"""Parts that know nothing of shipping: stop, concurrency, spilled dicts, atomic files, failpoints.

===========  ============================================