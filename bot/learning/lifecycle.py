"""What people decide about live skills: to suspend one, to bring it back."""

from bot.domain.chat import ButtonClicked, InPassing, Outgoing
from bot.domain.scope import EVERYWHERE
from bot.domain.skill import SkillRef
from bot.domain.text import plain
from bot.errors import Refused
from bot.ports import Clock
from bot.skills import life
from bot.skills.library import Library, Shelved
from bot.skills.reviewers import Reviewers
from bot.store.audit import Event
from bot.store.buttons import Meaning
from bot.store.deliveries import deliver
from bot.store.store import Connection, Effect, Store
from bot.words import Sentence, say

BY_A_PERSON = "a person suspended it."


class Lifecycle:
    """Decides on live skills. Suspending needs nobody but a person of the chat; bringing back needs a reviewer."""

    def __init__(self, store: Store, clock: Clock, library: Library, reviewers: Reviewers) -> None:
        self._store = store
        self._clock = clock
        self._library = library
        self._reviewers = reviewers

    async def decide(self, click: ButtonClicked, meaning: Meaning) -> tuple[str, Effect]:
        """A click on Suspend or Restore. Raises DeliverLater when the platform cannot tell who may."""
        language = click.conversation.language
        name, _, digest = meaning.subject.partition("@")
        ref = SkillRef(name, digest)
        try:
            entry = await self._library.find(name, click.conversation.scope)
        except Refused:  # another chat's: its name is not told here
            return say(language, "There is no such skill here."), lambda _: None
        if entry.ref != ref:
            return say(language, "{name} is another version now: look at it anew.", name=name), lambda _: None
        if meaning.action == "restore" and not await self._may_restore(click, entry):
            return say(language, "Only who decides about this skill can bring it back."), lambda _: None
        done = Sentence("{name} is suspended.", name=name)
        if meaning.action == "restore":
            done = Sentence("{name} is live again, on trial.", name=name)
        return InPassing(done.told(language)), lambda connection: self._decide(connection, click, entry, meaning.action)

    async def _may_restore(self, click: ButtonClicked, entry: Shelved) -> bool:
        scope = entry.skill.scope if entry.skill else click.conversation.scope
        return await self._reviewers.may_decide_on(scope or EVERYWHERE, click.conversation, click.person)

    def _decide(self, connection: Connection, click: ButtonClicked, entry: Shelved, action: str) -> None:
        now = self._clock.now().timestamp()
        here = click.conversation
        scope = entry.skill.scope if entry.skill else here.scope
        by = plain(click.person.name or click.person.id)
        if action == "restore":
            done = life.restore(connection, Event("restored", entry.ref, scope, click.person, here.key), now)
            text = Sentence("**{name}** is live again, on trial: {by} restored it.", name=entry.name, by=by)
        else:
            event = Event("suspended", entry.ref, scope, click.person, here.key)
            done = life.suspend(connection, entry.ref, BY_A_PERSON, now, event)
            text = Sentence("**{name}** is suspended: {by} decided it.", name=entry.name, by=by)
        if done:
            key = f"life:{click.key}"
            deliver(connection, Outgoing(here, text.told(here.language)), key, now, replaces=click.message_id)
