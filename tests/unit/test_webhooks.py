"""Webhooks, as far as no database is needed: when, whether, how signed, and where to."""

import socket
import ssl
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from services.extras.webhooks import addresses, conditions, schedule, signing
from services.extras.webhooks.sending import Outcome, Sender
from shared.config import settings
from tests.receivers import HOST, RECEIVERS, receiving

json_values = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "a", "1"])
faces = st.none() | st.dictionaries(st.sampled_from("abc"), json_values, max_size=3)


@given(st.integers(1, 10**6), st.floats(1, 1e6))
def test_waits_grow_up_to_the_longest(failures, longest):
    this, following = schedule.wait(failures, longest), schedule.wait(failures + 1, longest)
    assert 0 < this <= following <= longest
    assert following in (longest, 2 * this)


@given(st.integers(0, 1000), st.floats(0, 1e7))
def test_nothing_is_set_aside_before_three_days_nor_before_it_was_tried_some_times(attempts, age):
    if schedule.is_over(attempts, age):
        assert age >= 3 * 24 * 3600 and attempts >= 5


def test_what_is_refused_for_ever_is_tried_some_dozen_times_in_three_days():
    age, attempts = 0.0, 0
    while not schedule.is_over(attempts, age):
        attempts += 1
        age += schedule.wait(attempts, schedule.LONGEST_WAIT_SECONDS)
    assert 24 <= attempts <= 60 and age < 3.2 * 24 * 3600


@given(faces, faces, st.sampled_from("abc"), json_values)
def test_a_condition_compares_values_as_json_does(before, after, name, value):
    was, is_now = (before or {}).get(name), (after or {}).get(name)

    def holds(**condition) -> bool:
        return conditions.hold([{"field": name, **condition}], before, after)

    assert holds(when="before", value=value) == (repr(was) == repr(value))
    assert holds(when="after", value=value) == (repr(is_now) == repr(value))
    assert holds(when="changed") == (repr(was) != repr(is_now))


def test_a_condition_looks_into_what_an_object_has():
    face = {"custom_fields": {"floor": 3}, "status": 1}
    assert conditions.hold([{"field": "custom_fields.floor", "when": "after", "value": 3}], None, face)
    assert not conditions.hold([{"field": "status.value", "when": "after", "value": 1}], None, face)


def test_signatures_are_those_of_the_specification():
    """The example that implementations of Standard Webhooks test themselves with."""
    key, event, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}'
    made = signing.headers(key, event, 1614265330, body)
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert (made["webhook-id"], made["webhook-timestamp"]) == (event, "1614265330")


CLOSED = (
    "127.0.0.1 127.255.0.1 ::1 0.0.0.0 :: 0.1.2.3 169.254.169.254 fe80::1 224.0.0.1 ff02::1 255.255.255.255 240.0.0.1"
    " ::ffff:127.0.0.1 ::ffff:169.254.1.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 2002:7f00:1:: fd00:ec2::254"
    " 100.100.100.200"
)


@pytest.mark.parametrize("closed", CLOSED.split())
def test_closed_addresses(closed):
    assert not addresses.is_allowed(ip_address(closed))


@pytest.mark.parametrize(
    "open_to_all", ["93.184.215.14", "10.1.2.3", "192.168.7.7", "2606:2800::1", "64:ff9b::5db8:d70e"]
)
def test_what_is_elsewhere_is_open(monkeypatch, open_to_all):
    monkeypatch.setattr(addresses, "_of_this_machine", list)
    assert addresses.is_allowed(ip_address(open_to_all))


def test_programs_of_the_stack_and_this_machine_are_closed(monkeypatch):
    here = ip_address("192.0.2.1")
    known = {"tenancy": "192.0.2.7", "db.example": "192.0.2.8", "gateway.example": "192.0.2.9"}
    monkeypatch.setattr(addresses, "_own", addresses._Own())
    monkeypatch.setattr(addresses, "_of_this_machine", lambda: [here])
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *_, **__: [(0, 0, 0, "", (known[host], 0))])
    stack = replace(
        settings,
        gateway_url="http://gateway.example:8000",
        upstreams={"tenancy": ("http://tenancy:8000",)},
        database_urls={"extras": "postgresql+psycopg2://u:p@db.example/patchbay_extras"},
        replica_urls={},
        webhooks_allowed=(ip_network("192.0.2.8/32"),),
    )
    monkeypatch.setattr(addresses, "settings", stack)
    for closed in (here, *map(ip_address, ("192.0.2.7", "192.0.2.9"))):
        assert not addresses.is_allowed(closed)
    assert addresses.is_allowed(ip_address("192.0.2.8")) and addresses.is_allowed(ip_address("192.0.2.10"))


