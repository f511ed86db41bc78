"""What must stay secret turns up nowhere: marked values go in, and everything that comes out is searched."""

import uuid

import pytest
import requests
from sqlalchemy import create_engine, text

from services.secrets.crypto import generate_key_pair
from shared.config import SERVICES
from tests.client import Client
from tests.factories import Factory
from tests.running import eventually


@pytest.fixture(scope="module")
def marks():
    """The values to look for, and the bodies of every error that was answered."""
    return {"mark": f"mark{uuid.uuid4().hex}", "secret": set(), "errors": []}


@pytest.fixture(scope="module")
def after_a_run(stack, api, marks, master):
    mark, errors = marks["mark"], marks["errors"]
    private, public = generate_key_pair()
    user = api.make("users/users/", username=f"leaky-{mark[4:12]}", password=mark)
    owner = api.make("users/users/", username=f"owner-{mark[4:12]}", password=mark, is_superuser=True)
    token = Client(stack.base_url).make("users/tokens/provision/", username=owner["username"], password=mark)["key"]
    client = Client(stack.base_url, token)

    def fails(method, path, body=None, **options):
        reply = client.request(method, path, body, **options)
        assert 400 <= reply.status_code < 500, (path, reply.text)
        errors.append(reply.text)

    for body in (
        {"username": [mark], "password": mark},
        {"username": "x", "password": [mark]},
        {"username": user["username"], "password": mark * 2},
    ):
        fails("POST", "users/tokens/provision/", body)
    fails("POST", "users/users/", {"username": user["username"], "password": mark})
    fails("PATCH", f"users/users/{user['id']}/", {"password": [mark], "groups": mark})
    fails("POST", "users/users/", data=f'{{"password": "{mark}"'.encode(), headers={"Content-Type": "application/json"})
    fails("GET", "users/users/", headers={"Authorization": f"Token {mark}"})
    _fail_with_secrets(client, fails, mark, private)
    key = client.make("secrets/user-keys/", public_key=public)
    master.post(f"secrets/user-keys/{key['id']}/activate/", {"private_key": master.pair["private_key"]})
    status, reply = client.post("secrets/get-session-key/", {"private_key": private})
    assert status == 200, reply
    marks["secret"] |= {mark, token, private.splitlines()[5], reply["session_key"]}
    _keep_a_secret(api, client, reply["session_key"], mark)
    return marks


def _fail_with_secrets(client, fails, mark, private):
    fails("POST", "secrets/get-session-key/", {"private_key": private})
    fails("POST", "secrets/get-session-key/", {"private_key": mark})
    fails("POST", "secrets/get-session-key/", {"private_key": [private, mark]})
    fails("POST", "secrets/user-keys/", {"public_key": private})
    fails("POST", "secrets/user-keys/", {"public_key": mark})
    fails("POST", "secrets/secrets/", {"device": mark, "role": None, "plaintext": mark})
    fails("POST", "secrets/secrets/", {"device": 1, "role": 1, "name": [], "plaintext": [mark]})
    fails("GET", "secrets/secrets/", headers={"X-Session-Key": mark})


def _keep_a_secret(api, client, session_key, mark):
    client.session.headers["X-Session-Key"] = session_key
    role = api.make("secrets/secret-roles/", name=mark[4:20], slug=mark[4:20])["id"]
    body = {"device": Factory(api).make("dcim.device")["id"], "role": role, "name": "kept", "plaintext": mark}
    made = client.make("secrets/secrets/", **body)
    assert client.get(f"secrets/secrets/{made['id']}/")[1]["plaintext"] == mark
    client.patch(f"secrets/secrets/{made['id']}/", {"plaintext": mark + mark})
    client.post("secrets/secrets/", [body, {**body, "plaintext": mark * 3000}])


def found_in(output: str, secrets: set[str]) -> list[str]:
    return [secret[:8] for secret in secrets if secret in output]


def test_errors_repeat_none_of_it(after_a_run):
    assert len(after_a_run["errors"]) > 10
    assert not found_in("\n".join(after_a_run["errors"]), after_a_run["secret"])


def test_logs_have_none_of_it(after_a_run, stack):
    log = stack.log()
    assert "Starting gunicorn" in log and not found_in(log, after_a_run["secret"])


def test_metrics_have_none_of_it(after_a_run, stack):
    metrics = requests.get(f"{stack.base_url}/metrics").text
    assert "patchbay_gateway_requests" in metrics and not found_in(metrics, after_a_run["secret"])


def test_recent_activity_has_none_of_it(after_a_run, api):
    reply = api.request("GET", "extras/recent-activity/", params={"limit": 1000})
    assert not found_in(reply.text, after_a_run["secret"])


@pytest.mark.parametrize("owner", [*SERVICES, "gateway"])
def test_databases_and_so_their_feeds_have_none_of_it(after_a_run, stack, owner):
    engine = create_engine(stack.database_url(owner))
    with engine.connect() as connection:
        tables = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        assert "reference_outbox" in tables
        for table in tables:
            rows = "\n".join(connection.scalars(text(f'SELECT t::text FROM "{table}" t')))
            assert not found_in(rows, after_a_run["secret"]), table
    engine.dispose()


def test_changes_of_secrets_tell_neither_hash_nor_ciphertext(api, master, after_a_run):
    device = Factory(api).make("dcim.device")["id"]
    role = Factory(api).make("secrets.secretrole")["id"]
    secret = master.make("secrets/secrets/", device=device, role=role, name="changed", plaintext="first-of-two")
    path = "extras/object-changes/"
    asked = {"changed_object_type": "secrets.secret", "changed_object_id": secret["id"]}
    status, changed = master.patch(f"secrets/secrets/{secret['id']}/", {"plaintext": "second-of-two"})
    assert status == 200
    assert master.delete(f"secrets/secrets/{secret['id']}/")[0] == 204
    eventually(lambda: len(api.results(path, **asked)) == 3, "the changes of the secret are told")
    for change in api.results(path, **asked):
        for face in (change["prechange_data"], change["postchange_data"]):
            assert face is None or not {"hash", "ciphertext", "plaintext"} & face.keys()
    marked = {secret["hash"], changed["hash"], "first-of-two", "second-of-two"} | after_a_run["secret"]
    assert not found_in(str(api.results(path, limit=1000)), marked)
    keys = api.results(path, changed_object_type="secrets.userkey", limit=0)
    assert keys and not any(each["prechange_data"] or each["postchange_data"] for each in keys)
