"""People change a proposal where they are: in a modal on Slack, by a file on Telegram, in an editor in the terminal."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.console import ROOM as TERMINAL
from adapters.slack.forms import pieces
from bot.app import App, Outside, opened
from bot.clients.clock import SystemClock
from bot.clients.model import OpenAIModel
from bot.domain.chat import Conversation
from bot.domain.skill import SkillRef
from bot.learning import posting
from bot.settings import load
from bot.skills import folder, format
from bot.store import conversations, proposals
from bot.store.commits import Commit
from bot.store.proposals import Proposal
from bot.store.store import Connection
from tests.adapters.console_harness import console_harness
from tests.adapters.slack_harness import shown_text
from tests.emulators.openai_server import OpenAIServer
from tests.emulators.slack_delivery import Delivery
from tests.emulators.slack_faults import refused
from tests.emulators.slack_people import Person
from tests.emulators.slack_state import Message as SlackMessage
from tests.emulators.slack_views import View
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_state import Message
from tests.scenarios import slack_stage, telegram_stage
from tests.skills.made import FRONT, ORDERS, skill_files

NAME = "customer-orders"
CARD = "**Shall I learn customer-orders?**"
NEWER = ("still open", "not yet sent")
LONG = "Say what you see, and say it in one line of words that people read.\n      "
BUTTONS = ["Approve", "Reject", "Edit", "Details"]


async def propose(app: App, home: Conversation, procedure: str = ORDERS) -> None:
    """Propose a skill in a chat."""
    front = FRONT.replace("ordered.\n", f"ordered.\nmetadata:\n  scope: {home.scope}\n")
    skill = format.parse(NAME, skill_files(procedure, front))
    files = format.render(skill)
    ref = SkillRef(NAME, folder.digest(files))
    evidence = {"card": CARD, "language": ""}
    id = secrets.token_urlsafe(12)
    proposal = Proposal(id, home.scope, home.key, ref, files, ref.digest, evidence, 1.0)

    def work(connection: Connection) -> None:
        conversations.remember(connection, home)
        proposals.propose(connection, proposal)
        posting.post(connection, home.scope, SystemClock().now().timestamp())

    await app.store.write(Commit.FINISH, work)


async def known(app: App) -> list[Proposal]:
    return await app.store.read(proposals.listed)


async def states(app: App) -> list[str]:
    return [one.state for one in await known(app)]


async def waiting(app: App) -> str:
    """The procedure that waits for a decision."""
    [pending] = [one for one in await known(app) if one.state == "pending"]
    return pending.files["procedure.yaml"].decode()


# Slack


@pytest.fixture
async def slack(tmp_path: Path) -> AsyncIterator[slack_stage.Stage]:
    (tmp_path / "skills").mkdir()
    async with slack_stage.workspace() as slack, OpenAIServer() as model:
        yield slack_stage.Stage(tmp_path, slack, model)


class Modals:
    """What people see and do in the modals of a channel's bot."""

    def __init__(self, stage: slack_stage.Stage) -> None:
        self.stage = stage
        self.home = Conversation("slack", f"{stage.slack.team}/{stage.room.id}", direct=False)

    async def card(self, words: str = "Shall I learn customer-orders?") -> SlackMessage:
        """The newest card with these words that has buttons."""

        def found() -> SlackMessage | None:
            cards = [m for m in self.stage.answers(self.stage.room) if m.buttons and words in shown_text(m)]
            return cards[-1] if cards else None

        return await self.stage.slack.wait_for(found)

    async def shows(self, person: Person, words: str) -> View:
        """The modal on top, as soon as it shows these words."""

        def found() -> View | None:
            view = person.views[-1] if person.views else None
            return view if view and words in self.words(view) else None

        return await self.stage.slack.wait_for(found)

    async def form(self, person: Person, card: SlackMessage) -> View:
        """Press Edit; the modal with the text."""
        person.press(card, "Edit")
        return await self.shows(person, "procedure.yaml")

    def words(self, view: View) -> str:
        return "\n".join(block["text"]["text"] for block in view.blocks if block["type"] == "section")

    def text(self, view: View) -> str:
        """What stands in its inputs."""
        values = [b["element"].get("initial_value", "") for b in view.blocks if b["type"] == "input"]
        return "\n".join(values)

    def save(self, person: Person, view: View, old: str, new: str) -> Delivery:
        """Replace a text in the input that has it, and press Save."""
        [block] = [b for b in view.blocks if b["type"] == "input" and old in b["element"].get("initial_value", "")]
        value = block["element"]["initial_value"].replace(old, new)
        return person.submit(view, {block["block_id"]: value})


