"""Lists as CSV, out and in again: what was written is read by the same names, and changes nothing (docs/moving.md)."""
