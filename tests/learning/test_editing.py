"""What becomes of a proposal that a person changes: judged anew, replayed, and asked about on a card of its own."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain.chat import Attachment, ButtonClicked, Conversation, Form, MessageReceived, Outgoing, Person
from bot.engine.intake import Intake
from bot.learning.editing import Editing
from bot.learning.remembered import remembered
from bot.skills import folder, format
from bot.skills.reviewers import Reviewers
from bot.store import audit, buttons, journal, proposals, turns
from bot.store.commits import Commit
from bot.store.deliveries import event, outgoing
from bot.store.journal import Entry
from bot.store.proposals import Proposal
from bot.store.store import Store
from bot.store.turns import Turn
from tests.engine.made import ANA, BOB, GROUP, ROOM, KeptChat
from tests.learning.lived import NOW, claim, deliveries, finished
from tests.learning.test_cycle import CUSTOMERS, Loop
from tests.learning.test_shelf import NEWER, Watch, scoped
from tests.learning.test_successors import learned, used

SECRET = "AKIA" + "QX7ZK4M2WBTR9DLE"
CHANGED = "Changed: the new card stands below, and waits for a decision."


class Desk:
    """People who press Edit, and what they make of the text. `forms` is None where the chat has none."""

    def __init__(self, loop: Loop | Watch, path: Path, tools: Sequence[Any]) -> None:
        self.loop, self.store = loop, loop.store
        self.chat = KeptChat(admins=(BOB.id,))
        self.chat.forms = []
        reviewers = Reviewers({"telegram": self.chat}, ())
        adapters = {"telegram": self.chat}
        own = ("my-own-secret",)
        self.editing = Editing(loop.store, loop.clock, reviewers, adapters, tools, own, path / "outgoing")
        self.count = 0

    @property
    def form(self) -> Form:
        """The form that was shown last."""
        assert self.chat.forms
        return self.chat.forms[-1]

    def click(self, card: Outgoing, person: Person = ANA, text: str | None = None, **more: Any) -> ButtonClicked:
        [edit] = [button for row in card.buttons for button in row if button.form]
        self.count += 1
        key = f"edit:{self.count}"
        there = more.pop("there", card.conversation)
        return ButtonClicked(key, there, person, edit.id, "m1", "t", self.loop.clock.now(), text=text, **more)

    async def press(self, card: Outgoing, person: Person = ANA, text: str | None = None, **more: Any) -> str:
        """Press Edit, or with a text hand in the form; what the person is told."""
        return await self.run(self.click(card, person, text, **more))

    async def run(self, click: ButtonClicked) -> str:
        self.loop.clock.time += timedelta(seconds=1)
        meaning = await self.store.read(lambda connection: buttons.meaning(connection, click.button))
        assert meaning is not None
        words, effect = await self.editing.decide(click, meaning)
        await self.store.write(Commit.FINISH, effect)
        return words

    async def problems(self, card: Outgoing, text: str, **more: Any) -> str:
        """What is wrong with a text: it comes back with that."""
        assert await self.press(card, text=text, **more) == ""
        assert self.form.text == text
        return "\n".join(self.form.problems)

    async def known(self) -> list[Proposal]:
        return await self.store.read(proposals.listed)

    async def actions(self) -> list[tuple[str, str, str]]:
        events = await self.store.read(lambda connection: audit.events(connection))
        return [(event.action, event.by.id, event.detail) for event in events]


@pytest.fixture
def loop(store: Store, tmp_path: Path) -> Loop:
    return Loop(store, tmp_path)


@pytest.fixture
def desk(loop: Loop, tmp_path: Path) -> Desk:
    return Desk(loop, tmp_path, loop.tools)


async def proposed(loop: Loop, conversation: Conversation = ROOM, person: Person = ANA) -> Outgoing:
    """A card."""
    await loop.live(conversation, person)
    await loop.learn(conversation.scope)
    [(card, _)] = await deliveries(loop.store, conversation)
    assert isinstance(card, Outgoing)
    return card


async def opened(desk: Desk, loop: Loop) -> tuple[Outgoing, str]:
    """A card, and the text in its form."""
    card = await proposed(loop)
    assert await desk.press(card) == ""
    return card, desk.form.text


def other(text: str) -> str:
    """The text with a value of one step changed."""
    assert "path: orders/${item}.json" in text
    return text.replace("path: orders/${item}.json", "path: sales/${item}.json")


async def test_the_form_holds_the_file_that_would_go_live(loop: Loop, desk: Desk) -> None:
    _, text = await opened(desk, loop)
    [waiting] = await desk.known()
    assert (desk.form.title, desk.form.file, desk.form.problems) == (waiting.ref.name, "procedure.yaml", ())
    assert text.encode() == waiting.files["procedure.yaml"]
    assert waiting.state == "pending"


async def test_a_changed_procedure_is_a_proposal_of_its_own(loop: Loop, desk: Desk) -> None:
    card, text = await opened(desk, loop)
    assert await desk.press(card, text=f"# by hand\n{other(text)}") == CHANGED
    (new, _), (redrawn, replaces) = await deliveries(loop.store)
    old, now = await desk.known()
    assert (old.state, old.reason, now.state, now.kind) == ("superseded", "edited", "pending", "changed")
    assert (now.ref.name, now.based_on, now.scope) == (old.ref.name, old.based_on, old.scope)
    assert now.ref.digest == folder.digest(now.files) != old.ref.digest
    assert b"sales/" in now.files["procedure.yaml"]
    assert dict(now.files) == format.render(format.parse(now.ref.name, now.files))  # SKILL.md says what it does now
    assert now.evidence["support"] == old.evidence["support"]
    assert (redrawn.buttons, replaces) == ((), "m1")
    assert "a new card has its place" in redrawn.text
    assert [button.label for row in new.buttons for button in row] == ["Approve", "Reject", "Edit", "Details"]
    assert new.text.startswith(f"**Ana has changed {now.ref.name}. Shall I learn it so?**")
    assert "`orders/${item}.json` and is `sales/${item}.json`" in new.text
    assert "There is nothing to replay it on" in new.text
    assert len(new.text.splitlines()) <= 10
    assert await desk.actions() == [
        ("proposed", "", ""),
        ("edited", ANA.id, now.ref.digest),
        ("proposed", ANA.id, "changed"),
    ]


async def test_the_changed_bytes_go_live_and_the_first_ones_do_not(loop: Loop, desk: Desk) -> None:
    card, text = await opened(desk, loop)
    await desk.press(card, text=other(text))
    (new, _), _ = await deliveries(loop.store)
    assert "Changed on" in await loop.press(card.buttons[0][0].id)
    assert await loop.press(new.buttons[0][0].id) == "Approved."
    _, now = await desk.known()
    await loop.publish(now.ref.name)
    [live] = await loop.library.live(ROOM.scope)
    assert live.digest == now.ref.digest


async def test_the_card_tells_how_it_replays_where_it_was_not_learned_from(loop: Loop, desk: Desk) -> None:
    card, text = await opened(desk, loop)
    await loop.live()
    for made, same in ((other(text), 0), (text, len(CUSTOMERS))):
        await desk.press(card, text=made)
        (card, _), _ = await deliveries(loop.store)
        assert f"Replayed where it was not learned from: {same} of {len(CUSTOMERS)} with the same calls" in card.text


async def test_a_change_of_a_successor_keeps_what_it_is_based_on(loop: Loop, desk: Desk) -> None:
    old = await learned(loop)
    await used(loop, old.ref, "failure", "open_orders")
    await loop.learn()
    [card] = [found for found, _ in await deliveries(loop.store) if len(sum(found.buttons, ())) == 4]
    await desk.press(card)
    assert await desk.press(card, text=other(desk.form.text)) == CHANGED
    (new, _), _ = await deliveries(loop.store)
    now = (await desk.known())[-1]
    assert now.based_on == old.digest
    assert f"based_on: {old.digest}" in now.files["procedure.yaml"].decode()
    assert await loop.press(new.buttons[0][0].id) == "Approved."


async def test_both_structures_are_remembered(loop: Loop, desk: Desk) -> None:
    card, text = await opened(desk, loop)
    await desk.press(card, text=other(text))
    known = await desk.known()
    assert len({one.fingerprint for one in known}) == len(known) == 2
    assert remembered(known, {}).held == {one.fingerprint for one in known}


async def test_what_is_decided_about_the_change_is_decided_about_the_first_one_too(loop: Loop, desk: Desk) -> None:
    card, text = await opened(desk, loop)
    await desk.press(card, text=other(text))
    (new, _), _ = await deliveries(loop.store)
    reject = next(button for button in new.buttons[0] if button.label == "Reject")
    await loop.press(reject.id)
    why = (await deliveries(loop.store))[-1][0].buttons[0]
    await loop.press(next(button for button in why if button.label == "Not now").id)
    known = remembered(await desk.known(), {})
    assert (known.held, known.later.keys()) == (set(), {one.fingerprint for one in await desk.known()})


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda text: text, "Nothing was changed."),
        (lambda text: text + "\nsteps: [", "procedure.yaml:"),
        (lambda text: text.replace("${item}", "${nothing}", 1), "procedure.yaml:"),
        (lambda text: "name: other\n" + text, "name"),
        (lambda text: text.replace("origin: mined", "origin: written"), "`provenance`"),
        (lambda text: text.replace("path: orders/", f"path: {SECRET}/"), "a secret"),
        (lambda text: text.replace("path: orders/", "path: my-own-secret/"), "a secret (of the bot)"),
        (lambda text: text.replace("path: orders/", "path: mia@example.org/"), "an e-mail address"),
        (lambda text: text.replace("path: orders/", "path: Ana/"), "a person's name"),
        (lambda _: "", "procedure.yaml:"),
        (lambda text: text.replace("keywords:", "keywords:\n    - mia@example.org", 1), "an e-mail address"),
        (lambda text: text.replace("path: orders/${item}.json", 'path: "my\\x2down-secret"'), "a secret (of the bot)"),
        (lambda text: text.replace("${item}", "${parameters.my-own-secret}", 1), "procedure.yaml:"),
    ],
    ids=(
        [
            "same",
            "broken",
            "unknown",
            "name",
            "provenance",
            "secret",
            "own",
            "address",
            "person",
            "empty",
            "keyword",
            "escaped",
            "told",
        ]
    ),
)
async def test_what_cannot_be_taken_comes_back_with_why(loop: Loop, desk: Desk, make: Any, problem: str) -> None:
    card, text = await opened(desk, loop)
    made = make(text)
    told = await desk.problems(card, made)
    assert problem in told
    assert SECRET not in told
    assert "my-own-secret" not in told
    assert [one.state for one in await desk.known()] == ["pending"]
    assert await deliveries(loop.store) == []
    if made != text:
        assert await desk.press(card, text=other(text)) == CHANGED


async def test_what_is_private_leaves_the_first_version_too(loop: Loop, desk: Desk) -> None:
    card, text = await opened(desk, loop)
    await desk.press(card, text=other(text))
    (new, _), _ = await deliveries(loop.store)
    await loop.press(new.buttons[0][1].id)
    [(asked, _)] = await deliveries(loop.store)
    [private] = [button for button in asked.buttons[0] if button.label == "Private"]
    await loop.press(private.id)
    assert [dict(one.files) for one in await desk.known()] == [{}, {}]


async def test_a_text_of_20000_characters_is_taken(loop: Loop, desk: Desk) -> None:
    card, text = await opened(desk, loop)
    head, _, rest = text.partition("steps:")
    long = f"{head}steps:\n  - id: first\n    prompt: |-\n" + "      Say what you see.\n" * 900 + rest.lstrip("\n")
    assert len(long) > 20_000
    assert await desk.press(card, text=long) == CHANGED, desk.form.problems
    (new, _), _ = await deliveries(loop.store)
    assert "Step `first` (prompt) is new." in new.text


async def test_two_edits_at_once_make_one_proposal(loop: Loop, desk: Desk) -> None:
    card, text = await opened(desk, loop)
    one, two = desk.click(card, text=other(text)), desk.click(card, text=text.replace("orders/", "sold/"))
    answers = await asyncio.gather(desk.run(one), desk.run(two))
    assert answers == [CHANGED, CHANGED]  # in one lane the second would have been told, as below
    told = [message.text for message, _ in await deliveries(loop.store)]
    assert sum("It was decided meanwhile." in text for text in told) == 1
    assert [found.state for found in await desk.known()] == ["superseded", "pending"]
    late = text.replace("orders/", "late/")
    assert "Changed on" in await desk.problems(card, late)


@pytest.mark.parametrize(("button", "told"), [(0, "Approved by Ana"), (1, "Rejected by Ana")])
async def test_a_proposal_that_was_decided_meanwhile_is_not_changed(
    loop: Loop, desk: Desk, button: int, told: str
) -> None:
    card, text = await opened(desk, loop)
    await loop.press(card.buttons[0][button].id)
    await deliveries(loop.store)
    assert told in await desk.problems(card, other(text))
    assert told in await desk.press(card)
    assert len(await desk.known()) == 1


@pytest.mark.parametrize("state", ["expired", "superseded"])
async def test_a_proposal_that_was_given_up_is_not_changed(loop: Loop, desk: Desk, state: str) -> None:
    card, text = await opened(desk, loop)
    [waiting] = await desk.known()
    await loop.store.write(Commit.FINISH, lambda c: proposals.give_up(c, waiting.id, state, "", 2.0))
    assert "Decided already" in await desk.problems(card, other(text))
    [(mended, _)] = await deliveries(loop.store)
    assert mended.buttons == ()


async def test_who_may_not_decide_changes_nothing(loop: Loop, desk: Desk) -> None:
    card = await proposed(loop, GROUP, ANA)
    assert "Only a reviewer" in await desk.press(card, ANA)
    assert desk.chat.forms == []
    assert await desk.press(card, BOB) == ""
    text = other(desk.form.text)
    assert "Only a reviewer" in await desk.problems(card, text, person=ANA)
    assert await desk.press(card, BOB, text) == CHANGED


async def test_who_changes_it_elsewhere_reads_the_new_card_there_too(loop: Loop, desk: Desk) -> None:
    card = await proposed(loop, GROUP, ANA)
    alone = Conversation("telegram", "8")
    desk.editing._reviewers = Reviewers({"telegram": desk.chat}, (BOB.id,))
    await desk.press(card, BOB, there=alone)
    assert await desk.press(card, BOB, other(desk.form.text), there=alone) == CHANGED
    assert [len(await deliveries(loop.store, place)) for place in (GROUP, alone)] == [1, 2]


async def answer(desk: Desk, loop: Loop, said: MessageReceived) -> ButtonClicked | None:
    """Say something as it comes in; the click that the engine makes of it."""
    await Intake(loop.store, loop.clock).accept(said)
    [waiting] = await desk.known()
    turn = await loop.store.write(Commit.CLAIM, lambda c: turns.claim(c, f"card:{waiting.id}", NOW))
    if not isinstance(turn, Turn):
        return None
    click = event(turn.payload)
    await finished(loop.store, turn, lambda _: None)
    assert isinstance(click, ButtonClicked)
    return click


async def file_posted(desk: Desk, loop: Loop) -> tuple[Outgoing, str]:
    """Press Edit where there are no forms; the message with the file, posted as `m9`, and the file's text."""
    card = await proposed(loop)
    desk.chat.forms = None
    assert await desk.press(card) == "The file stands below."
    turn = await claim(loop.store, ROOM.out_lane)
    message = outgoing(turn.payload)
    entry = Entry("send:0", "", None, once=False)
    await loop.store.write(Commit.END, lambda c: journal.start(c, turn.id, entry, NOW))
    await loop.store.write(Commit.END, lambda c: journal.end(c, turn.id, journal.ended(entry, "m9"), NOW))
    await finished(loop.store, turn, lambda _: None)
    assert message.text == "Answer this message with the changed file, or with its text."
    return message, await asyncio.to_thread(Path(message.file).read_text)


