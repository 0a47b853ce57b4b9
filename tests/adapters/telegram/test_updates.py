"""Who speaks to the bot is heard, with its name taken out; whatever else happens in a chat starts nothing."""

from typing import Any

import pytest
import structlog

from bot.domain.chat import ButtonClicked, Conversation, MessageReceived, Outgoing, Reacted
from bot.domain.json import JSON
from bot.errors import Undeliverable
from tests.adapters.contract import BUTTONS, Inbox, receiving
from tests.adapters.telegram_harness import InstantClock, TelegramHarness
from tests.emulators.telegram_state import Chat, Message, User, utf16

END = "that is all"


async def heard(harness: TelegramHarness) -> list[str]:
    """All the texts that came, when what was said before this call has come through."""
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        harness.ann.say(END)
        texts: list[str] = []
        while END not in texts:
            event = await inbox.take()
            assert isinstance(event, MessageReceived)
            texts.append(event.text)
    return texts[:-1]


@pytest.fixture
def group(harness: TelegramHarness) -> Chat:
    """A group where the bot sees all that is said, as an admin does."""
    return harness.telegram.group("Ops", admins=(harness.ann, harness.telegram.bot))


@pytest.fixture
def bob(harness: TelegramHarness) -> User:
    return harness.telegram.person("Bob")


@pytest.fixture
def from_bot(harness: TelegramHarness, group: Chat) -> Message:
    message = Message(group, harness.telegram.bot, "Done.")
    harness.telegram.post(message)
    return message


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("@apprentice_bot list orders", "list orders"),
        ("@Apprentice_BOT, list orders", "list orders"),
        ("@apprentice_bot: list", "list"),
        ("please @apprentice_bot list", "please list"),
        ("list, @apprentice_bot", "list,"),
        ("👩‍🔬🇩🇪 @apprentice_bot größer 😀", "👩‍🔬🇩🇪 größer 😀"),
        ("@apprentice_bot\n- a\n- b", "- a\n- b"),
        ("@apprentice_bot and @apprentice_bot again", "and again"),
        ("@apprentice_bot tell @carl", "tell @carl"),
        ("שלום @apprentice_bot עולם", "שלום עולם"),
        ("/skills", "/skills"),
        ("/skills@apprentice_bot", "/skills"),
        ("/skill@Apprentice_bot orders now", "/skill orders now"),
    ],
)
async def test_in_a_group_the_bot_hears_what_names_it(
    harness: TelegramHarness, group: Chat, said: str, text: str
) -> None:
    harness.ann.say(said, group)
    assert await heard(harness) == [text]


@pytest.mark.parametrize(
    "said",
    [
        "hello everybody",
        "@other_bot list orders",
        "@apprentice_bot2 list",
        "mail me at ann@apprentice_bot",
        "/skills@other_bot",
        "/ban carl",
        "not a /skills command",
    ],
)
async def test_in_a_group_the_rest_is_not_for_the_bot(harness: TelegramHarness, group: Chat, said: str) -> None:
    harness.ann.say(said, group)
    assert await heard(harness) == []


async def test_the_bots_name_alone_asks_for_help(harness: TelegramHarness, group: Chat) -> None:
    harness.ann.say("@apprentice_bot", group)
    assert await heard(harness) == ["/help"]


async def test_what_others_said_is_quoted_where_a_message_answers_it(
    harness: TelegramHarness, group: Chat, bob: User, from_bot: Message
) -> None:
    question = bob.say("Which orders\nare open?", group)
    harness.ann.say("@apprentice_bot answer that", group, reply_to=question)
    harness.ann.say("@apprentice_bot", group, reply_to=question)
    harness.ann.say("@apprentice_bot this", group, reply_to=question, quote={"text": "orders", "position": 6})
    harness.ann.say("/skills@apprentice_bot", group, reply_to=question)
    harness.ann.say("and now?", group, reply_to=from_bot)
    quoted = "> Which orders\n> are open?"
    assert await heard(harness) == [f"answer that\n\n{quoted}", quoted, "this\n\n> orders", "/skills", "and now?"]


async def test_a_reply_to_the_bot_is_for_it(
    harness: TelegramHarness, group: Chat, bob: User, from_bot: Message
) -> None:
    question = bob.say("who knows?", group)
    harness.ann.say("thanks", group, reply_to=from_bot)
    harness.ann.say("I know", group, reply_to=question)
    harness.ann.say("/skills@other_bot", group, reply_to=from_bot)
    assert await heard(harness) == ["thanks"]


