"""A Stripe account on loopback."""
