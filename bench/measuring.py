"""Time and CPU of one thing done again and again."""

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Cost:
    """Of one time: the median in milliseconds, and the CPU of all processes of the stack in milliseconds."""

    median: float
    cpu: float

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def cost(do: Callable[[], object], times: int, stack: list[psutil.Process], pause: float = 0.0) -> Cost:
    """What `do()` costs, after two times that are not counted; before each there is a `pause` in seconds."""
    do(), do()
    spent, taken = cpu_of(stack), []
    for _ in range(times):
        time.sleep(pause)
        start = time.perf_counter()
        do()
        taken.append(time.perf_counter() - start)
    return Cost(statistics.median(taken) * 1000, (cpu_of(stack) - spent) / times * 1000)


def cpu_of(processes: list[psutil.Process]) -> float:
    """Seconds of CPU that the processes have used, to the nanosecond where Linux tells."""
    return sum(_spent(process.pid) for process in processes)


def _spent(pid: int) -> float:
    try:
        return sum(int(task.read_text().split()[0]) for task in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9
    except OSError:
        return 0.0


def family(processes: list[psutil.Process]) -> list[psutil.Process]:
    """The processes and all below them: PostgreSQL's lead sessions of their own."""
    return list({*processes, *(child for each in processes for child in each.children(recursive=True))})


def pss(processes: list[psutil.Process]) -> float:
    """The proportional memory of the processes in MiB."""
    return sum(process.memory_full_info().pss for process in processes if process.is_running()) / 2**20
