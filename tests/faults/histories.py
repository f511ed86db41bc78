"""What the change log says of every object, compared with itself and with what is there.

Each change begins where the one before ended, the first one with nothing and the last one with what is there now: a
change that is missing, told twice or out of order breaks the chain.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing

import psycopg2

from shared.config import APPS
from stack.databases import dsn
from tests.client import Client
from tests.factories import RESOURCES
from tests.faults.kinds import KINDS
from tests.running import Stack, eventually

PAGE = 1000
LABELS = {f"{each.app}/{each.path}": each.model.label for each in RESOURCES if each.model.logged}
LABELS |= {"users/users": "users.user", "users/groups": "users.group"}
# Set with every save, be there anything new or not.
MOVING = ("last_updated",)


def broken_histories(stack: Stack, client: Client, shown: dict[str, dict[int, dict]]) -> Iterator[str]:
    """Everything that the changes of all services tell otherwise than it is, in words."""
    eventually(lambda: not _waiting(stack), "every change is handed over")
    chains: dict[tuple[str, int], list[dict]] = defaultdict(list)
    notes = 0
    while page := client.results("extras/object-changes/", after=notes, limit=PAGE):
        for change in page:
            chains[change["changed_object_type"], change["changed_object_id"]].append(change)
        notes = page[-1]["id"]
    for (label, pk), changes in chains.items():
        if label in LABELS.values():
            yield from _breaks(f"{label} {pk}", changes)
    for kind in KINDS.values():
        if of := LABELS.get(kind.path):
            yield from _ends(of, kind.title, chains, shown[kind.key])


def _waiting(stack: Stack) -> list[str]:
    """The services that have not handed over everything."""
    return [app for app in APPS if _count(stack, app)]


def _count(stack: Stack, app: str) -> int:
    with closing(psycopg2.connect(dsn(stack.database_url(app)))) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM change_outbox")
        return cursor.fetchall()[0][0]


def _breaks(named: str, changes: list[dict]) -> Iterator[str]:
    before = None
    for change in changes:
        if _still(change["prechange_data"]) != before:
            yield f"{named}: change {change['id']} begins with {change['prechange_data']}, not with {before}"
        before = _still(change["postchange_data"])


def _ends(label: str, title: str, chains: dict[tuple[str, int], list[dict]], there: dict[int, dict]) -> Iterator[str]:
    for pk, found in there.items():
        last = chains[label, pk][-1]["postchange_data"] if chains[label, pk] else None
        if last is None or last.get(title, found[title]) != found[title]:
            yield f"{label} {pk}: the last change ends with {last}, not with {found}"


def _still(face: dict | None) -> dict | None:
    return face and {name: value for name, value in face.items() if name not in MOVING}
