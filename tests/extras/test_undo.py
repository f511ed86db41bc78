"""Undo: what a request changed is brought back to what it was, in every service, or nothing is."""

import random
import uuid
from contextlib import closing, contextmanager

import psycopg2
import pytest
import requests

from stack.databases import dsn
from tests.client import Client
from tests.extras.test_image_attachments import picture, upload
from tests.extras.test_object_changes import WRITABLE, changes_of
from tests.factories import BY_LABEL, Factory, url
from tests.running import eventually
from tests.undoing import PATH, ok, read, tried, undo, world

# What cannot be brought back, and says so.
LOST = ("secrets.", "users.")
UNDOABLE = [label for label in WRITABLE if not label.startswith(LOST) or label == "secrets.secretrole"]


@pytest.fixture(scope="module")
def factory(api) -> Factory:
    return Factory(api)


@pytest.mark.parametrize("label", UNDOABLE)
def test_what_was_deleted_or_created_is_so_again(api, factory, label):
    pk = factory.filled(label)
    path, before = f"{url(label)}{pk}/", read(api, label, pk)
    gone = ok(api.request("DELETE", path))
    preview = undo(api, gone, dry_run=1)
    assert preview["conflicts"] == [] and read(api, label, pk) is None
    undone = api.request("POST", f"{PATH}revert/", {"request_id": gone.headers["X-Request-ID"]})
    assert undone.status_code == 200, undone.text
    assert read(api, label, pk) == before
    done = {(each["type"], each["id"]) for each in undone.json()["changes"]}
    assert (BY_LABEL[label].model.label, pk) in done
    assert undone.json()["changes"] == preview["changes"]
    again = ok(tried(api, undone))
    assert read(api, label, pk) is None
    ok(tried(api, again))
    assert read(api, label, pk) == before


def test_an_update_sets_back_what_it_changed_and_nothing_else(api, factory):
    was, became = (f"{name} {uuid.uuid4().hex[:8]}" for name in ("Was", "Is"))
    site = factory.make("dcim.site", name=was, facility="A")
    path = f"dcim/sites/{site['id']}/"
    first = ok(api.request("PATCH", path, {"name": became, "status": 2, "asn": 7}))
    api.patch(path, {"facility": "B"})
    change = changes_of(api, "dcim.site", site["id"], 3)[1]
    assert change["request_id"] == first.headers["X-Request-ID"]
    status, preview = api.post(f"{PATH}{change['id']}/revert/?dry_run=true", {})
    (told,) = preview["changes"]
    assert (status, preview["dry_run"], preview["conflicts"]) == (200, True, [])
    assert told == {
        "action": {"value": 2, "label": "Updated"},
        "type": "dcim.site",
        "id": site["id"],
        "url": f"{api.base_url}/api/{path}",
        "name": was,
        "values": {
            "name": {"from": became, "to": was},
            "status": {"from": 2, "to": 1},
            "asn": {"from": 7, "to": None},
        },
    }
    assert api.get(path)[1]["name"] == became
    status, done = api.post(f"{PATH}{change['id']}/revert/", {})
    assert (status, done["changes"]) == (200, preview["changes"])
    now = api.get(path)[1]
    assert (now["name"], now["status"]["value"], now["asn"], now["facility"]) == (was, 1, None, "B")
    # Once more it is so already, and nothing is done.
    assert api.post(f"{PATH}{change['id']}/revert/", {})[1]["changes"] == []
    assert api.post(f"{PATH}revert/", {"request_id": done["request_id"]})[0] == 200
    now = api.get(path)[1]
    assert (now["name"], now["status"]["value"], now["asn"], now["facility"]) == (became, 2, 7, "B")


