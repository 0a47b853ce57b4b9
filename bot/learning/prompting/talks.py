"""Tasks in which nothing was called: what was asked, what was answered, and what the person wanted otherwise."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.domain.text import FILE_MARK
from bot.domain.trace import Trace
from bot.learning.mining.canonical import text_of

LONGEST = 4_000
"""Characters of a request or an answer: what is longer is a document, and no work of a few sentences."""


@dataclass(frozen=True, slots=True)
class Talk:
    """The first request of a task, the answer to it, and what the person said after that."""

    trace: str
    task: str
    person: str
    request: str
    answer: str
    after: tuple[str, ...] = ()


def talks(traces: Iterable[Trace]) -> list[Talk]:
    """The talks among traces that may be learned from, one a task, by the tasks' ids."""
    found: dict[str, Talk] = {}
    for trace in traces:
        talk = None if trace.suspect or trace.private else _talk(trace)
        if talk is not None:
            found.setdefault(talk.task, talk)
    return [found[task] for task in sorted(found)]


def _talk(trace: Trace) -> Talk | None:
    if any(message.get("tool_calls") or message.get("role") == "tool" for message in trace.messages):
        return None
    said = list(_turns(trace))
    answered = next((number for number, (role, _) in enumerate(said) if role == "assistant"), None)
    if not answered or said[0][0] != "user":
        return None
    request = "\n".join(text for _, text in said[:answered])
    answer = said[answered][1]
    after = tuple(text for role, text in said[answered + 1 :] if role == "user")
    if max(len(request), len(answer)) > LONGEST or FILE_MARK.search(request):
        return None  # what stood in a document or a picture cannot be asked about again
    return Talk(trace.id, trace.task, trace.person, request, answer, after)


def _turns(trace: Trace) -> Iterator[tuple[str, str]]:
    for message in trace.messages:
        text = text_of(message.get("content")).strip()
        if text and message.get("role") in ("user", "assistant"):
            yield message["role"], text
