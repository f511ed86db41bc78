"""`patchbay backup` and `restore`: what is lost comes back, the services agree, and nothing running is touched."""

import subprocess
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path

import psycopg2
import pytest
import requests
from PIL import Image

from stack.databases import dsn
from stack.plan import LOOPBACK, Plan
from stack.postgres import Cluster
from tests.client import Client
from tests.running import Stack, patchbay


@pytest.fixture(scope="module")
def stack(make_stack: Callable[..., Stack]) -> Stack:
    """A stack of this module's own, whose databases are lost now and then."""
    return make_stack().start()


@pytest.fixture
def api(stack: Stack) -> Client:
    return Client(stack.base_url, stack.token)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "patchbay.backup"


def site_of_a_tenant(api: Client, word: str) -> dict:
    tenant = api.make("tenancy/tenants/", name=word, slug=word)["id"]
    return api.make("dcim/sites/", name=word, slug=word, tenant=tenant)


def picture_of(api: Client, site: dict) -> str:
    """The URL of an image that is attached to a site."""
    content = BytesIO()
    Image.new("RGB", (3, 2), "red").save(content, "PNG")
    given = {"content_type": "dcim.site", "object_id": site["id"]}
    image = {"image": ("a.png", content.getvalue())}
    made = api.request("POST", "extras/image-attachments/", data=given, files=image)
    assert made.status_code == 201
    return made.json()["image"]


@pytest.fixture
def writing(stack: Stack, api: Client) -> Iterator[list[int]]:
    """The status of each write of clients that make, rename and remove what crosses services, meanwhile."""
    statuses: list[int] = []
    enough = threading.Event()

    def work(lane: int) -> None:
        mine = Client(stack.base_url, stack.token)
        for number in range(1000):
            if enough.is_set():
                return
            word = f"busy-{lane}-{number}"
            status, tenant = mine.post("tenancy/tenants/", {"name": word, "slug": word})
            statuses.append(status)
            site = {"name": word, "slug": word, "tenant": tenant["id"]}
            statuses.append(mine.post("dcim/sites/", site)[0])
            statuses.append(mine.patch(f"tenancy/tenants/{tenant['id']}/", {"name": f"{word}-renamed"})[0])

    threads = [threading.Thread(target=work, args=(lane,)) for lane in range(3)]
    for thread in threads:
        thread.start()
    yield statuses
    enough.set()
    for thread in threads:
        thread.join()


def test_a_backup_under_load_is_of_one_moment_and_comes_up_elsewhere(
    stack: Stack, api: Client, writing: list[int], file: Path, make_stack: Callable[..., Stack]
) -> None:
    site = site_of_a_tenant(api, "moved-house")
    image = picture_of(api, site)
    assert stack.run("config", "PAGINATE_COUNT=33").returncode == 0
    before = len(writing)
    assert stack.run("backup", file).returncode == 0
    assert len(writing) > before and set(writing) <= {200, 201}
    assert file.stat().st_mode & 0o077 == 0
    elsewhere = make_stack()
    assert elsewhere.run("restore", file).returncode == 0
    elsewhere.start()
    assert elsewhere.token == stack.token
    there = Client(elsewhere.base_url, elsewhere.token)
    assert there.get(f"dcim/sites/{site['id']}/")[1]["tenant"]["name"] == "moved-house"
    moved = image.replace(stack.base_url, elsewhere.base_url)
    assert requests.get(moved, timeout=60).content == requests.get(image, timeout=60).content
    assert "PAGINATE_COUNT=33" in elsewhere.run("config").stdout
    assert elsewhere.run("audit").stdout == "0 findings\n"
    elsewhere.down()


