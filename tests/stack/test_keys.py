"""`patchbay keys`: what a data folder has derived, as lines of an .env file."""

from pathlib import Path

from shared.config import APPS
from stack.settings_file import DATABASES, key_variable
from tests.running import patchbay


def keys_in(folder: Path) -> dict[str, str]:
    shown = patchbay("keys", "--data", folder)
    assert shown.returncode == 0, shown.stderr
    return dict(line.split("=", 1) for line in shown.stdout.splitlines())


def test_every_program_has_a_key_and_every_database_a_password(tmp_path: Path) -> None:
    found = keys_in(tmp_path / "one")
    passwords = {f"PATCHBAY_{owner.upper()}_DATABASE_PASSWORD" for owner in DATABASES} | {"POSTGRES_PASSWORD"}
    assert found.keys() == {key_variable(app) for app in APPS} | passwords
    assert len(set(found.values())) == len(found) and all(len(each) >= 32 for each in found.values())


def test_they_are_of_the_folder(tmp_path: Path) -> None:
    one = keys_in(tmp_path / "one")
    assert keys_in(tmp_path / "one") == one
    assert not set(keys_in(tmp_path / "two").values()) & set(one.values())
