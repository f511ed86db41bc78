"""Data centre infrastructure: places, racks, devices and what is plugged in where."""
