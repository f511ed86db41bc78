"""Moving in, and out again."""
