"""Somebody who was not let in writes: the operator is asked, once a person, and says yes or no."""

from collections.abc import Sequence

import structlog

from bot.domain.chat import ButtonClicked, Event, InPassing, MessageReceived, Outgoing
from bot.domain.text import plain, shorten
from bot.ports import Clock
from bot.store import buttons, conversations, people, turns
from bot.store.buttons import Meaning
from bot.store.deliveries import deliver, event
from bot.store.store import Connection, Effect, Store
from bot.store.turns import Turn
from bot.words import Sentence, say

log = structlog.get_logger()
WELCOME = Sentence("You are in: I work for you now. /help says what I understand.")
CHOICES = ((Sentence("Yes"), "yes"), (Sentence("No"), "no"))
LONGEST_NAME = 80


class Guests:
    """Asks the operator about strangers. `reviewers` is APPRENTICE_REVIEWERS: its first is asked if nobody paired."""

    def __init__(self, store: Store, clock: Clock, reviewers: Sequence[str]) -> None:
        self._store = store
        self._clock = clock
        self._reviewers = reviewers

    def ask(self, connection: Connection, turn: Turn, said: MessageReceived) -> bool:
        """Put the question to the operator; False where there is none to be asked."""
        operator = people.operator(connection, self._reviewers)
        if operator is None:
            log.warning("guests.nobody_to_ask", person=said.person.id, advice="Pair, or set APPRENTICE_REVIEWERS.")
            return False
        home = conversations.alone_with(connection, operator)
        text = say(home.language, "{name} writes to me and was not let in. Let them in?", name=_name(said))
        rows = (buttons.row(connection, "guest", str(turn.id), CHOICES, home.language),)
        deliver(connection, Outgoing(home, text, rows), f"guest:{turn.id}", self._clock.now().timestamp())
        return True

    async def decide(self, click: ButtonClicked, meaning: Meaning) -> tuple[str, Effect]:
        """The operator's answer."""
        turn, language = int(meaning.subject), click.conversation.language
        operator, said, inside = await self._store.read(lambda connection: self._case(connection, turn))
        if click.person.id != operator or not isinstance(said, MessageReceived):
            return say(language, "Only whoever runs me decides this."), lambda _: None
        let_in = meaning.action == "yes"

        def effect(connection: Connection) -> None:
            now = self._clock.now().timestamp()
            key = f"{turn}:{click.key}"
            if let_in and people.let_in(connection, said.person.id, now):
                welcome = Outgoing(said.conversation, WELCOME.told(said.conversation.language), (), said.message_id)
                deliver(connection, welcome, f"welcome:{key}", now)
            decided = Outgoing(click.conversation, _decided(language, _name(said), inside, let_in))
            deliver(connection, decided, f"guest:{key}", now, replaces=click.message_id)
            log.info("guests.decided", person=said.person.id, let_in=let_in, by=click.person.id)

        name = shorten(said.person.name or said.person.id, LONGEST_NAME)
        return InPassing(_decided(language, name, inside, let_in)), effect

    def _case(self, connection: Connection, turn: int) -> tuple[str | None, Event, bool]:
        """The operator, what the stranger said, and whether they were let in since."""
        said = event(turns.payload_of(connection, turn))
        operator = people.operator(connection, self._reviewers)
        return operator, said, people.paired(connection, said.person.id)


def _decided(language: str, name: str, inside: bool, let_in: bool) -> str:
    if inside:
        return say(language, "{name} is in already.", name=name)
    return say(language, "{name} is in.", name=name) if let_in else say(language, "{name} stays out.", name=name)


def _name(said: MessageReceived) -> str:
    return f"**{plain(shorten(said.person.name or said.person.id, LONGEST_NAME))}** ({plain(said.person.id)})"