def test_what_has_changed_since_is_a_conflict_and_nothing_is_done(api, factory):
    sites = [factory.make("dcim.site", facility="A") for _ in range(3)]
    reply = ok(api.request("PATCH", "dcim/sites/", [{"id": each["id"], "facility": "B"} for each in sites]))
    api.patch(f"dcim/sites/{sites[0]['id']}/", {"facility": "C"})
    api.delete(f"dcim/sites/{sites[1]['id']}/")
    expected = [
        {
            "type": "dcim.site",
            "id": sites[0]["id"],
            "name": sites[0]["name"],
            "field": "facility",
            "detail": "It has been changed since: facility is another now.",
            "url": f"{api.base_url}/api/dcim/sites/{sites[0]['id']}/",
        },
        {
            "type": "dcim.site",
            "id": sites[1]["id"],
            "name": sites[1]["name"],
            "field": "",
            "detail": "It has been deleted since.",
            "url": f"{api.base_url}/api/dcim/sites/{sites[1]['id']}/",
        },
    ]
    refused = tried(api, reply)
    assert (refused.status_code, refused.json()["conflicts"]) == (409, expected)
    assert undo(api, reply, dry_run=1)["conflicts"] == expected
    assert api.get(f"dcim/sites/{sites[2]['id']}/")[1]["facility"] == "B"


def test_what_came_to_refer_to_it_since_keeps_what_was_created(api, factory):
    """Whatever the reference does when its object goes: keep it, go along, become null, or leave a list."""
    made = {label: ok(api.request("POST", url(label), factory.body(label))) for label in ("dcim.site", "ipam.vlan")}
    made["dcim.interface"] = ok(api.request("POST", url("dcim.interface"), factory.body("dcim.interface")))
    made["dcim.platform"] = ok(api.request("POST", url("dcim.platform"), factory.body("dcim.platform")))
    ids = {label: reply.json()["id"] for label, reply in made.items()}
    referring = {
        "dcim.site": ("ipam.prefix", {"site": ids["dcim.site"]}),
        "ipam.vlan": ("dcim.interface", {"mode": 200, "tagged_vlans": [ids["ipam.vlan"]]}),
        "dcim.interface": ("ipam.ipaddress", {"interface": ids["dcim.interface"]}),
        "dcim.platform": ("dcim.device", {"platform": ids["dcim.platform"]}),
    }
    others = {label: (kind, factory.make(kind, **given)["id"]) for label, (kind, given) in referring.items()}
    for label, reply in made.items():
        refused = tried(api, reply)
        assert refused.status_code == 409, label
        assert others[label] in [(each["type"], each["id"]) for each in refused.json()["conflicts"]], label
        assert read(api, label, ids[label]) is not None
    for kind, pk in others.values():
        assert api.delete(f"{url(kind)}{pk}/")[0] == 204
    for label, reply in made.items():
        undo(api, reply)
        assert read(api, label, ids[label]) is None


def test_what_a_device_took_along_in_every_service_comes_back_with_it(api, factory):
    before = world(api, factory)
    device = next(pk for label, pk in before if label == "dcim.device")
    gone = ok(api.request("DELETE", f"dcim/devices/{device}/"))
    (change,) = [each for each in changes_of(api, "dcim.device", device, 3) if each["action"]["label"] == "Deleted"]
    # Undone by the one change, which takes all that belongs to the device.
    undone = api.request("POST", f"{PATH}{change['id']}/revert/", {})
    assert undone.status_code == 200, undone.text
    assert {key: read(api, *key) for key in before} == before
    assert {each["id"] for each in undone.json()["changes"] if each["type"] == "ipam.ipaddress"}
    again = ok(tried(api, undone))
    assert read(api, "dcim.device", device) is None
    ok(tried(api, again))
    assert {key: read(api, *key) for key in before} == before
    ok(tried(api, gone))


def test_an_interface_comes_back_with_its_addresses_and_what_lost_them(api, factory):
    before = world(api, factory)
    port = next(pk for label, pk in before if label == "dcim.interface" and before[label, pk]["lag"])
    gone = ok(api.request("DELETE", f"dcim/interfaces/{port}/"))
    undo(api, gone)
    assert {key: read(api, *key) for key in before} == before


