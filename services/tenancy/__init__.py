"""Tenants and the groups they are in."""

VERSION = "1.0.0"
# Of what is shared, the version that it needs, or a later one with the same first number.
SHARED = "1.0.0"
