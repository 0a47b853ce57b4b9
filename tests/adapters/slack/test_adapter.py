"""What is sent arrives once, formatted and with its buttons; what fails says what to do next."""

import logging
from dataclasses import replace

import pytest
import structlog

from adapters.slack import people
from adapters.slack.adapter import SlackAdapter
from adapters.slack.credentials import Credentials
from adapters.slack.text import PART_CHARACTERS, SECTION_CHARACTERS
from bot.domain.chat import Button, ButtonClicked, Conversation, InPassing, Outgoing, Person
from bot.engine.commands import COMMANDS
from bot.errors import ConfigError, DeliverLater, DeliveryError, MaybeDelivered, Undeliverable
from tests.adapters.contract import BUTTONS, LONG, Inbox, Shown, receiving
from tests.adapters.slack_harness import SlackHarness, shown_text, slack_harness
from tests.adapters.telegram_harness import InstantClock
from tests.emulators.slack_faults import dropped, flood, garbled, lost_answer, refused, server_error, slow
from tests.emulators.telegram_faults import Fault
from tests.ports import kept_port


async def test_markdown_arrives_as_it_is_with_its_notification(harness: SlackHarness) -> None:
    text = "**Yes** <b>\n\n| a |\n|---|\n| 1 |"
    posted = await harness.adapter.send(Outgoing(harness.conversation, text), 0)
    (message,) = harness.posted
    assert (message.ts, message.text) == (posted, "Yes &lt;b&gt;\na\n1")
    assert [(block["type"], block["text"]) for block in message.blocks] == [("markdown", text)]
    (call,) = harness.slack.called("chat.postMessage")
    assert (call["unfurl_links"], call["unfurl_media"]) == (False, False)
    assert "thread_ts" not in call


async def test_buttons_carry_their_ids(harness: SlackHarness) -> None:
    await harness.adapter.send(Outgoing(harness.conversation, "Well?", BUTTONS), 0)
    rows = [block["elements"] for block in harness.posted[0].blocks if block["type"] == "actions"]
    assert [[button["value"] for button in row] for row in rows] == [["a1", "r1"], ["d1"]]


async def test_every_part_stands_in_the_thread(harness: SlackHarness) -> None:
    root = harness.ann.say(harness.ann.direct, "hi")
    message = Outgoing(replace(harness.conversation, thread=root.ts), LONG)
    for part in range(harness.adapter.parts(message)):
        await harness.adapter.send(message, part)
    assert [posted.thread_ts for posted in harness.posted] == [root.ts] * 2


async def test_thumbs_are_slacks_own_and_their_clicks_are_heard(harness: SlackHarness) -> None:
    rows, inbox = ((Button("👍", "up1"), Button("👎", "down1")),), Inbox()
    async with receiving(harness.adapter, inbox.accept):
        await harness.adapter.send(Outgoing(harness.conversation, "Two orders", rows), 0)
        (answer,) = harness.posted
        assert [block["type"] for block in answer.blocks] == ["markdown", "context_actions"]
        assert answer.blocks[1]["elements"][0]["type"] == "feedback_buttons"
        await harness.press("👎")
        await harness.press("👍")
        clicks = await inbox.take(), await inbox.take()
    assert [click.button for click in clicks if isinstance(click, ButtonClicked)] == ["down1", "up1"]
    harness.slack.fault("chat.postMessage", refused("invalid_blocks"))
    await harness.adapter.send(Outgoing(harness.conversation, "Two orders", rows), 0)
    assert [block["type"] for block in harness.posted[1].blocks] == ["section", "actions"]


@pytest.mark.parametrize("refusal", ["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"])
async def test_refused_formatting_is_sent_plain_once(harness: SlackHarness, refusal: str) -> None:
    harness.slack.fault("chat.postMessage", refused(refusal))
    text = "**Yes** " * 1000
    await harness.adapter.send(Outgoing(harness.conversation, text, BUTTONS), 0)
    (message,) = harness.posted
    assert "".join(shown_text(message).split("\n")) == text
    assert {block["type"] for block in message.blocks} == {"section", "actions"}
    assert len(message.blocks) == len(text) // SECTION_CHARACTERS + 1 + len(BUTTONS)
    harness.slack.fault("chat.postMessage", refused(refusal), times=2)
    with pytest.raises(Undeliverable):
        await harness.adapter.send(Outgoing(harness.conversation, "**Yes**"), 0)
    assert len(harness.slack.called("chat.postMessage")) == 4


