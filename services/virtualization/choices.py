"""The values and labels of every choice in this domain."""

ACTIVE = 1
MACHINE_STATUS = ((ACTIVE, "Active"), (0, "Offline"), (3, "Staged"))
