"""Guessing passwords is slowed down, and nobody can turn that against the owner of an account."""

import dataclasses
import uuid

import pytest
import requests
from requests.adapters import HTTPAdapter

from gateway import request as gateway_request
from gateway.request import client_address
from gateway.users.attempts import FOR_USER, FOR_USER_FROM_ADDRESS
from shared.config import settings

PASSWORD = "correct horse"


class FromAddress(HTTPAdapter):
    """Connects from one of this machine's addresses."""

    def __init__(self, address: str):
        self.address = address
        super().__init__()

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, source_address=(self.address, 0), **kwargs)


@pytest.fixture
def tried(stack):
    """Asks for a token from an address; the status."""

    def ask(username: str, password: str, address: str, **headers: str) -> int:
        with requests.Session() as session:
            session.trust_env = False
            session.mount("http://", FromAddress(address))
            body = {"username": username, "password": password}
            return session.post(
                f"{stack.base_url}/api/users/tokens/provision/", json=body, headers=headers, timeout=60
            ).status_code

    return ask


@pytest.fixture
def name(api) -> str:
    made = f"guessed-{uuid.uuid4().hex[:12]}"
    api.make("users/users/", username=made, password=PASSWORD)
    return made


def test_a_stranger_shuts_out_nobody_but_itself(tried, name):
    guesses = [tried(name, "guess", "127.0.0.9") for _ in range(7)]
    assert guesses == [403] * FOR_USER_FROM_ADDRESS.amount + [429] * 2
    assert tried(name, PASSWORD, "127.0.0.9") == 429
    assert tried(name, PASSWORD, "127.0.0.8") == 201


def test_what_a_client_says_of_its_address_does_not_count(tried, name):
    said = [{"X-Forwarded-For": f"192.0.2.{number}"} for number in range(7)]
    assert [tried(name, "guess", "127.0.0.10", **each) for each in said] == [403] * 5 + [429] * 2


def test_guesses_from_many_addresses_leave_the_owner_alone(tried, name):
    assert tried(name, PASSWORD, "127.0.0.7") == 201
    for number in range(FOR_USER.amount):
        assert tried(name, "guess", f"127.0.1.{1 + number // 4}") == 403
    assert tried(name, PASSWORD, "127.0.2.1") == 429
    assert tried(name, PASSWORD, "127.0.0.7") == 201


def test_the_present_password_cannot_be_guessed_with_a_stolen_token(api, name, stack):
    user = api.results("users/users/", username=name)[0]
    key = api.make("users/tokens/", user=user["id"])["key"]

    def change(**body) -> int:
        headers = {"Authorization": f"Token {key}"}
        url = f"{stack.base_url}/api/users/users/{user['id']}/"
        return requests.patch(url, json=body, headers=headers, timeout=60).status_code

    assert change(password="new") == 400
    assert [change(password="new", old_password=f"guess {number}") for number in range(6)] == [400] * 5 + [429]
    assert change(email="a@example.com") == 200
    assert api.patch(f"users/users/{user['id']}/", {"password": "new"})[0] == 200


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("fd00::1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", "<script>", "10.0.0.1"),
        ("", "198.51.100.7", ""),
    ],
)
def test_the_word_of_trusted_proxies_counts(monkeypatch, peer, forwarded, address):
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.0/8, fd00::/8")
    trusted = type(settings).from_environment().trusted_proxies
    monkeypatch.setattr(gateway_request, "settings", dataclasses.replace(settings, trusted_proxies=trusted))
    assert client_address({"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded}) == address
