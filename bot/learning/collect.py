"""Tasks read back as traces: the journal is the record, nothing is stored twice."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from hashlib import sha256

from bot.domain.json import JSON
from bot.domain.tool import Tool
from bot.domain.trace import Trace
from bot.learning.traces import Reader
from bot.store import imported, journal, tasks, transcript
from bot.store.confirmations import WAITING
from bot.store.journal import Entry
from bot.store.store import Connection
from bot.store.tasks import Task

MOST = 2_000
"""Tasks of a scope that a cycle reads, the newest."""
MOST_IMPORTED = 10_000
"""Imported traces of a scope that a cycle reads beside them."""
_IMPORTED = "import:"
"""Begins the ids of imported traces, which other agents chose: none of them is a task of the bot's own."""


def marks(connection: Connection, scope: str, tools: Sequence[Tool]) -> dict[str, str]:
    """The ids of the traces of a scope that may be mined, oldest first; with each what changes when the trace does."""
    closed = tasks.closed_tasks(connection, scope, MOST)
    here = sha256(json.dumps([_definition(tool) for tool in tools], sort_keys=True).encode()).hexdigest()
    own = {task.id: repr((task.last_turn, task.outcome, task.suspicion, here)) for task in closed}
    return own | {_IMPORTED + id: mark for id, mark in imported.digests(connection, scope, MOST_IMPORTED).items()}


def newest(ids: Iterable[str], most: int) -> list[str]:
    """Of the ids that `marks` gives, the newest of the bot's own traces, and of the imported ones."""
    kinds: tuple[list[str], list[str]] = ([], [])
    for id in ids:
        kinds[id.startswith(_IMPORTED)].append(id)
    return [id for kind in kinds for id in kind[-most:]]


def traces(connection: Connection, scope: str, tools: Sequence[Tool], ids: Collection[str]) -> list[Trace]:
    """These traces of a scope. `tools` are the bot's built-in tools."""
    others = [id.removeprefix(_IMPORTED) for id in ids if id.startswith(_IMPORTED)]
    brought = Reader(imported.lines(connection, scope, others) if others else ())
    return [
        *own(connection, [id for id in ids if not id.startswith(_IMPORTED)], tools),
        *(replace(trace, id=_IMPORTED + trace.id, task=_IMPORTED + trace.task) for trace in brought),
    ]


def own(connection: Connection, ids: Iterable[str], tools: Sequence[Tool]) -> list[Trace]:
    """These closed tasks of the bot's own as traces."""
    definitions = tuple(map(_definition, tools))
    return [_trace(connection, tasks.task(connection, id), definitions) for id in ids]


def _trace(connection: Connection, task: Task, definitions: tuple[JSON, ...]) -> Trace:
    ids = tasks.turns_of(connection, task.id)
    entries = journal.entries(connection, ids)
    said = transcript.said_in(connection, entries)
    for id in tasks.carried_on(connection, task.id) & set(ids[1:]):
        said[id] = ""  # a button's words between two steps of one piece of work
    messages = tuple(message for id in ids for message in _messages(id, said[id], entries[id]))
    marks = {"suspect": bool(task.suspicion), "private": task.private}
    trials = tasks.first_run(connection, task)
    return Trace(task.id, trials, task.scope, messages, definitions, task.outcome, task.person, **marks)


def _messages(turn: int, text: str, entries: Iterable[Entry]) -> list[JSON]:
    """In order: the person's words, every call that was made (a skill's run counts as the calls of its steps), answers.

    Words that joined the turn stand where the model heard them; a call that waited for a person, where it was made.
    """
    ended = [entry for entry in entries if entry.status != "started" and entry.result != WAITING]
    runs = {entry.place.split("/")[0] for entry in ended if entry.name and "/" in entry.place}
    told = [message for entry in ended if entry.place not in runs for message in _told(turn, entry)]
    return [{"role": "user", "content": text}, *told] if text else told


def _told(turn: int, entry: Entry) -> list[JSON]:
    if entry.name:
        return [] if "/verify/" in entry.place else _call(turn, entry)
    if entry.place.startswith("said:"):
        return [{"role": "user", "content": text} for text in entry.result]
    if entry.place.startswith("model:") and not entry.result["calls"]:
        return [{"role": "assistant", "content": entry.result["text"]}]
    return []


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
