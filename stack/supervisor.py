"""What keeps a stack running. Two of these run: one leads, the other stands by until the first is gone.

The standby is one of the programs that the leader runs, so each of the two restarts the other.
"""

import sys
from pathlib import Path

from stack.record import claim


def main(data: Path) -> None:
    claim(data / "processes" / "supervisor.pid", wait=True)
    # Only the leader needs these.
    from stack.folder import DataFolder
    from stack.supervision import Supervision

    Supervision(DataFolder(data)).run()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
