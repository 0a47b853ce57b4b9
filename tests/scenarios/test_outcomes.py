"""Outcomes in the whole bot: a verifier of the operator's, what people say next, a wish for privacy, a reaction."""

import io
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from bot.app import App, Outside, opened
from bot.clients.clock import SystemClock
from bot.clients.model import OpenAIModel
from bot.demo.chat import ROOM, YOU, DemoChat
from bot.demo.model import DemoModel
from bot.demo.sample import WARM_UP, WORKSPACE
from bot.domain.chat import Event, Reacted
from bot.learning.outcomes.closing import NOT_LEARNED
from bot.settings import load
from bot.store import tasks
from bot.store.tasks import Task

TABLES = """
[[verifiers]]
name = "customers are there"
words = ["open"]
command = ["test", "-d", "customers"]

[[verifiers]]
name = "nobody wrote"
tools = ["write_file"]
command = ["false"]

[phrases]
private = ["lern das nicht"]
"""


class Chat(DemoChat):
    """The demo's chat, in which people react to what they read."""

    async def run(self, accept: Callable[[Event], Awaitable[None]]) -> None:
        self.react = accept
        await super().run(accept)

    async def reacts(self, emoji: str) -> None:
        """React to the newest answer."""
        place = str(len(self.shown) - 1)
        await self.react(Reacted(f"r:{place}:{emoji}", ROOM, YOU, place, (emoji,), SystemClock().now()))
        await self.settled()


@asynccontextmanager
async def bot(folder: Path, chat: Chat, idle: float) -> AsyncIterator[App]:
    """The bot with TABLES, at work in the demo's workspace with the demo's model."""
    (folder / "apprentice.toml").write_text(TABLES)
    shutil.copytree(WORKSPACE, folder / "workspace")
    off = {"learn_after": 0, "learn_every": timedelta(0), "learn_tokens": 0, "DATABASE_URL": None}
    places = {"home": folder / "data", "skills": folder / "skills", "workspace": folder / "workspace"}
    settings = load(tables=folder / "apprentice.toml", conversation_idle=timedelta(seconds=idle), **places, **off)
    clock = SystemClock()
    async with DemoModel() as server, OpenAIModel(settings.model, clock, base_url=server.base_url) as model:
        outside = Outside({chat.platform: chat}, model, model, clock, lambda _: None)
        async with opened(settings, outside) as app:
            chat.settled = app.settled
            yield app


async def told(folder: Path, story: Callable[[Chat], Awaitable[None]], idle: float = 900) -> tuple[list[Task], Chat]:
    """The last two tasks when this was told."""
    chat = Chat(Console(file=io.StringIO()), SystemClock())
    async with bot(folder, chat, idle) as app:
        chat.story = lambda: story(chat)
        await app.run()
        latest = await app.store.read(lambda connection: tasks.latest(connection, ROOM.key))
        assert latest is not None
        before = await app.store.read(lambda connection: tasks.before(connection, latest))
    return [task for task in (before, latest) if task is not None], chat


async def test_a_verifier_of_the_operators_decides(tmp_path: Path) -> None:
    async def story(chat: Chat) -> None:
        await chat.say(WARM_UP[0])
        await chat.say("No, I meant something else")
        await chat.say("/done")
        await chat.say("/status")

    [task], chat = await told(tmp_path, story)
    assert (task.outcome.status, task.outcome.source) == ("success", "verifier")
    assert task.outcome.detail == "The check customers are there held."
    assert "- Outcomes known: 1 of 1 (verifier 1)" in chat.shown[-1].text


async def test_thanks_and_a_reaction_are_about_their_own_tasks(tmp_path: Path) -> None:
    async def story(chat: Chat) -> None:
        await chat.say(WARM_UP[1])
        await chat.reacts("👎")
        await chat.say(WARM_UP[4])
        await chat.say("Thank you!")
        await chat.say("/done")

    first, second = (await told(tmp_path, story))[0]
    assert (first.outcome.status, first.outcome.detail) == ("failure", "you reacted with 👎.")
    assert (second.outcome.status, second.outcome.source) == ("success", "behaviour")


async def test_nothing_is_learned_where_somebody_said_so(tmp_path: Path) -> None:
    async def story(chat: Chat) -> None:
        await chat.say(WARM_UP[1])
        await chat.say("Lern das nicht")
        assert chat.shown[-1].text == NOT_LEARNED
        await chat.say(WARM_UP[4])

    first, second = (await told(tmp_path, story, idle=0))[0]
    assert (first.private, second.private) == (True, False)
