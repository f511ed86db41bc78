"""How far properties are looked into: enough, on a machine that is busy too."""

from hypothesis import HealthCheck, settings

BOUNDED = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
