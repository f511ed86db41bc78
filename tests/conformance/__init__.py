"""Exchanges recorded from NetBox 2.3, replayed against the running stack."""
