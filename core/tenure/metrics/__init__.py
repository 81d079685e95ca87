"""Retention from the ledger: SQL over points, the policy that reads them, the report they make."""
