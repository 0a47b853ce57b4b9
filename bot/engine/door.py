"""Who may talk to the bot: closed by default, opened by settings or by a pairing code."""

import secrets
from collections.abc import Callable, Sequence

import structlog

from bot.domain.chat import ButtonClicked, Conversation, MessageReceived, Outgoing, Person
from bot.engine.clicks import Decide
from bot.engine.commands import command_of
from bot.engine.guests import WELCOME, Guests
from bot.engine.lanes import Handler
from bot.ports import Clock
from bot.store import people
from bot.store.buttons import Meaning
from bot.store.commits import Commit
from bot.store.deliveries import deliver, event
from bot.store.store import Connection, Effect, Store
from bot.store.turns import Turn
from bot.words import Sentence, say

log = structlog.get_logger()
CODE_SECONDS = 600
"""A pairing code is valid for ten minutes."""
CLOSED = Sentence(
    "I work only for people who were let in. If that should be you, ask whoever runs me for a pairing code "
    "and send me (on Slack with /apprentice before it): /start CODE"
)
ASKED = Sentence("I work only for people who were let in. I have asked whoever runs me about you.")


class Door:
    """Lets people in. `allowed` is APPRENTICE_ALLOWED; without it a pairing code does, which `announce` shows."""

    def __init__(
        self, store: Store, clock: Clock, allowed: Sequence[str], announce: Callable[[str], None], guests: Guests
    ) -> None:
        self._store = store
        self._clock = clock
        self._allowed = frozenset(allowed)
        self._announce = announce
        self._guests = guests

    async def open_to(self, conversation: Conversation, person: Person) -> bool:
        """Whether this person may talk to the bot in this conversation."""
        # A workspace is its people's, not its rooms': others may be guests in a shared channel.
        rooms = {conversation.scope, f"{conversation.platform}:{conversation.chat}"}  # then and now, where it has moved
        names = {"*", person.id, *rooms, person.id.split("/")[0]}
        if conversation.platform == "console" or names & self._allowed:
            return True
        return await self._store.read(lambda connection: people.paired(connection, person.id))

    def guarded(self, handler: Handler) -> Handler:
        """The handler, for those who may talk; others hear once that the bot is closed."""

        async def guard(turn: Turn) -> Effect:
            said = event(turn.payload)
            if await self.open_to(said.conversation, said.person):
                return await handler(turn)
            if isinstance(said, MessageReceived) and said.addressed:
                return await self._stranger(turn, said)
            return lambda _: None

        return guard

    def guests_only(self, decide: Decide) -> Decide:
        """The decision, for those who may talk."""

        async def guard(click: ButtonClicked, meaning: Meaning) -> tuple[str, Effect]:
            if await self.open_to(click.conversation, click.person):
                return await decide(click, meaning)
            return say(click.conversation.language, "I work only for people who were let in."), lambda _: None

        return guard

    async def offer_code(self, *, anew: bool = False) -> None:
        """Announce a new pairing code, unless the settings say who is allowed; `anew` even where one is valid."""
        if self._allowed:
            return
        now = self._clock.now().timestamp()
        code = secrets.token_hex(4)

        def work(connection: Connection) -> bool:
            if not anew and people.offered(connection, now):
                return False
            people.offer(connection, code, now + CODE_SECONDS)
            return True

        if await self._store.write(Commit.PAIRING, work):
            self._announce(code)

    async def _stranger(self, turn: Turn, said: MessageReceived) -> Effect:
        now, language = self._clock.now().timestamp(), said.conversation.language
        await self.offer_code()
        word, _, code = said.text.strip().partition(" ")
        pairing = command_of(word) == "start" and bool(code.strip())

        def effect(connection: Connection) -> None:
            if pairing and people.pair(connection, said.person.id, code.strip(), now):
                text = WELCOME.told(language)
            elif pairing:
                text = say(
                    language, "That code is wrong, used or older than ten minutes. Ask whoever runs me for a new one."
                )
            elif people.tell(connection, said.person.id, now):
                text = (ASKED if self._guests.ask(connection, turn, said) else CLOSED).told(language)
            else:
                return
            deliver(connection, Outgoing(said.conversation, text, (), said.message_id), f"reply:{turn.id}", now)

        log.info("door.stranger", person=said.person.id, conversation=said.conversation.key)
        return effect
