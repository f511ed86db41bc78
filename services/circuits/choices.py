"""The values and labels of every choice in this domain."""

CIRCUIT_STATUS = (
    (2, "Planned"),
    (3, "Provisioning"),
    (1, "Active"),
    (4, "Offline"),
    (0, "Deprovisioning"),
    (5, "Decommissioned"),
)
TERM_SIDE = (("A", "A"), ("Z", "Z"))
