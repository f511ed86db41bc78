"""`patchbay test`: the checks that every change passes."""

import subprocess
import sys

import click

from stack import ROOT, coverage, system_packages

CHECKS = (["ruff", "check"], ["ruff", "format", "--check"], ["mypy", "."])
# A file stays with one process, for its tests may share a stack that they hurt. What fails is told at once: a run
# that is cut short has told it, too.
TOGETHER = ("-n", "2", "--dist", "loadfile", "--instafail")


@click.command("test", context_settings={"ignore_unknown_options": True, "help_option_names": ["-h", "--help"]})
@click.option("--coverage", "measured", is_flag=True, help="End with the coverage of each package.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[PYTEST ARGUMENT]...")
def command(measured: bool, arguments: tuple[str, ...]) -> None:
    """Check style, format and types, then run pytest with the arguments, or all tests in two processes.

    Installs the programs that the tests need. `./patchbay test -- --help` is pytest's own help.
    """
    system_packages.ensure("dot", "graphviz", "topology maps are not drawn.")
    system_packages.ensure("promtool", "prometheus", "alert rules and dashboard are not checked.")
    system_packages.ensure("chromium", "chromium", "the tests in a browser are skipped.")
    for check in CHECKS:
        if status := _run(check):
            sys.exit(status)
    if not measured:
        sys.exit(_run(["pytest", *(arguments or TOGETHER)]))
    status, table = coverage.measure(arguments or TOGETHER)
    click.echo("\n".join(table))
    sys.exit(status)


def _run(command: list[str]) -> int:
    """The exit status of a program of the test tools."""
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT).returncode