FAULTS = [
    (flood(7), DeliverLater, 0),
    (refused("ratelimited"), DeliverLater, 0),
    (refused("rate_limited"), DeliverLater, 0),
    (refused("message_limit_exceeded"), DeliverLater, 0),
    (server_error(404), DeliverLater, 0),
    (refused("service_unavailable"), DeliverLater, 0),
    (refused("team_added_to_org"), DeliverLater, 0),
    (refused("token_revoked"), DeliverLater, 0),
    (refused("invalid_auth"), DeliverLater, 0),
    (refused("missing_scope"), DeliverLater, 0),
    (refused("channel_not_found"), Undeliverable, 0),
    (refused("not_in_channel"), Undeliverable, 0),
    (refused("is_archived"), Undeliverable, 0),
    (refused("account_inactive"), Undeliverable, 0),
    (refused("some_error_of_tomorrow"), Undeliverable, 0),
    (dropped(), MaybeDelivered, 0),
    (lost_answer(), MaybeDelivered, 1),
    (garbled(), MaybeDelivered, 1),
]


BROKEN = [server_error(500), server_error(502), server_error(503), refused("internal_error"), refused("fatal_error")]
"""Slack does not say whether it was done: an edit may be made again, a message is looked for."""


@pytest.mark.parametrize(
    ("method", "fault", "error", "stands"),
    [
        *((method, *told) for method in ("chat.postMessage", "chat.update") for told in FAULTS),
        *(("chat.postMessage", fault, MaybeDelivered, 0) for fault in BROKEN),
        *(("chat.update", fault, DeliverLater, 0) for fault in BROKEN),
    ],
    ids=str,
)
async def test_a_failure_says_what_to_do_next(
    harness: SlackHarness, method: str, fault: Fault, error: type[DeliveryError], stands: int
) -> None:
    message_id = await harness.adapter.send(Outgoing(harness.conversation, "Well?"), 0)
    harness.slack.fault(method, fault)
    said = Outgoing(harness.conversation, "Yes")
    posting = method == "chat.postMessage"
    with pytest.raises(error) as raised:
        await (harness.adapter.send(said, 0) if posting else harness.adapter.edit(said, message_id))
    assert [message.text for message in harness.posted].count("Yes") == stands
    assert harness.conversation.chat in str(raised.value)
    assert harness.slack.bot_token not in str(raised.value)
    assert len(harness.slack.called(method)) == 1 + posting, "it was sent again"


async def test_the_server_says_how_long_to_wait(harness: SlackHarness) -> None:
    harness.slack.fault("chat.postMessage", flood(7))
    with pytest.raises(DeliverLater) as raised:
        await harness.adapter.send(Outgoing(harness.conversation, "Yes"), 0)
    assert raised.value.after == 7


async def test_a_slow_answer_may_mean_delivered() -> None:
    async with slack_harness(answer_timeout=1) as harness:
        harness.slack.fault("chat.postMessage", slow(60))
        with pytest.raises(MaybeDelivered):
            await harness.adapter.send(Outgoing(harness.conversation, "Yes"), 0)
        assert [message.text for message in harness.posted] == ["Yes"]


async def test_nobody_listening_means_surely_not_delivered() -> None:
    with kept_port() as port:
        url = f"http://127.0.0.1:{port}/api/"
        async with SlackAdapter(Credentials("xoxb-secret", "xapp-secret"), url, COMMANDS, InstantClock()) as adapter:
            with pytest.raises(DeliverLater) as raised:
                await adapter.send(Outgoing(Conversation("slack", "T1/C1"), "Yes"), 0)
    assert "xoxb-secret" not in str(raised.value)


