"""What is compared after a schedule: the services with each other, and with what the clients were told."""

import time
from concurrent.futures import ThreadPoolExecutor

from shared.config import SERVICES
from shared.references.auditing import MISPLACED
from stack.cli_error import CliError
from stack.internal_api import ask
from stack.plan import Plan
from tests.client import Client
from tests.faults.histories import broken_histories
from tests.faults.kinds import ACTIVITY, CASCADE, KINDS, PROTECT, Kind, ids
from tests.faults.workload import Thing, World
from tests.row_counts import differences
from tests.running import PATIENCE_SECONDS, Stack

PAGE = 500
SECONDS_TO_AUDIT = 30
# A VLAN may move to another site while interfaces carry it, and it is for users to decide what becomes of that.
LEFT_TO_USERS = ("dcim.interface", MISPLACED)


def seconds_to_catch_up(stack: Stack) -> tuple[float, list[str]]:
    """From when every process is healthy until an audit finds nothing; what it found last, if that never comes."""
    stack.wait_until_healthy()
    healthy = time.monotonic()
    found = _audit(stack)
    while found and time.monotonic() - healthy < PATIENCE_SECONDS:
        found = _audit(stack)
    return time.monotonic() - healthy, found


def _audit(stack: Stack) -> list[str]:
    plan = Plan.load(stack.folder)

    def findings(service: str) -> list:
        try:
            found = ask(plan, service, "audits", {"repair": False}, SECONDS_TO_AUDIT)["findings"]
        except CliError as problem:
            found = [[service, str(problem)]]
        return [f"audit of {service}: {each}" for each in found if tuple(each[1::2]) != LEFT_TO_USERS]

    with ThreadPoolExecutor(len(SERVICES)) as pool:
        return [each for found in pool.map(findings, SERVICES) for each in found]


def wrong(stack: Stack, client: Client, world: World) -> list[str]:
    """Everything that is not as it was promised, in words, once the services agree."""
    shown = everything(client)
    return [*differences(stack), *violations(world, shown), *broken_histories(stack, client, world, shown)]


def everything(client: Client) -> dict[str, dict[int, dict]]:
    """`{key of a kind: {id: object}}` of all that the workload writes or causes to be written."""
    return {kind.key: {each["id"]: each for each in _all(client, kind)} for kind in (*KINDS.values(), ACTIVITY)}


def _all(client: Client, kind: Kind) -> list[dict]:
    found: list[dict] = []
    while page := client.results(f"{kind.path}/", **kind.of, limit=PAGE, offset=len(found)):
        found += page
    return found


def violations(world: World, shown: dict[str, dict[int, dict]]) -> list[str]:
    """Everything that is not as it was promised, in words."""
    of_things = (each for thing in world.things for each in _wrong(thing, shown, world))
    return [*world.violations, *_dangling(shown), *of_things]


def _dangling(shown: dict[str, dict[int, dict]]):
    """References to what is not there, or is not called what the referring service says."""
    for kind in (*KINDS.values(), ACTIVITY):
        for owner in shown[kind.key].values():
            for name, (key, _) in kind.edges.items():
                yield from _wrong_targets(f"{kind.key} {owner['id']}", kind.refers(owner, name), key, shown[key])


def _wrong_targets(owner: str, targets: list[dict], key: str, existing: dict[int, dict]):
    title = KINDS[key].title
    for target in targets:
        if target["id"] not in existing:
            yield f"{owner} refers to {key} {target['id']}, which is gone"
        elif title in target and target[title] != existing[target["id"]][title]:
            yield f"{owner} shows a stale {key} {target}"


def _wrong(thing: Thing, shown: dict[str, dict[int, dict]], world: World):
    objects = shown[thing.kind.key]
    for name, target in thing.refused:
        if target in shown[thing.kind.edges[name][0]]:
            yield f"{thing} was refused {name} {target}, which is there"
    if not thing.certain:
        return
    if not thing.exists:
        if thing.id in objects or any(each[thing.kind.title] == thing.title for each in objects.values()):
            yield f"{thing} is there, but was deleted or refused"
    elif thing.id not in objects:
        if not _taken_along(thing, shown):
            yield f"{thing} is not there, but was acknowledged"
    else:
        yield from _differing(thing, objects[thing.id], shown, world)


def _taken_along(thing: Thing, shown: dict[str, dict[int, dict]]) -> bool:
    edges = thing.kind.edges.items()
    return any(then == CASCADE and thing.references[name] not in (None, *shown[key]) for name, (key, then) in edges)


def _differing(thing: Thing, found: dict, shown: dict[str, dict[int, dict]], world: World):
    if found[thing.kind.title] != thing.title:
        yield f"{thing} is called {found[thing.kind.title]}"
    for name, (key, then) in thing.kind.edges.items():
        is_now = sorted(target["id"] for target in thing.kind.refers(found, name))
        was = ids(thing.references[name])
        expected = was if then == PROTECT else [each for each in was if each in shown[key]]
        if is_now == [] and name in thing.kind.let_go and any(map(world.may_have_left, expected)):
            continue
        if is_now != sorted(expected):
            yield f"{thing} has {name} {is_now}"
