"""Moving in, and out again: what carries whole inventories through the public API (docs/moving.md)."""
