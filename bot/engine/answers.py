"""What the bot answers to commands."""

from collections.abc import Awaitable, Callable, Mapping

from bot.domain.chat import Conversation, MessageReceived, Outgoing
from bot.domain.cost import Prices
from bot.engine import standing, status
from bot.engine.agenda import Agenda
from bot.engine.commands import command_of, commands
from bot.engine.forget import Forget
from bot.engine.memory import Memory
from bot.engine.showcase import Showcase
from bot.engine.stopping import Stopping
from bot.errors import Refused
from bot.ports import Clock
from bot.store import conversations, scopes, tasks, turns
from bot.store.deliveries import deliver, event
from bot.store.store import Connection, Effect, Store
from bot.store.turns import NewTurn, Turn
from bot.words import Sentence, say

Answer = tuple[str, Effect]
"""What is said (nothing if empty) and what is written."""
Command = Callable[[Turn, MessageReceived, str], Awaitable[Answer]]

HELLO = Sentence(
    "I do work with tools, and I learn procedures that repeat: nothing learned runs before a person approved it."
)
ON_SLACK = Sentence(
    "On Slack write `/apprentice skills` for `/skills`, and so on. "
    "Threads take no commands: mention me with the word there."
)


def _nothing(_: Connection) -> None:
    """An answer that changes nothing."""


class Answers:
    """The commands, each a method named after its word."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        showcase: Showcase,
        stop: Stopping,
        forget: Forget,
        memory: Memory,
        agenda: Agenda,
        prices: Prices,
    ) -> None:
        self._store = store
        self._clock = clock
        self._showcase = showcase
        self._stop = stop
        self._forget = forget
        self._memory = memory
        self._agenda = agenda
        self._prices = prices
        self.commands: Mapping[str, Command] = {
            "help": self._help,
            "start": self._help,
            "skills": self._skills,
            "skill": self._skill,
            "learn": self._learn,
            "done": self._done,
            "new": self._new,
            "memory": self._list_facts,
            "reminders": self._reminders,
            "forget": self._ask_to_forget,
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
                message = Outgoing(said.conversation, text, (), said.quote)
                deliver(connection, message, f"reply:{turn.id}", self._now())

        return effect

    def _now(self) -> float:
        return self._clock.now().timestamp()

    async def _help(self, turn: Turn, said: MessageReceived, rest: str) -> Answer:
        language = said.conversation.language
        listed = "\n".join(f"- `/{name}` {what}" for name, what in commands(language).items())
        paragraphs = [HELLO.told(language), listed, say(language, "Anything else is work for me.")]
        if said.conversation.platform == "slack":
            paragraphs.append(ON_SLACK.told(language))
        return "\n\n".join(paragraphs), _nothing

    async def _skills(self, turn: Turn, said: MessageReceived, rest: str) -> Answer:
        return "", await self._showcase.list(said, rest, f"reply:{turn.id}")

    async def _skill(self, turn: Turn, said: MessageReceived, rest: str) -> Answer:
        language = said.conversation.language
        if not rest:
            return say(language, "Which one? `/skill NAME`; `/skills` lists them."), _nothing
        try:
            return "", await self._showcase.show(said, rest, f"reply:{turn.id}")
        except Refused as error:
            return error.sentence.told(language), _nothing

    async def _learn(self, turn: Turn, said: MessageReceived, rest: str) -> Answer:
        scope, language = said.conversation.scope, said.conversation.language
        if rest == "on":
            words = say(language, "I learn here from now on.")
            return words, lambda connection: scopes.set_learning(connection, scope, on=True)
        if rest == "off":
            words = say(language, "I do not learn here any more; skills that are live stay.")
            return words, lambda connection: scopes.set_learning(connection, scope, on=False)
        if not await self._store.read(lambda connection: scopes.learns(connection, scope)):
            return say(language, "Learning is off here; `/learn on` switches it on."), _nothing
        payload = {"scope": scope, "asked_in": said.conversation.key}
        mine = NewTurn(f"mine:asked:{turn.id}", "job:mine", "mine", payload)
        return "", lambda connection: _enqueue(connection, mine, self._now())

    async def _done(self, turn: Turn, said: MessageReceived, rest: str) -> Answer:
        task, language = await self._open_task(said.conversation), said.conversation.language
        if task is None:
            return say(language, "Nothing is open here."), _nothing
        close = _closing(task, said.conversation)
        words = say(language, "Done: this piece of work is closed.")
        return words, lambda connection: _enqueue(connection, close, self._now())

    async def _new(self, turn: Turn, said: MessageReceived, rest: str) -> Answer:
        task = await self._open_task(said.conversation)

        def effect(connection: Connection) -> None:
            conversations.begin_anew(connection, said.conversation.key, turn.id)
            if task is not None:
                _enqueue(connection, _closing(task, said.conversation), self._now())

        return say(said.conversation.language, "A fresh start: I no longer look at what was said above."), effect

    async def _list_facts(self, turn: Turn, said: MessageReceived, rest: str) -> Answer:
        return "", self._memory.list(said, f"reply:{turn.id}")

    async def _reminders(self, turn: Turn, said: MessageReceived, rest: str) -> Answer:
        return "", self._agenda.list(said, f"reply:{turn.id}")

    async def _ask_to_forget(self, turn: Turn, said: MessageReceived, rest: str) -> Answer:
        return "", await self._forget.ask(turn, said)

    async def _stop_work(self, turn: Turn, said: MessageReceived, rest: str) -> Answer:
        lane, language = said.conversation.lane, said.conversation.language
        count = await self._stop(turn, [lane])
        if count == 0:
            return say(language, "Nothing was running."), _nothing
        if count == 1:
            return say(language, "Stopped. What was done until now stays done."), _nothing
        words = say(
            language,
            "Stopped. {count} more that waited will not be begun. What was done until now stays done.",
            count=count - 1,
        )
        return words, _nothing

    async def _status(self, turn: Turn, said: MessageReceived, rest: str) -> Answer:
        here = said.conversation

        def effect(connection: Connection) -> None:
            buttons = tuple(standing.rows(connection, here))
            text = status.told(connection, here, self._prices)
            deliver(connection, Outgoing(here, text, buttons, said.quote), f"reply:{turn.id}", self._now())

        return "", effect

    async def _open_task(self, conversation: Conversation) -> str | None:
        task = await self._store.read(lambda connection: tasks.open_task(connection, conversation.key))
        return None if task is None else task.id


def _enqueue(connection: Connection, turn: NewTurn, now: float) -> None:
    turns.enqueue(connection, turn, now)


def _closing(task: str, conversation: Conversation) -> NewTurn:
    return NewTurn(f"done:{task}", f"close:{task}:done", "close", {"task": task, "why": "done"}, conversation.key)
