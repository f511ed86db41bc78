"""Reports: what a module of them defines, what their tests log, and how they read the API.

Patchbay runs them in a process without an environment (tests/extras/test_reports.py), of which no coverage is measured.
"""

import json
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from shared import JsonObject
from shared.reports import LONGEST_MESSAGE, MOST_ENTRIES, Report, api, process

SITES = [{"id": pk, "name": f"site {pk}", "url": f"http://netbox.example/api/dcim/sites/{pk}/"} for pk in (1, 2, 3)]
MODULE = """
from shared.reports import Report

class Sites(Report):
    description = "All sites"

    def test_1_breaks(self):
        self.log_warning({"id": 9}, "seen")
        raise KeyError("oops")

    def test_2_ends(self):
        raise SystemExit(3)

    def test_3_reads(self):
        for site in self.api.list("dcim/sites/"):
            self.log_success(site)
        self.api.get("dcim/nowhere/")

class Empty(Report):
    pass
"""


class Gateway(BaseHTTPRequestHandler):
    """A gateway with three sites, which answers whoever has the token. It closes each connection after a reply."""

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(address.query).items()}
        if self.headers["Authorization"] != "Token right":
            self.answer(403, b'{"detail": "Invalid token"}')
        elif address.path == "/api/dcim/sites/":
            start, limit = int(query["offset"]), int(query["limit"])
            more = start + limit < len(SITES)
            page = {"next": "more" if more else None, "results": SITES[start : start + limit]}
            self.answer(200, json.dumps(page).encode())
        elif address.path == "/api/echo/":
            self.answer(200, json.dumps(query).encode())
        else:
            self.answer(404, b"<h1>Not Found</h1>")

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def gateway() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Gateway) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], JsonObject]]:
    """Writes a module of reports, and returns the work that names it."""
    monkeypatch.setattr(sys, "path", [*sys.path])

    def write(source: str) -> JsonObject:
        (tmp_path / "checks.py").write_text(source)
        return {"root": str(tmp_path), "module": "checks"}

    yield write
    sys.modules.pop("reports.checks", None)


def test_a_module_tells_of_its_reports_in_the_order_of_names(module) -> None:
    (found,) = process.described(module(MODULE))
    empty, sites = found["reports"]
    assert (empty["name"], empty["test_methods"], "needs at least one method" in empty["error"]) == ("Empty", [], True)
    assert sites == {
        "name": "Sites",
        "description": "All sites",
        "test_methods": ["test_1_breaks", "test_2_ends", "test_3_reads"],
    }


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("raise SystemExit('no')", "SystemExit: no"),
        ("import nowhere_at_all", "ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("def", "SyntaxError: "),
    ],
)
def test_a_module_that_cannot_be_loaded_says_why(module, source: str, error: str) -> None:
    (described,) = process.described(module(source))
    (ran,) = process.run({**module(source), "report": "Sites"})
    assert described["error"].startswith(error) and ran == described


def test_each_test_has_a_result_whatever_the_one_before_did(module, gateway: str) -> None:
    work = {**module(MODULE), "report": "Sites", "gateway": gateway, "token": "right"}
    results = {each["test"]: each["result"] for each in process.run(work)}
    breaks, ends, reads = results["test_1_breaks"], results["test_2_ends"], results["test_3_reads"]
    assert (breaks["warning"], breaks["failure"], ends["failure"]) == (1, 1, 1)
    assert [entry[1:] for entry in breaks["log"]] == [
        ["warning", "#9", None, "seen"],
        ["failure", None, None, "KeyError: 'oops'"],
    ]
    assert [entry[4] for entry in ends["log"]] == ["SystemExit: 3"]
    assert (reads["success"], reads["failure"]) == (3, 1)
    assert reads["log"][0][4] == "ApiRequestFailed: GET /api/dcim/nowhere/: 404: no JSON"


def test_a_report_that_is_not_there_is_an_error(module) -> None:
    (found,) = process.run({**module(MODULE), "report": "Nowhere", "gateway": "http://127.0.0.1:1", "token": ""})
    assert found == {"error": "StopIteration: "}


def test_a_list_is_read_page_by_page(gateway: str) -> None:
    found = api.Api(gateway, "right").list("dcim/sites/", limit=2)
    assert [site["id"] for site in found] == [1, 2, 3]


def test_filters_are_sent_and_a_refusal_names_status_and_detail(gateway: str) -> None:
    assert api.Api(gateway, "right").get("echo/", name="a&b", tag=["x", "y"]) == {"name": "a&b", "tag": "y"}
    with pytest.raises(api.ApiRequestFailed) as caught:
        api.Api(gateway, "wrong").get("dcim/sites/", limit=1)
    assert (caught.value.status, caught.value.detail) == (403, "Invalid token")


def test_a_log_names_objects_and_keeps_what_postgresql_can_store() -> None:
    report = Report()
    report.log("about nothing")
    report.log_success(SITES[0])
    report.log_success(SITES[0], "fine")
    report.log_info({"id": 4, "display_name": "sw (4)", "name": "sw"}, "x" * (LONGEST_MESSAGE + 1))
    report.log_failure("a text", "nul \0 and lone \ud800")
    assert [entry[1:4] for entry in report.result["log"]] == [
        ["default", None, None],
        ["success", "site 1", "/api/dcim/sites/1/"],
        ["info", "sw (4)", None],
        ["failure", "a text", None],
    ]
    assert len(report.result["log"][2][4]) == LONGEST_MESSAGE
    assert report.result["log"][3][4] == "nul \ufffd and lone ?"
    assert (report.result["success"], report.result["info"], report.result["failure"]) == (2, 1, 1)


def test_a_log_ends_but_counting_goes_on() -> None:
    report = Report()
    for _ in range(MOST_ENTRIES + 1):
        report.log_info(None, "again")
    assert (len(report.result["log"]), report.result["info"]) == (MOST_ENTRIES, MOST_ENTRIES + 1)
