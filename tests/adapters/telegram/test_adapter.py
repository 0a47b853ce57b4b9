"""What is sent arrives once, formatted and with its buttons; what fails says what to do next."""

import logging

import pytest
import structlog

from adapters.telegram.adapter import TelegramAdapter
from bot.domain.chat import Button, ButtonClicked, Conversation, Outgoing, Person
from bot.errors import ConfigError, DeliverLater, DeliveryError, MaybeDelivered, Undeliverable
from tests.adapters.contract import BUTTONS, Inbox, receiving
from tests.adapters.telegram_harness import InstantClock, TelegramHarness, telegram_harness
from tests.emulators.telegram_faults import Fault, flood
from tests.emulators.telegram_state import Message
from tests.ports import kept_port


def posted(harness: TelegramHarness) -> list[Message]:
    return [message for message in harness.ann.direct.messages if message.sender.is_bot]


async def test_formatting_and_quotation_arrive(harness: TelegramHarness) -> None:
    said = harness.ann.say("hi")
    await harness.adapter.send(Outgoing(harness.conversation, "**Yes** <b>", reply_to=str(said.id)), 0)
    (message,) = posted(harness)
    assert (message.text, message.reply_to) == ("Yes <b>", said)
    assert message.entities == [{"type": "bold", "offset": 0, "length": 3}]


async def test_only_the_first_part_quotes(harness: TelegramHarness) -> None:
    said = harness.ann.say("hi")
    message = Outgoing(harness.conversation, "word " * 2000, reply_to=str(said.id))
    for part in range(harness.adapter.parts(message)):
        await harness.adapter.send(message, part)
    assert [message.reply_to for message in posted(harness)] == [said, None, None]


async def test_what_it_answers_may_be_gone(harness: TelegramHarness) -> None:
    await harness.adapter.send(Outgoing(harness.conversation, "Yes", reply_to="99"), 0)
    assert posted(harness)[0].reply_to is None


async def test_buttons_carry_their_ids(harness: TelegramHarness) -> None:
    await harness.adapter.send(Outgoing(harness.conversation, "Well?", BUTTONS), 0)
    (message,) = posted(harness)
    assert [[key["callback_data"] for key in row] for row in message.keyboard] == [["a1", "r1"], ["d1"]]


@pytest.mark.parametrize("wrong", ["", "x" * 65, "ä" * 33])
async def test_an_id_that_telegram_cannot_carry_is_refused_here(harness: TelegramHarness, wrong: str) -> None:
    with pytest.raises(ValueError, match="1 to 64 bytes"):
        await harness.adapter.send(Outgoing(harness.conversation, "Well?", ((Button("Go", wrong),),)), 0)
    assert not harness.telegram.called("sendMessage")


@pytest.mark.parametrize(
    "refusal", ["can't parse entities: unsupported", "ENTITY_BOUNDS_INVALID", "Wrong message entity"]
)
async def test_refused_formatting_is_sent_plain_once(harness: TelegramHarness, refusal: str) -> None:
    harness.telegram.fault("sendMessage", Fault("refuse", 400, f"Bad Request: {refusal}"))
    await harness.adapter.send(Outgoing(harness.conversation, "**Yes**", BUTTONS), 0)
    (message,) = posted(harness)
    assert (message.text, message.entities, len(message.keyboard)) == ("Yes", [], 2)
    harness.telegram.fault("sendMessage", Fault("refuse", 400, f"Bad Request: {refusal}"), times=2)
    with pytest.raises(Undeliverable):
        await harness.adapter.send(Outgoing(harness.conversation, "**Yes**"), 0)
    assert len(harness.telegram.called("sendMessage")) == 4


