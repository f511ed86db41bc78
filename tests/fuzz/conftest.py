"""A stack that may be filled with nonsense, and one object of each type to aim it at."""

import pytest
import requests
from hypothesis import HealthCheck, Phase, settings

from tests.client import Client
from tests.factories import BY_LABEL, Factory

MOST_BYTES = 10 * 1024 * 1024
# What needs a session key or a file.
UNMADE = ("secrets.secret", "secrets.userkey", "secrets.sessionkey", "extras.imageattachment")
BOUNDED = settings(
    max_examples=4,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def fuzzed(make_stack) -> Client:
    """Its superuser."""
    stack = make_stack().start()
    return Client(stack.base_url, stack.token)


@pytest.fixture(scope="module")
def objects(fuzzed) -> dict[str, int]:
    """The id of an object of each type, by its label."""
    factory = Factory(fuzzed)
    fuzzed.make("secrets/user-keys/", public_key=fuzzed.get("secrets/generate-rsa-key-pair/")[1]["public_key"])
    makable = [label for label, each in BY_LABEL.items() if "POST" in each.methods and label not in UNMADE]
    made = {label: factory.make(label)["id"] for label in makable}
    user = fuzzed.make("users/users/", username="fuzzed", password="fuzzed")["id"]
    group, token = fuzzed.make("users/groups/", name="fuzzed"), fuzzed.make("users/tokens/", user=user)
    return made | {"users.user": user, "users.group": group["id"], "users.token": token["id"]}


def hold(reply: requests.Response) -> None:
    """What holds for every reply."""
    asked = f"{reply.request.method} {reply.request.url} {reply.request.body!r:.500}"
    unasked = reply.status_code == 503 and "/napalm/" in (reply.request.url or "")  # no such device answers here
    assert reply.status_code < 500 or unasked, f"{reply.status_code} {asked}: {reply.text[:500]}"
    assert len(reply.content) <= MOST_BYTES, asked
    assert b"Traceback" not in reply.content and b"psycopg2" not in reply.content, asked
