"""Users with keys, a device, and roles of secrets."""

import uuid

import pytest

from tests.client import Client
from tests.factories import Factory


class Keeper(Client):
    """A user with a key pair of its own; `unlock` puts its session key into what it sends from then on."""

    def __init__(self, api: Client, user: dict, token: str):
        super().__init__(api.base_url, token)
        self.user = user

    def make_key(self) -> dict:
        self.pair = self.get("secrets/generate-rsa-key-pair/")[1]
        return self.make("secrets/user-keys/", public_key=self.pair["public_key"])

    def unlock(self, **params) -> str:
        body = {"private_key": self.pair["private_key"]}
        reply = self.request("POST", "secrets/get-session-key/", body, params=params)
        assert reply.status_code == 200, reply.text
        self.session.headers["X-Session-Key"] = reply.json()["session_key"]
        return reply.json()["session_key"]

    def lock(self) -> None:
        self.session.headers.pop("X-Session-Key", None)


@pytest.fixture(scope="session")
def make_user(api):
    """Makes users; `permissions` are their own."""

    def make(*permissions: str, **given) -> Keeper:
        name = f"user-{uuid.uuid4().hex[:12]}"
        user = api.make("users/users/", username=name, password="correct horse", permissions=[*permissions], **given)
        token = api.make("users/tokens/", user=user["id"])["key"]
        return Keeper(api, user, token)

    return make


@pytest.fixture(scope="session")
def master(api) -> Keeper:
    """The superuser, whose key is the first one and so is active; its session is open.

    Keys that other tests have made go before: one of them would be the first.
    """
    for key in api.results("secrets/user-keys/", limit=0):
        assert api.delete(f"secrets/user-keys/{key['id']}/")[0] == 204
    keeper = Keeper(api, api.get("users/users/1/")[1], api.session.headers["Authorization"].split()[1])
    keeper.make_key()
    keeper.unlock()
    return keeper


@pytest.fixture(scope="session")
def device(api) -> int:
    return Factory(api).make("dcim.device")["id"]


@pytest.fixture
def activated(make_user, master):
    """Makes users that the superuser has let read secrets, with an open session."""

    def make(*permissions: str, **given) -> Keeper:
        keeper = make_user(*permissions, **given)
        key = keeper.make_key()
        body = {"private_key": master.pair["private_key"]}
        status, reply = master.post(f"secrets/user-keys/{key['id']}/activate/", body)
        assert (status, reply["is_active"]) == (200, True)
        keeper.unlock()
        return keeper

    return make
