"""`/forget`: a conversation is deleted, once somebody who may decide it has said so on a card.

What runs or waits is stopped first. Then the conversation's own lane deletes what was said and done, so that nothing of
it runs meanwhile, and the lane of its deliveries what was sent. Each step is a turn: after a crash it is done again.
"""

import asyncio
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog

from bot.domain.chat import ButtonClicked, Conversation, InPassing, MessageReceived, Outgoing, Person
from bot.domain.text import plain
from bot.engine.resting import Resting
from bot.engine.stopping import Stopping
from bot.ports import Clock
from bot.skills.reviewers import Reviewers
from bot.store import buttons, conversations, facts, forgetting, reminders, turns
from bot.store.buttons import Meaning
from bot.store.commits import Commit
from bot.store.deliveries import deliver, waiting_files
from bot.store.store import Connection, Effect, Store
from bot.store.turns import NewTurn, Turn
from bot.tools.names import FILES, folder_of
from bot.tools.sending import tidy
from bot.words import Sentence, say

log = structlog.get_logger()
T = TypeVar("T")
ANSWERS = {"delete": Sentence("Delete"), "keep": Sentence("Keep")}
AT_ONCE = 200
"""Rows that are emptied in one commit: others write in between."""


class Forget:
    """Asks whether a conversation is to be deleted, and takes the answer."""

    def __init__(self, store: Store, clock: Clock, resting: Resting, reviewers: Reviewers) -> None:
        self._store = store
        self._clock = clock
        self._resting = resting
        self._reviewers = reviewers

    async def ask(self, turn: Turn, said: MessageReceived) -> Effect:
        """Put the card, which names what was learned from the conversation."""
        here, language = said.conversation, said.conversation.language
        text = say(
            language,
            "Shall I delete this conversation? What was said here and what I did for it is gone then, with its files. "
            "The messages in the chat itself stay.",
        )
        text = "\n".join([text, *await self._kept(here, language)])
        choices = [(words, answer) for answer, words in ANSWERS.items()]

        def effect(connection: Connection) -> None:
            rows = (buttons.row(connection, "forget", str(turn.id), choices, language),)
            deliver(connection, Outgoing(here, text, rows, said.quote), f"reply:{turn.id}", self._now())

        return effect

    async def decide(self, click: ButtonClicked, meaning: Meaning) -> tuple[str, Effect]:
        """Delete it or not. Raises DeliverLater when the platform cannot tell who may."""
        asked, language = int(meaning.subject), click.conversation.language
        home = await self._store.read(lambda connection: _home(connection, asked))
        if not await self._reviewers.may_decide(home, click.conversation, click.person):
            return say(language, "Only a reviewer of this chat can decide this."), lambda _: None
        by = plain(click.person.name or click.person.id)
        if meaning.action == "keep":
            words = say(language, "{name}: nothing is deleted.", name=by)
            card, key = Outgoing(click.conversation, words), f"kept:{click.key}"
            effect = partial(deliver, message=card, key=key, now=self._now(), replaces=click.message_id)
            return InPassing(ANSWERS["keep"].told(language)), effect
        deleted = say(language, "{name}: this conversation is deleted, I know nothing of it any more.", name=by)
        words = "\n".join([deleted, *await self._kept(home, language)])
        payload = {"step": "stop", "words": words, "card": click.message_id, "by": asdict(click.person)}
        begin = NewTurn(f"forget:{asked}", f"forget:{home.key}", "forget", payload, home.key)
        return InPassing(ANSWERS["delete"].told(language)), lambda connection: _enqueue(connection, begin, self._now())

    async def _kept(self, home: Conversation, language: str) -> list[str]:
        """What hangs on the conversation: what is scheduled; live skills and proposals, which stay."""
        rests = await self._resting.on(home)
        skills = [entry.name for entry in rests.live]
        waiting = [proposal.ref.name for proposal in rests.waiting]
        lines = []
        if skills:
            lines.append(say(language, "Skills learned from it: {names}", names=_bold(skills)))
        if waiting:
            lines.append(say(language, "Proposals that rest on it: {names}", names=_bold(waiting)))
        if coming := await self._store.read(lambda connection: reminders.of_conversation(connection, home.key)):
            lines.append(say(language, "Scheduled here, and cancelled with it: {count}", count=len(coming)))
        return lines

    def _now(self) -> float:
        return self._clock.now().timestamp()


