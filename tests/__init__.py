"""Tests of the running stack, and of the pure modules."""
