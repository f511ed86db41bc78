"""How gunicorn runs a service. What is different in the gateway is in gunicorn_gateway.py."""

import ctypes
import gc
import os
import signal
import socket
import struct
from pathlib import Path

from shared.config import settings
from shared.telemetry import logs
from stack import metrics_folder

workers = 1
# As many as the gateway can have requests under way: those of other services never wait for a thread. Clients share
# what shared/api/app.py lets work at once.
threads = 192
worker_class = "stack.worker.LingeringWorker"
preload_app = True
timeout = 60
graceful_timeout = 30
# Longer than who asks keeps a connection unused (shared/http/client.py), so that nobody sends into a closing one.
keepalive = 75
limit_request_line = 8190
# No client, not even one on this machine, says by a header which path it asks for.
forwarder_headers = ""
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
accesslog = None  # the programs write their own (ACCESS_LOG)
logconfig_dict = logs.configuration()
control_socket_disable = True

# To be said before prometheus-client is loaded: with the application, hence in `post_fork` as well.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = metrics_folder.prepare(settings.metrics_folder, worker_tmp_dir)

PR_SET_PDEATHSIG = 1  # of <linux/prctl.h>
# Who vanishes or stops in the middle of a request or a reply gives its thread back.
SILENT_SECONDS = 30


def pre_fork(server, worker) -> None:
    """What is loaded by now stays: collecting garbage must neither walk through it, which stops every thread for
    60 milliseconds, nor write into memory that the processes share.
    """
    gc.collect()
    gc.freeze()


def post_fork(server, worker) -> None:
    """Lets the application start over what a fork does not carry across: connections and threads."""
    _die_with_parent(server.pid)
    limit_silence(worker.sockets)
    from shared.api.app import after_fork

    after_fork()


def child_exit(server, worker) -> None:
    """What a worker counted stays counted; what it had at work is over."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)


def on_exit(server) -> None:
    """A folder of our own making goes with us."""
    metrics_folder.remove(settings.metrics_folder)


def limit_silence(listeners) -> None:
    """Connections inherit this from what they are accepted on. Waiting for a next request is not limited by it."""
    for listener in listeners:
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            listener.setsockopt(socket.SOL_SOCKET, option, struct.pack("@ll", SILENT_SECONDS, 0))


def _die_with_parent(parent: int) -> None:
    """A worker whose master was killed would keep the port, for ever if it hangs, and no new master could start."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