def test_one_of_several_deleted_objects_comes_back_alone(api, factory):
    devices = [factory.make("dcim.device")["id"] for _ in range(2)]
    ports = [factory.make("dcim.interface", device=pk)["id"] for pk in devices]
    ok(api.request("DELETE", "dcim/devices/", [{"id": pk} for pk in devices]))
    change = changes_of(api, "dcim.device", devices[0], 2)[-1]
    assert api.post(f"{PATH}{change['id']}/revert/", {})[0] == 200
    assert read(api, "dcim.device", devices[0]) and read(api, "dcim.interface", ports[0])
    assert read(api, "dcim.device", devices[1]) is None and read(api, "dcim.interface", ports[1]) is None


def test_a_virtual_chassis_comes_back_with_its_members(api, factory):
    master, member = (factory.make("dcim.device")["id"] for _ in range(2))
    chassis = factory.make("dcim.virtualchassis", master=master)["id"]
    assert api.patch(f"dcim/devices/{member}/", {"virtual_chassis": chassis, "vc_position": 2})[0] == 200
    assert api.patch(f"dcim/devices/{master}/", {"vc_position": 1, "vc_priority": 9})[0] == 200
    keys = [("dcim.virtualchassis", chassis), ("dcim.device", master), ("dcim.device", member)]
    before = [read(api, *key) for key in keys]
    gone = ok(api.request("DELETE", f"dcim/virtual-chassis/{chassis}/"))
    undo(api, gone)
    assert [read(api, *key) for key in keys] == before


def test_what_is_in_a_rack_moves_back_with_it(api, factory):
    here, there = factory.make("dcim.site")["id"], factory.make("dcim.site")["id"]
    rack = factory.make("dcim.rack", site=here)["id"]
    device = factory.make("dcim.device", site=here, rack=rack, position=3, face=0)["id"]
    moved = ok(api.request("PATCH", f"dcim/racks/{rack}/", {"site": there}))
    assert api.get(f"dcim/devices/{device}/")[1]["site"]["id"] == there
    undo(api, moved)
    assert api.get(f"dcim/devices/{device}/")[1]["site"]["id"] == here
    assert api.get(f"dcim/racks/{rack}/")[1]["site"]["id"] == here


def test_what_the_rules_refuse_now_is_a_conflict(api, factory):
    site = factory.make("dcim.site")
    gone = ok(api.request("DELETE", f"dcim/sites/{site['id']}/"))
    taken = factory.make("dcim.site", name=site["name"])
    refused = tried(api, gone)
    assert refused.status_code == 409
    assert [(each["type"], each["id"], each["field"]) for each in refused.json()["conflicts"]] == [
        ("dcim.site", site["id"], "name")
    ]
    assert undo(api, gone, dry_run=1)["conflicts"] == refused.json()["conflicts"]
    api.delete(f"dcim/sites/{taken['id']}/")
    undo(api, gone)


def test_what_refers_to_what_is_gone_is_a_conflict(api, factory):
    tenant = factory.make("tenancy.tenant")["id"]
    site = factory.make("dcim.site", tenant=tenant)["id"]
    gone = ok(api.request("DELETE", f"dcim/sites/{site}/"))
    assert api.delete(f"tenancy/tenants/{tenant}/")[0] == 204
    refused = tried(api, gone)
    assert refused.status_code == 409
    assert [(each["field"], each["detail"]) for each in refused.json()["conflicts"]] == [
        ("tenant", f'Invalid pk "{tenant}" - object does not exist.')
    ]


