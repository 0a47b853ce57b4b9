"""One skill's life in a chat: from the first message to trust, drift, its successor, eviction and return.

`python -m tests.scenarios.test_life FOLDER` writes the chat's page at each station, to be looked at in a browser.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

from adapters.telegram.adapter import TelegramAdapter
from bot.app import App, Outside, opened
from bot.clients.clock import SystemClock
from bot.engine.commands import COMMANDS
from bot.learning.retiring import UNUSED
from bot.settings import load
from bot.store import audit
from tests.adapters.telegram_harness import UNLIMITED
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_page import page
from tests.emulators.telegram_state import Message
from tests.learning.lives_world import CUSTOMERS, KINDS, Clerk, write_records

GOOD = 12
"""Successes in a row that end the trial."""


class Later(SystemClock):
    """The time, so much later."""

    ahead = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.ahead


class Life:
    """Ana alone with the bot; what is to be looked at is written below `pages`, where that is given."""

    def __init__(self, telegram: TelegramEmulator, path: Path, pages: Path | None) -> None:
        self.telegram, self.path, self.pages = telegram, path, pages
        self.ana, self.clerk, self.clock = telegram.person("Ana"), Clerk(), Later()
        self.app: App

    async def ask(self, text: str) -> Message:
        before = self.ana.direct.last_id
        self.ana.say(text)
        await self.telegram.wait_for(lambda: self.by_bot(before))
        await self.app.settled()
        return self.by_bot(before)[0]

    async def work(self, customer: str = "ana-silva") -> Message:
        return await self.ask(KINDS["orders"].format(who=customer, place="south"))

    async def press(self, label: str) -> None:
        """The newest button that reads so."""
        standing = [message for message in self.ana.direct.messages if any(label in row for row in message.buttons)]
        click = self.ana.press(label, standing[-1])
        await self.telegram.wait_for(lambda: click.answered)
        await self.app.settled()

    async def heard(self, words: str) -> None:
        await self.telegram.wait_for(lambda: [m for m in self.by_bot() if words in m.text])

    def by_bot(self, after: int = 0) -> list[Message]:
        return [message for message in self.ana.direct.messages if message.sender.is_bot and message.id > after]

    def look(self, station: str) -> None:
        if self.pages is not None:
            (self.pages / f"{station}.html").write_text(page(self.ana.direct, {}))

    async def state(self) -> str:
        """Of the one skill; empty where there is none."""
        shelf = await self.app.library.shelf(f"telegram:{self.ana.id}")
        return ", ".join("trusted" if entry.trusted else entry.state for entry in shelf)


@asynccontextmanager
async def lived(path: Path, pages: Path | None = None) -> AsyncIterator[Life]:
    (path / "skills").mkdir()
    settings = load(
        home=path / "data",
        skills=path / "skills",
        allowed=("*",),
        conversation_idle=timedelta(0),
        learn_after=0,
        learn_every=timedelta(0),
        learn_tokens=0,
    )
    write_records(settings.workspace_folder, "south", "list")
    async with TelegramEmulator() as telegram:
        life, commands = Life(telegram, path, pages), tuple(COMMANDS.items())
        async with (
            TelegramAdapter(telegram.token, telegram.base_url, commands, life.clock, limits=UNLIMITED) as adapter,
            opened(settings, Outside({"telegram": adapter}, life.clerk, life.clerk, life.clock, print)) as life.app,
        ):
            serving = asyncio.create_task(life.app.run())
            yield life
            serving.cancel()
            await asyncio.wait([serving])


async def story(life: Life) -> None:
    for customer in CUSTOMERS:
        await life.work(customer)
    await life.ask("/learn")
    await life.heard("I found work that repeats")
    life.look("1-card")
    await life.press("Approve")
    assert await life.state() == "live"

    # Trust comes with good uses; pictures and words tell of them.
    life.clerk.by_hand = False
    for _ in range(GOOD):
        await life.work()
        await life.press("👍")
    await life.heard("I trust it from now on")
    assert await life.state() == "trusted"
    [entry] = await life.app.library.shelf(None)
    await life.ask(f"/skill {entry.name}")
    life.look("2-trusted")

    # Its work changes: it is out of use, by hand the work goes on, and a successor takes its place.
    write_records(life.path / "data" / "workspace", "south", "open")
    for customer in CUSTOMERS:
        await life.work(customer)
    await life.heard("I no longer use")
    assert await life.state() == "suspended"
    for customer in CUSTOMERS:
        await life.work(customer)
    await life.ask("/learn")
    await life.heard("is done now. Shall I learn it anew?")
    life.look("3-drifted")
    await life.press("Approve")
    assert await life.state() == "live"

    # Nobody uses it for long: it is put away, and comes back by a button.
    life.clock.ahead = UNUSED + timedelta(days=1)
    await life.app.jobs.remind()
    await life.heard("I have put")
    await life.app.settled()
    assert await life.state() == ""
    put_back = next(label for m in reversed(life.by_bot()) for row in m.buttons for label in row if "Put " in label)
    await life.press(put_back)
    await life.heard("again: Ana decided it")
    assert await life.state() == "live"
    life.look("4-back")
    await life.work()
    events = await life.app.store.read(lambda connection: [event.action for event in audit.events(connection)])
    first = ["proposed", "approved", "published", "trusted", "suspended"]
    assert events == [*first, "proposed", "approved", "published", "evicted", "rolled-back"]


async def test_from_the_first_message_to_trust_and_back_from_eviction(tmp_path: Path) -> None:
    async with lived(tmp_path) as life:
        await story(life)


async def _looked_at(pages: Path) -> None:
    with tempfile.TemporaryDirectory() as path:
        async with lived(Path(path), pages) as life:
            await story(life)


if __name__ == "__main__":
    asyncio.run(_looked_at(Path(sys.argv[1])))
