"""A task is closed: what can be known of its outcome is gathered, weighed and written with its end."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.domain.chat import ButtonClicked, Conversation, MessageReceived, Outgoing, Reacted
from bot.domain.trace import Status
from bot.learning.outcomes import behaviour, hacks, reactions
from bot.learning.outcomes.fusing import fuse
from bot.learning.outcomes.phrases import BUILT_IN, Phrases
from bot.learning.outcomes.record import Record, record
from bot.learning.outcomes.tables import tables
from bot.learning.outcomes.verifiers import Verifiers
from bot.ports import Clock
from bot.skills import life
from bot.store import conversations, deliveries, evidence, tasks, turns
from bot.store.buttons import Meaning
from bot.store.deliveries import deliver, event
from bot.store.evidence import Evidence
from bot.store.store import Connection, Effect, Store
from bot.store.tasks import Task
from bot.store.turns import NewTurn, Turn
from bot.words import Sentence, say

log = structlog.get_logger()
THUMBS: dict[str, Status] = {"up": "success", "down": "failure"}
NO_VERIFIERS = Verifiers((), (), Path())
NOT_LEARNED = Sentence("Understood: I learn nothing from this.")


class Outcomes:
    """Closes tasks, and takes people's thumbs, their reactions and their wish that nothing be learned.

    `learn_after`: closed tasks of a scope that start a cycle; 0: none.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        learn_after: int,
        verifiers: Verifiers = NO_VERIFIERS,
        phrases: Phrases = BUILT_IN,
    ) -> None:
        self._store = store
        self._clock = clock
        self._learn_after = learn_after
        self._verifiers = verifiers
        self._phrases = phrases

    async def close(self, turn: Turn) -> Effect:
        """Close a task with its outcome; void if it was to close for quiet and a newer message came.

        Verifiers run at the first closing alone: what they look at goes on changing. A crash may run them twice.
        """
        known = await self._store.read(lambda connection: _to_close(connection, turn))
        if known is None:
            return lambda _: None
        first = known.task.closed is None or turn.payload["why"] == "scheduled"
        verified = await self._verifiers.verify(known) if first else []
        looked = await asyncio.to_thread(self._look, known)  # not in the writer's thread: records can be long

        def effect(connection: Connection) -> None:
            found = _to_close(connection, turn)
            if found is not None:
                later = found.task.last_turn != known.task.last_turn
                self._close(connection, turn, self._look(found) if later else looked, verified)

        return effect

    async def feedback(self, click: ButtonClicked, meaning: Meaning) -> tuple[str, Effect]:
        """A thumb under an answer: evidence for its task, which it ends."""
        answered, language = int(meaning.subject), click.conversation.language
        task = await self._store.read(lambda connection: _answered(connection, answered, click.conversation))
        if task is None:
            return say(language, "That piece of work is gone."), lambda _: None

        def effect(connection: Connection) -> None:
            now = self._clock.now().timestamp()
            text = f"{click.person.name or click.person.id} pressed thumbs {meaning.action}."
            given = Evidence("feedback", THUMBS[meaning.action], text, click.person.id, "thumbs")
            evidence.testify(connection, task.id, given, now)
            _end(connection, task, click.key, now)

        return say(language, "Thank you: I count that."), effect

    async def reacted(self, turn: Turn) -> Effect:
        """A reaction under an answer, as a thumb; one that is taken away says nothing any more."""
        reaction = event(turn.payload)
        if not isinstance(reaction, Reacted):
            raise TypeError(f"turn {turn.id} is no reaction")
        lane, message = reaction.conversation.out_lane, reaction.message_id

        def effect(connection: Connection) -> None:
            answered = deliveries.answered(connection, lane, message)
            task = None if answered is None else tasks.of_turn(connection, answered)
            if task is not None:
                self._count(connection, task, reaction)

        return effect

    def _count(self, connection: Connection, task: Task, reaction: Reacted) -> None:
        now = self._clock.now().timestamp()
        verdict = reactions.verdict(reaction.emoji)
        if verdict is None:
            evidence.withdraw(connection, task.id, reaction.person.id, "reaction")
        else:
            text = f"{reaction.person.name or reaction.person.id} reacted with {' '.join(reaction.emoji)}."
            given = Evidence("feedback", verdict, text, reaction.person.id, "reaction")
            evidence.testify(connection, task.id, given, now)
        if verdict or task.closed:
            _end(connection, task, reaction.key, now)

    def private(self, answer: Callable[[Turn], Awaitable[Effect]]) -> Callable[[Turn], Awaitable[Effect]]:
        """The handler of messages, which obeys "don't learn from this" and says so in one line.

        Said alone it is about the work before it, and no work itself; else about the work it is said with, which its
        closing keeps private whichever way it ends.
        """

        async def obeying(turn: Turn) -> Effect:
            said = event(turn.payload)
            if not isinstance(said, MessageReceived) or not self._phrases.wants_privacy(said.text):
                return await answer(turn)
            alone = self._phrases.only_wants_privacy(said.text)
            answered = (lambda _: None) if alone else await answer(turn)

            def effect(connection: Connection) -> None:
                answered(connection)
                self._keep_private(connection, turn, said)

            return effect

        return obeying

    def _keep_private(self, connection: Connection, turn: Turn, said: MessageReceived) -> None:
        task = tasks.latest(connection, said.conversation.key)
        if task is not None:
            tasks.keep_private(connection, task.id)
        message = Outgoing(said.conversation, NOT_LEARNED.told(said.conversation.language), (), said.quote)
        deliver(connection, message, f"private:{turn.id}", self._clock.now().timestamp())

    def _look(self, found: Record) -> "_Seen":
        """What can be seen in a record: work for the processor."""
        private = any(self._phrases.wants_privacy(said.text) for said in found.said)
        said_of_before = behaviour.about_before(found, self._phrases)
        evidence = behaviour.observed(found, self._phrases)
        return _Seen(found, evidence, said_of_before, hacks.suspicion(found.calls), private)

    def _close(self, connection: Connection, turn: Turn, seen: "_Seen", verified: Sequence[Evidence]) -> None:
        now = self._clock.now().timestamp()
        task = seen.record.task
        for given in (*verified, *seen.evidence):
            evidence.testify(connection, task.id, given, given.at or now)
        if seen.private:
            tasks.keep_private(connection, task.id)
        if seen.suspicion:
            tasks.suspect(connection, task.id, seen.suspicion)
            log.warning("task.suspect", task=task.id, why=seen.suspicion)
        before = seen.record.before
        if seen.said_of_before is not None and before is not None and before.closed:
            evidence.testify(connection, before.id, seen.said_of_before, seen.said_of_before.at or now)
            settle(connection, before.id, now)
        settle(connection, task.id, now)
        log.info("task.closed", task=task.id, why=turn.payload["why"])
        count = tasks.unmined(connection).get(task.scope, 0)
        if self._learn_after and count >= self._learn_after:
            mine = NewTurn(f"mine:{task.scope}:{task.id}", "job:mine", "mine", {"scope": task.scope})
            turns.enqueue(connection, mine, now)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a task's record shows: evidence for it and for the task before it, and what keeps it from being mined."""

    record: Record
    evidence: Sequence[Evidence]
    said_of_before: Evidence | None
    suspicion: str
    private: bool


