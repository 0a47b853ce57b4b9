"""What all the evidence of a task comes to: an outcome, and the probability of success."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.trace import Outcome, Status
from bot.learning.outcomes.tables import FEEDBACK_AGREES, Tables
from bot.store.evidence import STRONG, Evidence

CERTAIN = {"verifier": 0.99, "feedback": FEEDBACK_AGREES}
"""The probability that what a deciding source says is so: they are not weighed, and neither is infallible."""
KNOWN = 0.75
"""The probability from which on weak evidence tells an outcome; between it and its opposite the answer is unknown.

At three to one a judge's bare word for a success (.70) is not enough, as long as it has not proved better here.
"""
MOST = 0.9
"""The most that weak evidence comes to, however much of it agrees: it is not independent, and a person outweighs it."""


@dataclass(frozen=True, slots=True)
class Fused:
    """An outcome, the probability of success, and the evidence with the weights it had."""

    outcome: Outcome
    probability: float
    evidence: tuple[Evidence, ...] = ()


def fuse(evidence: Sequence[Evidence], tables: Tables) -> Fused:
    """The verdict of the strongest source that decides; without one, the weak sources' log-odds.

    Among the voices of a deciding source one failure is enough. The order of the evidence changes nothing.
    """
    weighed = tuple(replace(given, weight=_weight(given, tables)) for given in evidence)
    spoken = sorted((given for given in weighed if given.verdict != "unknown"), key=_order)
    for source in STRONG:
        if voices := [given for given in spoken if given.source == source]:
            decisive = next((given for given in voices if given.verdict == "failure"), voices[0])
            return Fused(_outcome(decisive, weighed), _probability(decisive, CERTAIN[source]), weighed)
    if not spoken:
        return Fused(Outcome(detail=_unheard(weighed)), 0.5, weighed)
    odds = math.fsum(given.weight for given in spoken)
    probability = min(MOST, max(1 - MOST, 1 / (1 + math.exp(-odds))))
    status = _status(probability)
    if status == "unknown":
        return Fused(Outcome(detail=_joined("The evidence does not tell.", _unheard(weighed))), probability, weighed)
    heaviest = max((given for given in spoken if given.verdict == status), key=lambda given: abs(given.weight))
    return Fused(_outcome(heaviest, weighed), probability, weighed)


def _weight(given: Evidence, tables: Tables) -> float:
    if given.source == "verifier":
        certain = math.log(CERTAIN["verifier"] / (1 - CERTAIN["verifier"]))
        return {"success": certain, "failure": -certain}.get(given.verdict, 0.0)
    return tables[given.source].weight(given.verdict)


def _order(given: Evidence) -> tuple[float, str, str, str]:
    """The newest first; what was given at one time has an order of its own, whatever order it came in."""
    return -given.at, given.rule, given.person, given.text


def _probability(decisive: Evidence, certain: float) -> float:
    return certain if decisive.verdict == "success" else 1 - certain


def _status(probability: float) -> Status:
    if probability >= KNOWN:
        return "success"
    return "failure" if probability <= 1 - KNOWN else "unknown"


def _outcome(decisive: Evidence, all_of_it: Sequence[Evidence]) -> Outcome:
    return Outcome(decisive.verdict, decisive.source, _joined(decisive.text, _unheard(all_of_it)))


def _unheard(evidence: Sequence[Evidence]) -> str:
    """What was asked and could not tell: a verifier that did not run is reported, and is no evidence."""
    silent = (given.text for given in evidence if given.source == "verifier" and given.verdict == "unknown")
    return " ".join(sorted(silent))


def _joined(*texts: str) -> str:
    return " ".join(filter(None, texts))