async def test_on_slack_a_modal_is_filled_in_and_the_new_card_goes_live(slack: slack_stage.Stage) -> None:
    modals, mia = Modals(slack), slack.mia
    slack.slack.outbox.twice = True
    async with slack.running() as app:
        await propose(app, modals.home)
        card = await modals.card()
        assert card.buttons == BUTTONS
        view = await modals.form(mia, card)
        assert modals.text(view).rstrip("\n") == (await waiting(app)).rstrip("\n")

        # What is wrong stands in the modal, with the text as it was typed.
        modals.save(mia, view, "${steps.user.orders}", "${steps.nobody.orders}")
        view = await modals.shows(mia, "names no step that comes before")
        assert "${steps.nobody.orders}" in modals.text(view)
        assert await states(app) == ["pending"]
        modals.save(mia, view, "${steps.nobody.orders}", "${steps.user.orders[0:2]}")
        await modals.shows(mia, "Changed: the new card stands below")
        new = await modals.card("Mia has changed customer-orders")
        assert new.buttons == BUTTONS
        await slack.slack.wait_for(lambda: not card.buttons)
        assert "a new card has its place" in shown_text(card)
        mia.press(new, "Approve")
        await slack.slack.wait_for(lambda: not new.buttons)
        await app.settled()
        [live] = await app.library.live(modals.home.scope)
        assert live.name == NAME
        assert "[0:2]" in (slack.path / "skills" / NAME / "procedure.yaml").read_text()
        assert sorted(await states(app)) == ["approved", "superseded"]


async def test_on_slack_others_read_in_the_modal_that_they_do_not_decide(slack: slack_stage.Stage) -> None:
    modals = Modals(slack)
    async with slack.running() as app:
        await propose(app, modals.home)
        slack.ben.press(await modals.card(), "Edit")
        view = await modals.shows(slack.ben, "Only a reviewer of this chat can decide this.")
        assert not any(block["type"] == "input" for block in view.blocks)
        assert slack.told(slack.ben) == []


async def test_on_slack_a_long_procedure_comes_back_as_it_was(slack: slack_stage.Stage) -> None:
    modals, mia = Modals(slack), slack.mia
    long = ORDERS.replace("Say in two", f"{LONG * 300}{'w' * 4500}\n      Say in two")
    assert len(long) > 20_000
    async with slack.running() as app:
        await propose(app, modals.home, long)
        view = await modals.form(mia, await modals.card())
        before = await waiting(app)
        assert len([block for block in view.blocks if block["type"] == "input"]) > 7
        modals.save(mia, view, *NEWER)
        await modals.shows(mia, "Changed:")
        await app.settled()
        assert await waiting(app) == before.replace(*NEWER)


async def test_on_slack_a_decision_meanwhile_gives_the_text_back_also_after_a_restart(slack: slack_stage.Stage) -> None:
    modals, mia = Modals(slack), slack.mia
    async with slack.running() as app:
        await propose(app, modals.home)
        card = await modals.card()
        view = await modals.form(mia, card)
    async with slack.running() as app:
        mia.press(card, "Reject")
        await slack.slack.wait_for(lambda: "Approve" not in card.buttons)
        modals.save(mia, view, *NEWER)
        view = await modals.shows(mia, "Decided already: Rejected by Mia")
        assert NEWER[1] in modals.text(view)
        assert await states(app) == ["rejected"]


async def test_on_slack_two_who_change_it_at_once_make_one_proposal(slack: slack_stage.Stage) -> None:
    modals, mia = Modals(slack), slack.mia
    noa = slack.slack.person("Noa", admin=True)
    slack.room.members.append(noa)
    async with slack.running() as app:
        await propose(app, modals.home)
        card = await modals.card()
        views = [await modals.form(person, card) for person in (mia, noa)]
        for person, view in zip((mia, noa), views, strict=True):
            modals.save(person, view, NEWER[0], f"seen by {person.name}")
        await modals.shows(mia, "Changed: the new card")
        view = await modals.shows(noa, "Decided already: Changed on")
        assert "seen by Noa" in modals.text(view)
        await app.settled()
        assert sorted(await states(app)) == ["pending", "superseded"]


async def test_on_slack_who_closed_the_modal_is_told_beside_the_card(slack: slack_stage.Stage) -> None:
    modals, mia = Modals(slack), slack.mia
    async with slack.running() as app:
        await propose(app, modals.home)
        card = await modals.card()
        slack.slack.fault("views.open", refused("internal_error"))
        mia.press(card, "Edit")
        [told] = await slack.slack.wait_for(lambda: slack.told(mia))
        assert told == "Slack did not show the form: press the button again."
        view = await modals.form(mia, card)
        modals.save(mia, view, *NEWER)
        await modals.shows(mia, "Changed:")
        await app.settled()


def test_the_pieces_of_a_text_are_the_text() -> None:
    text = "\n".join(["a" * number for number in (0, 1, 1999, 2000, 2001, 9000, 0, 3)])
    found = pieces(text)
    assert all(len(piece) <= 2000 for _, piece in found)
    joined = "".join(("\n" if whole and number else "") + piece for number, (whole, piece) in enumerate(found))
    assert joined == text


# Telegram


