"""Tasks read back as traces: the journal is the record, nothing is stored twice."""

import json
from collections.abc import Iterable, Sequence

from bot.domain.json import JSON
from bot.domain.tool import Tool
from bot.domain.trace import Trace
from bot.store import journal, tasks, transcript
from bot.store.journal import Entry
from bot.store.store import Connection
from bot.store.tasks import Task

MOST = 2_000
"""Tasks of a scope that a cycle reads, the newest."""


def traces(connection: Connection, scope: str, tools: Sequence[Tool]) -> list[Trace]:
    """The closed tasks of a scope that may be mined, oldest first. `tools` are the bot's built-in tools."""
    definitions = tuple(map(_definition, tools))
    return [_trace(connection, task, definitions) for task in tasks.closed_tasks(connection, scope, MOST)]


def _trace(connection: Connection, task: Task, definitions: tuple[JSON, ...]) -> Trace:
    ids = tasks.turns_of(connection, task.id)
    said = transcript.said_in(connection, ids)
    entries = journal.entries(connection, ids)
    messages = tuple(message for id in ids for message in _messages(id, said[id], entries[id]))
    marks = {"suspect": bool(task.suspicion), "private": task.private}
    return Trace(task.id, task.id, task.scope, messages, definitions, task.outcome, task.person, **marks)


def _messages(turn: int, text: str, entries: Iterable[Entry]) -> list[JSON]:
    """The person's words and every call that was made; a skill's run counts as the calls of its steps."""
    calls = [entry for entry in entries if entry.name and entry.status != "started"]
    runs = {entry.place.split("/")[0] for entry in calls if "/" in entry.place}
    made = [entry for entry in calls if entry.place not in runs and "/verify/" not in entry.place]
    return [{"role": "user", "content": text}, *(message for entry in made for message in _call(turn, entry))]


def _call(turn: int, entry: Entry) -> list[JSON]:
    id = transcript.call_id(turn, entry.place)
    arguments = entry.request if isinstance(entry.request, str) else json.dumps(entry.request, ensure_ascii=False)
    asked = {"id": id, "type": "function", "function": {"name": entry.name, "arguments": arguments}}
    return [
        {"role": "assistant", "content": None, "tool_calls": [asked]},
        {
            "role": "tool",
            "tool_call_id": id,
            "content": transcript.as_text(entry.result),
            "is_error": entry.status == "failed",
        },
    ]


def _definition(tool: Tool) -> JSON:
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.schema)}
    return {"type": "function", "function": function, "annotations": {"readOnlyHint": tool.reads}}
