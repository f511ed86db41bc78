"""The rules of the layout, as code (docs/architecture.md)."""

import ast
import re
from functools import cache
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

from gateway.routing import route
from shared.config import APPS, SERVICES, Settings, package_of
from shared.schema.contracts import CONTRACTS

ROOT = Path(__file__).parent.parent
SOURCES = [path for folder in ("services", "gateway", "shared") for path in (ROOT / folder).rglob("*.py")]
HOMES = {"services": [f"services.{name}" for name in SERVICES], "gateway": ["gateway.users"]}
PURE = (
    "shared/schema/natural_order.py",
    "services/dcim/interfaces/order.py",
    "services/dcim/racks/elevation.py",
    "services/ipam/address_space.py",
    "services/ipam/address_syntax.py",
    "services/ipam/prefix_tree.py",
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


@cache
def modules_imported(path: Path) -> set[str]:
    """The modules of the project that a file imports; what it takes out of one counts as that module."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {
                f"{node.module}.{name.name}" if is_module(node.module, name.name) else node.module
                for name in node.names
            }
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found


def imported_when_run(path: Path) -> set[str]:
    """The same without what only a type checker imports: modules of one room may name each other's types."""
    tree = ast.parse(path.read_text())
    only_checked = [
        node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    named = {
        f"{each.module}.{name.name}" if is_module(each.module or "", name.name) else each.module or ""
        for node in only_checked
        for each in ast.walk(node)
        if isinstance(each, ast.ImportFrom)
        for name in each.names
    }
    return modules_imported(path) - named


def is_module(package: str, name: str) -> bool:
    home = ROOT.joinpath(*package.split("."))
    return (home / name).is_dir() or (home / f"{name}.py").is_file()


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


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
    assert {file_of(resource, service) for resource in resources} <= files


def file_of(resource, service: str) -> str:
    """What is in the part of another app is named with that."""
    name = resource.path.replace("-", "_")
    return name if resource.app == service else f"{resource.app}_{name}"


@pytest.mark.parametrize("service", SERVICES)
def test_the_gateway_finds_what_is_in_the_part_of_another_app(service):
    resources = import_module(f"services.{service}.app").RESOURCES
    assert {route(f"/api/{each.app}/{each.path}/") for each in resources} == {("api", service)}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_imports_no_other(service):
    others = {f"services.{each}" for each in SERVICES if each != service} | {"gateway"}
    for other in others:
        assert not [path for path in importing(other) if path.startswith(f"services/{service}/")]


# Each room of `shared/` may use `config`, `VERSION` and the rooms that are named; the list has no way back up.
ROOMS = {
    "setting_parsers": (),
    "config": ("setting_parsers",),
    "telemetry": (),
    "http": ("telemetry",),
    "rendering": ("http",),
    "db": ("http", "telemetry"),
    "reports": ("http",),
    "schema": ("db", "http"),
    "security": ("db", "http"),
    "query": ("schema", "db", "http"),
    "references": ("schema", "security", "db", "http", "telemetry"),
    "custom_fields": ("query", "references", "schema", "db", "http"),
    "migrations": ("db",),
    "upgrading": ("migrations", "references", "db"),
    "api": ("custom_fields", "references", "query", "rendering", "security", "schema", "db", "http", "telemetry"),
}


def room_of(module: str) -> str:
    """The room that a module of `shared` is in, or that is the module itself."""
    return module.split(".")[1] if "." in module else ""


def rooms_used(path: Path) -> set[str]:
    return {room_of(name) for name in modules_imported(path) if name.startswith("shared.")}


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_of_shared_have_one_way_down(room):
    files = [path for path in (ROOT / "shared").rglob("*.py") if room_of(module_of(path)) == room]
    used = {each for path in files for each in rooms_used(path)} - {room, "config", "VERSION"}
    assert files and used <= set(ROOMS[room])
    order = list(ROOMS)
    assert all(order.index(lower) < order.index(room) for lower in ROOMS[room])


def test_every_module_of_shared_is_in_a_room():
    assert {room_of(module_of(path)) for path in (ROOT / "shared").rglob("*.py")} - {"__init__"} == set(ROOMS)


@pytest.mark.parametrize("folder", ["shared", "gateway", "stack", "services", "moving"])
def test_no_modules_import_each_other_in_a_circle(folder):
    graph = {
        module_of(path).removesuffix(".__init__"): imported_when_run(path) for path in (ROOT / folder).rglob("*.py")
    }
    with_edges = {module: {name for name in names if name in graph} for module, names in graph.items()}
    tuple(TopologicalSorter(with_edges).static_order())


def test_the_users_import_nothing_of_the_gateway_around_them():
    around = {
        name
        for path in (ROOT / "gateway" / "users").rglob("*.py")
        for name in modules_imported(path)
        if name.startswith("gateway.") and not name.startswith("gateway.users")
    }
    assert not around


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


def test_http_to_others_goes_out_of_four_files():
    """What is not ours, the receivers of webhooks, is asked by a client for every server on the internet."""
    files = {"shared/references/client.py", "shared/reports/api.py", "gateway/proxy.py"}
    assert importing("shared.http.client") == files
    assert importing("requests") | importing("urllib3") == {"services/extras/webhooks/sending.py"}


def test_one_file_keeps_something_for_a_request():
    taking = [path for path in SOURCES if re.search(r"from flask import .*\bg\b", path.read_text())]
    assert [in_package(path) for path in taking] == ["shared.http.context.py"]


def test_advisory_locks_have_one_registry():
    taking = [path for path in SOURCES if "pg_advisory" in path.read_text() or "pg_try_advisory" in path.read_text()]
    written = [path for path in taking if re.search(r"7_?326", path.read_text())]
    assert [in_package(path) for path in written] == ["shared.db.advisory_locks.py"]


@pytest.mark.parametrize("path", PURE)
def test_pure_modules_know_neither_the_web_nor_the_database(path):
    assert not {"flask", "sqlalchemy", "psycopg2"} & {name.split(".")[0] for name in imports(ROOT / path)}


@cache
def classes_of(path: Path) -> list[str]:
    """The names of the classes that a file defines, but for those inside others."""
    return [node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)]


def test_no_class_has_the_name_of_another():
    """But `Base`, the declarative base of each service's models, and what both fields call a cluster."""
    homes: dict[str, list[str]] = {}
    for folder in ("shared", "gateway", "services", "stack", "moving"):
        for path in (ROOT / folder).rglob("*.py"):
            for name in classes_of(path):
                homes.setdefault(name, []).append(in_package(path))
    assert not {name: files for name, files in homes.items() if len(files) > 1 and name not in ("Base", "Cluster")}


@pytest.mark.parametrize("folder", ["services", "gateway"])
def test_rules_and_what_sets_values_are_named_so(folder):
    """A rule is `validate_…`, what is set before a save `set_…`, a hook `set_…` or `on_…`."""
    prefixes = {
        "rules": ("validate_",),
        "before_save": ("set_",),
        "after_save": ("on_", "set_"),
        "on_delete": ("on_",),
    }
    resources = [resource for app in HOMES[folder] for resource in import_module(f"{app}.app").RESOURCES]
    wrong = [
        (resource.path, kind, function.__name__)
        for resource in resources
        for kind, prefix in prefixes.items()
        for function in getattr(resource, kind)
        if not function.__name__.startswith(prefix)
    ]
    assert resources and not wrong


def test_faces_are_derived_not_written():
    classes = {
        node.name
        for path in SOURCES
        if path.is_relative_to(ROOT / "services")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
    }
    assert not [name for name in classes if name.startswith(("Nested", "Writable"))]


@pytest.mark.parametrize("folder", ["services", "shared", "gateway", "stack", "moving"])
def test_no_file_makes_a_reader_scroll_for_long(folder):
    files = [path for path in (ROOT / folder).rglob("*.py") if not {"migrations", "choices.py"} & set(path.parts)]
    too_long = {in_package(path) for path in files if path.read_text().count("\n") > longest(path)}
    assert not too_long


def longest(path: Path) -> int:
    return 150 if path.parent.name == "resources" else 250


def test_the_documentation_names_every_setting():
    named = set(re.findall(r"[A-Z][A-Z0-9_]+(?:<SERVICE>_[A-Z_]+)?", (ROOT / "docs" / "operations.md").read_text()))
    owners = "|".join({"GATEWAY", *map(str.upper, APPS)})
    settings = {re.sub(rf"^PATCHBAY_(?:{owners})_", "PATCHBAY_<SERVICE>_", each) for each in Settings.variables()}
    assert settings - named == set()


def test_every_test_folder_is_a_package():
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py")}
    assert not [folder for folder in folders if not (folder / "__init__.py").exists()]


def test_a_contract_names_the_services_that_refer_to_its_objects():
    holding: dict[str, set[str]] = {}
    for app in APPS:
        for replica in import_module(f"{package_of(app)}.app").Base.replicas():
            holding.setdefault(replica.label, set()).add(app)
    assert holding == {label: set(contract.holders) for label, contract in CONTRACTS.items()}
