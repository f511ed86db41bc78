"""A plugin for the pytest of another release: whatever stack that starts is migrated by today's release, while it runs.

`test_new_schema.py` copies it into the tree of that release, whose tests know nothing of it.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--todays-tree", type=Path, help="the sources whose migrations are run")


def pytest_configure(config: pytest.Config) -> None:
    from tests.running import Stack  # of the release whose pytest this is

    tree, start = config.getoption("--todays-tree"), Stack.start

    def start_and_migrate(stack: Stack) -> Stack:
        start(stack)
        command = [sys.executable, "-P", "-m", "stack", "migrate", "--data", str(stack.data)]
        around = os.environ | {"PYTHONPATH": str(tree)} | stack.environment
        done = subprocess.run(command, cwd=tree, env=around, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        print(done.stdout)
        return stack

    Stack.start = start_and_migrate  # type: ignore[assignment, method-assign]
