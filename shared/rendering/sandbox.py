"""Templates that users write: rendered in a process of their own, which knows nothing and can be ended.

Few are rendered at once: each process may take as much memory as `shared/rendering/process.py` says, so all services on
a machine together need for templates at most PROCESSES × that much.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import orjson

from shared.config import ROOT, settings
from shared.http import budget
from shared.rendering.places import Places

SECONDS = 5
PROCESSES = 2
# In a container a service is alone with its own.
FOLDER = Path(settings.renders_folder or Path(tempfile.gettempdir(), f"patchbay-renders-{os.getuid()}"))
_turns, _places = budget.Turns(PROCESSES), Places(FOLDER, PROCESSES)


class TemplateFailed(Exception):
    """A template that cannot be rendered; the text says why and holds no data."""


def render(sources: dict[str, str], **names: Any) -> dict[str, str]:
    """The text of each template of `sources` with `names` at hand. Raises TemplateFailed or ServiceUnavailable.

    The process has no environment, no network code, and limits on time and memory: `shared/rendering/process.py`.
    """
    command = [sys.executable, "-s", "-m", "shared.rendering.process"]
    work = orjson.dumps({"sources": sources, "names": names})
    try:
        with _turns.turn(), _places.taken() as place:
            seconds = budget.left(SECONDS)
            done = subprocess.run(
                command, input=work, capture_output=True, timeout=seconds, env={}, cwd=ROOT, pass_fds=(place,)
            )
    except subprocess.TimeoutExpired:
        raise TemplateFailed(f"The template takes more than {SECONDS} seconds.") from None
    if done.returncode:
        raise TemplateFailed("The template needs more time or memory than it may have.")
    answer = orjson.loads(done.stdout)
    if "error" in answer:
        raise TemplateFailed(answer["error"])
    texts: dict[str, str] = answer["texts"]
    return texts