async def test_a_name_without_an_at_sign_is_a_mention_too(harness: TelegramHarness, group: Chat, bob: User) -> None:
    def mention(user: User) -> list[JSON]:
        return [{"type": "text_mention", "offset": 3, "length": 10, "user": user.json()}]

    harness.ann.say("😀 Apprentice list", group, entities=mention(harness.telegram.bot))
    harness.ann.say("😀 Apprentice list", group, entities=mention(bob))
    assert await heard(harness) == ["😀 list"]


async def test_a_name_in_code_is_no_mention(harness: TelegramHarness, group: Chat) -> None:
    text = "@apprentice_bot x"
    harness.ann.say(text, group, entities=[{"type": "code", "offset": 0, "length": utf16(text)}])
    assert await heard(harness) == []


async def test_captions_count_as_text(harness: TelegramHarness, group: Chat) -> None:
    photo = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
    harness.ann.say("what is this?", caption=True, photo=photo)
    harness.ann.say("@apprentice_bot and this?", group, caption=True, photo=photo)
    assert await heard(harness) == ["what is this?", "and this?"]


async def test_a_direct_chat_needs_no_name(harness: TelegramHarness) -> None:
    harness.ann.say("list orders")
    harness.ann.say("/skills@apprentice_bot")
    harness.ann.say("/done@somebody_else")
    harness.ann.say("  hi \n")
    assert await heard(harness) == ["list orders", "/skills", "/done", "hi"]


async def test_what_nobody_said_starts_nothing(harness: TelegramHarness, group: Chat) -> None:
    telegram, ann = harness.telegram, harness.ann
    robot = telegram.person("Robot", is_bot=True)
    robot.say("hello")
    ann.say("", message_auto_delete_timer_changed={"message_auto_delete_time": 60})
    ann.say("@apprentice_bot anonymously", group, sender_chat=group.json())
    ann.say("", group, new_chat_members=[robot.json()])
    ann.edit(ann.direct.messages[0], "edited")
    channel = {"id": -1005, "type": "channel", "title": "News"}
    telegram.updates.add("channel_post", {"message_id": 1, "date": 1, "chat": channel, "text": "@apprentice_bot"})
    telegram.updates.add("callback_query", {"id": "1", "from": ann.json(), "chat_instance": "1", "data": "x"})
    played = {"id": "2", "from": ann.json(), "message": ann.direct.messages[0].json(), "chat_instance": "1"}
    telegram.updates.add("callback_query", {**played, "game_short_name": "x"})
    with structlog.testing.capture_logs() as lines:
        assert await heard(harness) == []
    assert not [line for line in lines if line["log_level"] == "error"]


BROKEN: list[Any] = [
    {},
    None,
    7,
    [],
    {"message_id": "x"},
    {"message_id": 1, "date": "yesterday", "chat": {"id": 1, "type": "private"}, "text": "a"},
    {"message_id": 1, "date": 1, "chat": None, "text": "a"},
    {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}, "from": {"id": 1}, "text": "a"},
    {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}, "from": 3, "text": "a"},
    {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}, "text": ["a"],
     "from": {"id": 1, "is_bot": False, "first_name": "A"}},
    {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}, "text": "a", "entities": [{"type": "mention"}],
     "from": {"id": 1, "is_bot": False, "first_name": "A"}},
]  # fmt: skip


async def test_broken_updates_do_not_hold_up_what_follows(harness: TelegramHarness) -> None:
    for value in BROKEN:
        harness.telegram.updates.add("message", value)
        harness.telegram.updates.add("callback_query", value)
        harness.telegram.updates.add("no_such_kind", value)
    assert await heard(harness) == []
    assert not harness.telegram.updates.pending


async def test_entities_out_of_bounds_do_no_harm(harness: TelegramHarness, group: Chat) -> None:
    marks = [("mention", -5, 3), ("mention", 900, 900), ("bot_command", 0, 900), ("mention", 1, 1)]
    harness.ann.say("😀 text", entities=[{"type": kind, "offset": at, "length": units} for kind, at, units in marks])
    assert await heard(harness) == ["😀 text"]


