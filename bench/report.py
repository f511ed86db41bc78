"""What a run leaves: a table, a JSON file, a plot."""

from pathlib import Path

import orjson

from shared import JsonObject

HEAD = f"{'':34}{'floor':>9}{'ours':>9}{'direct':>9}{'ratio':>7}{'':5}{'CPU floor':>10}{'ours':>8}{'direct':>8}"


def line(row: JsonObject) -> str:
    """One row of the table, in milliseconds; `over` marks what misses its promise."""
    times = f"{row['floor']:9.2f}{row['ours']:9.2f}{row['direct']:9.2f}{row['ratio']:7.1f}"
    spent = f"{row['floor_cpu']:10.2f}{row['cpu']:8.2f}{row['direct_cpu']:8.2f}"
    return f"{row['name']:34}{times}{'' if row['within'] else ' over':5}{spent}"


def save(path: Path, runs: list[JsonObject]) -> None:
    path.write_bytes(orjson.dumps(runs, option=orjson.OPT_INDENT_2))


def plot(path: Path, runs: list[JsonObject]) -> None:
    """What each request costs at each size of the tables; needs matplotlib (`pip install matplotlib`)."""
    from matplotlib import colormaps, pyplot

    names = [row["name"] for row in runs[0]["rows"]]
    costs = {name: [row["ours"] for run in runs for row in run["rows"] if row["name"] == name] for name in names}
    figure, axes = pyplot.subplots(figsize=(9, 0.28 * len(names) + 1))
    axes.hlines(names, list(map(min, costs.values())), list(map(max, costs.values())), color="0.75", linewidth=3)
    colors = colormaps["viridis_r"].resampled(len(runs) + 1)
    for number, run in enumerate(runs, 1):
        axes.plot(
            [costs[name][number - 1] for name in names], names, "o", color=colors(number), label=f"{run['size']:,}"
        )
    axes.set(xscale="log", xlabel="ms through the gateway, median")
    axes.set_xticks([2, 5, 10, 20, 50, 100, 200], labels=["2", "5", "10", "20", "50", "100", "200"])
    axes.minorticks_off()
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)
    axes.legend(title="interfaces and addresses", loc="upper right")
    figure.savefig(path, dpi=110, bbox_inches="tight")
