"""The stream of changes: what comes after a position, in one order, as soon as it comes."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from stack import ROOT
from tests.client import Client
from tests.factories import Factory
from tests.running import eventually

PATH = "extras/object-changes/"


@pytest.fixture(scope="module")
def factory(api) -> Factory:
    return Factory(api)


def newest(api: Client) -> int:
    return max((each["id"] for each in api.results(PATH, limit=1, ordering="-id")), default=0)


def followed(api: Client, position: int, enough, **filters) -> list[dict]:
    """The changes after a position, by asking again and again, until `enough(changes)`."""
    found: list[dict] = []
    while not enough(found):
        found += api.results(PATH, after=found[-1]["id"] if found else position, wait=25, limit=7, **filters)
    return found


def test_it_answers_as_soon_as_something_comes(api, factory):
    position = newest(api)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(api.results, PATH, after=position, wait=25, changed_object_type="dcim.rackrole")
        factory.make("dcim.region")
        role = factory.make("dcim.rackrole")
        (change,) = waiting.result()
    assert (change["changed_object_id"], change["postchange_data"]["name"]) == (role["id"], role["name"])


def test_it_answers_with_nothing_when_the_time_is_over(api):
    assert api.results(PATH, after=newest(api), wait=1, changed_object_type="no.such") == []
    assert api.results(PATH, after=2**31 - 1) == []


def test_what_is_no_position_and_no_time_is_refused(api):
    for name, value in (("after", "x"), ("after", "-1"), ("wait", "x"), ("wait", 26), ("wait", -1)):
        status, reply = api.get(PATH, **{"after": 0, name: value})
        assert (status, [*reply]) == (400, [name]), (name, value)


def test_writers_at_once_leave_no_hole(api, stack, factory):
    """Each follower sees every change, in ascending positions, though many are written at once in several services."""
    position, stopping, made = newest(api), Event(), []

    def write(label: str) -> None:
        mine = Factory(Client(stack.base_url, stack.token))
        while not stopping.is_set():
            made.append((label, mine.make(label)["id"]))

    def everything(found: list[dict]) -> bool:
        return {(each["changed_object_type"], each["changed_object_id"]) for each in found} >= set(made)

    def follow() -> list[dict]:
        mine = Client(stack.base_url, stack.token)
        return followed(mine, position, lambda found: stopping.is_set() and everything(found))

    with ThreadPoolExecutor(6) as pool:
        writers = [pool.submit(write, label) for label in ("dcim.region", "ipam.rir", "tenancy.tenantgroup")]
        followers = [pool.submit(follow) for _ in range(3)]
        eventually(lambda: len(made) > 100, "the writers are at work")
        stopping.set()
        for each in writers:
            each.result()
        factory.make("dcim.region")  # somebody may be waiting for one more
        seen = [[each["id"] for each in follower.result()] for follower in followers]
    for ids in seen:
        assert ids == sorted(set(ids))
    last = min(ids[-1] for ids in seen)
    assert len({tuple(pk for pk in ids if pk <= last) for ids in seen}) == 1


def test_those_who_wait_keep_nobody_from_working(api, stack, factory):
    position = newest(api)
    with ThreadPoolExecutor(30) as pool:
        asked = {"after": position, "wait": 25, "changed_object_type": "dcim.rackrole"}
        waiting = [pool.submit(Client(stack.base_url, stack.token).results, PATH, **asked) for _ in range(30)]
        for _ in range(20):
            assert api.get("extras/graphs/")[0] == 200
        role = factory.make("dcim.rackrole")["id"]
        assert {tuple(found["changed_object_id"] for found in each.result()) for each in waiting} == {(role,)}


def test_the_example_goes_on_where_it_was(api, stack, factory, tmp_path):
    file, group = tmp_path / "position", factory.make("tenancy.tenantgroup")
    mine = {"changed_object_type": "tenancy.tenantgroup", "changed_object_id": group["id"]}
    (made,) = followed(api, 0, bool, **mine)
    file.write_text(str(made["id"] - 1))
    command = [sys.executable, "docs/examples/follow_changes.py", stack.base_url, stack.token, str(file)]

    def first_line() -> str:
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as follower:
            try:
                assert follower.stdout
                line = follower.stdout.readline()
                eventually(lambda: int(file.read_text()) >= newest(api), "the position is kept")
            finally:
                follower.kill()
        return line

    assert first_line().startswith(f"admin: Created tenancy.tenantgroup {group['name']} (id: None → {group['id']}")
    api.patch(f"tenancy/tenant-groups/{group['id']}/", {"slug": "another-slug"})
    assert first_line() == (
        f"admin: Updated tenancy.tenantgroup {group['name']} (slug: {group['slug']} → another-slug)\n"
    )


def test_the_example_says_how_it_is_used():
    done = subprocess.run([sys.executable, "docs/examples/follow_changes.py"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.startswith("Usage: docs/examples/follow_changes.py ADDRESS ")
