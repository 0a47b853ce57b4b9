"""Which of the things that happen in Slack are said to the bot, where, by whom, and in which words."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.slack.events import EventReader
from adapters.slack.ids import Me
from bot.domain.chat import ButtonClicked, Conversation, MessageReceived, Outgoing, Person, Reacted
from tests.adapters.contract import BUTTONS, Inbox, receiving
from tests.adapters.slack_harness import SlackHarness
from tests.emulators.slack_faults import server_error, slow
from tests.emulators.slack_state import Place

AT = datetime(2030, 1, 2, tzinfo=UTC)


class Listening:
    """What came of what was said in a channel where Ann, Ben and the bot are."""

    def __init__(self, harness: SlackHarness) -> None:
        self.harness, self.slack, self.ann = harness, harness.slack, harness.ann
        self.ben = harness.slack.person("Ben")
        self.room: Place = harness.slack.channel("kitchen", self.ann, self.ben)
        self.inbox = Inbox()

    @property
    def bot(self) -> str:
        """How the bot is mentioned."""
        return self.slack.bot.mention

    async def heard(self) -> list[MessageReceived]:
        """Every message that was offered, once all that happened was dealt with."""
        await self.slack.wait_for(lambda: all(sent.acknowledged for sent in self.slack.outbox.deliveries))
        return [event for event in self.inbox.offered if isinstance(event, MessageReceived)]

    def place(self, thread: str) -> Conversation:
        """The conversation of a thread in the channel."""
        return Conversation("slack", f"{self.slack.team}/{self.room.id}", thread)


@asynccontextmanager
async def listening(harness: SlackHarness) -> AsyncIterator[Listening]:
    there = Listening(harness)
    async with receiving(harness.adapter, there.inbox.accept):
        await harness.listening()
        yield there


async def test_a_mention_begins_a_conversation_in_its_thread_and_is_one_event(harness: SlackHarness) -> None:
    async with listening(harness) as there:
        said = there.ann.say(there.room, f"{there.bot} which orders of {there.ben.mention} are open?")
        heard = await there.heard()
    assert len(harness.slack.outbox.deliveries) == 2, "message and app_mention"
    assert len({event.key for event in heard}) == 1
    event = heard[0]
    assert event.key == f"slack:{harness.slack.team}:{there.room.id}:{said.ts}"
    assert event.text == "which orders of @Ben are open?"
    assert (event.conversation, event.conversation.direct) == (there.place(said.ts), False)
    assert (event.person, event.person.name) == (harness.person, "Ann")
    assert (event.message_id, event.addressed) == (said.ts, True)
    assert abs(event.at.timestamp() - float(said.ts)) < 0.001


async def test_what_people_say_to_each_other_is_not_for_the_bot(harness: SlackHarness) -> None:
    async with listening(harness) as there:
        there.ann.say(there.room, "lunch?")
        there.ann.say(there.room, f"{there.ben.mention} lunch?")
        assert await there.heard() == []


async def test_replies_in_a_thread_are_offered_as_not_addressed(harness: SlackHarness) -> None:
    async with listening(harness) as there:
        root = there.ann.say(there.room, "what about these orders?")
        there.ben.say(there.room, "skills", root)
        there.ben.say(there.room, f"ask {there.bot} then", root)
        first, *named = await there.heard()
    assert (first.text, first.addressed, first.conversation) == ("skills", False, there.place(root.ts))
    assert {(event.text, event.addressed, event.conversation) for event in named} == {
        ("ask then", True, there.place(root.ts))
    }


async def test_replies_to_what_the_bot_posted_are_for_it(harness: SlackHarness) -> None:
    async with listening(harness) as there:
        posted = await harness.adapter.send(Outgoing(there.place(""), "A word to all"), 0)
        there.ben.say(there.room, "thanks", posted)
        (reply,) = await there.heard()
    assert (reply.text, reply.addressed) == ("thanks", True)


async def test_a_thread_in_a_direct_conversation_is_one_of_its_own(harness: SlackHarness) -> None:
    async with listening(harness) as there:
        root = there.ann.say(there.ann.direct, "hello")
        there.ann.say(there.ann.direct, "and here", root)
        first, second = await there.heard()
    assert first.conversation == harness.conversation
    assert second.conversation.thread == root.ts
    assert [event.conversation.direct for event in (first, second)] == [True, True]


async def test_edits_deletions_bots_and_its_own_posts_start_nothing(harness: SlackHarness) -> None:
    async with listening(harness) as there:
        said = there.ann.say(there.ann.direct, "hello")
        there.ann.edit(said, "hello!")
        there.ann.delete(said)
        other = harness.slack.other_bot("Deploys")
        there.room.members.append(other)
        other.say(there.room, f"{there.bot} what do you think?")
        other.say(there.room, f"{there.bot} what do you think?", classic=True)
        await harness.adapter.send(Outgoing(there.place(""), f"I am {there.bot}"), 0)
        there.ann.react(said, "tada")
        heard = await there.heard()
    assert [event.text for event in heard] == ["hello"]


async def test_a_name_that_slack_does_not_tell_in_time_is_left_out(harness: SlackHarness) -> None:
    harness.slack.fault("users.info", server_error())
    harness.slack.fault("users.info", slow(60))
    async with listening(harness) as there:
        for _ in range(3):
            there.ann.say(there.ann.direct, "hello")
        heard = await there.heard()
    assert [event.person.name for event in heard] == ["", "", ""]
    assert len(harness.slack.called("users.info")) == 2


async def test_a_click_or_a_command_brings_a_name_in_case_slack_does_not_tell_it(harness: SlackHarness) -> None:
    harness.slack.fault("users.info", server_error(), times=2)
    async with listening(harness) as there:
        await harness.adapter.send(Outgoing(harness.conversation, "Well?", BUTTONS), 0)
        await harness.press("Approve")
        click = await there.inbox.take()
        there.ann.command("/apprentice", "skills", there.room)
        said = await there.inbox.take()
    assert [event.person.name for event in (click, said)] == ["ann", "ann"]


async def test_names_are_asked_for_once(harness: SlackHarness) -> None:
    async with listening(harness) as there:
        for _ in range(3):
            there.ann.say(there.ann.direct, f"hello {there.ann.mention}")
        assert [event.text for event in await there.heard()] == ["hello @Ann"] * 3
    assert len(harness.slack.called("users.info")) == 1


async def test_messages_of_a_chat_keep_their_order_while_names_are_asked_for(harness: SlackHarness) -> None:

    harness.slack.fault("users.info", slow(0.1))
    async with listening(harness) as there:
        there.ann.say(there.ann.direct, f"first {there.ben.mention}")
        there.ann.say(there.ann.direct, "second")
        assert [event.text for event in await there.heard()] == ["first @Ben", "second"]


@pytest.mark.parametrize("word", ["skills", "Stop", "help", "done"])
async def test_a_commands_word_alone_is_the_command(harness: SlackHarness, word: str) -> None:
    async with listening(harness) as there:
        root = there.ann.say(there.room, f"{there.bot} {word}")
        there.ann.say(there.room, f"{there.bot} {word} me", root)
        there.ann.say(there.ann.direct, word)
        texts = {event.text for event in await there.heard()}
    assert texts == {f"/{word.lower()}", f"{word} me"}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("skills", "/skills"),
        ("/skills", "/skills"),
        ("  Skill weekly-report ", "/skill weekly-report"),
        ("learn on", "/learn on"),
        ("start 12ab", "/start 12ab"),
        ("", "/help"),
        ("what is this", "/help"),
    ],
)
async def test_the_slash_command_is_the_chat_command(harness: SlackHarness, typed: str, said: str) -> None:
    async with listening(harness) as there:
        there.ann.command("/apprentice", typed, there.room)
        there.ann.command("/apprentice", typed, there.ann.direct)
        in_room, alone = await there.heard()
    assert in_room.text == alone.text == said
    assert in_room.key != alone.key
    assert (in_room.conversation, in_room.conversation.direct) == (there.place(""), False)
    assert (alone.conversation, alone.conversation.direct) == (harness.conversation, True)
    assert (in_room.person, in_room.person.name) == (harness.person, "Ann")


async def test_a_click_in_a_thread(harness: SlackHarness) -> None:
    async with listening(harness) as there:
        root = there.ann.say(there.room, f"{there.bot} go")
        await there.heard()
        await harness.adapter.send(Outgoing(there.place(root.ts), "Well?", BUTTONS), 0)
        card = await harness.slack.wait_for(lambda: next((m for m in there.room.messages if m.buttons), None))
        there.ben.press(card, "Approve")
        await there.heard()
        click = there.inbox.offered[-1]
    assert isinstance(click, ButtonClicked)
    assert (click.button, click.message_id, click.conversation) == ("a1", card.ts, there.place(root.ts))
    assert (click.person, click.person.name) == (Person(f"slack:{harness.slack.team}/{there.ben.id}"), "Ben")
    assert not click.conversation.direct


@pytest.fixture
async def reader(harness: SlackHarness) -> EventReader:
    return EventReader(Me("T1", "UB", "BB"), {"skills"}, harness.adapter._people)


def post(**more: Any) -> dict[str, Any]:
    where = {"type": "message", "channel_type": "channel", "channel": "C1"}
    said = {"ts": "1.5", "user": "U1", "text": "<@UB> hi"}
    return {"type": "event_callback", "event": {**where, **said, **more}}


async def test_who_comes_from_another_workspace_is_of_that_one(reader: EventReader) -> None:
    for theirs in ({"user_team": "T2"}, {"team": "T2"}):
        event = await reader.read(post(**theirs), AT)
        assert event is not None
        assert event.person.id == "slack:T2/U1"
        assert event.conversation.chat == "T1/C1"


@pytest.mark.parametrize(
    "other",
    [
        {"subtype": "message_changed", "message": {}, "user": ""},
        {"subtype": "channel_join"},
        {"subtype": "bot_message"},
        {"bot_id": "B9"},
        {"user": ""},
        {"user": "UB"},
        {"text": None},
        {"type": "app_mention", "edited": {"user": "U1", "ts": "2.5"}},
        {"channel_type": "app_home"},
        {"type": "pin_added"},
    ],
)
async def test_what_is_no_word_of_a_person_to_the_bot_is_nothing(reader: EventReader, other: dict[str, Any]) -> None:
    assert await reader.read(post(), AT) is not None
    assert await reader.read(post(**other), AT) is None


async def test_the_bots_name_alone_asks_for_help(reader: EventReader) -> None:
    for direct in ({}, {"channel_type": "im", "channel": "D1"}):
        event = await reader.read(post(text=" <@UB> ", **direct), AT)
        assert isinstance(event, MessageReceived)
        assert event.text == "/help"


async def test_what_is_forwarded_is_quoted(reader: EventReader) -> None:
    """`is_share` tells it from the preview of a link."""
    forwarded = {
        "is_share": True,
        "is_msg_unfurl": True,
        "author_id": "U9",
        "text": "Pay <@U9|ann> &amp; me,\n\nplease",
    }
    preview = {"is_msg_unfurl": True, "is_share": None, "text": "a preview"}
    quoted = "> Pay @ann & me,\n> \n> please"
    for text, heard in (("", quoted), ("do it", f"do it\n\n{quoted}")):
        given = post(text=text, channel="D1", channel_type="im", attachments=[forwarded, preview])
        event = await reader.read(given, AT)
        assert isinstance(event, MessageReceived)
        assert event.text == heard
    # Who is named in it alone is not spoken to.
    assert await reader.read(post(text="see", attachments=[{"is_share": True, "text": "<@UB> list"}]), AT) is None


@pytest.mark.parametrize("kind", ["channel", "group", "mpim"])
@pytest.mark.parametrize("subtype", ["", "file_share", "me_message", "thread_broadcast"])
async def test_rooms_of_every_kind_are_heard(reader: EventReader, kind: str, subtype: str) -> None:
    event = await reader.read(post(channel_type=kind, subtype=subtype), AT)
    assert isinstance(event, MessageReceived)
    assert not event.conversation.direct


@pytest.mark.parametrize("body", [{"command": "/other", "text": "x"}, {"type": "view_closed"}, {"event": "x"}, {}])
async def test_what_was_not_asked_for_is_nothing(reader: EventReader, body: dict[str, Any]) -> None:
    assert await reader.read(body, AT) is None


@pytest.mark.parametrize(
    "body", [post(ts="soon"), post(channel=7), {"command": "/apprentice"}, {"type": "block_actions", "actions": 3}]
)
async def test_what_does_not_have_slacks_shape_is_refused(reader: EventReader, body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        await reader.read(body, AT)


async def test_a_click_outside_of_messages_is_nothing(reader: EventReader) -> None:
    click = {"type": "block_actions", "trigger_id": "1", "user": {"id": "U1"}, "actions": [{"value": "a1"}]}
    assert await reader.read(click, AT) is None
    said = {"channel": {"id": "C1"}, "message": {"ts": "1.5"}}
    assert await reader.read(click | said, AT) is not None
    assert await reader.read(click | said | {"actions": [{"type": "static_select"}]}, AT) is None


async def test_reactions_to_the_bots_messages_are_heard_and_taken_back(harness: SlackHarness) -> None:
    async with listening(harness) as there:
        said = there.ann.say(there.room, f"{there.bot} hi")
        await there.heard()
        await harness.adapter.send(Outgoing(there.place(said.ts), "Hello."), 0)
        answer = there.room.messages[-1]
        there.ben.react(said, "thumbsup")
        there.ben.react(answer, "thumbsdown")
        there.ben.unreact(answer, "thumbsdown")
        await there.heard()
    given = [event for event in there.inbox.offered if isinstance(event, Reacted)]
    assert [(event.message_id, event.emoji) for event in given] == [(answer.ts, ("thumbsdown",)), (answer.ts, ())]
    assert {event.person for event in given} == {Person(f"slack:{there.slack.team}/{there.ben.id}")}
    assert given[0].conversation.out_lane == there.place(said.ts).out_lane
    assert len({event.key for event in given}) == 2
