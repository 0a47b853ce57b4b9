"""Lists that a chat is shown a page at a time: as an answer, then each page in the place of the one before."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Self, TypeVar

from bot.domain.chat import Button, ButtonClicked, Conversation, MessageReceived, Outgoing
from bot.store.deliveries import deliver
from bot.store.store import Connection
from bot.words import Sentence

PAGE = 8
"""Things on a page."""
IN_A_ROW = 4
"""Buttons side by side."""
T = TypeVar("T")
Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """What stands on one; `number` and `last` count from 0."""

    number: int
    last: int
    shown: Sequence[T]

    def around(self) -> list[tuple[Sentence, str]]:
        """The labels of what leads to the pages beside it, with their numbers."""
        back, more = (Sentence("Back"), self.number - 1), (Sentence("More"), self.number + 1)
        return [(label, str(number)) for label, number in (back, more) if 0 <= number <= self.last]


def page_of(known: Sequence[T], wanted: int) -> Page[T]:
    """The page that is wanted, or the last one where there are fewer by now."""
    last = max(0, len(known) - 1) // PAGE
    number = min(wanted, last)
    return Page(number, last, known[number * PAGE : (number + 1) * PAGE])


def in_rows(each: Sequence[T]) -> list[Sequence[T]]:
    """Buttons, as many side by side as have room."""
    return [each[start : start + IN_A_ROW] for start in range(0, len(each), IN_A_ROW)]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page is shown: the one that is `wanted`, by a delivery of that `key`."""

    here: Conversation
    key: str
    wanted: int = 0
    reply_to: str = ""
    replaces: str = ""

    @classmethod
    def asked(cls, said: MessageReceived, key: str) -> Self:
        """The first page, as an answer."""
        return cls(said.conversation, key, reply_to=said.quote)

    @classmethod
    def turned(cls, click: ButtonClicked, wanted: int, key: str) -> Self:
        """The page that takes the place of the one with the button."""
        return cls(click.conversation, key, wanted, replaces=click.message_id)

    def put(self, connection: Connection, text: str, rows: Rows, now: float) -> None:
        """Show it."""
        message = Outgoing(self.here, text, rows, self.reply_to)
        deliver(connection, message, self.key, now, replaces=self.replaces)
