"""Folders that nobody approved: a card each, in the right chat, once; what broke is told; the version of before."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from bot.domain.chat import ButtonClicked, Conversation, Outgoing, Person
from bot.domain.privacy import Privacy
from bot.domain.skill import SkillRef
from bot.learning.mining import fingerprint
from bot.learning.posting import Posting
from bot.learning.quiet import Quiet
from bot.learning.review import Review
from bot.learning.shelf import Shelf
from bot.learning.versions import Versions
from bot.skills import folder, format
from bot.skills.library import SHARE, Library
from bot.skills.reviewers import Reviewers
from bot.store import audit, buttons, conversations, people, proposals, skills, turns
from bot.store.commits import Commit
from bot.store.proposals import Proposal
from bot.store.skills import Approval, Use
from bot.store.store import Store
from bot.store.turns import NewTurn
from bot.tools.files import FileTools
from tests.engine.made import ANA, BOB, GROUP, ROOM, HandClock, KeptChat, claimed
from tests.learning.lived import claim, deliveries, finished, worked
from tests.skills.made import FRONT, ORDERS, skill_files

NAME = "customer-orders"
AWAKE = Quiet()
NEWER = ORDERS.replace("id: summary", "id: said").replace("steps.summary", "steps.said")
BROKEN = ORDERS.replace("${steps.user.orders}", "${steps.nobody.orders}")


def scoped(scope: str | None, procedure: str = ORDERS, name: str = NAME) -> dict[str, bytes]:
    front = FRONT.replace(NAME, name)
    if scope:
        front = front.replace("ordered.\n", f"ordered.\nmetadata:\n  scope: {scope}\n")
    return skill_files(procedure, front)


class Watch:
    """A shelf over real folders, the review of its cards, and a group beside Ana's chat."""

    def __init__(self, store: Store, path: Path, reviewers: tuple[str, ...] = (), quiet: Quiet = AWAKE) -> None:
        self.store, self.root, self.clock = store, path / "skills", HandClock()
        self.root.mkdir(exist_ok=True)
        self.library = Library(self.root, store, self.clock)
        privacy = Privacy(("my-own-secret",))
        tools = [FileTools(path)]
        self.shelf = Shelf(store, self.clock, self.library, tools, privacy, quiet, reviewers)
        chats = {"telegram": KeptChat(admins=(BOB.id,)), "slack": KeptChat()}
        may = Reviewers(chats, (), lambda: store.read(people.first_paired))
        self.review = Review(store, self.clock, self.library, may, ())
        self.versions = Versions(store, self.clock, self.library, may)
        self.clicks = 0

    async def spoken(self, conversation: Conversation = ROOM, person: Person = ANA) -> None:
        """Somebody speaks in a chat; Ana's was let in first."""
        self.clicks += 1
        await worked(self.store, 1000 + self.clicks, "hello", conversation=conversation, person=person)
        await self.store.write(Commit.PAIRING, lambda connection: people.let_in(connection, ANA.id, 1.0))

    def put(self, files: dict[str, bytes], name: str = NAME) -> SkillRef:
        folder.write(self.root / name, files)
        return SkillRef(name, folder.digest(files))

    async def live(self, files: dict[str, bytes], scope: str | None = ROOM.scope, name: str = NAME) -> SkillRef:
        ref = self.put(files, name)
        given = Approval(ref, scope, files, "Mia", 1.0)
        await self.store.write(Commit.APPROVE, lambda connection: skills.approve(connection, given))
        return ref

    async def look(self, times: int = 2) -> None:
        for _ in range(times):
            await self.shelf.look()

    async def press(
        self, message: Outgoing, label: str, person: Person = ANA, conversation: Conversation | None = None
    ) -> str:
        self.clicks += 1
        [button] = [button for row in message.buttons for button in row if button.label == label]
        meaning = await self.store.read(lambda connection: buttons.meaning(connection, button.id))
        assert meaning is not None
        here = conversation or message.conversation
        click = ButtonClicked(f"click:{self.clicks}", here, person, button.id, "m1", "t", self.clock.now())
        decide = self.versions.decide if meaning.kind == "version" else self.review.decide
        words, effect = await decide(click, meaning)
        await self.store.write(Commit.FINISH, effect)
        return words

    async def work(self, name: str = NAME) -> None:
        """Run what waits in the skill's lane."""
        turn = await claim(self.store, f"skill:{name}")
        run = self.review.publish if turn.kind == "publish" else self.versions.put_back
        await finished(self.store, turn, await run(turn))

    async def states(self) -> dict[str, str]:
        return {entry.name: entry.state for entry in await self.library.shelf(None)}

    async def known(self) -> list[Proposal]:
        return await self.store.read(proposals.listed)

    async def actions(self) -> list[str]:
        return [event.action for event in await self.store.read(lambda connection: audit.events(connection))]


