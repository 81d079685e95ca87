"""The ledger: facts, bitemporal and append-only, in SQLite or PostgreSQL."""
