"""What a conversation left is deleted. Rows by which an event is known, or a skill's record counted, stay empty."""

from collections.abc import Sequence

import sqlalchemy as sa

from bot.domain.chat import Conversation
from bot.store.tables import buttons, confirmations, evidence, journal, judgements, tasks, turns, uses


def said(connection: sa.Connection, key: str, before: int) -> list[int]:
    """The turns of a conversation that have ended, of those before a turn."""
    where = (turns.c.conversation == key, turns.c.id < before, turns.c.finished.is_not(None))
    return list(connection.scalars(sa.select(turns.c.id).where(*where)))


def sent(connection: sa.Connection, conversation: Conversation, before: int) -> list[int]:
    """The deliveries to a conversation before a turn in their lane: they have ended."""
    thread = turns.c.payload["message"]["conversation"]["thread"].as_string()
    in_lane = (turns.c.lane == conversation.out_lane, turns.c.kind == "delivery", turns.c.id < before)
    return list(connection.scalars(sa.select(turns.c.id).where(*in_lane, thread == conversation.thread)))


def tasks_of(connection: sa.Connection, key: str) -> list[str]:
    """The tasks of a conversation."""
    return list(connection.scalars(sa.select(tasks.c.id).where(tasks.c.conversation == key)))


def before(connection: sa.Connection, at: float) -> int:
    """The first turn that came at this time or after it; one that is yet to come, where there is none."""
    newest = sa.select(sa.func.max(turns.c.id)).where(turns.c.created < at)
    return (connection.scalar(newest) or 0) + 1


_FULL = sa.cast(turns.c.payload, sa.Text) != "{}"


def old_turns(connection: sa.Connection, before: int) -> list[int]:
    """Turns of before one that have ended and were not emptied: what people said and did, no matter where."""
    theirs = sa.or_(
        turns.c.conversation.is_not(None), turns.c.kind.in_(("reaction", "membership", "home", "publish-home"))
    )
    where = (turns.c.id < before, turns.c.finished.is_not(None), turns.c.kind != "delivery", theirs, _FULL)
    return list(connection.scalars(sa.select(turns.c.id).where(*where)))


def old_deliveries(connection: sa.Connection, before: int) -> list[int]:
    """Deliveries of before a turn that have ended and were not emptied."""
    where = (turns.c.id < before, turns.c.finished.is_not(None), turns.c.kind == "delivery", _FULL)
    return list(connection.scalars(sa.select(turns.c.id).where(*where)))


def old_tasks(connection: sa.Connection, before: int) -> list[str]:
    """Closed tasks whose turns all came before one, and that were not forgotten."""
    where = (tasks.c.last_turn < before, tasks.c.closed.is_not(None), tasks.c.person != "")
    return list(connection.scalars(sa.select(tasks.c.id).where(*where)))


def erased(connection: sa.Connection) -> set[str]:
    """The tasks that were forgotten."""
    return set(connection.scalars(sa.select(tasks.c.id).where(tasks.c.person == "")))


def forget_turns(connection: sa.Connection, ids: Sequence[int]) -> None:
    """Empty turns that have ended, and delete what was done in them."""
    asked = list(connection.scalars(sa.select(confirmations.c.id).where(confirmations.c.turn.in_(ids))))
    connection.execute(buttons.delete().where(buttons.c.subject.in_([*asked, *map(str, ids)])))
    connection.execute(confirmations.delete().where(confirmations.c.turn.in_(ids)))
    connection.execute(journal.delete().where(journal.c.turn.in_(ids)))
    connection.execute(uses.update().where(uses.c.turn.in_(ids)).values(parameters={}, reason=""))
    connection.execute(turns.update().where(turns.c.id.in_(ids)).values(payload={}, error=None, task=None))


def forget_deliveries(connection: sa.Connection, ids: Sequence[int]) -> None:
    """Empty deliveries that have ended; which messages they posted stays known."""
    connection.execute(turns.update().where(turns.c.id.in_(ids)).values(payload={}, error=None))


def forget_tasks(connection: sa.Connection, ids: Sequence[str], now: float) -> None:
    """Close tasks for good, without words: how they went still counts for what sources of evidence are worth."""
    judged = sa.select(evidence.c.text).where(evidence.c.task.in_(ids), evidence.c.source == "judge")
    connection.execute(judgements.delete().where(judgements.c.text.in_(judged)))
    connection.execute(evidence.update().where(evidence.c.task.in_(ids)).values(text="", person=""))
    empty = {"private": True, "person": "", "detail": "", "suspicion": ""}
    closed = sa.func.coalesce(tasks.c.closed, now)
    connection.execute(tasks.update().where(tasks.c.id.in_(ids)).values(closed=closed, **empty))
