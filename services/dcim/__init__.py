"""Data centre infrastructure: places, racks, devices and what is plugged in where."""

VERSION = "1.0.0"
# Of what is shared, the version that it needs, or a later one with the same first number.
SHARED = "1.0.0"
