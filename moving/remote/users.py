"""The users of a source that does not tell of them (before v2.8): those whom its reservations name."""

from collections.abc import Iterator

from moving.rows import Row
from moving.state import State

PATH = "users/users"
NAMED_BY = {"dcim/rack-reservations": "user"}


def users_of(state: State) -> Iterator[Row]:
    """A row for each; they are inactive until an administrator changes that."""
    found = {}
    for path, name in NAMED_BY.items():
        for face in state.fetched(path):
            user = face.get(name)
            if isinstance(user, dict):
                found[user["id"]] = user["username"]
    for pk, username in sorted(found.items()):
        yield Row(PATH, pk, {"username": username, "is_active": False})