@pytest.fixture
async def watch(store: Store, tmp_path: Path) -> Watch:
    watch = Watch(store, tmp_path)
    await watch.spoken()
    return watch


async def sent(watch: Watch, conversation: Conversation = ROOM) -> list[Outgoing]:
    return [message for message, _ in await deliveries(watch.store, conversation)]


async def test_a_folder_gets_one_card_in_the_chat_of_its_scope_with_its_warnings(watch: Watch) -> None:
    files = {**scoped(ROOM.scope), "notes.md": b"my-own-secret https://evil.example/", "run.sh": b"rm -rf /"}
    ref = watch.put(files)
    await watch.look(1)
    assert await sent(watch) == []
    await watch.look(3)
    [card] = await sent(watch)
    assert [button.label for row in card.buttons for button in row] == ["Approve", "Reject", "Edit", "Details"]
    assert "The skill customer-orders was put among my folders. Shall I use it?" in card.text
    assert "Steps: get_user_details, then get_order_details for each, then ask the model" in card.text
    assert "`notes.md` holds a secret" in card.text
    assert "my-own-secret" not in card.text
    assert "tools are missing: `get_user_details`, `get_order_details`" in card.text
    assert "never run: `run.sh`" in card.text
    assert "links to `evil.example`" in card.text
    assert "every chat" not in card.text
    assert len(card.text.splitlines()) <= 10
    [proposal] = await watch.known()
    assert (proposal.kind, proposal.based_on, proposal.ref, proposal.files) == ("folder", None, ref, files)
    procedure = format.parse(NAME, files).procedure
    assert procedure is not None
    assert proposal.fingerprint == fingerprint(procedure)  # so that what is rejected is not mined either
    assert await watch.states() == {NAME: "pending"}

    assert "stand below" in await watch.press(card, "Details")
    [details] = await sent(watch)
    assert "- It brings scripts" in details.text
    assert "id: summary" in details.text

    await watch.press(card, "Approve")
    await watch.work()
    assert await watch.states() == {NAME: "live"}
    assert folder.read(watch.root / NAME) == files
    assert await watch.actions() == ["proposed", "approved", "published"]
    [version] = await watch.store.read(lambda connection: skills.history(connection, NAME))
    assert (version.scope, version.by) == (ROOM.scope, "Ana")
    await sent(watch)
    await watch.look(3)
    assert await sent(watch) == []


async def test_each_digest_is_asked_about_once_also_after_a_restart(watch: Watch, tmp_path: Path) -> None:
    first = watch.put(scoped(ROOM.scope))
    await watch.look()
    assert len(await sent(watch)) == 1
    again = Watch(watch.store, tmp_path)
    await again.look()
    assert await sent(again) == []
    second = again.put(scoped(ROOM.scope, NEWER))
    await again.look()
    assert len(await sent(again)) == 1
    again.put(scoped(ROOM.scope))
    await again.look()
    assert await sent(again) == []
    states = {proposal.ref.digest: proposal.state for proposal in await again.known()}
    assert states == {first.digest: "superseded", second.digest: "pending"}


async def test_what_is_still_being_written_is_not_asked_about(watch: Watch) -> None:
    for number in range(4):
        watch.put({**scoped(ROOM.scope), "notes.md": b"x" * number})
        await watch.look(1)
    assert await sent(watch) == []
    await watch.look(1)
    assert len(await sent(watch)) == 1


