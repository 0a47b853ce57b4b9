"""An event becomes a turn: the row is the promise, made before the platform is told that all is well."""

from collections import deque
from dataclasses import replace

from bot.domain.chat import (
    ButtonClicked,
    ChatMoved,
    Event,
    HomeOpened,
    MembershipChanged,
    MessageReceived,
    Reacted,
)
from bot.domain.json import JSON
from bot.domain.text import clean
from bot.engine.commands import ASIDE, command_of
from bot.ports import Clock
from bot.store import buttons, chats, conversations, deliveries, homes, turns
from bot.store.chats import Chat
from bot.store.commits import Commit
from bot.store.deliveries import event_payload
from bot.store.homes import Wanted
from bot.store.store import Connection, Store
from bot.store.turns import NewTurn

REMEMBERED = 1000
"""Messages not addressed to the bot that are kept in memory for a while."""

ALBUM_SECONDS = 1.0
"""How long the first message of an album waits; Telegram brings the others in the same breath."""


class Intake:
    """Takes the events of every platform."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._unasked: deque[MessageReceived] = deque(maxlen=REMEMBERED)

    async def accept(self, event: Event) -> None:
        """Commit an event; one that came before changes nothing. Raises StoreError when nothing was committed.

        What is not addressed to the bot counts in conversations that it takes part in, also if what began them comes
        behind it, and is forgotten elsewhere. A chat that has moved is the one it was, for this event and for those
        behind it. Who speaks in a chat that the bot was thrown out of has let it in again.
        """
        now = self._clock.now().timestamp()
        cleaned = _clean(event)

        def work(connection: Connection) -> bool:
            chat = chats.find(connection, cleaned.conversation)
            said = replace(cleaned, conversation=chat.place(cleaned.conversation)) if chat else cleaned
            if _among_others(connection, said):
                return False
            if isinstance(said, ChatMoved):
                chats.move(connection, said.conversation, said.chat)
            elif not _of_before(cleaned, chat):
                _enqueue(connection, said, now)
                if chat and chat.gone and isinstance(said, MessageReceived):
                    _enqueue(connection, _returned(said), now)
            return True

        taken = await self._store.write(Commit.INTAKE, work)
        if isinstance(cleaned, MessageReceived):
            await self._follow(cleaned, taken)

    async def _follow(self, said: MessageReceived, taken: bool) -> None:
        """Remember what was not taken, until what began its thread comes after all, which a platform had to repeat."""
        if not taken:
            self._unasked.append(said)
        elif said.message_id == said.conversation.thread:
            for reply in [one for one in self._unasked if one.conversation == said.conversation]:
                await self.accept(reply)
                self._unasked.remove(reply)


def _enqueue(connection: Connection, event: Event, now: float) -> None:
    if isinstance(event, MessageReceived | ButtonClicked):  # of the others the platform may not tell the thread
        conversations.remember(connection, event.conversation)
    new = _turn(connection, event)
    if isinstance(event, MessageReceived) and event.album and new.kind == "message":
        _enqueue_part(connection, event.album, new, now)
    else:
        turns.enqueue(connection, new, now)


def _enqueue_part(connection: Connection, album: str, new: NewTurn, now: float) -> None:
    """The first message of an album waits a moment for the others, which become a part of it unless it was begun."""
    first = turns.of_album(connection, new.lane, album)
    id = turns.enqueue(connection, replace(new, due=now + ALBUM_SECONDS), now)
    if first is None or id is None:
        return
    before, payload = first
    attachments = [*payload["attachments"], *new.payload["attachments"]]
    text = "\n".join(filter(None, (payload["text"], new.payload["text"])))
    turns.absorb(connection, before, {**payload, "attachments": attachments, "text": text}, id, now)


def _clean(event: Event) -> Event:
    """The event with the texts that people choose made fit to store, whatever the platform let through."""
    person = replace(event.person, name=clean(event.person.name))
    match event:
        case MessageReceived():
            files = tuple(replace(one, name=clean(one.name), media=clean(one.media)) for one in event.attachments)
            return replace(event, person=person, text=clean(event.text), attachments=files)
        case ButtonClicked():
            text = None if event.text is None else clean(event.text)
            return replace(event, person=person, button=clean(event.button), text=text)
        case Reacted():
            return replace(event, person=person, emoji=tuple(map(clean, event.emoji)))
    return replace(event, person=person)


def _among_others(connection: Connection, event: Event) -> bool:
    """Whether people say this to each other: the conversation's row tells that the bot was spoken to there."""
    unasked = isinstance(event, MessageReceived) and not event.addressed
    return unasked and not conversations.known(connection, event.conversation.key)


def _of_before(event: Event, chat: Chat | None) -> bool:
    """Whether it tells where the bot is of the id that a chat had before it moved."""
    moved = chat.moved if chat else None
    return isinstance(event, MembershipChanged) and moved is not None and moved != event.conversation.chat


def _returned(said: MessageReceived) -> MembershipChanged:
    return MembershipChanged(f"back:{said.key}", said.conversation, said.person, member=True, at=said.at)


def _turn(connection: Connection, event: Event) -> NewTurn:
    conversation = event.conversation
    payload = event_payload(event)
    match event:
        case ButtonClicked():
            meaning = buttons.meaning(connection, event.button)
            lane = f"card:{meaning.subject}" if meaning else f"card:{conversation.key}"
            return NewTurn(event.key, lane, "click", payload, conversation.key)
        case HomeOpened():
            return homes.look(event.key, Wanted(conversation, event.person))
        case Reacted():
            return NewTurn(event.key, f"reaction:{conversation.out_lane}:{event.message_id}", "reaction", payload)
        case MessageReceived():
            form = deliveries.form(connection, conversation.out_lane, event.quotes) if event.quotes else None
            return _turn(connection, _put_in(event, *form)) if form else _said(event, payload)
    return NewTurn(event.key, f"membership:{conversation.scope}", "membership", payload)


def _put_in(said: MessageReceived, button: str, under: str) -> ButtonClicked:
    """What answers the message that stands for a form."""
    file = next(iter(said.attachments), None)
    return ButtonClicked(
        said.key, said.conversation, said.person, button, under, "", said.at, text=said.text, file=file
    )


def _said(event: MessageReceived, payload: JSON) -> NewTurn:
    conversation = event.conversation
    command = command_of(event.text)
    if command is None:
        return NewTurn(event.key, conversation.lane, "message", payload, conversation.key)
    # What asks or stops does not queue behind work; what ends or begins a piece of work keeps its place.
    lane = f"aside:{conversation.key}" if command in ASIDE else conversation.lane
    return NewTurn(event.key, lane, "command", payload, conversation.key)
