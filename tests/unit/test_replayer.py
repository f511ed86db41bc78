"""The replayer itself: what its language accepts, and that each transcript agrees with its own recording."""

import re
from itertools import count

import pytest

from tests.conformance.exceptions import EXCEPTIONS
from tests.conformance.expectations import SYMBOL, Expectations
from tests.conformance.replayer import (
    FIRST_USER,
    INVENTORY,
    TRANSCRIPTS,
    Difference,
    Step,
    Transcript,
    replay,
)
from tests.conformance.test_transcripts import judge

BASE = "http://localhost:8000"
SITE = "<dcim/sites#1>"
SITES = f"{BASE}/api/dcim/sites/"
transcripts = {path.stem: Transcript.load(path) for path in sorted(TRANSCRIPTS.glob("*.json"))}


@pytest.fixture
def expectations():
    return Expectations(BASE + "/", {SITE: 7})


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (None, None),
        (1, 1),
        (1, 1.0),
        ("text", "text"),
        ({"name": "a"}, {"name": "a", "url": "more"}),
        ([], []),
        ([{"a": 1}, 2], [{"a": 1, "b": 2}, 2]),
        ("$date", "2018-03-04"),
        ("$datetime", "2018-03-04T01:02:03Z"),
        ("$datetime", "2018-03-04T01:02:03.123456+00:00"),
        ("$text", "a message"),
        ("$text", ["a message"]),
        (["$text"], ["a message"]),
        (["$text"], {"detail": "an error of the whole"}),
        ({"name": ["$text"]}, {"name": ["a message"]}),
        (SITE, 7),
        ("{base}/api/", f"{BASE}/api/"),
        ("{base}/api/dcim/sites/<dcim/sites#1>/", f"{SITES}7/"),
        ("{base}/api/dcim/sites/?limit=2&offset=4", f"{SITES}?offset=4&limit=2"),
        ("{base}/api/dcim/sites/?region_id=<dcim/sites#1>&limit=2", f"{SITES}?limit=2&region_id=7"),
        ("a (site <dcim/sites#1>)", "a (site 7)"),
    ],
)
def test_what_agrees(expectations, expected, actual):
    assert expectations.difference(expected, actual) is None


@pytest.mark.parametrize(
    ("expected", "actual", "where"),
    [
        (None, "", "reply"),
        (1, 2, "reply"),
        (1, True, "reply"),
        (True, 1, "reply"),
        (0, False, "reply"),
        (1, "1", "reply"),
        ("1", 1, "reply"),
        ("text", "Text", "reply"),
        ({"name": "a"}, {"url": "a"}, "reply.name: missing"),
        ({"name": None}, {}, "reply.name: missing"),
        ({"site": {"id": SITE}}, {"site": {"id": 8}}, "reply.site.id"),
        ({"a": 1}, [], "reply: an object expected"),
        ([], {}, "reply: a list expected"),
        ([], [1], "reply: 0 items expected, got 1"),
        ([1, {"a": 1}], [1, {"a": 2}], "reply[1].a"),
        ("$date", "2018-3-4", "reply"),
        ("$date", "2018-03-04T01:02:03Z", "reply"),
        ("$date", None, "reply"),
        ("$datetime", "2018-03-04", "reply"),
        ("$datetime", "2018-03-04T01:02:03", "reply"),
        ("$text", "", "reply"),
        ("$text", [], "reply"),
        ("$text", {"a": 1}, "reply"),
        (["$text"], {}, "reply: messages expected"),
        ({"name": ["$text"]}, {"name": []}, "reply.name"),
        ({"name": ["$text"]}, {"name": "a message"}, "reply.name"),
        (SITE, 8, "<dcim/sites#1> = 7 expected, got 8"),
        (SITE, "7", "reply"),
        (SITE, True, "reply"),
        ("{base}/api/", "http://elsewhere/api/", "reply"),
        ("{base}/api/dcim/sites/<dcim/sites#1>/", f"{SITES}8/", "reply"),
        ("{base}/api/dcim/sites/<dcim/sites#1>/", f"{SITES}x/", "reply"),
        ("{base}/api/dcim/sites/?limit=2", f"{SITES}?limit=3", "reply"),
        ("{base}/api/dcim/sites/?limit=2", f"{SITES}?limit=2&limit=2", "reply"),
        ("{base}/api/dcim/sites/?q=", SITES + "?q=x", "reply"),
        ("a.c", "abc", "reply"),
    ],
)
def test_what_differs(expectations, expected, actual, where):
    assert where in expectations.difference(expected, actual)


def test_a_symbol_is_bound_at_first_sight(expectations):
    rack = "<dcim/racks#1>"
    assert expectations.concrete(rack) == 0
    assert expectations.difference({"id": rack}, {"id": 12}) is None
    assert expectations.concrete(rack) == 12
    assert expectations.difference({"id": rack}, {"id": 13}) is not None


def test_a_symbol_is_bound_by_a_hyperlink_too(expectations):
    link = "{base}/api/dcim/racks/<dcim/racks#1>/"
    assert expectations.difference(link, f"{BASE}/api/dcim/racks/12/") is None
    assert expectations.concrete("<dcim/racks#1>") == 12
    assert expectations.difference(link, f"{BASE}/api/dcim/racks/13/") is not None


