"""Units of racks: which are free, and the drawing of them."""
