"""Stripe: the whole history of an account's recurring revenue, rebuilt and kept."""
