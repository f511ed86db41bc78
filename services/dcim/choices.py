"""The values and labels of every choice in this domain."""

SITE_STATUS = (
    (1, "Active"),
    (2, "Planned"),
    (4, "Retired"),
)

RACK_TYPE = (
    (100, "2-post frame"),
    (200, "4-post frame"),
    (300, "4-post cabinet"),
    (1000, "Wall-mounted frame"),
    (1100, "Wall-mounted cabinet"),
)

RACK_WIDTH = (
    (19, "19 inches"),
    (23, "23 inches"),
)

RACK_FACE = (
    (0, "Front"),
    (1, "Rear"),
)

DEVICE_STATUS = (
    (1, "Active"),
    (0, "Offline"),
    (2, "Planned"),
    (3, "Staged"),
    (4, "Failed"),
    (5, "Inventory"),
)

SUBDEVICE_ROLE = (
    (True, "Parent"),
    (False, "Child"),
)

INTERFACE_ORDERING = (
    (1, "Slot/position"),
    (2, "Name (alphabetically)"),
)

RPC_CLIENT = (
    ("juniper-junos", "Juniper Junos (NETCONF)"),
    ("cisco-ios", "Cisco IOS (SSH)"),
    ("opengear", "Opengear (SSH)"),
)

INTERFACE_FORM_FACTOR = (
    (0, "Virtual"),
    (200, "Link Aggregation Group (LAG)"),
    (800, "100BASE-TX (10/100ME)"),
    (1000, "1000BASE-T (1GE)"),
    (1150, "10GBASE-T (10GE)"),
    (1170, "10GBASE-CX4 (10GE)"),
    (1050, "GBIC (1GE)"),
    (1100, "SFP (1GE)"),
    (1200, "SFP+ (10GE)"),
    (1300, "XFP (10GE)"),
    (1310, "XENPAK (10GE)"),
    (1320, "X2 (10GE)"),
    (1350, "SFP28 (25GE)"),
    (1400, "QSFP+ (40GE)"),
    (1500, "CFP (100GE)"),
    (1510, "CFP2 (100GE)"),
    (1520, "CFP4 (100GE)"),
    (1550, "Cisco CPAK (100GE)"),
    (1600, "QSFP28 (100GE)"),
    (2600, "IEEE 802.11a"),
    (2610, "IEEE 802.11b/g"),
    (2620, "IEEE 802.11n"),
    (2630, "IEEE 802.11ac"),
    (2640, "IEEE 802.11ad"),
    (3010, "SFP (1GFC)"),
    (3020, "SFP (2GFC)"),
    (3040, "SFP (4GFC)"),
    (3080, "SFP+ (8GFC)"),
    (3160, "SFP+ (16GFC)"),
    (4000, "T1 (1.544 Mbps)"),
    (4010, "E1 (2.048 Mbps)"),
    (4040, "T3 (45 Mbps)"),
    (4050, "E3 (34 Mbps)"),
    (5000, "Cisco StackWise"),
    (5050, "Cisco StackWise Plus"),
    (5100, "Cisco FlexStack"),
    (5150, "Cisco FlexStack Plus"),
    (5200, "Juniper VCP"),
    (32767, "Other"),
)

VIRTUAL_FORM_FACTOR, LAG_FORM_FACTOR = 0, 200
VIRTUAL_FORM_FACTORS = (VIRTUAL_FORM_FACTOR, LAG_FORM_FACTOR)
WIRELESS_FORM_FACTORS = (2600, 2610, 2620, 2630, 2640)
NOT_CONNECTABLE = frozenset(VIRTUAL_FORM_FACTORS + WIRELESS_FORM_FACTORS)

INTERFACE_MODE = (
    (100, "Access"),
    (200, "Tagged"),
    (300, "Tagged All"),
)

CONNECTION_STATUS = (
    (False, "Planned"),
    (True, "Connected"),
)
