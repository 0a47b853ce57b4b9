"""A message becomes a reply: the model's rounds and the calls it wishes, each journaled."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

from bot.domain.chat import Conversation, Outgoing, Person
from bot.domain.json import JSON
from bot.domain.tool import Tool, ToolCall, ToolResult
from bot.engine import prompt, shortening
from bot.engine.attach import attach
from bot.engine.called import called, choice, failed_skills
from bot.engine.follow_ups import FollowUps
from bot.engine.journal import Journal
from bot.engine.lanes import GoOn
from bot.engine.live import Live, Lives
from bot.engine.permitted import RESUMED, answer, skill_may, tool_may
from bot.engine.prompt import House
from bot.engine.purse import BudgetEnded, Purse
from bot.engine.question import Questions
from bot.engine.received import Received, Receiving
from bot.engine.reminding import framed
from bot.engine.round import OFTEN, Calls, groups, in_circles, not_again, repeats
from bot.engine.shortening import Before
from bot.engine.skill_use import SkillUse
from bot.engine.tool_use import ToolUse
from bot.engine.toolbox import Executable, Offer, Toolbox, parsed
from bot.errors import ApprenticeError, ContextTooLong, LimitReached
from bot.ports import Clock, ModelClient, ModelReply, ModelRequest, ToolContext
from bot.skills.at_once import at_once
from bot.store import buttons, conversations, journal, showings, transcript
from bot.store.confirmations import WAITING
from bot.store.deliveries import conclude, event, quoted
from bot.store.journal import Entry
from bot.store.store import Connection, Effect, Store
from bot.store.turns import Turn
from bot.words import Sentence, say

THUMBS = ((Sentence("👍"), "up"), (Sentence("👎"), "down"))
SILENCE = Sentence("I have no answer to that.")
Make = Callable[[dict[str, JSON]], Awaitable[ToolResult]]
"""Makes a call with its arguments, or asks a person."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one turn may spend."""

    rounds: int = 20
    tokens: int = 200_000
    seconds: float = 600.0
    memory: int = 500
    """Tokens that facts may take of a request."""
    idle: timedelta = field(default=timedelta(minutes=15))
    """Quiet time after which the conversation's task is closed."""


@dataclass(frozen=True, slots=True)
class Work:
    """A turn under way: what it has done, what it may use, what came with the message, what it shows of itself."""

    log: Journal
    offer: Offer
    received: Received
    live: Live


