"""Undo: what a request changed, in whichever services, is brought back to what it was (docs/adr/0019-undo.md)."""
