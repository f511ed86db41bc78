"""Recent activity: every write in every service, once, in the order of time."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Event

import requests

from tests.client import Client
from tests.running import eventually


def test_every_write_is_recorded_once(api):
    tenant = api.make("tenancy/tenants/", name="<Acted>", slug="acted")
    api.patch(f"tenancy/tenants/{tenant['id']}/", {"description": "x"})
    api.delete(f"tenancy/tenants/{tenant['id']}/")
    bulk = [{"name": f"Acted {number}", "slug": f"acted-{number}"} for number in range(3)]
    api.post("dcim/sites/", bulk)

    def entries(content_type):
        found = api.results("extras/recent-activity/", content_type=content_type, limit=0)
        return [each for each in found if "Acted" in each["message"]]

    eventually(lambda: len(entries("tenancy.tenant")) == 3 and len(entries("dcim.site")) == 3, "all writes are there")
    deeds = entries("tenancy.tenant")
    assert [each["action"]["label"] for each in deeds] == ["deleted", "modified", "created"]
    assert deeds[0]["user"]["username"] == "admin"
    assert "&lt;Acted&gt;" in deeds[0]["message"]
    assert api.post("extras/recent-activity/", {})[0] == 405
    assert api.results("extras/recent-activity/", username="nobody") == []
    assert api.results("extras/recent-activity/", time_before="2001-01-01") == []


def test_accounts_are_recorded_without_anything_secret(api):
    user = api.make("users/users/", username="acting", password="never to be shown")
    token = api.make("users/tokens/", user=user["id"])
    api.patch(f"users/users/{user['id']}/", {"password": "nor is this one"})
    api.delete(f"users/tokens/{token['id']}/")

    def entries():
        found = [
            *api.results("extras/recent-activity/", content_type="users.user", object_id=user["id"]),
            *api.results("extras/recent-activity/", content_type="users.token", object_id=token["id"]),
        ]
        return sorted((each["content_type"], each["action"]["label"]) for each in found)

    deeds = [
        ("users.token", "created"),
        ("users.token", "deleted"),
        ("users.user", "created"),
        ("users.user", "modified"),
    ]
    eventually(lambda: entries() == deeds, "the writes to accounts are there")
    told = api.request("GET", "extras/recent-activity/", params={"limit": 0}).text
    assert not [secret for secret in (token["key"], "never to be shown", "nor is this one") if secret in told]


def test_it_tells_nobody_what_accounts_and_secrets_do_not_show(api):
    doer = api.make("users/users/", username="doer", password="x", permissions=["secrets.add_secretrole"])
    client = Client(api.base_url, api.make("users/tokens/", user=doer["id"])["key"])
    client.make("secrets/secret-roles/", name="Told", slug="told")
    client.make("secrets/user-keys/", public_key=client.get("secrets/generate-rsa-key-pair/")[1]["public_key"])
    client.make("users/tokens/")

    def told(reader) -> set[str]:
        return {each["content_type"] for each in reader.results("extras/recent-activity/", username="doer")}

    every = {"secrets.secretrole", "secrets.userkey", "users.token"}
    eventually(lambda: told(api) == every, "all writes are there")
    bystander = api.make("users/users/", username="bystander", password="x")["id"]
    other = Client(api.base_url, api.make("users/tokens/", user=bystander)["key"])
    assert (told(client), told(other), told(Client(api.base_url))) == (every, {"secrets.secretrole"}, set())
    (key,) = api.results("extras/recent-activity/", content_type="secrets.userkey", username="doer")
    assert ">doer<" in key["message"]


def test_each_write_is_recorded_once_whoever_is_killed(make_stack):
    stack = make_stack().start()
    stopping, acknowledged = Event(), set()

    def write(writer: int):
        api = Client(stack.base_url, stack.token)
        for number in count():
            if stopping.is_set():
                return
            slug = f"w{writer}-{number}"
            try:
                if api.post("dcim/sites/", {"name": slug, "slug": slug})[0] == 201:
                    acknowledged.add(slug)
            except requests.RequestException:
                continue

    with ThreadPoolExecutor(3) as pool:
        writers = [pool.submit(write, number) for number in range(3)]
        for name in ("extras", "dcim", "extras", "dcim", "gateway"):
            before = len(acknowledged)
            eventually(lambda before=before: len(acknowledged) > before + 20, "writes go on")
            stack.kill(name)
        stack.wait_until_healthy()
        stopping.set()
        for each in writers:
            each.result()
    _compare(Client(stack.base_url, stack.token), acknowledged)


def _compare(api, acknowledged: set[str]):
    """What exists is what was recorded, each once; with what was acknowledged among it."""

    def every(path, **filters):
        first = api.get(path, limit=1000, **filters)[1]
        pages = range(1000, first["count"], 1000)
        return first["results"] + [each for at in pages for each in api.results(path, limit=1000, offset=at, **filters)]

    def recorded():
        return Counter(each["object_id"] for each in every("extras/recent-activity/", content_type="dcim.site"))

    sites = every("dcim/sites/")
    assert acknowledged <= {each["slug"] for each in sites}
    eventually(lambda: len(recorded()) >= len(sites), "every write is recorded")
    assert recorded() == Counter(each["id"] for each in sites)