def test_a_tree_and_custom_fields_come_back(api, factory):
    name = f"cf_{uuid.uuid4().hex[:8]}"
    field = api.make("extras/custom-fields/", name=name, type=600, obj_type=["dcim.site"], choices=[{"value": "a"}])
    choice = field["choices"][0]["id"]
    region = factory.make("dcim.region")["id"]
    below = factory.make("dcim.region", parent=region)["id"]
    site = factory.make("dcim.site", region=below, custom_fields={name: choice})["id"]
    before = read(api, "dcim.site", site)
    assert before["custom_fields"][name]["value"] == choice
    gone = ok(api.request("DELETE", f"dcim/sites/{site}/"))
    undo(api, gone)
    assert read(api, "dcim.site", site) == before
    # The values of a field that was deleted are hidden, and seen again with it.
    ended = ok(api.request("DELETE", f"extras/custom-fields/{field['id']}/"))
    assert name not in read(api, "dcim.site", site)["custom_fields"]
    undo(api, ended)
    assert read(api, "dcim.site", site) == before
    lost = ok(api.request("PATCH", f"extras/custom-fields/{field['id']}/", {"choices": []}))
    undo(api, lost)
    assert read(api, "dcim.site", site) == before
    assert api.delete(f"extras/custom-fields/{field['id']}/")[0] == 204


def test_what_was_renamed_since_is_not_taken_for_what_it_was(api, factory):
    field, site = factory.make("extras.customfield"), factory.make("dcim.site")["id"]
    name, renamed = field["name"], uuid.uuid4().hex

    def named(what: str) -> bool:
        return what in values()

    def values() -> dict:
        return api.get(f"dcim/sites/{site}/")[1]["custom_fields"]

    eventually(lambda: named(name), "the field is known")
    changed = ok(api.request("PATCH", f"dcim/sites/{site}/", {"custom_fields": {name: "after"}}))
    ok(api.request("PATCH", f"extras/custom-fields/{field['id']}/", {"name": renamed}))
    eventually(lambda: named(renamed), "its new name is known")
    refused = tried(api, changed)
    assert refused.status_code == 409, refused.text
    assert [each["field"] for each in refused.json()["conflicts"]] == [f"custom_fields.{name}"]
    assert values()[renamed] == "after"


def test_what_is_kept_nowhere_is_not_brought_back(api, factory):
    user = api.make("users/users/", username=f"u{uuid.uuid4().hex[:8]}", password=uuid.uuid4().hex)["id"]
    renamed = ok(api.request("PATCH", f"users/users/{user}/", {"first_name": "Ada"}))
    refused = tried(api, renamed)
    assert refused.status_code == 409
    assert [each["detail"] for each in refused.json()["conflicts"]] == ["Accounts are not brought back by an undo."]
    token = ok(api.request("POST", "users/tokens/", {"user": user}))
    assert tried(api, token).status_code == 409


def test_a_picture_is_not_brought_back(api, factory):
    site = factory.make("dcim.site")
    status, made = upload(api, site, picture())
    assert status == 201, made
    renamed = ok(api.request("PATCH", f"extras/image-attachments/{made['id']}/", {"name": "front"}))
    undo(api, renamed)
    assert api.get(f"extras/image-attachments/{made['id']}/")[1]["name"] == made["name"]
    gone = ok(api.request("DELETE", f"dcim/sites/{site['id']}/"))
    refused = tried(api, gone)
    assert refused.status_code == 409
    assert [(each["type"], each["field"], each["detail"]) for each in refused.json()["conflicts"]] == [
        ("extras.imageattachment", "image", "What its image was is kept nowhere.")
    ]


def user_with(api: Client, *permissions: str) -> Client:
    name, password = f"u{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
    user = api.make("users/users/", username=name, password=password, permissions=[*permissions])
    return Client(api.base_url, api.make("users/tokens/", user=user["id"])["key"])


