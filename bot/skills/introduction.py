"""A shared chat is told once that the bot learns there."""

from bot.domain.chat import Conversation, Outgoing
from bot.store import scopes
from bot.store.deliveries import deliver
from bot.store.store import Connection
from bot.words import say


def introduce(connection: Connection, here: Conversation, now: float) -> None:
    """Say it, unless that was done, or a person is alone with the bot: they know whom they talk to."""
    if here.direct or not scopes.tell(connection, here.scope, now):
        return
    text = say(
        here.language,
        "Hello! I do work with tools, and I learn procedures that repeat in this chat: nothing learned runs before a "
        "person approved it. `/learn off` keeps me from learning here.",
    )
    deliver(connection, Outgoing(here, text), f"introduced:{here.scope}", now)
