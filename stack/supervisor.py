"""The process that honcho watches the stack from; kept light, since each of its watchers is a fork of it."""

import multiprocessing
import os
import sys

from honcho.manager import Manager
from honcho.printer import Printer

from stack import ROOT
from stack.folder import DataFolder
from stack.plan import Plan, kept
from stack.processes import SUPERVISOR


def supervise(folder: DataFolder) -> int:
    """Runs the plan saved in `folder` until told to stop; the exit status is honcho's."""
    (folder.processes / f"{SUPERVISOR}.pid").write_text(str(os.getpid()))
    multiprocessing.set_start_method("fork")
    manager = Manager(Printer(sys.stdout))
    for program in Plan.load(folder).programs():
        manager.add_process(program.name, kept(folder, program), env=program.environment, cwd=str(ROOT))
    manager.loop()
    return manager.returncode or 0


if __name__ == "__main__":
    sys.exit(supervise(DataFolder(sys.argv[1])))