def test_it_takes_the_permissions_that_doing_it_would(api, factory):
    site = factory.make("dcim.site")["id"]
    changed = ok(api.request("PATCH", f"dcim/sites/{site}/", {"facility": "X"}))
    gone = ok(api.request("DELETE", f"dcim/sites/{site}/"))
    changer, maker = user_with(api, "dcim.change_site"), user_with(api, "dcim.add_site")
    assert tried(Client(api.base_url), gone).status_code == 403
    refused = tried(changer, gone)
    assert (refused.status_code, "dcim.add_site" in refused.json()["detail"]) == (403, True)
    assert read(api, "dcim.site", site) is None
    undone = tried(maker, gone)
    assert undone.status_code == 200, undone.text
    (change,) = [
        each for each in changes_of(api, "dcim.site", site, 4) if each["request_id"] == undone.json()["request_id"]
    ]
    assert change["user_name"].startswith("u") and change["requested"] is True
    assert tried(maker, changed).status_code == 403
    assert tried(changer, changed).status_code == 200


def test_what_is_not_shown_is_not_told_by_an_undo_either(api, factory):
    """Neither by a dry run, nor where something is in the way."""
    hook, mark = factory.make("extras.webhook")["id"], uuid.uuid4().hex
    own = f"extras/webhooks/{hook}/"
    moved = ok(api.request("PATCH", own, {"payload_url": f"https://example.com/{mark}", "name": f"A {mark}"}))
    ok(api.request("PATCH", own, {"name": f"B {mark}"}))
    site = factory.make("dcim.site")["id"]
    of_both = {"X-Request-ID": uuid.uuid4().hex}
    ok(api.request("PATCH", own, {"enabled": True}, headers=of_both))
    both = ok(api.request("PATCH", f"dcim/sites/{site}/", {"facility": mark}, headers=of_both))
    changes_of(api, "extras.webhook", hook, 4)
    changes_of(api, "dcim.site", site, 2)
    reader, operator = user_with(api, "dcim.change_site"), user_with(api, "dcim.change_site", "extras.change_webhook")
    for query in ({}, {"dry_run": 1}):
        for request, status in ((moved, 404), (both, 403)):
            refused = tried(reader, request, **query)
            assert (refused.status_code, mark in refused.text) == (status, False), refused.text
    assert mark in tried(operator, moved, dry_run=1).text
    assert tried(operator, both).status_code == 200


def test_what_is_no_change_is_refused(api):
    assert api.post(f"{PATH}revert/", {})[0] == 400
    assert api.post(f"{PATH}revert/", {"request_id": 5})[0] == 400
    assert api.post(f"{PATH}revert/", {"request_id": "no-such-request"})[0] == 404
    assert api.post(f"{PATH}999999999/revert/", {})[0] == 404
    assert api.post(f"{PATH}99999999999999999999/revert/", {})[0] == 404
    assert api.post(f"{PATH}x/revert/", {})[0] == 404


@contextmanager
def refusing_at_commit(stack, app: str, table: str, column: str, value: str):
    """Within, a row with such a value can be written, but its transaction never be committed."""
    name = f"refuse_{uuid.uuid4().hex[:8]}"
    with closing(psycopg2.connect(dsn(stack.database_url(app)))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'refused by a test'; END $$"
            )
            cursor.execute(
                f"CREATE CONSTRAINT TRIGGER {name} AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED"
                f" FOR EACH ROW WHEN (NEW.{column} = %s) EXECUTE FUNCTION {name}()",
                (value,),
            )
            try:
                yield
            finally:
                cursor.execute(f"DROP FUNCTION {name}() CASCADE")