async def test_a_look_at_what_is_known_neither_writes_nor_reads_files(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    await watch.live(scoped(ROOM.scope, name="broken"), name="broken")
    watch.put(scoped(ROOM.scope, BROKEN, "broken"), "broken")
    watch.put(scoped(ROOM.scope))
    await watch.look()
    monkeypatch.setattr(folder, "read", None)
    monkeypatch.setattr(watch.store, "write", None)
    await watch.look(5)


async def test_what_takes_long_to_look_at_is_looked_at_seldom(store: Store, tmp_path: Path) -> None:
    class Slow(HandClock):
        def now(self) -> datetime:
            self.time += timedelta(seconds=0.1)
            return self.time

    watch = Watch(store, tmp_path)
    await watch.spoken()
    privacy, slow = Privacy(), Slow()
    rare = Shelf(store, slow, Library(watch.root, store, slow), [], privacy, AWAKE, ())
    await rare.look()
    watch.put(scoped(ROOM.scope))
    looks = 0
    while not await sent(watch):
        await rare.look()
        looks += 1
    assert looks > 2 * SHARE


async def test_what_is_for_every_chat_or_an_unknown_one_goes_to_the_operator(watch: Watch) -> None:
    await watch.spoken(GROUP, BOB)
    watch.put(scoped(None))
    watch.put(scoped("slack:T9/C1", name="far"), "far")
    watch.put(scoped(GROUP.scope, name="near"), "near")
    await watch.look()
    cards = await sent(watch)
    told = {proposal.ref.name: proposal for proposal in await watch.known()}
    assert {name: one.conversation for name, one in told.items()} == {
        NAME: ROOM.key,
        "far": ROOM.key,
        "near": GROUP.key,
    }
    assert "It may be used in every chat" in told[NAME].evidence["card"]
    assert "a chat that I do not know: slack:T9/C1" in told["far"].evidence["card"]
    [_, near] = await sent(watch, GROUP)  # behind the words that a shared chat hears first
    assert "Only a reviewer" in await watch.press(near, "Approve", ANA)
    assert await watch.press(near, "Approve", BOB) == "Approved."
    everywhere = next(card for card in cards if NAME in card.text)
    await watch.press(everywhere, "Approve")
    await watch.work()
    [version] = await watch.store.read(lambda connection: skills.history(connection, NAME))
    assert version.scope is None


async def test_an_operator_on_slack_decides_alone_with_the_bot(store: Store, tmp_path: Path) -> None:
    watch = Watch(store, tmp_path, ("slack:T1/U7",))
    watch.put(scoped(None))
    await watch.look()
    [card] = await sent(watch, Conversation("slack", "T1/U7"))
    there = Conversation("slack", "T1/D3")
    stranger = Person("slack:T1/U8", "Eve")
    assert "Only a reviewer" in await watch.press(card, "Approve", stranger, there)
    assert await watch.press(card, "Approve", Person("slack:T1/U7", "Op"), there) == "Approved."


async def test_nobody_to_ask_is_logged_once_and_the_console_is_asked(store: Store, tmp_path: Path) -> None:
    watch = Watch(store, tmp_path)
    watch.put(scoped(None))
    with capture_logs() as logs:
        await watch.look(4)
    assert [entry["event"] for entry in logs] == ["shelf.nobody_to_ask"]
    await store.write(Commit.PAIRING, lambda connection: people.let_in(connection, ANA.id, 1.0))
    await watch.look(1)
    assert len(await sent(watch)) == 1


async def test_the_console_is_asked_where_nobody_was_let_in(store: Store, tmp_path: Path) -> None:
    Watch(store, tmp_path).put(scoped(None))
    console = Conversation("console", "local")
    await worked(store, 1, "hello", conversation=console)
    again = Watch(store, tmp_path)
    await again.look()
    assert len(await sent(again, console)) == 1


async def test_an_edit_shows_the_difference_and_its_rejection_offers_the_version_of_before(watch: Watch) -> None:
    old = await watch.live(scoped(ROOM.scope))
    edited = watch.put(scoped(ROOM.scope, NEWER))
    assert await watch.states() == {NAME: "pending"}
    await watch.look()
    [card] = await sent(watch)
    assert "was edited in its folder" in card.text
    assert "Step `summary` (prompt) is gone." in card.text
    assert "Until then it is out of use" in card.text
    assert len(card.text.splitlines()) <= 10
    [proposal] = await watch.known()
    assert (proposal.kind, proposal.based_on) == ("edited", old.digest)
    assert proposal.fingerprint == edited.digest
    await watch.press(card, "Details")
    [details] = await sent(watch)
    assert "- Step `said` (prompt) is new." in details.text

    await watch.press(card, "Reject")
    offered = next(message for message in await sent(watch) if "version of before" in message.text and message.buttons)
    label = f"Put {old.digest[:12]} back"
    assert await watch.press(offered, label) == f"{NAME} is put back to {old.digest[:12]}."
    await watch.work()
    assert folder.digest(folder.read(watch.root / NAME)) == old.digest
    assert folder.digest(folder.read(watch.root / f".{NAME}.set-aside")) == edited.digest
    assert await watch.states() == {NAME: "live"}
    [told] = await sent(watch)
    assert f"is at version `{old.digest[:12]}` again: Ana decided it. What stood" in told.text
    assert await watch.actions() == ["proposed", "rejected", "rolled-back"]
    assert "already" in await watch.press(offered, label)


async def test_the_version_of_before_is_put_back_by_reviewers_only(watch: Watch) -> None:
    await watch.spoken(GROUP, BOB)
    old = await watch.live(scoped(GROUP.scope), GROUP.scope)
    watch.put(scoped(GROUP.scope, NEWER))
    await watch.look()
    [_, card] = await sent(watch, GROUP)
    await watch.press(card, "Reject", BOB)
    offered = (await sent(watch, GROUP))[0]
    assert "Only who decides" in await watch.press(offered, f"Put {old.digest[:12]} back", Person("telegram:99", "Cay"))


async def test_an_approved_edit_is_exactly_what_was_shown(watch: Watch) -> None:
    await watch.live(scoped(ROOM.scope))
    watch.put(scoped(ROOM.scope, NEWER))
    await watch.look()
    [card] = await sent(watch)
    third = {**scoped(ROOM.scope, NEWER), "notes.md": b"slipped in"}
    watch.put(third)
    assert "has changed since" in await watch.press(card, "Approve")
    assert folder.read(watch.root / NAME) == third
    assert await watch.states() == {NAME: "pending"}
    await sent(watch)
    await watch.look()
    [card] = await sent(watch)
    await watch.press(card, "Approve")
    folder.remove(watch.root / NAME)
    await watch.work()
    assert folder.read(watch.root / NAME) == third
    assert await watch.states() == {NAME: "live"}


async def test_words_alone_that_differ_are_named(watch: Watch) -> None:
    await watch.live(scoped(ROOM.scope))
    changed = {path: content.replace(b"Words.", b"Other words.") for path, content in scoped(ROOM.scope).items()}
    watch.put(changed)
    await watch.look()
    [card] = await sent(watch)
    assert "Changes: `SKILL.md` differ" in card.text


async def test_a_chat_is_shown_nothing_of_anothers_skill(watch: Watch) -> None:
    await watch.spoken(GROUP, BOB)
    await watch.live(scoped(ROOM.scope))
    watch.put(scoped(GROUP.scope, NEWER))
    await watch.look()
    [_, card] = await sent(watch, GROUP)
    [proposal] = await watch.known()
    assert (proposal.kind, proposal.based_on) == ("folder", None)
    assert "Changes" not in card.text
    assert await sent(watch) == []


async def test_a_skill_in_prose_is_shown_as_what_it_is(watch: Watch) -> None:
    watch.put({"SKILL.md": FRONT.replace("ordered.\n", f"ordered.\nmetadata:\n  scope: {ROOM.scope}\n").encode()})
    await watch.look()
    [card] = await sent(watch)
    assert "no procedure: the model may read it" in card.text
    await watch.press(card, "Details")
    [details] = await sent(watch)
    assert "```markdown" in details.text
    await watch.press(card, "Approve")
    await watch.work()
    assert await watch.states() == {NAME: "live"}


async def test_many_warnings_stay_within_a_card(watch: Watch) -> None:
    files = {f"a{number}.md": b"my-own-secret" for number in range(9)}
    watch.put({**scoped(ROOM.scope), **files})
    await watch.look()
    [card] = await sent(watch)
    assert len(card.text.splitlines()) == 10
    assert "more warnings: see Details" in card.text
    [proposal] = await watch.known()
    assert len(proposal.evidence["notes"]) == 10


async def used_in(watch: Watch, conversation: Conversation, ref: SkillRef) -> None:
    task = await watch.store.write(
        Commit.FINISH,
        lambda connection: turns.enqueue(
            connection, NewTurn(f"said:{conversation.key}", conversation.lane, "message", {}, conversation.key), 1.0
        ),
    )
    assert task is not None
    use = Use(task, "tool:0.0", ref, {}, "done")
    await watch.store.write(Commit.FINISH, lambda connection: skills.record(connection, use, "unknown", 1.0))


async def test_a_broken_edit_is_told_once_where_the_skill_was_used_last(watch: Watch) -> None:
    await watch.spoken(GROUP, BOB)
    old = await watch.live(scoped(None), None)
    await used_in(watch, GROUP, old)
    watch.put(scoped(None, BROKEN))
    assert await watch.states() == {NAME: "broken"}
    await watch.look(4)
    [told] = await sent(watch, GROUP)
    assert told.text.startswith("**customer-orders** was changed in its folder and is broken now")
    assert "procedure.yaml:19" in told.text.replace("\\", "")
    assert "Mend the file" in told.text
    assert await sent(watch) == []
    again = Watch(watch.store, watch.root.parent)
    await again.look()
    assert await sent(again, GROUP) == []
    # It is every chat's: who decides about this chat does not decide about it, whoever runs the bot does.
    assert "Only who decides" in await watch.press(told, f"Put {old.digest[:12]} back", BOB)
    assert await watch.states() == {NAME: "broken"}
    await watch.press(told, f"Put {old.digest[:12]} back", ANA)
    await watch.work()
    assert await watch.states() == {NAME: "live"}


async def test_a_broken_edit_of_what_was_never_used_is_told_in_its_chat(watch: Watch) -> None:
    await watch.live(scoped(ROOM.scope))
    (watch.root / NAME / "evil").symlink_to("/etc/passwd")
    await watch.look()
    [told] = await sent(watch)
    assert "links and special files" in told.text


async def test_what_is_told_of_a_broken_edit_holds_no_secret(watch: Watch) -> None:
    await watch.live(scoped(ROOM.scope))
    watch.put(scoped(ROOM.scope, f"my-own-secret: 1\n{ORDERS}"))
    await watch.look()
    [told] = await sent(watch)
    assert "[secret]" in told.text.replace("\\", "")
    assert "my-own-secret" not in told.text.replace("\\", "")


async def test_a_folder_that_was_never_whole_asks_nobody(watch: Watch) -> None:
    watch.put(scoped(ROOM.scope, BROKEN))
    await watch.look(3)
    assert await sent(watch) == []
    assert await watch.known() == []


async def test_what_the_card_says_is_said_in_the_chats_language(watch: Watch) -> None:
    german = replace(ROOM, language="de")
    await watch.store.write(Commit.INTAKE, lambda connection: conversations.remember(connection, german))
    watch.put({**scoped(ROOM.scope), "run.py": b""})
    await watch.look()
    [card] = await sent(watch)
    assert "wurde zu meinen Ordnern gelegt" in card.text
    assert "die nie ausgeführt werden: `run.py`" in card.text


async def test_cards_wait_for_the_end_of_quiet_hours(store: Store, tmp_path: Path) -> None:
    watch = Watch(store, tmp_path, quiet=Quiet(time(8), time(20), ZoneInfo("UTC")))
    await watch.spoken()
    watch.put(scoped(ROOM.scope))
    await watch.look(3)
    assert await sent(watch) == []
    rows = await store.write(
        Commit.CLAIM, lambda connection: turns.due_lanes(connection, watch.clock.now().timestamp() + 86_400)
    )
    assert any(lane.startswith("post:") for lane in rows)


async def test_several_folders_are_one_message_and_expire_in_their_own_words(store: Store, tmp_path: Path) -> None:
    late = Quiet(time(8), time(20), ZoneInfo("UTC"))
    watch = Watch(store, tmp_path, quiet=late)
    await watch.spoken()
    watch.put(scoped(ROOM.scope))
    watch.put(scoped(ROOM.scope, name="other"), "other")
    await watch.look()
    posting = Posting(store, watch.clock, late, ())
    turn = await claimed(store, NewTurn("post", "job:post", "post", {"scope": ROOM.scope}))
    await finished(store, turn, await posting.post(turn))
    [digest] = await sent(watch)
    assert "2 skills wait for a decision." in digest.text
    await watch.clock.sleep(15 * 86_400)
    turn = await claimed(store, NewTurn("remind", "job:remind", "remind", {}))
    await finished(store, turn, await Posting(store, watch.clock, AWAKE, ()).remind(turn))
    told = await sent(watch)
    assert ["stays out of use" in message.text for message in told] == [True, True]
    assert await watch.states() == {NAME: "pending", "other": "pending"}


async def test_an_old_version_that_cannot_be_read_any_more_harms_no_card(watch: Watch) -> None:
    broken = scoped(ROOM.scope, BROKEN)
    given = Approval(SkillRef(NAME, folder.digest(broken)), ROOM.scope, broken, "Mia", 1.0)
    await watch.store.write(Commit.APPROVE, lambda connection: skills.approve(connection, given))
    watch.put(scoped(ROOM.scope))
    await watch.look()
    [card] = await sent(watch)
    assert "`procedure.yaml` differ" in card.text


async def test_a_crash_before_the_card_loses_nothing(watch: Watch, tmp_path: Path) -> None:
    watch.put(scoped(ROOM.scope))
    await watch.look(1)
    again = Watch(watch.store, tmp_path)
    await again.look()
    assert len(await sent(again)) == 1
