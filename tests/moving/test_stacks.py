"""From one Patchbay to another, through files and over the network: what comes out is what went in."""

import json

import pytest

from tests.moving.conftest import Place, unnumbered


@pytest.fixture(scope="module")
def exported(home, tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("export") / "home.jsonl"
    content = home.export(path, "--private-key", home.key)
    assert path.stat().st_mode & 0o777 == 0o600
    return content


@pytest.fixture(scope="module")
def twin(home, exported, make_place, tmp_path_factory) -> Place:
    """The same again, from a compressed file, with the ids that everything has at home."""
    folder = tmp_path_factory.mktemp("twin")
    home.export(folder / "home.jsonl.xz", "--private-key", home.key)
    place = make_place()
    place.run("import", folder / "home.jsonl.xz", "--keep-ids", "--private-key", home.key)
    return place


@pytest.fixture(scope="module")
def copy(home, make_place) -> Place:
    """The same again over the network, where others were here before."""
    place = make_place()
    place.api.make("dcim/regions/", name="Before", slug="before")
    place.api.delete("dcim/regions/1/")
    place.run("import", "--from", home.stack.base_url, "--token", home.stack.token, "--private-key", home.key)
    return place


def test_every_type_is_exported(home, exported):
    """But what is bound to its Patchbay."""
    paths = {json.loads(line)["endpoint"] for line in exported.splitlines()[1:]}
    left = {"extras/webhooks", "secrets/user-keys", "users/groups", "users/tokens"}
    assert home.catalogue.kinds.keys() - paths == left


def test_with_the_same_ids_the_export_has_the_same_bytes(home, exported, twin, tmp_path):
    for name in ("twin.jsonl", "twin.jsonl.gz", "twin.jsonl.bz2"):
        assert twin.export(tmp_path / name, "--private-key", home.key) == home.export(
            tmp_path / f"home-{name}", "--private-key", home.key
        )
    assert (tmp_path / "twin.jsonl").read_bytes() == exported


def test_new_objects_get_ids_after_those_that_were_kept(home, twin):
    (newest,) = home.api.results("dcim/sites/", limit=1, slug="thing-1") or [{"id": 0}]
    greatest = max(each["id"] for each in home.api.results("dcim/sites/", limit=1000))
    assert greatest > newest["id"]
    made = twin.api.make("dcim/sites/", name="After", slug="after")
    assert made["id"] == greatest + 1
    twin.api.delete(f"dcim/sites/{made['id']}/")


def test_over_the_network_everything_but_the_ids_is_the_same(home, exported, copy, tmp_path):
    there = copy.export(tmp_path / "copy.jsonl", "--private-key", home.key)
    assert there != exported
    assert unnumbered(there, copy.catalogue) == unnumbered(exported, home.catalogue)


def test_services_agree_on_what_was_moved(twin, copy):
    for place in (twin, copy):
        assert place.run("audit").splitlines()[-1] == "0 findings"


def test_a_second_run_brings_only_what_has_changed(home, copy):
    source = ("--from", home.stack.base_url, "--token", home.stack.token, "--private-key", home.key)
    assert " created" not in copy.run("import", *source) + copy.run("import", *source)
    (site,) = home.api.results("dcim/sites/", cf_colour="2")[:1] or home.api.results("dcim/sites/", limit=1)
    home.api.patch(f"dcim/sites/{site['id']}/", {"facility": "changed"})
    home.api.make("tenancy/tenants/", name="Later", slug="later")
    told = copy.run("import", *source, "--dry-run").splitlines()
    assert "tenancy/tenants: 1 unchanged, 1 created" in told
    assert not copy.api.results("tenancy/tenants/", name="Later")
    told = copy.run("import", *source).splitlines()
    assert "tenancy/tenants: 1 unchanged, 1 created" in told
    assert [line for line in told if " changed" in line] == ["dcim/sites: 21 unchanged, 1 changed"]
    assert len(copy.api.results("dcim/sites/", facility="changed")) == 1
