"""The reports in REPORTS_ROOT: what there is, and the running of one, each in a process that can be ended.

A module that cannot be loaded, and a report that fails, hangs or kills its process, harms nothing but its own result.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from threading import BoundedSemaphore, Lock

import orjson

from shared import JsonObject
from shared.config import ROOT, settings
from shared.http.errors import NotFound, ServiceUnavailable
from shared.references import client
from shared.reports import Report, fresh_result

LOAD_SECONDS = 10
MOST_LOADED_AT_ONCE = 4
MOST_RUN_AT_ONCE = 2

_loading = Lock()
_running = BoundedSemaphore(MOST_RUN_AT_ONCE)


def root() -> Path:
    return Path(settings.reports_root).resolve()


def modules() -> list[JsonObject]:
    """Each module in the order of names: `{module, reports}` or `{module, error}`.

    They are loaded anew when any file has changed.
    """
    with _loading:
        return _loaded(tuple(sorted(_state_of(root()))))


def find(report_id: str) -> JsonObject:
    """`{module, name, description, test_methods}`, or `error` with them. Raises NotFound."""
    name, _, report = report_id.partition(".")
    module = next((each for each in modules() if each["module"] == name), None)
    if module is None or not report:
        raise NotFound
    if "error" in module:
        raise NotFound(f"The module {name} cannot be loaded: {module['error']}")
    found = next((each for each in module["reports"] if each["name"] == report), None)
    if found is None:
        raise NotFound
    return {"module": name, **found}


def run(found: JsonObject, user_id: int) -> dict[str, JsonObject]:
    """The result of each test of the report, which reads as that user. Raises ServiceUnavailable."""
    if not _running.acquire(blocking=False):
        raise ServiceUnavailable(f"{MOST_RUN_AT_ONCE} reports are running; try again later.")
    try:
        return _results(found["test_methods"], *_run_with_token(found, user_id))
    finally:
        _running.release()


def _run_with_token(found: JsonObject, user_id: int) -> tuple[list[JsonObject], str]:
    seconds = settings.report_seconds
    try:
        token = client.call("users", "tokens/lend", {"user": user_id, "seconds": seconds})["key"]
    except client.ServiceDown as down:
        raise ServiceUnavailable(str(down)) from down
    work = {"report": found["name"], "gateway": settings.gateway_url, "token": token}
    try:
        return _process(found["module"], seconds, **work)
    finally:
        with suppress(client.ServiceDown):  # then it expires
            client.call("users", "tokens/return", {"key": token})


def _results(tests: list[str], lines: list[JsonObject], ended: str) -> dict[str, JsonObject]:
    """The results of `tests`; the first that has none is the one that did not end, and has failed."""
    results = {line["test"]: line["result"] for line in lines if "test" in line}
    reason = next((line["error"] for line in lines if "error" in line), ended)
    unfinished = [test for test in tests if test not in results]
    for test in unfinished:
        results[test] = fresh_result()
    if unfinished:
        broken = Report()
        broken.log_failure(None, reason)
        results[unfinished[0]] = broken.result
    return results


@lru_cache(maxsize=1)
def _loaded(state: tuple[tuple[str, int, int], ...]) -> list[JsonObject]:
    names = [stem for path, *_ in state if (stem := _module_name(Path(path)))]
    with ThreadPoolExecutor(MOST_LOADED_AT_ONCE) as pool:
        return list(pool.map(_described, sorted(names)))


def _state_of(folder: Path) -> Iterable[tuple[str, int, int]]:
    for path in folder.rglob("*.py"):
        with suppress(OSError):
            now = path.stat()
            yield str(path), now.st_mtime_ns, now.st_size


def _module_name(path: Path) -> str | None:
    """Files below folders, and those with an underscore, are there for reports to import."""
    return path.stem if path.parent == root() and path.stem.isidentifier() and path.stem[0] != "_" else None


def _described(module: str) -> JsonObject:
    lines, ended = _process(module, LOAD_SECONDS)
    return {"module": module, **(lines[0] if lines else {"error": ended})}


def _process(module: str, seconds: int, **work: object) -> tuple[list[JsonObject], str]:
    """The lines that the process of shared/reports/process.py wrote, and how it ended.

    All that it started ends with it.
    """
    sent = orjson.dumps({"root": str(root()), "module": module, "seconds": seconds, **work})
    with subprocess.Popen(
        [sys.executable, "-s", "-m", "shared.reports.process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env={},
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(sent, timeout=seconds)
            ended = f"It ended without a result (exit status {process.returncode})."
        except subprocess.TimeoutExpired as late:
            output, ended = late.output or b"", f"It took more than {seconds} seconds."
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    return list(_lines(output)), ended


def _lines(output: bytes) -> Iterable[JsonObject]:
    """What can be read; a process that was ended may leave half a line."""
    for line in output.splitlines():
        with suppress(orjson.JSONDecodeError):
            yield orjson.loads(line)
