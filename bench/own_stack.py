"""A stack of its own for each size: started, filled, measured, removed."""

import shutil
import tempfile
from pathlib import Path

import click

from bench import measuring, report
from bench.dataset import Dataset
from bench.filling import Filler
from bench.run import Run
from shared import JsonObject
from stack import processes
from stack.commands import up
from stack.databases import prepare
from stack.folder import DataFolder
from stack.plan import LOOPBACK, Plan


def measure(size: int, port: int) -> JsonObject:
    """The figures of one stack of `size` rows, which is made for this and removed again."""
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
