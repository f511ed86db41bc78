"""What deploy/ has for Prometheus and Grafana fits what a running stack tells, by Prometheus's own judgement."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import yaml

from shared.config import SERVICES
from stack import ROOT
from stack.plan import Plan
from tests.running import eventually, free_port

FOLDER = ROOT / "deploy" / "prometheus"
RULES = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"][0]["rules"]
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "patchbay.json").read_text())
QUERIES = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
# What has happened to nobody is not told, and a stack that is well has had none of it.
OF_TROUBLE = (
    "copies_left_out",
    "lookups_degraded",
    "database_busy",
    "set_aside",
    "audit_age",
    "audit_findings",
    'status="5xx"',
)

pytestmark = pytest.mark.skipif(not shutil.which("promtool"), reason="Debian's package prometheus is not installed")


@pytest.fixture(scope="module")
def prometheus(stack, tmp_path_factory) -> Iterator[str]:
    """The URL of a Prometheus that scrapes the stack every second, configured as deploy/ has it but for the ports."""
    folder = tmp_path_factory.mktemp("prometheus")
    configuration = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    configuration["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    configuration["rule_files"] = [str(FOLDER / "alerts.yml")]
    plan = Plan.load(stack.folder)
    targets = [plan.health_base(name).removeprefix("http://") for name in ("gateway", *SERVICES)]
    static = configuration["scrape_configs"][0]["static_configs"][0]
    assert len(static["targets"]) == len(targets)
    static["targets"] = targets
    (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))
    address = f"127.0.0.1:{free_port()}"
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={folder}/prometheus.yml",
                f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address={address}",
            ],
            stdout=log,
            stderr=log,
        )
    yield f"http://{address}"
    server.terminate()
    server.wait()


def ask(prometheus: str, query: str) -> list[dict]:
    """The series of `query` now; none while Prometheus does not answer yet."""
    try:
        reply = requests.get(f"{prometheus}/api/v1/query", {"query": query})
    except requests.ConnectionError:
        return []
    if reply.status_code == 503:
        return []
    assert reply.status_code == 200 and reply.json()["status"] == "success", reply.text
    return reply.json()["data"]["result"]


@pytest.mark.parametrize("file", ["alerts.yml", "prometheus.yml"])
def test_promtool_finds_nothing_wrong(file: str) -> None:
    kind = "rules" if file == "alerts.yml" else "config"
    done = subprocess.run(["promtool", "check", kind, FOLDER / file], capture_output=True, text=True)
    assert done.returncode == 0 and "SUCCESS" in done.stdout, done.stdout + done.stderr


def test_every_process_is_scraped(prometheus: str) -> None:
    eventually(lambda: len(ask(prometheus, 'up{job="patchbay"} == 1')) == len(SERVICES) + 1, "all are up")


@pytest.mark.parametrize("query", QUERIES)
def test_every_panel_of_the_dashboard_shows_something(prometheus: str, api, query: str) -> None:
    asked = query.replace("$__rate_interval", "10s")

    def found() -> list[dict]:
        api.get("tenancy/tenants/", limit=1)
        return ask(prometheus, asked)

    if any(each in query for each in OF_TROUBLE):
        ask(prometheus, asked)
    else:
        eventually(found, query)


def test_of_a_stack_that_is_well_no_alert_is_raised_and_all_are_evaluated(prometheus: str) -> None:
    def states() -> dict[str, tuple[str, str]]:
        groups = requests.get(f"{prometheus}/api/v1/rules").json()["data"]["groups"]
        return {rule["name"]: (rule["health"], rule["state"]) for group in groups for rule in group["rules"]}

    eventually(lambda: {health for health, _ in states().values()} == {"ok"}, "all are evaluated")
    assert set(states()) == {rule["alert"] for rule in RULES}
    assert not [name for name, (_, state) in states().items() if state == "firing"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_alert_has_a_runbook(rule: dict) -> None:
    path, _, anchor = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^#+ (.+)$", Path(ROOT / path).read_text(), re.MULTILINE)
    assert anchor in {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
