"""An event becomes a turn: the row is the promise, made before the platform is told that all is well."""

from dataclasses import replace

from bot.domain.chat import ButtonClicked, Event, MessageReceived, Reacted
from bot.domain.text import clean
from bot.engine.commands import ASIDE, command_of
from bot.ports import Clock
from bot.store import buttons, conversations, turns
from bot.store.commits import Commit
from bot.store.deliveries import event_payload
from bot.store.store import Connection, Store
from bot.store.turns import NewTurn


class Intake:
    """Takes the events of every platform."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def accept(self, event: Event) -> None:
        """Commit an event; one that came before changes nothing. Raises StoreError when nothing was committed.

        What is not addressed to the bot counts in conversations that it takes part in, and is forgotten elsewhere.
        """
        now = self._clock.now().timestamp()
        event = _clean(event)

        def work(connection: Connection) -> None:
            if _among_others(connection, event):
                return
            if not isinstance(event, Reacted):  # of a reaction the platform may not tell the thread
                conversations.remember(connection, event.conversation)
            turns.enqueue(connection, _turn(connection, event), now)

        await self._store.write(Commit.INTAKE, work)


def _clean(event: Event) -> Event:
    """The event with the texts that people choose made fit to store, whatever the platform let through."""
    person = replace(event.person, name=clean(event.person.name))
    if isinstance(event, ButtonClicked):
        return replace(event, person=person, button=clean(event.button))
    if isinstance(event, Reacted):
        return replace(event, person=person, emoji=tuple(map(clean, event.emoji)))
    return replace(event, person=person, text=clean(event.text))


def _among_others(connection: Connection, event: Event) -> bool:
    """Whether people say this to each other: the conversation's row tells that the bot was spoken to there."""
    unasked = isinstance(event, MessageReceived) and not event.addressed
    return unasked and not conversations.known(connection, event.conversation.key)


def _turn(connection: Connection, event: Event) -> NewTurn:
    conversation = event.conversation
    if isinstance(event, ButtonClicked):
        meaning = buttons.meaning(connection, event.button)
        lane = f"card:{meaning.subject}" if meaning else f"card:{conversation.key}"
        return NewTurn(event.key, lane, "click", event_payload(event), conversation.key)
    if isinstance(event, Reacted):
        lane = f"reaction:{conversation.out_lane}:{event.message_id}"
        return NewTurn(event.key, lane, "reaction", event_payload(event))
    return _said(event)


def _said(event: MessageReceived) -> NewTurn:
    conversation = event.conversation
    payload = event_payload(event)
    command = command_of(event.text)
    if command is None:
        return NewTurn(event.key, conversation.lane, "message", payload, conversation.key)
    # What asks or stops does not queue behind work; what ends or begins a piece of work keeps its place.
    lane = f"aside:{conversation.key}" if command in ASIDE else conversation.lane
    return NewTurn(event.key, lane, "command", payload, conversation.key)
