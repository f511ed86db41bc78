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
from pathlib import Path
from typing import NoReturn

# What services and gateway import, and nothing that reads the environment. Nor prometheus-client, which must be told
# of its folder before.
import cryptography.hazmat.primitives.ciphers.aead
import flask_smorest
import gunicorn.app.wsgiapp
import gunicorn.workers.gthread
import httptools
import jinja2.sandbox
import orjson
import psycopg2.extras
import sqlalchemy.dialects.postgresql
import sqlalchemy.orm
import werkzeug.middleware.proxy_fix  # noqa: F401

from stack.record import claim

LARGEST_REQUEST = 2**20


def main(requests: socket.socket) -> None:
    """Answers each request (see `Preloaded.start`) by the pid of the program, until nobody can ask any more."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the supervisor ends the stack in good order, this process with it
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # has the kernel bury the dead
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
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
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
