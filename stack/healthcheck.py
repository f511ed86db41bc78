"""The health check of a container: `python -m stack.healthcheck URL` ends with 0 if URL answers 200, else with 1.

A module, as an engine may cut a command with spaces in its words into pieces (podman 4 does).
"""

import sys
from http.client import HTTPException
from urllib.request import ProxyHandler, build_opener

SECONDS_TO_ANSWER = 3


def main(url: str) -> int:
    """The exit status; what is wrong is said on standard error."""
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=SECONDS_TO_ANSWER) as answer:
            return int(answer.status != 200)
    except (OSError, HTTPException) as error:
        print(f"{url}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
