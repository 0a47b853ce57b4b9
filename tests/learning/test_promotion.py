"""A trusted skill of a chat becomes its workspace's, then everybody's, by the word of those who decide there."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.domain.chat import ButtonClicked, Conversation, Person
from bot.domain.skill import Procedure, Provenance, Skill, SkillRef, Step
from bot.learning.lifecycle import Lifecycle
from bot.learning.promotion import Promotion
from bot.learning.review import Review
from bot.skills import folder, format, life
from bot.skills.library import Library
from bot.skills.relevance import Relevance
from bot.skills.reviewers import Reviewers
from bot.store import audit, buttons, conversations, facts, lives, proposals, skills
from bot.store.audit import Event
from bot.store.buttons import Meaning
from bot.store.commits import Commit
from bot.store.lives import Life
from bot.store.proposals import Proposal
from bot.store.skills import Approval
from bot.store.store import Connection, Store
from bot.tools.files import FileTools
from tests.engine.made import ANA, ROOM, HandClock, KeptChat
from tests.learning.lived import claim, deliveries, finished

CHANNEL = Conversation("slack", "T1/C9", "1.0", direct=False)
OTHER = Conversation("slack", "T1/C8", direct=False)
FOREIGN = Conversation("slack", "T2/C9", direct=False)
MIA, BEN, OPERATOR = Person("slack:T1/U1", "Mia"), Person("slack:T1/U2", "Ben"), Person("telegram:1", "Root")
STRANGER = Person("slack:T2/U1", "Eve")
PROCEDURE = Procedure(
    (Step("one", "write_file", {"path": "a", "content": "For Mr Quince"}),), provenance=Provenance("mined", ("task-1",))
)


class Slack(KeptChat):
    """As Slack's adapter does, it takes everybody for the admin of the chat alone with them."""

    async def is_admin(self, conversation: Conversation, person: Person) -> bool:
        return conversation.direct or await super().is_admin(conversation, person)


class Office:
    """A workspace with a trusted skill in one of its channels."""

    def __init__(self, store: Store, path: Path, reviewers: Sequence[str] = ()) -> None:
        self.store, self.clock = store, HandClock()
        self.library = Library(path / "skills", store, self.clock)
        who = Reviewers({"slack": Slack(admins=(MIA.id, STRANGER.id))}, reviewers, self._operator)
        self.promotion = Promotion(store, self.clock, self.library, who, [FileTools(path)])
        self.review = Review(store, self.clock, self.library, who, ())
        self.lifecycle = Lifecycle(store, self.clock, self.library, who)
        self.count = 0

    async def _operator(self) -> str | None:
        return OPERATOR.id

    async def open(self, home: Conversation = CHANNEL) -> None:
        skill = Skill("orders", "Notes orders.", PROCEDURE, scope=home.scope)
        files = {**format.render(skill), "references/more.md": b"More."}
        ref = SkillRef("orders", folder.digest(files))
        approval = Approval(ref, home.scope, files, "Mia", 1.0)
        evidence = {"card": "Asked by Ana about 1011", "support": ["task-1"], "tasks": 7, "alike": "words of the chat"}
        learned = Proposal("first", home.scope, home.key, ref, files, "alike", evidence, 1.0)

        def work(connection: Connection) -> None:
            for place in (home, OTHER, FOREIGN):
                conversations.remember(connection, place)
            proposals.propose(connection, learned)
            proposals.decide(connection, "first", "approved", MIA, 1.0)
            skills.approve(connection, approval)
            lives.put(connection, Life(ref, "trusted", 1.0))

        await self.store.write(Commit.FINISH, work)
        await self.library.publish(approval)

    async def offer(self, person: Person, here: Conversation = CHANNEL) -> str:
        entry = await self.library.find("orders", here.scope)
        return await self._decide(
            self.promotion.decide, Meaning("promote", f"orders@{entry.digest}", "offer"), person, here
        )

    async def press(self, label: str, message: object, person: Person, here: Conversation) -> str:
        [button] = [one for row in message.buttons for one in row if one.label == label]  # type: ignore[attr-defined]  # a delivery
        meaning = await self.store.read(lambda connection: buttons.meaning(connection, button.id))
        assert meaning is not None
        return await self._decide(self.review.decide, meaning, person, here)

    async def _decide(self, decide: object, meaning: Meaning, person: Person, here: Conversation) -> str:
        self.count += 1
        click = ButtonClicked(f"c{self.count}", here, person, "b", "m1", "", self.clock.now())
        words, effect = await decide(click, meaning)  # type: ignore[operator]  # any of the deciders
        await self.store.write(Commit.FINISH, effect)
        return str(words)

    async def restore(self, person: Person, here: Conversation) -> str:
        entry = await self.library.find("orders", here.scope)
        return await self._decide(
            self.lifecycle.decide, Meaning("life", f"orders@{entry.digest}", "restore"), person, here
        )

    async def publish(self) -> None:
        turn = await claim(self.store, "skill:orders")
        await finished(self.store, turn, await self.review.publish(turn))

    async def seen(self, *places: Conversation) -> list[bool]:
        """Whether the skill is live, listed and found by its words in these chats."""
        found = []
        for place in places:
            live = bool(await self.library.live(place.scope))
            assert live == bool(await self.library.shelf(place.scope))
            assert live == bool(await Relevance(self.library, self.store).ranked(place.scope, "orders"))
            found.append(live)
        return found

    async def trust(self) -> None:
        [entry] = await self.library.shelf(None)
        await self.store.write(Commit.FINISH, lambda connection: lives.put(connection, Life(entry.ref, "trusted", 1.0)))

    async def actions(self) -> list[tuple[str, str, str | None]]:
        events = await self.store.read(lambda connection: audit.events(connection))
        return [(event.action, event.by.id, event.scope) for event in events]


