"""How gunicorn runs the gateway: as a service, with more hands: each request also waits for a service."""

from gateway.concurrency_limit import RESERVED_THREADS
from shared.config import settings
from stack.gunicorn_service import *  # noqa: F403

workers = 2
threads = settings.gateway_clients + RESERVED_THREADS
