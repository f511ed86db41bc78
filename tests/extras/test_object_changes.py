"""Object changes: what every write changed, in every service, with what was before and after."""

import uuid
from contextlib import closing

import psycopg2
import pytest

from stack.databases import dsn
from tests.client import Client
from tests.factories import BY_LABEL, NOT_BY_JSON, Factory, url
from tests.running import eventually

CREATED, UPDATED, DELETED = 1, 2, 3
PATH = "extras/object-changes/"
LISTS = ("tagged_vlans", "ipaddresses", "users", "groups")
WRITABLE = sorted(
    label
    for label, each in BY_LABEL.items()
    if {"POST", "PATCH", "DELETE"} <= {*each.methods} and label not in NOT_BY_JSON
)


@pytest.fixture(scope="module")
def factory(api) -> Factory:
    return Factory(api)


@pytest.fixture
def connect(stack):
    """Makes connections to the database of a service."""
    return lambda app: closing(psycopg2.connect(dsn(stack.database_url(app))))


def changes_of(api: Client, label: str, pk: int, number: int = 1, **filters) -> list[dict]:
    """The changes of an object, the first one first, once there are so many."""
    given = {"changed_object_type": label, "changed_object_id": pk, "limit": 0, **filters}
    eventually(lambda: len(api.results(PATH, **given)) >= number, f"{number} changes of {label} {pk}")
    return sorted(api.results(PATH, **given), key=lambda change: change["id"])


def changes_by(api: Client, reply, number: int) -> dict[tuple[str, int], dict]:
    """What a request changed, by type and id, once that is so much."""
    assert reply.status_code < 300, reply.text
    given = {"request_id": reply.headers["X-Request-ID"], "limit": 0}
    eventually(lambda: len(api.results(PATH, **given)) >= number, f"{number} changes by one request")
    found = api.results(PATH, **given)
    assert len(found) == number, found
    return {(each["changed_object_type"], each["changed_object_id"]): each for each in found}


def written(face: dict) -> dict:
    """What a change tells of an object whose write face this is: lists are in the order of ids."""
    return {
        name: sorted(value) if name in LISTS else value
        for name, value in face.items()
        if name not in ("url", "last_updated")
    }


def test_however_large_changes_are_they_are_told(make_stack):
    """One that is larger than a body of a client, and many that are so together, hold up nothing behind them."""
    stack = make_stack(MAX_BODY_BYTES="100000").start()
    api = Client(stack.base_url, stack.token)
    large, last, *many = (api.make("tenancy/tenants/", name=f"T{n}", slug=f"t{n}")["id"] for n in range(42))
    for letter in "ab":
        assert api.patch(f"tenancy/tenants/{large}/", {"comments": letter * 90_000})[0] == 200
        rows = [{"id": pk, "comments": letter * 2_000} for pk in many]
        assert api.patch("tenancy/tenants/", rows)[0] == 200
    assert api.patch(f"tenancy/tenants/{last}/", {"comments": "behind them"})[0] == 200
    assert changes_of(api, "tenancy.tenant", last, 2)[-1]["postchange_data"]["comments"] == "behind them"
    for pk, size in ((large, 90_000), (many[-1], 2_000)):
        change = changes_of(api, "tenancy.tenant", pk, 3)[-1]
        told = [change[f"{when}change_data"]["comments"] for when in ("pre", "post")]
        assert told == ["a" * size, "b" * size]


@pytest.mark.parametrize("label", WRITABLE)
def test_a_change_has_the_write_face_before_and_after(api, factory, label):
    made = factory.make(label)
    saved = api.request("PATCH", f"{url(label)}{made['id']}/", {})
    assert saved.status_code == 200, saved.text
    gone = api.request("DELETE", f"{url(label)}{made['id']}/")
    model = BY_LABEL[label].model
    created, updated, deleted = changes_of(api, model.label, made["id"], 3)
    assert [each["action"]["value"] for each in (created, updated, deleted)] == [CREATED, UPDATED, DELETED]
    assert created["prechange_data"] is None and deleted["postchange_data"] is None
    if not model.logged:
        assert [each["postchange_data"] for each in (created, updated)] == [None, None]
        return
    hidden = {name for name in made if name not in created["postchange_data"]}
    assert hidden <= {"url", "last_updated", "key", "form_factor"} | {*model.unlogged}
    kept = written(made)
    assert {name: created["postchange_data"][name] for name in kept if name not in hidden} == {
        name: value for name, value in kept.items() if name not in hidden
    }
    assert updated["postchange_data"] == deleted["prechange_data"]
    assert gone.headers["X-Request-ID"] == deleted["request_id"]


