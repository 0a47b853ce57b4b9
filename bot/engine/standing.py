"""What may be done in a chat without asking: listed in `/status`, and taken back there."""

from collections.abc import Sequence

from bot.domain.chat import Button, ButtonClicked, Conversation, InPassing, Outgoing
from bot.domain.text import plain
from bot.ports import Clock
from bot.store import audit, buttons, permissions
from bot.store.audit import Event
from bot.store.buttons import Meaning
from bot.store.deliveries import deliver
from bot.store.store import Connection, Effect, Store
from bot.words import Sentence, say

KIND = "standing"
"""Of the buttons that take a permission back; their subject is its scope and its name."""
MOST = 20
"""Buttons under one message."""


def line(connection: Connection, here: Conversation) -> str:
    """The line of `/status`."""
    names = ", ".join(f"`{one.ref.name}`" for one in permissions.given(connection, here.scope))
    return say(here.language, "- Without asking: {names}", names=names or Sentence("nothing"))


def rows(connection: Connection, here: Conversation) -> Sequence[tuple[Button, ...]]:
    """A button for each that takes it back; those that have no room come once others are gone."""
    given = permissions.given(connection, here.scope)[:MOST]
    return [_row(connection, here, one.ref.name) for one in given]


class Standing:
    """Takes permissions back. Anybody of the chat may: then I ask again, and nothing is lost."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def decide(self, click: ButtonClicked, meaning: Meaning) -> tuple[str, Effect]:
        """A click on what takes one back."""
        scope, _, name = meaning.subject.partition(" ")
        language = click.conversation.language
        known = await self._store.read(lambda connection: permissions.given(connection, scope))
        if name not in [one.ref.name for one in known]:
            return say(language, "I ask before {name} already.", name=name), lambda _: None
        words = InPassing(say(language, "I ask before {name} again.", name=name))
        return words, lambda connection: self._take(connection, click, scope, name)

    def _take(self, connection: Connection, click: ButtonClicked, scope: str, name: str) -> None:
        taken, now, here = permissions.take(connection, scope, name), self._clock.now().timestamp(), click.conversation
        if taken is None:
            return
        audit.note(connection, Event("taken-back", taken.ref, scope, click.person, here.key), now)
        by = plain(click.person.name or click.person.id)
        text = say(here.language, "I ask before `{name}` again: {by} decided it.", name=name, by=by)
        deliver(connection, Outgoing(here, text), f"standing:{click.key}", now)


def _row(connection: Connection, here: Conversation, name: str) -> tuple[Button, ...]:
    label = Sentence("Take {name} back", name=name)
    return buttons.row(connection, KIND, f"{here.scope} {name}", [(label, "take")], here.language)