class Forgetting:
    """Deletes a conversation. `workspace` and `outgoing` are the folders with its files."""

    def __init__(
        self, store: Store, clock: Clock, stop: Stopping, resting: Resting, workspace: Path, outgoing: Path
    ) -> None:
        self._store = store
        self._clock = clock
        self._stop = stop
        self._resting = resting
        self._workspace = workspace
        self._outgoing = outgoing

    async def __call__(self, turn: Turn) -> Effect:
        """One step; it enqueues the next."""
        home = await self._store.read(partial(conversations.find, key=str(turn.conversation)))
        match turn.payload["step"]:
            case "stop":
                await self._stop(turn, [home.lane], partial(reminders.forget, conversation=home.key))
                return lambda connection: self._next(connection, turn, "said", home.lane)
            case "said":
                return await self._forget_said(turn, home)
        return await self._forget_sent(turn, home)

    async def _forget_said(self, turn: Turn, home: Conversation) -> Effect:
        said = await self._store.read(lambda connection: forgetting.said(connection, home.key, turn.id))
        tasks = await self._store.read(lambda connection: forgetting.tasks_of(connection, home.key))
        rests = await self._resting.on(home)
        now = self._clock.now().timestamp()
        told = await self._store.read(lambda connection: facts.told_in(connection, home.key))
        await in_parts(self._store, forgetting.forget_turns, said)
        await in_parts(self._store, partial(forgetting.forget_tasks, now=now), tasks)
        await in_parts(self._store, facts.delete, told)
        await asyncio.to_thread(_delete, self._workspace / FILES / folder_of(home))
        log.info("conversation.forgotten", conversation=home.key, turns=len(said))

        def effect(connection: Connection) -> None:
            conversations.begin_anew(connection, home.key, turn.id)
            self._next(connection, turn, "sent", home.out_lane)
            words = Outgoing(home, turn.payload["words"])
            deliver(connection, words, turn.key, now, replaces=turn.payload["card"])
            self._resting.ask(home, rests, Person(**turn.payload["by"]), turn.key, connection)

        return effect

    async def _forget_sent(self, turn: Turn, home: Conversation) -> Effect:
        sent = await self._store.read(lambda connection: forgetting.sent(connection, home, turn.id))
        await in_parts(self._store, forgetting.forget_deliveries, sent)
        waiting = await self._store.read(lambda connection: waiting_files(connection, home.out_lane))
        copies = self._outgoing / folder_of(home)
        if copies.exists():
            await asyncio.to_thread(tidy, copies, waiting)
        await self._store.empty_log()
        return lambda _: None

    def _next(self, connection: Connection, turn: Turn, step: str, lane: str) -> None:
        new = NewTurn(f"{turn.key}:{step}", lane, "forget", {**turn.payload, "step": step}, turn.conversation)
        _enqueue(connection, new, self._clock.now().timestamp())


def _forget(forget: Callable[[Connection, Sequence[T]], None], ids: Sequence[T], connection: Connection) -> None:
    forget(connection, ids)


async def in_parts(store: Store, forget: Callable[[Connection, Sequence[T]], None], ids: Sequence[T]) -> None:
    """Forget rows, some in a commit."""
    for start in range(0, len(ids), AT_ONCE):
        part = ids[start : start + AT_ONCE]
        await store.write(Commit.FORGET, partial(_forget, forget, part))


def _enqueue(connection: Connection, turn: NewTurn, now: float) -> None:
    turns.enqueue(connection, turn, now)


def _home(connection: Connection, asked: int) -> Conversation:
    return conversations.find(connection, turns.conversation_of(connection, asked))


def _bold(names: Sequence[str]) -> str:
    return ", ".join(f"**{name}**" for name in names)


def _delete(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:  # nobody sent a file there
        return
