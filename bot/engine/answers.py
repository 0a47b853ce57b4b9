"""What the bot answers to commands."""

from collections.abc import Awaitable, Callable, Mapping

from bot.domain.chat import Conversation, MessageReceived, Outgoing
from bot.engine.commands import COMMANDS, command_of
from bot.errors import Refused
from bot.ports import Clock
from bot.skills import account
from bot.skills.library import Library
from bot.store import conversations, evidence, proposals, scopes, skills, tasks, turns
from bot.store.commits import Commit
from bot.store.deliveries import deliver, event
from bot.store.store import Connection, Effect, Store
from bot.store.turns import NewTurn, Turn

Answer = tuple[str, Effect]
"""What is said (nothing if empty) and what is written."""
Command = Callable[[Turn, MessageReceived, str], Awaitable[Answer]]

HELLO = "I do work with tools, and I learn procedures that repeat: nothing learned runs before a person approved it."


def _nothing(_: Connection) -> None:
    """An answer that changes nothing."""


class Answers:
    """The commands, each a method named after its word."""

    def __init__(self, store: Store, clock: Clock, library: Library, stop: Callable[[str, int], None]) -> None:
        self._store = store
        self._clock = clock
        self._library = library
        self._stop = stop
        self.commands: Mapping[str, Command] = {
            "help": self._help,
            "start": self._help,
            "skills": self._skills,
            "skill": self._skill,
            "learn": self._learn,
            "done": self._done,
            "new": self._new,
            "stop": self._stop_work,
            "status": self._status,
        }

    async def __call__(self, turn: Turn) -> Effect:
        """Answer a command."""
        said = event(turn.payload)
        command = command_of(said.text) if isinstance(said, MessageReceived) else None
        if command is None or not isinstance(said, MessageReceived):
            raise TypeError(f"turn {turn.id} is no command")
        rest = said.text.strip().removeprefix(f"/{command}").strip()
        text, also = await self.commands[command](turn, said, rest)

        def effect(connection: Connection) -> None:
            also(connection)
            if text:
                quoted = "" if said.conversation.direct else said.message_id
                message = Outgoing(said.conversation, text, (), quoted)
                deliver(connection, message, f"reply:{turn.id}", self._now())

        return effect

    def _now(self) -> float:
        return self._clock.now().timestamp()

    async def _help(self, turn: Turn, said: MessageReceived, rest: str) -> Answer:
        lines = [f"- `/{name}` {what}" for name, what in COMMANDS.items()]
        return "\n".join([HELLO, *lines, "Anything else is work for me."]), _nothing

    async def _skills(self, turn: Turn, said: MessageReceived, rest: str) -> Answer:
        scope = said.conversation.scope
        shelf = await self._library.shelf(scope)
        tallies = await self._store.read(lambda connection: [skills.tally(connection, entry.ref) for entry in shelf])
        waiting = await self._store.read(lambda connection: proposals.pending(connection, scope))
        lines = [account.line(entry, tally) for entry, tally in zip(shelf, tallies, strict=True)]
        lines += [f"- **{name}** waits for a decision on its card." for name in waiting]
        return "\n".join(lines) or "I have no skills here yet. When work repeats I propose one.", _nothing

    async def _skill(self, turn: Turn, said: MessageReceived, rest: str) -> Answer:
        if not rest:
            return "Which one? `/skill NAME`; `/skills` lists them.", _nothing
        try:
            entry = await self._library.find(rest, said.conversation.scope)
        except Refused as error:
            return str(error), _nothing
        tally = await self._store.read(lambda connection: skills.tally(connection, entry.ref))
        return account.full(entry, tally), _nothing

    async def _learn(self, turn: Turn, said: MessageReceived, rest: str) -> Answer:
        scope = said.conversation.scope
        if rest in ("on", "off"):
            on = rest == "on"
            words = "I learn here from now on." if on else "I do not learn here any more; skills that are live stay."
            return words, lambda connection: scopes.set_learning(connection, scope, on)
        if not await self._store.read(lambda connection: scopes.learns(connection, scope)):
            return "Learning is off here; `/learn on` switches it on.", _nothing
        payload = {"scope": scope, "asked_in": said.conversation.key}
        mine = NewTurn(f"mine:asked:{turn.id}", "job:mine", "mine", payload)
        return "", lambda connection: _enqueue(connection, mine, self._now())

    async def _done(self, turn: Turn, said: MessageReceived, rest: str) -> Answer:
        task = await self._open_task(said.conversation)
        if task is None:
            return "Nothing is open here.", _nothing
        close = _closing(task, said.conversation)
        return "Done: this piece of work is closed.", lambda connection: _enqueue(connection, close, self._now())

    async def _new(self, turn: Turn, said: MessageReceived, rest: str) -> Answer:
        task = await self._open_task(said.conversation)

        def effect(connection: Connection) -> None:
            conversations.begin_anew(connection, said.conversation.key, turn.id)
            if task is not None:
                _enqueue(connection, _closing(task, said.conversation), self._now())

        return "A fresh start: I no longer look at what was said above.", effect

    async def _stop_work(self, turn: Turn, said: MessageReceived, rest: str) -> Answer:
        lane = said.conversation.lane
        count = await self._store.write(
            Commit.STOP, lambda connection: turns.stop(connection, lane, turn.id, turn.created)
        )
        self._stop(lane, turn.id)
        if count == 0:
            return "Nothing was running.", _nothing
        waiting = f" {count - 1} more that waited will not be begun." if count > 1 else ""
        return f"Stopped.{waiting} What was done until now stays done.", _nothing

    async def _status(self, turn: Turn, said: MessageReceived, rest: str) -> Answer:
        conversation = said.conversation
        return await self._store.read(lambda connection: _status(connection, conversation)), _nothing

    async def _open_task(self, conversation: Conversation) -> str | None:
        task = await self._store.read(lambda connection: tasks.open_task(connection, conversation.key))
        return None if task is None else task.id


def _enqueue(connection: Connection, turn: NewTurn, now: float) -> None:
    turns.enqueue(connection, turn, now)


def _closing(task: str, conversation: Conversation) -> NewTurn:
    return NewTurn(f"done:{task}", f"close:{task}:done", "close", {"task": task, "why": "done"}, conversation.key)


def _status(connection: Connection, conversation: Conversation) -> str:
    scope = conversation.scope
    busy = turns.busy(connection, conversation.lane)
    waiting = proposals.pending(connection, scope)
    closed = tasks.unmined(connection).get(scope, 0)
    learning = "on" if scopes.learns(connection, scope) else "off"
    return "\n".join(
        [
            f"- Work here: {'none' if busy == 0 else f'{busy} under way or waiting'}",
            f"- Learning: {learning}; {closed} finished pieces of work since I last looked",
            f"- Outcomes: {_outcomes(connection, scope)}",
            f"- Waiting for a decision: {', '.join(waiting) or 'nothing'}",
        ]
    )


def _outcomes(connection: Connection, scope: str) -> str:
    """How many finished pieces of work are known to have gone well or badly, and who told."""
    decided = evidence.decided(connection, scope)
    told = [f"{source} {count}" for source, count in sorted(decided.items(), key=str) if source]
    by = f" ({', '.join(told)})" if told else ""
    known = sum(decided.values()) - decided.get(None, 0)
    return f"known of {known} of {sum(decided.values())} finished pieces of work{by}"
