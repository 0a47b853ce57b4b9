"""What is written when a turn ends otherwise than by finishing: nobody waits for an answer that never comes."""

from datetime import timedelta

from bot.domain.chat import MessageReceived, Outgoing
from bot.engine.attach import attach
from bot.ports import Clock
from bot.store import conversations, evidence
from bot.store.deliveries import deliver, event
from bot.store.evidence import Evidence
from bot.store.store import Connection, Effect
from bot.store.turns import Turn


class ChatEndings:
    """Ends turns of people's conversations; other turns end without a word. `idle`: as in the turns' limits."""

    def __init__(self, clock: Clock, idle: timedelta) -> None:
        self._clock = clock
        self._idle = idle

    def stopped(self, turn: Turn) -> Effect:
        """A person stopped it: counted to the task as such; `/stop` itself has answered."""
        return lambda connection: self._testify(connection, turn, "stopped", "A person stopped the work.")

    def failed(self, turn: Turn, reason: str) -> Effect:
        """It failed for good: the person reads why."""

        def effect(connection: Connection) -> None:
            self._testify(connection, turn, "no-answer", f"The work ended without an answer: {reason}")
            if turn.conversation is not None:
                said = event(turn.payload) if turn.kind in ("message", "command") else None
                quoted = said.message_id if isinstance(said, MessageReceived) else ""
                conversation = conversations.find(connection, turn.conversation)
                now = self._clock.now().timestamp()
                deliver(connection, Outgoing(conversation, reason, (), quoted), f"reply:{turn.id}", now)

        return effect

    def _testify(self, connection: Connection, turn: Turn, rule: str, text: str) -> None:
        if turn.kind not in conversations.SPEAKING or turn.conversation is None:
            return
        now = self._clock.now()
        task = attach(connection, turn, now, self._idle)
        evidence.testify(connection, task.id, Evidence("behaviour", "failure", text, rule=rule), now.timestamp())
