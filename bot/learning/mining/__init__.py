"""The structural miner: repeated, proven procedures out of traces. Deterministic, explainable, without a model.

canonical, contribution, corpus, places: traces become indexed segments of calls, in parts · sequences: tools that
follow one another often · induce (loops, weighing, references, composed, constants): each argument explained ·
building, naming, words: a procedure in English · proving (replaying, matches), gates: replayed where it was not learned
from · selecting: the few that tell the most · memory: what the last report worked out.
"""

from bot.learning.mining.contribution import Contribution, contribute
from bot.learning.mining.fingerprints import fingerprint
from bot.learning.mining.matches import Match, Replay, Replayed
from bot.learning.mining.memory import Memory
from bot.learning.mining.miner import mine, mine_gathered, uncollected
from bot.learning.mining.replaying import replay
from bot.learning.mining.report import Candidate, Dropped, Explanation, Refusal, Report, Taken

__all__ = [
    "Candidate",
    "Contribution",
    "Dropped",
    "Explanation",
    "Match",
    "Memory",
    "Refusal",
    "Replay",
    "Replayed",
    "Report",
    "Taken",
    "contribute",
    "fingerprint",
    "mine",
    "mine_gathered",
    "replay",
    "uncollected",
]