def test_a_lost_database_comes_back(stack: Stack, api: Client, file: Path, tmp_path: Path) -> None:
    site = site_of_a_tenant(api, "lost-and-found")
    assert stack.run("backup", file).returncode == 0
    running = stack.run("restore", file)
    assert running.returncode == 1 and "./patchbay down stops it" in running.stderr
    assert api.get(f"dcim/sites/{site['id']}/")[0] == 200
    stack.down()

    cluster = Cluster(stack.folder)
    with cluster.running():
        with closing(psycopg2.connect(dsn(stack.database_url("dcim")))):
            in_use = stack.run("restore", file, "dcim")
        broken = stack.run("restore", truncated(file, tmp_path), "dcim")
        assert sites_in(stack) == [site["id"]]
        with closing(cluster._connect()) as connection, connection.cursor() as cursor:
            cursor.execute("DROP DATABASE patchbay_dcim")
    assert in_use.returncode == 1 and "dcim is still connected to its database" in in_use.stderr
    assert broken.returncode == 1 and broken.stderr.startswith("patchbay: pg_restore: ")

    restored = stack.run("restore", file, "dcim")
    assert (restored.returncode, restored.stderr) == (0, "")
    stack.start()
    assert api.get(f"dcim/sites/{site['id']}/")[1]["tenant"]["slug"] == "lost-and-found"
    assert stack.run("audit").stdout == "0 findings\n"


def sites_in(stack: Stack) -> list[int]:
    with closing(psycopg2.connect(dsn(stack.database_url("dcim")))) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id FROM dcim_site WHERE slug = 'lost-and-found'")
        return [pk for (pk,) in cursor.fetchall()]


def truncated(file: Path, folder: Path) -> Path:
    """The same backup, with a dump of dcim that ends in its middle."""
    unpacked, broken = folder / "unpacked", folder / "broken"
    unpacked.mkdir()
    subprocess.run(["tar", "xf", file, "-C", unpacked], check=True)
    dump = unpacked / "databases" / "dcim.dump"
    dump.write_bytes(dump.read_bytes()[: dump.stat().st_size // 2])
    subprocess.run(["tar", "cf", broken, "-C", unpacked, "manifest.json", "folder", "databases"], check=True)
    return broken


@pytest.mark.parametrize("content", [b"", b"not a tar file", None])
def test_a_file_that_is_no_backup(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "other"
    if content is None:
        (tmp_path / "notes").touch()
        subprocess.run(["tar", "cf", file, "-C", tmp_path, "notes"], check=True)
    else:
        file.write_bytes(content)
    refused = patchbay("restore", file, "--data", tmp_path / "data")
    assert refused.returncode == 1 and f"{file} is no backup of Patchbay" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1 and "method" not in refused.stderr


@pytest.mark.parametrize(
    ("name", "kind"), [("../outside", tarfile.REGTYPE), ("/outside", tarfile.REGTYPE), ("media", tarfile.SYMTYPE)]
)
def test_a_backup_writes_nowhere_but_where_it_is_unpacked(tmp_path: Path, name: str, kind: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, "/"
    with tarfile.open(tmp_path / "other", "w") as archive:
        archive.addfile(member)
    refused = patchbay("restore", tmp_path / "other", "--data", tmp_path / "data")
    assert refused.returncode == 1 and f"{name} has no place in it" in refused.stderr


def test_the_audit_finds_what_a_database_lacks(stack: Stack, api: Client) -> None:
    plan = Plan(stack.folder, LOOPBACK, {})
    with closing(psycopg2.connect(dsn(plan.database_url("dcim")))) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER reference_changed ON dcim_site")
            cursor.execute("ALTER TABLE dcim_manufacturer DROP CONSTRAINT uq_dcim_manufacturer_slug")
            cursor.execute("ALTER TABLE activity_outbox DROP CONSTRAINT pk_activity_outbox")
            cursor.execute("ALTER TABLE dcim_site ALTER comments DROP NOT NULL")
        found = stack.run("audit")
    assert found.returncode == 1
    for what in (
        "trigger reference_changed of dcim_site",
        "constraint uq_dcim_manufacturer_slug of dcim_manufacturer",
        "primary key of activity_outbox",
        "nullable of the column comments of dcim_site",
    ):
        assert f"dcim: schema: the {what} is missing or not what the migrations make" in found.stdout
