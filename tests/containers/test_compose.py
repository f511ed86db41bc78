"""docker-compose.yml for real, with the documented commands: released, scaled, hurt, and audited at the end.

The tests are one story and run in this order.
"""

import os
import signal
from collections import Counter
from functools import partial

import pytest

from tests.containers.conftest import IMAGES, PROGRAMS, Composed
from tests.releases.load import Load, load, wrong_faces
from tests.running import eventually

NEXT = "1.99.0"


def told(running: Load) -> str:
    """What came of a load, for the log."""
    excused = dict(Counter(" ".join(each.split()[:3]) for each in running.excused))
    return f"{running.requests} requests, failed {running.failed}, stale {running.stale}, excused {excused}"


def excused_reads(excused: list[str], away: str) -> list[str]:
    """Those reads that failed although they need nothing of the service that was away."""
    return [each for each in excused if each.startswith("GET ") and not each.startswith(f"GET {away}/")]


def test_all_are_healthy_and_confined(composed: Composed) -> None:
    for name in PROGRAMS:
        (container,) = composed.compose.containers(name)
        assert composed.compose.inspect(container, ".HostConfig.ReadonlyRootfs") == "true"
        capabilities = "grep CapEff /proc/1/status"
        assert composed.engine.run("exec", container, "sh", "-c", capabilities).split() == ["CapEff:", "0" * 16]
    status, said = composed.tools("status")
    assert status == 0, said
    assert {line.split()[0]: line.split()[2] for line in said.splitlines()} == dict.fromkeys(PROGRAMS, "healthy")


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_image_holds_its_program_and_no_other(composed: Composed, name: str) -> None:
    (container,) = composed.compose.containers(name)
    listed = composed.engine.run("exec", container, "sh", "-c", "ls; ls services 2>/dev/null || true").split()
    assert {each for each in listed if each in PROGRAMS} == {name}
    size = composed.engine.run("image", "inspect", "--format", "{{.Size}}", f"{IMAGES}-{name}")
    print(f"{IMAGES}-{name}: {int(size) / 1e6:.0f} MB")


def test_the_demo_inventory_is_served(composed: Composed) -> None:
    assert len(composed.client.results("dcim/devices/", limit=1000)) == 61
    assert wrong_faces(composed.client) == []


@pytest.mark.parametrize(("kind", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_extras_draws_topology_maps(composed: Composed, kind: str, start: bytes) -> None:
    made = composed.client.make("extras/topology-maps/", name=kind, slug=kind, device_patterns=".*rtr.*\n.*sw.*")
    reply = composed.client.request("GET", f"extras/topology-maps/{made['id']}/render/", params={"image": kind})
    assert (reply.status_code, reply.content.startswith(start)) == (200, True)


def test_a_service_is_released_alone_under_load(composed: Composed) -> None:
    """While its only container is replaced it is away, and nothing else is."""
    others = {name: composed.compose.containers(name) for name in PROGRAMS if name != "dcim"}
    file = composed.folder / "services" / "dcim" / "__init__.py"
    file.write_text(file.read_text().replace('VERSION = "1.0.0"', f'VERSION = "{NEXT}"'))
    with load(composed) as running:
        composed.compose("build", "dcim")
        composed.compose("run", "--rm", "migrate-dcim")
        composed.replacing = "dcim"
        composed.compose("up", "-d", "--no-deps", "dcim")
        eventually(lambda: composed.compose.healthy("dcim"), "the new dcim is healthy")
        eventually(lambda: released(composed) == NEXT, "the new dcim answers")
        composed.replacing = None
        before = running.rounds
        eventually(lambda: running.rounds > before + 2, "the load goes on")
    print("dcim released:", told(running))
    assert excused_reads(running.excused, "dcim") == []
    assert {name: composed.compose.containers(name) for name in others} == others


def released(composed: Composed) -> str:
    return composed.client.get("status/")[1]["services"]["dcim"]


def test_a_service_is_scaled_to_two_and_loses_nothing_when_one_goes(composed: Composed) -> None:
    with load(composed) as running:
        composed.compose("up", "-d", "--no-deps", "--no-recreate", "--scale", "dcim=2", "dcim")
        eventually(lambda: len(composed.compose.containers("dcim")) == 2, "there are two")
        eventually(lambda: composed.compose.healthy("dcim"), "both are healthy")
        composed.replacing = "dcim"
        composed.engine.run("stop", composed.compose.containers("dcim")[-1])
        composed.replacing = None
        before = running.rounds
        eventually(lambda: running.rounds > before + 2, "the load goes on")
    print("dcim scaled to two, one stopped:", told(running))
    assert [each for each in running.excused if each.startswith("GET ")] == []


def test_a_killed_container_comes_back(composed: Composed) -> None:
    with load(composed) as running:
        for name in ("tenancy", "gateway"):
            (container,) = composed.compose.containers(name)
            composed.replacing = name
            os.kill(int(composed.compose.inspect(container, ".State.Pid")), signal.SIGKILL)
            eventually(partial(answers, composed, name), f"{name} answers again")
            composed.replacing = None
    print("tenancy and the gateway killed:", told(running))
    composed.wait_until_healthy()


def answers(composed: Composed, name: str) -> bool:
    path = "tenancy/tenants/" if name == "tenancy" else "dcim/sites/"
    try:
        return composed.client.get(path)[0] == 200
    except OSError:
        return False


def test_what_needs_a_service_that_is_stopped_says_so_and_nothing_else(composed: Composed) -> None:
    composed.compose("stop", "ipam")
    assert {path: composed.client.get(path)[0] for path in ("ipam/prefixes/", "dcim/devices/", "tenancy/tenants/")} == {
        "ipam/prefixes/": 502,
        "dcim/devices/": 200,
        "tenancy/tenants/": 200,
    }
    status, said = composed.tools("status")
    assert status == 1 and "ipam" in next(line for line in said.splitlines() if "does not answer" in line)
    composed.compose("start", "ipam")
    eventually(lambda: composed.client.get("ipam/prefixes/")[0] == 200, "ipam answers again")


def test_postgresql_goes_and_comes_back(composed: Composed) -> None:
    """No program has to be started again."""
    before = {name: composed.compose.containers(name) for name in PROGRAMS}
    composed.compose("stop", "postgres")
    for path in ("dcim/sites/", "ipam/prefixes/", "tenancy/tenants/", "users/users/"):
        assert composed.client.get(path)[0] == 503
    composed.compose("start", "postgres")
    eventually(lambda: composed.client.get("dcim/sites/")[0] == 200, "dcim answers again")
    composed.wait_until_healthy()
    assert {name: composed.compose.containers(name) for name in PROGRAMS} == before
    composed.client.make("dcim/regions/", name="After", slug="after")


def test_a_backup_is_written_by_a_container(composed: Composed) -> None:
    folder = composed.folder / "backup"
    folder.mkdir(mode=0o700)
    os.chown(folder, 999, 999)
    mounts = ("-v", f"{folder}:/backup", "-v", f"{composed.compose.project}_media:/media", "-e", "MEDIA_ROOT=/media")
    composed.compose("run", "--rm", *mounts, "tools", "backup", "/backup/file", "--data", "/tmp/patchbay")
    assert (folder / "file").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("repair", "said"), [((), "0 findings"), (("--repair",), "0 findings left")])
def test_the_audit_in_a_container_is_clean(composed: Composed, repair: tuple[str, ...], said: str) -> None:
    assert composed.tools("audit", *repair) == (0, f"{said}\n")
