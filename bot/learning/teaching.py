"""People teach: "make a skill of what you just did" proposes it from that one piece of work."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from bot.domain.chat import MessageReceived, Outgoing
from bot.domain.trace import Outcome, Trace
from bot.learning.mining import Candidate, Replay, Report, Taken, mine
from bot.learning.outcomes import Phrases
from bot.learning.shown_again import shown_again
from bot.ports import Clock
from bot.store import scopes, tasks, turns
from bot.store.deliveries import deliver, event
from bot.store.store import Connection, Effect
from bot.store.turns import NewTurn, Turn
from bot.words import say

CONFIRMED = Outcome("success", "feedback", "A person wants a skill made of it.")
UNTRIED = Replay(0, 0.0, 0.0, 0.0, 0.0)
"""Nothing else is there to replay it on."""


class Teaching:
    """Hears when somebody wants a skill made of the work before."""

    def __init__(self, clock: Clock, phrases: Phrases) -> None:
        self._clock = clock
        self._phrases = phrases

    def heard(self, answer: Callable[[Turn], Awaitable[Effect]]) -> Callable[[Turn], Awaitable[Effect]]:
        """The handler of messages, which has a skill made of the work before where that is asked."""

        async def hearing(turn: Turn) -> Effect:
            said = event(turn.payload)
            if not isinstance(said, MessageReceived) or not self._phrases.wants_teaching(said.text):
                return await answer(turn)
            return lambda connection: self._teach(connection, turn, said)

        return hearing

    def _teach(self, connection: Connection, turn: Turn, said: MessageReceived) -> None:
        home, now = said.conversation, self._clock.now().timestamp()
        task = tasks.latest(connection, home.key)
        words = ""
        if not scopes.learns(connection, home.scope):
            words = say(home.language, "Learning is off here; `/learn on` switches it on.")
        elif task is None or task.private or task.suspicion:
            words = say(home.language, "There is no work here that I may make a skill of.")
        if words or task is None:
            deliver(connection, Outgoing(home, words, (), said.quote), f"reply:{turn.id}", now)
            return
        payload = {"scope": home.scope, "asked_in": home.key, "taught": task.id}
        turns.enqueue(connection, NewTurn(f"mine:taught:{turn.id}", "job:mine", "mine", payload), now)


def taught(trace: Trace, taken: Taken) -> Report:
    """The longest procedure in one piece of work; what was refused if there is none."""
    report = mine(shown_again(replace(trace, outcome=CONFIRMED)), taken=taken)
    longest = sorted(report.skills, key=lambda found: -found.saves_calls)[:1]
    return replace(report, traces=1, tasks=1, skills=tuple(_of_one(found, trace) for found in longest))


def _of_one(found: Candidate, trace: Trace) -> Candidate:
    """The candidate with what one piece of work can tell of it."""
    origin = replace(found.procedure.provenance, tasks=(trace.task,))
    procedure = replace(found.procedure, provenance=origin)
    return replace(found, procedure=procedure, support=(trace.id,), tasks=1, people=1, verified=0, replay=UNTRIED)
