"""What the change log says of every object, compared with itself, with what clients were told and with what is there.

Each change begins where the one before ended, the first one with nothing and the last one with what is there now, or
with nothing where that is gone: a change that is missing, told twice or out of order breaks the chain. Of every write
that was acknowledged there is one change with what its reply said, and what it brought about has the id of a request.
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
from tests.faults.workload import Deed, World
from tests.running import Stack, eventually

PAGE = 1000
LABELS = {f"{each.app}/{each.path}": each.model.label for each in RESOURCES if each.model.logged}
LABELS |= {"users/users": "users.user", "users/groups": "users.group"}
# Set with every save, be there anything new or not.
MOVING = ("last_updated",)
DONE = {"POST": 1, "PATCH": 2, "DELETE": 3}
DELETED = 3
# A picture is told by where it is kept.
UNLIKE = ("image", "custom_fields")


def broken_histories(stack: Stack, client: Client, world: World, shown: dict[str, dict[int, dict]]) -> Iterator[str]:
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
            yield from _without_cause(f"{label} {pk}", changes, world)
    for deed in world.deeds:
        if of := LABELS.get(deed.path):
            yield from _untold(deed, f"{of} {deed.id}", chains[of, deed.id])
    for label in {LABELS[kind.path] for kind in KINDS.values() if kind.path in LABELS}:
        kinds = [kind for kind in KINDS.values() if LABELS.get(kind.path) == label]
        yield from _ends(label, chains, {pk: each for kind in kinds for pk, each in shown[kind.key].items()})


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


def _without_cause(named: str, changes: list[dict], world: World) -> Iterator[str]:
    """Deletes that nobody is said to have asked for: nothing else than a request of a client takes anything away."""
    for change in changes:
        followed = change["action"]["value"] == DELETED and not change["requested"] and change["id"] > world.since
        if followed and change["request_id"] not in world.asked:
            yield f"{named}: change {change['id']} has the request {change['request_id']!r}, which nobody sent"


def _untold(deed: Deed, named: str, changes: list[dict]) -> Iterator[str]:
    mine = [each for each in changes if each["request_id"] == deed.request_id]
    told = [(each["action"]["value"], each["requested"]) for each in mine]
    if told != [(DONE[deed.method], True)]:
        yield f"{named}: {deed.method} {deed.request_id} was acknowledged, and is told as {told}"
    elif deed.reply is not None:
        face = mine[0]["postchange_data"]
        wrong = {
            name for name in face.keys() & deed.reply.keys() - {*UNLIKE} if not _alike(face[name], deed.reply[name])
        }
        if wrong:
            yield f"{named}: {deed.method} {deed.request_id} answered {deed.reply}, and is told with {face}: {wrong}"


def _common(face: dict, other: dict) -> set[str]:
    return set(face.keys() & other.keys() - {*UNLIKE})


def _alike(one: object, other: object) -> bool:
    """Whether two values are the same; lists of ids may be in another order."""
    return one == other or (isinstance(one, list) and isinstance(other, list) and sorted(one) == sorted(other))


def _ends(label: str, chains: dict[tuple[str, int], list[dict]], there: dict[int, dict]) -> Iterator[str]:
    for pk in {*there, *(pk for of, pk in chains if of == label)}:
        last = chains[label, pk][-1]["postchange_data"] if chains[label, pk] else None
        found = there.get(pk)
        if (last is None) != (found is None) or (last and found and _differences(last, found)):
            yield f"{label} {pk}: the last change ends with {last}, not with {found}"


def _differences(face: dict, shown: dict) -> set[str]:
    """What a write face has otherwise than the object is shown."""
    return {name for name in _common(face, shown) if not _alike(face[name], _as_written(shown[name]))}


def _as_written(value: object) -> object:
    """The value of a read face as a write face has it."""
    if isinstance(value, dict):
        return value["value"] if "label" in value else value.get("id", value)
    return [_as_written(each) for each in value] if isinstance(value, list) else value


def _still(face: dict | None) -> dict | None:
    return face and {name: value for name, value in face.items() if name not in MOVING}
