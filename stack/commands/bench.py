"""`patchbay bench`: fills stacks of its own and measures them against the least that PostgreSQL needs."""

import shutil
import tempfile
from pathlib import Path

import click

from shared import JsonObject
from stack import processes
from stack.commands import up
from stack.databases import prepare
from stack.folder import DataFolder
from stack.plan import LOOPBACK, Plan


@click.command("bench")
@click.option("--rows", type=click.IntRange(1000, 10_000_000), multiple=True, default=(10_000,), show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8900, show_default=True, help="First port to use.")
@click.option("--json", "json_file", type=Path, help="File for the figures.")
@click.option("--plot", "plot_file", type=Path, help="PNG of cost against size, and of throughput (needs matplotlib).")
def command(rows: tuple[int, ...], port: int, json_file: Path | None, plot_file: Path | None) -> None:
    """Measure Patchbay: lists, objects, filters and writes against hand-written SQL on the same rows.

    --rows is the number of interfaces and of addresses; give it more than once to compare sizes.
    """
    from bench import report

    runs = [measure(size, port) for size in rows]
    if json_file:
        report.save(json_file, runs)
    if plot_file:
        report.plot(plot_file, runs)


def measure(size: int, port: int) -> JsonObject:
    """The figures of one stack of `size` rows, which is made for this and removed again."""
    from bench import measuring, report
    from bench.dataset import Dataset
    from bench.filling import Filler
    from bench.run import Run

    home = Path(tempfile.mkdtemp(prefix="patchbay-bench-"))
    home.chmod(0o711)
    folder, data = DataFolder(home / "data"), Dataset(size)
    try:
        start(folder, port)
        at_rest = measuring.pss(measuring.family(processes.alive(folder)))
        click.echo(f"\n{size} rows; {at_rest:.0f} MiB at rest; filling")
        data.fill(Filler(folder))
        run = Run(folder, data)
        click.echo(report.HEAD)
        rows = []
        for row in run.rows():
            click.echo(report.line(row))
            rows.append(row)
        throughput = run.throughput()
        for name, rates in throughput.items():
            told = ", ".join(f"{rate:.0f} with {clients}" for clients, rate in rates.items())
            click.echo(f"{name}, requests a second by the number of clients: {told}")
        pages = run.pages()
        for name, spent in pages.items():
            click.echo(f"{name}, as a page: {spent:.0f} ms of the gateway's CPU")
        return {"size": size, "rows": rows, "throughput": throughput, "pages": pages, "pss": at_rest}
    finally:
        processes.stop(folder)
        Plan.load(folder).cluster.stop()
        shutil.rmtree((folder.path / "postgres").resolve(), ignore_errors=True)
        shutil.rmtree(home)


def start(folder: DataFolder, port: int) -> None:
    folder.create()
    plan = Plan.make(folder, LOOPBACK, port)
    prepare(plan)
    plan.save()
    up.start(plan)
