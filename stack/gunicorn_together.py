"""How gunicorn runs all services in one process: like one of them, with the threads of all."""

from shared.config import SERVICES
from stack import gunicorn_service
from stack.gunicorn_service import *  # noqa: F403

threads = gunicorn_service.threads * len(SERVICES)

worker_connections = threads + 1000  # connections that wait for a request hold no thread
