"""How gunicorn runs a service. What is different in the gateway is in gunicorn_gateway.py."""

import ctypes
import gc
import os
import signal
import socket
import struct
from pathlib import Path

from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from shared.config import settings
from shared.telemetry import logs
from stack import metrics_folder
from stack.worker import PLACES

workers = 1
# As many as the gateway can have requests under way, so that calls of other services never wait for a thread. How many
# requests of clients run at once is limited in shared/api/app.py.
threads = 192 + PLACES
worker_class = "stack.worker.LingeringWorker"
preload_app = True
timeout = 60
graceful_timeout = 30
# Longer than our client keeps an idle connection (shared/http/client.py), so that it never sends into a closing one.
keepalive = 75
limit_request_line = 8190
# No header of a client, not even of one on this machine, may change the path or the scheme of a request: what proxies
# say is for the gateway to judge (gateway/request.py). As gunicorn takes nothing from any, it need not look who asks.
forwarded_allow_ips, forwarder_headers = "*", ""
secure_scheme_headers: dict[str, str] = {}
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
logger_class = "stack.gunicorn_logger.Logger"
logconfig_dict = logs.configuration()
control_socket_disable = True

# To be said before prometheus-client is loaded: with the application, hence in `post_fork` as well.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = metrics_folder.prepare(settings.metrics_folder, worker_tmp_dir)

PR_SET_PDEATHSIG = 1  # of <linux/prctl.h>
M_ARENA_MAX = -8  # of <malloc.h>
# A client that stops in the middle of a request or a reply frees its thread after so long.
SILENT_SECONDS = 30


def on_starting(server: Arbiter) -> None:
    """Has all threads take memory from one place. By default glibc gives each its own, and each keeps what its largest
    reply took; only one thread runs Python at a time, so there is nothing to gain by it.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is not None:
        mallopt(M_ARENA_MAX, 1)


def pre_fork(server: Arbiter, worker: Worker) -> None:
    """Exempts everything that is loaded by now from garbage collection: walking through it would stop every thread for
    60 milliseconds, and write into memory that the processes share.
    """
    gc.collect()
    gc.freeze()


def post_fork(server: Arbiter, worker: Worker) -> None:
    """Lets the application restart what a fork does not copy: connections and threads."""
    _die_with_parent(server.pid)
    limit_silence(worker.sockets)
    from shared.api.app import after_fork

    after_fork()


def child_exit(server: Arbiter, worker: Worker) -> None:
    """What a worker counted is kept; its gauges of work in progress are dropped."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)


def on_exit(server: Arbiter) -> None:
    """Removes the folder of metrics, if this process has made it."""
    metrics_folder.remove(settings.metrics_folder)


def limit_silence(listeners: list[socket.socket]) -> None:
    """Limits how long a read or write on a connection may take; connections inherit it from the listening socket.

    Waiting for the next request of a connection is not limited by it.
    """
    for listener in listeners:
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            listener.setsockopt(socket.SOL_SOCKET, option, struct.pack("@ll", SILENT_SECONDS, 0))


def _die_with_parent(parent: int) -> None:
    """Kill this worker when its master dies: it would keep the port, and no new master could start."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