async def test_where_the_bot_is_not_is_undeliverable_and_says_how_to_mend_it(harness: SlackHarness) -> None:
    room = harness.slack.channel("kitchen", harness.ann, bot=False)
    with pytest.raises(Undeliverable, match="/invite"):
        await harness.adapter.send(Outgoing(Conversation("slack", f"{harness.slack.team}/{room.id}"), "Yes"), 0)
    room.members.append(harness.slack.bot)
    room.archived = True
    with pytest.raises(Undeliverable, match="archived"):
        await harness.adapter.send(Outgoing(Conversation("slack", f"{harness.slack.team}/{room.id}"), "Yes"), 0)
    for place in ("C404", harness.slack.channel("cellar", harness.ann, private=True, bot=False).id):
        with pytest.raises(Undeliverable, match=f"{place}: it is gone, or private"):
            await harness.adapter.send(Outgoing(Conversation("slack", f"{harness.slack.team}/{place}"), "Yes"), 0)
    harness.slack.uninstall()
    with pytest.raises(Undeliverable, match="install it again"):
        await harness.adapter.send(Outgoing(harness.conversation, "Yes"), 0)


async def test_an_edit_of_a_deleted_message_is_undeliverable(harness: SlackHarness) -> None:
    message_id = await harness.adapter.send(Outgoing(harness.conversation, "Well?"), 0)
    harness.ann.direct.messages.clear()
    with pytest.raises(Undeliverable, match="message_not_found"):
        await harness.adapter.edit(Outgoing(harness.conversation, "Done"), message_id)


async def test_an_edit_that_is_too_long_is_cut(harness: SlackHarness) -> None:
    message_id = await harness.adapter.send(Outgoing(harness.conversation, "Well?"), 0)
    await harness.adapter.edit(Outgoing(harness.conversation, "& word " * 4000, BUTTONS), message_id)
    (shown,) = harness.shown()
    assert 0.9 * PART_CHARACTERS < len(shown.text) <= PART_CHARACTERS
    assert shown.buttons == (("Approve", "Reject"), ("Details",))


async def test_an_edit_is_not_marked_as_one(harness: SlackHarness) -> None:
    message_id = await harness.adapter.send(Outgoing(harness.conversation, "Well?", BUTTONS), 0)
    await harness.adapter.edit(Outgoing(harness.conversation, "Done"), message_id)
    assert harness.shown() == [Shown("Done")]
    assert not harness.posted[0].edited


async def test_a_click_is_answered_to_who_clicked_where_they_clicked(harness: SlackHarness) -> None:
    ben = harness.slack.person("Ben")
    room = harness.slack.channel("kitchen", harness.ann, ben)
    root = harness.ann.say(room, "hello all")
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        await harness.listening()
        there = Conversation("slack", f"{harness.slack.team}/{room.id}", root.ts)
        await harness.adapter.send(Outgoing(there, "Well?", BUTTONS), 0)
        harness.ann.press(room.messages[-1], "Approve")
        click = await inbox.take()
        assert isinstance(click, ButtonClicked)
        await harness.adapter.answer(click, InPassing("Approved."))
        assert room.messages[-1].buttons, "what the card tells stands beside it too"
        await harness.adapter.answer(click, "Only a reviewer <!channel> can. " + "😀" * 200)
        answer = room.messages[-1]
        assert (answer.only_for, answer.thread_ts) == (harness.ann, root.ts)
        assert answer.text.startswith("Only a reviewer &lt;!channel&gt; can. 😀")
        assert len(answer.text) <= 210
        for fault in (lost_answer(), refused("user_not_in_channel"), flood(9)):
            harness.slack.fault("chat.postEphemeral", fault)
            await harness.adapter.answer(click, "again")
    assert len(harness.slack.called("chat.postEphemeral")) == 4


async def test_the_sign_of_work_stands_in_the_thread_until_the_answer(harness: SlackHarness) -> None:
    root = harness.ann.open_assistant()
    there = replace(harness.conversation, thread=root)
    await harness.adapter.working(harness.conversation)
    assert harness.slack.called("assistant.threads.setStatus") == []
    await harness.adapter.working(there)
    (call,) = harness.slack.called("assistant.threads.setStatus")
    assert (call["channel_id"], call["thread_ts"]) == (harness.ann.direct.id, root)
    assert call["status"]
    harness.slack.fault("assistant.threads.setStatus", refused("not_allowed"))
    await harness.adapter.working(there)


