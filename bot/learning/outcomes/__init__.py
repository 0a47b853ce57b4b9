"""How a task ended: evidence from outside the model first, people's words next, behaviour and a judge last."""

from bot.learning.outcomes.closing import Outcomes
from bot.learning.outcomes.judge import Judge
from bot.learning.outcomes.phrases import BUILT_IN, Phrases
from bot.learning.outcomes.verifiers import Verifiers

__all__ = ["BUILT_IN", "Judge", "Outcomes", "Phrases", "Verifiers"]
