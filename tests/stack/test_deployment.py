"""The deployment files: valid, complete, and giving each program its own secrets only."""

import json
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest
import yaml

from shared.config import APPS, SERVICES
from stack import ROOT
from stack.gunicorn_service import graceful_timeout

DATABASES = (*SERVICES, "gateway")
PROGRAMS = (*SERVICES, "gateway")
# As shipped by Debian's docker-compose 1.29.2 (Apache License 2.0).
COMPOSE_SCHEMA = Path(__file__).parent / "schema" / "compose_spec.json"


@pytest.fixture(scope="module")
def compose() -> dict:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def secrets_of(owner: str) -> set[str]:
    """The variables that only the program `owner` may have."""
    keys = APPS if owner == "gateway" else (owner,)
    return {f"PATCHBAY_{owner.upper()}_DATABASE_URL", *(f"PATCHBAY_{key.upper()}_KEY" for key in keys)}


def all_secrets() -> set[str]:
    return set().union(*(secrets_of(owner) for owner in PROGRAMS))


def test_the_compose_file_is_valid(compose: dict) -> None:
    schema = json.loads(COMPOSE_SCHEMA.read_text())
    jsonschema.Draft7Validator(schema).validate(compose)


def test_every_service_of_the_code_is_in_the_compose_file(compose: dict) -> None:
    folders = {folder.parent.name for folder in (ROOT / "services").glob("*/resources")}
    assert folders == set(SERVICES)
    migrations = {f"migrate-{name}" for name in PROGRAMS}
    assert set(compose["services"]) == {*PROGRAMS, *migrations, "postgres", "tools"}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_container_has_its_own_role_database_and_keys(compose: dict, name: str) -> None:
    environment = compose["services"][name]["environment"]
    assert set(environment) & all_secrets() == secrets_of(name)
    assert f"//patchbay_{name}:" in environment[f"PATCHBAY_{name.upper()}_DATABASE_URL"]
    assert environment[f"PATCHBAY_{name.upper()}_DATABASE_URL"].endswith(f"/patchbay_{name}")


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_container_is_watched_and_waits_for_its_own_migration(compose: dict, name: str) -> None:
    container, migration = compose["services"][name], compose["services"][f"migrate-{name}"]
    assert "/healthz" in str(container["healthcheck"]["test"])
    assert container["depends_on"] == {f"migrate-{name}": {"condition": "service_completed_successfully"}}
    assert migration["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert migration["command"] == ["python", "-m", "stack", "migrate", name, "--data", "/tmp/patchbay"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_and_its_migration_are_of_one_image_which_is_its_own(compose: dict, name: str) -> None:
    container, migration = compose["services"][name], compose["services"][f"migrate-{name}"]
    assert (container["image"], container["build"]) == (migration["image"], migration["build"])
    assert container["image"] == f"patchbay-{name}"
    built = container["build"]
    assert built["target"] == ("gateway" if name == "gateway" else "service")
    assert built.get("args", {}).get("PROGRAM") == (None if name == "gateway" else name)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_migration_sees_its_own_database_and_no_key(compose: dict, name: str) -> None:
    environment = compose["services"][f"migrate-{name}"]["environment"]
    assert set(environment) & all_secrets() == {f"PATCHBAY_{name.upper()}_DATABASE_URL"}
    assert ("PATCHBAY_ADMIN_TOKEN" in environment) is (name == "gateway")


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_container_may_end_what_it_does(compose: dict, name: str) -> None:
    assert int(compose["services"][name]["stop_grace_period"].removesuffix("s")) > graceful_timeout


def test_only_the_gateway_is_published(compose: dict) -> None:
    assert [name for name, container in compose["services"].items() if "ports" in container] == ["gateway"]


def test_the_example_names_every_variable_that_must_be_set(compose: dict) -> None:
    needed = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    offered = {line.split("=")[0] for line in (ROOT / ".env.example").read_text().splitlines() if "=" in line}
    assert {name for name in offered if not name.startswith("#")} == needed


def test_postgres_gets_a_role_for_every_database() -> None:
    script = (ROOT / "deploy" / "postgres" / "create-databases.sh").read_text()
    (owners,) = re.findall(r"for owner in ([\w ]+);", script)
    assert owners.split() == list(DATABASES)


LINE = re.compile(r"([\w.-]+)==[\w.]+(?: ; [^\\]+)?((?: --hash=sha256:[0-9a-f]{64})+)")


def test_the_locks_pin_every_dependency_with_its_hashes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    pinned = {}
    for lock, wanted in (
        ("requirements.lock", project["project"]["dependencies"]),
        ("requirements-test.lock", project["dependency-groups"]["test"]),
    ):
        lines = [line for line in (ROOT / lock).read_text().splitlines() if not line.startswith("#")]
        pins = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines)).splitlines()
        assert [pin for pin in pins if not LINE.fullmatch(pin)] == []
        pinned[lock] = {pin.split(" ")[0] for pin in pins}
        names = {pin.split("==")[0] for pin in pinned[lock]}
        assert {normal(re.split("[<>=]", name)[0]) for name in wanted} - names == set()
    assert pinned["requirements.lock"] <= pinned["requirements-test.lock"]


def normal(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()
