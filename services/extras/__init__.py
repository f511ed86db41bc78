"""What applies to every domain: custom fields, graphs, export templates, maps, images, reports, activity."""
