"""The values and labels of every choice in this domain."""

FILTER_LOGIC = ((0, "Disabled"), (1, "Loose"), (2, "Exact"))
GRAPH_TYPE = ((100, "Interface"), (200, "Provider"), (300, "Site"))
CHANGE = ((1, "Created"), (2, "Updated"), (3, "Deleted"))
ACTION = (
    (1, "created"),
    (7, "bulk created"),
    (2, "imported"),
    (3, "modified"),
    (4, "bulk edited"),
    (5, "deleted"),
    (6, "bulk deleted"),
)
HTTP_CONTENT_TYPE = ((1, "application/json"), (2, "application/x-www-form-urlencoded"))
EVENT = ((1, "created"), (2, "updated"), (3, "deleted"), (4, "test"))
DELIVERY = ((1, "Pending"), (2, "Delivered"), (3, "Failed"))
