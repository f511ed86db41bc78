"""Where a stack may live: below a private folder, on a long path; and in the foreground of a terminal."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable

import pytest

from stack import ROOT, processes
from tests.running import Stack, eventually


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")
def test_no_private_folder_is_opened(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack()
    stack.home.chmod(0o700)
    stack.start()
    assert set(stack.health().values()) == {"healthy"}
    assert stat.S_IMODE(stack.home.stat().st_mode) == 0o700
    assert not (stack.data / "postgres").resolve().is_relative_to(stack.data)
    assert stat.S_IMODE((stack.data / "postgres").stat().st_mode) == 0o700
    assert stack.down().returncode == 0
    assert stack.up().returncode == 0
    assert stack.down().returncode == 0


def test_a_path_too_long_for_a_socket(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack()
    stack.move_data("long " * 20)
    stack.start()
    assert set(stack.health().values()) == {"healthy"}
    assert stat.S_IMODE((stack.data / "postgres-socket").stat().st_mode) == 0o700
    assert stack.down().returncode == 0


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_the_foreground_ends_when_told(make_stack: Callable[..., Stack], told: signal.Signals) -> None:
    stack = make_stack()
    command = [sys.executable, "-m", "stack", "up", "--data", str(stack.data), "--port", str(stack.port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as foreground:
        output = foreground.stdout
        assert output
        eventually(lambda: "Patchbay serves" in output.readline(), "it says where it serves")
        foreground.send_signal(told)
        output.read()
    assert foreground.returncode == 0
    assert processes.alive(stack.folder) == []
