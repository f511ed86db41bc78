"""What applies to every domain: custom fields, graphs, export templates, maps, images, reports, activity."""

VERSION = "1.0.0"
# Of what is shared, the version that it needs, or a later one with the same first number.
SHARED = "1.0.0"
