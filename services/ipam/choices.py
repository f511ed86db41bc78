"""The values and labels of every choice in this domain."""

FAMILY = ((4, "IPv4"), (6, "IPv6"))
CONTAINER, ACTIVE = 0, 1
PREFIX_STATUS = ((CONTAINER, "Container"), (ACTIVE, "Active"), (2, "Reserved"), (3, "Deprecated"))
ADDRESS_STATUS = ((ACTIVE, "Active"), (2, "Reserved"), (3, "Deprecated"), (5, "DHCP"))
ADDRESS_ROLE = (
    (10, "Loopback"),
    (20, "Secondary"),
    (30, "Anycast"),
    (40, "VIP"),
    (41, "VRRP"),
    (42, "HSRP"),
    (43, "GLBP"),
    (44, "CARP"),
)
VLAN_STATUS = ((ACTIVE, "Active"), (2, "Reserved"), (3, "Deprecated"))
PROTOCOL = ((6, "TCP"), (17, "UDP"))
