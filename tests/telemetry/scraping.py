"""Reading `/metrics` as Prometheus does."""

import requests
from prometheus_client.parser import text_string_to_metric_families

from stack.plan import Plan
from tests.running import Stack


def scrape(stack: Stack, program: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample of one program of `stack`, by its name and labels."""
    reply = requests.get(f"{Plan.load(stack.folder).health_base(program)}/metrics")
    assert reply.status_code == 200, reply.text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(reply.text)
        for sample in family.samples
    }


def value(stack: Stack, program: str, name: str, **labels: str) -> float:
    """One sample of `program`; 0 where there is none."""
    return scrape(stack, program).get((f"patchbay_{name}", frozenset(labels.items())), 0)
