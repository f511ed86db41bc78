"""Everyone who may be asking: nobody, users of all kinds, and those whose token is no good any more."""

import uuid
from itertools import count

from tests.client import Client

KINDS = ("anonymous", "plain", "granted", "read-only", "superuser", "expired", "inactive")
GRANTABLE = "users/permissions/"


def make_callers(api: Client) -> dict[str, Client]:
    """A client for each of KINDS; `granted` and `read-only` have every permission that can be given."""
    every = [each["name"] for each in api.results(GRANTABLE, limit=1000)]
    made: dict[str, Caller] = {}
    for kind, permissions in (("plain", []), ("granted", every), ("read-only", every), ("expired", every)):
        made[kind] = _caller(api, permissions, write_enabled=kind != "read-only")
    made["inactive"] = _caller(api, every)
    _patch_newest(api, "users/tokens/", made["expired"], {"expires": "2020-01-01T00:00:00Z"})
    _patch_newest(api, "users/users/", made["inactive"], {"is_active": False})
    return {"anonymous": Client(api.base_url), "superuser": api, **made}


_numbers = count()


class Caller(Client):
    """A user with a token; `ids` are those of both, by list."""

    def __init__(self, base_url: str, token: str, ids: dict[str, int]) -> None:
        super().__init__(base_url, token)
        self.ids = ids


def _caller(api: Client, permissions: list[str], **token: object) -> Caller:
    name = f"caller-{next(_numbers)}-{uuid.uuid4().hex[:8]}"
    user = api.make("users/users/", username=name, password="x", permissions=permissions)
    made = api.make("users/tokens/", user=user["id"], **token)
    return Caller(api.base_url, made["key"], {"users/users/": user["id"], "users/tokens/": made["id"]})


def _patch_newest(api: Client, path: str, client: Caller, body: dict) -> None:
    status, reply = api.patch(f"{path}{client.ids[path]}/", body)
    assert status == 200, reply
