"""Random writes while random processes are killed, stopped, restarted and cut off; then all has to be as promised.

`./patchbay test` runs a few short schedules; `./patchbay test --faults 20m` goes on for 20 minutes; `--faults-seed`
chooses the first of the seeds, each of which is one schedule.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from tests.client import Client
from tests.faults.harm import Harm
from tests.faults.kinds import KINDS
from tests.faults.network import Network
from tests.faults.verdict import seconds_to_catch_up, wrong
from tests.faults.workload import World, writing

SECONDS = 15


@dataclass
class Outcome:
    """The figures of one schedule."""

    seed: int
    world: World
    harm: Harm
    catching_up: float
    violations: list[str]

    def __str__(self) -> str:
        counts = self.world.counts
        return (
            f"seed {self.seed}: {counts['writes']} writes ({counts['acknowledged']} acknowledged, "
            f"{counts['unclear']} unclear), {self.harm.counts.total()} faults, "
            f"audit clean {self.catching_up:.1f} s after all were up, {len(self.violations)} violations"
        )


def run(network: Network, keyholder: Client, seed: int) -> Outcome:
    stack, harm = network.stack, Harm(network, seed)
    with writing(stack, keyholder, seed) as world:
        harm.go_on_for(SECONDS)
    catching_up, found = seconds_to_catch_up(stack)
    return Outcome(seed, world, harm, catching_up, [*found, *wrong(stack, keyholder, world)])


def test_every_promise_holds_whatever_dies(
    network: Network, keyholder: Client, faults_seconds: float, faults_seed: int
) -> None:
    give_up = time.monotonic() + faults_seconds
    outcomes: list[Outcome] = []
    for seed in count(faults_seed):
        outcomes.append(run(network, keyholder, seed))
        print(outcomes[-1], dict(outcomes[-1].harm.counts), *outcomes[-1].violations, sep="\n  ", flush=True)
        if time.monotonic() > give_up:
            break
    print(summary(outcomes), flush=True)
    assert [f"{each}: {violation}" for each in outcomes for violation in each.violations] == []


def summary(outcomes: list[Outcome]) -> str:
    """The figures of all schedules, and how often each reference was made."""

    def total(figures: Callable[[Outcome], Counter]) -> Counter:
        return sum(map(figures, outcomes), Counter())

    links = total(lambda each: each.world.links)
    made = {f"{kind.key}.{name}": links[kind.key, name] for kind in KINDS.values() for name in kind.edges}
    times = sorted(each.catching_up for each in outcomes)
    return "\n  ".join(
        (
            f"{len(outcomes)} schedules: {dict(total(lambda each: each.world.counts))}",
            f"faults: {total(lambda each: each.harm.counts).total()}, "
            f"violations: {sum(len(each.violations) for each in outcomes)}",
            f"audit clean after all were up: median {times[len(times) // 2]:.1f} s, longest {times[-1]:.1f} s",
            f"references made: {made}",
        )
    )
