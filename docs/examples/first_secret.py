"""The first secret of a new user: a key pair, a user key, somebody who activates it, a session key, a secret.

    python docs/examples/first_secret.py http://127.0.0.1:8000 "$(cat var/admin-token)" admin.pem

`admin.pem` is the private key of the administrator; where there is no such file, the administrator gets a key first.
"""

import secrets
import sys
from pathlib import Path
from typing import Any

import requests


class ExampleClient:
    """The API as one user sees it."""

    def __init__(self, address: str, token: str = "") -> None:
        self._address, self._session = address, requests.Session()
        self.headers = self._session.headers
        if token:
            self.headers["Authorization"] = f"Token {token}"

    def get(self, path: str, **params: str) -> Any:
        return self._send("GET", path, params=params)

    def post(self, path: str, **sent: Any) -> Any:
        return self._send("POST", path, json=sent)

    def _send(self, method: str, path: str, **options: Any) -> Any:
        reply = self._session.request(method, f"{self._address}/api/{path}", **options)
        if not reply.ok:
            raise SystemExit(f"{method} {path}: {reply.status_code} {reply.text}")
        return reply.json()

    def have(self, path: str, name: str, **more: Any) -> int:
        """The id of the object of that name, made if there is none."""
        found = self.get(path, name=name)["results"]
        return found[0]["id"] if found else self.post(path, name=name, **more)["id"]


def make_key(api: ExampleClient) -> tuple[int, str]:
    """The id of a new user key, and the private key that only its user may ever see."""
    pair = api.get("secrets/generate-rsa-key-pair/")
    return api.post("secrets/user-keys/", public_key=pair["public_key"])["id"], pair["private_key"]


def some_device(api: ExampleClient) -> int:
    site = api.have("dcim/sites/", "Example", slug="example")
    manufacturer = api.have("dcim/manufacturers/", "Example", slug="example")
    role = api.have("dcim/device-roles/", "Example", slug="example", color="607d8b")
    types = api.get("dcim/device-types/", model="Example")["results"]
    kind = {"manufacturer": manufacturer, "model": "Example", "slug": "example"}
    type_id = types[0]["id"] if types else api.post("dcim/device-types/", **kind)["id"]
    return api.have("dcim/devices/", "example", site=site, device_role=role, device_type=type_id)


def main(address: str, admin_token: str, admin_key: Path) -> None:
    admin = ExampleClient(address, admin_token)
    if not admin_key.exists():
        admin_key.touch(0o600)
        admin_key.write_text(make_key(admin)[1])  # the very first key of all is active at once

    name, password = f"example-{secrets.token_hex(4)}", secrets.token_urlsafe()
    new = {"username": name, "password": password, "permissions": ["secrets.add_secret"]}
    user_id = admin.post("users/users/", **new)["id"]
    role = admin.post("secrets/secret-roles/", name=name, slug=name, users=[user_id])["id"]
    device = some_device(admin)

    user = ExampleClient(address)
    token = user.post("users/tokens/provision/", username=name, password=password)["key"]
    user.headers["Authorization"] = f"Token {token}"
    key, private_key = make_key(user)
    admin.post(f"secrets/user-keys/{key}/activate/", private_key=admin_key.read_text())

    session = user.post("secrets/get-session-key/", private_key=private_key)
    user.headers["X-Session-Key"] = session["session_key"]
    secret = {"device": device, "role": role, "name": "enable", "plaintext": "correct horse"}
    made = user.post("secrets/secrets/", **secret)["id"]
    print(f"{name} reads: {user.get(f'secrets/secrets/{made}/')['plaintext']}")

    del user.headers["X-Session-Key"]
    print(f"without the session key: {user.get(f'secrets/secrets/{made}/')['plaintext']}")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit(f"Usage: {sys.argv[0]} ADDRESS ADMIN_TOKEN ADMIN_KEY_FILE\n\n{__doc__}")
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
