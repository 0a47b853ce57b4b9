"""How far a source can be believed: a confusion table for each, of what it said where a stronger one decided.

Each table begins with PRIOR cases that were not seen here, made from published figures, so that a source is believed
as it was elsewhere until there is experience of one's own. AgentRewardBench (arXiv 2504.08942) measured against
experts' verdicts: GPT-4o as a judge is right in 69.8 % of the cases that it calls a success and finds 83.1 % of the
successes; rules are right in 83.8 % and find 55.9 %. Precision is read at even odds: nothing is known here beforehand
of how often work succeeds. Rules that find nothing say nothing, so what behaviour does say, either way, is taken to be
right as often as a rule's word.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.share import Share
from bot.domain.trace import Source
from bot.store.evidence import Counts

PRIOR = 20.0
"""Cases that the published figures are worth, half of them successes. They were measured elsewhere, on other work."""
JUDGE_PRECISION, JUDGE_RECALL = 0.698, 0.831
RULE_PRECISION = 0.838
FEEDBACK_AGREES = 0.95
"""Share in which a person's word agrees with a verifier. Nothing is published: set so that it passes all the others."""


@dataclass(frozen=True, slots=True)
class Table:
    """What a source said (as shares of `success` among what it said) of the tasks that succeeded, and that failed.

    `seen` counts the tasks of one's own it was measured by, `agreed` those in which it said what was true.
    """

    of_successes: Share
    of_failures: Share
    seen: int
    agreed: int

    def weight(self, verdict: str) -> float:
        """The log-odds of success that a verdict is worth: not negative for `success`, not positive for `failure`.

        A source that is wrong more often than right here says nothing; it does not say the opposite.
        """
        found, fooled = self.of_successes.mean, self.of_failures.mean
        match verdict:
            case "success":
                return max(0.0, math.log(found / fooled))
            case "failure":
                return min(0.0, math.log((1 - found) / (1 - fooled)))
        return 0.0


Tables = Mapping[Source, Table]


def tables(counts: Counts) -> Tables:
    """The tables of all sources that a stronger one can be held against."""
    return {source: _table(source, counts) for source in _PRIORS}


def _table(source: Source, counts: Counts) -> Table:
    found, fooled = _PRIORS[source]
    half = PRIOR / 2

    def seen(said: str, truth: str) -> int:
        return counts.get((source, said, truth), 0)

    of_successes = Share(half * found + seen("success", "success"), half * (1 - found) + seen("failure", "success"))
    of_failures = Share(half * fooled + seen("success", "failure"), half * (1 - fooled) + seen("failure", "failure"))
    agreed = seen("success", "success") + seen("failure", "failure")
    return Table(of_successes, of_failures, agreed + seen("success", "failure") + seen("failure", "success"), agreed)


def _fooled(found: float, precision: float) -> float:
    """The share of failures that is called a success, at even odds of success."""
    return found * (1 - precision) / precision


_PRIORS: Mapping[Source, tuple[float, float]] = {
    "feedback": (FEEDBACK_AGREES, 1 - FEEDBACK_AGREES),
    "behaviour": (RULE_PRECISION, 1 - RULE_PRECISION),
    "judge": (JUDGE_RECALL, _fooled(JUDGE_RECALL, JUDGE_PRECISION)),
}
