"""Draws the panels of deploy/grafana/patchbay.json as a Prometheus that scrapes a running Patchbay answers them.

python docs/dashboard.py http://127.0.0.1:9090 [MINUTES]; needs matplotlib. Grafana itself is not needed.
"""

import json
import re
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from matplotlib import dates, pyplot
from matplotlib.axes import Axes

ROOT = Path(__file__).parents[1]
DASHBOARD = ROOT / "deploy" / "grafana" / "patchbay.json"
PICTURE = ROOT / "docs" / "images" / "dashboard.png"
COLUMNS, POINTS, NAMED = 24, 120, 8
RATE_INTERVAL = "15s"
UNITS = {"reqps": "requests/s", "percentunit": "share", "s": "seconds", "short": ""}


def main(prometheus: str, minutes: str = "10") -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels)
    figure = pyplot.figure(figsize=(COLUMNS * 0.6, rows * 0.3), layout="constrained")
    grid = figure.add_gridspec(rows, COLUMNS)
    end = time.time()
    for panel in panels:
        place = panel["gridPos"]
        across, down = (slice(place[start], place[start] + place[size]) for start, size in (("x", "w"), ("y", "h")))
        draw(figure.add_subplot(grid[down, across]), panel, prometheus, end - 60 * float(minutes), end)
    figure.savefig(PICTURE, dpi=70)


def draw(axes: Axes, panel: dict[str, Any], prometheus: str, start: float, end: float) -> None:
    """One panel: a line for each series of each of its queries."""
    axes.set_title(panel["title"], fontsize=9)
    axes.set_ylabel(UNITS[panel["fieldConfig"]["defaults"]["unit"]], fontsize=7)
    for target in panel["targets"]:
        for series in ask(prometheus, target["expr"], start, end):
            moments = [datetime.fromtimestamp(moment, UTC) for moment, _ in series["values"]]
            axes.plot(
                moments,
                [float(value) for _, value in series["values"]],
                label=legend(target["legendFormat"], series["metric"]),
                linewidth=1,
            )
    axes.set_ylim(bottom=0)
    axes.set_xlim(*(datetime.fromtimestamp(moment, UTC) for moment in (start, end)))
    axes.xaxis.set_major_formatter(dates.DateFormatter("%H:%M"))
    axes.tick_params(labelsize=7)
    axes.grid(alpha=0.3)
    if axes.lines:
        axes.legend(handles=axes.lines[:NAMED], fontsize=6, loc="upper left", framealpha=0.6).set_in_layout(False)
    else:
        axes.text(0.5, 0.5, "none", transform=axes.transAxes, ha="center", color="0.5")


def ask(prometheus: str, query: str, start: float, end: float) -> list[dict[str, Any]]:
    """The series of `query`, as `{"metric": {label: value}, "values": [[moment, text]]}`."""
    asked = {
        "query": query.replace("$__rate_interval", RATE_INTERVAL),
        "start": f"{start}",
        "end": f"{end}",
        "step": f"{(end - start) / POINTS}",
    }
    reply = requests.get(f"{prometheus}/api/v1/query_range", asked)
    reply.raise_for_status()
    found: list[dict[str, Any]] = reply.json()["data"]["result"]
    return found


def legend(template: str, labels: dict[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda match: labels.get(match[1], ""), template)


if __name__ == "__main__":
    main(*sys.argv[1:])