async def test_who_administers(harness: SlackHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    ben, carla = harness.slack.person("Ben", admin=True), harness.slack.person("Carla", owner=True)
    room = harness.slack.channel("kitchen", harness.ann, ben, carla)
    there = Conversation("slack", f"{harness.slack.team}/{room.id}", direct=False)

    async def asked(person: Person) -> bool:
        return await harness.adapter.is_admin(there, person)

    people = [Person(f"slack:{harness.slack.team}/{who.id}") for who in (harness.ann, ben, carla)]
    assert [await asked(person) for person in people] == [False, True, True]
    owner = {**carla.json(), "is_admin": False}
    monkeypatch.setattr(carla, "json", lambda: owner)
    assert await asked(people[2]), "an owner who is not called an admin"
    ben.admin = False
    assert not await asked(people[1]), "it was remembered"
    assert not await asked(Person(f"slack:T0OTHER/{carla.id}")), "an admin of another workspace"
    for fault in (server_error(), lost_answer(), flood(9), garbled()):
        harness.slack.fault("users.info", fault, times=2)
        with pytest.raises(DeliverLater):
            await asked(people[2])
        harness.slack._faults.clear()


async def test_who_is_in_a_channel(harness: SlackHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    ben, carla = harness.slack.person("Ben"), harness.slack.person("Carla")
    room = harness.slack.channel("kitchen", harness.ann, ben)
    there = Conversation("slack", f"{harness.slack.team}/{room.id}", direct=False)
    monkeypatch.setattr(people, "MEMBERS", 1)

    async def asked() -> list[bool]:
        ids = [f"slack:{harness.slack.team}/{who.id}" for who in (harness.ann, ben, carla)]
        return [await harness.adapter.is_here(there, Person(id)) for id in ids]

    assert await asked() == [True, True, False]
    harness.slack.fault("conversations.members", server_error())
    with pytest.raises(DeliverLater):
        await asked()


async def test_a_proxy_in_the_environment_does_not_stand_before_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    inbox = Inbox()
    async with slack_harness() as harness, receiving(harness.adapter, inbox.accept):
        await harness.adapter.send(Outgoing(harness.conversation, "Yes"), 0)
        await harness.say("hi")
        await inbox.hears("hi")


@pytest.mark.parametrize(
    ("credentials", "named"),
    [
        (Credentials("xoxb 1", "xapp-1"), "SLACK_BOT_TOKEN"),
        (Credentials("xoxb-1", "xapp-\n"), "SLACK_APP_TOKEN"),
        (Credentials("xoxb-1"), "SLACK_SIGNING_SECRET"),
    ],
)
def test_what_cannot_be_credentials_is_named(credentials: Credentials, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        SlackAdapter(credentials, None, COMMANDS, InstantClock())


async def test_nothing_that_was_said_and_no_token_comes_into_the_logs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as lines:
        async with slack_harness() as harness:
            await go_through_failures(harness)
    assert {"slack.name_not_known", "slack.status_not_shown"} <= {line["event"] for line in lines}
    for secret in (harness.slack.bot_token, harness.slack.app_token, "ticket=", "my secret"):
        assert secret not in f"{lines} {caplog.text}"


async def go_through_failures(harness: SlackHarness) -> None:
    faults = (dropped(), garbled(), refused("invalid_auth"), server_error())
    for method in ("chat.postMessage", "chat.update", "assistant.threads.setStatus", "users.info"):
        for fault in faults:
            harness.slack.fault(method, fault)
    message = Outgoing(replace(harness.conversation, thread="1.5"), "my secret")
    inbox = Inbox(refusals=1)
    async with receiving(harness.adapter, inbox.accept):
        await harness.say("my secret")
        await inbox.hears("my secret")
        harness.slack.sockets.drop()
        for _ in faults:
            with pytest.raises(DeliveryError):
                await harness.adapter.send(message, 0)
            with pytest.raises(DeliveryError):
                await harness.adapter.edit(message, "1")
            await harness.adapter.working(message.conversation)
        await harness.say("my secret")
        await inbox.hears("my secret")