def test_an_update_tells_what_was_and_what_is(api, factory):
    site = factory.make("dcim.site", name="As it was")
    reply = api.request("PATCH", f"dcim/sites/{site['id']}/", {"name": "As it is", "status": 2})
    (change,) = changes_by(api, reply, 1).values()
    assert {name: change["prechange_data"][name] for name in ("name", "status")} == {"name": "As it was", "status": 1}
    after = reply.json()
    del after["url"], after["last_updated"]
    assert change["postchange_data"] == after
    assert change["changed_object"] == {
        "id": site["id"],
        "url": f"{api.base_url}/api/dcim/sites/{site['id']}/",
        "name": "As it is",
    }
    assert (change["user"]["username"], change["user_name"], change["requested"]) == ("admin", "admin", True)
    assert (change["object_repr"], change["related_object"]) == ("As it is", None)


def test_what_a_delete_takes_along_in_every_service_is_told_under_its_request(api, factory):
    device, vlan = factory.make("dcim.device"), factory.make("ipam.vlan")
    interface = factory.make("dcim.interface", device=device["id"], mode=200, tagged_vlans=[vlan["id"]])
    address = factory.make("ipam.ipaddress", interface=interface["id"])
    service = factory.make("ipam.service", device=device["id"], ipaddresses=[address["id"]])
    assert api.patch(f"dcim/devices/{device['id']}/", {"primary_ip4": address["id"]})[0] == 200
    found = changes_by(api, api.request("DELETE", f"dcim/interfaces/{interface['id']}/"), 4)
    gone, lost = found["dcim.interface", interface["id"]], found["ipam.ipaddress", address["id"]]
    assert (gone["action"]["label"], gone["requested"]) == ("Deleted", True)
    assert gone["prechange_data"]["tagged_vlans"] == [vlan["id"]]
    assert gone["related_object"]["url"] == f"{api.base_url}/api/dcim/devices/{device['id']}/"
    assert (lost["action"]["label"], lost["requested"]) == ("Deleted", False)
    assert lost["object_repr"] == lost["prechange_data"]["address"] == address["address"]
    primary, listed = found["dcim.device", device["id"]], found["ipam.service", service["id"]]
    assert primary["prechange_data"]["primary_ip4"] == address["id"]
    assert primary["postchange_data"] == primary["prechange_data"] | {"primary_ip4": None}
    assert listed["prechange_data"]["ipaddresses"] == [address["id"]]
    assert listed["postchange_data"] == listed["prechange_data"] | {"ipaddresses": []}


def test_what_one_key_empties_and_another_takes_is_told_as_gone(api, factory):
    """A chassis and its blade go in one statement: the bay loses the blade, then goes with the chassis."""
    chassis_type = factory.make("dcim.devicetype", subdevice_role=True)["id"]
    blade_type = factory.make("dcim.devicetype", subdevice_role=False, u_height=0)["id"]
    blades = [factory.make("dcim.device", device_type=blade_type)["id"] for _ in range(2)]
    chassis = factory.make("dcim.device", device_type=chassis_type)["id"]
    bay, other = (factory.make("dcim.devicebay", device=chassis, installed_device=blade)["id"] for blade in blades)
    going = [{"id": pk} for pk in (blades[0], chassis)]
    found = changes_by(api, api.request("DELETE", "dcim/devices/", going), 4)
    for pk, blade in ((bay, blades[0]), (other, blades[1])):
        change = found["dcim.devicebay", pk]
        assert (change["action"]["value"], change["postchange_data"]) == (DELETED, None)
        assert change["prechange_data"]["installed_device"] == blade