FAULTS = [
    (flood(7), DeliverLater, 0),
    (Fault("refuse", 429, "Too Many Requests"), DeliverLater, 0),
    (Fault("refuse", 500, "Internal Server Error"), DeliverLater, 0),
    (Fault("refuse", 502, "Bad Gateway"), DeliverLater, 0),
    (Fault("refuse", 504, "Gateway Timeout"), DeliverLater, 0),
    (Fault("page", 502), DeliverLater, 0),
    (Fault("refuse", 401, "Unauthorized"), DeliverLater, 0),
    (Fault("refuse", 403, "Forbidden: bot was kicked from the group chat"), Undeliverable, 0),
    (Fault("refuse", 400, "Bad Request: not enough rights to send text messages to the chat"), Undeliverable, 0),
    (Fault("drop"), MaybeDelivered, 0),
    (Fault("lose"), MaybeDelivered, 1),
    (Fault("garble"), MaybeDelivered, 1),
]


@pytest.mark.parametrize(("fault", "error", "stands"), FAULTS, ids=str)
async def test_a_failure_says_what_to_do_next(
    harness: TelegramHarness, fault: Fault, error: type[DeliveryError], stands: int
) -> None:
    harness.telegram.fault("sendMessage", fault)
    with pytest.raises(error) as raised:
        await harness.adapter.send(Outgoing(harness.conversation, "Yes"), 0)
    assert len(posted(harness)) == stands
    assert harness.conversation.chat in str(raised.value)
    assert harness.telegram.token not in str(raised.value)
    assert len(harness.telegram.called("sendMessage")) == 1


async def test_the_server_says_how_long_to_wait(harness: TelegramHarness) -> None:
    harness.telegram.fault("sendMessage", flood(7))
    with pytest.raises(DeliverLater) as raised:
        await harness.adapter.send(Outgoing(harness.conversation, "Yes"), 0)
    assert raised.value.after == 7


async def test_a_slow_answer_may_mean_delivered() -> None:
    async with telegram_harness(read_timeout=1) as harness:
        harness.telegram.fault("sendMessage", Fault("slow", seconds=60))
        with pytest.raises(MaybeDelivered):
            await harness.adapter.send(Outgoing(harness.conversation, "Yes"), 0)
        assert [message.text for message in posted(harness)] == ["Yes"]


async def test_nobody_listening_means_surely_not_delivered() -> None:
    with kept_port() as port:
        async with TelegramAdapter("42:secret", f"http://127.0.0.1:{port}/bot", (), InstantClock()) as adapter:
            with pytest.raises(DeliverLater) as raised:
                await adapter.send(Outgoing(Conversation("telegram", "42"), "Yes"), 0)
    assert "42:secret" not in str(raised.value)


async def test_who_blocked_the_bot_is_left_in_peace(harness: TelegramHarness) -> None:
    harness.ann.block()
    with pytest.raises(Undeliverable, match="blocked by the user"):
        await harness.adapter.send(Outgoing(harness.conversation, "Yes"), 0)
    await harness.adapter.working(harness.conversation)


async def test_an_unknown_chat_is_undeliverable(harness: TelegramHarness) -> None:
    with pytest.raises(Undeliverable, match=r"(?i)chat not found"):
        await harness.adapter.send(Outgoing(Conversation("telegram", "-5"), "Yes"), 0)


async def test_an_edit_of_a_deleted_message_is_undeliverable(harness: TelegramHarness) -> None:
    message_id = await harness.adapter.send(Outgoing(harness.conversation, "Well?"), 0)
    harness.ann.direct.messages.clear()
    with pytest.raises(Undeliverable, match=r"(?i)message to edit not found"):
        await harness.adapter.edit(Outgoing(harness.conversation, "Done"), message_id)


