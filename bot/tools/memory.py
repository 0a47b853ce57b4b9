"""`remember`, `recall` and `forget`: what people want kept for later, in the scope in which they said it."""

from collections.abc import Sequence

from pydantic import Field

from bot.domain.chat import Person
from bot.domain.json import JSON
from bot.domain.privacy import Privacy
from bot.domain.text import clean, seen, shorten
from bot.domain.tool import Tool, ToolResult
from bot.errors import ToolError
from bot.ports import Clock, ToolContext
from bot.store import facts
from bot.store.commits import Commit
from bot.store.facts import Fact
from bot.store.store import Connection, Store, Work
from bot.tools.arguments import Arguments, schema_of, validated

LONGEST = 300
"""Characters of a fact: one sentence."""
MOST = 200
"""Facts of a scope."""
FOUND = 20
"""Facts that a search gives."""


class _Fact(Arguments):
    fact: str = Field(min_length=1)


class _Query(Arguments):
    query: str = Field(min_length=1)


_TOOLS = (
    Tool("remember", "Keep a fact for later, where a person wants it kept: one short sentence", schema_of(_Fact)),
    Tool("recall", "Facts that people here wanted kept and that share words with query", schema_of(_Query), reads=True),
    Tool("forget", "Forget a fact, where its person wants that; fact is just as it was kept", schema_of(_Fact)),
)


class MemoryTools:
    """The facts of the conversation's scope. `privacy` tells the secrets that are not kept."""

    def __init__(self, store: Store, clock: Clock, privacy: Privacy) -> None:
        self._store = store
        self._clock = clock
        self._privacy = privacy

    async def tools(self, context: ToolContext) -> Sequence[Tool]:
        """All, for everybody."""
        return _TOOLS

    async def call(self, name: str, arguments: dict[str, JSON], context: ToolContext) -> ToolResult:
        """Keep, find or forget. Raises ToolError."""
        if name == "recall":
            return await self._recall(validated(_Query, arguments).query, context.conversation.scope)
        fact = " ".join(seen(clean(validated(_Fact, arguments).fact)).split())
        said, work = self._kept(fact, context) if name == "remember" else _forgotten(fact, context)
        await self._store.write(Commit.FACT, work)
        if name == "forget":
            await self._store.empty_log()
        return ToolResult(said)

    async def _recall(self, query: str, scope: str) -> ToolResult:
        known = await self._store.read(lambda connection: facts.of(connection, scope))
        found = facts.about(known, query)[:FOUND]
        return ToolResult({"facts": [{"fact": one.text, "by": one.person.name, "on": one.day} for one in found]})

    def _kept(self, fact: str, context: ToolContext) -> tuple[str, Work[None]]:
        if not fact or len(fact) > LONGEST:
            raise ToolError(f"A fact has at most {LONGEST} characters, and at least one: say it in one sentence.")
        if self._privacy.masked(fact) != fact:
            raise ToolError("This holds a secret, such as a password or a key. Secrets are not remembered.")
        home, person, now = context.conversation, context.person, self._clock.now().timestamp()

        def work(connection: Connection) -> None:
            known = facts.of(connection, home.scope)
            if facts.find(known, fact, person):
                return
            if len(known) >= MOST:
                raise ToolError(f"{MOST} facts are remembered here, and no more: /memory lists them, to delete some.")
            facts.add(connection, home, person, fact, now)

        return f"Remembered: {fact}", work


def _forgotten(fact: str, context: ToolContext) -> tuple[str, Work[None]]:
    scope, person = context.conversation.scope, context.person

    def work(connection: Connection) -> None:
        known = facts.of(connection, scope)
        own = facts.find(known, fact, person)
        if own is None:
            raise ToolError(_why_not(fact, known, person))
        facts.delete(connection, [own.id])

    return f"Forgotten: {fact}", work


def _why_not(fact: str, known: Sequence[Fact], person: Person) -> str:
    if facts.find(known, fact):
        return "Somebody else told this: they or a reviewer can delete it by /memory."
    near = [one.text for one in facts.about(known, fact) if one.person == person][:3]
    told = f" Remembered is: {'; '.join(near)}" if near else ""
    return f"Nothing is remembered in these words: {shorten(fact, LONGEST)}.{told}"
