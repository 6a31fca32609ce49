"""The ledger in a PostgreSQL database, shared by many machines."""
