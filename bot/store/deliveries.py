"""Messages on their way to a chat: turns in `out:` lanes, ordered for each chat."""

from dataclasses import asdict

from pydantic import TypeAdapter

from bot.domain.chat import Event, Outgoing
from bot.domain.json import JSON
from bot.store.store import Connection
from bot.store.turns import NewTurn, enqueue

_outgoing = TypeAdapter(Outgoing)
_event: TypeAdapter[Event] = TypeAdapter(Event)


def deliver(connection: Connection, message: Outgoing, key: str, now: float, *, replaces: str = "") -> None:
    """Enqueue a message; with `replaces` it edits the posted message of that platform id. `key` makes it one."""
    payload = {"message": asdict(message), "replaces": replaces}
    enqueue(connection, NewTurn(f"out:{key}", message.conversation.out_lane, "delivery", payload), now)


def outgoing(payload: JSON) -> Outgoing:
    """The message in a delivery's payload."""
    return _outgoing.validate_python(payload["message"])


def event_payload(event: Event) -> JSON:
    """An event as JSON."""
    return _event.dump_python(event, mode="json")


def event(payload: JSON) -> Event:
    """The event in a turn's payload."""
    return _event.validate_python(payload)
