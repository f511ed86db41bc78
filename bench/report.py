"""What a run leaves: a table, a JSON file, a plot."""

from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from shared import JsonObject

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TIMES = f"{'floor':>9}{'ours':>9}{'spaced':>9}{'direct':>9}{'ratio':>7}{'':5}"
HEAD = f"{'':34}{_TIMES}{'CPU floor':>10}{'ours':>8}{'direct':>8}"


def line(row: JsonObject) -> str:
    """One row of the table, in milliseconds; `over` marks what misses its promise."""
    times = f"{row['floor']:9.2f}{row['ours']:9.2f}{row['spaced']:9.2f}{row['direct']:9.2f}{row['ratio']:7.1f}"
    spent = f"{row['floor_cpu']:10.2f}{row['cpu']:8.2f}{row['direct_cpu']:8.2f}"
    return f"{row['name']:34}{times}{'' if row['within'] else ' over':5}{spent}"


def save(path: Path, runs: list[JsonObject]) -> None:
    path.write_bytes(orjson.dumps(runs, option=orjson.OPT_INDENT_2))


def plot(path: Path, runs: list[JsonObject]) -> None:
    """What each request costs at each size of the tables, and how many replies clients get a second."""
    from matplotlib import pyplot

    names = [row["name"] for row in runs[0]["rows"]]
    figure, (costs, rates) = pyplot.subplots(
        2, figsize=(9, 0.28 * len(names) + 5), height_ratios=(0.28 * len(names) + 1, 4), layout="constrained"
    )
    _plot_costs(costs, names, runs)
    _plot_throughput(rates, runs)
    figure.savefig(path, dpi=110)


def _plot_costs(axes: "Axes", names: list[str], runs: list[JsonObject]) -> None:
    from matplotlib import colormaps

    colors = colormaps["viridis_r"].resampled(len(runs) + 1)
    for number, run in enumerate(runs, 1):
        of = {row["name"]: row for row in run["rows"]}
        hot, spaced = ([of[name][way] for name in names] for way in ("ours", "spaced"))
        axes.hlines(names, hot, spaced, color=colors(number), alpha=0.4)
        axes.plot(hot, names, "o", color=colors(number), label=f"{run['size']:,}")
        axes.plot(spaced, names, "o", color=colors(number), markerfacecolor="white")
    axes.set(xscale="log", xlabel="ms through the gateway, median; filled: back to back, hollow: with 50 ms between")
    axes.set_xticks([1, 2, 5, 10, 20, 50, 100, 200], labels=["1", "2", "5", "10", "20", "50", "100", "200"])
    axes.minorticks_off()
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)
    axes.legend(title="interfaces and addresses", loc="upper right")


def _plot_throughput(axes: "Axes", runs: list[JsonObject]) -> None:
    for run in runs:
        for name, rates in run["throughput"].items():
            axes.plot(list(map(int, rates)), list(rates.values()), "o-", label=f"{name}; {run['size']:,} rows")
    axes.set(xscale="log", xlabel="clients at once", ylabel="requests a second")
    clients = list(map(int, next(iter(runs[0]["throughput"].values()))))
    axes.set_xticks(clients, labels=list(map(str, clients)))
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend()
