"""Messages on their way to a chat: turns in `out:` lanes, ordered for each chat."""

import json
from dataclasses import asdict

import sqlalchemy as sa
from pydantic import TypeAdapter

from bot.domain.chat import Event, Outgoing
from bot.domain.json import JSON
from bot.store.store import Connection
from bot.store.tables import journal, turns
from bot.store.turns import OPEN, NewTurn, enqueue

_outgoing = TypeAdapter(Outgoing)
_event: TypeAdapter[Event] = TypeAdapter(Event)


def deliver(connection: Connection, message: Outgoing, key: str, now: float, *, replaces: str = "") -> None:
    """Enqueue a message; with `replaces` it edits the posted message of that platform id. `key` makes it one."""
    payload = {"message": asdict(message), "replaces": replaces}
    enqueue(connection, NewTurn(f"out:{key}", message.conversation.out_lane, "delivery", payload), now)


def answered(connection: Connection, lane: str, message_id: str) -> int | None:
    """The speaking turn whose answer was posted in this `out:` lane as the message with this platform's id."""
    posted = (journal.c.place.like("send:%"), sa.cast(journal.c.result, sa.Text) == json.dumps(message_id))
    keys = sa.select(turns.c.key).join(journal, journal.c.turn == turns.c.id).where(turns.c.lane == lane, *posted)
    key = connection.scalar(keys.order_by(turns.c.id.desc()).limit(1)) or ""
    number = key.removeprefix("out:reply:")
    return int(number) if number.isdecimal() else None


def waiting_files(connection: Connection, lane: str) -> set[str]:
    """The paths of the files that deliveries of this `out:` lane have still to bring."""
    payloads = connection.scalars(sa.select(turns.c.payload).where(turns.c.lane == lane, OPEN))
    return {file for payload in payloads if (file := outgoing(payload).file)}


def outgoing(payload: JSON) -> Outgoing:
    """The message in a delivery's payload."""
    return _outgoing.validate_python(payload["message"])


def event_payload(event: Event) -> JSON:
    """An event as JSON."""
    return _event.dump_python(event, mode="json")


def event(payload: JSON) -> Event:
    """The event in a turn's payload."""
    return _event.validate_python(payload)
