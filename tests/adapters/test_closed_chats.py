"""A chat that is closed to the bot is told from a message that a platform does not take."""

import pytest

from bot.domain.chat import Conversation, Outgoing
from bot.errors import Gone, Undeliverable
from bot.ports import ChatAdapter
from tests.adapters.slack_harness import slack_harness
from tests.adapters.telegram_harness import telegram_harness
from tests.emulators.slack_faults import refused
from tests.emulators.telegram_faults import Fault


async def closed(adapter: ChatAdapter, chat: Conversation) -> None:
    with pytest.raises(Gone):
        await adapter.send(Outgoing(chat, "Hello?"), 0)


async def refuses_alone(adapter: ChatAdapter, chat: Conversation, nothing: str) -> None:
    with pytest.raises(Undeliverable) as refused:
        await adapter.edit(Outgoing(chat, "Hello!"), nothing)
    assert not isinstance(refused.value, Gone)


async def test_on_telegram() -> None:
    async with telegram_harness() as harness:
        adapter, here = harness.adapter, harness.conversation
        posted = await adapter.send(Outgoing(here, "Hello"), 0)
        await refuses_alone(adapter, here, "99999")
        harness.ann.block()
        await closed(adapter, here)
        with pytest.raises(Gone):
            await adapter.edit(Outgoing(here, "Hello!"), posted)
        harness.telegram.fault("sendMessage", Fault("refuse", 400, "Bad Request: chat not found"))
        await closed(adapter, Conversation("telegram", "98765"))
        harness.ann.block(False)
        for words in ("not enough rights to send text messages to the chat", "CHAT_WRITE_FORBIDDEN"):
            harness.telegram.fault("sendMessage", Fault("refuse", 400, f"Bad Request: {words}"))
            await closed(adapter, here)


async def test_on_slack() -> None:
    async with slack_harness() as harness:
        adapter, slack = harness.adapter, harness.slack
        room = slack.channel("kitchen", harness.ann)
        here = Conversation("slack", f"{slack.team}/{room.id}", direct=False)
        await refuses_alone(adapter, here, "1.5")
        room.members.remove(slack.bot)
        await closed(adapter, here)
        room.members.append(slack.bot)
        room.archived = True
        await closed(adapter, here)
        await closed(adapter, Conversation("slack", f"{slack.team}/C404"))
        room.archived = False
        for error in ("restricted_action", "restricted_action_read_only_channel", "messages_tab_disabled"):
            slack.fault("chat.postMessage", refused(error))
            await closed(adapter, here)
