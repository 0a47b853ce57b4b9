"""What a simulated workplace is: tools that keep state, kinds of tasks that repeat, and what is true of them."""

import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from bot.domain.json import JSON
from bot.domain.skill import Step
from bot.domain.tool import Tool, ToolResult
from bot.errors import ToolError
from bot.ports import ToolContext

PEOPLE = ("Ana", "Ben", "Chen", "Dana", "Otto")
"""Who asks; Otto has habits that nobody else has."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a workplace's tool."""

    tool: str
    arguments: Mapping[str, JSON]


Said = Mapping[str, str]
"""The values that a request names, by slot."""
Plan = Generator[Sequence[Call], Sequence[JSON], str]
"""How a task is done: yields calls that do not wait for each other, is sent their results, returns the answer."""


class Whims:
    """What a worker does now and then, drawn from `random`; one who is `careful` has no bad habits."""

    def __init__(self, random: Random, *, careful: bool = False) -> None:
        self.random = random
        self._careful = careful

    def gives_in(self, probability: float) -> bool:
        """Whether a bad habit wins this time."""
        drawn = self.random.random()
        return drawn < probability and not self._careful


@dataclass(frozen=True, slots=True)
class Kind:
    """Tasks of one sort.

    `wordings` have slots in braces; `case` adds a fresh case to the state and gives the slots' values. `wrong` is the
    hidden check: what is wrong with the state and the answer afterwards, "" if nothing. `seen` is what a verifier of
    the workplace sees of it; where it is None it sees all.
    """

    name: str
    weight: int
    wordings: tuple[str, ...]
    case: Callable[[Random], dict[str, str]]
    plan: Callable[[Said, Whims], Plan]
    wrong: Callable[[Said, str], str]
    seen: Callable[[Said, str], str] | None = None

    def understood(self, text: str) -> Said | None:
        """The values of the slots, if the text is one of the wordings."""
        for wording in self.wordings:
            parts = re.split(r"\{(\w+)\}", wording)
            pattern = "".join(f"(?P<{part}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
            if match := re.fullmatch(pattern, text):
                return match.groupdict()
        return None


@dataclass(frozen=True, slots=True)
class Task:
    """One request: who says what, and of which kind it is."""

    number: int
    kind: Kind
    person: str
    text: str
    said: Said


@dataclass(frozen=True, slots=True)
class Native:
    """A tool of a workplace. `gives`: the keys by which one knows its output."""

    tool: Tool
    run: Callable[..., JSON]
    gives: frozenset[str]


def native(run: Callable[..., JSON], gives: str, *, writes: bool = False, **arguments: str) -> Native:
    """A tool from a method: its name and docstring, and each argument's description (`integer: …` for a number)."""
    properties = {name: _declared(told) for name, told in arguments.items()}
    schema = {"type": "object", "properties": properties, "required": list(arguments), "additionalProperties": False}
    tool = Tool(run.__name__, str(run.__doc__), schema, reads=not writes)
    return Native(tool, run, frozenset(gives.split()))


def _declared(told: str) -> JSON:
    kind, found, rest = told.partition(": ")
    return {"type": kind, "description": rest} if found else {"type": "string", "description": told}


@dataclass(eq=False)
class Workplace:
    """One simulated workplace: its state is Python values, its tools are methods. It is a source of tools for the bot.

    `drift` says what changes when `drifted` is set. `private` must stand in no skill. `traps` tells what is planted;
    `lucky` lets values agree by coincidence.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    drift: ClassVar[str]
    traps: ClassVar[str]
    private: ClassVar[tuple[str, ...]] = ()
    drifted: bool = False
    lucky: bool = True

    def __post_init__(self) -> None:
        self.natives = {each.tool.name: each for each in self.offered()}
        self.kinds = self.work()

    def offered(self) -> Sequence[Native]:
        """The tools."""
        raise NotImplementedError

    def work(self) -> tuple[Kind, ...]:
        """The kinds of tasks."""
        raise NotImplementedError

    def detour(self, random: Random) -> Call:
        """A look at something that the task does not need."""
        raise NotImplementedError

    def hazard(self, step: Step) -> str:
        """What a step would do that nobody may approve; "" for any other step."""
        return ""

    def tasks(self, random: Random, people: Sequence[str] = PEOPLE) -> Iterator[Task]:
        """Requests without end. Each case enters the state when its task is drawn."""
        number = 0
        while True:
            kind = random.choices(self.kinds, [kind.weight for kind in self.kinds])[0]
            person = random.choice(people)
            said = {"who": person, **kind.case(random)}
            yield Task(number, kind, person, random.choice(kind.wordings).format(**said), said)
            number += 1

    def do(self, call: Call) -> JSON:
        """Make a call. Raises ToolError."""
        return self.natives[call.tool].run(**call.arguments)

    async def tools(self, context: ToolContext) -> Sequence[Tool]:
        """The same for everybody."""
        return [each.tool for each in self.natives.values()]

    async def call(self, name: str, arguments: dict[str, JSON], context: ToolContext) -> ToolResult:
        """Make a call for the bot. Raises ToolError."""
        return ToolResult(self.do(Call(name, arguments)))


def known(records: Mapping[str, dict[str, JSON]], id: str, what: str) -> dict[str, JSON]:
    """The record with this id. Raises ToolError."""
    if id not in records:
        raise ToolError(f"There is no {what} {id}.")
    return records[id]


def token(random: Random, size: int = 6) -> str:
    """An id as systems make them: letters, then digits."""
    return "".join(random.choices("abcdefghjkmnpqrstuvwxyz", k=size - 3)) + str(random.randrange(100, 1000))


TOPICS = ("gift wrapping", "opal glass", "spare parts", "customs", "recycling", "batteries", "night shifts", "vouchers")
ASPECTS = ("prices", "history", "limits", "exceptions", "suppliers", "contacts", "examples", "duration")


def question(search: str) -> Kind:
    """Questions that are looked up with words of one's own: nothing in them repeats but the tool's name."""

    def case(random: Random) -> dict[str, str]:
        return {"topic": random.choice(TOPICS), "aspect": random.choice(ASPECTS)}

    def plan(said: Said, whims: Whims) -> Plan:
        for _ in range(whims.random.randint(1, 3)):
            words = f"{said['topic']} {whims.random.choice(ASPECTS)} {token(whims.random, 5)}"
            yield [Call(search, {"query": words})]
        return f"This is what I found about {said['topic']}."

    def wrong(said: Said, answer: str) -> str:
        return "" if said["topic"] in answer else "the answer is not about what was asked"

    wordings = ("What do we know about {topic}, its {aspect} above all?", "Tell me about {topic} and its {aspect}.")
    return Kind("question", 2, wordings, case, plan, wrong)


def found(query: str, place: str) -> JSON:
    """What a search gives: the same for the same words."""
    random = Random(query)
    return {"query": query, place: [f"{random.choice(TOPICS)} {token(random)}" for _ in range(3)]}
