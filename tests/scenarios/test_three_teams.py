"""Three teams and a person alone teach the bot at once, on both platforms: nothing of one chat is told in another."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.slack.adapter import SlackAdapter
from adapters.slack.credentials import Credentials
from adapters.telegram.adapter import TelegramAdapter
from bot.app import App, Outside, opened
from bot.clients.clock import SystemClock
from bot.engine.commands import COMMANDS
from bot.ports import ChatAdapter
from bot.settings import load
from bot.store import tables
from tests.adapters.slack_harness import shown_text
from tests.adapters.telegram_harness import UNLIMITED
from tests.emulators import slack_interactions
from tests.emulators.slack import SlackEmulator
from tests.emulators.slack_blocks import pressables
from tests.emulators.slack_state import Message as SlackMessage
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_state import Message
from tests.learning.lives_world import CUSTOMERS, KINDS, Clerk, write_records
from tests.scenarios.slack_stage import workspace

PLACES = ("north", "east", "west", "south")


class Teams:
    """A group (north), two channels of one workspace (east and west) and Ana alone (south), with one bot."""

    def __init__(self, telegram: TelegramEmulator, slack: SlackEmulator) -> None:
        self.telegram, self.slack, self.clerk = telegram, slack, Clerk()
        self.ana, self.mia = telegram.person("Ana"), telegram.person("Mia")
        self.uma, self.vic = slack.person("Uma"), slack.person("Vic", admin=True)
        self.chats = {"north": telegram.group("North", self.ana, admins=(self.mia,)), "south": self.ana.direct}
        self.channels = {name: slack.channel(name, self.uma, self.vic) for name in ("east", "west")}
        self.app: App

    def said(self, place: str) -> list[str]:
        """What people have read of the bot in a place."""
        if place in self.chats:
            return [message.text for message in self.in_chat(place)]
        return [shown_text(message) for message in self.in_channel(place)]

    def in_chat(self, place: str) -> list[Message]:
        return [message for message in self.chats[place].messages if message.sender.is_bot]

    def in_channel(self, place: str) -> list[SlackMessage]:
        said = self.channels[place].messages
        return [message for message in said if message.sender is self.slack.bot and not message.only_for]

    async def ask(self, place: str, text: str) -> str:
        """Say something to the bot; its first answer, where one comes."""
        before = len(self.said(place))
        if place in self.channels and text.startswith("/"):
            self.uma.command("/apprentice", text[1:], self.channels[place])
        elif place in self.channels:
            self.uma.say(self.channels[place], f"{self.slack.bot.mention} {text}")
        else:
            named = text if place == "south" or text.startswith("/") else f"@apprentice_bot {text}"
            self.ana.say(named, self.chats[place])
        platform = self.slack if place in self.channels else self.telegram
        await platform.wait_for(lambda: self.said(place)[before:])
        await self.app.settled()
        return self.said(place)[before]

    async def work(self, place: str) -> None:
        """The same work for four customers, and a look for what repeats: the bot proposes it there."""
        for customer in CUSTOMERS:
            assert await self.ask(place, KINDS["orders"].format(who=customer, place=place)) == "Done."
        await self.ask(place, "/learn")

    async def teach(self, place: str) -> None:
        """Work, and who may decide approves."""
        await self.work(place)
        if place in self.channels:
            card = await self.slack.wait_for(lambda: self.slack_card(place))
            self.vic.press(card, "Approve")
            await self.slack.wait_for(lambda: not card.buttons)
        else:
            asked = await self.telegram.wait_for(lambda: self.card(place))
            (self.mia if place == "north" else self.ana).press("Approve", asked)
            await self.telegram.wait_for(lambda: not asked.buttons)
        await self.app.settled()

    def card(self, place: str) -> Message | None:
        return next((m for m in self.in_chat(place) if m.buttons and "Approve" in m.buttons[0]), None)

    def slack_card(self, place: str) -> SlackMessage | None:
        return next((m for m in self.in_channel(place) if "Approve" in m.buttons), None)


@pytest.fixture
async def teams(tmp_path: Path) -> AsyncIterator[Teams]:
    (tmp_path / "skills").mkdir()
    settings = load(
        home=tmp_path / "data",
        skills=tmp_path / "skills",
        allowed=("*",),
        conversation_idle=timedelta(0),
        learn_after=0,
        learn_every=timedelta(0),
        learn_tokens=0,
    )
    for place in PLACES:
        write_records(settings.workspace_folder, place, "list")
    clock = SystemClock()
    async with TelegramEmulator() as telegram, workspace() as slack:
        teams = Teams(telegram, slack)
        credentials, commands = Credentials(slack.bot_token, slack.app_token), tuple(COMMANDS.items())
        async with (
            TelegramAdapter(telegram.token, telegram.base_url, commands, clock, limits=UNLIMITED) as first,
            SlackAdapter(credentials, slack.api_url, COMMANDS, clock) as second,
        ):
            adapters: dict[str, ChatAdapter] = {"telegram": first, "slack": second}
            outside = Outside(adapters, teams.clerk, teams.clerk, clock, lambda _: None)
            async with opened(settings, outside) as teams.app:
                serving = asyncio.create_task(teams.app.run())
                await slack.wait_for(lambda: slack.sockets.connections)
                yield teams
                serving.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await serving


async def test_nothing_of_one_chat_is_told_in_another(teams: Teams) -> None:
    await asyncio.gather(*map(teams.teach, PLACES))
    live = await teams.app.library.live(None)
    names = {place: next(entry.name for entry in live if f"{place}/" in str(entry.skill)) for place in PLACES}
    assert len(set(names.values())) == len(PLACES)

    # Each uses its own by the same words, and asks about it; in a channel each question is a conversation of its own.
    teams.clerk.by_hand = False
    for place, own in names.items():
        await teams.ask(place, KINDS["orders"].format(who="ana-silva", place=place))
        for text in ("/skills", "tools", "call list_skills", f"/skill {own}", f"call show_skill {own}"):
            assert _names(await teams.ask(place, text), own), text
        assert _names(await teams.ask(place, "call explain_skill_use"), own) is (place in teams.chats)

    # Another's name finds nothing, and the answer says no more than the person did.
    for place in PLACES:
        for other in set(PLACES) - {place}:
            refused = await teams.ask(place, f"/skill {names[other]}")
            assert refused == f"There is no skill named {names[other]} here. /skills lists those there are."
            assert "There is no skill named" in await teams.ask(place, f"call show_skill {names[other]}")

    for place in PLACES:
        told = "\n".join(text for text in teams.said(place) if "There is no skill named" not in text)
        for other in set(PLACES) - {place}:
            assert f"{other}/" not in told
            assert not _names(told, names[other])
    offered = [(words, tools) for words, tools in teams.clerk.asked if tools and " in " in words]
    assert len(offered) >= len(PLACES)
    for words, tools in offered:
        place = next(one for one in PLACES if f" {one}" in words)
        assert tools == {f"skill_{names[place].replace('-', '_')}"}


async def test_buttons_pressed_out_of_place_or_twice_decide_nothing(teams: Teams) -> None:
    await asyncio.gather(teams.work("north"), teams.work("east"))
    telegram, ana, vic, west = teams.telegram, teams.ana, teams.vic, teams.channels["west"]
    card = await telegram.wait_for(lambda: teams.card("north"))
    in_east = await teams.slack.wait_for(lambda: teams.slack_card("east"))

    # Buttons of the group, sent from Ana's own chat, and some that were made up; one of a channel from another.
    elsewhere, posted = ana.say("hello"), len(ana.direct.messages)
    buttons = {button["text"]: button["callback_data"] for row in card.keyboard for button in row}
    forged = [telegram.query(ana, elsewhere, data) for data in (*buttons.values(), "made-up", "x" * 64)]
    await telegram.wait_for(lambda: all(click.answered for click in forged))
    approve = next(one for one in pressables(in_east.blocks) if one.label == "Approve")
    there = vic.say(west, f"{teams.slack.bot.mention} hello")
    misplaced = slack_interactions.clicked(vic, there, approve, there.ts)
    vic._world.interact(vic, {**misplaced, "response_url": vic._world.response_url(vic, west, there.ts)})
    await teams.slack.wait_for(lambda: [m for m in west.messages if m.only_for is vic])
    await teams.app.settled()
    rows = await teams.app.store.read(lambda connection: connection.execute(tables.proposals.select()).all())
    assert [row.state for row in rows] == ["pending", "pending"]
    assert await teams.app.library.shelf(None) == []
    assert not [message.text for message in ana.direct.messages[posted:] if "north" in message.text]

    # The admin's own click counts once, however often it comes.
    clicks = [teams.mia.press("Approve", card) for _ in range(3)]
    await telegram.wait_for(lambda: all(click.answered for click in clicks))
    await teams.app.settled()
    events = await teams.app.store.read(lambda connection: connection.execute(tables.audit.select()).all())
    assert [row.action for row in events] == ["proposed", "proposed", "approved", "published"]


def _names(text: str, name: str) -> bool:
    """Whether a text names a skill, or its tool."""
    tool = f"skill_{name.replace('-', '_')}"
    return bool(re.search(rf"(?<![\w-])({name}|{tool})(?![\w-])", text))
