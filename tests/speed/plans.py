"""What a plan of PostgreSQL says, as `EXPLAIN (FORMAT JSON)` writes it."""

from collections.abc import Iterator
from typing import Any


def scans(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The node `plan` and all below it."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from scans(below)


def by_index(scan: dict[str, Any]) -> bool:
    """Whether it reads only what it looks for."""
    return scan["Node Type"] == "Bitmap Heap Scan" or "Index Cond" in scan
