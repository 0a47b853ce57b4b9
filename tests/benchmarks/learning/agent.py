"""The scripted model: it works as a fair model does, with slips drawn from a seed, and knows no skill's name.

It speaks OpenAI's protocol on loopback (tests/emulators/openai_server.py) and keeps nothing between two requests: what
it does next follows from the messages alone. Of a tool that it never heard of it knows what the tool says of itself;
it calls one whose words fit the request as soon as its parameters are known, one that may change something only at
once and by the request alone, and does by hand what is still missing.
"""

import json
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from bot.domain.json import JSON
from tests.benchmarks.learning.workplace import Call, Kind, Native, Said, Whims, Workplace
from tests.emulators.openai_server import Reply, calls, text

DETOUR = 0.12
"""Chance of a needless look before a round."""
SLIP = 0.08
"""Chance of a mistyped id, which the tool refuses and the next round mends."""
AT_ONCE = 0.5
"""Chance that the calls of one round which do not wait for each other are made together."""
QUITS = 0.04
"""Chance of stopping before the first change or the first list of things, and claiming that all is done."""
OVERLOOKS = 0.1
"""Chance of not seeing that a tool fits."""
_EMPTY = """
the and for from with that this when then person ask give each what which who are all its please before change anything
find get list show skill here has was
"""
_STOP = frozenset(_EMPTY.split())

Results = list[JSON]
Rounds = Generator[Sequence[Call], Results, str]


@dataclass(frozen=True, slots=True)
class Chat:
    """What was asked, and each call made for it with its result (None: it failed)."""

    text: str
    kind: Kind
    said: Said
    done: Sequence[tuple[Call, JSON]]


class Agent:
    """Replies to requests about one workplace's tasks; the same reply to the same request."""

    def __init__(self, workplace: Workplace, seed: int) -> None:
        self._kinds: Sequence[Kind] = workplace.kinds
        self._natives: Mapping[str, Native] = workplace.natives
        self._detour = workplace.detour
        self._seed = seed

    def __call__(self, request: JSON) -> Reply:
        """The next round of calls, or the answer."""
        chat = self._chat(request["messages"])
        if chat is None:
            return text("I do not know how to do that.")
        random = Random(f"{self._seed}:{chat.text}")
        rounds = self._rounds(chat, random, request.get("tools") or [])
        results = [result for _, result in chat.done]
        try:
            wished = next(rounds)
            while len(results) >= len(wished):
                given, results = results[: len(wished)], results[len(wished) :]
                wished = rounds.send(given)
        except StopIteration as end:
            return text(end.value)
        except (KeyError, TypeError):
            return text("A tool did not give what I need, so I could not finish.")
        return calls(*((call.tool, call.arguments) for call in wished))

    def _chat(self, messages: Sequence[JSON]) -> Chat | None:
        """The last request that is understood; an answer like "Run once" goes on with the one before."""
        for place in range(len(messages) - 1, -1, -1):
            said = str(messages[place]["content"])
            for kind in self._kinds if messages[place]["role"] == "user" else ():
                if slots := kind.understood(said):
                    return Chat(said, kind, slots, list(_done(messages[place:])))
        return None

    def _rounds(self, chat: Chat, random: Random, tools: Sequence[JSON]) -> Rounds:
        """The plan of the task as this worker carries it out."""
        overlooks, quits, at_once = random.random() < OVERLOOKS, random.random() < QUITS, random.random() < AT_ONCE
        plan = chat.kind.plan(chat.said, Whims(random))
        notes: list[dict[str, JSON]] = []
        offered = [tool["function"] for tool in tools if tool["function"]["name"] not in self._natives]
        fitting = None if overlooks else fitting_tool(chat.text, chat.said, offered)
        tried = [fitting.tool] if fitting else []
        if fitting:
            notes += _objects((yield [fitting]))
        known = dict(chat.said)
        wished = next(plan)
        while True:
            results = [self._noted(call, notes) for call in wished]
            if not overlooks and results == [None] and (fitting := fitting_tool(chat.text, known, offered, tried)):
                tried.append(fitting.tool)
                notes += _objects((yield [fitting]))
                results = [self._noted(call, notes) for call in wished]
            missing = [place for place, result in enumerate(results) if result is None]
            if missing and quits and (len(wished) > 1 or not self._natives[wished[0].tool].tool.reads):
                return "Done, all as you wished."
            for places in [missing] if at_once and missing else [[place] for place in missing]:
                yield from self._mishaps(wished[places[0]], random)
                given = yield [wished[place] for place in places]
                for place, result in zip(places, given, strict=True):
                    results[place] = result
            try:
                wished = plan.send(results)
            except StopIteration as end:
                return str(end.value)
            known |= {key: value for each in results for key, value in _texts(each)}

    def _mishaps(self, call: Call, random: Random) -> Generator[Sequence[Call], Results, None]:
        """What goes wrong before a call."""
        if random.random() < DETOUR:
            yield [self._detour(random)]
        if random.random() < SLIP and (mistyped := _mistyped(call)):
            yield [mistyped]

    def _noted(self, call: Call, notes: list[dict[str, JSON]]) -> JSON:
        """What a call would give, where a tool that does several steps has told it; taken out of the notes."""
        gives = self._natives[call.tool].gives
        for note in notes:
            same = all(note[key] == value for key, value in call.arguments.items() if key in note)
            if gives <= note.keys() and same:
                notes.remove(note)
                return note
        return None


