"""What survives a crash: one contract (`base`), a store for it (`sqlite`)."""
