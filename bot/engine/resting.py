"""What rests on work that was erased: skills that are live, and proposals that wait. People say whether they stay."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from bot.domain.chat import ButtonClicked, Conversation, InPassing, Outgoing, Person
from bot.domain.skill import SkillRef
from bot.domain.text import plain
from bot.ports import Clock
from bot.skills import life
from bot.skills.library import Library, Shelved
from bot.skills.reviewers import Reviewers
from bot.store import audit, buttons, conversations, forgetting, proposals
from bot.store.audit import Event
from bot.store.buttons import Meaning
from bot.store.deliveries import deliver
from bot.store.proposals import Proposal
from bot.store.store import Connection, Effect, Store
from bot.words import Sentence, say

KIND = "rests"
"""Of the buttons; their subject is `NAME@DIGEST@CONVERSATION`, the proposal's id before it where one waits."""
KEEP = (Sentence("Keep"), "keep")
CHOICES = {True: (KEEP, (Sentence("Suspend"), "suspend")), False: (KEEP, (Sentence("Take back"), "take-back"))}
"""For what is live, and for what waits."""
ANSWERS = {
    "keep": Sentence("**{name}** stays: {by} decided it."),
    "suspend": Sentence("**{name}** is suspended: {by} decided it."),
    "take-back": Sentence("**{name}** is taken back: {by} decided it."),
}
ERASED = "what it was learned from was erased."


@dataclass(frozen=True, slots=True)
class Rests:
    """The `live` skills and the proposals that some tasks support; `waiting` are those of them that are not decided."""

    live: Sequence[Shelved]
    proposals: Sequence[Proposal]

    @property
    def waiting(self) -> Sequence[Proposal]:
        return [one for one in self.proposals if one.state == "pending"]


class Resting:
    """Finds what rests on a conversation, and asks about it."""

    def __init__(self, store: Store, clock: Clock, library: Library, reviewers: Reviewers) -> None:
        self._store = store
        self._clock = clock
        self._library = library
        self._reviewers = reviewers

    async def on(self, home: Conversation) -> Rests:
        """What rests on the tasks of a conversation."""
        tasks = set(await self._store.read(lambda connection: forgetting.tasks_of(connection, home.key)))
        known = await self._store.read(lambda connection: proposals.of_scope(connection, home.scope))
        proposed = [one for one in known if not tasks.isdisjoint(one.evidence.get("support", ()))]
        learned = {proposal.ref for proposal in proposed}
        shelf = [entry for entry in await self._library.shelf(home.scope) if entry.state == "live"]
        live = [entry for entry in shelf if entry.ref in learned or not tasks.isdisjoint(learned_from(entry))]
        return Rests(live, proposed)

    def ask(self, home: Conversation, rests: Rests, by: Person, key: str, connection: Connection) -> None:
        """Take the words of the work out of the evidence, and ask about each by a card of its own."""
        for proposal in rests.proposals:
            proposals.forget_words(connection, proposal.id)
        for entry in rests.live:
            text = Sentence("What I learned **{name}** from is deleted. Shall I go on using it?", name=entry.name)
            self._ask(connection, home, entry.ref, "", text, by, key)
        for proposal in rests.waiting:
            name = proposal.ref.name
            text = Sentence("What the proposal **{name}** rests on is deleted. Shall it go on waiting?", name=name)
            self._ask(connection, home, proposal.ref, proposal.id, text, by, key)

    async def decide(self, click: ButtonClicked, meaning: Meaning) -> tuple[str, Effect]:
        """Keep it or not. Raises DeliverLater when the platform cannot tell who may."""
        proposal, name, digest, key = meaning.subject.split("@", 3)
        home = await self._store.read(partial(conversations.find, key=key))
        if not await self._reviewers.may_decide(home, click.conversation, click.person):
            return say(click.conversation.language, "Only a reviewer of this chat can decide this."), lambda _: None
        done = partial(self._decide, click, home, SkillRef(name, digest), proposal, meaning.action)
        return InPassing(say(click.conversation.language, "Noted.")), done

    def _ask(
        self,
        connection: Connection,
        home: Conversation,
        ref: SkillRef,
        proposal: str,
        text: Sentence,
        by: Person,
        key: str,
    ) -> None:
        now = self._clock.now().timestamp()
        subject = f"{proposal}@{ref.name}@{ref.digest}@{home.key}"
        row = buttons.row(connection, KIND, subject, CHOICES[not proposal], home.language)
        deliver(connection, Outgoing(home, text.told(home.language), (row,)), f"rests:{key}:{subject}", now)
        audit.note(connection, Event("forgotten", ref, home.scope, by, home.key, "asked"), now)

    def _decide(
        self,
        click: ButtonClicked,
        home: Conversation,
        ref: SkillRef,
        proposal: str,
        action: str,
        connection: Connection,
    ) -> None:
        now = self._clock.now().timestamp()
        by = plain(click.person.name or click.person.id)
        if action == "suspend":
            event = Event("suspended", ref, home.scope, click.person, home.key, ERASED)
            life.suspend(connection, ref, ERASED, now, event)
        words = Sentence(ANSWERS[action].template, name=ref.name, by=by)
        if action == "take-back" and not proposals.give_up(connection, proposal, "expired", "forgotten", now):
            words = Sentence("It was decided meanwhile.")
        else:
            audit.note(connection, Event("forgotten", ref, home.scope, click.person, home.key, action), now)
        card = Outgoing(click.conversation, words.told(click.conversation.language))
        deliver(connection, card, f"rested:{click.key}", now, replaces=click.message_id)


def learned_from(entry: Shelved) -> Sequence[str]:
    """The tasks that a skill's folder names itself: a person may have put it there by hand."""
    procedure = entry.skill.procedure if entry.skill else None
    return procedure.provenance.tasks if procedure else ()
