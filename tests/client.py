"""A client of the API, as tests want it: a status and the parsed reply."""

import requests


class Client:
    """Asks one base URL as the owner of `token`, or anonymously."""

    def __init__(self, base_url: str, token: str | None = None, seconds: float = 60):
        self.base_url, self.seconds = base_url, seconds
        self.session = requests.Session()
        self.session.trust_env = False
        if token:
            self.session.headers["Authorization"] = f"Token {token}"

    def request(self, method: str, path: str, body=None, **kwargs) -> requests.Response:
        """The raw reply to `method /api/<path>`; `body` is sent as JSON."""
        if body is not None:
            kwargs["json"] = body
        url = f"{self.base_url}/api/{path}"
        return self.session.request(method, url, timeout=self.seconds, allow_redirects=False, **kwargs)

    def call(self, method: str, path: str, body=None, **kwargs) -> tuple[int, object]:
        reply = self.request(method, path, body, **kwargs)
        is_json = reply.headers.get("Content-Type", "").startswith("application/json")
        return reply.status_code, reply.json() if is_json and reply.content else None

    def get(self, path: str, **params):
        return self.call("GET", path, params=params)

    def post(self, path: str, body):
        return self.call("POST", path, body)

    def put(self, path: str, body):
        return self.call("PUT", path, body)

    def patch(self, path: str, body):
        return self.call("PATCH", path, body)

    def delete(self, path: str):
        return self.call("DELETE", path)

    def results(self, path: str, **params) -> list:
        """The objects on a page of a list, which must be there."""
        status, reply = self.get(path, **params)
        assert status == 200, reply
        return reply["results"]

    def make(self, path: str, **body) -> dict:
        """A new object, which must be accepted."""
        status, reply = self.post(path, body)
        assert status == 201, reply
        return reply
