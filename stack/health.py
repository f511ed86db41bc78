"""Asking the programs of a stack how they are."""

import time

import requests

from stack import processes
from stack.plan import POSTGRES, Plan

HEALTHY = "healthy"
SECONDS_TO_ANSWER = 3
SECONDS_TO_START = 90


def states(plan: Plan) -> dict[str, str]:
    """`healthy`, or what is wrong, for every program of the plan and the supervisor."""
    supervised = processes.leader(plan.folder, processes.SUPERVISOR)
    found = {processes.SUPERVISOR: HEALTHY if supervised else "not running"}
    return found | {program.name: _state(plan, program.name) for program in plan.programs()}


def wait_until_healthy(plan: Plan, supervisor) -> bool:
    """Whether every program came to answer while `supervisor` (a Popen) lived."""
    give_up = time.monotonic() + SECONDS_TO_START
    while supervisor.poll() is None and time.monotonic() < give_up:
        if all(state == HEALTHY for state in states(plan).values()):
            return True
        time.sleep(0.1)
    return False


def _state(plan: Plan, name: str) -> str:
    if name == POSTGRES:
        return HEALTHY if plan.cluster.answers() else "does not answer"
    try:
        reply = requests.get(f"{plan.health_base(name)}/healthz", timeout=SECONDS_TO_ANSWER)
    except requests.RequestException:
        return "does not answer"
    return HEALTHY if reply.ok else f"answers {reply.status_code}"
