"""The rules of the layout, as code (docs/architecture.md)."""

import ast
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from shared.config import SERVICES

ROOT = Path(__file__).parent.parent
SOURCES = [path for folder in ("services", "gateway", "shared") for path in (ROOT / folder).rglob("*.py")]
PURE = (
    "shared/natural_order.py",
    "services/dcim/interface_order.py",
    "services/dcim/rack_elevation.py",
    "services/ipam/address_space.py",
    "services/ipam/address_syntax.py",
    "services/secrets/crypto.py",
)


@cache
def imports(path: Path) -> set[str]:
    """The dotted names that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def in_package(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).parts)


def importing(module: str) -> set[str]:
    """The files that import `module` or something below it."""
    return {
        str(path.relative_to(ROOT))
        for path in SOURCES
        if any(name == module or name.startswith(f"{module}.") for name in imports(path))
    }


@pytest.mark.parametrize("service", SERVICES)
def test_every_resource_has_the_file_that_its_url_names(service):
    resources = import_module(f"services.{service}.app").RESOURCES
    files = {path.stem for path in (ROOT / "services" / service / "resources").glob("[!_]*.py")}
    assert {resource.path.replace("-", "_") for resource in resources} <= files


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_imports_no_other(service):
    others = {f"services.{each}" for each in SERVICES if each != service} | {"gateway"}
    for other in others:
        assert not [path for path in importing(other) if path.startswith(f"services/{service}/")]


def test_shared_and_the_gateway_import_no_service():
    assert not [path for path in importing("services") if path.startswith(("shared/", "gateway/"))]
    assert not [path for path in importing("gateway") if path.startswith("shared/")]


def test_only_the_configuration_reads_the_environment():
    reading = [
        path
        for path in SOURCES
        if "environ" in {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
        and "os" in imports(path)
    ]
    assert [in_package(path) for path in reading] == ["shared.config.py"]


def test_http_to_others_goes_out_of_three_files():
    files = {"shared/references/client.py", "shared/reports/api.py", "gateway/proxy.py"}
    assert importing("shared.http_client") == files
    assert not importing("requests") | importing("urllib3")


@pytest.mark.parametrize("path", PURE)
def test_pure_modules_know_neither_the_web_nor_the_database(path):
    assert not {"flask", "sqlalchemy", "psycopg2"} & {name.split(".")[0] for name in imports(ROOT / path)}


def test_faces_are_derived_not_written():
    classes = {
        node.name
        for path in SOURCES
        if path.is_relative_to(ROOT / "services")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
    }
    assert not [name for name in classes if name.startswith(("Nested", "Writable"))]


@pytest.mark.parametrize("folder", ["services", "shared", "gateway", "stack"])
def test_no_file_makes_a_reader_scroll_for_long(folder):
    files = [path for path in (ROOT / folder).rglob("*.py") if not {"migrations", "choices.py"} & set(path.parts)]
    too_long = {in_package(path) for path in files if path.read_text().count("\n") > longest(path)}
    assert not too_long


def longest(path: Path) -> int:
    return 150 if path.parent.name == "resources" else 250


def test_every_test_folder_is_a_package():
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py")}
    assert not [folder for folder in folders if not (folder / "__init__.py").exists()]