async def test_half_characters_and_nul_come_as_text_that_can_be_stored(harness: TelegramHarness) -> None:
    harness.ann.name = "A\ud83dnn"
    harness.ann.say("x \ud83d y\0")
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        event = await inbox.take()
    assert isinstance(event, MessageReceived)
    assert (event.text, event.person.name) == ("x ? y", "A?nn")


async def test_a_message_says_where_it_stands(harness: TelegramHarness, group: Chat) -> None:
    said = harness.ann.say("@apprentice_bot hi", group)
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        event = await inbox.take()
    assert isinstance(event, MessageReceived)
    assert event.key == f"telegram:{harness.telegram.bot.id}:{group.id}:{said.id}"
    assert (event.conversation.key, event.conversation.direct) == (f"telegram:{group.id}", False)
    assert (event.person.id, event.person.name) == (f"telegram:{harness.ann.id}", "Ann")
    assert (event.message_id, int(event.at.timestamp())) == (str(said.id), said.date)


async def test_a_click_in_a_group_names_who_pressed(harness: TelegramHarness, group: Chat, bob: User) -> None:
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        harness.ann.say("@apprentice_bot propose", group)
        asked = await inbox.take()
        await harness.adapter.send(Outgoing(asked.conversation, "Approve it?", BUTTONS), 0)
        query = bob.press("Reject", group.messages[-1])
        click = await inbox.take()
    assert isinstance(click, ButtonClicked)
    assert click.key == f"telegram:{harness.telegram.bot.id}:{query.id}"
    assert (click.conversation, click.conversation.direct) == (asked.conversation, False)
    assert (click.person.id, click.person.name, click.button) == (f"telegram:{bob.id}", "Bob", "r1")
    assert (click.token, click.at) == (query.id, InstantClock().now())


async def test_each_topic_of_a_forum_is_a_conversation_and_is_answered_there(
    harness: TelegramHarness, group: Chat
) -> None:
    topics, inbox = [group.topic(), group.topic()], Inbox()
    async with receiving(harness.adapter, inbox.accept):
        for topic in topics:
            harness.ann.say("@apprentice_bot hi", group, **topic)
        said = [await inbox.take(), await inbox.take()]
        for event in said:
            await harness.adapter.working(event.conversation)
            await harness.adapter.send(Outgoing(event.conversation, "Well?", BUTTONS), 0)
        posted = [message for message in group.messages if message.sender.is_bot]
        harness.ann.press("Approve", posted[1])
        click = await inbox.take()
    assert [message.extra for message in posted] == topics
    assert len({event.conversation.key for event in said}) == 2
    assert {event.conversation.scope for event in said} == {f"telegram:{group.id}"}
    assert click.conversation == said[1].conversation


async def test_a_thread_of_replies_is_no_topic(harness: TelegramHarness, group: Chat) -> None:
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        harness.ann.say("@apprentice_bot hi", group, message_thread_id=7)
        event = await inbox.take()
    assert event.conversation.thread == ""


async def test_a_topic_that_is_gone_is_undeliverable(harness: TelegramHarness, group: Chat) -> None:
    with pytest.raises(Undeliverable, match="thread not found"):
        await harness.adapter.send(Outgoing(Conversation("telegram", str(group.id), "77", direct=False), "Hi"), 0)


async def test_a_reaction_tells_all_that_stand_there(harness: TelegramHarness, from_bot: Message) -> None:
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        harness.ann.say(END)
        await inbox.take()
        harness.ann.react(from_bot, "👍", "🔥")
        harness.ann.react(from_bot)
        for emoji in (("👍", "🔥"), ()):
            event = await inbox.take()
            assert isinstance(event, Reacted)
            assert (event.emoji, event.message_id) == (emoji, str(from_bot.id))
            assert (event.conversation.chat, event.person.id) == (str(from_bot.chat.id), f"telegram:{harness.ann.id}")
            assert not event.conversation.direct


async def test_the_language_of_who_spoke_comes_with_all_they_do(harness: TelegramHarness, from_bot: Message) -> None:
    harness.ann.language = "pt-br"
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        harness.ann.say("oi")
        events = [await inbox.take()]
        await harness.adapter.send(Outgoing(harness.conversation, "Well?", BUTTONS), 0)
        harness.ann.press("Approve", harness.ann.direct.messages[-1])
        harness.ann.react(from_bot, "👍")
        harness.ann.block()
        events += [await inbox.take() for _ in range(3)]
    assert [event.conversation.language for event in events] == ["pt-br"] * 4
