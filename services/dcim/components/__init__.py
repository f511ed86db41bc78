"""Ports, bays and other parts of devices and of device types: columns and views that they share."""
