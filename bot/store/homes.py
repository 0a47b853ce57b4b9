"""The page that a person sees when they open the bot: shown by a turn, when they look and after each click on it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from pydantic import TypeAdapter

from bot.domain.chat import ButtonClicked, Conversation, Home, Outgoing, Person
from bot.domain.json import JSON
from bot.store.deliveries import deliver
from bot.store.store import Connection
from bot.store.turns import NewTurn, enqueue


@dataclass(frozen=True, slots=True)
class Wanted:
    """A look at a person's page: at which page of their skills, and what came of their last click, to stand `above`."""

    conversation: Conversation
    person: Person
    skills: int = 0
    above: Outgoing | None = None


Piece = Callable[[Connection], Outgoing]
"""Makes a part of a page, with its buttons."""
_wanted, _home = TypeAdapter(Wanted), TypeAdapter(Home)


def look(key: str, wanted: Wanted, behind: str = "") -> NewTurn:
    """The turn that finds out what stands on a page, in its own lane or `behind` the work of another."""
    return NewTurn(key, behind or _lane(wanted.conversation), "home", asdict(wanted))


def wanted(payload: JSON) -> Wanted:
    """What a turn of `look` is to show."""
    return _wanted.validate_python(payload)


def publication(key: str, home: Home) -> NewTurn:
    """The turn that shows a page."""
    return NewTurn(key, _lane(home.conversation), "publish-home", asdict(home))


def home(payload: JSON) -> Home:
    """The page in a turn of `publication`."""
    return _home.validate_python(payload)


def show_again(
    connection: Connection, click: ButtonClicked, now: float, above: Outgoing | None = None, behind: str = ""
) -> None:
    """Show the page anew on which somebody clicked; of one click the first call counts."""
    enqueue(connection, look(f"home:{click.key}", Wanted(click.conversation, click.person, above=above), behind), now)


def change(
    connection: Connection, click: ButtonClicked, message: Outgoing, key: str, now: float, behind: str = ""
) -> None:
    """Put a message in the place of the one under which somebody clicked, or on top of the page they clicked on.

    The page is shown `behind` the work of that lane, where what was decided begins some.
    """
    if click.message_id:
        deliver(connection, message, key, now, replaces=click.message_id)
    else:
        show_again(connection, click, now, message, behind)


def _lane(conversation: Conversation) -> str:
    return f"home:{conversation.key}"
