"""docs/examples/first_secret.py does what it says."""

import subprocess
import sys

from stack import ROOT
from tests.running import Stack


def run(stack: Stack, key) -> list[str]:
    command = [sys.executable, "docs/examples/first_secret.py", stack.base_url, stack.token, str(key)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def test_a_new_user_keeps_a_secret_and_reads_it(make_stack, tmp_path):
    """On a stack where nobody has a key yet, and once more where the administrator has one."""
    stack, key = make_stack().start(), tmp_path / "admin.pem"
    for _ in range(2):
        first, second = run(stack, key)
        assert first.endswith(" reads: correct horse") and second == "without the session key: None"
    assert key.stat().st_mode & 0o777 == 0o600


def test_without_arguments_it_says_how_it_is_used():
    done = subprocess.run([sys.executable, "docs/examples/first_secret.py"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.startswith("Usage: docs/examples/first_secret.py ADDRESS ")
