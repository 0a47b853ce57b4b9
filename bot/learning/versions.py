"""A version of a skill that was approved before takes its folder's place again, by a person's word in the chat."""

from dataclasses import asdict
from functools import partial

from bot.domain.chat import ButtonClicked, Conversation, InPassing, Outgoing, Person
from bot.domain.scope import EVERYWHERE, workspace
from bot.domain.skill import SkillRef
from bot.domain.text import plain
from bot.ports import Clock
from bot.skills import versions
from bot.skills.library import Library
from bot.skills.reviewers import Reviewers
from bot.store import buttons, conversations, skills, turns
from bot.store.audit import Event
from bot.store.buttons import Meaning
from bot.store.deliveries import deliver
from bot.store.skills import Approval
from bot.store.store import Connection, Effect, Store
from bot.store.turns import NewTurn, Turn
from bot.words import Sentence, say

KIND = "version"
"""Of the buttons that put a version back; their subject is `NAME@DIGEST`."""
SHOWN = 12
"""Characters of a digest that people see."""


def offer(connection: Connection, text: Sentence, ref: SkillRef, there: Conversation, key: str, now: float) -> None:
    """A message with a button that puts a version back."""
    choice = (Sentence("Put {id} back", id=ref.digest[:SHOWN]), "restore")
    row = buttons.row(connection, KIND, f"{ref.name}@{ref.digest}", (choice,), there.language)
    deliver(connection, Outgoing(there, text.told(there.language), (row,)), key, now)


class Versions:
    """Puts versions back; who decides about the skill decides it, for one of every chat whoever runs the bot."""

    def __init__(self, store: Store, clock: Clock, library: Library, reviewers: Reviewers) -> None:
        self._store = store
        self._clock = clock
        self._library = library
        self._reviewers = reviewers

    async def decide(self, click: ButtonClicked, meaning: Meaning) -> tuple[str, Effect]:
        """A click on a version's button. Raises DeliverLater when the platform cannot tell who may."""
        here = click.conversation
        name, _, digest = meaning.subject.partition("@")
        scope = await self._store.read(lambda connection: _scope(connection, SkillRef(name, digest)))
        # What is another chat's is decided by whoever runs the bot: it is asked about where nobody is known there.
        belongs = scope if scope in (here.scope, workspace(here.scope)) else EVERYWHERE
        if not await self._reviewers.may_decide_on(belongs, here, click.person):
            return say(here.language, "Only who decides about this skill can put it back."), lambda _: None
        if any(entry.ref == SkillRef(name, digest) for entry in await self._library.live(None)):
            return say(here.language, "{name} is at that version already.", name=name), lambda _: None
        words = InPassing(say(here.language, "{name} is put back to {id}.", name=name, id=digest[:SHOWN]))
        return words, partial(self._enqueue, click, SkillRef(name, digest))

    async def put_back(self, turn: Turn) -> Effect:
        """Write the version's folder. What nobody approved there is set aside, not lost."""
        ref = SkillRef(turn.payload["name"], turn.payload["digest"])
        known = await self._store.read(lambda connection: skills.history(connection, ref.name))
        version = versions.chosen(known, ref.name, ref.digest)
        aside = await self._library.put_back(version)
        return partial(self._told, turn, version, aside is not None)

    def _enqueue(self, click: ButtonClicked, ref: SkillRef, connection: Connection) -> None:
        payload = {"name": ref.name, "digest": ref.digest, "by": asdict(click.person)}
        new = NewTurn(f"put-back:{click.key}", f"skill:{ref.name}", "put-back", payload, click.conversation.key)
        turns.enqueue(connection, new, self._now())

    def _told(self, turn: Turn, version: Approval, aside: bool, connection: Connection) -> None:
        by, here = Person(**turn.payload["by"]), conversations.find(connection, turn.conversation or "")
        versions.back(connection, Event("rolled-back", version.ref, version.scope, by, here.key), self._now())
        text = Sentence(
            "**{name}** is at version `{id}` again: {by} decided it.",
            name=version.ref.name,
            id=version.ref.digest[:SHOWN],
            by=plain(by.name or by.id),
        ).told(here.language)
        if aside:
            text += " " + say(here.language, "What stood in its folder is kept beside it, under a hidden name.")
        deliver(connection, Outgoing(here, text), f"put-back:{turn.id}", self._now())

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _scope(connection: Connection, ref: SkillRef) -> str | None:
    """Where the version belongs; None for every chat."""
    return next((one.scope for one in skills.history(connection, ref.name) if one.ref == ref), None)