def test_what_loses_a_reference_and_a_member_of_a_list_at_once_is_told_as_it_was(api, factory):
    vlans = [factory.make("ipam.vlan")["id"] for _ in range(2)]
    interface = factory.make("dcim.interface", mode=200, untagged_vlan=vlans[0], tagged_vlans=vlans)["id"]
    change = changes_by(api, api.request("DELETE", f"ipam/vlans/{vlans[0]}/"), 2)["dcim.interface", interface]
    before, after = change["prechange_data"], change["postchange_data"]
    assert (before["untagged_vlan"], before["tagged_vlans"]) == (vlans[0], vlans)
    assert after == before | {"untagged_vlan": None, "tagged_vlans": vlans[1:]}


def test_what_many_keys_empty_is_told_once(api, factory):
    device = factory.make("dcim.device")["id"]
    lags = [factory.make("dcim.interface", device=device, form_factor=200)["id"] for _ in range(2)]
    members = [factory.make("dcim.interface", device=device, lag=lag)["id"] for lag in lags]
    found = changes_by(api, api.request("DELETE", "dcim/interfaces/", [{"id": pk} for pk in lags]), 4)
    for pk, lag in zip(members, lags, strict=True):
        change = found["dcim.interface", pk]
        assert (change["action"]["value"], change["requested"]) == (UPDATED, False)
        assert (change["prechange_data"]["lag"], change["postchange_data"]["lag"]) == (lag, None)


def test_a_list_is_told_as_it_was_and_as_it_is(api, factory):
    vlans = [factory.make("ipam.vlan")["id"] for _ in range(3)]
    interface = factory.make("dcim.interface", mode=200, tagged_vlans=vlans[:2])
    reply = api.request("PATCH", f"dcim/interfaces/{interface['id']}/", {"tagged_vlans": vlans[1:]})
    (change,) = changes_by(api, reply, 1).values()
    assert (change["prechange_data"]["tagged_vlans"], change["postchange_data"]["tagged_vlans"]) == (
        vlans[:2],
        vlans[1:],
    )
    (lost,) = [
        each
        for (label, _), each in changes_by(api, api.request("DELETE", f"ipam/vlans/{vlans[2]}/"), 2).items()
        if label == "dcim.interface"
    ]
    assert (lost["prechange_data"]["tagged_vlans"], lost["postchange_data"]["tagged_vlans"]) == (vlans[1:], [vlans[1]])


def test_custom_fields_are_told_by_name(api, factory):
    name = f"cf_{uuid.uuid4().hex[:8]}"
    field = api.make("extras/custom-fields/", name=name, type=600, obj_type=["dcim.site"], choices=[{"value": "a"}])
    site, choice = factory.make("dcim.site"), field["choices"][0]["id"]
    reply = api.request("PATCH", f"dcim/sites/{site['id']}/", {"custom_fields": {name: choice}})
    (change,) = changes_by(api, reply, 1).values()
    assert change["prechange_data"]["custom_fields"][name] is None
    assert change["postchange_data"]["custom_fields"] == reply.json()["custom_fields"]
    api.delete(f"extras/custom-fields/{field['id']}/")


def test_a_list_of_objects_is_one_change_for_each(api, factory):
    tag = uuid.uuid4().hex[:8]
    reply = api.request("POST", "dcim/sites/", [{"name": f"{tag} {n}", "slug": f"{tag}-{n}"} for n in range(30)])
    found = changes_by(api, reply, 30)
    assert {pk for _, pk in found} == {each["id"] for each in reply.json()}
    changed = [{"id": each["id"], "facility": "F"} for each in reply.json()]
    for each in changes_by(api, api.request("PATCH", "dcim/sites/", changed), 30).values():
        assert (each["prechange_data"]["facility"], each["postchange_data"]["facility"]) == ("", "F")
    assert len(changes_by(api, api.request("DELETE", "dcim/sites/", changed), 30)) == 30
    assert len(api.results(PATH, q=tag, limit=0)) == 90


