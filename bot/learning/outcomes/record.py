"""What a task left behind: what was said, every call with its result, the uses of skills."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.domain.chat import Conversation
from bot.domain.json import JSON
from bot.skills.output import normalise
from bot.store import conversations, journal, skills, tasks
from bot.store.confirmations import WAITING
from bot.store.journal import Entry
from bot.store.skills import Use
from bot.store.store import Connection
from bot.store.tasks import Said, Task


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was made. `arguments` are empty where they did not parse."""

    tool: str
    arguments: Mapping[str, JSON]
    result: JSON = None
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """A task. `before` is the conversation's task before it, `scheduled` what it was to do if nobody asked then."""

    task: Task
    conversation: Conversation
    said: Sequence[Said] = ()
    calls: Sequence[Call] = ()
    uses: Sequence[Use] = ()
    before: Task | None = None
    scheduled: str = ""


def record(connection: Connection, task: Task) -> Record:
    """Read a task's record. Checks of skills are no calls of the task."""
    ids = tasks.turns_of(connection, task.id)
    entries = journal.entries(connection, ids)
    made = [entry for id in ids for entry in entries[id] if entry.name and "/verify/" not in entry.place]
    return Record(
        task,
        conversations.find(connection, task.conversation),
        tasks.said(connection, task.id),
        [_call(entry) for entry in made if entry.status != "started" and entry.result != WAITING],
        skills.uses_in(connection, ids),
        tasks.before(connection, task),
        tasks.scheduled(connection, task.id),
    )


def _call(entry: Entry) -> Call:
    return Call(entry.name, arguments(entry.request), normalise(entry.result), entry.status == "failed")


def arguments(request: JSON) -> Mapping[str, JSON]:
    """A call's arguments, from an object or from its JSON; empty where that is none."""
    if isinstance(request, str):
        try:
            request = json.loads(request)
        except (ValueError, RecursionError):
            return {}
    return request if isinstance(request, dict) else {}


def calls_in(messages: Iterable[JSON]) -> list[Call]:
    """The calls in OpenAI chat messages, with their results as they stand there. Odd messages are passed over."""
    made: list[Call] = []
    waiting: dict[str, int] = {}
    for message in messages:
        for id, name, request in _wishes(message):
            waiting[id] = len(made)
            made.append(Call(name, arguments(request)))
        answered = waiting.pop(str(message.get("tool_call_id")), None) if isinstance(message, dict) else None
        if answered is not None:
            failed = message.get("is_error") is True
            made[answered] = replace(made[answered], result=message.get("content"), failed=failed)
    return made


def _wishes(message: JSON) -> Iterator[tuple[str, str, JSON]]:
    """The calls that a message wishes: id, tool, arguments."""
    calls = message.get("tool_calls") if isinstance(message, dict) else None
    for call in calls if isinstance(calls, list) else ():
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict) and isinstance(function.get("name"), str):
            yield str(call.get("id")), function["name"], function.get("arguments")
