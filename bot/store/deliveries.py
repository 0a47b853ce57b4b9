"""Messages on their way to a chat: turns in `out:` lanes, ordered for each chat."""

import json
from dataclasses import asdict

import sqlalchemy as sa
from pydantic import TypeAdapter

from bot.domain.chat import ButtonClicked, Conversation, Event, Outgoing
from bot.domain.json import JSON
from bot.store.store import Connection
from bot.store.tables import journal, turns
from bot.store.turns import OPEN, NewTurn, enqueue

LIVE = "live"
"""The place in a turn's journal of the message in which it shows itself: the platform's id, empty once it is taken."""

_outgoing = TypeAdapter(Outgoing)
_event: TypeAdapter[Event] = TypeAdapter(Event)


# Built once: they run in every turn, and building a statement costs more than running it.
_OF_LIVE = (journal.c.turn == sa.bindparam("of"), journal.c.place == LIVE)
_LIVE = sa.select(journal.c.result).where(*_OF_LIVE)
_TAKE = journal.update().where(*_OF_LIVE).values(result="")


def deliver(
    connection: Connection, message: Outgoing, key: str, now: float, *, replaces: str = "", live: str = ""
) -> None:
    """Enqueue a message. `key` makes it one.

    With `replaces` it edits the posted message of that platform id, with `live` its first part takes the place of that
    live message.
    """
    payload = {"message": asdict(message), "replaces": replaces, "live": live}
    enqueue(connection, NewTurn(f"out:{key}", message.conversation.out_lane, "delivery", payload), now)


def conclude(connection: Connection, turn: int, message: Outgoing, key: str, now: float) -> None:
    """Deliver what a turn ends with, or asks the person: in the place of its live message if one stands."""
    deliver(connection, message, key, now, live=taken(connection, turn))


def taken(connection: Connection, turn: int) -> str:
    """The live message of a turn, to be taken for its last words: there is none any more. Empty where there is none."""
    live = connection.scalar(_LIVE, {"of": turn})
    if live:
        connection.execute(_TAKE, {"of": turn})
    return live or ""


def quoted(payload: JSON, conversation: Conversation) -> str:
    """The message that the answer to a turn quotes: none where a person is alone with the bot."""
    return "" if conversation.direct else payload.get("message_id", "")


def answered(connection: Connection, lane: str, message_id: str) -> int | None:
    """The speaking turn whose answer was posted in this `out:` lane as the message with this platform's id."""
    number = _key(connection, lane, message_id).removeprefix("out:reply:")
    return int(number) if number.isdecimal() else None


def form_key(click: ButtonClicked) -> str:
    """The key of the message that stands for the form of a click: what answers it is what is put in."""
    return f"form:{click.button}:{click.message_id}"


def form(connection: Connection, lane: str, message_id: str) -> tuple[str, str] | None:
    """The button whose form is the message with this platform's id, and the message that the button is under."""
    what, _, rest = _key(connection, lane, message_id).removeprefix("out:").partition(":")
    button, _, under = rest.partition(":")
    return (button, under) if what == "form" else None


def _key(connection: Connection, lane: str, message_id: str) -> str:
    """The key of the delivery that was posted in this `out:` lane as the message with this platform's id."""
    posted = (journal.c.place.like("send:%"), sa.cast(journal.c.result, sa.Text) == json.dumps(message_id))
    keys = sa.select(turns.c.key).join(journal, journal.c.turn == turns.c.id).where(turns.c.lane == lane, *posted)
    return connection.scalar(keys.order_by(turns.c.id.desc()).limit(1)) or ""


def waiting_files(connection: Connection, lane: str) -> set[str]:
    """The paths of the files that deliveries of this `out:` lane have still to bring."""
    waiting = (turns.c.lane == lane, turns.c.kind == "delivery", OPEN)
    payloads = connection.scalars(sa.select(turns.c.payload).where(*waiting))
    return {file for payload in payloads if (file := outgoing(payload).file)}


def delivered(connection: Connection, key: str) -> Outgoing | None:
    """The message with this key, posted or still on its way; None where there is none, or it was forgotten."""
    payload = connection.scalar(sa.select(turns.c.payload).where(turns.c.key == f"out:{key}"))
    return outgoing(payload) if payload else None


def outgoing(payload: JSON) -> Outgoing:
    """The message in a delivery's payload."""
    return _outgoing.validate_python(payload["message"])


def event_payload(event: Event) -> JSON:
    """An event as JSON."""
    return _event.dump_python(event, mode="json")


def event(payload: JSON) -> Event:
    """The event in a turn's payload."""
    return _event.validate_python(payload)