def said(text: str, loop: Loop, quotes: str, *files: Attachment) -> MessageReceived:
    return MessageReceived(f"said:{text}:{quotes}", ROOM, ANA, text, "m20", loop.clock.now(), True, files, quotes)


async def test_where_there_are_no_forms_a_file_is_posted_and_its_answer_is_the_change(loop: Loop, desk: Desk) -> None:
    message, text = await file_posted(desk, loop)
    assert message.file.endswith(".procedure.yaml")
    desk.chat.files["f1"] = other(text).encode()
    click = await answer(desk, loop, said("", loop, "m9", Attachment("f1", "x.yaml", "text/yaml")))
    assert click is not None
    assert await desk.run(click) == CHANGED
    (_, _), (_, replaces) = await deliveries(loop.store)
    assert replaces == "m1"
    assert [one.state for one in await desk.known()] == ["superseded", "pending"]


async def test_a_pasted_text_is_an_answer_and_what_is_wrong_with_it_is_told_in_the_chat(loop: Loop, desk: Desk) -> None:
    _, text = await file_posted(desk, loop)
    click = await answer(desk, loop, said("steps: [", loop, "m9"))
    assert click is not None
    assert await desk.run(click) == ""
    [(told, _)] = await deliveries(loop.store)
    assert "I have not taken this" in told.text
    assert "procedure.yaml:2: this is no YAML" in told.text
    click = await answer(desk, loop, said(other(text), loop, "m9"))
    assert click is not None
    assert await desk.run(click) == CHANGED