def test_what_is_refused_is_no_change(api, factory):
    site = factory.make("dcim.site")
    reply = api.request("PATCH", f"dcim/sites/{site['id']}/", {"name": ""})
    assert reply.status_code == 400
    factory.make("dcim.rackgroup", site=site["id"])
    changes_of(api, "dcim.site", site["id"])
    assert api.results(PATH, request_id=reply.headers["X-Request-ID"]) == []


def test_it_can_be_narrowed_and_not_be_written(api, factory):
    tenant = factory.make("tenancy.tenant")
    (change,) = changes_of(api, "tenancy.tenant", tenant["id"])
    mine = {"changed_object_type": "tenancy.tenant", "changed_object_id": tenant["id"]}

    def found(**filters) -> bool:
        return [each["id"] for each in api.results(PATH, **mine, **filters)] == [change["id"]]

    when = change["time"]
    for filters in (
        {"user": 1},
        {"username": "admin"},
        {"user_name": "admin"},
        {"request_id": change["request_id"]},
        {"action": CREATED},
        {"requested": "true"},
        {"q": tenant["name"]},
        {"object_repr": tenant["name"]},
        {"time__gte": when},
        {"time__lte": when},
        {"time_after": when},
        {"time_before": "2100-01-01"},
    ):
        assert found(**filters), filters
    for filters in (
        {"user": 99999},
        {"user_name": "x"},
        {"request_id": "x"},
        {"action": DELETED},
        {"requested": "false"},
        {"q": "no such thing"},
        {"object_repr": "no such thing"},
        {"time__gt": when},
        {"time_before": when},
        {"time_after": "2100-01-01"},
        {"related_object_id": 1},
        {"time_after": "never"},
    ):
        assert not found(**filters), filters
    for verb in ("PUT", "PATCH", "DELETE"):
        assert api.call(verb, f"{PATH}{change['id']}/", {})[0] == 405
    assert api.post(PATH, {})[0] == 405
    assert Client(api.base_url).get(f"{PATH}{change['id']}/")[1] == api.get(f"{PATH}{change['id']}/")[1]


def test_what_is_older_than_it_is_to_be_kept_goes(api, factory, connect):
    old, new = (changes_of(api, "dcim.region", factory.make("dcim.region")["id"])[0]["id"] for _ in range(2))
    with connect("extras") as connection, connection, connection.cursor() as cursor:
        cursor.execute("UPDATE extras_objectchange SET time = time - interval '91 days' WHERE id = %s", (old,))
        cursor.execute("UPDATE extras_objectchange SET time = time - interval '89 days' WHERE id = %s", (new,))
    eventually(lambda: api.get(f"{PATH}{old}/")[0] == 404, "the old change is deleted")
    assert api.get(f"{PATH}{new}/")[0] == 200


def test_what_the_release_before_kept_and_noted_is_taken_over(api, factory, connect):
    site = factory.make("dcim.site")["id"]
    href = f"/api/dcim/sites/{site}/"
    with connect("extras") as connection, connection, connection.cursor() as cursor:
        kept = f'modified site <a href="{href}">R&amp;D &lt;1&gt;</a>'
        cursor.execute(
            "INSERT INTO extras_useraction (id, note, time, user_id, action, content_type, object_id, message)"
            " VALUES (1000000, gen_random_uuid(), now(), 1, 3, 'dcim.site', %s, %s)",
            (site, kept),
        )
    with connect("dcim") as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO activity_outbox (id, user_id, action, content_type, object_id, name, path)"
            " VALUES (gen_random_uuid(), 1, 5, 'dcim.site', %s, 'gone', %s)",
            (site, href),
        )
    changes = changes_of(api, "dcim.site", site, 3)
    assert sorted((each["action"]["value"], each["object_repr"]) for each in changes[1:]) == [
        (UPDATED, "R&D <1>"),
        (DELETED, "gone"),
    ]
    told = api.results("extras/recent-activity/", content_type="dcim.site", object_id=site)
    assert {each["message"] for each in told} >= {kept, "deleted site gone"}