def test_an_id_is_bound_before_the_hyperlinks_that_use_it(expectations):
    expected = {"a_url": "{base}/api/dcim/racks/<dcim/racks#1>/", "id": "<dcim/racks#1>"}
    actual = {"a_url": f"{BASE}/api/dcim/racks/12/", "id": 13}
    assert "a_url" in expectations.difference(expected, actual)


def test_requests_are_made_concrete(expectations):
    body = {"site": SITE, "tags": [SITE, "x"], "unmet": "/<dcim/racks#9>/", "n": 1}
    assert expectations.concrete(body) == {"site": 7, "tags": [7, "x"], "unmet": "/0/", "n": 1}
    assert expectations.concrete(f"/api/dcim/sites/{SITE}/?id={SITE}") == "/api/dcim/sites/7/?id=7"


class Recording:
    """Answers a transcript's requests with its own replies, as a stack that agrees in everything."""

    base_url = BASE

    def __init__(self, transcript):
        self.ids = dict(FIRST_USER)
        self.free_ids = count(1000)
        self.replies = iter([(step.status, self.made_real(step.reply)) for step in transcript.steps])

    def call(self, *_request):
        return next(self.replies)

    def made_real(self, value):
        if isinstance(value, dict):
            return {key: self.made_real(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.made_real(each) for each in value]
        return self.real_text(value) if isinstance(value, str) else value

    def real_text(self, text):
        known = {"$datetime": "2018-03-04T01:02:03.5Z", "$date": "2018-03-04", "$text": "message"}
        if SYMBOL.fullmatch(text):
            return self.id_of(text)
        with_ids = SYMBOL.sub(lambda symbol: str(self.id_of(symbol[0])), text)
        return known.get(text, with_ids.replace("{base}", BASE))

    def id_of(self, symbol):
        return self.ids.setdefault(symbol, next(self.free_ids))


class OneReplyChanged(Recording):
    """Agrees in everything but the reply to one step."""

    def __init__(self, transcript, number, change):
        super().__init__(transcript)
        replies = list(self.replies)
        replies[number] = change(*replies[number])
        self.replies = iter(replies)


@pytest.mark.parametrize("transcript", transcripts.values(), ids=transcripts)
def test_a_transcript_agrees_with_its_own_recording(transcript):
    assert replay(transcript, Recording(transcript)) == {}


@pytest.mark.parametrize("transcript", transcripts.values(), ids=transcripts)
def test_every_symbol_is_known_before_it_is_sent(transcript):
    expectations = Expectations(BASE, FIRST_USER)
    recording = Recording(transcript)
    for step in transcript.steps:
        assert expectations.ids.keys() >= set(SYMBOL.findall(f"{step.path} {step.body}"))
        expectations.difference(step.reply, recording.call()[1])


@pytest.mark.parametrize(
    "change",
    [
        lambda status, reply: (500, reply),
        lambda status, reply: (status, None),
        lambda status, reply: (status, {**reply, "count": reply["count"] + 1}),
        lambda status, reply: (status, {**reply, "results": reply["results"][1:]}),
        lambda status, reply: (status, {**reply, "results": reply["results"][::-1]}),
    ],
    ids=["status", "nothing", "count", "shorter", "reordered"],
)
def test_one_changed_reply_is_found_where_it_is(change):
    transcript = transcripts["dcim.sites"]
    number = next(
        number
        for number, step in enumerate(transcript.steps)
        if isinstance(step.reply, dict) and step.reply.get("count", 0) > 2 and step.reply["results"]
    )
    assert list(replay(transcript, OneReplyChanged(transcript, number, change))) == [number]


def test_a_transcript_names_the_endpoints_it_needs():
    transcript = Transcript(
        "x",
        (
            Step("GET", "/api/", 200, {"dcim": ""}),
            Step("GET", "/api/ipam/", 200, {"vrfs": ""}),
            Step("GET", "/api/dcim/sites/1/graphs/?a=b", 200, []),
            Step("GET", "/api/dcim/nope/", 404, "$text"),
        ),
    )
    assert transcript.endpoints() == {"ipam/vrfs", "dcim/sites"}


def test_the_inventory_covers_whatever_transcripts_create():
    created = {
        step.endpoint
        for transcript in transcripts.values()
        for step in transcript.steps
        if step.method == "POST" and step.status == 201
    }
    emptied = {f"{app}/{name}" for app, names in INVENTORY.items() for name in names}
    # The components of devices and device types go with them.
    components = {endpoint for endpoint in created if re.search(r"(ports?|outlets?|interfaces|templates)$", endpoint)}
    assert created - components <= emptied | {"extras/custom-fields"}


def test_every_exception_names_a_recorded_step_and_says_why():
    steps = {(t.name, number) for t in transcripts.values() for number in range(len(t.steps))}
    assert steps >= EXCEPTIONS.keys()
    assert all(re.match(r"(design §(12\.\d+|13, P\d+): )?\w", reason) for reason in EXCEPTIONS.values())


def test_an_exception_excuses_a_better_reply_and_nothing_else():
    better, broken = Difference(400, "differs"), Difference(500, "fails")
    judge({}, {})
    judge({3: better}, {3: "reason"})
    for differences, exceptions in [({3: better}, {}), ({3: broken}, {3: "reason"}), ({}, {3: "reason"})]:
        with pytest.raises(AssertionError, match="step 3"):
            judge(differences, exceptions)
