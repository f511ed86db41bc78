"""Reports: files of an administrator, run with the rights of whoever runs them, in processes that may do harm."""

import re

import psutil
import psycopg2
import pytest
import requests

from tests.client import Client

PATH = "extras/reports/"
SECONDS = 4
FILES = {
    "sites.py": """
from helpers.words import GOOD
from shared.reports import Report

class Second(Report):
    def test_nothing(self):
        self.log("about nothing")

class First(Report):
    description = "Sites and their facility"

    def test_facility(self):
        for site in self.api.list("dcim/sites/", limit=1):
            print("what is printed harms no answer")
            if site["facility"]:
                self.log_success(site)
            else:
                self.log_failure(site, f"no facility: not {GOOD}\\0")

    def test_levels(self):
        self.log_success("a text", "fine")
        self.log_info({"id": 7}, "noted")
        self.log_warning(None, "careful")
""",
    "helpers/words.py": "GOOD = 'good'",
    "_private.py": "raise RuntimeError('reports alone are loaded')",
    "rights.py": """
from shared.reports import Report

class Rights(Report):
    def test_who(self):
        for user in self.api.list("users/users/"):
            self.log_info(user, "seen")

    def test_write(self):
        headers = self.api._headers | {"Content-Length": "2"}
        reply = self.api._gateway.ask("POST", "/api/dcim/sites/", headers, b"{}")
        self.log(str(reply.status))
        self.api.get("dcim/nowhere/")
""",
    "trouble.py": """
import os, subprocess, time
from shared.reports import Report

class Raises(Report):
    def test_1(self):
        raise KeyError("oops")
    def test_2(self):
        raise SystemExit(3)
    def test_3(self):
        self.log_success(None)

class Dies(Report):
    def test_1(self):
        self.log_success(None)
    def test_2(self):
        os._exit(0)
    def test_3(self):
        pass

class Hangs(Report):
    def test_1(self):
        subprocess.Popen(["/bin/sleep", "98765"])
        time.sleep(1000)

class Untested(Report):
    pass

class Unready(Report):
    def __init__(self):
        raise ValueError("not ready")
    def test_1(self):
        pass

class Looks(Report):
    def test_1(self):
        self.log(",".join(sorted(os.environ)))
""",
    "typo.py": "class Report(:",
    "leaves.py": "import os; os._exit(0)",
}


@pytest.fixture(scope="module")
def own(make_stack):
    stack = make_stack(REPORT_SECONDS=str(SECONDS))
    for name, text in FILES.items():
        path = stack.folder.reports / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return stack.start()


@pytest.fixture(scope="module")
def api(own):
    return Client(own.base_url, own.token)


@pytest.fixture(scope="module")
def site(api):
    api.make("dcim/sites/", name="Full", slug="full", facility="F")
    return api.make("dcim/sites/", name="Bare", slug="bare")


def run(api, report: str) -> dict:
    status, reply = api.post(f"{PATH}{report}/run/", {})
    assert status == 200, reply
    return reply["result"]


def messages(result: dict, test: str) -> list[str]:
    return [entry[-1] for entry in result["data"][test]["log"]]


def test_the_list_names_every_report_in_order_and_what_is_broken(api):
    status, found = api.get(PATH)
    assert status == 200
    failed = [bool("error" in each or (each["result"] and each["result"]["failed"])) for each in found]
    assert failed == sorted(failed, reverse=True)
    names = [(each["module"], each["name"]) for each in found]
    for part in (True, False):
        here = [name for name, bad in zip(names, failed, strict=True) if bad is part]
        assert here == sorted(here, key=lambda name: (name[0], name[1] or ""))
    assert {("sites", "First"), ("sites", "Second"), ("typo", None), ("leaves", None)} <= set(names)
    assert not {"_private", "words", "helpers"} & {each["module"] for each in found}
    first = found[names.index(("sites", "First"))]
    assert first["description"] == "Sites and their facility"
    assert first["test_methods"] == ["test_facility", "test_levels"]
    errors = {(each["module"], each["name"]): each["error"] for each in found if "error" in each}
    assert errors.keys() == {("typo", None), ("leaves", None), ("trouble", "Untested")}
    assert "SyntaxError" in errors["typo", None]


def test_a_run_logs_what_it_finds_and_keeps_one_result(api, site):
    report = f"{PATH}sites.First/"
    assert api.get(report)[1]["result"] is None
    result = run(api, "sites.First")
    facility, levels = result["data"]["test_facility"], result["data"]["test_levels"]
    assert result["failed"] is True
    assert (facility["success"], facility["failure"]) == (1, 1)
    [entry] = facility["log"]
    assert entry[1:4] == ["failure", "Bare", f"/api/dcim/sites/{site['id']}/"]
    assert "not good" in entry[4]
    assert [entry[1:4] for entry in levels["log"]] == [
        ["success", "a text", None],
        ["info", "#7", None],
        ["warning", None, None],
    ]
    assert api.get(report)[1]["result"] == result
    again = run(api, "sites.First")
    assert again["created"] > result["created"]
    listed = next(each["result"] for each in api.get(PATH)[1] if each["name"] == "First")
    assert listed.pop("url").endswith(f"/api/{report}")
    assert listed == {name: again[name] for name in ("created", "user", "failed")}


