"""What is written when a turn ends otherwise than by finishing: nobody waits for an answer that never comes."""

from datetime import timedelta
from pathlib import Path
from sys import maxsize

from bot.domain.chat import MessageReceived, Outgoing
from bot.domain.text import plain
from bot.engine.attach import attach
from bot.engine.reminding import ended_badly
from bot.ports import Clock
from bot.store import chats, conversations, evidence, turns
from bot.store.deliveries import conclude, deliver, event, outgoing, taken
from bot.store.evidence import Evidence
from bot.store.store import Connection, Effect
from bot.store.turns import Turn
from bot.words import Sentence, say


class ChatEndings:
    """Ends turns of people's conversations; other turns end without a word. `idle`: as in the turns' limits."""

    def __init__(self, clock: Clock, idle: timedelta) -> None:
        self._clock = clock
        self._idle = idle

    def stopped(self, turn: Turn) -> Effect:
        """A person stopped it: counted to the task as such. `/stop` itself has answered; a live message says so too."""

        def effect(connection: Connection) -> None:
            self._testify(connection, turn, "stopped", "A person stopped the work.")
            ended_badly(connection, turn, self._clock.now().timestamp(), failed=False)
            if turn.conversation is not None and (live := taken(connection, turn.id)):
                conversation = conversations.find(connection, turn.conversation)
                message = Outgoing(conversation, say(conversation.language, "Stopped."))
                deliver(connection, message, f"reply:{turn.id}", self._clock.now().timestamp(), live=live)

        return effect

    def failed(self, turn: Turn, reason: Sentence) -> Effect:
        """It failed for good: the person reads why; of a file that was not taken, that it was not."""

        def effect(connection: Connection) -> None:
            if turn.kind == "delivery":
                self._tell_of_file(connection, turn)
            self._testify(connection, turn, "no-answer", f"The work ended without an answer: {reason}")
            if turn.conversation is not None:
                said = event(turn.payload) if turn.kind in ("message", "command") else None
                quoted = said.message_id if isinstance(said, MessageReceived) else ""
                conversation = conversations.find(connection, turn.conversation)
                now = self._clock.now().timestamp()
                message = Outgoing(conversation, reason.told(conversation.language), (), quoted)
                conclude(connection, turn.id, message, f"reply:{turn.id}", now)
                ended_badly(connection, turn, now, failed=True)

        return effect

    def gone(self, turn: Turn) -> Effect:
        """A delivery found its chat closed to the bot: the work for that chat stops."""

        def effect(connection: Connection) -> None:
            here, now = outgoing(turn.payload).conversation, self._clock.now().timestamp()
            chats.leave(connection, here, now)
            for lane in chats.lanes(connection, here):
                turns.stop(connection, lane, maxsize, now)

        return effect

    def _tell_of_file(self, connection: Connection, turn: Turn) -> None:
        message = outgoing(turn.payload)
        if not message.file:
            return
        here, name = message.conversation, plain(Path(message.file).name)
        words = say(here.language, "I could not send {name}: this chat did not take it.", name=name)
        deliver(connection, Outgoing(here, words), f"unsent:{turn.id}", self._clock.now().timestamp())

    def _testify(self, connection: Connection, turn: Turn, rule: str, text: str) -> None:
        if turn.kind not in conversations.SPEAKING or turn.conversation is None:
            return
        now = self._clock.now()
        task = attach(connection, turn, now, self._idle)
        if chats.gone(connection, conversations.find(connection, turn.conversation)):
            return  # that the bot was thrown out says nothing of its work
        evidence.testify(connection, task.id, Evidence("behaviour", "failure", text, rule=rule), now.timestamp())
