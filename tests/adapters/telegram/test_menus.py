"""Telegram shows the commands in direct chats and in groups, in each language, and is told of changes alone."""

import pytest

from tests.adapters.contract import Inbox, receiving
from tests.adapters.telegram_harness import COMMANDS, TelegramHarness, telegram_harness
from tests.emulators.telegram_faults import Fault

GERMAN = {"skills": "Was ich kann", "help": "Hilfe", "start": "Hallo"}


async def begin(harness: TelegramHarness) -> None:
    """Receive until a message is in, and until the menus were looked at."""
    looked = len(harness.telegram.called("getMyCommands"))
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        await harness.telegram.wait_for(lambda: len(harness.telegram.called("getMyCommands")) == looked + 4)
        await harness.telegram.wait_for(lambda: len(harness.telegram.api.menus) == 4)
        harness.ann.say("hi")
        await inbox.hears("hi")


async def test_menus_stand_for_each_scope_and_language() -> None:
    async with telegram_harness(translations=[("pt-br", GERMAN), ("de", GERMAN)]) as harness:
        await begin(harness)
        shown = {
            place: {command["command"]: command["description"] for command in menu}
            for place, menu in harness.telegram.api.menus.items()
        }
    alone, among = "all_private_chats", "all_group_chats"
    assert shown == {
        (alone, ""): dict(COMMANDS),
        (alone, "de"): GERMAN,
        (among, ""): {name: text for name, text in COMMANDS if name != "start"},
        (among, "de"): {name: text for name, text in GERMAN.items() if name != "start"},
    }


async def test_only_what_changed_is_set() -> None:
    async with telegram_harness(translations=[("de", GERMAN)]) as harness:
        await begin(harness)
        assert len(harness.telegram.called("setMyCommands")) == 4
        harness.telegram.api.menus["all_group_chats", "de"] = [{"command": "old", "description": "Alt"}]
        await begin(harness)
        assert len(harness.telegram.called("setMyCommands")) == 5


@pytest.mark.parametrize("method", ["getMyCommands", "setMyCommands"])
@pytest.mark.parametrize("fault", [Fault("slow", seconds=60), Fault("refuse", 500, "Internal Server Error")], ids=str)
async def test_menus_hold_up_nothing(harness: TelegramHarness, method: str, fault: Fault) -> None:
    harness.telegram.fault(method, fault)
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        harness.ann.say("hi")
        await inbox.hears("hi")
    assert not harness.clock.pauses, "receiving was begun anew"