def fitting_tool(request: str, known: Said, offered: Sequence[JSON], tried: Sequence[str] | None = None) -> Call | None:
    """The tool that says most of what the request says, among those whose parameters are known.

    In the middle of the work, `tried` given, it is none of these, and none that changes anything.
    """
    asked = _words(request)
    best: tuple[int, int] = (0, 0)
    chosen = None
    for function in offered:
        told = f"{function['name']} {function.get('description', '')}"
        if tried is not None and (function["name"] in tried or "change" in told):
            continue
        filled = _filled(function["parameters"], known)
        shared = len(asked & _words(told))
        if filled and shared and (len(filled), shared) > best:
            best, chosen = (len(filled), shared), Call(function["name"], filled)
    return chosen


def _filled(schema: JSON, known: Said) -> dict[str, JSON] | None:
    """The required parameters out of what is known, by their names; None where one is missing."""
    filled: dict[str, JSON] = {}
    for name in schema.get("required", ()):
        value = known.get(name, known.get(name.removesuffix("_id")))
        if value is None:
            return None
        number = schema["properties"][name].get("type") in ("integer", "number")
        filled[name] = int(value) if number and value.isdigit() else value
    return filled


def _done(messages: Sequence[JSON]) -> Iterator[tuple[Call, JSON]]:
    """Each call with what it gave; a call that waited for a person counts when its answer came."""
    given = {message["tool_call_id"]: message["content"] for message in messages if message["role"] == "tool"}
    for message in messages:
        for asked in message.get("tool_calls") or ():
            call = Call(asked["function"]["name"], json.loads(asked["function"]["arguments"] or "{}"))
            result = _parsed(given.get(asked["id"], ""))
            if not (isinstance(result, dict) and result.get("status") == "waiting for a person"):
                yield call, result


def _parsed(content: str) -> JSON:
    """A result as JSON; text as it is."""
    try:
        return json.loads(content)
    except ValueError:
        return content


def _objects(value: JSON) -> Iterator[dict[str, JSON]]:
    """Every object in a result, from the outside in."""
    if isinstance(value, dict):
        yield value
    for element in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(element)


def _texts(result: JSON) -> Iterator[tuple[str, str]]:
    """The fields of a record that hold text."""
    for key, value in result.items() if isinstance(result, dict) else ():
        if isinstance(value, str):
            yield key, value


def _mistyped(call: Call) -> Call | None:
    """The call with a slip in its first id; a slip in free words would go unnoticed."""
    for name, value in call.arguments.items():
        if isinstance(value, str) and " " not in value and name != "query":
            return Call(call.tool, {**call.arguments, name: f"{value}x"})
    return None


def _words(text: str) -> frozenset[str]:
    """The words that carry meaning, singular and plural alike."""
    return frozenset(word.rstrip("s") for word in re.findall(r"[a-z]{3,}", text.lower())) - _STOP
