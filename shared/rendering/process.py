"""The process that renders templates: work as JSON on standard input, texts or an error on standard output."""

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
    sys.stdout.write(json.dumps(answer(work["sources"], work["names"])))


def answer(sources: dict[str, str], names: JsonObject) -> JsonObject:
    environment = Environment()
    try:
        return {"texts": {key: _render(environment, source, names) for key, source in sources.items()}}
    except MemoryError:
        raise
    except Exception as error:  # whatever it is, it is the template's
        told = f"{type(error).__name__}: {error}"[:500]
        return {"error": told.encode(errors="backslashreplace").decode()}


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
