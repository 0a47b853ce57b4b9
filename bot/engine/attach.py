"""A speaking turn that ends is counted to its conversation's task, whichever way it ended."""

from datetime import datetime, timedelta

from bot.store import tasks, turns
from bot.store.store import Connection
from bot.store.tasks import Task
from bot.store.turns import NewTurn, Turn


def attach(connection: Connection, turn: Turn, now: datetime, idle: timedelta) -> Task:
    """Count the turn to its task, and close the task unless somebody speaks before it was quiet for `idle`.

    What was scheduled is a task by itself, whatever people are at, and closed at once.
    """
    at = now.timestamp()
    conversation, person = str(turn.conversation), turn.payload["person"]["id"]
    if turn.kind == "scheduled":
        task = tasks.apart(connection, turn.id, conversation, person, at)
        key = f"close:{task.id}:scheduled"
        close = NewTurn(key, key, "close", {"task": task.id, "why": "scheduled"}, conversation)
        turns.enqueue(connection, close, at)
        return task
    task = tasks.attach(connection, turn.id, conversation, person, at)
    key = f"close:{task.id}:{turn.id}"
    payload = {"task": task.id, "after": turn.id, "why": "quiet"}
    due = at + idle.total_seconds()
    turns.enqueue(connection, NewTurn(key, key, "close", payload, conversation, due), at)
    return task
