"""How gunicorn runs the gateway: like a service, but with more processes, as each request also waits for a service."""

from gateway.concurrency_limit import RESERVED_THREADS
from shared.config import settings
from stack.gunicorn_service import *  # noqa: F403
from stack.worker import PLACES

workers = settings.gateway_workers
threads = settings.gateway_clients + RESERVED_THREADS + PLACES