@pytest.fixture
async def office(store: Store, tmp_path: Path) -> Office:
    office = Office(store, tmp_path)
    await office.open()
    return office


async def test_an_admin_makes_it_the_workspaces_and_nobody_elses(office: Office) -> None:
    assert await office.seen(CHANNEL, OTHER, FOREIGN, ROOM) == [True, False, False, False]
    assert await office.offer(BEN) == "Only who decides about this skill may offer it to others."
    assert await office.offer(MIA) == "I have asked those who decide about it."
    assert await office.offer(MIA) == "orders is offered already, and waits for a decision."
    [(card, _)] = await deliveries(office.store, CHANNEL)
    assert [button.label for button in card.buttons[0]] == ["Approve", "Reject", "Details"]
    assert card.text.splitlines() == [
        "**Shall I use the skill orders in the whole workspace?**",
        "",
        "Notes orders.",
        "",
        "- So far: not used yet",
        "- Steps: write_file",
        "- Needs: nothing",
        "- Seen in 7 tasks elsewhere",
        "- May change things with: write_file; I ask before it does",
        "- Begins anew on trial",
    ]
    [_, promoted] = await office.store.read(lambda connection: proposals.listed(connection, "orders"))
    assert promoted.evidence.keys() == {"card", "language", "tasks"}
    for person, here in ((BEN, CHANNEL), (STRANGER, FOREIGN), (STRANGER, CHANNEL), (MIA, FOREIGN)):
        assert "Only a reviewer" in await office.press("Approve", card, person, here)
    assert await office.press("Approve", card, MIA, CHANNEL) == "Approved."
    await office.publish()
    assert await office.seen(CHANNEL, OTHER, FOREIGN, ROOM) == [True, True, False, False]
    [entry] = await office.library.live(OTHER.scope)
    assert (entry.trusted, entry.skill.scope if entry.skill else "") == (False, "slack:T1")
    assert (office.library.root / "orders" / "references" / "more.md").read_bytes() == b"More."
    told = [(action, by, scope) for action, by, scope in await office.actions() if by or action == "published"]
    assert told == [
        ("proposed", MIA.id, "slack:T1"),
        ("promoted", MIA.id, "slack:T1"),
        ("published", "", "slack:T1"),
    ]


