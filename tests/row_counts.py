"""What the services keep of the numbers of their rows, compared with what counting gives."""

from sqlalchemy import create_engine, text

from shared.config import APPS
from shared.db.row_counts import tallies_of
from shared.migrations import declared
from tests.running import Stack

_KEPT = text("SELECT label, object_id, sum(difference) FROM row_tally GROUP BY 1, 2 HAVING sum(difference) <> 0")


def differences(stack: Stack, apps=APPS) -> list[str]:
    """Every tally that is not the number of rows, in words."""
    return [f"{app}: {wrong}" for app in apps for wrong in _wrong(stack, app)]


def _wrong(stack: Stack, app: str):
    engine = create_engine(stack.database_url(app), isolation_level="REPEATABLE READ")
    with engine.connect() as connection:
        kept: dict[str, dict[int, int]] = {}
        for label, pk, number in connection.execute(_KEPT):
            kept.setdefault(label, {})[pk] = number
        for model in {resource.model: None for resource in declared(app)[1]}:
            for label, key in tallies_of(model).items():
                rows = text(f"SELECT {key}, count(*) FROM {model.__tablename__} WHERE {key} IS NOT NULL GROUP BY 1")
                counted: dict[int, int] = dict(map(tuple, connection.execute(rows)))
                if counted != kept.get(label, {}):
                    yield f"of {label} {kept.get(label)} are kept, {counted} are there"
    engine.dispose()
