"""The answer to a question before calls that need a person's word."""

from dataclasses import dataclass
from functools import partial

from bot.domain.chat import ButtonClicked, Conversation, InPassing, Outgoing, Person
from bot.domain.json import JSON
from bot.domain.skill import SkillRef
from bot.domain.text import plain
from bot.engine.question import ANSWERS, Questions
from bot.engine.toolbox import parsed
from bot.errors import DeliverLater
from bot.ports import Clock
from bot.skills.host import PlannedCall
from bot.skills.reviewers import Reviewers
from bot.store import audit, buttons, confirmations, conversations, deliveries, homes, journal, permissions, turns
from bot.store.audit import Event
from bot.store.buttons import Meaning
from bot.store.confirmations import Confirmation
from bot.store.homes import Piece
from bot.store.journal import Entry
from bot.store.permissions import Permission
from bot.store.store import Connection, Effect, Store
from bot.store.turns import NewTurn
from bot.words import Sentence, say

LONGEST = 3_000
"""Characters of a question that a person's page shows: nobody shall answer one that is shown in part."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question that waits, where it was asked, and its words, empty where they were forgotten since."""

    waiting: Confirmation
    home: Conversation
    words: str


class Confirm:
    """Lets what waits go on, or not. The person who asked or a reviewer may say once, a reviewer always."""

    def __init__(self, store: Store, clock: Clock, reviewers: Reviewers, questions: Questions) -> None:
        self._store = store
        self._clock = clock
        self._reviewers = reviewers
        self._questions = questions

    async def decide(self, click: ButtonClicked, meaning: Meaning) -> tuple[str, Effect]:
        """Decide on a confirmation. Raises DeliverLater when the platform cannot tell who may."""
        language = click.conversation.language
        waiting, home, call = await self._store.read(lambda connection: _waiting(connection, meaning.subject))
        if waiting.state != "waiting":
            return _already(language, waiting), lambda _: None
        if not await self._may(click.conversation, click.person, waiting, home, meaning.action):
            return say(language, "Only the person who asked, or a reviewer, can decide this."), lambda _: None

        def effect(connection: Connection) -> None:
            now = self._clock.now().timestamp()
            if confirmations.decide(connection, waiting.id, meaning.action, click.person, now):
                if meaning.action == "always":
                    self._allow(connection, click, waiting, call)
                self._close(connection, click, waiting, call, meaning.action)
                self._go_on(connection, home, waiting, call, meaning.action)

        return InPassing(say(language, "{answer}: noted.", answer=ANSWERS[meaning.action])), effect

    async def waiting(self, here: Conversation, person: Person) -> list[Piece]:
        """The questions that were asked of a person and wait, newest first, for their direct chat."""
        asked = await self._store.read(partial(_asked, person=person))
        return [partial(_again, here=here, asked=one) for one in asked if await self._is_there(here, person, one.home)]

    async def _is_there(self, here: Conversation, person: Person, home: Conversation) -> bool:
        """Whether a person is in the chat that asked; not where the bot is out of it, and cannot know."""
        try:
            return here.out_lane == home.out_lane or await self._reviewers.is_here(home, person)
        except DeliverLater:
            return False

    async def _may(
        self, here: Conversation, person: Person, waiting: Confirmation, home: Conversation, action: str
    ) -> bool:
        """Who asked may say so there, or alone with the bot while they are there."""
        own = action != "always" and person.id == waiting.person
        if own and (here.out_lane == home.out_lane or here.direct) and await self._is_there(here, person, home):
            return True
        return await self._reviewers.may_decide(home, here, person)

    def _allow(self, connection: Connection, click: ButtonClicked, waiting: Confirmation, call: Entry) -> None:
        """From now on without asking, for what it is now."""
        now, ref = self._clock.now().timestamp(), SkillRef(call.name, waiting.ref.digest)
        permissions.give(connection, Permission(waiting.scope, ref, click.person), now)
        audit.note(connection, Event("allowed", ref, waiting.scope, click.person, click.conversation.key), now)

    def _close(
        self, connection: Connection, click: ButtonClicked, waiting: Confirmation, call: Entry, action: str
    ) -> None:
        """The question without buttons, with who decided."""
        by, language = plain(click.person.name or click.person.id), click.conversation.language
        if call.name == waiting.ref.name:
            shown = self._questions.shown(PlannedCall(call.place, call.name, parsed(call.request), exact=True))
            text = say(language, "{call}\n\n{name}: {answer}.", call=shown, name=by, answer=ANSWERS[action])
        else:
            text = say(
                language,
                "The skill **{skill}** asked before changing something. {name}: {answer}.",
                skill=waiting.ref.name,
                name=by,
                answer=ANSWERS[action],
            )
        message = Outgoing(click.conversation, text)
        now = self._clock.now().timestamp()
        homes.change(connection, click, message, f"confirmed:{waiting.id}", now)

    def _go_on(
        self, connection: Connection, home: Conversation, waiting: Confirmation, call: Entry, action: str
    ) -> None:
        payload: JSON = {
            "confirmation": waiting.id,
            "tool": call.name,
            "arguments": call.request,
            "text": f"I answer {ANSWERS[action]} for {call.name}.",
            "person": {"id": waiting.person, "name": ""},
        }
        turn = NewTurn(f"resume:{waiting.id}", home.lane, "resume", payload, home.key)
        turns.enqueue(connection, turn, self._clock.now().timestamp())


def _waiting(connection: Connection, id: str) -> tuple[Confirmation, Conversation, Entry]:
    waiting = confirmations.find(connection, id)
    if waiting is None:
        raise LookupError(f"confirmation {id} has a button and no row")
    call = next(
        entry for entry in journal.entries(connection, [waiting.turn])[waiting.turn] if entry.place == waiting.place
    )
    return waiting, conversations.find(connection, turns.conversation_of(connection, waiting.turn)), call


def _asked(connection: Connection, person: Person) -> list[_Asked]:
    found = []
    for waiting in confirmations.waiting(connection, person):
        home = conversations.find(connection, turns.conversation_of(connection, waiting.turn))
        posted = deliveries.delivered(connection, f"confirm:{waiting.id}")
        found.append(_Asked(waiting, home, posted.text if posted else ""))
    return found


def _again(connection: Connection, here: Conversation, asked: _Asked) -> Outgoing:
    """The question on a person's page; what holds for a chat as a whole is said there."""
    if not 0 < len(asked.words) <= LONGEST:
        text = say(
            here.language,
            "`{name}` needs a person's word: answer where it was asked.",
            name=asked.waiting.ref.name,
        )
        return Outgoing(here, text)
    own = asked.home.scope == here.scope
    choices = [(words, answer) for answer, words in ANSWERS.items() if own or answer != "always"]
    row = buttons.row(connection, "confirmation", asked.waiting.id, choices, here.language)
    return Outgoing(here, asked.words, (row,))


def _already(language: str, waiting: Confirmation) -> str:
    by: Person | None = waiting.decided_by
    name = by.name or by.id if by else Sentence("Somebody")
    return say(language, "{name} has decided already: {answer}.", name=name, answer=ANSWERS[waiting.state])
