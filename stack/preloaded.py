"""The process that the programs of a stack are forked from: the libraries are in memory once, in place of in each.

It knows no setting and no secret: what a program is told comes with the request to start it (docs/adr/0023). It
ends when the supervisor that asks does, and the programs go on.
"""

import gc
import json
import os
import runpy
import signal
import socket
import sys
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from stack.record import claim

# What services and gateway import, and nothing that reads the environment. Nor prometheus-client, which must be told
# of its folder before.
LIBRARIES = (
    "cryptography.hazmat.primitives.ciphers.aead",
    "flask_smorest",
    "gunicorn.app.wsgiapp",
    "gunicorn.workers.gthread",
    "httptools",
    "jinja2.sandbox",
    "orjson",
    "psycopg2.extras",
    "sqlalchemy.dialects.postgresql",
    "sqlalchemy.orm",
    "werkzeug.middleware.proxy_fix",
)
LARGEST_REQUEST = 2**20


def main(requests: socket.socket) -> None:
    """Answers each request (those of stack/starting.py) by the pid of the program, until nobody can ask any more."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the supervisor ends the stack in good order, this process with it
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # has the kernel bury the dead
    for name in LIBRARIES:
        import_module(name)
    gc.collect()
    gc.freeze()
    while True:
        request, descriptors, _, _ = socket.recv_fds(requests, LARGEST_REQUEST, 1)
        if not request:
            return
        if os.fork() == 0:
            _become(requests, descriptors[0], **json.loads(request))
        os.close(descriptors[0])


def _become(
    requests: socket.socket, log: int, name: str, module: list[str], environment: dict[str, str], record: str
) -> NoReturn:
    """Is the program `name` from here on."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    os.setsid()
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    claim(Path(record))
    requests.send(str(os.getpid()).encode())
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, requests.detach())
    os.close(nothing)
    Path("/proc/self/comm").write_text(name)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = module
    runpy.run_module(module[0], run_name="__main__", alter_sys=True)
    sys.exit()


if __name__ == "__main__":
    main(socket.socket(fileno=0))