@pytest.fixture
def names(monkeypatch) -> dict[str, list[str]]:
    """What names mean; each time one is resolved it is the next of the list, the last one for good."""
    meant: dict[str, list[str]] = {"receiver.example": [HOST], "other.example": [HOST]}
    real = socket.getaddrinfo

    def resolve(host, port, *arguments, **more):
        found = meant.get(host, [host])
        return real(found.pop(0) if len(found) > 1 else found[0], port, *arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(addresses, "settings", replace(settings, webhooks_allowed=(ip_network(RECEIVERS),)))
    return meant


def send(sender: Sender, url: str, seconds: float = 20) -> Outcome:
    headers = {"Content-Type": "application/json", "webhook-id": "1"}
    return sender.send(url, headers, b"{}", time.monotonic() + seconds)


def test_a_name_that_begins_to_mean_this_machine_opens_nothing(names):
    """The address that was looked at is the one that is connected to, and each connection looks again."""
    names["receiver.example"] = [HOST, "127.0.0.1"]
    with receiving() as receiver:
        url = receiver.url.replace(HOST, "receiver.example")
        first, again = Sender(True), Sender(True)
        assert send(first, url).delivered
        assert receiver.received[0].headers["host"].startswith("receiver.example:")
        refused = send(again, url)
        assert not refused.delivered and "WEBHOOKS_ALLOWED" in refused.error and len(receiver.received) == 1


def certificate(tmp_path, name: str) -> str:
    """The file of a certificate for `name` with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    file = tmp_path / "certificate.pem"
    file.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return str(file)


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_a_certificate_is_that_of_the_name_and_not_of_the_address(names, monkeypatch, tmp_path):
    file = certificate(tmp_path, "receiver.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with receiving(tls=context) as receiver:
        urls = [receiver.url.replace(HOST, name) for name in ("receiver.example", "other.example")]
        untrusted = send(Sender(True), urls[0])
        assert untrusted.away and "certificate" in untrusted.error
        monkeypatch.setenv("SSL_CERT_FILE", file)
        assert send(Sender(True), urls[0]).delivered
        assert "certificate" in send(Sender(True), urls[1]).error
        assert send(Sender(False), urls[1]).delivered
        assert len(receiver.received) == 2


def test_a_receiver_that_answers_byte_by_byte_is_given_up(names):
    begun, ended = threading.Event(), threading.Event()

    def trickle(handler) -> None:
        try:
            while True:
                handler.wfile.write(b"H")
                begun.set()
                time.sleep(0.05)
        except OSError:
            ended.set()

    with receiving(lambda got: trickle) as receiver:
        sender = Sender(True)
        outcomes: list[Outcome] = []
        sending = threading.Thread(target=lambda: outcomes.append(send(sender, receiver.url)))
        sending.start()
        assert begun.wait(60)
        sender.abort()
        sending.join()
        assert outcomes[0].status is None and outcomes[0].error and ended.wait(60)


def test_what_answers_nothing_is_away(names):
    with socket.create_server((HOST, 0)) as silent:
        outcome = send(Sender(True), f"http://{HOST}:{silent.getsockname()[1]}/", 0.3)
    assert outcome == Outcome(error="no reply in time", away=True)
    for url, reason in (
        (f"http://{HOST}:1/", "it takes no connection"),
        ("http://no-such-name.invalid/", "nobody knows its name"),
    ):
        assert send(Sender(True), url) == Outcome(error=reason, away=True)


@pytest.mark.parametrize(
    ("status", "delivered", "away"),
    [(200, 1, 0), (204, 1, 0), (302, 0, 0), (400, 0, 0), (500, 0, 0), (503, 0, 1), (429, 0, 1)],
)
def test_what_a_status_means(names, status, delivered, away):
    with receiving(lambda got: status) as receiver:
        outcome = send(Sender(True), receiver.url)
    assert (outcome.status, outcome.delivered, outcome.away) == (status, bool(delivered), bool(away))