def test_what_failed_is_found_first(api):
    run(api, "sites.First")
    found = api.get(f"{PATH}sites.First/findings/")[1]
    order = ["failure", "warning", "info", "default", "success"]
    assert [each["level"] for each in found] == sorted((each["level"] for each in found), key=order.index)
    assert {"success", "warning", "info"} <= {each["level"] for each in found}
    assert api.get(f"{PATH}sites.Nowhere/findings/")[0] == 404


def test_a_browser_shows_what_failed_first_and_no_raw_data(api, own):
    run(api, "sites.First")
    run(api, "sites.Second")

    def page(path: str) -> str:
        found = requests.get(f"{own.base_url}/api/{path}", headers={"Accept": "text/html"}, timeout=60)
        assert found.status_code == 200
        return found.text

    rows = re.findall(r"<tr>(.*?)</tr>", page(PATH).split("<tbody>")[1].split("</tbody>")[0], re.DOTALL)
    failed = ['class="down"' in row for row in rows]
    assert failed == sorted(failed, reverse=True) and {True, False} == set(failed)
    assert any(f'<a href="/api/{PATH}sites.First/">First</a>' in row and 'class="down"' in row for row in rows)
    shown = page(f"{PATH}sites.First/").split('id="reply"')[0]
    levels = re.findall(r"<td[^>]*><span class=\"text\">(failure|warning|info|success)</span></td>", shown)
    assert levels[0] == "failure" and "success" in levels
    assert '<a href="#reply">in the JSON below</a>' in shown


def test_what_is_nowhere_is_not_found(api):
    for report in ("sites", "sites.Nope", "nowhere.First", "typo.Report", "_private.X", "..%2Fsites.First"):
        assert api.get(f"{PATH}{report}/")[0] == 404
        assert api.post(f"{PATH}{report}/run/", {})[0] == 404
    assert "SyntaxError" in api.get(f"{PATH}typo.Report/")[1]["detail"]
    assert api.get(f"{PATH}sites.First/run/")[0] == 405
    assert api.post(PATH, {})[0] == 405
    assert api.post(f"{PATH}trouble.Untested/run/", {})[0] == 400


def test_a_test_that_raises_fails_alone(api):
    result = run(api, "trouble.Raises")
    assert [result["data"][f"test_{number}"]["failure"] for number in (1, 2, 3)] == [1, 1, 0]
    assert result["data"]["test_3"]["success"] == 1
    assert messages(result, "test_1") == ["KeyError: 'oops'"]


def test_a_report_that_cannot_be_made_has_failed(api):
    result = run(api, "trouble.Unready")
    assert result["failed"] is True
    assert messages(result, "test_1") == ["ValueError: not ready"]


def test_a_process_that_dies_has_failed_where_it_was(api):
    result = run(api, "trouble.Dies")
    assert [result["data"][f"test_{number}"]["failure"] for number in (1, 2, 3)] == [0, 1, 0]


def test_a_report_that_hangs_is_ended_with_all_that_it_started(api):
    result = run(api, "trouble.Hangs")
    assert result["failed"] is True
    assert str(SECONDS) in messages(result, "test_1")[0]
    assert not [each for each in psutil.process_iter(["cmdline"]) if "98765" in (each.info["cmdline"] or ())]
    assert run(api, "trouble.Raises")["failed"] is True


def test_the_process_knows_no_environment(api):
    assert not [name for name in messages(run(api, "trouble.Looks"), "test_1")[0].split(",") if "PATCHBAY" in name]


@pytest.fixture(scope="module")
def runner(api, own):
    """Somebody who may run reports, and nothing else, with a token that only reads."""
    user = api.make(
        "users/users/", username="runner", password="correct horse", permissions=["extras.add_reportresult"]
    )
    token = api.make("users/tokens/", user=user["id"], write_enabled=False)
    return Client(own.base_url, token["key"])


def test_a_report_reads_as_who_runs_it_and_writes_nothing(api, runner):
    assert {entry[2] for entry in run(api, "rights.Rights")["data"]["test_who"]["log"]} == {"admin", "runner"}
    result = run(runner, "rights.Rights")
    assert {entry[2] for entry in result["data"]["test_who"]["log"]} == {"runner"}
    refused, missing = messages(result, "test_write")
    assert refused == "403"
    assert "404" in missing


def test_nobody_else_runs_a_report(api, own):
    user = api.make("users/users/", username="idle", password="correct horse")
    token = api.make("users/tokens/", user=user["id"])
    for client in (Client(own.base_url), Client(own.base_url, token["key"])):
        assert client.post(f"{PATH}sites.First/run/", {})[0] == 403
        assert client.get(f"{PATH}sites.First/")[0] == 200


def test_a_lent_token_is_given_back_and_never_shown(api, own):
    run(api, "trouble.Hangs")
    assert not [each for each in api.results("users/tokens/", limit=0) if each["description"].startswith("lent")]
    connection = psycopg2.connect(own.database_url("gateway").replace("+psycopg2", ""))
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM users_token WHERE lent")
        assert cursor.fetchone() == (0,)
    connection.close()


def test_a_file_that_changes_is_loaded_anew(api, own):
    path = own.folder.reports / "typo.py"
    path.write_text("from shared.reports import Report\nclass Mended(Report):\n    def test_1(self): self.log('x')\n")
    assert api.get(f"{PATH}typo.Mended/")[1]["test_methods"] == ["test_1"]
    assert run(api, "typo.Mended")["failed"] is False
    path.unlink()
    assert api.get(f"{PATH}typo.Mended/")[0] == 404
