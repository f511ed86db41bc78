"""The process that loads and runs reports: work as JSON on standard input, a line of JSON for each thing found.

It is given no environment, and so no key and no database: what it knows of the user is the token in its work. What a
report prints goes nowhere.
"""

import importlib.util
import json
import os
import resource
import signal
import sys
from collections.abc import Iterator
from inspect import isclass
from pathlib import Path

from shared import JsonObject
from shared.reports import Report, fresh_result, storable, test_methods

MEMORY = 1024 * 1024 * 1024


def main() -> None:
    work = json.load(sys.stdin)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(work["seconds"] + 1)  # ends it even if who started it has died
    for found in run(work) if "report" in work else described(work):
        print(json.dumps(found), file=answers, flush=True)


def described(work: JsonObject) -> Iterator[JsonObject]:
    """The reports of a module, or why it cannot be loaded."""
    try:
        yield {"reports": [description(report) for report in reports(work)]}
    except (Exception, SystemExit) as error:
        yield {"error": said(error)}


def description(report: type[Report]) -> JsonObject:
    shown = report.description
    found = {
        "name": report.__name__,
        "description": None if shown is None else storable(shown),
        "test_methods": test_methods(report),
    }
    return found if found["test_methods"] else {**found, "error": "A report needs at least one method test_…"}


def reports(work: JsonObject) -> list[type[Report]]:
    """The reports that the module defines, by name."""
    sys.path.append(work["root"])
    name = f"reports.{work['module']}"  # never the name of another module
    spec = importlib.util.spec_from_file_location(name, Path(work["root"], f"{work['module']}.py"))
    if not (spec and spec.loader):
        raise ImportError(f"{work['module']} is no module")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    classes = [each for each in vars(module).values() if isclass(each) and issubclass(each, Report)]
    own = {each.__name__: each for each in classes if each.__module__ == name}
    return [own[each] for each in sorted(own)]


def run(work: JsonObject) -> Iterator[JsonObject]:
    """The result of each test; one that raises has failed, and the next one runs."""
    from shared.reports.api import Api

    try:
        report = next(each for each in reports(work) if each.__name__ == work["report"])()
        report.api = Api(work["gateway"], work["token"])
        tests = test_methods(type(report))
    except (Exception, SystemExit) as error:
        yield {"error": said(error)}
        return
    for name in tests:
        report.result = fresh_result()
        try:
            getattr(report, name)()
        except (Exception, SystemExit) as error:
            report.log_failure(None, said(error))
        yield {"test": name, "result": report.result}


def said(error: BaseException) -> str:
    return storable(f"{type(error).__name__}: {error}")[:500]


if __name__ == "__main__":
    main()
