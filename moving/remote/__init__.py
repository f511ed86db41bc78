"""Reading another NetBox (v2.0 to v2.11) or Patchbay: its later names and shapes become those of v2.3."""
