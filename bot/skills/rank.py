"""Which skills a message sees first: those it is about, unless the model has mostly passed them over."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.skill import SkillRef
from bot.skills.library import Shelved
from bot.store.showings import Counts, Showing

MOST = 8
"""Skills that reach the model at once."""
TRIAL = 0.9
"""What the score of a skill counts while it is on trial: it stands behind a trusted one that is meant as much."""
CLAIM = 0.5
"""Share of the best skill's score from which on the rank claims that a skill is meant."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A skill and its score: 0 where nothing speaks for it."""

    entry: Shelved
    score: float


def rank(
    live: Sequence[Shelved],
    counts: Mapping[SkillRef, Counts],
    *relevances: Mapping[str, float],
) -> list[Ranked]:
    """Live skills, best first. `relevances`: by words, by meaning; each from names to numbers of one scale, above 0.

    The rank orders, it does not exclude: skills that nothing speaks for come last, in the order given. Each relevance
    counts by its share of its best, and the shares are added up, a convex combination: better than reciprocal ranks
    (Bruch et al. 2023, arXiv 2210.11934), and it keeps the distances that `_standing` is weighed against.
    """
    best = [max(relevance.values(), default=1.0) for relevance in relevances]

    def score(entry: Shelved) -> float:
        shares = (relevance.get(entry.name, 0.0) / most for relevance, most in zip(relevances, best, strict=True))
        return sum(shares) * _standing(counts.get(entry.ref, Counts())) * (1.0 if entry.trusted else TRIAL)

    found = {name for relevance in relevances for name in relevance}
    scored = [Ranked(entry, score(entry)) for entry in live if entry.name in found]
    scored.sort(key=lambda ranked: (-ranked.score, ranked.entry.name))
    return scored + [Ranked(entry, 0.0) for entry in live if entry.name not in found]


def seen(shown: Sequence[Ranked], called: Collection[SkillRef]) -> list[Showing]:
    """What a turn tells of the skills that it showed, in their rank, when the model called these of them.

    A skill was passed over if the rank claimed that it was meant and what was called instead stood below it, or was
    no skill ("Click > Skip Above": Joachims 2002). What stood there to fill the room says nothing against itself.
    """
    chosen = [ranked.entry.ref in called for ranked in shown]
    last = max((place for place, was in enumerate(chosen) if was), default=len(shown))
    claim = CLAIM * max((ranked.score for ranked in shown), default=0.0)
    return [
        Showing(ranked.entry.ref, was, not was and place < last and 0 < claim <= ranked.score)
        for place, (ranked, was) in enumerate(zip(shown, chosen, strict=True))
    ]


def _standing(counts: Counts) -> float:
    """From 1 down to a half: how often the model agreed that the skill was meant.

    It is the mean of Beta(1 + chosen, 1 + passed), the rule of succession, above a half in full: a new skill has lost
    nothing, a hundred times passed over halves the score, and no skill is lost for ever.
    """
    mean = (1 + counts.chosen) / (2 + counts.chosen + counts.passed)
    return min(1.0, 0.5 + mean)
