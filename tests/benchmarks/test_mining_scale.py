"""The benchmark of mining at scale runs, at a tiny size, on traces of its own and on copies of a file's."""

from itertools import islice
from pathlib import Path
from random import Random

import pytest

from bot.learning.mining import mine
from bot.learning.traces import write
from tests.benchmarks.mining_scale import copies, figures, made
from tests.learning.workplaces import shop, traces_of


@pytest.mark.slow
def test_it_measures_both_ways(tmp_path: Path) -> None:
    with (tmp_path / "x.jsonl").open("w") as out:
        write(traces_of(shop, Random(1), 5), out)
    for source in (None, tmp_path / "x.jsonl"):
        found = list(figures([20], source))
        assert len(found) == 8
        assert all(figure.value > 0 for figure in found)
        assert [str(figure) for figure in found if figure.unit == "MB" and "MISSED" in str(figure)] == []


def test_its_traces_are_the_same_every_time_and_share_procedures() -> None:
    one, other = (list(islice(made(Random(1)), 60)) for _ in range(2))
    assert one == other
    assert mine(one).skills


def test_copies_share_nothing_but_the_procedure() -> None:
    one, *others = (list(part) for part in zip(*[islice(copies(traces_of(shop, Random(1), 5)), 15)] * 5, strict=True))
    texts = [" ".join(str(message) for trace in part for message in trace.messages) for part in (one, *others)]
    assert len(set(texts)) == 3
    (skill,) = mine([trace for part in (one, *others) for trace in part]).skills
    assert skill.tasks == 15