async def test_a_file_that_cannot_be_read_is_told(loop: Loop, desk: Desk) -> None:
    await file_posted(desk, loop)
    desk.chat.files["f1"] = b"\xff\xfe\x00"
    for number, file in enumerate(("f1", "gone")):
        click = await answer(desk, loop, said(str(number), loop, "m9", Attachment(file, "x", "text/yaml")))
        assert click is not None
        assert await desk.run(click) == ""
    told = [message.text for message, _ in await deliveries(loop.store)]
    assert "no UTF" in told[0]
    assert len(told) == 2


async def test_what_answers_another_message_is_said_to_the_bot(loop: Loop, desk: Desk) -> None:
    await file_posted(desk, loop)
    assert await answer(desk, loop, said("hello", loop, "m8")) is None
    turn = await claim(loop.store, ROOM.lane)
    assert turn.kind == "message"


async def test_a_folder_is_changed_byte_by_byte_and_takes_its_own_place(store: Store, tmp_path: Path) -> None:
    watch = Watch(store, tmp_path)
    await watch.spoken()
    desk = Desk(watch, tmp_path, [])
    files = {"SKILL.md": scoped(ROOM.scope)["SKILL.md"], "notes.md": b"kept"}
    watch.put(files)
    await watch.look()
    [(card, _)] = await deliveries(store)
    await desk.press(card)
    assert desk.form.file == "SKILL.md"
    text = desk.form.text
    assert "name" in await desk.problems(card, text.replace("name: customer-orders", "name: others"))
    assert "Where it may be used" in await desk.problems(card, text.replace("scope: telegram:7", "scope: telegram:8"))
    assert await desk.press(card, text=f"{text}\nAnd more words.") == CHANGED
    (new, _), _ = await deliveries(store)
    assert await watch.press(new, "Approve") == "Approved."
    await watch.work()
    assert (watch.root / "customer-orders" / "notes.md").read_bytes() == b"kept"
    assert "And more words." in (watch.root / "customer-orders" / "SKILL.md").read_text()
    assert await watch.states() == {"customer-orders": "live"}
    await watch.look()
    assert [one.state for one in await desk.known()] == ["superseded", "approved"]


async def test_a_changed_folder_that_was_edited_again_is_not_overwritten(store: Store, tmp_path: Path) -> None:
    watch = Watch(store, tmp_path)
    await watch.spoken()
    desk = Desk(watch, tmp_path, [])
    watch.put(scoped(ROOM.scope))
    await watch.look()
    [(card, _)] = await deliveries(store)
    await desk.press(card)
    assert await desk.press(card, text=NEWER) == CHANGED
    (new, _), _ = await deliveries(store)
    (watch.root / "customer-orders" / "notes.md").write_text("by hand")
    watch.clock.time += timedelta(seconds=5)
    assert "has changed since" in await watch.press(new, "Approve")