@pytest.fixture
async def telegram(tmp_path: Path) -> AsyncIterator[telegram_stage.Stage]:
    (tmp_path / "skills").mkdir()
    async with TelegramEmulator() as telegram, OpenAIServer() as model:
        yield telegram_stage.Stage(tmp_path, telegram, model)


async def posted(stage: telegram_stage.Stage, words: str) -> Message:
    """The bot's newest message to Ana that has these words."""

    def found() -> Message | None:
        said = [message for message in stage.by_bot(stage.ana.direct) if words in message.text]
        return said[-1] if said else None

    return await stage.telegram.wait_for(found)


def content(stage: telegram_stage.Stage, message: Message) -> str:
    return stage.telegram.files.known[message.extra["document"]["file_id"]].content.decode()


async def test_on_telegram_the_answer_to_a_file_is_the_change_also_after_a_restart(
    telegram: telegram_stage.Stage,
) -> None:
    ana, home = telegram.ana, Conversation("telegram", str(telegram.ana.id))
    async with telegram.running() as app:
        await propose(app, home)
        card = await posted(telegram, "Shall I learn")
        assert card.buttons == [BUTTONS]
        pressed = ana.press("Edit", card)
        await telegram.telegram.wait_for(lambda: pressed.answered)
        asked = await posted(telegram, "Answer this message with the changed file")
        text = content(telegram, asked)
        assert text == await waiting(app)
        await app.settled()
    async with telegram.running() as app:
        # A broken text is told about, and nothing is lost; what is said otherwise is said to the model.
        ana.say("steps: [", reply_to=asked)
        assert "procedure.yaml:2: this is no YAML" in (await posted(telegram, "I have not taken this")).text
        changed = text.replace(*NEWER).encode()
        file = telegram.telegram.files.document("procedure.yaml", changed)
        ana.say("", reply_to=asked, caption=True, **file)
        new = await posted(telegram, "Ana has changed customer-orders")
        assert new.buttons == [BUTTONS]
        await telegram.telegram.wait_for(lambda: not card.buttons)
        ana.press("Approve", new)
        await telegram.telegram.wait_for(lambda: not new.buttons)
        await app.settled()
        assert (telegram.path / "skills" / NAME / "procedure.yaml").read_bytes() == changed
        assert telegram.model.requests == []


async def test_on_telegram_others_are_told_that_they_do_not_decide(telegram: telegram_stage.Stage) -> None:
    mia = telegram.telegram.person("Mia")
    group = telegram.telegram.group("Office", telegram.ana, admins=(mia,))
    home = Conversation("telegram", str(group.id), direct=False)
    async with telegram.running() as app:
        await propose(app, home)
        card = await telegram.telegram.wait_for(lambda: next(iter(telegram.by_bot(group)[1:]), None))  # hello was said
        mia.press("Edit", card)
        asked = await telegram.telegram.wait_for(lambda: next(iter(telegram.by_bot(group)[2:]), None))
        telegram.ana.say(content(telegram, asked).replace(*NEWER), group, asked)
        told = await telegram.telegram.wait_for(lambda: next(iter(telegram.by_bot(group)[3:]), None))
        assert "Only a reviewer of this chat can decide this" in told.text
        assert await states(app) == ["pending"]


# The terminal


async def test_in_the_terminal_an_editor_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = NEWER
    script = tmp_path / "edit.sh"
    script.write_text(f'#!/bin/sh\ngrep "^#: " "$1" >> {tmp_path}/told\nsh {tmp_path}/next "$1"\n')
    script.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(script))
    # The first time it breaks the text, the second time it mends it.
    (tmp_path / "next").write_text(
        f"sed -i 's/steps.user.orders/steps.nobody.orders/' \"$1\"\ncp {tmp_path}/mend {tmp_path}/next\n"
    )
    (tmp_path / "mend").write_text(f"sed -i 's/nobody/user/; s/{old}/{new}/' \"$1\"\n")
    clock = SystemClock()
    settings = load(home=tmp_path / "data", skills=tmp_path / "skills", learn_after=0, learn_every=timedelta(0))
    (tmp_path / "skills").mkdir()
    async with (
        OpenAIServer() as server,
        OpenAIModel("m", clock, base_url=server.base_url) as model,
        console_harness() as harness,
        opened(settings, Outside({"console": harness.adapter}, model, model, clock, lambda _: None)) as app,
    ):
        serving = asyncio.create_task(app.run())
        await asyncio.to_thread(harness.terminal.wait, lambda lines: lines[-1] == "you ›")
        await propose(app, TERMINAL)
        await asyncio.to_thread(harness.terminal.wait, lambda lines: any("Approve" in line for line in lines))
        await harness.press("Edit")
        await asyncio.to_thread(
            harness.terminal.wait, lambda lines: any("has changed customer-orders" in line for line in lines)
        )
        await app.settled()
        assert "names no step that comes before" in (tmp_path / "told").read_text()
        assert new in await waiting(app)
        assert sorted(await states(app)) == ["pending", "superseded"]
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving
