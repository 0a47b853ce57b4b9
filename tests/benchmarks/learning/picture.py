"""The picture of learning over time: model calls a task, with approvals and the drift."""

from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tests.benchmarks.learning.lived import Lived
from tests.benchmarks.learning.workplaces import WORKPLACES

WINDOW = 20
"""Tasks that a point of a line is the mean of."""
FIRST = 8
"""Tasks before which there is no mean worth showing."""
WITH, WITHOUT, DRIFT = "#0b6e4f", "#8a8a8a", "#b5431f"


def draw(lived: Sequence[Lived], control: Sequence[Lived], file: Path) -> None:
    """Write the picture as PNG: a panel a workplace. `control`: the same tasks with nothing approved."""
    rows = (len(lived) + 1) // 2
    figure = Figure(figsize=(11, 1.4 + 3.2 * rows), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, min(2, len(lived)), sharey=True, squeeze=False).flatten()
    for panel, one, other in zip(panels, lived, control, strict=False):
        _panel(panel, one, other)
    for panel in panels[len(lived) :]:
        panel.set_visible(False)
    figure.suptitle(f"Calls of the model for a task, while skills are learned (mean of {WINDOW} tasks)", fontsize=14)
    for panel in panels[len(lived) - min(2, len(lived)) : len(lived)]:
        panel.set_xlabel("tasks done", fontsize=11)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), fontsize=11, frameon=False)
    figure.savefig(file, metadata={"Software": None})


def _panel(panel: Axes, lived: Lived, control: Lived) -> None:
    panel.set_title(WORKPLACES[lived.workplace].title.capitalize(), fontsize=12, loc="left")
    panel.plot(*_line(control), color=WITHOUT, linewidth=1.8, label="without skills")
    panel.plot(*_line(lived), color=WITH, linewidth=2.4, label="with the approved skills")
    approved = sorted({each.after for each in lived.proposals if each.approved})
    panel.plot(approved, [0.2] * len(approved), "^", color=WITH, markersize=9, clip_on=False, label="skills approved")
    panel.axvline(lived.drift, color=DRIFT, linestyle="--", linewidth=1.4, label="something changes in the workplace")
    changed = WORKPLACES[lived.workplace].drift.partition(":")[0].split()[1]
    panel.text(lived.drift + 1.5, 5.75, f"the {changed} changes", color=DRIFT, fontsize=10, va="top")
    _right(panel, lived, control, lived.taught, lived.drift)
    _right(panel, lived, control, max(lived.taught, lived.drift), len(lived.tasks))
    panel.set_ylim(0, 5.9)
    panel.set_xlim(0, len(lived.tasks))
    panel.spines[["top", "right"]].set_visible(False)
    panel.grid(axis="y", color="#e8e8e8")


def _right(panel: Axes, lived: Lived, control: Lived, start: int, stop: int) -> None:
    """The share of tasks done right, below the lines: few calls alone are no success."""
    if start >= stop:
        return
    ours, theirs = (mean(not done.wrong for done in one.tasks[start:stop]) for one in (lived, control))
    middle = (start + stop) / 2
    panel.text(middle, 1.25, f"{ours:.0%} done right", color=WITH, fontsize=10.5, ha="center")
    panel.text(middle, 0.8, f"{theirs:.0%} without skills", color="#6a6a6a", fontsize=9.5, ha="center")


def _line(lived: Lived) -> tuple[list[int], list[float]]:
    calls = [done.calls for done in lived.tasks]
    places = list(range(min(FIRST, len(calls)), len(calls) + 1))
    return places, [mean(calls[max(0, place - WINDOW) : place]) for place in places]
