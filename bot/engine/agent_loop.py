"""The agent loop: the model is asked and its calls are made, round after round, until it answers."""

from functools import partial

from bot.engine import prompt, shortening
from bot.engine.calling import Calling
from bot.engine.follow_ups import FollowUps
from bot.engine.journal import Journal
from bot.engine.prompt import House
from bot.engine.shortening import Before
from bot.engine.work import Limits, Work
from bot.errors import ContextTooLong, LimitReached
from bot.ports import Clock, ModelClient, ModelReply, ModelRequest
from bot.store import transcript
from bot.store.confirmations import WAITING
from bot.store.journal import Entry
from bot.store.store import Connection


class AgentLoop:
    """Runs the rounds of turns."""

    def __init__(
        self,
        clock: Clock,
        model: ModelClient,
        calling: Calling,
        follow_ups: FollowUps,
        house: House,
        limits: Limits,
    ) -> None:
        self._clock = clock
        self._model = model
        self._calling = calling
        self._follow_ups = follow_ups
        self._house = house
        self._limits = limits

    async def run(self, work: Work, first: ModelReply | None, since: int) -> int | None:
        """The round that brought the answer; None where a person has to answer first.

        `first` stands for the model's first reply, where a person has made it. The answers of rounds before `since` are
        not the last: the person has said more. Raises ModelError and LimitReached.
        """
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
                return round
            results = await self._calling.all_of(work, round, reply["calls"])
            if any(entry.result == WAITING for entry in results):
                return None
            if sum(entry.tokens for entry in log.known.values()) > self._limits.tokens:
                raise LimitReached("I stopped after {tokens} tokens without an answer.", tokens=self._limits.tokens)
        raise LimitReached("I stopped after {rounds} rounds without an answer.", rounds=self._limits.rounds)

    def more_was_said(self, log: Journal, round: int, connection: Connection) -> bool:
        """Whether the person has said more behind a round's answer, and another round may hear it."""
        return round + 1 < self._limits.rounds and bool(self._follow_ups.waiting(connection, log.turn))

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
