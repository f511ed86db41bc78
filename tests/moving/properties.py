"""How far properties are looked into: enough, on a machine that is busy too."""

from hypothesis import settings

BOUNDED = settings(max_examples=40)
