"""Asking a stack: through the gateway, and past it as the gateway would."""

from typing import Any
from urllib.parse import urlsplit

import orjson

from shared.http import protocol
from shared.http.client import Client
from shared.security.identity import HEADER, Identity, digest, sign
from stack.folder import DataFolder
from stack.plan import LOOPBACK, Plan

CONNECT_SECONDS = 2
ADMIN = Identity(user_id=1, username="admin", superuser=True, write=True)


class Asker:
    """One connection that is kept open. Raises RuntimeError for an answer that is no success."""

    def __init__(self, folder: DataFolder, service: str = "") -> None:
        self.folder, self.service, self.plan = folder, service, Plan.load(folder)
        self.host = f"{LOOPBACK}:{self.plan.ports['gateway']}"
        self.token = folder.admin_token.read_text().strip()
        self.client = Client(f"http://{LOOPBACK}:{self.plan.ports[service or 'gateway']}", CONNECT_SECONDS, idle=1)

    def ask(self, method: str, target: str, body: Any = None, accept: str = "application/json") -> bytes:
        content = b"" if body is None else orjson.dumps(body)
        headers = self._headers(method, target, content) | {"Content-Length": str(len(content)), "Accept": accept}
        reply = self.client.ask(method, target, headers, content)
        answer = reply.read()
        if reply.status >= 400:
            raise RuntimeError(f"{method} {target}: {reply.status} {answer[:300]!r}")
        return answer

    def close(self) -> None:
        self.client.close()

    def json(self, method: str, target: str, body: Any = None) -> Any:
        return orjson.loads(self.ask(method, target, body))

    def _headers(self, method: str, target: str, content: bytes) -> dict[str, str]:
        if not self.service:
            return {"Authorization": f"Token {self.token}", "Content-Type": "application/json"}
        asked = urlsplit(target)
        key = self.folder.signing_key(self.service)
        identity = sign(key, ADMIN, method, asked.path, asked.query, digest(content))
        known = {HEADER: identity, "X-Forwarded-Host": self.host, "Content-Type": "application/json"}
        return known | protocol.as_header()