async def test_what_holds_a_fact_of_its_chat_stays_there(office: Office) -> None:
    def remember(connection: Connection) -> None:
        facts.add(connection, OTHER, BEN, "The landlord is Mr Quince", 1.0)

    await office.store.write(Commit.FACT, remember)
    assert await office.offer(MIA) == "I have asked those who decide about it."
    await office.store.write(Commit.FACT, lambda connection: facts.add(connection, CHANNEL, BEN, "for mr Quince", 1.0))
    [(card, _)] = await deliveries(office.store, CHANNEL)
    await office.press("Reject", card, MIA, CHANNEL)
    assert await office.offer(MIA) == "orders holds what I was told to remember here, so it stays here."


async def test_reviewers_of_the_workspace_are_asked_alone_and_whoever_runs_it_for_all_chats(
    store: Store, tmp_path: Path
) -> None:
    office = Office(store, tmp_path, [BEN.id, "slack:T2/U9", "telegram:9"])
    await office.open()
    assert await office.offer(BEN) == "I have asked those who decide about it."
    alone = Conversation("slack", "T1/U2")
    [(card, _)] = await deliveries(office.store, alone)
    assert "Only a reviewer" in await office.press("Approve", card, MIA, CHANNEL)
    assert await office.press("Approve", card, BEN, Conversation("slack", "T1/D2")) == "Approved."
    await office.publish()
    await deliveries(office.store, alone)
    await office.trust()
    assert await office.offer(MIA, OTHER) == "Only who decides about this skill may offer it to others."
    assert await office.offer(BEN, OTHER) == "I have asked those who decide about it."
    operator = Conversation("telegram", "1")
    [(card, _)] = await deliveries(office.store, operator)
    assert "in every chat?" in card.text
    assert "Only a reviewer" in await office.press("Approve", card, BEN, alone)
    assert await office.press("Approve", card, OPERATOR, operator) == "Approved."
    await office.publish()
    assert await office.seen(CHANNEL, OTHER, FOREIGN, ROOM) == [True, True, True, True]


async def test_what_is_the_workspaces_is_not_brought_back_by_one_chat(office: Office) -> None:
    await office.offer(MIA)
    [(card, _)] = await deliveries(office.store, CHANNEL)
    await office.press("Approve", card, MIA, CHANNEL)
    await office.publish()
    [entry] = await office.library.live(CHANNEL.scope)
    event = Event("suspended", entry.ref, "slack:T1")
    await office.store.write(Commit.FINISH, lambda connection: life.suspend(connection, entry.ref, "", 1.0, event))
    direct = Conversation("slack", "T1/D2")
    assert await office.restore(BEN, direct) == "Only who decides about this skill can bring it back."
    assert await office.restore(MIA, Conversation("slack", "T1/D1")) == "orders is live again, on trial."


async def test_a_version_that_is_gone_or_suspended_is_not_offered(office: Office) -> None:
    stale = Meaning("promote", "orders@" + "0" * 64, "offer")
    assert "another version now" in await office._decide(office.promotion.decide, stale, MIA, CHANNEL)
    other = await office.library.find("orders", CHANNEL.scope)
    elsewhere = Meaning("promote", f"orders@{other.digest}", "offer")
    assert await office._decide(office.promotion.decide, elsewhere, MIA, OTHER) == "There is no such skill here."
    for action in ("suspend", "restore"):
        elsewhere = Meaning("life", f"orders@{other.digest}", action)
        assert await office._decide(office.lifecycle.decide, elsewhere, MIA, OTHER) == "There is no such skill here."
    event = Event("suspended", other.ref, CHANNEL.scope)
    await office.store.write(Commit.FINISH, lambda connection: life.suspend(connection, other.ref, "", 1.0, event))
    assert "another version now" in await office.offer(MIA)


async def test_where_nobody_runs_it_nobody_can_be_asked(store: Store, tmp_path: Path) -> None:
    office = Office(store, tmp_path)
    await office.open(ROOM)
    office.promotion._reviewers = Reviewers({}, ())  # nobody was let in, nobody is configured
    assert "set APPRENTICE_REVIEWERS" in await office.offer(ANA, ROOM)
    assert await office.store.read(lambda connection: len(proposals.listed(connection))) == 1