async def test_an_edit_that_is_too_long_is_cut(harness: TelegramHarness) -> None:
    message_id = await harness.adapter.send(Outgoing(harness.conversation, "Well?"), 0)
    await harness.adapter.edit(Outgoing(harness.conversation, "word " * 2000, BUTTONS), message_id)
    (message,) = posted(harness)
    assert message.text.strip() == ("word " * (4096 // 5)).strip()
    assert len(message.keyboard) == 2


async def test_an_edit_that_changes_nothing_is_a_success_in_any_case_of_its_letters(harness: TelegramHarness) -> None:
    message_id = await harness.adapter.send(Outgoing(harness.conversation, "Well?"), 0)
    for said in ("Bad Request: message is not modified", "Bad Request: MESSAGE IS NOT MODIFIED: x"):
        harness.telegram.fault("editMessageText", Fault("refuse", 400, said))
        await harness.adapter.edit(Outgoing(harness.conversation, "Other"), message_id)


async def test_a_click_is_answered_briefly(harness: TelegramHarness) -> None:
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        await harness.adapter.send(Outgoing(harness.conversation, "Well?", BUTTONS), 0)
        query = harness.ann.press("Approve", posted(harness)[0])
        click = await inbox.take()
        assert isinstance(click, ButtonClicked)
        await harness.adapter.answer(click, "😀" * 200)
        assert query.answer == "😀" * 100
        query.stale = True
        await harness.adapter.answer(click, "again")
        harness.telegram.fault("answerCallbackQuery", Fault("lose"))
        await harness.adapter.answer(click, "again")
    assert len(harness.telegram.called("answerCallbackQuery")) == 3


async def test_who_administers(harness: TelegramHarness) -> None:
    bob, carl = harness.telegram.person("Bob"), harness.telegram.person("Carl")
    group = harness.telegram.group("Ops", harness.ann, admins=(bob, carl))
    there = Conversation("telegram", str(group.id), direct=False)
    asked = [await harness.adapter.is_admin(there, Person(f"telegram:{who.id}")) for who in (harness.ann, bob, carl)]
    assert asked == [False, True, True]
    harness.telegram.fault("getChatAdministrators", Fault("refuse", 502, "Bad Gateway"))
    with pytest.raises(DeliverLater):
        await harness.adapter.is_admin(there, harness.person)


async def test_who_is_in_a_group(harness: TelegramHarness) -> None:
    bob, carl = harness.telegram.person("Bob"), harness.telegram.person("Carl")
    group = harness.telegram.group("Ops", harness.ann, bob, admins=(carl,))
    group.members[bob.id] = "left"
    there = Conversation("telegram", str(group.id), direct=False)

    async def asked() -> list[bool]:
        people = [f"telegram:{id}" for id in (harness.ann.id, bob.id, carl.id)]
        return [await harness.adapter.is_here(there, Person(id)) for id in people]

    assert await asked() == [True, False, True]
    harness.telegram.fault("getChatMember", Fault("refuse", 400, "Bad Request: member not found"))
    harness.telegram.fault("getChatMember", Fault("refuse", 400, "Bad Request: CHAT_ADMIN_REQUIRED"))
    assert await asked() == [False, True, True]
    harness.telegram.fault("getChatMember", Fault("refuse", 502, "Bad Gateway"))
    with pytest.raises(DeliverLater):
        await asked()


async def test_a_proxy_in_the_environment_does_not_stand_before_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with telegram_harness() as harness:
        await harness.adapter.send(Outgoing(harness.conversation, "Yes"), 0)


def test_a_proxy_that_cannot_be_used_is_a_setting_to_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "gopher://127.0.0.1:9")
    with pytest.raises(ConfigError, match="proxy"):
        TelegramAdapter("42:x", None, (), InstantClock())


async def test_the_token_stays_out_of_the_logs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as lines:
        async with telegram_harness() as harness:
            await go_through_failures(harness)
    assert {"telegram.polling_failed", "telegram.typing_not_shown"} <= {line["event"] for line in lines}
    assert harness.telegram.token not in f"{lines} {caplog.text}"


async def go_through_failures(harness: TelegramHarness) -> None:
    faults = (Fault("drop"), Fault("garble"), Fault("refuse", 401, "Unauthorized"))
    for method in ("sendMessage", "editMessageText", "sendChatAction"):
        for fault in faults:
            harness.telegram.fault(method, fault)
    harness.telegram.fault("getUpdates", Fault("drop"))
    message, inbox = Outgoing(harness.conversation, "Yes"), Inbox()
    async with receiving(harness.adapter, inbox.accept):
        harness.ann.say("hi")
        await inbox.hears("hi")
        for _ in faults:
            with pytest.raises(DeliveryError):
                await harness.adapter.send(message, 0)
            with pytest.raises(DeliveryError):
                await harness.adapter.edit(message, "1")
            await harness.adapter.working(harness.conversation)
