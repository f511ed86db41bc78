"""Lists of what belongs to an object, numbers, pickers and searches on the pages tell nobody more than the lists of the
API do.
"""

import re
from functools import partial
from html import unescape

import pytest

from tests.running import eventually
from tests.secrets.conftest import Keeper
from tests.web.conftest import Person

JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def keeper(make_user, master) -> Keeper:
    """Somebody whose key is active; who looks at pages has neither key nor permission."""
    found = make_user("secrets.add_secret")
    key = found.make_key()
    body = {"private_key": master.pair["private_key"]}
    assert master.post(f"secrets/user-keys/{key['id']}/activate/", body)[0] == 200
    found.unlock()
    return found


@pytest.fixture(scope="module")
def group(api, keeper) -> dict:
    return api.make("users/groups/", name=f"Group of {keeper.user['username']}", users=[keeper.user["id"]])


@pytest.fixture(scope="module")
def secret(api, keeper, device) -> dict:
    name = f"shown-{keeper.user['id']}"
    role = api.make("secrets/secret-roles/", name=name, slug=name, users=[keeper.user["id"]])
    given = {"device": device, "role": role["id"], "name": name, "plaintext": f"plaintext of {name}"}
    return keeper.make("secrets/secrets/", **given)


@pytest.fixture(scope="module")
def readers(api, make_user) -> dict[str, Person]:
    """Everybody who looks: a superuser, a user without permissions, and a stranger."""
    onlooker = make_user()
    boss = make_user(is_superuser=True)
    found = {name: Person(api.base_url) for name in ("superuser", "user", "stranger")}
    for name, keeper in (("superuser", boss), ("user", onlooker)):
        assert found[name].log_in(keeper.user["username"], "correct horse").status_code == 303
    return found


@pytest.fixture(params=["superuser", "user", "stranger"])
def reader(request, readers) -> Person:
    return readers[request.param]


def listed(reader: Person, address: str) -> int | None:
    """How many objects a list has for `reader`; None where it is refused."""
    reply = reader.get(address, headers=JSON)
    assert reply.status_code in (200, 401, 403), (address, reply.status_code)
    return reply.json()["count"] if reply.ok else None


def parts(page: str) -> dict[str, int]:
    """The lists of what belongs to an object that its page shows: how many each has, by its address."""
    found = re.findall(
        r'<section class="part" id="[^"]+"><h2><a href="([^"]+)">[^<]*</a> <span class="count">(\d+)', page
    )
    return {unescape(address): int(number) for address, number in found}


def tells_the_same(reader: Person, path: str) -> bool:
    """Whether each list that the page at `path` shows has as many objects for `reader` as the page says."""
    reply = reader.get(path, allow_redirects=False)
    shown = parts(reply.text if reply.ok else "")
    return shown == {address: listed(reader, address) for address in shown}


def test_the_page_of_an_object_shows_what_its_reader_may_list(reader, keeper, group, secret, device):
    paths = (
        f"/api/dcim/devices/{device}/",
        f"/api/users/users/{keeper.user['id']}/",
        f"/api/users/groups/{group['id']}/",
        f"/api/secrets/secret-roles/{secret['role']}/",
    )
    for path in paths:
        # The history of an object is told to extras a moment after it was written.
        eventually(partial(tells_the_same, reader, path), f"{path} has the numbers of the lists")
        reply = reader.get(path, allow_redirects=False)
        assert secret["plaintext"] not in reply.text and keeper.session.headers["Authorization"][6:] not in reply.text


def test_whoever_may_sees_what_others_do_not(readers, keeper, secret, device):
    """What the test above compares is there for some and not for others."""
    path, own = f"/api/dcim/devices/{device}/", f"/api/users/users/{keeper.user['id']}/"
    secrets = {name: any("/secrets/" in each for each in parts(who.get(path).text)) for name, who in readers.items()}
    assert secrets == {"superuser": True, "user": True, "stranger": False}
    tokens = [each for each in parts(readers["superuser"].get(own).text) if each.startswith("/api/users/tokens/")]
    assert tokens and readers["user"].get(own).status_code == 404
    assert listed(readers["user"], tokens[0]) == 0


def test_the_numbers_of_the_start_page_are_those_of_the_lists(reader, keeper, secret):
    home = reader.get("/").text
    shown = dict(re.findall(r'<li><a href="(/api/[\w-]+/[\w-]+/)">[^<]*</a> <span>(\d+)</span>', home))
    assert len(shown) > 40
    for address in ("users/users", "users/tokens", "users/groups", "secrets/secrets", "secrets/user-keys"):
        path = f"/api/{address}/"
        number = listed(reader, path)
        assert shown.get(path) == (None if number is None else str(number)), path


def test_pickers_and_the_search_offer_what_the_reader_may_read(reader, keeper, group, secret):
    names = {
        "users/users": keeper.user["username"],
        "users/groups": group["name"],
        "secrets/secrets": secret["name"],
        "secrets/secret-roles": secret["name"],
    }
    for path, name in names.items():
        may = bool(listed(reader, f"/api/{path}/?name={name}&username={name}&limit=1"))
        page = reader.get(f"/options/api/{path}/", params={"for": "x", "x": name}).text
        assert (name in unescape(page)) == may, path
    found = reader.get("/api/search/", params={"q": secret["name"]}, headers=JSON).json()["results"]
    for each in found:
        assert reader.get(each["url"].removeprefix(reader.base_url), headers=JSON).status_code == 200, each
