"""A NetBox of any release, read over HTTP, and copied into a running Patchbay."""

import pytest

from moving.progress import Progress
from moving.remote.fetching import RemoteSource
from moving.report import MoveReport
from moving.state import State
from stack.cli_error import CliError
from tests.moving.conftest import Place
from tests.moving.documents import catalogue
from tests.moving.netbox import TOKEN, NetBox, serving
from tests.moving.samples import VERSIONS, netbox

KEY = "-----BEGIN RSA PRIVATE KEY-----"
DEFINITIONS = "extras/custom-fields"


def inventory(rows: dict[tuple, dict]) -> dict[tuple, dict]:
    """All but the definitions of custom fields, which only v2.10 and later tell; before they are guessed."""
    return {key: body for key, body in rows.items() if key[0] != DEFINITIONS}


def read(source: NetBox, key: str | None = KEY) -> tuple[dict[tuple, dict], MoveReport]:
    """The rows of a source by list and id, and what was told about them."""
    report = MoveReport()
    with serving(source):
        remote = RemoteSource(source.base_url, TOKEN, key, State(":memory:"), report)
        remote.fetch(catalogue(), Progress("read"))
        return {(row.path, row.id): row.body for row in remote.rows(catalogue())}, report


@pytest.fixture(scope="module")
def newest() -> tuple[dict[tuple, dict], MoveReport]:
    return read(netbox("2.11"))


@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_inventory_is_read_the_same_from_every_release(version, newest):
    rows, report = read(netbox(version))
    assert inventory(rows) == inventory(newest[0])
    types = {body["name"]: body["type"] for (path, _), body in rows.items() if path == DEFINITIONS}
    assert types == {"colour": 600, "size": 200, "day": 100}
    places = dict(report.without_place)
    assert places["dcim/cables"] == 2
    assert (places["dcim/sites: tags"], places["dcim/sites: latitude"]) == (1, 1)
    assert places["ipam/ip-addresses: dns_name"] == 1


def test_what_is_read_of_it(newest):
    rows = newest[0]
    connection = {"interface_a": 10, "interface_b": 12, "connection_status": True}
    assert rows["dcim/interface-connections", 10] == connection
    assert rows["circuits/circuit-terminations", 1]["interface"] == 13
    assert rows["dcim/power-ports", 1]["power_outlet"] == 1
    assert rows["dcim/interfaces", 11]["form_factor"] == 200
    assert rows["dcim/racks", 4] | {"group": 8, "type": 300, "width": 19} == rows["dcim/racks", 4]
    assert rows["dcim/devices", 1]["primary_ip4"] == 6
    assert rows["dcim/device-types", 2]["is_pdu"] is True
    assert rows["users/users", 9] == {"username": "mover", "is_active": False}
    assert rows["secrets/secrets", 1]["plaintext"] == "hidden"
    assert rows["extras/image-attachments", 1]["image"]["name"] == "Front.png"
    assert rows["dcim/sites", 5]["custom_fields"] == {"colour": "red", "size": 7, "day": None}


def test_secrets_stay_where_no_key_opens_them():
    rows, report = read(netbox("2.8"), key=None)
    assert ("secrets/secrets", 1) not in rows
    assert report.notes["secrets/secrets"] == "1 left behind: give --private-key to take them along"


def test_nothing_else_is_asked_than_the_source():
    source = netbox("2.9")
    read(source)
    assert source.asked and all(path.startswith(("/api/", "/media/")) for path in source.asked)


@pytest.mark.parametrize("version", ["", "1.0", "2.12", "3.4", "nonsense"])
def test_a_version_that_cannot_be_read_is_told(version):
    with pytest.raises(CliError, match=r"v2\.0 to v2\.11 can be read"):
        read(NetBox(version, {}))


@pytest.fixture(scope="module")
def copied(stack, tmp_path_factory) -> tuple[Place, str]:
    place = Place(stack)
    with serving(netbox("2.11")) as source:
        told = place.run("import", "--from", source.base_url, "--token", TOKEN, "--as", "sample")
        assert " created" not in place.run("import", "--from", source.base_url, "--token", TOKEN, "--as", "sample")
    return place, told


def test_it_is_here_afterwards(copied, api):
    place, told = copied
    assert "has no place here: dcim/cables (2)" in told and "refused" not in told
    (device,) = api.results("dcim/devices/", name="sw1", site="moved")
    assert device["primary_ip4"]["address"] == "10.77.0.1/24"
    (site,) = api.results("dcim/sites/", slug="moved")
    fields = site["custom_fields"]
    assert (fields["colour"]["label"], fields["size"], fields["day"]) == ("red", 7, None)
    (interface,) = api.results("dcim/interfaces/", device_id=device["id"], name="xe-0")
    assert interface["interface_connection"]["interface"]["device"]["name"] == "sw2"
    (image,) = api.results("extras/image-attachments/", object_id=site["id"], content_type="dcim.site")
    assert (image["name"], image["image_width"]) == ("Front", 3)
    (user,) = api.results("users/users/", username="mover")
    assert (user["is_active"], user["is_superuser"]) == (False, False)


def test_a_token_that_is_not_taken_is_told(stack):
    with serving(netbox("2.11")) as source:
        told = Place(stack).fail("import", "--from", source.base_url, "--token", "f" * 40)
    assert "403" in told and "f" * 40 not in told


def test_a_source_that_is_not_there_is_told(stack):
    told = Place(stack).fail("import", "--from", "http://127.0.0.1:9", "--token", TOKEN)
    assert "cannot be read: ConnectionError" in told
