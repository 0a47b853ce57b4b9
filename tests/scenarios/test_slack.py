"""The story in Slack: people in a channel ask, in threads too; the bot proposes there, and the skill runs.

Everything comes twice, Slack asks to wait now and then, and in the middle the bot is started anew.
"""

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.model import DemoModel
from bot.demo.sample import WORKSPACE
from bot.skills import folder
from bot.store import turns
from tests.adapters.slack_harness import shown_text
from tests.emulators.openai_server import OpenAIServer
from tests.emulators.slack_faults import flood, server_error
from tests.emulators.slack_people import Person
from tests.scenarios.slack_stage import Stage, workspace

CUSTOMERS = ("ben-okoro", "ana-silva", "chen-wei", "ines-costa")
LAST = "hugo-martin"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    shutil.copytree(WORKSPACE, tmp_path / "data" / "workspace")
    (tmp_path / "skills").mkdir()
    async with workspace() as slack, DemoModel() as model:
        yield Stage(tmp_path, slack, model, learn_after=len(CUSTOMERS))


async def test_the_whole_loop_in_a_channel(stage: Stage, tmp_path: Path) -> None:
    slack, room = stage.slack, stage.room
    state = folder.read(tmp_path / "data" / "workspace")
    slack.outbox.twice = True
    first, second, third, fourth = (f"Which orders of {customer} are still open?" for customer in CUSTOMERS)
    async with stage.running() as app:
        slack.fault("chat.postMessage", server_error())
        slack.fault("chat.postMessage", flood(0), times=2)
        await stage.ask(stage.ana, first)
        await stage.ask(stage.ben, second)
        root = room.messages[0]
        stage.ben.say(room, "people talk to each other")
        await app.settled()
        slack.sockets.drop()

    # Said while the bot is away, in the thread that it takes part in: no mention is needed, before and after.
    stage.ben.say(room, third, root)
    async with stage.running() as app:
        await stage.answer(room, root.ts, 2)
        await app.settled()
        stage.ana.say(room, fourth, root)
        await stage.answer(room, root.ts, 3)

        # The bot proposes in the channel that taught it.
        card = await slack.wait_for(lambda: next((m for m in stage.answers(room) if m.buttons), None))
        assert card.buttons == ["Approve", "Reject", "Edit", "Details"]
        assert len(shown_text(card).splitlines()) <= 10
        assert "Seen in 4 tasks of 2 people" in shown_text(card)

        # Somebody who may not decide is refused, and only they read it.
        stage.ben.press(card, "Approve")
        await slack.wait_for(lambda: stage.told(stage.ben))
        await app.settled()
        assert stage.told(stage.ben) == ["Only a reviewer of this chat can decide this."]
        assert list((tmp_path / "skills").iterdir()) == []
        before = await stage.ask(stage.ana, f"Which orders of {LAST} are still open?")

        # The admin approves; the card says so and has no buttons left. A second click is told who decided.
        stage.mia.press(card, "Approve")
        stage.mia.press(card, "Reject")
        await slack.wait_for(lambda: not card.buttons and stage.told(stage.mia))
        await app.settled()
        assert "Approved by Mia" in shown_text(card)
        assert ["already" in words for words in stage.told(stage.mia)] == [True]
        [skill] = (tmp_path / "skills").iterdir()

    # The next request runs the skill, after one more start: the same answer, the same state, and thumbs.
    async with stage.running() as app:
        after = await stage.ask(stage.ben, f"Which orders of {LAST} are still open?")
        assert shown_text(after) == shown_text(before)
        assert after.buttons == ["👍", "👎"]
        assert folder.read(tmp_path / "data" / "workspace") == state
        stage.ben.press(after, "👍")
        await slack.wait_for(lambda: len(stage.told(stage.ben)) == 2)
        await app.settled()

        # Told in the channel and in its threads, and nowhere else.
        stage.ana.command("/apprentice", "skills", room)
        listed = await slack.wait_for(lambda: next((m for m in stage.answers(room) if not m.thread_ts), None))
        in_thread = await stage.ask(stage.ana, "skills")
        alone = stage.ana.say(stage.ana.direct, "skills")
        elsewhere = await slack.wait_for(lambda: (stage.answers(stage.ana.direct) or [None])[0])
        assert skill.name in shown_text(listed)
        assert shown_text(in_thread) == shown_text(listed)
        assert skill.name not in shown_text(elsewhere)
        assert elsewhere.thread_ts == ""
        assert alone.ts < elsewhere.ts
        await app.settled()
        assert await app.store.read(lambda connection: turns.due_lanes(connection, 9e9)) == []

    # Nothing was said twice: four answers, that it learns here, the card, two more, a list here and one in a thread.
    assert len(stage.answers(room)) == 10


