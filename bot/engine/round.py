"""The calls that one reply of the model wishes: reads together, a write alone, and none over and over."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from bot.domain.json import JSON
from bot.domain.text import plain, shorten
from bot.domain.tool import ToolResult
from bot.errors import LimitReached
from bot.store import transcript
from bot.store.journal import Entry

Calls = Sequence[Mapping[str, JSON]]
"""What a reply wishes: `{"name", "arguments"}` each."""

AT_ONCE = 8
"""Reads that are under way together."""
OFTEN = 2
"""How often a turn makes the same call; the next gets REPEATED, and one more ends the turn."""
SHOWN = 300
"""Characters that a person reads of what such a call gave."""
REPEATED = (
    f"This call was made {OFTEN} times in this turn with the same arguments, so it was not made again. "
    "Answer with what you know, or say what is missing."
)


def groups(calls: Calls, reads: Callable[[str], bool]) -> Iterator[Sequence[int]]:
    """The places of the calls, in order, those together that may run at once: some reads, or one that may write."""
    for reading, run in groupby(range(len(calls)), lambda index: reads(calls[index]["name"])):
        indexes, size = [*run], AT_ONCE if reading else 1
        yield from (indexes[start : start + size] for start in range(0, len(indexes), size))


async def not_again() -> ToolResult:
    """What such a call gives."""
    return ToolResult(REPEATED, failed=True)


def repeats(before: Calls, calls: Calls, reads: Callable[[str], bool]) -> list[int]:
    """For each call how often it was wished before, in the same words, since another one that may change something."""
    return [_alike([*before, *calls[:index]], call, reads) for index, call in enumerate(calls)]


def in_circles(call: Mapping[str, JSON], entries: Iterable[Entry]) -> LimitReached:
    """How a turn ends that makes a call over and over: with what the call gave."""
    same = (each for each in entries if (each.name, each.request) == (call["name"], call["arguments"]))
    given = [transcript.as_text(each.result) for each in same if each.result != REPEATED]
    return LimitReached(
        "I stopped, since I went round in circles with {tool}. What it gave: {result}",
        tool=plain(call["name"]),
        result=plain(shorten(given[-1], SHOWN)),
    )


def _alike(before: Calls, call: Mapping[str, JSON], reads: Callable[[str], bool]) -> int:
    count = 0
    for other in reversed(before):
        if (other["name"], other["arguments"]) == (call["name"], call["arguments"]):
            count += 1
        elif not reads(other["name"]):
            break
    return count
