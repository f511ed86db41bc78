"""Templates that users write: rendered in a process of their own, which knows nothing and can be ended."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).parents[2]
SECONDS = 5


class TemplateFailed(Exception):
    """A template that cannot be rendered; the text says why and holds no data."""


def render(sources: dict[str, str], **names: Any) -> dict[str, str]:
    """The text of each template of `sources` with `names` at hand. Raises TemplateFailed.

    The process has no environment, no network code, and limits on time and memory: `shared/rendering/process.py`.
    """
    command = [sys.executable, "-s", "-m", "shared.rendering.process"]
    work = orjson.dumps({"sources": sources, "names": names})
    try:
        done = subprocess.run(command, input=work, capture_output=True, timeout=SECONDS, env={}, cwd=ROOT)
    except subprocess.TimeoutExpired:
        raise TemplateFailed(f"The template takes more than {SECONDS} seconds.") from None
    if done.returncode:
        raise TemplateFailed("The template needs more time or memory than it may have.")
    answer = orjson.loads(done.stdout)
    if "error" in answer:
        raise TemplateFailed(answer["error"])
    texts: dict[str, str] = answer["texts"]
    return texts
