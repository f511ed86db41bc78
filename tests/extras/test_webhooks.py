"""Webhooks: receivers that really listen are told what changed, signed, in order, and as long as it takes."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
import requests
from sqlalchemy import create_engine, text

from tests.client import Client
from tests.factories import Factory
from tests.receivers import Receiver, receiving
from tests.running import eventually
from tests.telemetry.scraping import value
from tests.users.callers import make_callers

PATH, DELIVERIES = "extras/webhooks/", "extras/webhook-deliveries/"
SECRET = "between-you-and-me"
PENDING, DELIVERED, FAILED = 1, 2, 3


@pytest.fixture(scope="module")
def factory(api) -> Factory:
    return Factory(api)


@contextmanager
def database(stack, app="extras") -> Iterator[Callable]:
    engine = create_engine(stack.database_url(app), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield lambda statement, **values: connection.execute(text(statement), values)
    engine.dispose()


def on_their_way(stack) -> list[str]:
    """The services whose changes are still on their way to extras."""

    def waiting(app: str) -> int:
        with database(stack, app) as execute:
            return execute("SELECT count(*) FROM change_outbox").scalar()

    return [app for app in ("dcim", "tenancy", "extras") if waiting(app)]


@pytest.fixture
def hook(api, stack, factory) -> Iterator[Callable[..., dict]]:
    """Makes webhooks that go with the test; of all changes of regions unless told otherwise."""
    made: list[dict] = []
    eventually(lambda: not on_their_way(stack), "what other tests changed has arrived")

    def make(receiver: Receiver | None, **more) -> dict:
        types = {f"type_{each}": True for each in ("create", "update", "delete")}
        there = {"payload_url": receiver.url} if receiver else {}
        body = {**types, "enabled": True, "obj_type": ["dcim.region"], **there, **more}
        made.append(api.make(PATH, **factory.body("extras.webhook", **body)))
        return made[-1]

    yield make
    for each in made:
        api.delete(f"{PATH}{each['id']}/")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def deliveries(api: Client, webhook: dict, **filters) -> list[dict]:
    """The deliveries of a webhook, oldest first."""
    return api.results(DELIVERIES, webhook_id=webhook["id"], ordering="id", limit=0, **filters)


def lives(api: Client, factory: Factory) -> dict:
    """A region that is made, changed and deleted."""
    region = factory.make("dcim.region")
    for body in ({"name": f"{region['name']} changed"}, None):
        path = f"dcim/regions/{region['id']}/"
        assert (api.patch(path, body) if body else api.delete(path))[0] in (200, 204)
    return region


def test_a_receiver_is_told_what_netbox_tells_and_what_was_before_and_after(api, factory, hook, receiver):
    hook(receiver)
    region = lives(api, factory)
    made, changed, gone = (each.told for each in receiver.wait_for_number(3))
    after = region["name"] + " changed"
    assert [each["event"] for each in (made, changed, gone)] == ["created", "updated", "deleted"]
    for told in (made, changed, gone):
        (change,) = api.results("extras/object-changes/", request_id=told["request_id"], changed_object_id=region["id"])
        assert told["snapshots"] == {"prechange": change["prechange_data"], "postchange": change["postchange_data"]}
        assert (told["model"], told["object_type"], told["username"]) == ("region", "dcim.region", "admin")
        assert told["timestamp"].replace("+00:00", "Z") == change["time"]
        assert told["data"] == {
            "url": f"/api/dcim/regions/{region['id']}/",
            **(change["postchange_data"] or change["prechange_data"]),
        }
    assert [each["data"]["name"] for each in (made, changed, gone)] == [region["name"], after, after]


def test_what_comes_is_signed_in_both_ways(api, factory, hook, receiver):
    key = b"\x00\x01 twenty-four random bytes"
    secrets = {"plain": SECRET, "standard": "whsec_" + base64.b64encode(key).decode(), "none": ""}
    for path, secret in secrets.items():
        hook(receiver, payload_url=f"{receiver.url}/{path}?a=b", secret=secret)
    region = factory.make("dcim.region")
    came = {each.path.split("/")[-1]: each for each in receiver.wait_for_number(3)}
    assert sorted(came) == ["none?a=b", "plain?a=b", "standard?a=b"]
    for path, bytes_of_key in (("plain", SECRET.encode()), ("standard", key)):
        got = came[f"{path}?a=b"]
        signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
        expected = base64.b64encode(hmac.new(bytes_of_key, signed, hashlib.sha256).digest()).decode()
        assert got.headers["webhook-signature"] == f"v1,{expected}"
        whole = hmac.new(secrets[path].encode(), got.body, hashlib.sha512).hexdigest()
        assert got.headers["x-hook-signature"] == whole
    assert not {"webhook-signature", "x-hook-signature"} & came["none?a=b"].headers.keys()
    assert len({each.headers["webhook-id"] for each in came.values()}) == 3
    assert {each.told["data"]["id"] for each in came.values()} == {region["id"]}


def test_a_form_has_texts_and_json(api, factory, hook, receiver):
    hook(receiver, http_content_type=2, secret=SECRET)
    region = factory.make("dcim.region")
    (got,) = receiver.wait_for_number(1)
    assert got.headers["content-type"] == "application/x-www-form-urlencoded"
    assert (got.told["event"], got.told["model"]) == ("created", "region")
    assert json.loads(got.told["data"])["name"] == region["name"]
    assert json.loads(got.told["snapshots"])["postchange"]["slug"] == region["slug"]
    assert got.headers["x-hook-signature"] == hmac.new(SECRET.encode(), got.body, hashlib.sha512).hexdigest()


def test_only_what_is_asked_for_is_told(api, factory, hook, receiver):
    hook(receiver, type_create=False, type_update=False, payload_url=f"{receiver.url}/deleted")
    hook(receiver, obj_type=["dcim.rackrole", "dcim.site"], payload_url=f"{receiver.url}/others")
    hook(receiver, enabled=False, payload_url=f"{receiver.url}/disabled")
    region, role = lives(api, factory), factory.make("dcim.rackrole")
    came = receiver.wait_for_number(2)
    assert sorted((each.path, each.told["event"], each.told["data"]["id"]) for each in came) == [
        ("/hook/deleted", "deleted", region["id"]),
        ("/hook/others", "created", role["id"]),
    ]


def test_conditions_look_at_before_and_after(api, factory, hook, receiver):
    """A site that becomes active, one that ceases to be, one whose facility changes to something."""
    conditions = {
        "begins": [{"field": "status", "value": 1}, {"field": "status", "when": "changed"}],
        "ends": [{"field": "status", "when": "before", "value": 1}, {"field": "status", "when": "changed"}],
        "facility": [{"field": "facility", "when": "changed"}, {"field": "facility", "value": "Hall 1"}],
        "never": [{"field": "no_such_thing", "value": 1}],
    }
    for name, wanted in conditions.items():
        hook(receiver, obj_type=["dcim.site"], conditions=wanted, payload_url=f"{receiver.url}/{name}")
    site = factory.make("dcim.site", status=2)
    path = f"dcim/sites/{site['id']}/"
    bodies = ({"status": 1}, {"comments": "x"}, {"facility": "Hall 1", "status": 4}, {"facility": "Hall 2"})
    for body in bodies:
        assert api.patch(path, body)[0] == 200
    api.delete(path)
    assert {(each.path, each.told["event"]) for each in receiver.wait_for_number(3)} == {
        ("/hook/begins", "updated"),
        ("/hook/ends", "updated"),
        ("/hook/facility", "updated"),
    }


def test_what_a_request_brings_about_is_told_under_its_id(api, factory, hook, receiver):
    hook(receiver, obj_type=["dcim.site", "tenancy.tenant"])
    tenant = factory.make("tenancy.tenant")
    site = factory.make("dcim.site", tenant=tenant["id"])
    assert api.patch(f"dcim/sites/{site['id']}/", {"tenant": None})[0] == 200
    assert api.patch(f"dcim/sites/{site['id']}/", {"tenant": tenant["id"]})[0] == 200
    device = api.request("DELETE", f"dcim/sites/{site['id']}/")
    came = receiver.wait_for(lambda all: any(each.told["event"] == "deleted" for each in all), "the delete is told")
    deleted = [each.told for each in came if each.told["event"] == "deleted"]
    assert [each["request_id"] for each in deleted] == [device.headers["X-Request-ID"]]
    assert api.delete(f"tenancy/tenants/{tenant['id']}/")[0] == 204


NO_CONDITIONS: list[object] = [
    {},
    ["status"],
    [{}],
    [{"field": "", "value": 1}],
    [{"field": "status"}],
    [{"field": "status", "value": [1]}],
    [{"field": "status", "value": 1, "when": "sometimes"}],
    [{"field": "status", "value": 1, "when": "changed"}],
    [{"field": "status", "value": 1, "is": 2}],
    [{"field": "status", "value": "\x00"}],
    [{"field": "status", "value": 2**64}],
    [{"field": "status", "value": 1e20}],
    [{"field": "status", "value": 1}] * 51,
]
WRONG: list[tuple[dict, str]] = [
    ({"type_create": False, "type_update": False, "type_delete": False}, "non_field_errors"),
    ({"obj_type": []}, "obj_type"),
    ({"obj_type": ["dcim.nothing"]}, "obj_type"),
    ({"obj_type": ["users.user"]}, "obj_type"),
    ({"http_content_type": 3}, "http_content_type"),
    ({"secret": "x" * 256}, "secret"),
    ({"secret": "whsec_no base64"}, "secret"),
    ({"secret": "whsec_"}, "secret"),
    ({"name": ""}, "name"),
    *(
        ({"payload_url": url}, "payload_url")
        for url in (
            "",
            "receiver",
            "//receiver/",
            "ftp://receiver.example/",
            "file:///etc/passwd",
            "http://",
            "http://receiver.example:0/",
            "http://receiver.example:99999/",
            "http://user:password@receiver.example/",
            "http://receiver.example/#there",
            "http://receiver.example/\r\nX-Header: 1",
            "http://receiver.example/a b",
            "http://bücher.example/",
            "http://127.0.0.1/",
            "http://127.0.0.1:8001/",
            "http://[::1]/",
            "http://[::]/",
            "http://0.0.0.0/",
            "http://0.1.2.3/",
            "http://169.254.169.254/latest/meta-data/",
            "http://[fe80::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://[2002:7f00:1::]/",
            "http://[fd00:ec2::254]/",
            "http://100.100.100.200/",
            "http://224.0.0.1/",
            "http://255.255.255.255/",
            "http://receiver.example/" + "x" * 500,
        )
    ),
    *(({"conditions": wrong}, "conditions") for wrong in NO_CONDITIONS),
]


@pytest.mark.parametrize(("body", "field"), WRONG, ids=[str(body)[:60] for body, _ in WRONG])
def test_what_is_wrong_is_named_and_changes_nothing(api, factory, hook, body, field):
    made = hook(None)
    status, reply = api.post(PATH, {**factory.body("extras.webhook"), "type_create": True, **body})
    assert (status, [*reply]) == (400, [field]), reply
    status, reply = api.patch(f"{PATH}{made['id']}/", body)
    assert (status, [*reply]) == (400, [field]), reply
    assert api.get(f"{PATH}{made['id']}/")[1]["payload_url"] == made["payload_url"]


def test_no_two_webhooks_tell_one_address_the_same_kinds_of_changes(api, factory, hook):
    made = hook(None, type_delete=False)
    same = {"payload_url": made["payload_url"], "type_create": True, "type_update": True, "type_delete": False}
    status, reply = api.post(PATH, factory.body("extras.webhook", **same))
    assert status == 400 and "payload_url" in str(reply)
    assert api.post(PATH, factory.body("extras.webhook", name=made["name"]))[1].keys() == {"name"}
    other = api.make(PATH, **factory.body("extras.webhook", **same | {"type_delete": True}))
    assert api.delete(f"{PATH}{other['id']}/")[0] == 204


def test_the_secret_is_never_shown(api, stack, factory, hook, receiver):
    mark = "marked-secret-of-a-webhook"
    made = hook(receiver, secret=mark)
    own = f"{PATH}{made['id']}/"
    factory.make("dcim.region")
    receiver.wait_for_number(1)
    assert api.patch(own, {"secret": f"{mark}-again"})[0] == api.patch(own, {"enabled": True})[0] == 200
    assert api.get(own)[1]["has_secret"] is True
    template = {
        "content_type": "extras.webhook",
        "name": "all",
        "template_code": "{{ queryset }}{{ queryset.0.secret }}",
    }
    export = api.make("extras/export-templates/", **template)
    changes = {"changed_object_type": "extras.webhook", "changed_object_id": made["id"]}
    eventually(lambda: len(api.results("extras/object-changes/", **changes)) == 3, "its changes are kept")
    shown = [
        api.request("GET", own).text,
        api.request("PATCH", own, {"secret": mark}).text,
        api.request("PUT", own, {**made, "secret": mark}).text,
        api.request("PATCH", own, {"secret": [mark]}).text,
        api.request("GET", PATH, params={"limit": 0}).text,
        api.request("GET", PATH, params={"export": "all"}).text,
        api.request("GET", PATH, headers={"Accept": "text/csv"}).text,
        api.request("GET", DELIVERIES, params={"limit": 0}).text,
        api.request("GET", "extras/object-changes/", params={"limit": 1000}).text,
        api.request("GET", "extras/recent-activity/", params={"limit": 1000}).text,
        stack.log(),
    ]
    assert all(shown) and not [text for text in shown if mark in text]
    assert api.patch(own, {"secret": ""})[0] == 200 and api.get(own)[1]["has_secret"] is False
    api.delete(f"extras/export-templates/{export['id']}/")


def test_webhooks_and_their_changes_are_shown_to_whoever_may_change_them(api, hook, receiver, factory):
    made, callers = hook(receiver), make_callers(api)
    factory.make("dcim.region")
    receiver.wait_for_number(1)
    (delivery,) = deliveries(api, made)
    changes = {"changed_object_type": "extras.webhook", "changed_object_id": made["id"]}
    eventually(lambda: api.results("extras/object-changes/", **changes), "its change is kept")
    for kind, may in (("anonymous", False), ("plain", False), ("granted", True), ("read-only", True)):
        client = callers[kind]
        for path in (PATH, f"{PATH}{made['id']}/", DELIVERIES, f"{DELIVERIES}{delivery['id']}/"):
            assert client.get(path)[0] == (200 if may else 403), (kind, path)
        assert bool(client.results("extras/object-changes/", **changes)) is may, kind
    for kind, status in (("anonymous", 403), ("plain", 403), ("read-only", 403), ("granted", 200)):
        assert callers[kind].post(f"{DELIVERIES}{delivery['id']}/repeat/", {})[0] == status, kind
        assert callers[kind].post(f"{PATH}{made['id']}/test/", {})[0] == (201 if status == 200 else 403), kind


def test_a_test_event_goes_out_although_the_webhook_is_disabled(api, hook, receiver, factory):
    made = hook(receiver, enabled=False, secret=SECRET)
    factory.make("dcim.region")
    status, reply = api.post(f"{PATH}{made['id']}/test/", {})
    assert status == 201
    (got,) = receiver.wait_for_number(1)
    assert (got.told["event"], got.told["model"], got.told["data"]["name"]) == ("test", "webhook", made["name"])
    assert "x-hook-signature" in got.headers
    assert reply["url"] == f"{api.base_url}/api/{DELIVERIES}{reply['id']}/"

    def delivered() -> bool:
        return api.get(f"{DELIVERIES}{reply['id']}/")[1]["status"]["value"] == DELIVERED

    eventually(delivered, "it is noted as delivered")
    assert api.post(f"{PATH}{2**31 - 1}/test/", {})[0] == 404
    assert api.post(f"{DELIVERIES}{2**31 - 1}/repeat/", {})[0] == 404


def test_what_is_refused_comes_again_and_of_its_object_nothing_before(api, factory, hook, receiver):
    refused = threading.Event()
    receiver.answer = lambda got: 200 if refused.is_set() or got.told["data"]["id"] != first["id"] else 500
    made = hook(receiver)
    first = factory.make("dcim.region")
    api.patch(f"dcim/regions/{first['id']}/", {"name": f"{first['name']} changed"})
    second = factory.make("dcim.region")
    receiver.wait_for(lambda all: len(all) >= 4, "the first was tried again")
    assert {*receiver.events()} == {("created", first["id"]), ("created", second["id"])}
    waiting, behind, done = deliveries(api, made)
    assert (waiting["status"]["value"], waiting["response_status"]) == (PENDING, 500)
    assert waiting["attempts"] >= 2 and waiting["error"]
    assert (behind["status"]["value"], behind["attempts"], done["status"]["value"]) == (PENDING, 0, DELIVERED)
    refused.set()
    assert api.post(f"{DELIVERIES}{waiting['id']}/repeat/", {})[0] == 200
    receiver.wait_for(lambda all: ("updated", first["id"]) in receiver.events(), "what was behind it has come")
    tries = [each for each in receiver.received if each.told["data"]["id"] == first["id"]]
    assert [each.told["event"] for each in tries] == ["created"] * (len(tries) - 1) + ["updated"]
    assert len({each.headers["webhook-id"] for each in tries}) == 2
    assert {each.body for each in tries[:-1]} == {tries[0].body}


def test_a_receiver_that_hangs_or_is_away_keeps_nobody_waiting(api, factory, hook, receiver):
    released = threading.Event()
    with ExitStack() as stack:
        stack.callback(released.set)
        for number in range(12):
            hanging = stack.enter_context(receiving(lambda got: 200 if released.wait(60) else 503))
            hook(hanging, payload_url=f"{hanging.url}/{number}")
        gone = hook(None, payload_url="http://127.0.0.2:1/")
        mine = hook(receiver)
        regions = [factory.make("dcim.region") for _ in range(20)]
        receiver.wait_for_number(20)
        assert not released.is_set() and {pk for _, pk in receiver.events()} == {each["id"] for each in regions}
        assert {each["status"]["value"] for each in deliveries(api, gone)} == {PENDING}
        eventually(lambda: api.get(f"{PATH}{gone['id']}/")[1]["failing_since"], "it is known not to answer")
        assert api.get(f"{PATH}{mine['id']}/")[1]["failing_since"] is None
        eventually(lambda: any(each["error"] for each in deliveries(api, gone)), "the reason is told")


def test_a_receiver_that_comes_back_gets_everything(api, factory, hook, receiver):
    with receiving() as away:
        made = hook(away)
    regions = [factory.make("dcim.region") for _ in range(3)]
    eventually(lambda: api.get(f"{PATH}{made['id']}/")[1]["failing_since"], "it is known not to answer")
    assert api.patch(f"{PATH}{made['id']}/", {"payload_url": receiver.url})[0] == 200
    receiver.wait_for_number(3)
    assert {pk for _, pk in receiver.events()} == {each["id"] for each in regions}
    eventually(lambda: api.get(f"{PATH}{made['id']}/")[1]["failing_since"] is None, "it is known to answer")


def test_no_name_leads_to_this_machine(api, factory, hook):
    """The name is looked at when it is resolved: the receiver listens, and gets nothing."""
    with receiving(host="127.0.0.1") as closed:
        made = hook(closed, payload_url=closed.url.replace("127.0.0.1", "localhost"))
        factory.make("dcim.region")
        eventually(lambda: any(each["attempts"] for each in deliveries(api, made)), "it was tried")
        eventually(lambda: any("WEBHOOKS_ALLOWED" in each["error"] for each in deliveries(api, made)), "it says why")
        assert closed.received == []


def test_redirects_are_not_followed(api, factory, hook, receiver):
    def redirect(handler) -> None:
        handler.send_response(307)
        handler.send_header("Location", receiver.url)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with receiving(lambda got: redirect) as elsewhere:
        made = hook(elsewhere)
        factory.make("dcim.region")
        eventually(lambda: any(each["response_status"] == 307 for each in deliveries(api, made)), "it is refused")
        assert elsewhere.received and receiver.received == []


def test_of_a_long_reply_nothing_is_read_that_is_not_needed(api, factory, hook):
    written, ended = [0], threading.Event()

    def endless(handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.close_connection = True
        try:
            while True:
                handler.wfile.write(b"x" * 65536)
                written[0] += 65536
        except OSError:
            ended.set()

    with receiving(lambda got: endless) as talker:
        made = hook(talker)
        factory.make("dcim.region")
        eventually(ended.is_set, "the connection was closed")
        eventually(lambda: deliveries(api, made)[0]["status"]["value"] == DELIVERED, "its status counts")
        assert written[0] < 64 * 2**20


def test_what_was_tried_for_three_days_is_set_aside_and_can_be_repeated(api, stack, factory, hook, receiver):
    receiver.answer = lambda got: 400
    made = hook(receiver)
    region = factory.make("dcim.region")
    api.patch(f"dcim/regions/{region['id']}/", {"name": f"{region['name']} changed"})
    eventually(lambda: len(deliveries(api, made)) == 2 and deliveries(api, made)[0]["attempts"], "it was tried")
    old = "UPDATE extras_webhookdelivery SET created = created - interval '73 hours', attempts = 9 WHERE id = :id"
    first, second = deliveries(api, made)
    with database(stack) as execute:
        execute(old, id=first["id"])
    eventually(lambda: deliveries(api, made)[0]["status"]["value"] == FAILED, "the first is set aside")
    eventually(lambda: deliveries(api, made)[1]["attempts"], "the next is tried")
    assert ("updated", region["id"]) in receiver.events()
    assert value(stack, "extras", "webhook_deliveries_failed", app="extras") >= 1
    receiver.answer = lambda got: 204
    for each in (first, second):
        status, repeated = api.post(f"{DELIVERIES}{each['id']}/repeat/", {})
        assert (status, repeated["status"]["value"], repeated["attempts"]) == (200, PENDING, 0)
    eventually(lambda: {each["status"]["value"] for each in deliveries(api, made)} == {DELIVERED}, "both are delivered")


def test_what_waits_for_a_receiver_that_never_answers_is_set_aside(api, stack, factory, hook):
    made = hook(None, payload_url="http://127.0.0.2:1/")
    for _ in range(3):
        factory.make("dcim.region")
    eventually(lambda: api.get(f"{PATH}{made['id']}/")[1]["failing_since"], "it is known not to answer")
    eventually(lambda: len(deliveries(api, made)) == 3, "all of it waits")
    with database(stack) as execute:
        mine = {"id": made["id"]}
        execute("UPDATE extras_webhook SET failing_since = now() - interval '80 hours' WHERE id = :id", **mine)
        old = "UPDATE extras_webhookdelivery SET created = now() - interval '80 hours' WHERE webhook_id = :id"
        execute(old, **mine)
    fresh = factory.make("dcim.region")
    api.post(f"{PATH}{made['id']}/test/", {})
    eventually(lambda: len(deliveries(api, made, status=FAILED)) == 3, "the old ones are set aside")

    def waiting() -> set[int | None]:
        return {each["object_id"] for each in deliveries(api, made, status=PENDING)}

    eventually(lambda: waiting() == {fresh["id"], None}, "the new ones wait")


def test_a_delivery_that_is_dropped_lets_the_next_pass(api, factory, hook, receiver):
    receiver.answer = lambda got: 200 if got.told["event"] == "updated" else 418
    made = hook(receiver)
    region = factory.make("dcim.region")
    api.patch(f"dcim/regions/{region['id']}/", {"name": f"{region['name']} changed"})
    eventually(lambda: len(deliveries(api, made)) == 2, "both wait")
    first = deliveries(api, made)[0]
    assert api.delete(f"{DELIVERIES}{first['id']}/") == (204, None)
    receiver.wait_for(lambda all: ("updated", region["id"]) in receiver.events(), "the next has come")
    eventually(lambda: len(deliveries(api, made, status=DELIVERED)) == 1, "it is noted")
    assert [each["id"] for each in deliveries(api, made)] == [first["id"] + 1]
    for verb in ("post", "put", "patch"):
        assert getattr(api, verb)(DELIVERIES, [])[0] == 405


def test_deliveries_are_found_by_what_they_tell(api, factory, hook, receiver):
    made = hook(receiver)
    reply = api.request("POST", "dcim/regions/", factory.body("dcim.region"))
    receiver.wait_for_number(1)
    eventually(lambda: deliveries(api, made, status=DELIVERED), "it is delivered")
    (one,) = deliveries(api, made)
    pk, event, request_id = (
        reply.json()["id"],
        receiver.received[0].headers["webhook-id"],
        reply.headers["X-Request-ID"],
    )
    for asked in (
        {"webhook": made["name"]},
        {"webhook_id": made["id"], "status": "delivered"},
        {"webhook_id": made["id"], "object_type": "dcim.region", "object_id": pk},
        {"webhook_id": made["id"], "request_id": request_id},
        {"event_id": event},
    ):
        assert [each["id"] for each in api.results(DELIVERIES, **asked)] == [one["id"]], asked
    for asked in ({"status": FAILED}, {"object_type": "dcim.site"}, {"request_id": "none"}):
        assert api.results(DELIVERIES, webhook_id=made["id"], **asked) == [], asked
    assert api.results(DELIVERIES, event_id="none") == []


def test_deliveries_go_with_their_webhook_and_after_a_while(api, stack, factory, hook, receiver):
    made, other = hook(receiver), hook(receiver, payload_url=f"{receiver.url}/other")
    factory.make("dcim.region")
    receiver.wait_for_number(2)
    for each in (made, other):
        eventually(lambda each=each: deliveries(api, each, status=DELIVERED), "it is delivered")
    assert api.delete(f"{PATH}{made['id']}/") == (204, None)
    assert deliveries(api, made) == []
    with database(stack) as execute:
        execute(
            "UPDATE extras_webhookdelivery SET created = created - interval '91 days' WHERE webhook_id = :id",
            id=other["id"],
        )
    eventually(lambda: deliveries(api, other) == [], "it is forgotten")


def test_what_waits_shows_in_the_metrics(api, stack, factory, hook):
    hook(None, payload_url="http://127.0.0.2:1/")
    factory.make("dcim.region")
    eventually(lambda: value(stack, "extras", "webhook_receivers_failing", app="extras") >= 1, "it shows as failing")
    assert value(stack, "extras", "webhook_deliveries", app="extras") >= 1
    assert value(stack, "extras", "webhook_deliveries_oldest_seconds", app="extras") > 0


def test_many_changes_of_one_request_are_all_told_in_order(api, factory, hook, receiver):
    made = hook(receiver)
    bodies = [factory.body("dcim.region") for _ in range(300)]
    regions = api.post("dcim/regions/", bodies)[1]
    assert api.patch("dcim/regions/", [{"id": each["id"], "name": f"{each['name']}!"} for each in regions])[0] == 200
    receiver.wait_for_number(600)
    seen = receiver.events()
    assert len(seen) == 600
    for each in regions:
        assert [event for event, pk in seen if pk == each["id"]] == ["created", "updated"]
    eventually(lambda: len(deliveries(api, made, status=DELIVERED)) == 600, "all are delivered")


def test_the_document_describes_webhooks(api):
    document = requests.get(f"{api.base_url}/api/docs/?format=openapi").json()
    paths = document["paths"]
    assert "post" in paths["/extras/webhooks/{id}/test/"] and "post" in paths["/extras/webhook-deliveries/{id}/repeat/"]
    assert {"get", "delete"} <= paths["/extras/webhook-deliveries/{id}/"].keys()