async def test_pairing_by_the_slash_command_and_letting_others_in(stage: Stage) -> None:
    stage.allowed = ""
    ana, direct = stage.ana, stage.ana.direct

    def said() -> list[str]:
        return stage.said(direct)

    async with stage.running() as app:
        ana.say(direct, "hello")
        await stage.slack.wait_for(said)
        assert re.search("were let in.*on Slack with /apprentice before it", said()[0])
        ana.command("/apprentice", f"start {stage.codes[0]}", direct)
        await stage.slack.wait_for(lambda: len(said()) == 2)
        assert "You are in" in said()[1]
        ana.say(direct, "Which orders of ana-silva are still open?")
        await stage.slack.wait_for(lambda: len(said()) == 3)
        await app.settled()

        # Who let themselves in is asked about others, alone with the bot.
        stage.ben.say(stage.ben.direct, "hello")
        card = await stage.slack.wait_for(lambda: next((m for m in stage.answers(direct) if m.buttons), None))
        assert re.search("Ben.*writes to me", shown_text(card))
        ana.press(card, "Yes")
        await stage.slack.wait_for(lambda: len(stage.answers(stage.ben.direct)) == 2)
        await app.settled()
        assert "You are in" in shown_text(stage.answers(stage.ben.direct)[1])
        assert shown_text(card).endswith("is in.")


async def test_two_bots_do_not_talk_to_each_other(stage: Stage) -> None:
    other = stage.slack.other_bot("Echo")
    stage.room.members.append(other)
    async with stage.running() as app:
        root = stage.ana.say(stage.room, f"{stage.bot} hello")
        answer = await stage.answer(stage.room, root.ts)
        for text in (f"{stage.bot} {answer.text}", "and you?"):
            other.say(stage.room, text, root)
        await stage.slack.wait_for(lambda: all(sent.acknowledged for sent in stage.slack.outbox.deliveries))
        await app.settled()
    assert stage.answers(stage.room) == [answer]


@pytest.mark.parametrize("breaking", [False, True], ids=["whole connections", "broken connections"])
async def test_many_people_at_once_are_each_answered_once(stage: Stage, breaking: bool) -> None:
    slack, rounds = stage.slack, 6
    people = [slack.person(f"P{number}") for number in range(8)]
    slack.outbox.twice = True
    slack.fault("chat.postMessage", flood(0), times=20)

    def answers(person: Person) -> list[str]:
        return " ".join(
            stage.said(person.direct)
        ).split()  # what is said meanwhile is answered with what was said before

    async with OpenAIServer() as stage.model, stage.running() as app:
        for number in range(rounds):
            for person in people:
                person.say(person.direct, f"m{number}")
            await slack.wait_for(lambda number=number: any(len(answers(person)) >= number for person in people))
            if breaking:
                slack.sockets.drop()
        await slack.wait_for(lambda: all(len(answers(person)) >= rounds for person in people), 60)
        await slack.wait_for(lambda: all(sent.acknowledged for sent in slack.outbox.deliveries), 30)
        await app.settled()
    # What was on its way when a connection broke comes again behind what was said meanwhile.
    told = [sorted(answers(person)) if breaking else answers(person) for person in people]
    assert told == [[f"m{number}" for number in range(rounds)]] * len(people)
