"""An import that is killed goes on where it was: nothing is lost, and nothing is there twice."""

import random
import subprocess
import sys

import pytest

from moving.api import ApiClient
from moving.catalogue import TypeCatalogue
from moving.loading import Loader
from moving.report import MoveReport
from moving.rows import Row
from moving.state import Sending, State
from moving.writer import Writer
from shared.config import surroundings
from stack import ROOT
from tests.moving.conftest import Place, unnumbered
from tests.moving.losing import losing_replies, pixel

KILLS = 10
ROLES = "ipam/roles"
PREFIXES = "ipam/prefixes"


def test_killed_at_random_moments_it_brings_the_same(home, make_place, tmp_path):
    dice, place = random.Random(7), make_place()
    source = ("--from", home.stack.base_url, "--token", home.stack.token, "--private-key", home.key)
    for _ in range(KILLS):
        kill_somewhere(place, dice, *source)
    place.run("import", *source)
    there = place.export(tmp_path / "there.jsonl", "--private-key", home.key)
    exported = home.export(tmp_path / "home.jsonl", "--private-key", home.key)
    assert unnumbered(there, place.catalogue) == unnumbered(exported, home.catalogue)
    assert place.run("audit").splitlines()[-1] == "0 findings"


def kill_somewhere(place: Place, dice: random.Random, *source: object) -> None:
    """Starts an import and kills it as soon as it is through with some list, while it is at the next."""
    command = [sys.executable, "-m", "stack", "import", "--data", str(place.stack.data), *map(str, source)]
    running = subprocess.Popen(command, cwd=ROOT, env=surroundings(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert running.stderr
    last = dice.randrange(1, 60)
    for number, _ in enumerate(running.stderr, 1):
        if number == last:
            running.kill()
    running.wait()
    running.stderr.close()


@pytest.fixture
def load(stack, api):
    """Loads rows with a given state."""
    client = ApiClient(stack.base_url, stack.token)
    catalogue = TypeCatalogue(client.get("schema/"))

    def run(state: State, *rows: Row) -> MoveReport:
        report = MoveReport()
        Loader(client, catalogue, state, report).load(rows)
        return report

    run.client, run.catalogue = client, catalogue
    return run


def prefix(number: int) -> Row:
    """Of prefixes there may be two: nothing but what was written down tells them apart."""
    return Row(PREFIXES, number, {"prefix": f"198.51.{number}.0/24", "description": "resumed"})


def begun(state: State, rows: list[Row]) -> tuple[list[Sending], str]:
    """What an import leaves that is killed at a request."""
    sendings = [Sending(row, row.body, later=False) for row in rows]
    return sendings, state.begin(sendings)


def test_what_was_done_but_not_written_down_is_not_done_again(api, load):
    state, rows = State(":memory:"), [prefix(1), prefix(2)]
    Writer(load.client).create(load.catalogue.kinds[PREFIXES], *begun(state, rows))
    api.make("ipam/prefixes/", prefix="198.51.1.0/24", description="of somebody else")
    assert load(state, *rows).counts[PREFIXES] == {"created": 2, "unchanged": 2}
    assert len(api.results("ipam/prefixes/", q="resumed", limit=100)) == 2
    assert state.unfinished() == []


def test_what_was_written_down_but_not_done_is_done(api, load):
    state = State(":memory:")
    begun(state, [prefix(3), prefix(4)])
    assert load(state, prefix(3), prefix(4)).counts[PREFIXES]["created"] == 2
    assert [len(api.results("ipam/prefixes/", prefix=f"198.51.{n}.0/24")) for n in (3, 4)] == [1, 1]


def test_a_write_without_a_reply_is_repeated_and_done_once(api, stack, load):
    with losing_replies(stack.base_url, 3) as front:
        client = ApiClient(front.base_url, stack.token)
        report = MoveReport()
        Loader(client, load.catalogue, State(":memory:"), report).load([prefix(5), prefix(6)])
    assert front.lost == 3
    assert report.counts[PREFIXES] == {"created": 2}
    assert [len(api.results("ipam/prefixes/", prefix=f"198.51.{n}.0/24")) for n in (5, 6)] == [1, 1]


def test_a_picture_without_a_reply_is_there_once(api, stack, load, tmp_path):
    site = api.make("dcim/sites/", name="Pictured once", slug="pictured-once")
    (kind,) = load.catalogue.of_label("extras.imageattachment")
    body = {"content_type": "dcim.site", "object_id": site["id"], "name": "front", "image": pixel()}
    with losing_replies(stack.base_url, 1) as front:
        sending = Sending(Row(kind.path, 1, body), body, False)
        Writer(ApiClient(front.base_url, stack.token)).create(kind, [sending], "a-picture")
    assert front.lost == 1
    assert api.get("extras/image-attachments/", object_id=site["id"])[1]["count"] == 1


def test_a_row_that_is_refused_stops_no_other(api, load, tmp_path):
    good, bad = (Row(ROLES, name, {"name": name, "slug": slug}) for name, slug in (("good", "good"), ("bad", "b a d")))
    orphan = Row("ipam/vlans", 1, {"vid": 7, "name": "orphan", "role": "bad", "site": "nowhere"})
    report = load(State(":memory:"), good, bad, orphan)
    assert report.counts[ROLES] == {"created": 1, "refused": 1}
    assert report.counts["ipam/vlans"] == {"created": 1, "in part": 2}
    (vlan,) = api.results("ipam/vlans/", name="orphan")
    assert vlan["role"] is None and vlan["site"] is None


def test_what_is_here_already_is_found_by_what_is_unique(api, load):
    api.make("ipam/roles/", name="Found", slug="found", weight=5)
    report = load(State(":memory:"), Row(ROLES, 77, {"name": "Found", "slug": "found", "weight": 9}))
    assert report.counts[ROLES] == {"found here": 1}
    (role,) = api.results("ipam/roles/", slug="found")
    assert role["weight"] == 9
