"""`patchbay bench`: fills stacks of its own and measures them against the least that PostgreSQL needs."""

from pathlib import Path

import click


@click.command("bench")
@click.option("--rows", type=click.IntRange(1000, 10_000_000), multiple=True, default=(10_000,), show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8900, show_default=True, help="First port to use.")
@click.option("--json", "json_file", type=Path, help="File for the figures.")
@click.option("--plot", "plot_file", type=Path, help="PNG of cost against size, and of throughput (needs matplotlib).")
def command(rows: tuple[int, ...], port: int, json_file: Path | None, plot_file: Path | None) -> None:
    """Measure Patchbay: lists, objects, filters and writes against hand-written SQL on the same rows.

    --rows is the number of interfaces and of addresses; give it more than once to compare sizes.
    """
    from bench import own_stack, report  # images have no bench/

    runs = [own_stack.measure(size, port) for size in rows]
    if json_file:
        report.save(json_file, runs)
    if plot_file:
        report.plot(plot_file, runs)
