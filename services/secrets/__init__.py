"""Secrets of devices, encrypted at rest, and the keys that open them."""

VERSION = "1.0.0"
# Of what is shared, the version that it needs, or a later one with the same first number.
SHARED = "1.0.0"
