"""What was proposed in a scope before: it does not come again in other words, unless it may."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import ceil

from bot.domain.skill import SkillRef
from bot.learning.mining import Candidate
from bot.store.proposals import Proposal
from bot.words import Sentence

MORE = 1.5
"""So many times as many tasks as before are more evidence."""
REASONS = (
    (Sentence("Wrong"), "wrong"),
    (Sentence("Too narrow"), "narrow"),
    (Sentence("Duplicate"), "duplicate"),
    (Sentence("Private"), "private"),
    (Sentence("Not now"), "later"),
)
"""Why a proposal is rejected: what the button reads, and what is remembered."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """Fingerprints of structures. `held` do not come again; `narrow` make room for others that do the same work.

    `later` come again with more evidence: with each, in how many tasks it was seen.
    """

    held: frozenset[str] = frozenset()
    narrow: frozenset[str] = frozenset()
    later: dict[str, int] = field(default_factory=dict)

    def too_early(self, candidate: Candidate) -> Sentence | None:
        """Why it does not come yet: there is hardly more evidence now than when it was put off. None: it may."""
        seen = self.later.get(candidate.fingerprint)
        if seen is None or candidate.tasks >= (needed := max(seen + 1, ceil(MORE * seen))):
            return None
        return Sentence("it was put off or put away: it comes again once it was seen in {tasks} tasks", tasks=needed)


def remembered(proposals: Iterable[Proposal], evicted: Mapping[SkillRef, int]) -> Remembered:
    """What is left of a scope's proposals, oldest first: of each structure the last decision counts.

    What people decide about a proposal that they have changed, they decide about the one that they changed. What was
    approved and is `evicted` by now, after so many uses, comes again with more evidence than it had with these.
    """
    listed = list(proposals)
    heirs = {proposal.evidence.get("instead_of"): proposal for proposal in listed}
    last = {proposal.fingerprint: proposal for proposal in listed}
    of_kind: dict[str, set[str]] = defaultdict(set)
    later: dict[str, int] = {}
    for fingerprint, proposal in last.items():
        decided = _newest(proposal, heirs)
        kind = "later" if decided.state == "approved" and decided.ref in evicted else _kind(decided)
        of_kind[kind].add(fingerprint)
        if kind == "later":
            later[fingerprint] = proposal.evidence.get("tasks", 0) + evicted.get(decided.ref, 0)
    return Remembered(frozenset(of_kind["held"]), frozenset(of_kind["narrow"]), later)


def _newest(proposal: Proposal, heirs: Mapping[str, Proposal]) -> Proposal:
    while proposal.id in heirs:
        proposal = heirs[proposal.id]
    return proposal


def _kind(proposal: Proposal) -> str:
    match proposal.state, proposal.reason:
        case "rejected", "narrow":
            return "narrow"
        case ("rejected", "later") | ("expired", _):
            return "later"
        case "superseded", reason if reason != "edited":  # the version that it was to replace is gone
            return "free"
    return "held"
