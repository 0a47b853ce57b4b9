"""The journal of one running turn: every call is recorded before it is made, and made again only where that is safe."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Self

from bot.domain.json import JSON
from bot.domain.text import clean
from bot.domain.tool import ToolResult
from bot.errors import ApprenticeError, ToolError
from bot.ports import Clock, ModelReply
from bot.store import journal, turns
from bot.store.commits import Commit
from bot.store.journal import Entry
from bot.store.store import Connection, Effect, Store
from bot.store.turns import Turn

Hear = Callable[[Connection], Entry | None]
"""Takes in what belongs to a call that starts: an entry that it writes, if there is any."""
UNKNOWN = (
    "It is unknown whether this call took effect: the bot stopped while it ran. It was not made again. "
    "Check its effect before you repeat it."
)


class Journal:
    """What a turn has done so far. A resumed turn finds the calls it has finished and goes on behind them.

    What tools give and models say has its secrets masked here, so that the model reads what a resumed turn would read.
    The arguments of a call are masked in the database alone: it is made as the model wished it.

    `inherited` are entries of an earlier turn that this one carries on.
    """

    def __init__(self, store: Store, clock: Clock, turn: Turn, known: Mapping[str, Entry]) -> None:
        self.turn = turn
        self.known = dict(known)
        self.watch: Callable[[Entry], None] = lambda _: None
        """Told of each call as it starts, and as it ends."""
        self.may_ask: Callable[[Connection], None] = lambda _: None
        """Looks, as the model's call starts, whether it may be made: an error that it raises ends the turn."""
        self.paid: Callable[[Entry, Connection], None] = lambda *_: None
        """Told of each call of the model that ended, with that end."""
        self._waiting: list[Effect] = []
        self._store = store
        self._privacy = store.privacy
        self._clock = clock

    @classmethod
    async def open(cls, store: Store, clock: Clock, turn: Turn, inherited: Mapping[str, Entry] | None = None) -> Self:
        """Read what the turn has done so far: nothing, if it was never claimed before."""
        known = dict(inherited or {})
        if turn.epoch > 1:
            found = await store.read(lambda connection: journal.entries(connection, [turn.id]))
            known |= {entry.place: entry for entry in found[turn.id]}
        return cls(store, clock, turn, known)

    async def model(
        self, round: int, request: JSON, ask: Callable[[], Awaitable[ModelReply]], hear: Hear = lambda _: None
    ) -> Entry:
        """The model's reply of a round, asked for at most once behind its recorded end. Raises ModelError.

        What `hear` takes in when the call starts is known from then on.
        """

        async def work(entry: Entry) -> Entry:
            reply = await ask()
            calls = [{"name": self._named(call.name), "arguments": call.arguments} for call in reply.calls]
            return _answered(entry, {"text": self._privacy.kept(reply.text), "calls": calls}, reply)

        return await self._run(Entry(f"model:{round}", "", request, once=False), work, hear=hear)

    async def prompt(self, place: str, request: JSON, ask: Callable[[], Awaitable[ModelReply]]) -> Entry:
        """The model's answer to what is no round, such as a skill's prompt step: its text. Raises ModelError."""

        async def work(entry: Entry) -> Entry:
            reply = await ask()
            return _answered(entry, self._privacy.kept(reply.text), reply)

        return await self._run(Entry(place, "", request, once=False), work, hear=self.may_ask)

    async def call(
        self, entry: Entry, make: Callable[[], Awaitable[ToolResult]], also: Effect = lambda _: None
    ) -> Entry:
        """A call. A ToolError is its result; a `once` call that a crash cut off is never made again.

        `also` is written with the end of the call.
        """

        async def work(entry: Entry) -> Entry:
            try:
                result = await make()
            except ToolError as error:
                return journal.ended(entry, self._privacy.kept(clean(str(error))), failed=True)
            return journal.ended(entry, self._privacy.kept_in(result.content), failed=result.failed)

        return await self._run(entry, work, also)

    def flush(self, connection: Connection) -> None:
        """Write the ends that wait; the turn's own end must do so."""
        for effect in self._waiting:
            effect(connection)

    def sent(self, place: str, message_id: str) -> None:
        """A part of a message was posted. It is recorded with what follows: a post that a crash cut off is repeated."""
        entry = journal.ended(Entry(place, "", None, once=False), message_id)
        now = self._clock.now().timestamp()

        def work(connection: Connection) -> None:
            journal.start(connection, self.turn.id, entry, now, again=place in self.known)
            journal.end(connection, self.turn.id, entry, now)

        self._waiting.append(work)

    async def unsure(self, place: str) -> None:
        """A part of a message may have been posted: on record at once, so that nobody just sends it again."""
        entry, again, now = Entry(place, "", None, once=False), place in self.known, self._clock.now().timestamp()
        self._waiting.append(lambda connection: journal.start(connection, self.turn.id, entry, now, again=again))
        await self.settle()
        self.known[place] = entry

    async def settle(self) -> None:
        """Write the ends that wait at once, if any do. Raises Fenced."""
        if not self._waiting:
            return
        ends, self._waiting = self._waiting, []

        def work(connection: Connection) -> None:
            turns.hold(connection, self.turn)
            for effect in ends:
                effect(connection)

        await self._store.write(Commit.END, work)

    def _named(self, tool: str) -> str:
        """What the model called; servers refuse a mask as a tool's name."""
        return tool if self._privacy.kept(tool) == tool else "masked"

    async def _run(
        self,
        entry: Entry,
        work: Callable[[Entry], Awaitable[Entry]],
        also: Effect = lambda _: None,
        hear: Hear = lambda _: None,
    ) -> Entry:
        known = self.known.get(entry.place)
        if known and known.status != "started":
            return known
        if known and known.once:
            return await self._end(journal.ended(known, UNKNOWN, failed=True))
        await self._start(entry, hear, again=known is not None)
        self.watch(entry)
        return await self._end(await work(entry), also)

    async def _start(self, entry: Entry, hear: Hear, *, again: bool) -> None:
        now = self._clock.now().timestamp()
        ends, self._waiting = self._waiting, []

        def work(connection: Connection) -> Entry | None:
            turns.go_on(connection, self.turn)
            for effect in ends:
                effect(connection)
            heard = hear(connection)
            journal.start(connection, self.turn.id, entry, now, again=again)
            return heard

        try:
            heard = await self._store.write(Commit.START, work)
        except ApprenticeError:
            self._waiting[:0] = ends
            raise
        if heard is not None:
            self.known[heard.place] = heard

    async def _end(self, entry: Entry, also: Effect = lambda _: None) -> Entry:
        """Write an end at once after a call that may have written; else with what follows, and it can be made again."""
        now = self._clock.now().timestamp()

        def work(connection: Connection) -> None:
            journal.end(connection, self.turn.id, entry, now)
            if entry.model:
                self.paid(entry, connection)
            also(connection)

        self._waiting.append(work)
        if entry.once:
            await self.settle()
        self.known[entry.place] = entry
        self.watch(entry)
        return entry


def _answered(entry: Entry, result: JSON, reply: ModelReply) -> Entry:
    """The end of a call of the model, with what it cost."""
    end, tokens = journal.ended(entry, result), reply.tokens_in + reply.tokens_out
    return replace(end, tokens=tokens, tokens_out=reply.tokens_out, bytes=reply.bytes_out, model=reply.model)
