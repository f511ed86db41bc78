"""Random bytes where text is expected: in paths, queries, headers and cookies of every documented route."""

import random

import pytest

from tests.fuzz.raw import ask

ROUNDS = 4
HEADERS = (
    b"Accept",
    b"Accept-Encoding",
    b"Accept-Language",
    b"Authorization",
    b"Content-Type",
    b"Cookie",
    b"Host",
    b"If-Match",
    b"If-Modified-Since",
    b"If-None-Match",
    b"Origin",
    b"Range",
    b"Referer",
    b"X-CSRFToken",
    b"X-Forwarded-For",
    b"X-Forwarded-Host",
    b"X-Forwarded-Proto",
    b"X-HTTP-Method-Override",
    b"X-Patchbay-Deadline",
    b"X-Patchbay-Identity",
    b"X-Patchbay-Service",
    b"X-Request-ID",
    b"X-Session-Key",
)
COOKIES = (b"patchbay_session", b"session_key", b"csrftoken", b"")
# What parsers trip over, beside bytes at random.
ODD = (
    b"\x80",
    b"\xc3",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\xc2\xb2",
    b"\xd9\xa3",
    b"%00",
    b"%ff",
    b"%",
    b"%c3%28",
    b"=",
    b";",
    b",",
    b'"',
    b"\\",
    b"9" * 5000,
    b"-1",
    b"1e999",
    b"nan",
    b"null",
    b"[",
    b"*",
    b"../",
)
METHODS = (b"GET", b"HEAD", b"OPTIONS", b"POST", b"PUT", b"PATCH", b"DELETE", b"TRACE", b"BREW")
OUTSIDE = ("/", "/admin/", "/admin/login/", "/admin/status/", "/media/x", "/static/x", "/options/api/dcim/sites/")


def noise(chance: random.Random) -> bytes:
    """A few bytes without line ends, which would only make other headers."""
    if chance.random() < 0.6:
        return chance.choice(ODD)
    return bytes(chance.choice([*range(1, 10), *range(14, 256)]) for _ in range(chance.randrange(1, 30)))


def spoilt(chance: random.Random, path: str, filters: list[str]) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """A target and headers for `path`, with noise in some of them."""
    filled = b"/".join(noise(chance).replace(b" ", b"") if part == "{pk}" and chance.random() < 0.5 else
                       (b"1" if part.startswith("{") else part.encode()) for part in path.split("/"))  # fmt: skip
    names = [chance.choice(filters).encode() if filters else b"x" for _ in range(chance.randrange(3))]
    query = b"&".join(name + b"=" + noise(chance) for name in names)
    target = (filled + b"?" + query if query else filled).replace(b" ", b"%20").replace(b"\t", b"%09")
    headers = [(name, noise(chance)) for name in chance.sample(HEADERS, chance.randrange(4))]
    if chance.random() < 0.3:
        headers.append((b"Cookie", chance.choice(COOKIES) + b"=" + noise(chance)))
    if chance.random() < 0.4:
        headers.append((b"Accept", b"text/html"))
    return target[:8000], headers


@pytest.mark.parametrize("round_", range(ROUNDS))
@pytest.mark.parametrize("known", [True, False])
def test_no_bytes_harm(fuzzed, round_, known):
    document = fuzzed.get("schema/")[1]
    token = [(b"Authorization", fuzzed.session.headers["Authorization"].encode())] if known else []
    chance, wrong, asked = random.Random(round_ + 100 * known), [], 0
    for path, operations in [*document["paths"].items(), *((path, {}) for path in OUTSIDE)]:
        filters = [each["name"] for each in operations.get("get", {}).get("parameters", ()) if each["in"] == "query"]
        target, headers = spoilt(chance, path, filters)
        # Of the accounts only what is read is spoilt: nonsense must not end the superuser who sends it.
        method = b"GET" if chance.random() < 0.7 or "/users/" in path else chance.choice(METHODS)
        unasked = "/napalm/" in path  # no such device answers here
        given = {name.lower() for name, _ in headers}
        reply = ask(
            fuzzed.base_url, method, target, [*(each for each in token if each[0].lower() not in given), *headers]
        )
        asked += 1
        if (not reply.status or reply.status >= 500) and not unasked:
            wrong.append((method, target[:200], headers, reply.content[:200]))
        assert b"Traceback" not in reply.content and b"psycopg2.errors" not in reply.content
    assert asked > 100 and not wrong, "\n".join(map(str, wrong[:10]))
