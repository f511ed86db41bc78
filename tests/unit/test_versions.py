"""Each program has a version, says which of what is shared it needs, and has a section in the changelog."""

import re
from importlib import import_module

import pytest

from shared import VERSION
from shared.config import APPS, SERVICES, version_of
from stack import ROOT

PACKAGES = (*(f"services.{name}" for name in SERVICES), "gateway")


def numbers(version: str) -> list[int]:
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    return [int(each) for each in version.split(".")]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_program_needs_a_version_of_what_is_shared_that_is_there(package):
    needed, there = numbers(import_module(package).SHARED), numbers(VERSION)
    assert needed[0] == there[0]
    assert needed <= there


@pytest.mark.parametrize("app", APPS)
def test_a_program_has_a_version(app):
    assert numbers(version_of(app))


@pytest.mark.parametrize("name", [*SERVICES, "gateway", "shared"])
def test_the_changelog_tells_of_each_version(name):
    version = version_of("users" if name == "gateway" else name) if name != "shared" else VERSION
    assert f"## {name} {version}\n" in (ROOT / "CHANGELOG.md").read_text()
