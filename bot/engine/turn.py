"""A message becomes a reply: how a turn begins, and how it ends."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from bot.domain.chat import Conversation, Outgoing, Person
from bot.domain.tool import ToolCall
from bot.engine.agent_loop import AgentLoop
from bot.engine.attach import attach
from bot.engine.called import called, choice, failed_skills
from bot.engine.journal import Journal
from bot.engine.lanes import GoOn
from bot.engine.live import Lives
from bot.engine.permitted import RESUMED, answer
from bot.engine.purse import BudgetEnded, Purse
from bot.engine.received import Receiving
from bot.engine.reminding import framed
from bot.engine.toolbox import Offer, Toolbox
from bot.engine.work import Limits, Work
from bot.errors import ApprenticeError, LimitReached
from bot.ports import Clock, ModelReply, ToolContext
from bot.store import buttons, conversations, journal, showings, transcript
from bot.store.deliveries import conclude, event, quoted
from bot.store.journal import Entry
from bot.store.store import Connection, Effect, Store
from bot.store.turns import Turn
from bot.words import Sentence, say

THUMBS = ((Sentence("👍"), "up"), (Sentence("👎"), "down"))
SILENCE = Sentence("I have no answer to that.")


class Turns:
    """Runs the speaking turns: messages, what a person let go on, and what was scheduled."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        loop: AgentLoop,
        toolbox: Toolbox,
        lives: Lives,
        receiving: Receiving,
        purse: Purse,
        limits: Limits,
    ) -> None:
        self._store = store
        self._clock = clock
        self._loop = loop
        self._toolbox = toolbox
        self._lives = lives
        self._receiving = receiving
        self._purse = purse
        self._limits = limits

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
                    work = Work(log, offer, received, live)
                    last = await self._loop.run(work, first, since)
                    return partial(self._end, log, offer) if last is None else partial(self._answer, work, last)
                except BudgetEnded as ended:
                    return partial(self._not_paid, log, offer, ended)
                except ApprenticeError:  # what was done until here stays on record, however the turn ends
                    await log.settle()
                    raise
        except TimeoutError:
            seconds = round(self._limits.seconds)
            raise LimitReached("I stopped after {seconds} seconds without an answer.", seconds=seconds) from None

    def _answer(self, work: Work, round: int, connection: Connection) -> None:
        log, offer = work.log, work.offer
        turn, conversation = log.turn, offer.context.conversation
        if self._loop.more_was_said(log, round, connection):
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