class Turns:
    """Runs the speaking turns: messages, what a person let go on, and what was scheduled."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        model: ModelClient,
        toolbox: Toolbox,
        lives: Lives,
        follow_ups: FollowUps,
        receiving: Receiving,
        questions: Questions,
        limits: Limits,
        house: House,
        purse: Purse,
    ) -> None:
        self._store = store
        self._clock = clock
        self._model = model
        self._toolbox = toolbox
        self._lives = lives
        self._limits = limits
        self._house = house
        self._purse = purse
        self._follow_ups = follow_ups
        self._receiving = receiving
        self._questions = questions

    async def message(self, turn: Turn) -> Effect:
        """Answer what a person said. Raises ModelError and LimitReached."""
        log = await Journal.open(self._store, self._clock, turn)
        return await self._work(log, event(turn.payload).conversation, None)

    async def resume(self, turn: Turn) -> Effect:
        """Carry on a skill's run or a tool's call that waited, or leave it when the person said no."""
        confirmation = await self._store.read(lambda connection: answer(connection, turn))
        if confirmation is None or confirmation.state == "no":
            return partial(self._attach, turn)
        earlier = (await self._store.read(lambda connection: journal.entries(connection, [confirmation.turn])))[
            confirmation.turn
        ]
        steps = {
            place: replace(entry, place=place)
            for entry in earlier
            if entry.place.startswith(f"{confirmation.place}/")
            for place in [RESUMED + entry.place.removeprefix(confirmation.place)]
        }
        return await self._begin(turn, steps)

    async def scheduled(self, turn: Turn) -> Effect:
        """Do what a person scheduled."""
        return await self._begin(turn, {})

    async def _begin(self, turn: Turn, steps: Mapping[str, Entry]) -> Effect:
        """Begin with the call that a person has made, behind its `steps` that are done; without one, with the model."""
        log = await Journal.open(self._store, self._clock, turn, steps)
        conversation = await self._store.read(partial(conversations.find, key=str(turn.conversation)))
        call = ToolCall("", turn.payload["tool"], transcript.as_text(turn.payload["arguments"]))
        return await self._work(log, conversation, ModelReply("", (call,), 0, 0, True, 0) if call.name else None)

    async def _work(self, log: Journal, conversation: Conversation, first: ModelReply | None, since: int = 0) -> Effect:
        """`first` stands for the model's first reply, where a person has made it.

        The answers of rounds before `since` are not the last: the person has said more.
        """
        context = ToolContext(conversation, _who(log.turn))
        log.may_ask, log.paid = partial(self._purse.check, log.turn), partial(self._purse.pay, log.turn)
        if self._purse.limited and first is None and not log.known:
            try:
                await self._store.read(log.may_ask)
            except BudgetEnded as ended:
                return partial(self._not_begun, log.turn, conversation, ended)
        try:
            async with self._lives.of(log, context) as live, asyncio.timeout(self._limits.seconds):
                offer = await self._toolbox.offer(context, transcript.text_of(log.turn.payload))
                try:
                    received = await self._receiving.take(log, conversation)
                    return await self._rounds(Work(log, offer, received, live), first, since)
                except BudgetEnded as ended:
                    return partial(self._not_paid, log, offer, ended)
                except ApprenticeError:  # what was done until here stays on record, however the turn ends
                    await log.settle()
                    raise
        except TimeoutError:
            seconds = round(self._limits.seconds)
            raise LimitReached("I stopped after {seconds} seconds without an answer.", seconds=seconds) from None

    async def _rounds(self, work: Work, first: ModelReply | None, since: int) -> Effect:
        log, offer = work.log, work.offer
        said = transcript.text_of(log.turn.payload)
        facts = prompt.remembered(log.turn, said, self._limits.memory)
        house = self._house.message(self._clock.now(), offer.context.conversation.scope)
        before = Before(house, prompt.history(log.turn), facts)
        first = first or work.received.reply(offer.context.conversation.language)
        for round in range(self._limits.rounds):
            ask = partial(self._ask, work, before, round, None if round else first)
            hear = partial(self._hear, log, round, given=first is not None and round == 0)
            reply = (await log.model(round, [tool.name for tool in offer.shown], ask, hear)).result
            if not reply["calls"] and round >= since and f"said:{round + 1}" not in log.known:
                return partial(self._answer, work, round)
            results = await self._calls(work, round, reply["calls"])
            if any(entry.result == WAITING for entry in results):
                return partial(self._end, log, offer)
            if sum(entry.tokens for entry in log.known.values()) > self._limits.tokens:
                raise LimitReached("I stopped after {tokens} tokens without an answer.", tokens=self._limits.tokens)
        raise LimitReached("I stopped after {rounds} rounds without an answer.", rounds=self._limits.rounds)

    async def _ask(self, work: Work, before: Before, round: int, first: ModelReply | None) -> ModelReply:
        if first:
            return first
        log, known, offer = work.log, work.log.known, work.offer
        heard = work.live.listener(transcript.answer(entry for entry in known.values() if entry.status == "done"))

        async def ask() -> ModelReply:
            while True:
                messages = shortening.sent(before, work.received.message, log.turn.id, known.values())
                try:
                    return await self._model.complete(ModelRequest(messages, offer.shown), heard)
                except ContextTooLong:
                    await shortening.shorten_round(log, round, before, work.received.message, self._model.complete)

        async with self._follow_ups.shown(offer.context.conversation, known.get(f"said:{round}")):
            return await work.received.asked(ask)

    def _hear(self, log: Journal, round: int, connection: Connection, *, given: bool) -> Entry | None:
        """What the person said while the bot worked.

        The first round begins with what they said first; one that was cut off, with what it had heard.
        """
        if not given:
            log.may_ask(connection)
        if round == 0 or f"said:{round}" in log.known:
            return None
        return self._follow_ups.take(connection, log.turn, round, self._clock.now().timestamp())

    async def _calls(self, work: Work, round: int, calls: Calls) -> list[Entry]:
        """Make the calls of a round, or find them made. Raises LimitReached in a turn that goes round in circles."""
        log, reads = work.log, work.offer.reads
        before = [call for each in range(round) for call in log.known[f"model:{each}"].result["calls"]]
        often = repeats(before, calls, reads)
        if (most := max(often, default=0)) > OFTEN:
            raise in_circles(calls[often.index(most)], log.known.values())

        def make(index: int) -> Coroutine[Any, Any, Entry]:
            place, call = f"tool:{round}.{index}", calls[index]
            if often[index] < OFTEN:
                return self._call(work, place, call)
            return log.call(Entry(place, call["name"], call["arguments"], once=False), not_again)

        return [entry for group in groups(calls, reads) for entry in await at_once(map(make, group))]

    async def _call(self, work: Work, place: str, call: Mapping[str, JSON]) -> Entry:
        log, offer, name, raw = work.log, work.offer, call["name"], call["arguments"]
        found, tool = offer.skill(name), offer.tools.get(name)
        if found is not None:
            skill = SkillUse(found, offer, log, self._model, self._questions, place)
            return await self._ask_or_make(
                work, place, call, partial(self._run, work, place, found, skill), skill.record
            )
        if tool is not None and not await self._may(work, place, tool):
            asking = ToolUse(tool, offer.context, self._questions, log.turn.id, place)
            return await self._ask_or_make(work, place, call, partial(asking.make, self._clock.now()), asking.record)
        entry = Entry(place, name, raw, once=tool is not None and not tool.reads)
        return await log.call(entry, lambda: offer.call(name, parsed(raw), allowed=True))

    async def _ask_or_make(self, work: Work, place: str, call: Mapping[str, JSON], make: Make, record: Effect) -> Entry:
        async def made() -> ToolResult:
            result = await make(parsed(call["arguments"]))
            if result.content == WAITING:
                await work.live.rest()  # the question takes the live message's place
            return result

        return await work.log.call(Entry(place, call["name"], call["arguments"], once=False), made, record)

    async def _run(
        self, work: Work, place: str, found: Executable, use: SkillUse, parameters: dict[str, JSON]
    ) -> ToolResult:
        turn, tools, scope = work.log.turn, work.offer.tools, work.offer.context.conversation.scope
        leave = await self._store.read(lambda connection: skill_may(connection, turn, place, found, tools, scope))
        return await use.make(parameters, self._clock.now, leave)

    async def _may(self, work: Work, place: str, tool: Tool) -> bool:
        """Whether it is called at once, without a word of a person."""
        if tool.policy != "ask":
            return True
        turn, scope = work.log.turn, work.offer.context.conversation.scope
        return await self._store.read(lambda connection: tool_may(connection, turn, place, tool, scope))

    def _answer(self, work: Work, round: int, connection: Connection) -> None:
        log, offer = work.log, work.offer
        turn, conversation = log.turn, offer.context.conversation
        if round + 1 < self._limits.rounds and self._follow_ups.waiting(connection, turn):
            raise GoOn(partial(self._work, log, conversation, None, round + 1))
        self._end(log, offer, connection)
        language = conversation.language
        text = work.received.answer(transcript.answer(log.known.values()) or SILENCE.told(language), language)
        if handed_over := failed_skills(log, offer):
            names = ", ".join(handed_over)
            text += "\n\n" + say(language, "_{names} stopped half-way, so I did the rest step by step._", names=names)
        text = framed(turn, text, language, offer.skill)
        used = any(map(offer.skill, called(log)))
        rows = (buttons.row(connection, "feedback", str(turn.id), THUMBS, language),) if used else ()
        message = Outgoing(conversation, text, rows, quoted(turn.payload, conversation))
        conclude(connection, turn.id, message, f"reply:{turn.id}", self._clock.now().timestamp())

    def _not_begun(self, turn: Turn, conversation: Conversation, ended: BudgetEnded, connection: Connection) -> None:
        self._attach(turn, connection)
        self._purse.tell_once(turn, conversation, ended, connection)

    def _not_paid(self, log: Journal, offer: Offer, ended: BudgetEnded, connection: Connection) -> None:
        self._end(log, offer, connection)
        so_far = transcript.answer(entry for entry in log.known.values() if entry.status == "done")
        self._purse.tell(log.turn, offer.context.conversation, ended, so_far, connection)

    def _end(self, log: Journal, offer: Offer, connection: Connection) -> None:
        """What every turn's end writes; alone it is one without an answer, where a question to the person was put."""
        log.flush(connection)
        showings.add(connection, offer.context.conversation.scope, choice(log, offer))
        self._attach(log.turn, connection)

    def _attach(self, turn: Turn, connection: Connection) -> None:
        attach(connection, turn, self._clock.now(), self._limits.idle)


def _who(turn: Turn) -> Person:
    person = turn.payload["person"]
    return Person(person["id"], person["name"], person.get("zone", ""))
