"""A small picture of a skill's uses over time: how they went, and the calls of the model that they saved."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from itertools import accumulate

from bot.domain.trace import Status
from bot.store.skills import Point

COLOURS: dict[Status, str] = {"success": "#0b6e4f", "failure": "#b3432b", "unknown": "#b5b5b5"}
EPOCH = date(1970, 1, 1)
"""From here matplotlib counts days."""
BINS = 30
"""Bars at most: a bar is a day, or as many days as that takes."""


def bars(points: Sequence[Point]) -> tuple[list[date], dict[Status, list[int]], list[int]]:
    """The first day of each bar, the uses in it by how they went, and the calls saved until its end.

    `points` are not empty and stand in order.
    """
    days = [datetime.fromtimestamp(point.at, UTC).date() for point in points]
    width = (days[-1] - days[0]).days // BINS + 1
    places = [(day - days[0]).days // width for day in days]
    counts = Counter((place, point.verdict) for place, point in zip(places, points, strict=True))
    saved: Counter[int] = Counter()
    for place, point in zip(places, points, strict=True):
        saved[place] += point.saved
    every = range(places[-1] + 1)
    by_verdict = {verdict: [counts[place, verdict] for place in every] for verdict in COLOURS}
    first = [days[0] + timedelta(place * width) for place in every]
    return first, by_verdict, list(accumulate(saved[place] for place in every))


def draw(points: Sequence[Point], words: dict[Status, str], saved_words: str) -> bytes:
    """The picture as PNG, about 700 by 300 pixels. `words` name the verdicts. It takes a second: not for the loop."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter  # late: most processes never draw
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    days, by_verdict, saved = bars(points)
    places = [float((day - EPOCH).days) for day in days]
    figure = Figure(figsize=(7, 3), dpi=100, layout="constrained")
    axes = figure.subplots()
    width = 0.85 * (places[1] - places[0] if len(places) > 1 else 1.0)
    below = [0] * len(days)
    for verdict, counts in by_verdict.items():
        axes.bar(places, counts, width, below, color=COLOURS[verdict], label=words[verdict])
        below = [low + count for low, count in zip(below, counts, strict=True)]
    line = axes.twinx()
    line.plot(places, saved, color="#1f4e79", marker="o", markersize=3, label=saved_words)
    line.set_ylim(bottom=0)
    for scale in (axes.yaxis, line.yaxis):
        scale.set_major_locator(MaxNLocator(integer=True))
    locator = AutoDateLocator(minticks=1, maxticks=8)  # type: ignore[no-untyped-call]  # has no annotations
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]  # nor has it
    axes.tick_params(labelsize=8)
    line.tick_params(labelsize=8)
    figure.legend(loc="outside upper center", ncols=4, fontsize=8, frameon=False)
    picture = BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()
