"""Selection: the best cover of each segment, and the set that tells the work shortest."""

from itertools import combinations
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from bot.learning.mining.selecting import Shape, Use, added, cost, cover, select, shapes_of

seeds = st.integers(0, 10**6).map(Random)


def saved(uses: tuple[Use, ...]) -> int:
    return sum(use.saves for use in uses)


def random_shape(random: Random, candidates: int) -> Shape:
    uses = set()
    for _ in range(random.randint(0, 6)):
        start = random.randrange(8)
        uses.add(Use(start, start + random.randint(2, 5), random.randrange(candidates)))
    return tuple(sorted(uses))


@given(seeds)
def test_a_cover_is_the_best_of_all_that_do_not_overlap(random: Random) -> None:
    shape = random_shape(random, 3)
    chosen = frozenset(random.sample(range(3), 2))
    allowed = [use for use in shape if use.candidate in chosen]
    sets = (picked for size in range(len(allowed) + 1) for picked in combinations(allowed, size))
    apart = (p for p in sets if all(a.stop <= b.start or b.stop <= a.start for a, b in combinations(p, 2)))
    assert saved(cover(shape, chosen)) == max(saved(picked) for picked in apart)


@given(seeds)
def test_the_search_comes_close_to_trying_all_sets(random: Random) -> None:
    costs = [cost(random.randint(2, 4), 25, writes=random.random() < 0.5) for _ in range(4)]
    segments = [(f"t{number}", random_shape(random, 4)) for number in range(25)]

    def told(chosen: frozenset[int]) -> float:
        calls = sum(saved(cover(shape, chosen)) for _, shape in segments)
        return calls - sum(costs[candidate] for candidate in chosen)

    every = (frozenset(picked) for size in range(5) for picked in combinations(range(4), size))
    assert told(frozenset(select(costs, shapes_of(segments)))) >= 0.9 * max(map(told, every))


def test_who_earns_nothing_of_its_own_is_not_chosen() -> None:
    whole, part = Use(0, 5, 0), Use(1, 4, 1)
    both: list[tuple[str, Shape]] = [(f"t{number}", (whole, part)) for number in range(10)]
    assert select([3, 2], shapes_of(both)) == [0]
    alone: list[tuple[str, Shape]] = [(f"u{number}", (part,)) for number in range(5)]
    assert select([3, 2], shapes_of(both + alone)) == [0, 1]


def test_of_more_work_a_step_must_save_more() -> None:
    assert [cost(3, tasks, writes=False) for tasks in (1, 2, 16, 64)] == [0.75, 0.75, 3, 4.5]
    assert [cost(3, tasks, writes=True) for tasks in (1, 2, 16, 64)] == [1.5, 1.5, 6, 9]
    small = [(f"t{number}", (Use(0, 2, 0),)) for number in range(3)]
    assert select([cost(2, 16, writes=False)], shapes_of(small)) == [0]
    assert select([cost(2, 64, writes=False)], shapes_of(small)) == []


def test_of_nothing_nothing_is_chosen() -> None:
    assert select([], {}) == []


def test_what_a_candidate_would_add_to_the_chosen() -> None:
    whole, part = Use(0, 5, 0), Use(1, 4, 1)
    shapes = shapes_of([("a", (whole, part)), ("b", (part,)), ("c", (part,))])
    assert [added(shapes, frozenset(), candidate) for candidate in (0, 1)] == [4, 6]
    assert [added(shapes, frozenset({1 - candidate}), candidate) for candidate in (0, 1)] == [2, 4]
