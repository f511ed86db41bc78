"""Asking the programs of a stack how they are."""

import subprocess
import time
from collections.abc import Iterable

import psutil
import requests

from shared.config import SERVICES
from stack import processes
from stack.plan import GATEWAY, POSTGRES, Plan
from stack.processes import STANDBY, SUPERVISOR

HEALTHY = "healthy"
SECONDS_TO_ANSWER = 3
SECONDS_TO_START = 90


def states(plan: Plan) -> dict[str, str]:
    """`healthy`, or what is wrong, for the supervisor and every program of the plan.

    Of programs elsewhere it is what they answer.
    """
    if plan.elsewhere:
        return {name: answer(plan, name) for name in (*SERVICES, GATEWAY)}
    return {name: state(plan, name) for name in (SUPERVISOR, *plan.names)}


def wait_until_healthy(plan: Plan, supervisor: subprocess.Popen[bytes]) -> dict[str, str]:
    """What is not healthy yet when `supervisor` ends or the time is over; empty once everything answers.

    Who is healthy is not asked again before all are: they share the processors with those that are still starting.
    """
    give_up = time.monotonic() + SECONDS_TO_START
    everything = (SUPERVISOR, *plan.names)
    unhealthy = dict.fromkeys(everything, "not running")
    while unhealthy := _unhealthy(plan, unhealthy) or _unhealthy(plan, everything):
        if supervisor.poll() is not None or time.monotonic() > give_up:
            break
        time.sleep(0.1)
    return unhealthy


def _unhealthy(plan: Plan, names: Iterable[str]) -> dict[str, str]:
    return {name: found for name in names if (found := state(plan, name)) != HEALTHY}


def state(plan: Plan, name: str) -> str:
    """`healthy`, or what is wrong with one of them."""
    process = processes.leader(plan.folder, plan.program_of(name))
    if process is None:
        return "not running"
    if name in (SUPERVISOR, STANDBY):
        return "is stopped" if process.status() == psutil.STATUS_STOPPED else HEALTHY
    if name == POSTGRES:
        return HEALTHY if plan.cluster.answers() else "does not answer"
    return answer(plan, name)


def answer(plan: Plan, name: str) -> str:
    """`healthy`, or what is wrong with what the service or gateway `name` answers."""
    try:
        reply = requests.get(f"{plan.health_base(name)}/healthz", timeout=SECONDS_TO_ANSWER)
    except requests.RequestException:
        return "does not answer"
    return HEALTHY if reply.ok else f"answers {reply.status_code}"
