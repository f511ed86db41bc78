"""Rows in batches, each of which can be created by one request."""

from collections.abc import Iterable, Iterator, Mapping

from moving.catalogue import Kind
from moving.rows import Row

MOST = 250


def batches(rows: Iterable[Row], kinds: Mapping[str, Kind], most: int = MOST) -> Iterator[list[Row]]:
    """Neighbours of one list, in their order, none of which refers to another of them; those of a form alone."""
    batch: list[Row] = []
    for row in rows:
        kind = kinds[row.path]
        if batch and (row.path != batch[0].path or len(batch) == most or kind.file or _refers(kind, row, batch)):
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _refers(kind: Kind, row: Row, batch: list[Row]) -> bool:
    own = [row.body.get(name) for name, target in kind.references.items() if target == kind.label]
    return any(each is not None for each in own) and any(each.id in own for each in batch)