def _end(connection: Connection, task: Task, why: str, now: float) -> None:
    """Close a task by feedback, or close it anew. `why` is the key of the event."""
    key = f"close:{task.id}:{why}"
    payload = {"task": task.id, "why": "feedback"}
    turns.enqueue(connection, NewTurn(key, key, "close", payload, task.conversation), now)


def settle(connection: Connection, task: str, now: float) -> None:
    """Weigh a task's evidence by how its sources have agreed here so far, and close it with what that comes to.

    The skills that it used are scored by it.
    """
    fused = fuse(evidence.of_task(connection, task), tables(evidence.counts(connection)))
    evidence.weigh(connection, task, fused.evidence)
    tasks.close(connection, task, fused.outcome, now, fused.probability)
    life.scored(connection, tasks.turns_of(connection, task), fused.outcome, now)


def _to_close(connection: Connection, turn: Turn) -> Record | None:
    """The record of the task that a turn is to close; None where its closing is void."""
    task = tasks.task(connection, turn.payload["task"])
    quiet = turn.payload["why"] == "quiet"
    if quiet and (task.closed or task.last_turn != turn.payload["after"] or _busy(connection, task)):
        return None
    return record(connection, task)


def _busy(connection: Connection, task: Task) -> bool:
    return turns.busy(connection, conversations.find(connection, task.conversation).lane) > 0


def _answered(connection: Connection, turn: int, there: Conversation) -> Task | None:
    """The task of a turn that was answered in the chat of `there`; None for any other's."""
    task = tasks.of_turn(connection, turn)
    here = task is not None and conversations.find(connection, task.conversation).out_lane == there.out_lane
    return task if here else None
