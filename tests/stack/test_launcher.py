"""The launcher: builds .venv from the lock, once per lock, and runs from anywhere without harm."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from shared.config import surroundings
from stack import ROOT

PROGRAM = """
import secrets, sys
print(secrets.__file__, sys.argv[1:])
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the real launcher, an empty lock and a program that shows what it was given."""
    root = tmp_path_factory.mktemp("a project")
    shutil.copy(ROOT / "patchbay", root)
    (root / "requirements.lock").write_text("# nothing\n")
    (root / "requirements-test.lock").write_text("# nothing\n")
    (root / "stack").mkdir()
    (root / "stack" / "__init__.py").touch()
    (root / "stack" / "__main__.py").write_text(PROGRAM)
    assert launch(root / "patchbay", root, "hello").returncode == 0
    return root


def launch(launcher: Path, cwd: Path, *arguments: str, path: str = "") -> subprocess.CompletedProcess:
    settings = surroundings() | ({"PATH": f"{path}:{os.defpath}"} if path else {})
    return subprocess.run(["sh", launcher, *arguments], cwd=cwd, env=settings, capture_output=True, text=True)


def test_it_installs_once(project: Path) -> None:
    result = launch(project / "patchbay", project, "one", "two words")
    assert result.stdout.strip().endswith("['one', 'two words']")
    assert "installing" not in result.stderr


def test_it_works_from_anywhere_and_through_links(project: Path, tmp_path: Path) -> None:
    (tmp_path / "secrets.py").write_text("raise SystemExit('shadowed')")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "first").symlink_to(project / "patchbay")
    (tmp_path / "second").symlink_to("bin/first")
    result = launch(tmp_path / "second", tmp_path, "status")
    assert result.returncode == 0
    assert str(tmp_path) not in result.stdout


def test_the_test_tools_are_installed_for_test_only(project: Path) -> None:
    assert not (project / ".venv" / "requirements-test.lock").exists()
    assert "installing what requirements-test.lock" in launch(project / "patchbay", project, "test").stderr
    assert "installing" not in launch(project / "patchbay", project, "test").stderr


def test_help_about_tests_installs_nothing(project: Path) -> None:
    (project / ".venv" / "requirements-test.lock").unlink(missing_ok=True)
    for words in (["--help"], ["-h"], ["-x", "--help"]):
        assert launch(project / "patchbay", project, "test", *words).stderr == ""
    assert not (project / ".venv" / "requirements-test.lock").exists()
    assert "installing" in launch(project / "patchbay", project, "test", "--", "--help").stderr


def test_pip_is_heard_only_when_it_fails(project: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    shutil.copytree(project, fresh, ignore=shutil.ignore_patterns(".venv"))
    done = launch(fresh / "patchbay", fresh, "hello")
    assert done.stderr == f"patchbay: installing what requirements.lock pins into {fresh}/.venv\n"
    (fresh / "requirements.lock").write_text("click==8.5.1\n")
    failed = launch(fresh / "patchbay", fresh, "hello")
    assert failed.returncode == 1 and "hash" in failed.stderr.lower()
    assert failed.stderr.endswith("patchbay: pip could not install requirements.lock\n")


def test_a_changed_lock_makes_a_new_environment(project: Path) -> None:
    left_over = project / ".venv" / "left-over"
    left_over.touch()
    (project / "requirements.lock").write_text("# still nothing\n")
    assert "installing what requirements.lock" in launch(project / "patchbay", project, "status").stderr
    assert not left_over.exists()


def test_an_old_python_is_refused_in_one_line(project: Path, tmp_path: Path) -> None:
    shutil.copytree(project, tmp_path / "fresh", ignore=shutil.ignore_patterns(".venv"))
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo "Python 3.8.20" && exit\nexit 1\n')
    old.chmod(0o755)
    result = launch(tmp_path / "fresh" / "patchbay", tmp_path, "up", path=str(tmp_path))
    assert result.returncode == 1
    assert result.stderr == "patchbay: Python 3.11 or newer is needed, and python3 is 3.8.20\n"


def test_continuous_integration_runs_the_same_command(project: Path) -> None:
    (project / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", project / ".ci")
    result = subprocess.run([project / ".ci" / "run"], cwd="/", capture_output=True, text=True)
    assert result.stdout.strip().endswith("['test']")
