"""The process that renders templates, or only parses them: work as JSON on standard input.

Texts or an error come back on standard output, or, where the work has no names, what is wrong with which template.
"""

import json
import resource
import sys

from shared import JsonObject
from shared.rendering.django_compat import Environment, shaped

CPU_SECONDS = 4
MEMORY = 384 * 1024 * 1024
LARGEST_TEXT = 8 * 1024 * 1024


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    work = json.load(sys.stdin.buffer, object_hook=shaped)
    told = answer(work["sources"], work["names"]) if "names" in work else faults(work["sources"])
    sys.stdout.write(json.dumps(told))


def answer(sources: dict[str, str], names: JsonObject) -> JsonObject:
    environment = Environment()
    try:
        return {"texts": {key: _render(environment, source, names) for key, source in sources.items()}}
    except MemoryError:
        raise
    except Exception as error:  # whatever it is, it is the template's
        return {"error": _said(error)}


def faults(sources: dict[str, str]) -> JsonObject:
    """`{"faults": {key: message}}` of the `sources` that are no templates."""
    environment, found = Environment(), {}
    for key, source in sources.items():
        try:
            environment.compile(source)
        except MemoryError:
            raise
        except Exception as error:
            found[key] = _said(error)
    return {"faults": found}


def _said(error: Exception) -> str:
    told = f"{type(error).__name__}: {error}"[:500]
    return told.encode(errors="backslashreplace").decode()


def _render(environment: Environment, source: str, names: JsonObject) -> str:
    pieces, size = [], 0
    for piece in environment.from_string(source).generate(names):
        size += len(piece)
        if size > LARGEST_TEXT:
            raise ValueError(f"the text is longer than {LARGEST_TEXT} characters")
        pieces.append(piece)
    text = "".join(pieces)
    text.encode()  # lone surrogates cannot be sent: UnicodeEncodeError
    return text


if __name__ == "__main__":
    main()