def test_what_was_done_in_one_service_is_taken_back_when_another_fails(api, factory, stack):
    before = world(api, factory)
    device = next(pk for label, pk in before if label == "dcim.device")
    gone = ok(api.request("DELETE", f"dcim/devices/{device}/"))
    inside = next(each for key, each in before.items() if key[0] == "ipam.ipaddress" and each["nat_inside"])
    with refusing_at_commit(stack, "ipam", "ipam_ipaddress", "id", str(inside["id"])):
        assert undo(api, gone, dry_run=1)["conflicts"] == []
        failed = tried(api, gone)
        assert (failed.status_code, "Nothing was done" in failed.json()["detail"]) == (503, True), failed.text
        assert read(api, "dcim.device", device) is None
        # It had been there: the log tells of it, and that it was taken back.
        ended = changes_of(api, "dcim.device", device, 5)[-2:]
        assert [each["action"]["label"] for each in ended] == ["Created", "Deleted"]
        assert {each["request_id"] for each in ended} == {failed.headers["X-Request-ID"]}
    undo(api, gone)
    assert {key: read(api, *key) for key in before} == before


class Recorder:
    """A client that remembers the requests that changed something."""

    def __init__(self, api: Client) -> None:
        self.api = api
        self.done: list[requests.Response] = []

    def make(self, path: str, **body) -> dict:
        reply = self.write("POST", path, body)
        assert reply.status_code == 201, reply.text
        return reply.json()

    def patch(self, path: str, body) -> tuple[int, object]:
        reply = self.write("PATCH", path, body)
        return reply.status_code, reply.json()

    def write(self, verb: str, path: str, body=None):
        reply = self.api.request(verb, path, body)
        assert reply.status_code < 500, reply.text
        if reply.status_code < 300:
            self.done.append(reply)
        return reply


def dump(api: Client) -> dict:
    """Every object of every service that an undo may concern."""
    return {
        label: [
            {name: value for name, value in each.items() if name not in ("last_updated", "count_interfaces")}
            for each in sorted(api.results(url(label), limit=0), key=lambda each: each["id"])
        ]
        for label in UNDOABLE
    }


def test_a_random_sequence_undone_backwards_gives_what_was_there_before(api, undo_writes, undo_seed):
    chance, recorder = random.Random(undo_seed), Recorder(api)
    before, maker = dump(api), Factory(recorder)
    made: list[tuple[str, int]] = []
    while len(recorder.done) < undo_writes:
        label = chance.choice(UNDOABLE)
        own = [pk for kind, pk in made if kind == label]
        what = chance.choice(("make", "make", "change", "change", "delete", "change several", "delete several"))
        some = chance.sample(own, min(len(own), 3 if what.endswith("several") else 1))
        if what == "make":
            made.append((label, maker.make(label)["id"]))
        elif what.startswith("change") and some:
            attributes = [
                each
                for each in BY_LABEL[label].attributes.values()
                if each.writable and not each.field.dump_only and not getattr(each.field, "unique", False)
            ]
            attribute = chance.choice(attributes)
            value = maker.value(attribute)
            if value is not None:
                recorder.patch(url(label), [{"id": pk, attribute.name: value} for pk in some])
        elif some:
            recorder.write("DELETE", url(label), [{"id": pk} for pk in some])
    assert dump(api) != before
    for reply in reversed(recorder.done):
        undone = tried(api, reply)
        assert undone.status_code == 200, f"{reply.request.method} {reply.request.url}: {undone.text}"
    assert dump(api) == before


def test_while_a_service_is_away_nothing_is_begun(make_stack):
    stack = make_stack().start()
    api = Client(stack.base_url, stack.token)
    factory = Factory(api)
    port = factory.make("dcim.interface")["id"]
    address = factory.make("ipam.ipaddress", interface=port)["id"]
    gone = ok(api.request("DELETE", f"dcim/interfaces/{port}/"))
    changes_of(api, "ipam.ipaddress", address, 2)
    with stack.without("ipam"):
        for query in ({}, {"dry_run": 1}):
            refused = tried(api, gone, **query)
            assert refused.status_code == 503, refused.text
            assert "The ipam service does not answer" in refused.json()["detail"]
        assert read(api, "dcim.interface", port) is None
    undo(api, gone)
    assert read(api, "ipam.ipaddress", address)["interface"]["id"] == port
